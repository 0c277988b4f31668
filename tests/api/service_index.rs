//! The service index of Decision 766 beside the figures of form 06a (domain.md 2.6), reckoned by hand.

use motcua::domain::vocabulary::Role;
use serde_json::{Value, json};

use crate::story;
use crate::support::TestApp;

/// Takes in a dossier received at `received_at` and moves it, all in March 2026 or before; answers its code.
async fn told(app: &TestApp, token: &str, received_at: &str, moves: &[(&str, &str)]) -> String {
    let code = app.receive(token, json!({"received_at": format!("{received_at}:00+07:00")})).await;
    go_on(app, token, &code, moves).await;
    code
}

async fn go_on(app: &TestApp, token: &str, code: &str, moves: &[(&str, &str)]) {
    for (to, at) in moves {
        let wish = json!({"to": to, "at": format!("{at}:00+07:00"), "reason": "Thiếu bản sao"});
        app.transition(token, code, wish).await.expect(200);
    }
}

const ASKED: (&str, &str) = ("supplement_required", "2026-03-03T10:00");
const BACK: (&str, &str) = ("processing", "2026-03-05T08:30");
const ASKED_AGAIN: (&str, &str) = ("supplement_required", "2026-03-06T15:00");
/// Five working days are over on the 9th; counted again from the 5th on the 12th, from the 9th on the 16th.
const RECEIPT: &str = "2026-03-02T09:00";

story!(the_index_stands_beside_the_figures_it_is_made_of, |app| {
    app.office().await;
    app.at("2026-03-10T18:00:00");
    let admin = app.admin().await;
    let early = told(app, &admin, RECEIPT, &[("finished", "2026-03-06T15:00")]).await;
    told(app, &admin, RECEIPT, &[ASKED, BACK, ("finished", "2026-03-09T10:00")]).await;
    let twice = [ASKED, BACK, ASKED_AGAIN, ("processing", "2026-03-09T10:00"), ("finished", "2026-03-10T09:00")];
    let twice = told(app, &admin, RECEIPT, &twice).await;
    let overdue = told(app, &admin, RECEIPT, &[]).await;
    let waiting = told(app, &admin, RECEIPT, &[ASKED]).await;
    told(app, &admin, RECEIPT, &[("withdrawn", "2026-03-05T08:30")]).await;
    let waiting_again = told(app, &admin, RECEIPT, &[ASKED, BACK, ASKED_AGAIN]).await;
    // Carried over, and late since the 7th.
    told(app, &admin, "2026-02-27T09:00", &[("finished", "2026-03-10T09:00")]).await;
    // Never accepted.
    app.receive(&admin, json!({"channel": "online"})).await;

    app.at("2026-03-11T09:00:00");
    let admin = app.admin().await;
    let path = "/v1/statistics/service-index?from=2026-03-01&to=2026-03-10";
    let asked = app.get(path, &admin).await.expect(200);
    assert_eq!(asked["period"], json!({"from": "2026-03-01", "to": "2026-03-10"}));
    assert_eq!((&asked["as_of"], &asked["agency"]), (&json!("2026-03-10T23:59:59+07:00"), &Value::Null));
    assert_eq!(
        asked["on_time_rate"],
        json!({"numerator": 4, "denominator": 8, "percent": "50.00", "resolved_on_time": 3, "in_progress_within": 1,
            "asked_again": {"resolved": 1, "in_progress": 1}})
    );
    // 102 h; 169 h less 46½; 192 h less 46½ and 67; 71½ h: 374½ h over 4.
    assert_eq!(
        asked["average_time"],
        json!({"numerator": 1_348_200, "denominator": 4, "hours": "93.63", "days": "3.90", "supplement_seconds": 576_000})
    );
    let figures = app.get("/v1/statistics?from=2026-03-01&to=2026-03-10&links=false", &admin).await.expect(200);
    assert_eq!(asked["form_06a"], figures["total"]);
    assert_eq!(figures["total"]["on_time_rate"], json!({"numerator": 4, "denominator": 5, "percent": "80.00"}));
    assert_eq!(figures["total"]["in_progress"]["within"], 2);

    // What happens later changes nothing of a past period: a second request, ends, a hand-over.
    app.at("2026-03-25T09:00:00");
    let admin = app.admin().await;
    let later = [("processing", "2026-03-12T09:00"), ("supplement_required", "2026-03-13T09:00")];
    go_on(app, &admin, &waiting, &later).await;
    go_on(app, &admin, &waiting_again, &[("withdrawn", "2026-03-16T09:00")]).await;
    go_on(app, &admin, &overdue, &[("finished", "2026-03-16T09:00")]).await;
    go_on(app, &admin, &early, &[("returned", "2026-03-16T09:00")]).await;
    assert_eq!(app.get(path, &admin).await.expect(200), asked);
    let next = app.get("/v1/statistics/service-index?from=2026-03-11&to=2026-03-24", &admin).await.expect(200);
    // Three carried over: one late, two asked twice; none was received and ended in the period.
    assert_eq!(
        next["on_time_rate"],
        json!({"numerator": 0, "denominator": 3, "percent": "0.00", "resolved_on_time": 0, "in_progress_within": 0,
            "asked_again": {"resolved": 1, "in_progress": 1}})
    );
    assert_eq!(next["average_time"]["hours"], Value::Null);

    // A corrected history is answered as it should have been: an hour earlier, with both requests still asked.
    let correction = json!({"received_at": "2026-03-02T08:00:00+07:00", "reason": "Nhập nhầm giờ"});
    app.post(&format!("/v1/dossiers/{twice}/correct"), &admin, correction).await.expect(200);
    let corrected = app.get(path, &admin).await.expect(200);
    assert_eq!(corrected["on_time_rate"], asked["on_time_rate"]);
    assert_eq!(corrected["average_time"]["numerator"], 1_348_200 + 3_600);
    app.post(&format!("/v1/dossiers/{early}/void"), &admin, json!({"reason": "Trùng"})).await.expect(200);
    let voided = app.get(path, &admin).await.expect(200);
    assert_eq!((&voided["on_time_rate"]["numerator"], &voided["on_time_rate"]["denominator"]), (&json!(3), &json!(7)));
    assert_eq!(voided["average_time"]["numerator"], 1_348_200 + 3_600 - 367_200);
});

story!(requests_at_intake_are_no_requests_of_the_index, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({"channel": "online", "received_at": "2026-03-02T08:00:00+07:00"})).await;
    app.at("2026-03-06T18:00:00");
    let admin = app.admin().await;
    let moves = [
        ("supplement_required", "2026-03-02T09:00"),
        ("registered", "2026-03-03T09:00"),
        ("received", "2026-03-03T10:00"),
        ("supplement_required", "2026-03-04T10:00"),
        ("processing", "2026-03-05T10:00"),
        ("finished", "2026-03-06T10:00"),
    ];
    go_on(app, &admin, &code, &moves).await;
    let index = app.get("/v1/statistics/service-index?from=2026-03-01&to=2026-03-31", &admin).await.expect(200);
    assert_eq!(index["as_of"], "2026-03-06T18:00:00+07:00");
    assert_eq!((&index["on_time_rate"]["numerator"], &index["on_time_rate"]["denominator"]), (&json!(1), &json!(1)));
    // From the receipt on the 3rd, less the day waited since.
    assert_eq!(
        index["average_time"],
        json!({"numerator": 172_800, "denominator": 1, "hours": "48.00", "days": "2.00", "supplement_seconds": 86_400})
    );
});

story!(the_index_takes_the_periods_and_agencies_of_the_statistics, |app| {
    let admin = app.office().await;
    let commune = json!({"code": "H16.20", "name": "Xã", "level": "commune", "parent": "H16"});
    app.post("/v1/agencies", &admin, commune).await.expect(201);
    app.receive(&admin, json!({})).await;
    app.receive(&admin, json!({"agency": "H16.20"})).await;
    let ask = async |query: &str| app.get(&format!("/v1/statistics/service-index?{query}"), &admin).await;
    for (query, received) in [
        ("period=2026-M03", 2),
        ("period=2026-M03&agency=H16", 2),
        ("from=2026-03-02&to=2026-03-02&agency=H16.20", 1),
        ("period=2025", 0),
    ] {
        let index = ask(query).await.expect(200);
        assert_eq!(index["on_time_rate"]["denominator"], received, "{query}");
    }
    // M03 runs from 15 February to 14 March (domain.md 2.2).
    assert_eq!(ask("period=2026-M03").await.expect(200)["period"]["from"], "2026-02-15");
    let nothing = ask("period=2025").await.expect(200);
    assert_eq!((&nothing["on_time_rate"]["percent"], &nothing["average_time"]["days"]), (&Value::Null, &Value::Null));
    for (query, status, code) in [
        ("from=2026-03-02&to=2026-03-01", 422, "period_reversed"),
        ("from=2000-01-01&to=2026-03-01", 422, "period_too_long"),
        ("period=2026-Q5", 422, "unknown_preset"),
        ("from=2026-03-01", 400, "missing_parameter"),
        ("from=1.3.2026&to=2026-03-02", 400, "invalid_parameter"),
        ("period=2026&group_by=field", 400, "unknown_parameter"),
        ("period=2026&agency=H99", 404, "not_found"),
    ] {
        assert_eq!(ask(query).await.problem(status), code, "{query}");
    }
    let sibling = app.user("leader", Role::Leader, Some("H16.20")).await;
    let own = app.get("/v1/statistics/service-index?period=2026", &sibling).await.expect(200);
    assert_eq!((&own["agency"], &own["on_time_rate"]["denominator"]), (&json!("H16.20"), &json!(1)));
    let other = app.get("/v1/statistics/service-index?period=2026&agency=H16.18", &sibling).await;
    assert_eq!(other.problem(404), "not_found");
});
