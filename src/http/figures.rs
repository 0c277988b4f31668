//! What all counts beside the dossiers' have in common: the period asked for, its figures, and the list behind each.

use serde_json::{Map, Value, json};

use super::agencies::require_scope;
use super::call::{Call, Permission};
use super::dossier_view::stamp;
use super::input::Query;
use super::problem::Problem;
use super::statistics::{period, scope};
use crate::domain::statistics::{Column, Period, Rate, Window};
use crate::domain::term::TermTally;
use crate::domain::vocabulary::AgencyCode;
use crate::flow::Fault;
use crate::storage::Reader;

/// What is asked for.
#[derive(Debug, Clone)]
pub(in crate::http) struct Frame {
    /// The period.
    pub(in crate::http) period: Period,
    /// What it looks at.
    pub(in crate::http) window: Window,
    /// With its subtree; `None`: all.
    pub(in crate::http) agency: Option<AgencyCode>,
    /// The last instant looked at, as it is written.
    pub(in crate::http) as_of: String,
}

impl Frame {
    /// Reads period and agency.
    ///
    /// # Errors
    /// Those of [`period`] and [`scope`].
    pub(in crate::http) fn of<P: Permission>(call: &Call<P>, query: &Query) -> Result<Self, Problem> {
        let period = period(query)?;
        let window = period.window(call.state.ambient.now());
        let as_of = stamp(&call.state.ambient, window.as_of());
        Ok(Self { period, window, agency: scope(call, query)?, as_of })
    }

    /// Reads as the caller, who must see the agency.
    ///
    /// # Errors
    /// `not_found`, and what `work` answers.
    pub(in crate::http) async fn read<P: Permission, T: Send + 'static>(
        &self,
        call: &Call<P>,
        work: impl FnOnce(&mut Reader, &Self) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Problem> {
        let frame = self.clone();
        call.read(move |reader, actor| {
            require_scope(reader, actor, frame.agency.as_ref())?;
            work(reader, &frame)
        })
        .await
    }

    /// The address of a list narrowed to this period and agency, as of its end.
    pub(in crate::http) fn list(&self, path: &str) -> String {
        // The zone's `+` would be read as a space.
        let as_of = self.as_of.replace('+', "%2B");
        format!("{}&as_of={as_of}", self.days(path))
    }

    /// The address of a list narrowed to the days of this period and to this agency.
    pub(in crate::http) fn days(&self, path: &str) -> String {
        let agency = self.agency.as_ref().map(|agency| format!("&agency={agency}")).unwrap_or_default();
        format!("{path}?from={}&to={}{agency}", self.period.from, self.period.to)
    }

    /// The answer's frame.
    pub(in crate::http) fn answer(&self, members: Value) -> Value {
        let mut answer = json!({"period": self.period, "as_of": self.as_of, "agency": self.agency});
        if let (Value::Object(answer), Value::Object(members)) = (&mut answer, members) {
            answer.extend(members);
        }
        answer
    }
}

/// A rate as the contract writes it.
pub(in crate::http) fn rate(rate: Rate) -> Value {
    json!({"numerator": rate.numerator, "denominator": rate.denominator, "percent": rate.percent()})
}

/// The figures of a tally, and the list behind each: `list` is that of all it may count.
pub(in crate::http) fn term_figures(tally: &TermTally, list: &str) -> Map<String, Value> {
    let link = |column: Column| format!("{list}&counted={column}");
    let figures = json!({
        "received": {"total": tally.total(), "new": tally.new, "carried_over": tally.carried_over},
        "resolved": {"total": tally.ended(), "early": tally.early, "on_time": tally.on_time, "late": tally.late},
        "in_progress": {"total": tally.open(), "within": tally.within, "overdue": tally.overdue},
        "on_time_rate": rate(tally.on_time_rate()),
        "links": {
            "received": {"total": link(Column::Received), "new": link(Column::New), "carried_over": link(Column::CarriedOver)},
            "resolved": {"total": link(Column::Resolved), "early": link(Column::Early), "on_time": link(Column::OnTime),
                "late": link(Column::Late)},
            "in_progress": {"total": link(Column::InProgress), "within": link(Column::Within), "overdue": link(Column::Overdue)},
        },
    });
    match figures {
        Value::Object(figures) => figures,
        _ => Map::new(),
    }
}
