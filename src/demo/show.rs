//! What the demonstration prints: the half-year's table, what a check says of the published text, the letters, the login.

use std::fmt::Write as _;
use std::io::Write;

use super::{DEPARTMENT, LOGIN, PASSWORD, agency};
use crate::ambient::Ambient;
use crate::domain::statistics::{Period, Tally, TypedFigures};
use crate::domain::term::TermTally;
use crate::flow::Fault;
use crate::flow::report::form_06a;
use crate::storage::letters::LetterFilter;
use crate::storage::listing::Visible;
use crate::storage::{Db, StorageError, letters, reception, tasks};

/// The figures as the report's own text gives them (domain.md 2.3).
const PUBLISHED: TypedFigures = TypedFigures {
    online: 158,
    direct_postal: 1_759,
    carried_over: 1,
    early: None,
    on_time: None,
    early_or_on_time: Some(1_715),
    late: 0,
    within: 202,
    overdue: 0,
    received_total: None,
    resolved_total: None,
    in_progress_total: None,
};

/// Prints it all.
///
/// # Errors
/// [`Fault`].
pub fn show(db: &Db, ambient: &Ambient, out: &mut dyn Write) -> Result<(), Fault> {
    let mut text = String::new();
    let now = ambient.now();
    let department = agency(DEPARTMENT)?;
    let period = Period::preset("2023-H1").map_err(|cause| StorageError::corrupt("period", cause))?;
    let window = period.window(now);
    let form = db.read(|reader| form_06a(reader, Some(&department), period, &window))?;
    let _ = writeln!(text, "\n{} — biểu II.06a, {} đến {}", form.agency, period.from, period.to);
    let _ = writeln!(
        text,
        "{:<34}{:>7}{:>9}{:>9}{:>7}{:>9}{:>7}{:>7}{:>7}{:>8}{:>7}{:>7}",
        "Lĩnh vực", "Nhận", "T.tuyến", "T.tiếp", "Trước", "Đã g.q", "Sớm", "Đúng", "Quá", "Đang", "Trong", "Quá"
    );
    for section in &form.sections {
        let _ = writeln!(text, "[{}]", section.level);
        for line in &section.lines {
            row(&mut text, &line.name, &line.tally);
        }
    }
    row(&mut text, "Tổng số", &form.total);
    let total = &form.total;
    let rate = total.on_time_rate();
    let _ = writeln!(
        text,
        "Cân đối: {}. Đúng hạn {}/{} ({} %). Văn bản xin lỗi phải có: {}.",
        if total.is_balanced() { "có" } else { "KHÔNG" },
        rate.numerator,
        rate.denominator,
        rate.percent().unwrap_or_else(|| "–".into()),
        total.late + total.overdue,
    );
    let checked = PUBLISHED.check();
    let _ = writeln!(
        text,
        "Văn bản công bố ghi 158 + 1.759 + 1 = 1.918 nhận, 1.715 + 202 = 1.917: lệch {:+} ({}).",
        checked.difference,
        checked.failed.iter().map(|failed| failed.identity).collect::<Vec<_>>().join(", "),
    );
    let (visits, tasks) = db.read(|reader| {
        let visits = reception::figures(reader, period, Some(&department))?.visits;
        let mut total = TermTally::default();
        tasks::figures(reader, &window, Some(&department))?.into_iter().for_each(|(_, tally)| total += tally);
        Ok::<_, Fault>((visits, total))
    })?;
    let _ = writeln!(
        text,
        "Tiếp công dân: {visits} lượt. Nhiệm vụ cải cách hành chính: {}, đã hoàn thành {}, đang thực hiện {}, quá hạn {}.",
        tasks.total(),
        tasks.ended(),
        tasks.within,
        tasks.overdue,
    );
    let open = db.read(|reader| letters::page(reader, &LetterFilter::of(Visible::Everything), None, 200))?;
    let _ = writeln!(text, "\nVăn bản xin lỗi hiện có: {}", open.len());
    for record in &open {
        let letter = &record.letter;
        let _ = writeln!(text, "  {}  {}  {}  {}", letter.id, record.dossier, letter.kind, letter.status);
    }
    let _ = writeln!(text, "\nĐăng nhập (chỉ cho cơ sở dữ liệu minh họa này): {LOGIN} / {PASSWORD}");
    out.write_all(text.as_bytes()).map_err(|cause| StorageError::corrupt("standard output", cause))?;
    Ok(())
}

fn row(text: &mut String, name: &str, tally: &Tally) {
    let figures = [
        (tally.received(), 7),
        (tally.online, 9),
        (tally.direct + tally.postal, 9),
        (tally.carried_over, 7),
        (tally.resolved(), 9),
        (tally.early, 7),
        (tally.on_time, 7),
        (tally.late, 7),
        (tally.in_progress(), 8),
        (tally.within, 7),
        (tally.overdue, 7),
    ];
    let _ = write!(text, "{name:<34}");
    for (figure, width) in figures {
        let _ = write!(text, "{figure:>width$}");
    }
    text.push('\n');
}
