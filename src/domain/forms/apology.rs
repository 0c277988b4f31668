//! Form 04, the letter of apology: with the new date of return, or alone where no result is due or papers or conduct are at fault.

use chrono::NaiveDate;
use serde::Serialize;

use super::letterhead::Letterhead;
use super::party::Party;
use super::text::{Block, Paper, Signature};
use super::wording::{blank_moment, capacity, day, lines, moment, number_and_notation, sentence};
use super::{Form, FormSet, Printable};
use crate::domain::apology::Promulgation;
use crate::domain::vocabulary::{LetterKind, LetterStatus, LocalTime};

/// What a letter of apology is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterPaper {
    /// The resolving agency, whose head signs.
    pub letterhead: Letterhead,
    /// Opaque identifier of the letter.
    pub letter: String,
    /// Why it apologises.
    pub kind: LetterKind,
    /// Where it stands; one that is not out has no number and says that it is a draft.
    pub status: LetterStatus,
    /// Code of the dossier.
    pub dossier: String,
    /// Who applies.
    pub applicant: Party,
    /// Name of the procedure.
    pub procedure: String,
    /// When the dossier was received.
    pub received_at: LocalTime,
    /// The appointed time of return.
    pub promised_at: Option<LocalTime>,
    /// The reason given to the applicant.
    pub reason: Option<String>,
    /// Whether it gives, or is to give, a new date of return.
    pub reappoints: bool,
    /// That date.
    pub new_return_at: Option<LocalTime>,
    /// How the dossier ended before the letter went out.
    pub ended: Option<Ended>,
    /// Number, date and signer, once it is out.
    pub promulgation: Option<Promulgation>,
    /// Today, for a letter that is not dated yet.
    pub today: NaiveDate,
}

/// How a late dossier ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// When.
    pub at: LocalTime,
    /// Whether with a result; withdrawn and stopped ones have none.
    pub with_result: bool,
}

impl LetterPaper {
    /// Date of the letter, or of its draft.
    fn on(&self) -> NaiveDate {
        self.promulgation.as_ref().map_or(self.today, |promulgation| promulgation.on)
    }

    /// The set of forms that holds for it.
    pub fn set(&self) -> FormSet {
        FormSet::on(self.on())
    }

    fn notation(&self) -> String {
        self.promulgation
            .as_ref()
            .map_or_else(|| format!("PXL-{}", self.letterhead.symbol()), |promulgation| promulgation.notation.clone())
    }

    fn title(&self) -> (&'static str, Option<&'static str>) {
        match (self.kind, self.reappoints, self.set()) {
            (LetterKind::Lost, ..) => ("VĂN BẢN XIN LỖI", Some("Về việc làm mất giấy tờ trong hồ sơ")),
            (LetterKind::Damaged, ..) => ("VĂN BẢN XIN LỖI", Some("Về việc làm hư hỏng giấy tờ trong hồ sơ")),
            (LetterKind::Misconduct, ..) => {
                ("VĂN BẢN XIN LỖI", Some("Về hành vi vi phạm của công chức, viên chức khi giải quyết hồ sơ"))
            }
            (LetterKind::Late | LetterKind::AtRisk, false, _) => {
                ("PHIẾU XIN LỖI", Some("Về việc chậm giải quyết hồ sơ"))
            }
            (_, true, FormSet::Of2018) => ("PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ", None),
            (_, true, FormSet::Of2025) => ("PHIẾU XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT", None),
        }
    }

    /// `… tiếp nhận hồ sơ đề nghị giải quyết …`, as the form begins.
    fn received(&self) -> String {
        let Self { letterhead, applicant, procedure, dossier, .. } = self;
        let identity = applicant.identity_no.as_deref().filter(|_| self.set() == FormSet::Of2025);
        let identity = identity.map_or_else(String::new, |number| format!("; số định danh: {number}"));
        let on = day(self.received_at.date());
        let on = on.trim_start_matches("ngày ");
        format!(
            "Ngày {on}, {} tiếp nhận hồ sơ đề nghị giải quyết thủ tục hành chính “{procedure}” của {}{identity}; mã số hồ sơ: {dossier}.",
            letterhead.agency,
            applicant.named(),
        )
    }

    /// What went wrong about the deadline. A letter ahead of it says what will.
    fn lateness(&self) -> String {
        const SLIP: &str = "Giấy tiếp nhận hồ sơ và hẹn trả kết quả";
        let (agency, you) = (&self.letterhead.agency, self.applicant.address_form());
        let is_ahead = self.promised_at.is_some_and(|promised| self.on() <= promised.date());
        match self.ended {
            Some(Ended { at, with_result }) => {
                let ending =
                    if with_result { "có kết quả giải quyết" } else { "kết thúc việc giải quyết" };
                format!(
                    "Tuy nhiên, đến {}, {agency} mới {ending} hồ sơ của {you}, chậm so với thời hạn quy định ghi trên {SLIP}.",
                    moment(at)
                )
            }
            None if is_ahead => format!(
                "Tuy nhiên, {agency} không thể trả kết quả giải quyết hồ sơ của {you} đúng thời hạn quy định ghi trên {SLIP}."
            ),
            None => format!(
                "Tuy nhiên đến nay, {agency} chưa trả kết quả giải quyết hồ sơ của {you} đúng thời hạn quy định ghi trên {SLIP}."
            ),
        }
    }

    fn fault(&self) -> String {
        let agency = &self.letterhead.agency;
        match self.kind {
            LetterKind::Late | LetterKind::AtRisk => self.lateness(),
            LetterKind::Lost => {
                format!("Trong quá trình tiếp nhận, giải quyết hồ sơ, {agency} đã để mất giấy tờ trong hồ sơ nêu trên.")
            }
            LetterKind::Damaged => {
                format!(
                    "Trong quá trình tiếp nhận, giải quyết hồ sơ, {agency} đã để hư hỏng giấy tờ trong hồ sơ nêu trên."
                )
            }
            LetterKind::Misconduct => format!(
                "Trong quá trình tiếp nhận, giải quyết hồ sơ nêu trên, công chức, viên chức của {agency} đã có hành vi vi phạm quy định."
            ),
        }
    }

    fn regret(&self) -> String {
        let (agency, you) = (&self.letterhead.agency, self.applicant.address_form());
        match self.kind {
            LetterKind::Late | LetterKind::AtRisk => format!(
                "{agency} xin trân trọng gửi lời xin lỗi đến {you} vì sự chậm trễ trong quá trình giải quyết hồ sơ, gây phiền hà, tốn kém về chi phí, công sức của {you}."
            ),
            // Papers lost or damaged are made good together with the applicant, at the agency's cost (Decree 61/2018 art. 21(2)).
            LetterKind::Lost | LetterKind::Damaged => format!(
                "{agency} xin trân trọng gửi lời xin lỗi đến {you}, chịu trách nhiệm khắc phục và phối hợp với {you} hoàn thiện lại hồ sơ; chi phí phát sinh (nếu có) do {agency} chi trả."
            ),
            LetterKind::Misconduct => format!(
                "{agency} xin trân trọng gửi lời xin lỗi đến {you} và sẽ xem xét, xử lý trách nhiệm theo quy định của pháp luật."
            ),
        }
    }

    fn body(&self) -> Vec<Block> {
        let you = self.applicant.address_form();
        let is_about_deadline = self.kind.is_about_deadline();
        let mut body = vec![
            Block::Addressee { label: "Kính gửi:", name: self.applicant.named() },
            Block::paragraph(self.received()),
        ];
        if let Some(promised) = self.promised_at.filter(|_| is_about_deadline) {
            body.push(Block::paragraph(format!("Thời gian hẹn trả kết quả giải quyết hồ sơ: {}.", moment(promised))));
        }
        body.push(Block::paragraph(self.fault()));
        let reason = self.reason.as_deref().map(|reason| sentence(&lines(reason).collect::<Vec<_>>().join("; ")));
        body.push(Block::field(if is_about_deadline { "Lý do:" } else { "Cụ thể:" }, reason));
        body.push(Block::paragraph(self.regret()));
        if self.reappoints {
            let new_return = self.new_return_at.map_or_else(blank_moment, moment);
            body.push(Block::paragraph(format!(
                "{} sẽ trả kết quả giải quyết hồ sơ cho {you} vào {new_return}.",
                self.letterhead.agency
            )));
        }
        let over = if is_about_deadline { " vì sự chậm trễ này" } else { "" };
        body.push(Block::paragraph(format!("Mong nhận được sự thông cảm của {you}{over}./.")));
        body
    }

    fn signature(&self) -> Signature {
        match &self.promulgation {
            Some(Promulgation { signer, .. }) => Signature {
                capacity: capacity(&self.letterhead.agency, &signer.position),
                hint: None,
                name: Some(signer.name.clone()),
            },
            None => Signature::by_hand("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", None),
        }
    }
}

impl Printable for LetterPaper {
    fn paper(&self) -> Paper {
        let promulgation = self.promulgation.as_ref();
        let date = promulgation.map(|promulgation| promulgation.on);
        let number = number_and_notation(promulgation.map(|promulgation| promulgation.number), &self.notation());
        let (title, subtitle) = self.title();
        let head = self.letterhead.head(number, date);
        let agency = self.letterhead.code.clone();
        let mut paper = Paper::new(agency, Form::Apology, self.set(), self.letter.clone(), head, title.to_owned());
        if !self.reappoints {
            // The form is that of a letter which asks for more time; no form is set for an apology alone.
            paper.form_label = None;
        }
        paper.date = date;
        paper.subtitle = subtitle.map(str::to_owned);
        paper.body = self.body();
        paper.signatures = vec![self.signature()];
        // The law has the one-stop shop told with the applicant (Decree 61/2018 art. 19(9)).
        let copies = ["Như trên", "Bộ phận Tiếp nhận và Trả kết quả", "Lưu: VT"];
        paper.recipients = copies.map(str::to_owned).to_vec();
        paper.mark = match self.status {
            LetterStatus::Draft | LetterStatus::Submitted | LetterStatus::Rejected => Some("DỰ THẢO".to_owned()),
            LetterStatus::Cancelled => Some("ĐÃ HỦY".to_owned()),
            LetterStatus::Issued | LetterStatus::Delivered => None,
        };
        paper
    }
}
