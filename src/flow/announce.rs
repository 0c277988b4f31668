//! An announcing decision takes effect: it brings new versions of procedures and ends others, all in one transaction.

use chrono::NaiveDate;

use super::actor::Act;
use super::administer::{add_procedure, require_reach, revise_procedure};
use super::fault::Fault;
use crate::domain::procedure::{Procedure, in_force};
use crate::domain::vocabulary::{AgencyCode, CatalogueChange, ProcedureCode};
use crate::storage::decisions::{self, Decision, Item};
use crate::storage::{Tx, procedures};

/// A decision to be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// Number and notation.
    pub number: String,
    /// Its date.
    pub decided_on: NaiveDate,
    /// Who signed it.
    pub issuer: String,
    /// The agency whose list it changes.
    pub agency: Option<AgencyCode>,
    /// What it is about.
    pub summary: Option<String>,
    /// What it changes.
    pub items: Vec<NewItem>,
}

/// One of its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// The change.
    pub change: CatalogueChange,
    /// The procedure.
    pub procedure: ProcedureCode,
    /// First day of the version, or the first without it.
    pub effective_on: NaiveDate,
    /// What the procedure says from then on; without it, the version that holds on that day is the one announced.
    pub content: Option<Procedure>,
}

/// Enters a decision and carries it out.
///
/// # Errors
/// [`Fault::Exists`] for a decision of that number and date, [`Fault::NotFound`] for an agency out of reach,
/// [`Fault::Item`] for a change that cannot be made.
pub fn announce(tx: &mut Tx, act: Act<'_>, new: &NewDecision) -> Result<Decision, Fault> {
    let agency = new.agency.clone().or_else(|| act.actor.agency.clone());
    if let Some(agency) = &agency {
        require_reach(tx, act.actor, agency).map_err(|fault| match fault {
            Fault::NotFound(_) => Fault::Unknown { pointer: "/agency", what: "agency" },
            other => other,
        })?;
    }
    if decisions::exists(tx, &new.number, new.decided_on)? {
        return Err(Fault::Exists("decision"));
    }
    let mut items = Vec::new();
    for (index, item) in new.items.iter().enumerate() {
        let version = carry_out(tx, act, item, &new.number, agency.as_ref()).map_err(|fault| of_item(fault, index))?;
        let (change, procedure, effective_on) = (item.change, item.procedure.clone(), item.effective_on);
        items.push(Item { change, procedure, version, effective_on });
    }
    let decision = Decision {
        id: act.ambient.new_id(),
        number: new.number.clone(),
        decided_on: new.decided_on,
        issuer: new.issuer.clone(),
        agency,
        summary: new.summary.clone(),
        items,
        version: 1,
    };
    decisions::insert(tx, &decision, act.now)?;
    Ok(decision)
}

/// Makes one change; answers the version it is about.
fn carry_out(
    tx: &mut Tx,
    act: Act<'_>,
    item: &NewItem,
    number: &str,
    agency: Option<&AgencyCode>,
) -> Result<i64, Fault> {
    let versions = procedures::versions(tx, &item.procedure)?;
    let day_before = item.effective_on.pred_opt().unwrap_or(item.effective_on);
    // A procedure stands on the day before what is amended, replaced or abolished, and not before what is new.
    let before = in_force(&versions, day_before);
    match (item.change, &before) {
        (CatalogueChange::New, Ok(_)) => return Err(Fault::Exists("procedure")),
        (CatalogueChange::New, Err(_)) | (_, Ok(_)) => {}
        (_, Err(_)) if versions.is_empty() => {
            return Err(Fault::Unknown { pointer: "/procedure", what: "procedure" });
        }
        (_, Err(refusal)) => return Err(refusal.clone().into()),
    }
    if item.change == CatalogueChange::Abolished {
        let ending = before?;
        let later = versions.iter().any(|version| version.valid_from.is_some_and(|from| from >= item.effective_on));
        if ending.valid_to.is_some() || later {
            return Err(Fault::Invalid { pointer: "/procedure", code: "later_version" });
        }
        procedures::end(tx, &item.procedure, ending.version, day_before)?;
        return Ok(ending.version);
    }
    let Some(content) = &item.content else { return Ok(in_force(&versions, item.effective_on)?.version) };
    let mut content = content.clone();
    content.valid_from = Some(item.effective_on);
    content.decision = Some(number.to_owned());
    content.agency = content.agency.or_else(|| agency.cloned());
    let entered =
        if versions.is_empty() { add_procedure(tx, act, content)? } else { revise_procedure(tx, act, content, None)? };
    Ok(entered.version)
}

/// Says which item is at fault.
fn of_item(fault: Fault, index: usize) -> Fault {
    let (member, code) = match fault {
        Fault::Exists(_) => ("procedure", "exists"),
        Fault::Unknown { pointer: "/procedure", .. } => ("procedure", "unknown_reference"),
        Fault::Unknown { .. } => ("content", "unknown_reference"),
        Fault::Invalid { code, .. } => ("procedure", code),
        Fault::Refused(refusal) => ("effective_on", refusal.code()),
        other => return other,
    };
    Fault::Item { list: "items", index, member, code }
}
