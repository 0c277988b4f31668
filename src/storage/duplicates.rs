//! Dossiers that may be the same once more: of the same person and procedure, and still open.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::connection::MultiBackend;
use super::db::Reader;
use super::dossier_row::{Record, Row};
use super::error::StorageError;
use super::listing::{OPEN, Visible, seen};
use super::schema::dossiers;
use super::sql::{Condition, Sql, Value};
use super::vault::Vault;
use crate::domain::vocabulary::ProcedureCode;
use crate::folding::fold;

/// Who applies, as far as is known: by the identity number, else by name and telephone together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Identity number.
    pub identity_no: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
}

impl Known {
    /// Whether it is enough to know somebody by.
    pub fn is_enough(&self) -> bool {
        self.identity_no.is_some() || (self.name.is_some() && self.phone.is_some())
    }
}

/// Open dossiers of this person and procedure, newest first. Two different identity numbers are two persons, whatever else
/// is the same; where one of both has none, name and telephone decide.
///
/// # Errors
/// [`StorageError`].
pub fn of_person(
    reader: &mut Reader,
    visible: &Visible,
    procedure: &ProcedureCode,
    person: &Known,
    limit: i64,
) -> Result<Vec<Record>, StorageError> {
    let traces = traces(&reader.vault, person);
    let name = Value::Text(format!(" {}", fold(person.name.as_deref().unwrap_or_default())));
    if !is_any(reader, procedure, &traces, &name)? {
        return Ok(Vec::new());
    }
    let mut rows: Vec<Row> = Vec::new();
    // Each hash by itself, the newest alone: so the index answers, however many dossiers somebody has.
    for Trace { condition, hash } in traces {
        let values = [("hash", Value::Text(hash)), ("name", name.clone())];
        let query = seen!(dossiers::table.into_boxed::<MultiBackend>(), visible)
            .filter(dossiers::procedure_code.eq(procedure.as_str()))
            .filter(Condition(Sql::of(OPEN, &[])))
            .filter(Condition(Sql::of(condition, &values)))
            .order((dossiers::filed_at.desc(), dossiers::code.desc()))
            .limit(limit)
            .select(Row::as_select());
        rows.extend(query.load::<Row>(&mut *reader.connection)?);
    }
    let mut found: Vec<Record> = rows.into_iter().map(|row| row.read(&reader.vault)).collect::<Result<_, _>>()?;
    found.sort_by(|one, other| (other.standing.filed_at, &other.code).cmp(&(one.standing.filed_at, &one.code)));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// By what a dossier is known as somebody's: a condition on its row, and the hash in it.
struct Trace {
    condition: &'static str,
    hash: String,
}

/// What this person leaves behind, a trace for each hash: of the identity number, and of the telephone beside the same name. Who
/// has a number is not looked for by telephone among those who have another.
fn traces(vault: &Vault, person: &Known) -> Vec<Trace> {
    // `search_text` is the folded code and the folded name with a blank between.
    const PHONE: &str = "dossiers.phone_hash = :hash AND dossiers.search_text = lower(dossiers.code) || :name";
    const PHONE_ALONE: &str = "dossiers.phone_hash = :hash AND dossiers.search_text = lower(dossiers.code) || :name \
         AND dossiers.identity_hash IS NULL";
    let by_phone = if person.identity_no.is_some() { PHONE_ALONE } else { PHONE };
    let identities = person.identity_no.as_deref().map(|number| vault.identity_hashes(number)).unwrap_or_default();
    let phones = person.phone.as_deref().map(|number| vault.phone_hashes(number)).unwrap_or_default();
    let of = |condition: &'static str| move |hash| Trace { condition, hash };
    identities
        .into_iter()
        .map(of("dossiers.identity_hash = :hash"))
        .chain(phones.into_iter().map(of(by_phone)))
        .collect()
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
    #[diesel(sql_type = BigInt)]
    stamp: i64,
}

/// Whether anything open has one of these traces, whoever sees it: nearly never, and then one statement has told it. It brings
/// the stamp of what is remembered, too.
fn is_any(
    reader: &mut Reader,
    procedure: &ProcedureCode,
    traces: &[Trace],
    name: &Value,
) -> Result<bool, StorageError> {
    if traces.is_empty() {
        return Ok(false);
    }
    let numbered = |place: usize| format!("hash{place}");
    let conditions = traces.iter().enumerate().map(|(place, trace)| {
        let condition = trace.condition.replace(":hash", &format!(":{}", numbered(place)));
        format!("EXISTS (SELECT 1 FROM dossiers WHERE {condition} AND procedure_code = :procedure AND {OPEN})")
    });
    let text = format!(
        "SELECT ({}) AS found, (SELECT stamp FROM reference_state) AS stamp",
        conditions.collect::<Vec<_>>().join(" OR ")
    );
    let names: Vec<String> = (0..traces.len()).map(numbered).collect();
    let hashes = names.iter().zip(traces).map(|(name, trace)| (name.as_str(), Value::Text(trace.hash.clone())));
    let mut values: Vec<(&str, Value)> = hashes.collect();
    values.extend([("procedure", Value::Text(procedure.to_string())), ("name", name.clone())]);
    let Found { found, stamp } = Sql::of(&text, &values).get_result(&mut *reader.connection)?;
    reader.note_stamp(stamp);
    Ok(found)
}
