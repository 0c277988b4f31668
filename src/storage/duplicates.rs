//! Dossiers that may be the same once more: of the same person and procedure, and still open.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::connection::MultiBackend;
use super::db::Reader;
use super::dossier_row::{Record, Row};
use super::error::StorageError;
use super::listing::{OPEN, Visible, seen};
use super::schema::dossiers;
use super::sql::{Condition, Sql, Value};
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
    if !is_any(reader, procedure, person)? {
        return Ok(Vec::new());
    }
    let mut rows: Vec<Row> = Vec::new();
    // Each hash by itself, the newest alone: so the index answers, however many dossiers somebody has.
    let open = || {
        seen!(dossiers::table.into_boxed::<MultiBackend>(), visible)
            .filter(dossiers::procedure_code.eq(procedure.as_str()))
            .filter(Condition(Sql::of(OPEN, &[])))
            .order((dossiers::filed_at.desc(), dossiers::code.desc()))
            .limit(limit)
            .select(Row::as_select())
    };
    let identities = person.identity_no.as_deref().map(|number| reader.vault.identity_hashes(number));
    for hash in identities.unwrap_or_default() {
        let query = open().filter(dossiers::identity_hash.eq(hash));
        rows.extend(query.load::<Row>(&mut *reader.connection)?);
    }
    let phones = person.phone.as_deref().map(|number| reader.vault.phone_hashes(number));
    for hash in phones.unwrap_or_default() {
        // `search_text` is the folded code and the folded name with a blank between.
        let name = format!(" {}", fold(person.name.as_deref().unwrap_or_default()));
        let same_name = dossiers::search_text.eq(sql::<Text>("lower(dossiers.code) || ").bind::<Text, _>(name));
        let query = open().filter(dossiers::phone_hash.eq(hash).and(same_name));
        let query = match &person.identity_no {
            Some(_) => query.filter(dossiers::identity_hash.is_null()),
            None => query,
        };
        rows.extend(query.load::<Row>(&mut *reader.connection)?);
    }
    let mut found: Vec<Record> = rows.into_iter().map(|row| row.read(&reader.vault)).collect::<Result<_, _>>()?;
    found.sort_by(|one, other| (other.standing.filed_at, &other.code).cmp(&(one.standing.filed_at, &one.code)));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
    #[diesel(sql_type = BigInt)]
    stamp: i64,
}

/// Whether anything open may be this person's, whoever sees it: nearly never, and then one statement has told it. It brings the
/// stamp of what is remembered, too.
fn is_any(reader: &mut Reader, procedure: &ProcedureCode, person: &Known) -> Result<bool, StorageError> {
    let mut values = vec![("procedure".to_owned(), Value::Text(procedure.to_string()))];
    let mut conditions = Vec::new();
    let mut any_of = |column: &str, also: &str, hashes: Vec<String>| {
        for hash in hashes {
            let name = format!("{column}{}", values.len());
            conditions.push(format!(
                "EXISTS (SELECT 1 FROM dossiers WHERE {column} = :{name} AND procedure_code = :procedure AND {OPEN}{also})"
            ));
            values.push((name, Value::Text(hash)));
        }
    };
    let identities = person.identity_no.as_deref().map(|number| reader.vault.identity_hashes(number));
    any_of("identity_hash", "", identities.unwrap_or_default());
    let also = if person.identity_no.is_some() { " AND identity_hash IS NULL" } else { "" };
    let phones = person.phone.as_deref().map(|number| reader.vault.phone_hashes(number));
    any_of("phone_hash", also, phones.unwrap_or_default());
    if conditions.is_empty() {
        return Ok(false);
    }
    let values: Vec<(&str, Value)> = values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let sql = Sql::of(
        &format!("SELECT ({}) AS found, (SELECT stamp FROM reference_state) AS stamp", conditions.join(" OR ")),
        &values,
    );
    let Found { found, stamp } = sql.get_result(&mut *reader.connection)?;
    reader.note_stamp(stamp);
    Ok(found)
}
