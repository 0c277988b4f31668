//! Form II.06b (Biểu số II.06b/VPCP/KSTT): the columns of form II.06a, one line for each agency, as JSON and XLSX.

use serde_json::{Value, json};

use super::figures::{self, Block};
use super::form_06a::named;
use super::frame::Head;
use super::sheet::{Imprint, SheetError};
use crate::domain::form_06b::Summary;

/// The form as JSON.
pub fn json(form: &Summary, as_of: &str) -> Value {
    let lines: Vec<Value> = (1..)
        .zip(&form.lines)
        .map(|(no, line)| json!({"no": no, "agency": line.agency, "name": line.name, "columns": named(&line.tally)}))
        .collect();
    json!({
        "form": "II.06b",
        "agency": form.agency,
        "period": form.period,
        "as_of": as_of,
        "rows": lines,
        "total": named(&form.total),
        "balanced": form.total.is_balanced(),
    })
}

/// The form as a workbook of one sheet.
///
/// # Errors
/// [`SheetError`].
pub fn xlsx(form: &Summary, imprint: Imprint) -> Result<Vec<u8>, SheetError> {
    let head = Head {
        form: "Biểu số II.06b/VPCP/KSTT",
        title: "TỔNG HỢP TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT TTHC CỦA CÁC CƠ QUAN, ĐƠN VỊ",
        agency: &form.agency,
        period: form.period,
    };
    let block = Block {
        head: None,
        lines: form.lines.iter().map(|line| (line.name.as_str(), &line.tally)).collect(),
        total: form.total,
    };
    figures::write(&head, "Cơ quan, đơn vị", &[block], &form.total, imprint)
}
