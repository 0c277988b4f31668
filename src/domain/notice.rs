//! Notices to applicants: of which event, whether it is still true, and its text from a template.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::dossier::Standing;
use super::event::Event;
use super::timeliness::EndClass;
use super::vocabulary::{LocalTime, Status, UnknownWord, words};

words! {
    /// What an applicant is told.
    NoticeKind("kind of notice") {
        /// The dossier was taken in (Decree 61/2018 art. 17).
        Receipt = "receipt",
        /// Papers are wanted (art. 17(2), 19(4)).
        Supplement = "supplement",
        /// The result is there before its time (art. 20(4)).
        EarlyResult = "early_result",
        /// A letter of apology gave a new date (art. 19(9)).
        Reappointment = "reappointment",
        /// The result is there.
        Ready = "ready",
    }
}

impl NoticeKind {
    /// The notice that an event asks for.
    pub const fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Received { .. } => Some(Self::Receipt),
            Event::SupplementRequested { .. } => Some(Self::Supplement),
            Event::Finished { class: EndClass::Early, .. } => Some(Self::EarlyResult),
            Event::Finished { .. } => Some(Self::Ready),
            Event::Reappointed { .. } => Some(Self::Reappointment),
            _ => None,
        }
    }

    /// Whether the notice is still true of a dossier: one that waited too long tells yesterday's news.
    pub fn holds(self, standing: &Standing) -> bool {
        let is_ahead = match self {
            Self::Receipt | Self::Reappointment => standing.end.is_none(),
            Self::Supplement => standing.status == Status::SupplementRequired,
            Self::EarlyResult | Self::Ready => standing.status == Status::Finished,
        };
        is_ahead && !standing.void
    }
}

/// Subject and text of a notice, with `{placeholders}`. Neither names the applicant or what is applied for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Subject of an e-mail.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// What a template may name: the dossier's code, the names of the resolving agency and of where it was handed in, when
/// the event took effect, the sentence on the appointment (of a receipt), the new date (of a re-appointment).
pub const PLACEHOLDERS: &[&str] = &["code", "agency", "counter", "at", "appointment", "new"];

const TEXTS: &[(NoticeKind, &str, &str)] = &[
    (NoticeKind::Receipt, "Đã tiếp nhận hồ sơ {code}", "{counter} đã tiếp nhận hồ sơ {code} lúc {at}. {appointment}"),
    (
        NoticeKind::Supplement,
        "Hồ sơ {code} cần bổ sung",
        "Hồ sơ {code} cần được bổ sung, hoàn thiện. Đề nghị liên hệ bộ phận một cửa của {counter} để nhận phiếu yêu cầu và nộp bổ sung.",
    ),
    (
        NoticeKind::EarlyResult,
        "Hồ sơ {code} có kết quả sớm",
        "Hồ sơ {code} đã có kết quả trước hạn, lúc {at}. Nếu nhận trực tiếp, mời đến bộ phận một cửa của {counter} và mang theo giấy hẹn.",
    ),
    (
        NoticeKind::Reappointment,
        "Hẹn lại ngày trả kết quả hồ sơ {code}",
        "{agency} xin lỗi vì chưa trả được kết quả hồ sơ {code} đúng hẹn. Thời gian hẹn trả mới: {new}. Lý do được nêu trong văn bản xin lỗi.",
    ),
    (
        NoticeKind::Ready,
        "Hồ sơ {code} đã có kết quả",
        "Hồ sơ {code} đã có kết quả lúc {at}. Nếu nhận trực tiếp, mời đến bộ phận một cửa của {counter} và mang theo giấy hẹn.",
    ),
];

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the template of `{kind}` names {{{placeholder}}}, which there is not")]
pub struct BadTemplate {
    /// Its notice.
    pub kind: NoticeKind,
    /// What it names.
    pub placeholder: String,
}

/// Which notices are sent, and their texts. None are, unless said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notices {
    kinds: BTreeSet<NoticeKind>,
    templates: BTreeMap<NoticeKind, Template>,
}

impl Notices {
    /// Sends these kinds, with templates of one's own in place of the built-in ones.
    ///
    /// # Errors
    /// [`BadTemplate`].
    pub fn new(kinds: BTreeSet<NoticeKind>, own: BTreeMap<NoticeKind, Template>) -> Result<Self, BadTemplate> {
        for (kind, template) in &own {
            for text in [&template.subject, &template.text] {
                let stranger = placeholders(text).find(|name| !PLACEHOLDERS.contains(name));
                if let Some(placeholder) = stranger {
                    return Err(BadTemplate { kind: *kind, placeholder: placeholder.to_owned() });
                }
            }
        }
        let built_in = |(kind, subject, text): &(NoticeKind, &str, &str)| {
            (*kind, Template { subject: (*subject).to_owned(), text: (*text).to_owned() })
        };
        let mut templates: BTreeMap<_, _> = TEXTS.iter().map(built_in).collect();
        templates.extend(own);
        Ok(Self { kinds, templates })
    }

    /// Whether none are sent.
    pub fn are_off(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The notice to be sent of an event. An early result is still a result.
    pub fn wanted(&self, event: &Event) -> Option<NoticeKind> {
        let kind = NoticeKind::of(event)?;
        let less = (kind == NoticeKind::EarlyResult).then_some(NoticeKind::Ready);
        [Some(kind), less].into_iter().flatten().find(|kind| self.kinds.contains(kind))
    }

    /// Subject and text of a notice.
    pub fn write(&self, kind: NoticeKind, facts: &Facts<'_>) -> Option<Template> {
        let template = self.templates.get(&kind)?;
        Some(Template { subject: facts.fill(&template.subject), text: facts.fill(&template.text) })
    }
}

/// What the text of a notice is made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Code of the dossier.
    pub code: &'a str,
    /// Name of the resolving agency.
    pub agency: &'a str,
    /// Name of the agency it was handed in at.
    pub counter: &'a str,
    /// When the event took effect.
    pub at: LocalTime,
    /// The event.
    pub event: &'a Event,
}

impl Facts<'_> {
    fn value(&self, placeholder: &str) -> String {
        match (placeholder, self.event) {
            ("code", _) => self.code.to_owned(),
            ("agency", _) => one_line(self.agency),
            ("counter", _) => one_line(self.counter),
            ("at", _) => said(self.at),
            ("appointment", Event::Received { deadline: Some(deadline), .. }) => {
                format!("Hẹn trả kết quả: {}.", said(deadline.due_at))
            }
            ("appointment", Event::Received { .. }) => "Kết quả được trả khi giải quyết xong.".to_owned(),
            ("new", Event::Reappointed { new_return_at, .. }) => said(*new_return_at),
            _ => String::new(),
        }
    }

    fn fill(&self, template: &str) -> String {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, name, after)) = next_placeholder(rest) {
            filled.push_str(before);
            filled.push_str(&self.value(name));
            rest = after;
        }
        filled + rest
    }
}

/// The text before the first placeholder, its name, and the text after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, name, after) = next_placeholder(rest)?;
        rest = after;
        Some(name)
    })
}

fn said(at: LocalTime) -> String {
    at.format("%H:%M ngày %d/%m/%Y").to_string()
}

/// A name without line breaks and the like, which would end a header of a message.
fn one_line(name: &str) -> String {
    name.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(class: EndClass) -> Event {
        Event::Finished { outcome: super::super::vocabulary::Outcome::Granted, reason: None, class }
    }

    fn notices(kinds: &[NoticeKind]) -> Notices {
        Notices::new(kinds.iter().copied().collect(), BTreeMap::new()).unwrap()
    }

    #[test]
    fn nothing_is_sent_unless_said() {
        assert_eq!(Notices::default().wanted(&finished(EndClass::Early)), None);
        assert!(Notices::default().are_off());
    }

    #[test]
    fn an_early_result_is_told_as_such_or_as_a_result() {
        // Decree 61/2018 art. 20(4): the applicant is told of an early result beforehand.
        use NoticeKind::{EarlyResult, Ready};
        assert_eq!(notices(&[EarlyResult, Ready]).wanted(&finished(EndClass::Early)), Some(EarlyResult));
        assert_eq!(notices(&[Ready]).wanted(&finished(EndClass::Early)), Some(Ready));
        assert_eq!(notices(&[EarlyResult]).wanted(&finished(EndClass::Late)), None);
    }

    #[test]
    fn names_cannot_break_a_line_and_are_not_filled_again() {
        let event = Event::Returned;
        let at = "2026-03-02T09:00:00".parse().unwrap();
        let facts = Facts { code: "H16-260302-0001", agency: "A\r\nBcc: x@y", counter: "{code}", at, event: &event };
        assert_eq!(facts.fill("{agency}|{counter}|{at}"), "A Bcc: x@y|{code}|09:00 ngày 02/03/2026");
        assert_eq!(facts.fill("not { closed"), "not { closed");
    }

    #[test]
    fn a_template_names_only_what_there_is() {
        let own = |text: &str| {
            let template = Template { subject: "x".to_owned(), text: text.to_owned() };
            Notices::new(BTreeSet::new(), BTreeMap::from([(NoticeKind::Ready, template)]))
        };
        assert!(own("{code} {counter}").is_ok());
        let refused = BadTemplate { kind: NoticeKind::Ready, placeholder: "name".to_owned() };
        assert_eq!(own("{code} {name}"), Err(refused));
    }

    #[test]
    fn every_kind_has_its_text() {
        let written: Vec<_> = TEXTS.iter().map(|(kind, ..)| *kind).collect();
        assert_eq!(written, NoticeKind::ALL);
        for (kind, subject, text) in TEXTS {
            assert!(placeholders(subject).chain(placeholders(text)).all(|name| PLACEHOLDERS.contains(&name)), "{kind}");
        }
    }
}
