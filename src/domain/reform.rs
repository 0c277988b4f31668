//! The report on administrative reform (báo cáo cải cách hành chính): what it counts, and its paragraphs with each number in them.

use std::collections::BTreeMap;

use super::catalogue::{Changes, Inventory};
use super::reception::Subject;
use super::statistics::{Period, Rate, Tally};
use super::term::TermTally;
use super::vocabulary::{CatalogueChange, OnlineLevel, ProcedureLevel};

/// What a period's report counts, as of the end of the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReformFigures {
    /// The period.
    pub period: Period,
    /// Procedures in force on its last day.
    pub inventory: Inventory,
    /// What decisions changed in it.
    pub changes: Changes,
    /// Dossiers, as form II.06a counts them.
    pub dossiers: Tally,
    /// Visits of citizens (lượt tiếp công dân).
    pub visits: i64,
    /// How many people came.
    pub people: i64,
    /// Visits by subject.
    pub subjects: BTreeMap<Subject, i64>,
    /// Feedback and petitions (phản ánh, kiến nghị).
    pub feedback: TermTally,
    /// Ratings given, and how many of them were satisfied ones.
    pub satisfied: Rate,
    /// Tasks of plans (nhiệm vụ).
    pub tasks: TermTally,
}

/// Which figure a number is, and so which query gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Procedures in force, of one tier or of all.
    InForce(Option<ProcedureLevel>),
    /// Procedures in force that can be done online so far.
    Online(OnlineLevel),
    /// Changes of the catalogue, of one tier or of all.
    Changed(CatalogueChange, Option<ProcedureLevel>),
    /// A column of form II.06a, by its name there.
    Form(&'static str),
    /// Dossiers that wait for the applicant or a payment.
    Paused,
    /// Dossiers that ended late with a letter of apology.
    LateWithLetter,
    /// Open dossiers overdue with a letter of apology.
    OverdueWithLetter,
    /// Dossiers that ended early or on time, of all that ended.
    OnTimeRate,
    /// Visits.
    Visits,
    /// People who came.
    People,
    /// Visits about a subject.
    About(Subject),
    /// Feedback: everything, what is from before, what ended in time and late, what is open in time and late.
    Feedback(Part),
    /// Ratings.
    Ratings,
    /// Satisfied ones among them.
    Satisfied,
    /// Satisfied ones, in per cent.
    SatisfiedRate,
    /// Tasks, in the same parts.
    Tasks(Part),
}

/// A part of what has a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    Total,
    /// From before the period.
    CarriedOver,
    /// Ended.
    Ended,
    /// Ended late.
    Late,
    /// Open and in time.
    Within,
    /// Open and late.
    Overdue,
}

impl Part {
    const fn of(self, tally: &TermTally) -> i64 {
        match self {
            Self::Total => tally.total(),
            Self::CarriedOver => tally.carried_over,
            Self::Ended => tally.ended(),
            Self::Late => tally.late,
            Self::Within => tally.within,
            Self::Overdue => tally.overdue,
        }
    }
}

/// A number of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Number {
    /// How many.
    Count(i64),
    /// Per cent, with two decimals and a point.
    Percent(String),
}

impl Number {
    /// As Vietnamese reports write it: points between thousands, a comma before decimals, no zeros at the end.
    pub fn written(&self) -> String {
        match self {
            Self::Count(count) => thousands(*count),
            Self::Percent(percent) => {
                let shown =
                    if percent.contains('.') { percent.trim_end_matches('0').trim_end_matches('.') } else { percent };
                format!("{}%", shown.replace('.', ","))
            }
        }
    }
}

fn thousands(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut written = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            written.push('.');
        }
        written.push(digit);
    }
    if count < 0 { format!("-{written}") } else { written }
}

/// A piece of a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Words(String),
    /// A number, and which figure it is.
    Number(Number, Source),
}

/// A paragraph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paragraph(Vec<Piece>);

impl Paragraph {
    fn words(mut self, words: &str) -> Self {
        self.0.push(Piece::Words(words.to_owned()));
        self
    }

    fn count(mut self, count: i64, source: Source) -> Self {
        self.0.push(Piece::Number(Number::Count(count), source));
        self
    }

    /// In per cent; out of nothing there is no rate, and `otherwise` stands in its place.
    fn rate(mut self, rate: Rate, source: Source, otherwise: &str) -> Self {
        self.0.push(match rate.percent() {
            Some(percent) => Piece::Number(Number::Percent(percent), source),
            None => Piece::Words(otherwise.to_owned()),
        });
        self
    }

    /// Counts with what each is, and commas between them.
    fn listed<W: AsRef<str>>(mut self, counts: impl IntoIterator<Item = (i64, Source, W)>) -> Self {
        for (place, (count, source, what)) in counts.into_iter().enumerate() {
            let paragraph = if place > 0 { self.words(", ") } else { self };
            self = paragraph.count(count, source).words(what.as_ref());
        }
        self
    }

    /// Its pieces, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// As it is read.
    pub fn text(&self) -> String {
        let written = |piece: &Piece| match piece {
            Piece::Words(words) => words.clone(),
            Piece::Number(number, _) => number.written(),
        };
        self.0.iter().map(written).collect()
    }
}

/// A section under its heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name in the API.
    pub name: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// Its text.
    pub paragraphs: Vec<Paragraph>,
}

fn tier(level: ProcedureLevel) -> String {
    format!(" {}", level.vietnamese().to_lowercase())
}

const fn matter(subject: Subject) -> &'static str {
    match subject {
        Subject::Complaint => " lượt khiếu nại",
        Subject::Denunciation => " lượt tố cáo",
        Subject::Petition => " lượt kiến nghị",
        Subject::Feedback => " lượt phản ánh",
        Subject::Procedure => " lượt hỏi về thủ tục, hồ sơ",
    }
}

impl ReformFigures {
    /// The report, section by section.
    pub fn sections(&self) -> Vec<Section> {
        vec![
            Section {
                name: "procedures",
                title: "1. Danh mục thủ tục hành chính",
                paragraphs: vec![self.in_force(), self.changed()],
            },
            Section {
                name: "dossiers",
                title: "2. Tiếp nhận, giải quyết hồ sơ",
                paragraphs: vec![self.received(), self.resolved(), self.in_progress()],
            },
            Section { name: "letters", title: "3. Văn bản xin lỗi", paragraphs: vec![self.letters()] },
            Section { name: "reception", title: "4. Tiếp công dân", paragraphs: vec![self.reception()] },
            Section {
                name: "feedback",
                title: "5. Phản ánh, kiến nghị và mức độ hài lòng",
                paragraphs: vec![self.feedback(), self.ratings()],
            },
            Section {
                name: "tasks", title: "6. Nhiệm vụ cải cách hành chính", paragraphs: vec![self.tasks()]
            },
        ]
    }

    fn in_force(&self) -> Paragraph {
        let online = self.inventory.total;
        let last_day = self.period.to.format("%-d/%-m/%Y");
        let total = online.total().cast_signed();
        let paragraph =
            Paragraph::default().words(&format!("Đến ngày {last_day}, có ")).count(total, Source::InForce(None));
        if total == 0 {
            return paragraph.words(" thủ tục hành chính đang áp dụng.");
        }
        let tiers = self.inventory.levels.iter();
        let tiers = tiers.map(|(level, of)| (of.total().cast_signed(), Source::InForce(Some(*level)), tier(*level)));
        let levels = [
            (online.full, OnlineLevel::Full, " toàn trình"),
            (online.partial, OnlineLevel::Partial, " một phần"),
            (online.information, OnlineLevel::Information, " cung cấp thông tin trực tuyến"),
        ];
        let levels = levels.map(|(count, level, what)| (count.cast_signed(), Source::Online(level), what));
        paragraph
            .words(" thủ tục hành chính đang áp dụng, gồm ")
            .listed(tiers)
            .words("; theo mức độ dịch vụ công trực tuyến: ")
            .listed(levels)
            .words(".")
    }

    fn changed(&self) -> Paragraph {
        let count = |change, level| self.changes.count(change, level).cast_signed();
        let changes = [
            (CatalogueChange::New, " ban hành mới"),
            (CatalogueChange::Amended, " sửa đổi, bổ sung"),
            (CatalogueChange::Replaced, " thay thế"),
            (CatalogueChange::Abolished, " bãi bỏ"),
        ];
        let made: Vec<_> = changes.into_iter().filter(|(change, _)| count(*change, None) > 0).collect();
        if made.is_empty() {
            return Paragraph::default()
                .words("Trong kỳ không có thủ tục nào được công bố mới, sửa đổi, thay thế hoặc bãi bỏ.");
        }
        let mut paragraph = Paragraph::default().words("Trong kỳ công bố: ");
        for (place, (change, what)) in made.into_iter().enumerate() {
            let tiers = ProcedureLevel::ALL.iter().map(|level| (*level, count(change, Some(*level))));
            let tiers = tiers.filter(|(_, count)| *count > 0);
            let tiers = tiers.map(|(level, count)| (count, Source::Changed(change, Some(level)), tier(level)));
            let separated = if place > 0 { paragraph.words("; ") } else { paragraph };
            let total = separated.count(count(change, None), Source::Changed(change, None));
            paragraph = total.words(what).words(" (").listed(tiers).words(")");
        }
        paragraph.words(".")
    }

    fn received(&self) -> Paragraph {
        let tally = &self.dossiers;
        Paragraph::default()
            .words("Tổng số hồ sơ phải giải quyết: ")
            .count(tally.received(), Source::Form("received_total"))
            .words(" hồ sơ, trong đó ")
            .listed([
                (tally.online, Source::Form("online"), " trực tuyến"),
                (tally.direct + tally.postal, Source::Form("direct_postal"), " trực tiếp và qua bưu chính"),
                (tally.carried_over, Source::Form("carried_over"), " từ kỳ trước chuyển sang"),
            ])
            .words(".")
    }

    fn resolved(&self) -> Paragraph {
        let tally = &self.dossiers;
        Paragraph::default()
            .words("Đã giải quyết ")
            .count(tally.resolved(), Source::Form("resolved_total"))
            .words(" hồ sơ: ")
            .listed([
                (tally.early, Source::Form("early"), " trước hạn"),
                (tally.on_time, Source::Form("on_time"), " đúng hạn"),
                (tally.late, Source::Form("late"), " quá hạn"),
            ])
            .words("; tỷ lệ trước hạn và đúng hạn: ")
            .rate(tally.on_time_rate(), Source::OnTimeRate, "không tính (chưa có hồ sơ được giải quyết)")
            .words(".")
    }

    fn in_progress(&self) -> Paragraph {
        let tally = &self.dossiers;
        let paragraph = Paragraph::default()
            .words("Đang giải quyết ")
            .count(tally.in_progress(), Source::Form("in_progress_total"))
            .words(" hồ sơ: ")
            .listed([
                (tally.within, Source::Form("within"), " trong hạn"),
                (tally.overdue, Source::Form("overdue"), " quá hạn"),
            ]);
        if tally.paused == 0 {
            return paragraph.words(".");
        }
        paragraph
            .words("; trong số còn hạn có ")
            .count(tally.paused, Source::Paused)
            .words(" hồ sơ tạm dừng chờ bổ sung hoặc nộp phí, lệ phí.")
    }

    /// A late dossier is owed a letter (Decree 61/2018 art. 19(9)); where none is late, the report says so.
    fn letters(&self) -> Paragraph {
        let tally = &self.dossiers;
        let late = tally.late + tally.overdue;
        if late == 0 {
            return Paragraph::default().words("Không có hồ sơ quá hạn nên không phải ban hành văn bản xin lỗi.");
        }
        let with_letter = tally.late_with_letter + tally.overdue_with_letter;
        let paragraph = Paragraph::default()
            .words("Hồ sơ quá hạn: ")
            .listed([
                (tally.late, Source::Form("late"), " đã giải quyết"),
                (tally.overdue, Source::Form("overdue"), " đang giải quyết"),
            ])
            .words("; đã có văn bản xin lỗi: ")
            .listed([
                (tally.late_with_letter, Source::LateWithLetter, " hồ sơ đã giải quyết"),
                (tally.overdue_with_letter, Source::OverdueWithLetter, " hồ sơ đang giải quyết"),
            ]);
        paragraph.words(if with_letter < late {
            ". Các hồ sơ quá hạn còn lại chưa có văn bản xin lỗi."
        } else {
            ". Mọi hồ sơ quá hạn đều đã có văn bản xin lỗi."
        })
    }

    fn reception(&self) -> Paragraph {
        if self.visits == 0 {
            return Paragraph::default().words("Trong kỳ không có lượt tiếp công dân nào.");
        }
        let subjects = self.subjects.iter().filter(|(_, count)| **count > 0);
        Paragraph::default()
            .words("Trong kỳ tiếp ")
            .count(self.visits, Source::Visits)
            .words(" lượt công dân với ")
            .count(self.people, Source::People)
            .words(" người, trong đó ")
            .listed(subjects.map(|(subject, count)| (*count, Source::About(*subject), matter(*subject))))
            .words(".")
    }

    fn feedback(&self) -> Paragraph {
        let part = |part: Part| (part.of(&self.feedback), Source::Feedback(part));
        if self.feedback.total() == 0 {
            return Paragraph::default().words("Trong kỳ không có phản ánh, kiến nghị nào.");
        }
        let (total, all) = part(Part::Total);
        let (ended, of_ended) = part(Part::Ended);
        let listed = |(count, source), what| (count, source, what);
        Paragraph::default()
            .words("Phản ánh, kiến nghị phải xử lý: ")
            .count(total, all)
            .words(" (")
            .listed([listed(part(Part::CarriedOver), " từ kỳ trước chuyển sang")])
            .words("); đã xử lý ")
            .count(ended, of_ended)
            .words(" (")
            .listed([listed(part(Part::Late), " quá hạn")])
            .words("); đang xử lý: ")
            .listed([listed(part(Part::Within), " trong hạn"), listed(part(Part::Overdue), " quá hạn")])
            .words(".")
    }

    fn ratings(&self) -> Paragraph {
        if self.satisfied.denominator == 0 {
            return Paragraph::default().words("Trong kỳ chưa có đánh giá nào của người dân, doanh nghiệp.");
        }
        Paragraph::default()
            .words("Có ")
            .count(self.satisfied.denominator, Source::Ratings)
            .words(" lượt đánh giá, trong đó ")
            .count(self.satisfied.numerator, Source::Satisfied)
            .words(" lượt hài lòng trở lên, đạt ")
            .rate(self.satisfied, Source::SatisfiedRate, "")
            .words(".")
    }

    fn tasks(&self) -> Paragraph {
        let part = |part: Part| (part.of(&self.tasks), Source::Tasks(part));
        let (total, all) = part(Part::Total);
        if total == 0 {
            return Paragraph::default().words("Trong kỳ không có nhiệm vụ nào được giao.");
        }
        let listed = |(count, source), what| (count, source, what);
        Paragraph::default()
            .words("Được giao ")
            .count(total, all)
            .words(" nhiệm vụ: ")
            .listed([
                listed(part(Part::Ended), " đã hoàn thành"),
                listed(part(Part::Within), " đang thực hiện"),
                listed(part(Part::Overdue), " quá hạn"),
            ])
            .words(".")
    }
}

#[cfg(test)]
mod tests;
