//! Fees of a dossier: what is to be paid, what was paid, and what that sums up to over a period.

use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Count, Draft, Handle, See};
use super::dossier_view::stamp;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, Query};
use super::problem::{Problem, ProblemBody};
use super::statistics::{as_of, free_period, groupings, scope};
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::fees::{
    Account, Amount, Collection, Fee, FeeItem, FeeKind, Payment, PaymentMethod, Proof, Remission, Sums, reference,
};
use crate::domain::vocabulary::Status;
use crate::flow::fees::{self as verbs, Demand, Grace, OnTheSpot};
use crate::flow::{Act, Fault};
use crate::storage::dossier_row::Record;
use crate::storage::{Tx, fees};

/// The most items of one demand.
const MAX_ITEMS: usize = 50;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(get_fees)
        .service(demand_fees)
        .service(exempt_fee)
        .service(create_payment)
        .service(refund_payment)
        .service(get_totals);
}

/// What is to be paid for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Lệ phí cấp giấy phép lao động", "kind": "charge", "amount": 600_000}))]
pub struct FeeBody {
    /// Its name.
    name: String,
    /// Its code in the catalogue of the procedure.
    code: Option<String>,
    /// fee (phí) or charge (lệ phí).
    kind: FeeKind,
    /// In đồng.
    amount: i64,
    /// When it is collected: at_intake, during, at_return. `at_intake` when left out.
    collection: Option<Collection>,
}

/// How all that is demanded was paid at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OnTheSpotBody {
    /// By what way.
    method: PaymentMethod,
    /// Number of the receipt.
    receipt_number: String,
}

fn checked_amount(checker: &mut Checker, pointer: &str, dong: i64) -> Option<Amount> {
    dong.try_into().map_err(|_| checker.fail(pointer, "out_of_range")).ok()
}

/// Checks the items of a demand.
pub(in crate::http) fn checked_items(given: &[FeeBody], checker: &mut Checker) -> Vec<FeeItem> {
    if given.is_empty() {
        checker.fail("/fees", "blank");
    } else if given.len() > MAX_ITEMS {
        checker.fail("/fees", "too_long");
    }
    let items = given.iter().enumerate().filter_map(|(index, fee)| {
        let at = |member: &str| format!("/fees/{index}/{member}");
        let name = checker.text(&at("name"), &fee.name, MAX_NAME);
        let code = checker.optional(&at("code"), fee.code.as_deref(), 100);
        let amount = checked_amount(checker, &at("amount"), fee.amount)?;
        let collection = fee.collection.unwrap_or(Collection::AtIntake);
        Some(FeeItem { name, code, kind: fee.kind, amount, collection })
    });
    items.collect()
}

impl OnTheSpotBody {
    /// Checks the receipt's number.
    pub(in crate::http) fn checked(&self, checker: &mut Checker) -> OnTheSpot {
        let receipt_number = checker.text("/payment/receipt_number", &self.receipt_number, 100);
        OnTheSpot { method: self.method, receipt_number }
    }
}

/// The account of a dossier.
#[derive(Serialize, ToSchema)]
struct AccountView {
    /// The dossier.
    dossier: String,
    /// Where it stands.
    status: Status,
    /// What was demanded.
    items: Vec<FeeView>,
    /// What was paid.
    payments: Vec<PaymentView>,
    /// Each demand under its reference.
    demands: Vec<DemandView>,
    /// The sums of all.
    #[serde(flatten)]
    sums: SumsView,
    /// The dossier's version; the ETag.
    version: i64,
}

/// An item.
#[derive(Serialize, ToSchema)]
struct FeeView {
    /// Opaque identifier.
    id: String,
    /// Under which it is paid.
    reference: String,
    /// Its name.
    name: String,
    /// Its code in the catalogue.
    code: Option<String>,
    /// fee or charge.
    kind: FeeKind,
    /// In đồng.
    amount: i64,
    /// When it is collected.
    collection: Collection,
    /// Whether the dossier waits for it with its clock stopped.
    awaited: bool,
    /// When it was demanded.
    demanded_at: String,
    /// Who demanded it.
    demanded_by: String,
    /// What of it was waived.
    exemption: Option<RemissionView>,
}

/// A payment.
#[derive(Serialize, ToSchema)]
struct PaymentView {
    /// Opaque identifier.
    id: String,
    /// What it pays.
    reference: String,
    /// In đồng.
    amount: i64,
    /// When it was paid.
    paid_at: String,
    /// By what way.
    method: PaymentMethod,
    /// Number of its receipt.
    receipt_number: String,
    /// The file of the dossier that shows it.
    file: Option<String>,
    /// When it was recorded.
    recorded_at: String,
    /// Who recorded it.
    recorded_by: String,
    /// What of it was given back.
    refund: Option<RemissionView>,
}

/// Money waived or given back.
#[derive(Serialize, ToSchema)]
struct RemissionView {
    /// In đồng.
    amount: i64,
    /// Why.
    reason: String,
    /// When.
    at: String,
    /// Who granted it.
    by: String,
}

/// A demand.
#[derive(Serialize, ToSchema)]
struct DemandView {
    /// Under which it is paid.
    reference: String,
    /// Its sums.
    #[serde(flatten)]
    sums: SumsView,
}

/// Sums in đồng.
#[derive(Serialize, ToSchema)]
struct SumsView {
    /// Demanded.
    due: i64,
    /// Of that, waived.
    exempted: i64,
    /// Paid.
    paid: i64,
    /// Of that, given back.
    refunded: i64,
    /// due − exempted − paid + refunded: still to be paid; below zero, to be given back.
    balance: i64,
}

impl From<Sums> for SumsView {
    fn from(sums: Sums) -> Self {
        let Sums { due, exempted, paid, refunded } = sums;
        Self { due, exempted, paid, refunded, balance: sums.balance() }
    }
}

fn remission(ambient: &Ambient, granted: Option<Remission>) -> Option<RemissionView> {
    let view = |granted: Remission| RemissionView {
        amount: granted.amount.dong(),
        reason: granted.reason,
        at: stamp(ambient, granted.at),
        by: granted.by,
    };
    granted.map(view)
}

fn view(ambient: &Ambient, record: &Record, account: Account) -> AccountView {
    let under = |demand: i32| reference(&record.code, demand);
    let demands = account.demands().into_iter();
    let fee = |fee: Fee| FeeView {
        id: fee.id,
        reference: under(fee.demand),
        name: fee.item.name,
        code: fee.item.code,
        kind: fee.item.kind,
        amount: fee.item.amount.dong(),
        collection: fee.item.collection,
        awaited: fee.awaited,
        demanded_at: stamp(ambient, fee.demanded_at),
        demanded_by: fee.demanded_by,
        exemption: remission(ambient, fee.exemption),
    };
    let payment = |payment: Payment| PaymentView {
        id: payment.id,
        reference: under(payment.demand),
        amount: payment.amount.dong(),
        paid_at: stamp(ambient, payment.paid_at),
        method: payment.method,
        receipt_number: payment.receipt_number,
        file: payment.file,
        recorded_at: stamp(ambient, payment.recorded_at),
        recorded_by: payment.recorded_by,
        refund: remission(ambient, payment.refund),
    };
    AccountView {
        dossier: record.code.to_string(),
        status: record.standing.status,
        demands: demands
            .map(|demand| DemandView { reference: under(demand), sums: account.sums(Some(demand)).into() })
            .collect(),
        sums: account.sums(None).into(),
        items: account.fees.into_iter().map(fee).collect(),
        payments: account.payments.into_iter().map(payment).collect(),
        version: record.version,
    }
}

/// 200 with the account as it stands after a verb.
fn answer(tx: &mut Tx, act: Act<'_>, record: &Record) -> Result<Reply, Fault> {
    let account = fees::account(tx, &record.code)?;
    Reply::ok(&view(act.ambient, record, account), record.version)
}

/// What is to be paid for a dossier, what was paid, and the balance.
#[utoipa::path(tag = "fees", params(("code" = String, Path)), responses(
    (status = 200, description = "The account", body = AccountView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/fees")]
async fn get_fees(call: Call<See>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let (record, account) = call.read(move |reader, actor| verbs::look(reader, actor, &code)).await?;
    Ok(call.show(&view(&call.state.ambient, &record, account), record.version))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DemandBody {
    /// What is to be paid.
    fees: Vec<FeeBody>,
    /// How all of it was paid on the spot.
    payment: Option<OnTheSpotBody>,
}

/// Demands fees without stopping the clock; with a wait it is the move to `payment_required`.
#[utoipa::path(tag = "fees", params(("code" = String, Path)), request_body = DemandBody, responses(
    (status = 200, description = "Demanded", body = AccountView), (status = 403, description = "Not this role's", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Void, or the receipt's number is used", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/fees")]
async fn demand_fees(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (code, expected) = (call.code("code")?, call.if_match()?);
    let (body, bytes) = call.body::<DemandBody>().await?;
    let mut checker = Checker::default();
    let paid = body.payment.as_ref().map(|payment| payment.checked(&mut checker));
    let demand = Demand { items: checked_items(&body.fees, &mut checker), paid };
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let record = verbs::demand(tx, act, &code, expected, &demand)?;
        answer(tx, act, &record)
    })
    .await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GraceBody {
    /// In đồng; all when left out.
    amount: Option<i64>,
    /// Why.
    reason: String,
}

impl GraceBody {
    fn checked(&self) -> Result<Grace, Problem> {
        let mut checker = Checker::default();
        let amount = self.amount.and_then(|dong| checked_amount(&mut checker, "/amount", dong));
        let reason = checker.text("/reason", &self.reason, MAX_NOTE);
        checker.finish()?;
        Ok(Grace { amount, reason })
    }
}

/// Waives an item, wholly or in part (miễn, giảm). Where the dossier waits for nothing else, its clock runs again.
#[utoipa::path(tag = "fees", params(("code" = String, Path), ("id" = String, Path)), request_body = GraceBody, responses(
    (status = 200, description = "Waived", body = AccountView), (status = 403, description = "Not an officer", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Void, or waived before", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "More than the item", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/fees/{id}/exempt")]
async fn exempt_fee(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (code, id, expected) = (call.code("code")?, call.path("id").to_owned(), call.if_match()?);
    let (body, bytes) = call.body::<GraceBody>().await?;
    let grace = body.checked()?;
    call.post(&bytes, move |tx, act| {
        let record = verbs::exempt(tx, act, &code, expected, (&id, &grace))?;
        answer(tx, act, &record)
    })
    .await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reference": "H16.18-260302-0001-P1", "amount": 600_000, "method": "transfer", "receipt_number": "0001234"}))]
struct PaymentBody {
    /// The reference of the demand.
    reference: String,
    /// In đồng.
    amount: i64,
    /// When; now when left out.
    paid_at: Option<DateTime<FixedOffset>>,
    /// By what way.
    method: PaymentMethod,
    /// Number of the receipt, or of the bank's or portal's transaction.
    receipt_number: String,
    /// A file of the dossier that shows it.
    file: Option<String>,
}

/// Records proof of a payment. When all is paid that the dossier waits for, its clock runs again (6→4), from the time of that
/// payment. The same proof again changes nothing.
#[utoipa::path(tag = "fees", params(("code" = String, Path)), request_body = PaymentBody, responses(
    (status = 200, description = "Recorded", body = AccountView), (status = 403, description = "Not this role's", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Void, or the receipt's number is used", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Wrong reference, too much, or members refused", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/payments")]
async fn create_payment(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (code, expected): (DossierCode, _) = (call.code("code")?, call.if_match()?);
    let (body, bytes) = call.body::<PaymentBody>().await?;
    let mut checker = Checker::default();
    let reference = checker.text("/reference", &body.reference, MAX_NAME);
    let receipt_number = checker.text("/receipt_number", &body.receipt_number, 100);
    let file = checker.optional("/file", body.file.as_deref(), MAX_NAME);
    let amount = checked_amount(&mut checker, "/amount", body.amount);
    checker.finish()?;
    let Some(amount) = amount else { return Err(Problem::new("internal")) };
    let (method, paid_at) = (body.method, body.paid_at.map(|at| call.state.ambient.local(at)));
    call.post(&bytes, move |tx, act| {
        let proof = Proof {
            reference: reference.clone(),
            amount,
            paid_at: paid_at.unwrap_or(act.now),
            method,
            receipt_number: receipt_number.clone(),
            file: file.clone(),
        };
        let record = verbs::pay(tx, act, &code, expected, &proof)?;
        answer(tx, act, &record)
    })
    .await
}

/// Gives a payment back, wholly or in part.
#[utoipa::path(tag = "fees", params(("code" = String, Path), ("id" = String, Path)), request_body = GraceBody, responses(
    (status = 200, description = "Given back", body = AccountView), (status = 403, description = "Not an officer", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Given back before", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "More than was paid", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/payments/{id}/refund")]
async fn refund_payment(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (code, id, expected) = (call.code("code")?, call.path("id").to_owned(), call.if_match()?);
    let (body, bytes) = call.body::<GraceBody>().await?;
    let grace = body.checked()?;
    call.post(&bytes, move |tx, act| {
        let record = verbs::refund(tx, act, &code, expected, (&id, &grace))?;
        answer(tx, act, &record)
    })
    .await
}

/// What was demanded, waived, paid and given back in a period, in đồng.
#[utoipa::path(tag = "statistics", params(("from" = NaiveDate, Query), ("to" = NaiveDate, Query),
    ("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out"),
    ("group_by" = Option<String>, Query, description = "field, procedure, agency, channel, level; at most two, comma-separated")), responses(
    (status = 200, description = "period, as_of, rows, total: due, exempted, paid, refunded", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period or grouping refused", body = ProblemBody)))]
#[get("/v1/statistics/fees")]
async fn get_totals(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "agency", "group_by"])?;
    let period = free_period(&query)?;
    let groups = groupings(&query)?;
    let agency = scope(&call, &query)?;
    let window = period.window(call.state.ambient.now());
    let wanted = groups.clone();
    let counted = call
        .read(move |reader, actor| {
            require_scope(reader, actor, agency.as_ref())?;
            Ok(fees::totals(reader, &window, agency.as_ref(), &wanted)?)
        })
        .await?;
    let mut total = Sums::default();
    let mut rows: Vec<Map<String, Value>> = Vec::new();
    for group in counted {
        total += group.sums;
        let keys = groups.iter().zip(&group.keys);
        let mut row: Map<String, Value> = keys.map(|(by, key)| (by.as_str().to_owned(), json!(key))).collect();
        if let Value::Object(sums) = json!(group.sums) {
            row.extend(sums);
        }
        rows.extend((!groups.is_empty()).then_some(row));
    }
    Ok(HttpResponse::Ok().json(json!({"period": period, "as_of": as_of(&call, &window), "rows": rows, "total": total})))
}
