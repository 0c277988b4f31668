//! The side doors to what a list or a look-up would not show: expansion, search, lists by another key, sheets and figures.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use motcua::domain::vocabulary::Role;
use motcua::flow::deliver::{NoticePlan, enqueue};
use motcua::storage::deliveries::{LogFilter, log};
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::places::{PLACES, Place, Thing, furnish};
use crate::support::{Answer, TestApp, office};

/// People and machines of H16.18, with what they see: the front desk what its own agency has and took over, the others the
/// child's, too.
async fn readers(app: &TestApp) -> Vec<(String, &'static [&'static str])> {
    let own: &[&str] = &["H16.18", "H16.17"];
    let below: &[&str] = &["H16.18", "H16.18.1", "H16.17"];
    let mut all = Vec::new();
    for (role, sees) in [(Role::FrontDesk, own), (Role::Officer, own), (Role::Leader, below), (Role::Auditor, below)] {
        all.push((app.user(&format!("{role:?}"), role, Some("H16.18")).await, sees));
    }
    all.push((app.user("quan-tri", Role::Admin, Some("H16.18")).await, below));
    all.push((office::client(app, "dossiers:read", Some("H16.18")).await, below));
    all
}

/// The agencies of the places whose thing an answer speaks of.
fn told<'p>(text: &str, places: &'p [Place], thing: Thing) -> Vec<&'p str> {
    let spoken = places.iter().filter(|place| text.contains(place.name(thing)));
    spoken.map(|place| place.agency).collect()
}

/// The agencies of the dossiers listed, page by page of one, and how many there were.
async fn walked(app: &TestApp, token: &str, path: &str) -> (BTreeSet<String>, usize) {
    let (mut agencies, mut count, mut cursor) = (BTreeSet::new(), 0, String::new());
    loop {
        let page = app.get(&format!("{path}&limit=1{cursor}"), token).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            agencies.insert(item["agency"].as_str().unwrap().to_owned());
            count += 1;
        }
        let Some(next) = page["next_cursor"].as_str() else { return (agencies, count) };
        assert!(!page["items"].as_array().unwrap().is_empty(), "a page with a next one is not empty: {path}");
        cursor = format!("&cursor={next}");
    }
}

/// In the subtree of H16.18, or taken over from.
fn is_inside(agency: &str) -> bool {
    agency.starts_with("H16.18") || agency == "H16.17"
}

fn set(agencies: &[&str]) -> BTreeSet<String> {
    agencies.iter().map(|agency| (*agency).to_owned()).collect()
}

/// Each place has these: before the e-office, for a supplement, stopped, refused, open, sent on to it.
const EACH: usize = 6;

story!(search_finds_and_counts_only_what_is_in_reach, |app| {
    let places = furnish(app).await;
    for (token, sees) in readers(app).await {
        // All applicants have one name; a search by it, page by page, ends with what is theirs.
        for query in ["q=quynh", "q=%C4%90%E1%BA%B7ng%20Th%E1%BB%8B", "q=-260302-", "q=%25"] {
            let found = walked(app, &token, &format!("/v1/dossiers?{query}")).await;
            let expected = if query == "q=%25" { (BTreeSet::new(), 0) } else { (set(sees), EACH * sees.len()) };
            assert_eq!(found, expected, "{query}");
        }
        for place in &places {
            let is_seen = sees.contains(&place.agency);
            for thing in [Thing::Dossier, Thing::Asked, Thing::Stopped, Thing::Refused] {
                let code = place.name(thing);
                let (_, count) = walked(app, &token, &format!("/v1/dossiers?q={code}")).await;
                assert_eq!(count, usize::from(is_seen), "{code}");
            }
        }
        // Three of each place are overdue, one waits, one is stopped, and one never came in.
        for (column, each) in [("received", 5), ("overdue", 3), ("paused", 1), ("on_time", 1), ("carried_over", 0)] {
            let path = format!("/v1/dossiers?counted={column}&from=2026-03-01&to=2026-03-31");
            let (_, count) = walked(app, &token, &path).await;
            assert_eq!(count, each * sees.len(), "{column}");
        }
    }
});

story!(lists_by_another_key_hold_only_what_is_in_reach, |app| {
    let places = furnish(app).await;
    let admin = app.admin().await;
    for place in &places {
        let path = format!("/v1/dossiers/{}", place.name(Thing::Dossier));
        let body = json!({"assignee": "lan"});
        app.send(Method::PATCH, &path, Some(&admin), &[("if-match", "*")], Some(body)).await.expect(200);
    }
    // A cursor is a place in an order and no right: taken from another's list it goes on in one's own.
    let theirs = app.get("/v1/dossiers?limit=1&sort=received_at", &admin).await.expect(200);
    let theirs = theirs["next_cursor"].as_str().unwrap().to_owned();
    let by_letter = app.get("/v1/apology-letters?limit=1", &admin).await.expect(200);
    let by_letter = by_letter["next_cursor"].as_str().unwrap().to_owned();
    let since = app.get("/v1/changes?limit=1", &admin).await.expect(200)["next"].as_str().unwrap().to_owned();
    for (token, sees) in readers(app).await {
        for (key, each) in [
            ("assignee=lan", 1),
            ("procedure=1.001739", EACH),
            ("field=BTXH", EACH),
            ("level=province", EACH),
            ("channel=direct", EACH),
            ("status=stopped", 1),
            ("timing=overdue", 3),
            ("received_from=2026-03-02&received_to=2026-03-02", 5),
            ("due_from=2026-03-01&due_to=2026-03-31&sort=due_at", 5),
            ("finished_from=2026-03-01", 1),
        ] {
            let (agencies, count) = walked(app, &token, &format!("/v1/dossiers?{key}")).await;
            assert_eq!((agencies, count), (set(sees), each * sees.len()), "{key}");
        }
        let rest =
            app.get(&format!("/v1/dossiers?limit=200&sort=received_at&cursor={theirs}"), &token).await.expect(200);
        assert!(rest["items"].as_array().unwrap().iter().all(|item| sees.contains(&item["agency"].as_str().unwrap())));
        // One list's cursor is not another's: what cannot be read as one is refused, and what can shows nothing else.
        let rest = app.get(&format!("/v1/dossiers?cursor={by_letter}"), &token).await;
        assert!(told(&rest.text, &places, Thing::Dossier).iter().all(|agency| sees.contains(agency)), "{}", rest.text);
        let rest = app.get(&format!("/v1/apology-letters?cursor={theirs}"), &token).await;
        assert!(told(&rest.text, &places, Thing::Letter).iter().all(|agency| sees.contains(agency)), "{}", rest.text);
        let changes = app.get(&format!("/v1/changes?limit=200&since={since}"), &token).await;
        for thing in [Thing::Asked, Thing::Stopped, Thing::Refused] {
            assert_eq!(told(&changes.text, &places, thing), sees, "{}", changes.text);
        }
        for place in &places {
            let agency = place.agency;
            // Figures go by the subtree for everybody, lists of dossiers by what is seen.
            let inside = is_inside(agency);
            for path in ["/v1/dossiers?resolved_by=", "/v1/dossiers?agency=", "/v1/apology-letters?agency="] {
                let answer = app.get(&format!("{path}{agency}"), &token).await;
                assert_eq!(answer.status.as_u16(), if inside { 200 } else { 404 }, "{path}{agency}");
                let told =
                    told(&answer.text, &places, if path.contains("letters") { Thing::Letter } else { Thing::Dossier });
                assert!(told.iter().all(|agency| sees.contains(agency)), "{path}{agency}: {told:?}");
            }
            let exchange =
                app.get(&format!("/v1/apology-letters/{}/exchange", place.name(Thing::Signed)), &token).await;
            assert_eq!(exchange.status.as_u16(), if sees.contains(&agency) { 200 } else { 404 });
        }
    }
    let keeper = app.sign_in("quan-tri").await;
    for place in &places {
        let notices = app.get(&format!("/v1/notices?dossier={}", place.name(Thing::Dossier)), &keeper).await;
        let seen = is_inside(place.agency);
        assert_eq!(notices.expect(200)["items"].as_array().unwrap().len(), usize::from(seen), "{}", place.agency);
        // What others did to what is theirs is not in this log, however it is asked for.
        let entries = app.get(&format!("/v1/audit?resource={}", place.name(Thing::Stopped)), &keeper).await.expect(200);
        assert_eq!(entries["items"].as_array().unwrap().is_empty(), !seen, "{}", place.agency);
    }
});

story!(expansion_tells_nothing_of_what_is_out_of_reach, |app| {
    let places = furnish(app).await;
    let admin = app.admin().await;
    // Taken in here and resolved by the neighbour: both have it, with its letter; nobody else has.
    app.at("2026-03-02T09:00:00");
    let admin_then = app.admin().await;
    let shared = app.receive(&admin_then, json!({"agency": "H16.19", "received_by": "H16.18"})).await;
    app.at("2026-03-11T09:00:00");
    motcua::flow::sweep::sweep(&app.db, &app.ambient, 0).unwrap();
    let shown = app.get(&format!("/v1/dossiers/{shared}"), &admin).await.expect(200);
    let letter = shown["letter"]["id"].as_str().unwrap().to_owned();
    for (token, _) in readers(app).await {
        app.get(&format!("/v1/apology-letters/{letter}"), &token).await.expect(200);
        let listed = app.get("/v1/apology-letters", &token).await;
        assert!(listed.text.contains(&letter), "seen alone and seen in the list: {}", listed.text);
        assert_eq!(app.get("/v1/apology-letters?agency=H16.19", &token).await.problem(404), "not_found");
    }
    let below = app.user("duoi", Role::Leader, Some("H16.18.1")).await;
    assert_eq!(app.get(&format!("/v1/apology-letters/{letter}"), &below).await.problem(404), "not_found");

    // From figures to their rows: the links of a grouping by agency lead to what is seen, and to nothing else.
    for (token, sees) in again(app).await {
        let answer = app.get("/v1/statistics?from=2026-03-01&to=2026-03-31&group_by=agency", &token).await;
        let shown = answer.expect(200);
        assert!(!answer.text.contains("H16.19") && !answer.text.contains("\"H16\""), "{}", answer.text);
        for row in shown["rows"].as_array().unwrap().iter().chain([&shown["total"]]) {
            let links = row["links"]
                .as_object()
                .unwrap()
                .values()
                .filter_map(Value::as_object)
                .flat_map(|group| group.values());
            for link in links.filter_map(Value::as_str) {
                let page = app.get(&format!("{link}&limit=200"), &token).await.expect(200);
                let items = page["items"].as_array().unwrap();
                assert!(items.iter().all(|item| sees.contains(&item["agency"].as_str().unwrap())), "{link}");
            }
        }
    }

    // What is sent to a webhook of the agency, and what its log names.
    let plan = NoticePlan::default();
    enqueue(&app.db, &app.ambient, &plan).unwrap();
    for place in &places {
        let line = place.name(Thing::Webhook).to_owned();
        let filter = LogFilter { lines: vec![line.clone()], ..LogFilter::default() };
        let bodies: String =
            app.db.read(|reader| log(reader, &filter, None, 1000)).unwrap().into_iter().map(|sent| sent.body).collect();
        let reach: &[&str] = match place.agency {
            "H16" => &PLACES,
            "H16.18" => &["H16.18", "H16.18.1", "H16.17"],
            other => &[other],
        };
        // All became overdue since the webhooks were made.
        assert_eq!(told(&bodies, &places, Thing::Dossier), reach, "{}", place.agency);
    }

    // An answer that was kept for a retry is its caller's alone.
    let code = places[3].name(Thing::Dossier);
    let (path, body) = (format!("/v1/dossiers/{code}/correct"), json!({"reason": "x", "channel": "postal"}));
    let key = [("idempotency-key", "mot-lan")];
    app.send(Method::POST, &path, Some(&admin), &key, Some(body.clone())).await.expect(200);
    let leader = app.sign_in("Leader").await;
    assert_eq!(app.send(Method::POST, &path, Some(&leader), &key, Some(body)).await.problem(404), "not_found");

    // Many at once: each letter is judged for itself. And of a dossier that is not theirs, not even a good body is read.
    let letters: Vec<Value> =
        places.iter().map(|place| json!({"id": place.name(Thing::Letter), "reason": "x"})).collect();
    let done = app.post("/v1/apology-letters/bulk", &leader, json!({"letters": letters})).await.expect(200);
    let statuses: Vec<u64> =
        done["items"].as_array().unwrap().iter().map(|item| item["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [404, 200, 200, 404, 200], "{done}");
    assert!(!done.to_string().contains("H16.19"), "{done}");
});

/// The readers once more: their tokens are of this hour.
async fn again(app: &TestApp) -> Vec<(String, &'static [&'static str])> {
    let own: &[&str] = &["H16.18", "H16.17"];
    let below: &[&str] = &["H16.18", "H16.18.1", "H16.17"];
    let mut all = Vec::new();
    for (name, sees) in
        [("FrontDesk", own), ("Officer", own), ("Leader", below), ("Auditor", below), ("quan-tri", below)]
    {
        all.push((app.sign_in(name).await, sees));
    }
    all
}

story!(imports_take_nothing_for_another_agency, |app| {
    furnish(app).await;
    let keeper = app.user("quan-tri", Role::Admin, Some("H16.18")).await;
    let line = |agency: &str, code: Option<&str>| {
        let applicant = json!({"kind": "citizen", "name": "A"});
        json!({"procedure": "1.001739", "agency": agency, "channel": "direct", "applicant": applicant, "code": code})
            .to_string()
    };
    let lines = PLACES.map(|agency| line(agency, None)).join("\n");
    let report = app.raw(Method::POST, "/v1/imports", Some(&keeper), "application/x-ndjson", lines.into_bytes()).await;
    let report = report.expect(200);
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(2), &json!(3)), "{report}");
    let refused: Vec<_> =
        report["errors"].as_array().unwrap().iter().map(|error| (&error["line"], &error["code"])).collect();
    let expected =
        [(1, "forbidden"), (4, "forbidden"), (5, "agency_not_in_force")].map(|(line, code)| (json!(line), json!(code)));
    assert_eq!(refused, expected.iter().map(|(line, code)| (line, code)).collect::<Vec<_>>());
    // Another agency's codes are not ours to give, and whether one is taken is not ours to know.
    for sequence in ["0001", "9999"] {
        let body = line("H16.18", Some(&format!("H16.19-260302-{sequence}"))).into_bytes();
        let report =
            app.raw(Method::POST, "/v1/imports", Some(&keeper), "application/x-ndjson", body).await.expect(200);
        assert_eq!(report["errors"][0]["code"], "forbidden", "{report}");
    }
});

/// Everything that stands in the cells of a workbook.
fn cells(answer: &Answer) -> String {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(answer.expect_bytes(200).to_vec())).unwrap();
    let mut text = String::new();
    for name in workbook.sheet_names() {
        for row in workbook.worksheet_range(&name).unwrap().rows() {
            text.extend(row.iter().map(|cell| format!("{}\n", Data::to_string(cell))));
        }
    }
    text
}

story!(sheets_and_papers_of_many_hold_only_what_is_in_reach, |app| {
    let places = furnish(app).await;
    const PERIOD: &str = "from=2026-03-01&to=2026-03-31";
    for (token, sees) in readers(app).await {
        for path in ["register", "register.xlsx", "letters.xlsx", "register.pdf"] {
            let answer = app.get(&format!("/v1/reports/{path}?{PERIOD}"), &token).await;
            let text = if path.ends_with("pdf") {
                // Long codes are broken into lines there.
                pdf_extract::extract_text_from_mem(answer.expect_bytes(200)).unwrap().split_whitespace().collect()
            } else {
                cells(&answer)
            };
            // The letters' register names dossiers, too.
            assert_eq!(told(&text, &places, Thing::Dossier), sees, "{path}: {text}");
        }
    }
});

story!(figures_end_at_the_own_subtree, |app| {
    furnish(app).await;
    const PERIOD: &str = "from=2026-03-01&to=2026-03-31";
    let admin = app.admin().await;
    let mut all: Vec<String> = readers(app).await.into_iter().take(5).map(|(token, _)| token).collect();
    all.push(office::client(app, "statistics:read", Some("H16.18")).await);
    for path in [
        format!("/v1/statistics?{PERIOD}&group_by=agency,channel"),
        format!("/v1/statistics?{PERIOD}&group_by=procedure"),
        "/v1/statistics/service-index?period=2026-M03".to_owned(),
        format!("/v1/reports/06a?{PERIOD}"),
        format!("/v1/reports/06a.csv?{PERIOD}"),
        format!("/v1/reports/06a.xlsx?{PERIOD}"),
        format!("/v1/reports/06b?{PERIOD}"),
        format!("/v1/reports/06b.xlsx?{PERIOD}"),
    ] {
        // The same figures at the same instant are the same bytes.
        let subtree = app.get(&format!("{path}&agency=H16.18"), &admin).await;
        let everything = app.get(&path, &admin).await;
        assert_ne!(subtree.expect_bytes(200), everything.expect_bytes(200), "{path}");
        for token in &all {
            let theirs = app.get(&path, token).await;
            assert_eq!(theirs.expect_bytes(200), subtree.expect_bytes(200), "{path}");
        }
    }
    // Five of each place came in, and one was refused; for each place one more came in at a stranger to H16.18.
    for (token, received) in [(&admin, 30), (&all[0], 10)] {
        let shown = app.get(&format!("/v1/statistics?{PERIOD}"), token).await.expect(200);
        assert_eq!(shown["total"]["received"]["total"], received);
    }
});
