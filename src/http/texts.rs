//! The one table from an error's code to its HTTP status and its sentences, Vietnamese and English.

use crate::domain::feedback::FeedbackStatus;
use crate::domain::refusal::Refusal;
use crate::domain::vocabulary::{LetterStatus, LocalTime, Status};

/// The answer to one code.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// Stable name.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Vietnamese.
    pub vi: &'static str,
    /// English.
    pub en: &'static str,
}

const fn text(code: &'static str, status: u16, vi: &'static str, en: &'static str) -> Text {
    Text { code, status, vi, en }
}

/// Every code this service answers with.
pub const TEXTS: &[Text] = &[
    text("internal", 500, "Hệ thống gặp lỗi ngoài dự kiến.", "The service met an unexpected fault."),
    text(
        "sealed",
        500,
        "Dữ liệu đã mã hóa không mở được; xin báo quản trị hệ thống.",
        "Something sealed cannot be opened; please tell the administrator.",
    ),
    text("unavailable", 503, "Hệ thống đang bận, xin thử lại sau.", "The service is busy; please try again."),
    text("shutting_down", 503, "Hệ thống đang dừng để bảo trì.", "This process is about to stop; others go on."),
    text(
        "overloaded",
        503,
        "Hệ thống đang quá tải, xin thử lại sau giây lát.",
        "Too many requests are waiting; please try again in a moment.",
    ),
    text("timed_out", 503, "Yêu cầu xử lý quá lâu.", "The request took too long."),
    text("malformed_json", 400, "Nội dung gửi lên không phải JSON hợp lệ.", "The body is not valid JSON."),
    text("unreadable_body", 400, "Không đọc được nội dung gửi lên.", "The body could not be read."),
    text("unknown_parameter", 400, "Tham số không được hỗ trợ.", "There is no such query parameter."),
    text("unknown_field", 400, "fields: không có trường này.", "fields: there is no such member."),
    text("invalid_parameter", 400, "Tham số không đọc được.", "A query parameter cannot be read."),
    text("missing_parameter", 400, "Thiếu tham số bắt buộc.", "A required query parameter is missing."),
    text("masked_value", 422, "Giá trị đã bị che, không phải giá trị thật.", "A masked value is not the value itself."),
    text("bad_limit", 400, "limit phải là số từ 1 đến 200.", "limit must be a number from 1 to 200."),
    text("bad_cursor", 400, "cursor không hợp lệ.", "The cursor is not one of ours."),
    text(
        "bad_idempotency_key",
        400,
        "Idempotency-Key phải có 1–200 ký tự.",
        "Idempotency-Key must have 1 to 200 characters.",
    ),
    text("bad_if_match", 400, "If-Match không hợp lệ.", "If-Match cannot be read."),
    text("unauthenticated", 401, "Cần đăng nhập.", "Please sign in."),
    text("bad_credentials", 401, "Tên đăng nhập hoặc mật khẩu không đúng.", "Wrong name or password."),
    text("forbidden", 403, "Tài khoản không có quyền thực hiện việc này.", "Your role does not allow this."),
    text(
        "outside_account",
        403,
        "Tài khoản do hệ thống đăng nhập bên ngoài quản lý; xin thực hiện tại đó.",
        "The account is kept by the OpenID provider; please do this there.",
    ),
    text(
        "no_mandate",
        403,
        "Không có ủy quyền còn hiệu lực để làm thay người này.",
        "No mandate to stand in for this person is in force.",
    ),
    text(
        "in_person",
        403,
        "Việc này phải tự mình làm, không làm thay.",
        "This is done in person, not on behalf of others.",
    ),
    text("not_found", 404, "Không tìm thấy.", "Not found."),
    text("no_such_paper", 404, "Hồ sơ không có loại giấy tờ này.", "The dossier has no paper of this kind."),
    text("method_not_allowed", 405, "Phương thức không được hỗ trợ.", "The method is not supported here."),
    text(
        "body_stalled",
        408,
        "Quá lâu không nhận được nội dung gửi lên.",
        "Nothing more of the body came for too long.",
    ),
    text("exists", 409, "Mã hoặc tên này đã tồn tại.", "This code or name is taken."),
    text(
        "request_in_progress",
        409,
        "Yêu cầu trước với cùng Idempotency-Key chưa xong.",
        "The first request with this Idempotency-Key is still running.",
    ),
    text(
        "conflict",
        409,
        "Dữ liệu vừa được người khác thay đổi, xin tải lại.",
        "Someone else changed this just now; please reload.",
    ),
    text("changed", 412, "Dữ liệu đã thay đổi từ lần đọc trước.", "The resource was changed since you read it."),
    text("payload_too_large", 413, "Nội dung gửi lên vượt quá 1 MiB.", "The body is larger than 1 MiB."),
    text("file_too_large", 413, "Tệp lớn hơn mức cho phép.", "The file is larger than allowed."),
    text(
        "file_type_refused",
        415,
        "Loại tệp không được nhận: chỉ nhận PDF, JPEG, PNG, TIFF, DOCX, XLSX, ODT (không có macro), XML, P7S.",
        "By its content the file is none of PDF, JPEG, PNG, TIFF, DOCX, XLSX, ODT (without macros), XML, P7S.",
    ),
    text("range_not_satisfiable", 416, "Tệp không có đoạn này.", "The file has no such range."),
    text("file_name_missing", 400, "Thiếu tên tệp (Content-Disposition).", "Content-Disposition gives no file name."),
    text("file_name_refused", 422, "Tên tệp không được chấp nhận.", "The name of the file is not acceptable."),
    text("file_empty", 422, "Tệp rỗng.", "The file is empty."),
    text("file_infected", 422, "Tệp nhiễm mã độc, không được lưu.", "The file is infected; it was not kept."),
    text("unsupported_media_type", 415, "Kiểu nội dung không được hỗ trợ.", "The content type is not supported."),
    text("too_many_requests", 429, "Quá nhiều yêu cầu, xin thử lại sau.", "Too many requests; please try again later."),
    text("precondition_required", 428, "Cần gửi If-Match.", "If-Match is required."),
    text("validation", 422, "Dữ liệu gửi lên chưa hợp lệ.", "Some members are not acceptable."),
    text("unknown_member", 422, "Trường này không được hỗ trợ.", "There is no such member."),
    text("missing_member", 422, "Thiếu trường bắt buộc.", "A required member is missing."),
    text("invalid_value", 422, "Giá trị không hợp lệ.", "The value is not acceptable."),
    text(
        "invalid_word",
        422,
        "Giá trị không nằm trong danh mục cho phép.",
        "The value is not one of the allowed words.",
    ),
    text("unknown_reference", 422, "Mã được dẫn chiếu không tồn tại.", "The code referred to does not exist."),
    text("blank", 422, "Không được để trống.", "It must not be blank."),
    text("one_number", 422, "Cần đúng một số.", "Exactly one number is wanted."),
    text("too_long", 422, "Quá dài.", "It is too long."),
    text("control_character", 422, "Có ký tự điều khiển không được phép.", "It contains control characters."),
    text("repeated", 422, "Bị lặp lại.", "It is there more than once."),
    text("out_of_range", 422, "Giá trị ngoài phạm vi cho phép.", "The value is out of range."),
    text("bad_url", 422, "Địa chỉ webhook không hợp lệ.", "It must be an http or https URL without credentials."),
    text(
        "private_target",
        422,
        "Không được gọi địa chỉ nội bộ.",
        "Loopback, link-local and private addresses are not called.",
    ),
    text(
        "weak_password",
        422,
        "Mật khẩu phải có từ 10 ký tự (tối đa 200 byte).",
        "A password has at least 10 characters (and at most 200 bytes).",
    ),
    text(
        "common_password",
        422,
        "Mật khẩu quá phổ biến, dễ đoán.",
        "The password is among those that everybody tries first.",
    ),
    text("password_is_name", 422, "Mật khẩu gần như là tên đăng nhập.", "The password is little more than the name."),
    text("wrong_password", 422, "Mật khẩu hiện tại không đúng.", "The present password is wrong."),
    text("own_account", 409, "Không tự làm việc này với tài khoản của mình.", "Nobody does this to their own account."),
    text(
        "too_many_attempts",
        429,
        "Đăng nhập sai quá nhiều lần, xin chờ.",
        "Too many sign-ins failed; please wait as Retry-After says.",
    ),
    text(
        "role_not_mandated",
        422,
        "Chỉ ủy quyền giữa cán bộ một cửa, cán bộ xử lý và lãnh đạo.",
        "Mandates are between front desks, officers and leaders.",
    ),
    text("user_disabled", 422, "Tài khoản này đã bị khóa.", "The account is disabled."),
    text("agency_required", 422, "Vai trò này cần có cơ quan.", "This role needs an agency."),
    text(
        "idempotency_key_reused",
        422,
        "Idempotency-Key đã dùng cho nội dung khác.",
        "This Idempotency-Key was used with another body.",
    ),
    text("period_reversed", 422, "Ngày kết thúc trước ngày bắt đầu.", "The period ends before it begins."),
    text("period_too_long", 422, "Kỳ báo cáo dài quá 20 năm.", "The period is longer than 20 years."),
    text(
        "register_too_long",
        422,
        "Sổ theo dõi quá dài, xin chọn kỳ ngắn hơn hoặc từng cơ quan.",
        "The register is too long for a sheet; ask for a shorter period or for single agencies.",
    ),
    text("period_twice", 422, "Chỉ nêu kỳ báo cáo hoặc hai ngày.", "Give either a preset or two dates."),
    text("unknown_preset", 422, "Kỳ báo cáo không có trong danh mục.", "There is no such period."),
    text("unknown_grouping", 422, "Không có cách nhóm này (tối đa hai).", "There is no such grouping (at most two)."),
    text(
        "hours_invalid",
        422,
        "Giờ làm việc không hợp lệ: mỗi buổi kết thúc sau khi bắt đầu, các buổi không chồng nhau, ít nhất một ngày từ thứ Hai đến thứ Sáu.",
        "Office hours: sessions end after they start, do not overlap, and at least one weekday is open.",
    ),
    text(
        "import_rejected",
        422,
        "Có dòng không hợp lệ, không dòng nào được nhập.",
        "Some lines are not acceptable; nothing was imported.",
    ),
    text(
        "illegal_transition",
        409,
        "Không thể chuyển hồ sơ sang trạng thái này.",
        "The dossier cannot move there from where it stands.",
    ),
    text(
        "reveal_forbidden",
        403,
        "Vai trò này không được xem số định danh, số điện thoại đầy đủ.",
        "This role is not shown identity and telephone numbers in full.",
    ),
    text("dossier_anonymised", 409, "Hồ sơ đã được ẩn danh.", "The dossier is anonymised."),
    text("dossier_void", 409, "Hồ sơ đã bị hủy.", "The dossier is void."),
    text("letter_exists", 409, "Hồ sơ đã có văn bản xin lỗi.", "The dossier has its letter already."),
    text("letter_status", 409, "Trạng thái của văn bản không cho phép.", "The letter's status does not allow this."),
    text(
        "letter_owed",
        409,
        "Hồ sơ đang quá hạn, không thể hủy văn bản xin lỗi.",
        "The dossier is late: its letter cannot be cancelled.",
    ),
    text(
        "period_open",
        409,
        "Kỳ báo cáo chưa kết thúc; muốn chốt số liệu giữa kỳ phải nêu rõ.",
        "The period is not over; say `open` to freeze it as of now.",
    ),
    text(
        "form_not_in_force",
        409,
        "Chưa có mẫu cho loại giấy tờ này vào ngày của giấy tờ.",
        "There was no form for this paper on its day.",
    ),
    text("webhook_off", 409, "Webhook đang tắt.", "The webhook is switched off."),
    text(
        "portal_off",
        409,
        "Chưa cấu hình gửi lên Cổng dịch vụ công quốc gia.",
        "Nothing is sent to the portal: no URL is set.",
    ),
    text("delivery_waits", 409, "Thông điệp này đang chờ gửi.", "The message waits to be sent anyway."),
    text("not_at_risk", 409, "Hồ sơ không ở trong hạn.", "The dossier is not open and in time."),
    text("already_reappointed", 409, "Hồ sơ chỉ được hẹn lại một lần.", "A dossier is re-appointed at most once."),
    text(
        "already_issued",
        409,
        "Văn bản đã được ban hành với nội dung khác.",
        "The letter was issued already, and not like this.",
    ),
    text(
        "letter_superseded",
        409,
        "Văn bản đã được sửa sau khi gói tin được lấy về, xin lấy lại.",
        "The letter was changed after its packet was fetched; fetch it anew.",
    ),
    text("feedback_status", 409, "Trạng thái của phản ánh không cho phép.", "The feedback cannot move there."),
    text(
        "term_over",
        409,
        "Đã kết thúc hoặc đã quá hạn, không thể gia hạn.",
        "It ended or is late: no later day is set.",
    ),
    text("not_ended", 409, "Hồ sơ chưa giải quyết xong.", "The dossier has not ended yet."),
    text("already_rated", 409, "Hồ sơ đã được đánh giá.", "The dossier was rated already."),
    text("task_done", 409, "Nhiệm vụ đã hoàn thành.", "The task is done already."),
    text("packet_too_large", 413, "Gói tin quá lớn (tối đa 60 MiB).", "The packet is larger than 60 MiB."),
    text("attachment_too_large", 413, "Tệp đính kèm quá lớn (tối đa 20 MiB).", "An attachment is larger than 20 MiB."),
    text("malformed_xml", 400, "Nội dung gửi lên không phải XML hợp lệ.", "The body is not well-formed XML."),
    text("xml_encoding", 400, "Chỉ nhận XML mã hóa UTF-8.", "Only XML in UTF-8 is taken."),
    text("xml_document_type", 422, "XML không được có DOCTYPE.", "XML with a document type is not taken."),
    text("xml_entity", 422, "XML dùng thực thể không được phép.", "The XML refers to an entity that is not allowed."),
    text(
        "xml_namespace",
        422,
        "XML có phần tử ngoài không gian tên QCVN 102:2016.",
        "The XML has an element outside the namespace of QCVN 102:2016.",
    ),
    text("xml_too_deep", 422, "XML lồng nhau quá sâu.", "The XML is nested too deeply."),
    text("xml_too_many", 422, "XML có quá nhiều phần tử.", "The XML has too many elements or attributes."),
    text("edxml_not_a_packet", 422, "Không phải gói tin edXML.", "This is no edXML packet."),
    text("edxml_missing", 422, "Gói tin thiếu phần tử bắt buộc.", "An element of the packet is missing."),
    text("edxml_invalid", 422, "Phần tử của gói tin không hợp lệ.", "An element of the packet is not acceptable."),
    text("edxml_too_long", 422, "Phần tử của gói tin quá dài.", "An element of the packet is too long."),
    text(
        "edxml_contradiction",
        422,
        "Các phần tử của gói tin mâu thuẫn nhau.",
        "Elements of the packet contradict each other.",
    ),
    text("base64_invalid", 422, "Tệp đính kèm không phải base64 hợp lệ.", "An attachment is not valid base64."),
    text(
        "unknown_document",
        422,
        "Gói tin không ứng với văn bản nào đã gửi.",
        "The packet is about no document that was sent.",
    ),
    text(
        "no_transfer_owed",
        409,
        "Hồ sơ không phải chuyển cơ quan giải quyết.",
        "No transfer of this dossier is owed.",
    ),
    text("transfer_sent", 409, "Hồ sơ đã được chuyển.", "The dossier was sent already."),
    text("transfer_not_sent", 409, "Hồ sơ chưa được chuyển.", "The dossier was not sent yet."),
    text("transfer_confirmed", 409, "Việc nhận hồ sơ đã được xác nhận.", "The receiver has confirmed already."),
    text(
        "hand_off_pending",
        409,
        "Hồ sơ đang chờ người nhận xác nhận bàn giao.",
        "The dossier waits for the receiver of a hand-off.",
    ),
    text(
        "hand_off_ended",
        409,
        "Việc bàn giao đã được trả lời hoặc rút lại.",
        "The hand-off was answered or taken back.",
    ),
    text("handed_to_giver", 422, "Không bàn giao hồ sơ cho chính người giao.", "A dossier is not handed to its giver."),
    text("dossier_closed", 409, "Hồ sơ không còn việc phải làm.", "Nothing is to be done on the dossier any more."),
    text("dossier_not_open", 409, "Hồ sơ không ở trong quá trình giải quyết.", "The dossier is not being resolved."),
    text(
        "own_agency_asked",
        422,
        "Cơ quan giải quyết không tự hỏi chính mình.",
        "The resolving agency does not ask itself.",
    ),
    text("due_before_start", 422, "Thời hạn trước thời điểm bắt đầu.", "It is wanted before it was asked for."),
    text("errand_ended", 409, "Việc này đã kết thúc.", "It was answered, finished or withdrawn already."),
    text(
        "fees_not_allowed",
        422,
        "Chỉ nêu phí, lệ phí khi yêu cầu thực hiện nghĩa vụ tài chính.",
        "Fees go with `payment_required` only.",
    ),
    text("wrong_reference", 422, "Mã tham chiếu không phải của hồ sơ này.", "The reference is not of this dossier."),
    text("overpaid", 422, "Số tiền nộp nhiều hơn số còn phải nộp.", "This is more than is still to be paid."),
    text(
        "receipt_number_used",
        409,
        "Số biên lai đã dùng cho lần nộp khác.",
        "The receipt's number stands for another payment.",
    ),
    text(
        "paid_before_filing",
        422,
        "Thời điểm nộp tiền trước khi nộp hồ sơ.",
        "It was paid before the dossier was handed in.",
    ),
    text("already_exempted", 409, "Khoản này đã được miễn, giảm.", "The item was exempted or reduced already."),
    text("already_refunded", 409, "Khoản nộp này đã được hoàn trả.", "The payment was refunded already."),
    text("too_much", 422, "Số tiền lớn hơn mức cho phép.", "The amount is larger than there is."),
    text("sender_required", 422, "Khiếu nại phải có họ tên người khiếu nại.", "A complaint needs a name."),
    text("finding_required", 422, "Trả lời khiếu nại phải có kết luận.", "The answer to a complaint needs a finding."),
    text("addressee_required", 422, "Cần nêu cơ quan được chuyển đến.", "Say to whom it is passed on."),
    text(
        "task_due_before",
        422,
        "Có nhiệm vụ của kế hoạch đến hạn trước ngày đó.",
        "A task of the plan is due before that day.",
    ),
    text("not_later", 422, "Ngày quá sớm.", "The day is too early."),
    text("reason_required", 422, "Cần nêu lý do.", "A reason is required."),
    text("outcome_not_allowed", 422, "Chỉ nêu kết quả khi hoàn thành.", "An outcome goes with `finished` only."),
    text("in_the_future", 422, "Thời điểm nằm trong tương lai.", "The time lies in the future."),
    text(
        "before_last_move",
        422,
        "Thời điểm trước lần chuyển trạng thái gần nhất.",
        "The time lies before the dossier's last move.",
    ),
    text("too_far_back", 422, "Thời điểm lùi quá 15 ngày.", "The time lies more than 15 days back."),
    text(
        "agency_not_in_force",
        422,
        "Cơ quan chưa hoặc không còn hoạt động vào ngày tiếp nhận.",
        "The agency was not there yet, or not any more, on the day of receipt.",
    ),
    text(
        "validity_reversed",
        422,
        "Ngày kết thúc trước ngày bắt đầu hoạt động.",
        "The last day lies before the first.",
    ),
    text(
        "successors_without_end",
        422,
        "Cơ quan chưa có ngày kết thúc thì không có cơ quan kế thừa.",
        "An agency without a last day has no successors.",
    ),
    text("succession_cycle", 422, "Cơ quan không thể kế thừa chính mình.", "An agency does not come after itself."),
    text(
        "agency_below_itself",
        422,
        "Cơ quan không thể trực thuộc chính mình.",
        "An agency does not stand below itself.",
    ),
    text(
        "procedure_not_in_force",
        422,
        "Thủ tục chưa có hiệu lực vào ngày này.",
        "The procedure was not in force on that day.",
    ),
    text(
        "not_a_table",
        422,
        "Tệp không phải bảng Excel (.xlsx) hoặc CSV.",
        "The file is no .xlsx workbook and no CSV.",
    ),
    text("old_workbook", 422, "Tệp .xls kiểu cũ: hãy lưu lại thành .xlsx.", "An old .xls workbook: save it as .xlsx."),
    text("unreadable_workbook", 422, "Không đọc được tệp Excel.", "The workbook cannot be read."),
    text("workbook_too_large", 422, "Tệp Excel quá lớn khi giải nén.", "The workbook unpacks to too much."),
    text("too_many_rows", 422, "Bảng quá nhiều dòng.", "The table has too many rows."),
    text("too_many_columns", 422, "Bảng quá nhiều cột.", "The table has too many columns."),
    text("merged_cells", 422, "Có ô bị gộp.", "Cells are merged."),
    text("formula", 422, "Ô chứa công thức: hãy dán giá trị.", "The cell holds a formula: paste its value."),
    text("cell_error", 422, "Ô báo lỗi tính toán.", "The cell holds an error."),
    text(
        "heading_missing",
        422,
        "Thiếu cột bắt buộc ở dòng tiêu đề.",
        "The headings lack a column that must be there.",
    ),
    text("heading_unknown", 422, "Tiêu đề cột không rõ.", "The heading is unknown."),
    text("heading_repeated", 422, "Tiêu đề cột bị lặp.", "The heading comes twice."),
    text("second_heading_row", 422, "Có dòng tiêu đề thứ hai.", "There is a second row of headings."),
    text("date_as_text", 422, "Ngày được nhập dưới dạng chữ.", "The date is written as text (CSV: YYYY-MM-DD)."),
    text(
        "later_version",
        422,
        "Thủ tục có phiên bản sau hoặc đã có ngày hết hiệu lực.",
        "The procedure has a later version, or its end is set already.",
    ),
    text("procedure_ended", 422, "Thủ tục đã bị bãi bỏ.", "The procedure was abolished."),
    text(
        "case_not_in_force",
        422,
        "Thủ tục không có trường hợp này.",
        "The procedure has no such case in the version that holds.",
    ),
    text("beyond_calendar", 422, "Thời hạn vượt quá lịch làm việc.", "The deadline lies beyond the calendar."),
    text("nothing_to_correct", 422, "Không có gì để sửa.", "There is nothing to correct."),
    text(
        "late_letter_by_hand",
        422,
        "Văn bản xin lỗi quá hạn do hệ thống lập.",
        "Late letters are opened by the service itself.",
    ),
    text("letter_reason_missing", 422, "Văn bản chưa có lý do.", "The letter has no reason."),
    text("new_return_missing", 422, "Văn bản chưa có ngày hẹn trả mới.", "The letter has no new date of return."),
    text(
        "new_return_too_early",
        422,
        "Ngày hẹn trả mới phải sau hạn và sau hiện tại.",
        "The new date must be later than the deadline and than now.",
    ),
    text(
        "new_return_outside_hours",
        422,
        "Ngày hẹn trả mới phải trong giờ làm việc.",
        "The new date must fall into office hours.",
    ),
    text(
        "promulgated_before_filing",
        422,
        "Ngày ban hành trước ngày nộp hồ sơ.",
        "The date of the letter lies before its dossier was handed in.",
    ),
    text(
        "promulgated_in_the_future",
        422,
        "Ngày ban hành nằm trong tương lai.",
        "The date of issue lies in the future.",
    ),
];

/// The text of a code; an unlisted one is an unexpected fault.
pub fn of(code: &str) -> Text {
    TEXTS.iter().copied().find(|text| text.code == code).unwrap_or(TEXTS[0])
}

/// What a refusal is about this time, for a clerk: the values behind its sentence.
pub fn particulars(refusal: &Refusal) -> Option<String> {
    let time = |at: &LocalTime| at.format("%H:%M ngày %d/%m/%Y").to_string();
    Some(match refusal {
        Refusal::IllegalTransition { from, to } => {
            let to = to.parse().map_or("mở lại", status);
            format!("từ “{}” sang “{to}”", status(*from))
        }
        Refusal::InTheFuture { at } => time(at),
        Refusal::BeforeLastMove { at, last_move_at } => {
            format!("{}; lần gần nhất {}", time(at), time(last_move_at))
        }
        Refusal::TooFarBack { at, days } => format!("{}; tối đa {days} ngày", time(at)),
        Refusal::ProcedureNotInForce { on }
        | Refusal::AgencyNotInForce { on }
        | Refusal::PromulgatedInTheFuture { on }
        | Refusal::PromulgatedBeforeFiling { on }
        | Refusal::TaskDueBefore { due_on: on }
        | Refusal::FormNotInForce { on } => on.format("%d/%m/%Y").to_string(),
        Refusal::Overpaid { open } => format!("còn phải nộp {open} đồng"),
        Refusal::TooMuch { most } => format!("tối đa {most} đồng"),
        Refusal::ProcedureEnded { last_day } => format!("hết hiệu lực sau ngày {}", last_day.format("%d/%m/%Y")),
        Refusal::CaseNotInForce { case } => case.to_string(),
        Refusal::RegisterTooLong { most } => format!("tối đa {most} hồ sơ"),
        Refusal::NotEnded { status: standing } => format!("đang ở “{}”", status(*standing)),
        Refusal::FeedbackStatusForbids { from, to } => {
            format!("từ “{}” sang “{}”", feedback_status(*from), feedback_status(*to))
        }
        Refusal::NotLater { than } => format!("không trước {}", than.format("%d/%m/%Y")),
        Refusal::PeriodOpen { to } => format!("đến hết ngày {}", to.format("%d/%m/%Y")),
        Refusal::NewReturnTooEarly { than } => format!("sau {}", time(than)),
        Refusal::AlreadyIssued { number } => format!("số {number}"),
        Refusal::LetterStatusForbids { status } => format!("đang ở “{}”", letter_status(*status)),
        _ => return None,
    })
}

/// A status in Vietnamese.
pub const fn status(status: Status) -> &'static str {
    match status {
        Status::Registered => "mới đăng ký",
        Status::Received => "được tiếp nhận",
        Status::Rejected => "không được tiếp nhận",
        Status::Processing => "đang xử lý",
        Status::SupplementRequired => "yêu cầu bổ sung giấy tờ",
        Status::PaymentRequired => "yêu cầu thực hiện nghĩa vụ tài chính",
        Status::Withdrawn => "công dân yêu cầu rút",
        Status::Stopped => "dừng xử lý",
        Status::Finished => "đã xử lý xong",
        Status::Returned => "đã trả kết quả",
    }
}

const fn feedback_status(status: FeedbackStatus) -> &'static str {
    match status {
        FeedbackStatus::Received => "đã tiếp nhận",
        FeedbackStatus::Processing => "đang xử lý",
        FeedbackStatus::Answered => "đã trả lời",
        FeedbackStatus::Forwarded => "đã chuyển",
        FeedbackStatus::Refused => "không thụ lý",
        FeedbackStatus::Withdrawn => "đã rút",
    }
}

const fn letter_status(status: LetterStatus) -> &'static str {
    match status {
        LetterStatus::Draft => "dự thảo",
        LetterStatus::Submitted => "chờ ký",
        LetterStatus::Issued => "đã ban hành",
        LetterStatus::Delivered => "đã gửi",
        LetterStatus::Rejected => "bị trả lại",
        LetterStatus::Cancelled => "đã hủy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once() {
        let mut codes: Vec<_> = TEXTS.iter().map(|text| text.code).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
