//! Forms 02, 03 and 05: what a one-stop shop tells an applicant whose dossier it asks papers for, refuses or stops.

use serde::Serialize;

use super::letterhead::Letterhead;
use super::party::Party;
use super::text::{Block, Paper, Signature};
use super::wording::{BLANK, day, lines, moment, number_and_notation, sentence};
use super::{Form, FormSet, Printable};
use crate::domain::refusal::Refusal;
use crate::domain::vocabulary::LocalTime;

/// What all notices are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matter {
    /// Where the dossier was handed in: its one-stop shop speaks to the applicant.
    pub letterhead: Letterhead,
    /// Code of the dossier.
    pub dossier: String,
    /// Who applies.
    pub applicant: Party,
    /// Name of the procedure.
    pub procedure: String,
    /// When it was handed in.
    pub filed_at: LocalTime,
    /// What is missing, or why it is refused or stopped, as the office wrote it.
    pub reason: String,
    /// When the office decided so: the day of the paper.
    pub at: LocalTime,
}

/// Form 02, the request to supplement (phiếu yêu cầu bổ sung, hoàn thiện hồ sơ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SupplementPaper(pub Matter);

/// Form 03, the refusal (phiếu từ chối tiếp nhận giải quyết hồ sơ), at intake or after appraisal (Decree 61/2018 art. 17(1)(b), 19(8)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RefusalPaper(pub Matter);

/// Form 05 of 2025, the notice that resolving stops (thông báo dừng giải quyết hồ sơ; Circular 03/2025 art. 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StopPaper {
    /// What it is about.
    #[serde(flatten)]
    matter: Matter,
    /// Whether the applicant asked for it (Decree 118/2025 art. 21).
    at_request: bool,
}

impl Matter {
    fn set(&self) -> FormSet {
        FormSet::on(self.at.date())
    }

    /// A paper of this form with the head of the one-stop shop.
    fn sheet(&self, form: Form, notation: Option<&str>, title: &str) -> Paper {
        let number =
            notation.map_or_else(|| format!("Số: {BLANK}{BLANK}"), |notation| number_and_notation(None, notation));
        let head = self.letterhead.head_of_unit(number, Some(self.at.date()));
        let identity = format!("{}/{}", self.dossier, self.at);
        let paper = Paper::new(self.letterhead.code.clone(), form, self.set(), identity, head, title.to_owned());
        Paper { date: Some(self.at.date()), ..paper }
    }

    fn code_field(&self) -> Block {
        Block::field("Mã hồ sơ:", Some(self.dossier.clone()))
    }

    fn request_field(&self) -> Block {
        Block::field("Nội dung yêu cầu giải quyết:", Some(self.procedure.clone()))
    }

    /// Whom to ask, with the telephone where it is known.
    fn contact(&self) -> String {
        let phone = self.letterhead.imprint.phone.clone().unwrap_or_else(|| "……………".to_owned());
        format!("{}, số điện thoại {phone}", self.letterhead.unit_and_address())
    }

    fn signatures(&self) -> Vec<Signature> {
        let officer = Signature::by_hand("NGƯỜI TIẾP NHẬN HỒ SƠ", None);
        vec![Signature::by_hand("NGƯỜI NỘP HỒ SƠ", None), officer]
    }
}

impl Printable for SupplementPaper {
    fn paper(&self) -> Paper {
        let Self(matter) = self;
        let notation = match matter.set() {
            FormSet::Of2018 => "HDHS".to_owned(),
            FormSet::Of2025 => format!("PBS-{}", matter.letterhead.unit_symbol()),
        };
        let mut paper = matter.sheet(Form::Supplement, Some(&notation), "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ");
        let applicant = &matter.applicant;
        paper.body = vec![
            Block::strong(format!("Hồ sơ của {}:", applicant.label()), Some(applicant.name.clone())),
            matter.code_field(),
            matter.request_field(),
        ];
        paper.body.extend(applicant.contact_fields());
        paper.body.push(Block::paragraph("Yêu cầu hoàn thiện hồ sơ gồm những nội dung sau:"));
        paper.body.push(Block::Items { items: lines(&matter.reason).map(str::to_owned).collect() });
        // The ground that the law has for this form (Decree 61/2018 art. 17(1)(a)); what exactly is missing stands above.
        paper.body.push(Block::field("Lý do:", Some("Hồ sơ chưa đầy đủ, chưa chính xác theo quy định.".to_owned())));
        paper.body.push(Block::paragraph(format!(
            "Trong quá trình hoàn thiện hồ sơ nếu có vướng mắc, {} liên hệ với {} để được hướng dẫn./.",
            applicant.address_form(),
            matter.contact()
        )));
        paper.signatures = vec![Signature::by_hand("NGƯỜI HƯỚNG DẪN", None)];
        paper
    }
}

impl Printable for RefusalPaper {
    fn paper(&self) -> Paper {
        let Self(matter) = self;
        let notation = match matter.set() {
            FormSet::Of2018 => None,
            FormSet::Of2025 => Some(format!("PTC-{}", matter.letterhead.unit_symbol())),
        };
        let mut paper = matter.sheet(Form::Refusal, notation.as_deref(), "PHIẾU TỪ CHỐI TIẾP NHẬN GIẢI QUYẾT HỒ SƠ");
        let (applicant, unit) = (&matter.applicant, matter.letterhead.unit());
        paper.body = vec![
            Block::paragraph(unit.clone()),
            Block::strong(format!("Tiếp nhận hồ sơ của {}:", applicant.label()), Some(applicant.name.clone())),
        ];
        paper.body.extend(applicant.identity_field(matter.set()));
        paper.body.extend(applicant.contact_fields());
        paper.body.extend([matter.code_field(), matter.request_field()]);
        paper.body.push(Block::paragraph(format!(
            "Qua xem xét, {unit} thông báo không tiếp nhận, giải quyết hồ sơ này với lý do cụ thể như sau:"
        )));
        paper.body.extend(lines(&matter.reason).map(|line| Block::paragraph(sentence(line))));
        let closing = format!("Xin thông báo cho {} được biết và thực hiện./.", applicant.address_form());
        paper.body.push(Block::paragraph(closing));
        paper.signatures = matter.signatures();
        paper
    }
}

impl StopPaper {
    /// The notice of a stop, which has a form only since 2025.
    ///
    /// # Errors
    /// [`Refusal::FormNotInForce`].
    pub fn new(matter: Matter, at_request: bool) -> Result<Self, Refusal> {
        match Form::Stop.number(matter.set()) {
            Some(_) => Ok(Self { matter, at_request }),
            None => Err(Refusal::FormNotInForce { on: matter.at.date() }),
        }
    }
}

impl Printable for StopPaper {
    fn paper(&self) -> Paper {
        let Self { matter, at_request } = self;
        let notation = format!("TB-{}", matter.letterhead.unit_symbol());
        let mut paper = matter.sheet(Form::Stop, Some(&notation), "THÔNG BÁO");
        paper.subtitle = Some("Dừng giải quyết hồ sơ".to_owned());
        let (applicant, unit) = (&matter.applicant, matter.letterhead.unit());
        let identity =
            applicant.identity_no.as_deref().map_or_else(String::new, |number| format!("; số định danh: {number}"));
        let received = format!(
            "Ngày {}, {unit} tiếp nhận hồ sơ đề nghị giải quyết thủ tục hành chính “{}” của {}{identity}; mã số hồ sơ: {}.",
            day(matter.filed_at.date()).trim_start_matches("ngày "),
            matter.procedure,
            applicant.named(),
            matter.dossier,
        );
        let ground = if *at_request {
            format!(
                "Căn cứ Điều 21 Nghị định số 118/2025/NĐ-CP ngày 09 tháng 6 năm 2025 của Chính phủ và đề nghị của {}, {unit} thông báo dừng giải quyết hồ sơ nêu trên kể từ {}.",
                applicant.address_form(),
                moment(matter.at)
            )
        } else {
            format!("{unit} thông báo dừng giải quyết hồ sơ nêu trên kể từ {}.", moment(matter.at))
        };
        paper.body = vec![
            Block::Addressee { label: "Kính gửi:", name: applicant.named() },
            Block::paragraph(received),
            Block::paragraph(ground),
            Block::field("Lý do:", Some(sentence(&lines(&matter.reason).collect::<Vec<_>>().join("; ")))),
            Block::paragraph(format!(
                "Mọi vướng mắc, đề nghị {} liên hệ với {} để được hướng dẫn.",
                applicant.address_form(),
                matter.contact()
            )),
            Block::paragraph(format!("Xin thông báo để {} được biết./.", applicant.address_form())),
        ];
        paper.signatures = vec![Signature::by_hand("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", None)];
        paper.recipients = vec!["Như trên".to_owned(), "Lưu: VT".to_owned()];
        paper
    }
}
