//! The daily summary: what today brought, what is still to be done today, and what waits for the caller.

use actix_web::{HttpResponse, get};
use chrono::{Days, NaiveDate, NaiveTime};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Count};
use super::dossier_view::stamp;
use super::input::Query;
use super::problem::{Problem, ProblemBody};
use super::statistics::{period_problem, scope};
use crate::domain::statistics::{Period, Tally};
use crate::domain::timeliness::Timing;
use crate::domain::vocabulary::{AgencyCode, LocalTime};
use crate::flow::Fault;
use crate::storage::counts::counts;
use crate::storage::listing::{self, Filter, Order, Visible};
use crate::storage::{Reader, hand_offs, today};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_today);
}

/// A day so far.
#[derive(Serialize, ToSchema)]
struct TodayView {
    /// The day.
    date: NaiveDate,
    /// The instant looked at.
    as_of: String,
    /// With its subtree; null: all.
    agency: Option<String>,
    /// Received today.
    received: ReceivedView,
    /// Ended today.
    resolved: ResolvedView,
    /// Results handed over today.
    returned: i64,
    /// Being resolved now.
    in_progress: InProgressView,
    /// Registered, and waiting to be accepted or refused.
    to_accept: ToAcceptView,
    /// Letters of apology that wait to be taken further.
    letters: LettersView,
    /// Hand-offs of dossiers the caller may see that wait for a confirmation.
    hand_offs: HandOffsView,
}

#[derive(Serialize, ToSchema)]
struct ReceivedView {
    total: i64,
    online: i64,
    direct: i64,
    postal: i64,
}

#[derive(Serialize, ToSchema)]
struct ResolvedView {
    total: i64,
    early: i64,
    on_time: i64,
    late: i64,
}

#[derive(Serialize, ToSchema)]
struct InProgressView {
    total: i64,
    /// Paused ones included, as in `/v1/statistics`.
    within: i64,
    overdue: i64,
    paused: i64,
    /// Of those within: the clock runs, and it ends today.
    due_today: i64,
}

#[derive(Serialize, ToSchema)]
struct ToAcceptView {
    total: i64,
    /// Not answered in time.
    overdue: i64,
}

#[derive(Default, Serialize, ToSchema)]
struct LettersView {
    /// To be completed.
    draft: i64,
    /// To be signed.
    submitted: i64,
    /// To be changed.
    rejected: i64,
    /// To be delivered.
    issued: i64,
}

#[derive(Serialize, ToSchema)]
struct HandOffsView {
    /// For the caller.
    to_me: i64,
    /// For whoever of the office takes them.
    to_anybody: i64,
}

impl From<&Tally> for ReceivedView {
    fn from(tally: &Tally) -> Self {
        let Tally { online, direct, postal, .. } = *tally;
        Self { total: online + direct + postal, online, direct, postal }
    }
}

impl From<&Tally> for ResolvedView {
    fn from(tally: &Tally) -> Self {
        Self { total: tally.resolved(), early: tally.early, on_time: tally.on_time, late: tally.late }
    }
}

/// How many are within and end today: what the list of dossiers has with `timing=within` and both `due_` days today.
fn due_today(reader: &mut Reader, now: LocalTime, agency: Option<&AgencyCode>) -> Result<i64, Fault> {
    let midnight = now.date().and_time(NaiveTime::MIN);
    let filter = Filter {
        agency: agency.cloned(),
        timing: Some(Timing::Within),
        due: (Some(midnight), midnight.checked_add_days(Days::new(1))),
        ..Filter::of(Visible::Everything, now, Order::Due { descending: false })
    };
    Ok(listing::count(reader, &filter)?)
}

fn letters_waiting(reader: &mut Reader, agency: Option<&AgencyCode>) -> Result<LettersView, Fault> {
    let mut letters = LettersView::default();
    for count in today::letters(reader, agency)? {
        match count.status.as_str() {
            "draft" => letters.draft = count.letters,
            "submitted" => letters.submitted = count.letters,
            "rejected" => letters.rejected = count.letters,
            _ => letters.issued = count.letters,
        }
    }
    Ok(letters)
}

/// What today brought up to now, what is still due today, and what waits. Columns are those of `/v1/statistics` for today.
#[utoipa::path(tag = "statistics", params(("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out")), responses(
    (status = 200, description = "The day so far", body = TodayView), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody)))]
#[get("/v1/statistics/today")]
async fn get_today(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency"])?;
    let agency = scope(&call, &query)?;
    let now = call.state.ambient.now();
    let (date, midnight) = (now.date(), now.date().and_time(NaiveTime::MIN));
    let window = Period::new(date, date).map_err(period_problem('?'))?.window(now);
    let as_of = stamp(&call.state.ambient, now);
    let shown = call
        .read(move |reader, actor| {
            require_scope(reader, actor, agency.as_ref())?;
            let agency = agency.as_ref();
            let mut tally = Tally::default();
            for group in counts(reader, &window, agency, &[])? {
                tally += group.tally;
            }
            let due_today = due_today(reader, now, agency)?;
            let beside = today::beside(reader, (midnight, now), agency)?;
            let (to_me, to_anybody) = hand_offs::waiting(reader, &actor.sees(), actor.desk())?;
            Ok(TodayView {
                date,
                as_of,
                agency: agency.map(ToString::to_string),
                received: ReceivedView::from(&tally),
                resolved: ResolvedView::from(&tally),
                returned: beside.returned,
                in_progress: InProgressView {
                    total: tally.in_progress(),
                    within: tally.within,
                    overdue: tally.overdue,
                    paused: tally.paused,
                    due_today,
                },
                to_accept: ToAcceptView { total: beside.to_accept, overdue: beside.to_accept_overdue },
                letters: letters_waiting(reader, agency)?,
                hand_offs: HandOffsView { to_me, to_anybody },
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(shown))
}
