//! From a number to its rows: the filters of the dossier list that name one figure of a period, and the links that use them.

use serde_json::{Map, Value, json};

use super::dossier_view::stamp;
use super::input::Query;
use super::problem::Problem;
use super::statistics::free_period;
use crate::ambient::Ambient;
use crate::domain::statistics::{Column, Period, Window};
use crate::domain::vocabulary::{AgencyCode, Channel, LocalTime};
use crate::storage::listing::Counted;
use crate::storage::statistics::GroupBy;

/// The parameters by which the list is narrowed to the dossiers of one figure.
pub(in crate::http) const PARAMETERS: [&str; 5] = ["from", "to", "as_of", "counted", "letter"];

/// The figure asked for, if one is; the period and what is counted come together.
///
/// # Errors
/// `missing_parameter`, `invalid_parameter`, `invalid_word`, `in_the_future`, and those of the period.
pub(in crate::http) fn wanted(query: &Query, ambient: &Ambient, now: LocalTime) -> Result<Option<Counted>, Problem> {
    let Some(given) = PARAMETERS.into_iter().find(|name| query.text(name).is_some()) else { return Ok(None) };
    let missing =
        |name: &str| Problem::at("missing_parameter", format!("?{name}")).hint(format!("{given} needs {name}"));
    let column = query.word("counted")?.ok_or_else(|| missing("counted"))?;
    let letter = match query.text("letter") {
        None => None,
        Some("with") => Some(true),
        Some("without") => Some(false),
        Some(_) => return Err(Problem::at("invalid_word", "?letter")),
    };
    let as_of = query.timestamp("as_of", ambient)?.unwrap_or(now);
    if as_of > now {
        return Err(Problem::at("in_the_future", "?as_of"));
    }
    Ok(Some(Counted { window: free_period(query)?.window(as_of), column, letter }))
}

/// Makes the links of one answer.
#[derive(Debug)]
pub(in crate::http) struct Links {
    base: String,
    agency: Option<AgencyCode>,
}

impl Links {
    /// Links to what `period` counts as seen in `window`.
    pub(in crate::http) fn new(period: Period, window: &Window, agency: Option<AgencyCode>, ambient: &Ambient) -> Self {
        // The zone's `+` would be read as a space.
        let as_of = stamp(ambient, window.as_of()).replace('+', "%2B");
        Self { base: format!("/v1/dossiers?from={}&to={}&as_of={as_of}", period.from, period.to), agency }
    }

    /// A link for each figure of the group told apart by `keys`, in the shape of the figures themselves.
    pub(in crate::http) fn of(&self, groups: &[GroupBy], keys: &[String]) -> Value {
        let mut base = self.base.clone();
        if let Some(agency) = self.agency.as_ref().filter(|_| !groups.contains(&GroupBy::Agency)) {
            base.push_str(&format!("&agency={agency}"));
        }
        for (group, key) in groups.iter().zip(keys) {
            // A row of an agency counts what that very agency resolves.
            let name = if *group == GroupBy::Agency { "resolved_by" } else { group.as_str() };
            base.push_str(&format!("&{name}={key}"));
        }
        let fixed = groups.iter().position(|group| *group == GroupBy::Channel).and_then(|place| keys.get(place));
        let link = |column: Column, more: &str| Value::String(format!("{base}&counted={column}{more}"));
        let mut received = Map::new();
        received.insert("total".into(), link(Column::Received, ""));
        for channel in Channel::ALL.iter().filter(|channel| fixed.is_none_or(|fixed| fixed == channel.as_str())) {
            let narrowed = if fixed.is_some() { String::new() } else { format!("&channel={channel}") };
            received.insert(channel.to_string(), link(Column::New, &narrowed));
        }
        received.insert("carried_over".into(), link(Column::CarriedOver, ""));
        json!({
            "received": received,
            "resolved": {"total": link(Column::Resolved, ""), "early": link(Column::Early, ""),
                "on_time": link(Column::OnTime, ""), "late": link(Column::Late, ""),
                "late_with_letter": link(Column::Late, "&letter=with")},
            "in_progress": {"total": link(Column::InProgress, ""), "within": link(Column::Within, ""),
                "overdue": link(Column::Overdue, ""), "overdue_with_letter": link(Column::Overdue, "&letter=with"),
                "paused": link(Column::Paused, "")},
        })
    }
}
