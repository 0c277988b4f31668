//! Form II.06a (Biểu số II.06a/VPCP/KSTT): fields in sections by level, columns 3 to 13, as JSON, CSV and XLSX.

use serde_json::{Value, json};

use super::figures::{self, Block};
use super::frame::Head;
use super::sheet::{Imprint, SheetError};
use crate::domain::form_06a::{COLUMNS, Form, columns};
use crate::domain::statistics::Tally;
use crate::domain::vocabulary::ProcedureLevel;

/// The figures of columns 3 to 13 by their names.
pub(super) fn named(tally: &Tally) -> Value {
    COLUMNS
        .iter()
        .zip(columns(tally))
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The form as JSON.
pub fn json(form: &Form, as_of: &str) -> Value {
    let sections: Vec<Value> = form
        .sections
        .iter()
        .map(|section| {
            let lines: Vec<Value> = (1..)
                .zip(&section.lines)
                .map(|(no, line)| json!({"no": no, "field": line.field, "name": line.name, "columns": named(&line.tally)}))
                .collect();
            json!({"level": section.level, "rows": lines, "total": named(&section.total)})
        })
        .collect();
    json!({
        "form": "II.06a",
        "agency": form.agency,
        "period": form.period,
        "as_of": as_of,
        "sections": sections,
        "total": named(&form.total),
        "balanced": form.total.is_balanced(),
    })
}

/// The form as CSV with a byte-order mark, so that spreadsheets read the Vietnamese letters right.
pub fn csv(form: &Form) -> String {
    let mut text = String::from(
        "\u{feff}STT,Lĩnh vực,Nhận giải quyết: tổng,Trực tuyến,Trực tiếp + bưu chính,Từ kỳ trước,Đã giải quyết: tổng,Trước hạn,Đúng hạn,Quá hạn,Đang giải quyết: tổng,Trong hạn,Quá hạn\r\n(1),(2),(3),(4),(5),(6),(7),(8),(9),(10),(11),(12),(13)\r\n",
    );
    let mut line = |no: &str, name: &str, tally: &Tally| {
        let figures: Vec<String> = columns(tally).iter().map(i64::to_string).collect();
        text.push_str(&format!("{no},{},{}\r\n", quoted(name), figures.join(",")));
    };
    for section in &form.sections {
        line("", level(&section.level), &section.total);
        for (no, field) in (1..).zip(&section.lines) {
            line(&no.to_string(), &field.name, &field.tally);
        }
    }
    line("", "Tổng số", &form.total);
    text
}

/// The form as a workbook of one sheet.
///
/// # Errors
/// [`SheetError`].
pub fn xlsx(form: &Form, imprint: Imprint) -> Result<Vec<u8>, SheetError> {
    const NUMERALS: [&str; 4] = ["I", "II", "III", "IV"];
    let head = Head {
        form: "Biểu số II.06a/VPCP/KSTT",
        title: "TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT TTHC TẠI CƠ QUAN, ĐƠN VỊ TRỰC TIẾP GIẢI QUYẾT TTHC",
        agency: &form.agency,
        period: form.period,
    };
    let sections = form.sections.iter().zip(NUMERALS);
    let blocks: Vec<Block<'_>> = sections
        .map(|(section, numeral)| Block {
            head: Some((numeral.to_owned(), level(&section.level))),
            lines: section.lines.iter().map(|line| (line.name.as_str(), &line.tally)).collect(),
            total: section.total,
        })
        .collect();
    figures::write(&head, "Lĩnh vực giải quyết", &blocks, &form.total, imprint)
}

/// A level as the form names it.
fn level(word: &str) -> &str {
    word.parse().map_or(word, |level: ProcedureLevel| level.vietnamese())
}

/// A text as one CSV cell; a leading sign that a spreadsheet would take for a formula is disarmed.
pub(super) fn quoted(text: &str) -> String {
    let disarmed = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    format!("\"{}\"", disarmed.replace('"', "\"\""))
}
