//! The department's fields, its 131 procedures (13 fully online, 7 in part, 111 for information), and the decisions of the
//! first half of 2023: 4 new, 3 amended, 3 abolished.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime};

use crate::domain::deadline::{OnSupplement, Rule, Unit};
use crate::domain::fees::FeeKind;
use crate::domain::forms::letterhead::Imprint;
use crate::domain::procedure::{Component, Details, Fee, OldOnlineLevel, Procedure};
use crate::domain::vocabulary::{AgencyCode, AgencyLevel, CatalogueChange, OnlineLevel, ProcedureCode, ProcedureLevel};
use crate::flow::administer::{add_agency, add_field, add_procedure};
use crate::flow::announce::{NewDecision, NewItem, announce};
use crate::flow::{Act, Fault};
use crate::storage::agencies::Agency;
use crate::storage::procedures::Field;
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
/// The procedures that were new in the half-year, by their place in the list; one is of the district tier.
const NEW: [usize; 4] = [44, 60, 81, 100];
/// Those that were amended.
const AMENDED: [usize; 3] = [26, 30, 40];
/// Those that were abolished stand behind the list, which is of today.
const ABOLISHED: [usize; 3] = [131, 132, 134];
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

/// The 131 procedures of today.
///
/// # Errors
/// [`StorageError::Corrupt`] when a code here is malformed.
pub fn procedures() -> Result<Vec<Procedure>, StorageError> {
    let fields = FIELDS.iter().flat_map(|(field, name, count)| (1..=*count).map(move |number| (*field, *name, number)));
    fields.enumerate().map(|(index, (field, name, number))| procedure(index, field, name, number)).collect()
}

/// Those of them that stood before the half-year.
pub(super) fn standing_procedures() -> Result<Vec<Procedure>, StorageError> {
    let all = procedures()?.into_iter().enumerate();
    Ok(all.filter(|(index, _)| !NEW.contains(index)).map(|(_, procedure)| procedure).collect())
}

fn procedure(index: usize, field: &str, field_name: &str, number: usize) -> Result<Procedure, StorageError> {
    let (online_level, old_online_level) = match index {
        _ if index < FULL => (OnlineLevel::Full, OldOnlineLevel::Four),
        _ if index < FULL + PARTIAL => (OnlineLevel::Partial, OldOnlineLevel::Three),
        _ => (OnlineLevel::Information, OldOnlineLevel::Two),
    };
    let level = if index % 9 == 8 { ProcedureLevel::District } else { ProcedureLevel::Province };
    Ok(Procedure {
        code: code(&format!("1.{:06}", 1_739 + 7 * index))?,
        version: 1,
        name: format!("Thủ tục {field_name} số {number:02} (dữ liệu minh họa)"),
        field: code(field)?,
        level,
        online_level,
        old_online_level: Some(old_online_level),
        agency: Some(agency(DEPARTMENT)?),
        rule: Rule {
            amount: DAYS[index % DAYS.len()],
            unit: Unit::WorkingDay,
            cutoff: (index % 10 == 9).then(|| NaiveTime::from_hms_opt(15, 0, 0)).flatten(),
            on_supplement: if index % 5 == 4 { OnSupplement::Pause } else { OnSupplement::Restart },
            no_appointment: false,
        },
        online_rule: None,
        valid_from: NaiveDate::from_ymd_opt(2022, 1, 1),
        valid_to: None,
        decision: Some("Quyết định minh họa".to_owned()),
        details: details(index, level),
    })
}

/// What is posted of a procedure; every second one costs nothing.
fn details(index: usize, level: ProcedureLevel) -> Details {
    let component = |name: &str, originals, copies| Component { name: name.to_owned(), originals, copies, form: None };
    let fee = Fee {
        kind: FeeKind::Charge,
        amount: if index.is_multiple_of(2) { 0 } else { 20_000 },
        unit: Some("hồ sơ".to_owned()),
        condition: None,
    };
    Details {
        components: vec![
            Component { form: Some("Mẫu số 01 (minh họa)".to_owned()), ..component("Tờ khai", 1, 0) },
            component("Bản sao giấy tờ tùy thân", 0, 1),
        ],
        sets: Some(1),
        fees: vec![fee],
        steps: ["Nộp hồ sơ tại bộ phận một cửa", "Giải quyết", "Trả kết quả"].map(str::to_owned).to_vec(),
        results: vec!["Quyết định (minh họa)".to_owned()],
        grounds: vec!["Văn bản minh họa".to_owned()],
        implemented_by: vec![match level {
            ProcedureLevel::District => AgencyLevel::District,
            _ => AgencyLevel::Department,
        }],
        ..Details::default()
    }
}

/// The decisions of the half-year, each on a day of its own.
fn announce_changes(tx: &mut Tx, act: Act<'_>) -> Result<(), Fault> {
    let all = procedures()?;
    let day = |month, day| NaiveDate::from_ymd_opt(2023, month, day).unwrap_or_default();
    for index in ABOLISHED {
        add_procedure(tx, act, procedure(index, "BTXH", "Bảo trợ xã hội", index)?)?;
    }
    let content = |places: &[usize]| -> Vec<(ProcedureCode, Option<Procedure>)> {
        places.iter().map(|place| &all[*place]).map(|new| (new.code.clone(), Some(new.clone()))).collect()
    };
    let abolished: Result<Vec<_>, StorageError> = ABOLISHED
        .into_iter()
        .map(|place| Ok((procedure(place, "BTXH", "Bảo trợ xã hội", place)?.code, None)))
        .collect();
    for (change, decided_on, effective_on, items) in [
        (CatalogueChange::New, day(2, 15), day(2, 20), content(&NEW)),
        (CatalogueChange::Amended, day(3, 10), day(3, 15), content(&AMENDED)),
        (CatalogueChange::Abolished, day(4, 5), day(4, 10), abolished?),
    ] {
        let item = |(procedure, content)| NewItem { change, procedure, effective_on, content };
        let decision = NewDecision {
            number: format!("Minh họa {}/QĐ-UBND", decided_on.format("%m%d")),
            decided_on,
            issuer: "Chủ tịch UBND tỉnh".to_owned(),
            agency: Some(agency(DEPARTMENT)?),
            summary: Some("Công bố danh mục thủ tục hành chính (dữ liệu minh họa)".to_owned()),
            items: items.into_iter().map(item).collect(),
        };
        announce(tx, act, &decision)?;
    }
    Ok(())
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
    for procedure in standing_procedures()? {
        add_procedure(tx, act, procedure)?;
    }
    announce_changes(tx, act)
}
