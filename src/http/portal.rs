//! The national portal: dossiers as it pulls them, and what is known of telling it.

use actix_web::{HttpResponse, get, post};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Call, Relay, blocking};
use super::changes::position;
use super::dossier_view::stamp;
use super::idempotency::Reply;
use super::input::{NoMembers, Query, cursor};
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::portal::telling::{Telling, TellingStatus};
use crate::domain::vocabulary::LocalTime;
use crate::flow::{Act, Fault, feed, portal as verbs};
use crate::integrations::national_portal::codes::Codes;
use crate::integrations::national_portal::record::dossier_envelope;
use crate::storage::Tx;
use crate::storage::portal::{self, TellingFilter};

/// What the routes of this file stand on.
pub struct PortalState {
    /// The codes of the portal.
    pub codes: Codes,
    /// Whether dossiers are sent to it.
    pub sends: bool,
}

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(pull_dossiers).service(list_tellings).service(replay_parked).service(replay_telling);
}

/// `DongBoHoSoMC` envelopes of the dossiers in the caller's reach that changed, one for each, in the order of their last
/// change: `isUpdating` is "False" for those whose beginning is in the page. `next` is where to go on, also when nothing
/// came; with `more` there is more by now. Nothing is skipped: a dossier that changes later comes again. What cannot be said
/// in the portal's codes is named in `unmapped`. `limit` counts changes.
#[utoipa::path(tag = "portal", params(("since" = Option<String>, Query, description = "`next` of the page before; left out: from the beginning"),
    ("limit" = Option<i64>, Query)), responses(
    (status = 200, description = "A page: items (envelopes), unmapped, next, more", body = Object,
        example = json!({"items": [{"service": "DongBoHoSoMC", "isUpdating": "False", "data": [{"MaHoSo": "H16.18-260302-0001",
            "KenhThucHien": "1", "TrangThaiHoSo": "2", "NgayTiepNhan": "20260302090000", "NgayHenTra": "20260309090000"}]}],
            "unmapped": [], "next": "WyIxIl0", "more": false})),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 403, description = "No machine of the portal, and no administrator", body = ProblemBody)))]
#[get("/v1/portal/dossiers")]
async fn pull_dossiers(call: Call<Relay>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["since", "limit"])?;
    let limit = query.limit()?;
    let after = match query.text("since") {
        None => 0,
        Some(text) => position(text).ok_or_else(|| Problem::at("bad_cursor", "?since"))?,
    };
    let (state, visible) = (call.state.clone(), call.actor.sees());
    let answer = blocking(move || {
        feed::sequence_batch(&state.db)?;
        let page = state.db.snapshot(|reader| verbs::pull(reader, &visible, after, limit))?;
        let (mut items, mut unmapped) = (Vec::new(), Vec::new());
        for (dossier, known) in &page.dossiers {
            match dossier_envelope(dossier, &state.portal.codes, *known) {
                Ok(envelope) => items.push(envelope),
                Err(cause) => {
                    let code = dossier.code.to_string();
                    unmapped.push(json!({"dossier": code, "table": cause.table, "word": cause.word}));
                }
            }
        }
        let next = cursor(&[page.next.to_string()]);
        Ok::<_, Fault>(json!({"items": items, "unmapped": unmapped, "next": next, "more": page.more}))
    })
    .await?;
    Ok(HttpResponse::Ok().json(answer))
}

/// How far the portal was told of a dossier.
#[derive(Serialize, ToSchema)]
struct TellingView {
    /// The dossier.
    dossier: String,
    /// waiting: something is owed; told: the portal knows everything; parked: it refused, or there is no code to say it in.
    #[schema(value_type = String)]
    status: TellingStatus,
    /// Whether the portal has the dossier.
    known: bool,
    /// When the first change that is owed was recorded.
    waiting_since: Option<String>,
    /// Whether that is more than ten minutes ago (Decree 63/2024 art. 7(4)).
    late: bool,
    /// Failures in a row.
    attempts: i32,
    /// What went wrong last: `timeout`, `unreachable`, `http 503`, the portal's own code and words, or
    /// `unmapped:TABLE:WORD`.
    reason: Option<String>,
    /// When it was tried last.
    attempted_at: Option<String>,
    /// When it is tried next.
    next_attempt_at: Option<String>,
    /// When it was last told everything.
    told_at: Option<String>,
}

fn view(ambient: &Ambient, telling: Telling, now: LocalTime) -> TellingView {
    let shown = |at: Option<LocalTime>| at.map(|at| stamp(ambient, at));
    TellingView {
        dossier: telling.dossier.to_string(),
        status: telling.status,
        known: telling.known,
        waiting_since: shown(telling.since),
        late: telling.is_late(now),
        attempts: telling.attempts,
        attempted_at: shown(telling.attempted_at),
        next_attempt_at: shown(telling.due_at),
        told_at: shown(telling.told_at),
        reason: telling.reason,
    }
}

/// What the portal was told of the dossiers in the caller's reach, and what it is owed, in order of their codes.
#[utoipa::path(tag = "portal", params(("status" = Option<String>, Query, description = "waiting, told or parked"),
    ("late" = Option<bool>, Query, description = "Owed for more than ten minutes, or not"), ("limit" = Option<i64>, Query),
    ("cursor" = Option<String>, Query)), responses((status = 200, description = "A page", body = Object),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody), (status = 403, description = "Not an administrator", body = ProblemBody)))]
#[get("/v1/portal/exchange")]
async fn list_tellings(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["status", "late", "limit", "cursor"])?;
    let page = query.page(1)?;
    let now = call.state.ambient.now();
    let filter = TellingFilter {
        agency: call.actor.agency.clone(),
        status: query.word("status")?,
        late: query.parsed("late")?.map(|late| (late, now)),
    };
    let wish = page.clone();
    let mut found =
        call.read(move |reader, _| Ok(portal::page(reader, &filter, wish.after_code(), wish.fetch())?)).await?;
    let next_cursor = page.cut(&mut found, |telling| vec![telling.dossier.to_string()]);
    let items: Vec<TellingView> = found.into_iter().map(|one| view(&call.state.ambient, one, now)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// Tells the portal again of every parked dossier in the caller's reach: when the codes were mended, or the portal was.
#[utoipa::path(tag = "portal", responses((status = 200, description = "replayed: how many", body = Object),
    (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 409, description = "Nothing is sent to the portal", body = ProblemBody)))]
#[post("/v1/portal/exchange/replay")]
async fn replay_parked(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (NoMembers {}, bytes) = call.body::<NoMembers>().await?;
    if !call.state.portal.sends {
        return Err(Problem::new("portal_off"));
    }
    let replay = move |tx: &mut Tx, act: Act<'_>| {
        Reply::plain(&json!({"replayed": portal::revive(tx, act.actor.agency.as_ref(), act.now)?}))
    };
    call.post(&bytes, replay).await
}

/// Tells the portal of a dossier again, from its record on, whatever became of it before: parked, told, or never owed, as
/// with an imported history.
#[utoipa::path(tag = "portal", params(("code" = String, Path)), responses((status = 200, description = "How far it was told", body = TellingView),
    (status = 403, description = "Not an administrator", body = ProblemBody), (status = 404, description = "Not there, or another agency's", body = ProblemBody),
    (status = 409, description = "It waits anyway, or nothing is sent to the portal", body = ProblemBody)))]
#[post("/v1/portal/exchange/{code}/replay")]
async fn replay_telling(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (NoMembers {}, bytes) = call.body::<NoMembers>().await?;
    let code: DossierCode = call.code("code")?;
    if !call.state.portal.sends {
        return Err(Problem::new("portal_off"));
    }
    call.post(&bytes, move |tx, act| Reply::plain(&view(act.ambient, verbs::replay(tx, act, &code)?, act.now))).await
}
