//! The department's fields and its 131 procedures: 13 fully online, 7 in part, 111 for information.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime};

use crate::domain::deadline::{OnSupplement, Rule, Unit};
use crate::domain::forms::letterhead::Imprint;
use crate::domain::vocabulary::{AgencyCode, AgencyLevel, OnlineLevel, ProcedureLevel};
use crate::flow::administer::{add_agency, add_field, add_procedure};
use crate::flow::{Act, Fault};
use crate::storage::agencies::Agency;
use crate::storage::procedures::{Field, Procedure};
use crate::storage::{StorageError, Tx};

/// The province, in the identifier style of QCVN 102:2016.
const PROVINCE: &str = "000.00.00.H16";
/// The department of labour, war invalids and social affairs.
pub const DEPARTMENT: &str = "000.00.18.H16";

/// Fields with the number of procedures each has; 131 in all.
const FIELDS: [(&str, &str, usize); 4] = [
    ("BTXH", "Bảo trợ xã hội", 38),
    ("VL", "Việc làm", 27),
    ("NCC", "Người có công", 52),
    ("BHTN", "Bảo hiểm thất nghiệp", 14),
];
/// Procedures at old online levels 4 and 3; all others stand at level 2.
const FULL: usize = 13;
const PARTIAL: usize = 7;
/// Time limits in turn, in working days.
const DAYS: [u32; 6] = [5, 7, 10, 15, 20, 25];

/// A code that the demonstration itself wrote.
pub(super) fn code<T: std::str::FromStr>(text: &str) -> Result<T, StorageError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|cause| StorageError::corrupt("demonstration data", cause))
}

/// One of the demonstration's agencies.
///
/// # Errors
/// [`StorageError::Corrupt`] for what is no agency code.
pub fn agency(text: &str) -> Result<AgencyCode, StorageError> {
    code(text)
}

/// The 131 procedures.
///
/// # Errors
/// [`StorageError::Corrupt`] when a code here is malformed.
pub fn procedures() -> Result<Vec<Procedure>, StorageError> {
    let fields = FIELDS.iter().flat_map(|(field, name, count)| (1..=*count).map(move |number| (*field, *name, number)));
    fields
        .enumerate()
        .map(|(index, (field, field_name, number))| {
            let online_level = match index {
                _ if index < FULL => OnlineLevel::Full,
                _ if index < FULL + PARTIAL => OnlineLevel::Partial,
                _ => OnlineLevel::Information,
            };
            Ok(Procedure {
                code: code(&format!("1.{:06}", 1_739 + 7 * index))?,
                version: 1,
                name: format!("Thủ tục {field_name} số {number:02} (dữ liệu minh họa)"),
                field: code(field)?,
                level: if index % 9 == 8 { ProcedureLevel::District } else { ProcedureLevel::Province },
                online_level,
                rule: Rule {
                    amount: DAYS[index % DAYS.len()],
                    unit: Unit::WorkingDay,
                    cutoff: (index % 10 == 9).then(|| NaiveTime::from_hms_opt(15, 0, 0)).flatten(),
                    on_supplement: if index % 5 == 4 { OnSupplement::Pause } else { OnSupplement::Restart },
                    no_appointment: false,
                },
                online_rule: None,
                valid_from: NaiveDate::from_ymd_opt(2022, 1, 1),
                decision: Some("Quyết định minh họa".to_owned()),
            })
        })
        .collect()
}

/// Enters agencies, fields and procedures.
pub(super) fn enter(tx: &mut Tx, act: Act<'_>) -> Result<(), Fault> {
    let place = Some("Đắk Nông".to_owned());
    let imprint = Imprint { place, symbol: Some("UBND".to_owned()), ..Imprint::default() };
    let province = Agency::new(agency(PROVINCE)?, "UBND tỉnh Đắk Nông".into(), AgencyLevel::Province, None, imprint);
    add_agency(tx, act, province, &BTreeSet::new())?;
    let name = "Sở Lao động - Thương binh và Xã hội tỉnh Đắk Nông".to_owned();
    let imprint = Imprint {
        place: None,
        address: Some("Địa chỉ minh họa, thành phố Gia Nghĩa".to_owned()),
        phone: Some("0261 0000 000".to_owned()),
        symbol: Some("SLĐTBXH".to_owned()),
    };
    let parent = Some(agency(PROVINCE)?);
    let department = Agency::new(agency(DEPARTMENT)?, name, AgencyLevel::Department, parent, imprint);
    add_agency(tx, act, department, &BTreeSet::new())?;
    for (field, name, _) in FIELDS {
        add_field(tx, Field { code: code(field)?, name: name.to_owned(), version: 1 })?;
    }
    for procedure in procedures()? {
        add_procedure(tx, act, procedure)?;
    }
    Ok(())
}
