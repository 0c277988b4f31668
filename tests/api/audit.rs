//! The audit log: what is written down, who sees it, and that nobody can mend it unseen.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use motcua::domain::vocabulary::Role;
use motcua::flow::audit::seal;
use motcua::flow::verify::verify;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Kind, TestApp, dossier};

/// The entries that an auditor of everything sees, newest first, without the looks into the log itself.
async fn log(app: &TestApp, filter: &str) -> Vec<Value> {
    let token = app.admin().await;
    let found = app.get(&format!("/v1/audit?limit=200{filter}"), &token).await.expect(200);
    found["items"].as_array().unwrap().clone()
}

/// The newest entry of an action.
async fn newest(app: &TestApp, action: &str) -> Value {
    let found = log(app, &format!("&action={}", action.replace(' ', "%20"))).await;
    found.first().unwrap_or_else(|| panic!("no {action}")).clone()
}

/// How many entries of an action there are.
async fn count(app: &TestApp, action: &str) -> usize {
    log(app, &format!("&action={}", action.replace(' ', "%20"))).await.len()
}

/// SQL as an intruder with rights on the database runs it.
fn intrude(app: &TestApp, sqlite: &str, postgres: &str) -> Result<(), diesel::result::Error> {
    let url = app.url();
    match app.kind() {
        Kind::Sqlite => {
            let mut connection = SqliteConnection::establish(url.strip_prefix("sqlite://").unwrap()).unwrap();
            connection.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
            connection.batch_execute(sqlite)
        }
        Kind::Postgres => PgConnection::establish(&url).unwrap().batch_execute(postgres),
    }
}

/// The guards taken off.
fn disarm(app: &TestApp) {
    let sqlite = "DROP TRIGGER audit_refuses_update; DROP TRIGGER audit_refuses_delete; DROP TRIGGER audit_head_moves_on; \
                  DROP TRIGGER audit_queue_keeps_unsealed";
    let postgres = "DROP TRIGGER audit_refuses_change ON audit; DROP TRIGGER audit_head_moves_on ON audit_head; \
                    DROP TRIGGER audit_queue_keeps_unsealed ON audit_queue";
    intrude(app, sqlite, postgres).unwrap();
}

fn both(app: &TestApp, sql: &str) {
    intrude(app, sql, sql).unwrap();
}

/// What `motcua verify` says of the log.
fn differences(app: &TestApp) -> Vec<String> {
    verify(&app.db, app.ambient.now()).unwrap().differences
}

story!(every_kind_of_deed_is_written_down, |app| {
    let admin = app.office().await;
    let leader = app.user("lan", Role::Leader, Some("H16.18")).await;
    let signed_in = newest(app, "POST /v1/sessions").await;
    // `log` itself signs in as admin.
    assert_eq!((&signed_in["actor_name"], &signed_in["outcome"]), (&json!("admin"), &json!("done")));
    // A deed: who, with what right, what, to what, whose, from where, and which request.
    let received = app.post("/v1/dossiers", &leader, dossier(json!({}))).await;
    let code = received.expect(201)["code"].as_str().unwrap().to_owned();
    let entry = newest(app, "POST /v1/dossiers").await;
    assert_eq!(
        (&entry["actor_name"], &entry["role"], &entry["actor_agency"]),
        (&json!("lan"), &json!("leader"), &json!("H16.18"))
    );
    assert_eq!(
        (&entry["resource"], &entry["agency"], &entry["received_by"]),
        (&json!(code), &json!("H16.18"), &json!("H16.18"))
    );
    assert_eq!(
        (&entry["address"], &entry["outcome"], &entry["reason"]),
        (&json!("127.0.0.1"), &json!("done"), &Value::Null)
    );
    assert_eq!(entry["request_id"], received.header("x-request-id"));
    assert_eq!(entry["at"], "2026-03-02T09:00:00+07:00");
    let before = log(app, "").await.len();
    // What names nobody, and what is seen in passing, is not written down.
    for path in ["/v1/me".to_owned(), format!("/v1/dossiers/{code}"), "/v1/reports/06a.xlsx?period=2026-Q1".to_owned()]
    {
        app.send(Method::GET, &path, Some(&leader), &[], None).await;
    }
    app.transition(&leader, &code, json!({"to": "processing"})).await.expect(200);
    app.get(&format!("/v1/dossiers/{code}/receipt.pdf"), &leader).await;
    app.get("/v1/reports/register?from=2026-03-01&to=2026-03-31", &leader).await;
    let voided = format!("/v1/dossiers/{code}/void");
    app.post(&voided, &leader, json!({"reason": "Nhập nhầm Nguyễn Văn A"})).await.expect(200);
    app.send(Method::DELETE, "/v1/sessions/current", Some(&leader), &[], None).await;
    let after = log(app, "").await;
    let actions: Vec<&str> =
        after[..after.len() - before].iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    // Newest first; this look signed in, and the last one was written down after it had been answered.
    assert_eq!(
        actions,
        [
            "POST /v1/sessions",
            "DELETE /v1/sessions/current",
            "POST /v1/dossiers/{code}/void",
            "GET /v1/reports/register",
            "GET /v1/dossiers/{code}/receipt.pdf",
            "POST /v1/dossiers/{code}/transitions",
            "GET /v1/audit",
        ]
    );
    // Set-up, with the code of what was made, and machines.
    app.post("/v1/fields", &admin, json!({"code": "DD", "name": "Đất đai"})).await.expect(201);
    assert_eq!(newest(app, "POST /v1/fields").await["resource"], "DD");
    let new = json!({"name": "iOffice", "scopes": ["dossiers:read"], "agency": "H16.18"});
    let client = app.post("/v1/clients", &admin, new).await.expect(201);
    let made = newest(app, "POST /v1/clients").await;
    assert_eq!((&made["resource"], &made["agency"]), (&client["id"], &json!("H16.18")));
    let kind = "application/x-www-form-urlencoded";
    let (id, secret) = (client["id"].as_str().unwrap(), client["secret"].as_str().unwrap());
    let ask = async |secret: &str| {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        app.raw(Method::POST, "/oauth/token", None, kind, form.into_bytes()).await
    };
    ask(secret).await.expect(200);
    ask("wrong").await.expect(401);
    let granted = log(app, "&action=POST%20/oauth/token").await;
    let said: Vec<_> = granted.iter().map(|entry| (&entry["actor"], &entry["role"], &entry["outcome"])).collect();
    let machine = json!("machine");
    assert_eq!(said, [(&client["id"], &machine, &json!("refused")), (&client["id"], &machine, &json!("done"))]);
    // Nothing anybody typed is in it.
    let all = json!(log(app, "").await).to_string();
    for word in ["Nguyễn", "Đặng", "000000000001", "Nhập nhầm", secret] {
        assert!(!all.contains(word), "{word}");
    }
});

story!(a_file_given_out_is_one_entry_and_an_upload_too, |app| {
    let token = app.office().await;
    let code = app.receive(&token, json!({})).await;
    let headers = [("content-disposition", "attachment; filename=\"don.pdf\""), ("content-type", "application/pdf")];
    let path = format!("/v1/dossiers/{code}/files?kind=component");
    let file = app.bytes(Method::POST, &path, Some(&token), &headers, b"%PDF-1.4\n%%EOF\n".to_vec()).await.expect(201);
    let id = file["id"].as_str().unwrap();
    let content = app.get(&format!("/v1/dossiers/{code}/files/{id}/content"), &token).await;
    assert_eq!(content.status.as_u16(), 200);
    for action in ["POST /v1/dossiers/{code}/files", "GET /v1/dossiers/{code}/files/{id}/content"] {
        assert_eq!(count(app, action).await, 1, "{action}");
        let entry = newest(app, action).await;
        assert_eq!(
            (&entry["resource"], &entry["part"], &entry["agency"]),
            (&json!(code), &json!(id), &json!("H16.18"))
        );
    }
});

story!(an_answer_given_again_is_no_second_deed, |app| {
    let token = app.office().await;
    for replayed in [false, true, true] {
        let key = [("idempotency-key", "k1")];
        let answer = app.send(Method::POST, "/v1/dossiers", Some(&token), &key, Some(dossier(json!({})))).await;
        assert_eq!(answer.status.as_u16(), 201);
        assert_eq!(answer.headers.contains_key("idempotency-replayed"), replayed);
    }
    assert_eq!(count(app, "POST /v1/dossiers").await, 1);
    // What a rule refuses leaves no entry of a deed, nor does its transaction.
    app.post("/v1/dossiers", &token, dossier(json!({"procedure": "9.999999"}))).await.expect(422);
    assert_eq!(count(app, "POST /v1/dossiers").await, 1);
});

story!(refused_attempts_are_written_down, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let elsewhere = app.receive(&admin, json!({"agency": "H16.19"})).await;
    let clerk = app.user("lan", Role::FrontDesk, Some("H16.18")).await;
    // 403: not this role's.
    app.get("/v1/users", &clerk).await.expect(403);
    let entry = newest(app, "GET /v1/users").await;
    assert_eq!(
        (&entry["actor_name"], &entry["outcome"], &entry["reason"]),
        (&json!("lan"), &json!("refused"), &json!("forbidden"))
    );
    // 404 outside; inside what exists is told apart from what does not.
    for (code, reason, agency) in
        [(elsewhere.as_str(), "out_of_reach", json!("H16.19")), ("H16.19-260302-9999", "not_found", Value::Null)]
    {
        app.get(&format!("/v1/dossiers/{code}"), &clerk).await.expect(404);
        let entry = newest(app, "GET /v1/dossiers/{code}").await;
        assert_eq!((&entry["resource"], &entry["reason"], &entry["agency"]), (&json!(code), &json!(reason), &agency));
    }
    app.transition(&clerk, &elsewhere, json!({"to": "processing"})).await.expect(404);
    let moved = newest(app, "POST /v1/dossiers/{code}/transitions").await;
    assert_eq!((&moved["outcome"], &moved["reason"]), (&json!("refused"), &json!("out_of_reach")));
    // An identity number typed where a code belongs is not kept (domain.md 9).
    app.get("/v1/dossiers/001085012345", &clerk).await.expect(404);
    assert_eq!(newest(app, "GET /v1/dossiers/{code}").await["resource"], Value::Null);
    app.get("/v1/statistics?from=2026-03-01&to=2026-03-31&agency=H16.19", &clerk).await.expect(404);
    assert_eq!(newest(app, "GET /v1/statistics").await["agency"], "H16.19");
    // Nobody known: not an attempt of a signed-in caller.
    let before = log(app, "&outcome=refused").await.len();
    app.get("/v1/users", "garbage").await.expect(401);
    assert_eq!(log(app, "&outcome=refused").await.len(), before);
    // A session that was ended, by a token that is still good.
    app.send(Method::DELETE, "/v1/sessions/current", Some(&clerk), &[], None).await;
    app.get("/v1/me", &clerk).await.expect(401);
    let entry = newest(app, "GET /v1/me").await;
    assert_eq!(entry["reason"], "unauthenticated");
    assert!(entry["actor"].as_str().unwrap().starts_with("session:"), "{entry}");
});

story!(failed_sign_ins_name_users_and_no_passwords, |app| {
    app.office().await;
    app.user("lan", Role::Officer, Some("H16.18")).await;
    let attempt = async |name: &str| {
        let body = json!({"username": name, "password": "sai mật khẩu rồi"});
        app.send(Method::POST, "/v1/sessions", None, &[], Some(body)).await.expect(401);
        log(app, "&action=POST%20/v1/sessions&outcome=refused").await[0].clone()
    };
    let known = attempt("lan").await;
    assert_eq!((&known["actor_name"], &known["actor_agency"]), (&json!("lan"), &json!("H16.18")));
    assert_eq!(known["reason"], "bad_credentials");
    // The password in the wrong field.
    let (first, again, other) =
        (attempt("mật khẩu để thử").await, attempt("mật khẩu để thử").await, attempt("someone").await);
    assert_eq!(first["actor_name"], Value::Null);
    assert!(first["actor"].as_str().unwrap().starts_with("unknown:"), "{first}");
    assert_eq!(first["actor"], again["actor"]);
    assert_ne!(first["actor"], other["actor"]);
});

story!(filters_narrow_and_pages_follow, |app| {
    app.office().await;
    let lan = app.user("lan", Role::Officer, Some("H16.18")).await;
    let code = app.receive(&lan, json!({})).await;
    app.at("2026-03-03T09:00:00");
    let lan = app.sign_in("lan").await;
    app.transition(&lan, &code, json!({"to": "processing"})).await.expect(200);
    app.get("/v1/users", &lan).await.expect(403);
    let lans = log(app, "&actor=lan").await;
    // Newest first: signed in twice, received, moved, refused.
    let actions: Vec<_> = lans.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "GET /v1/users",
            "POST /v1/dossiers/{code}/transitions",
            "POST /v1/sessions",
            "POST /v1/dossiers",
            "POST /v1/sessions"
        ]
    );
    let by_id = log(app, &format!("&actor={}", lans[0]["actor"].as_str().unwrap())).await;
    assert_eq!(by_id, lans);
    for (filter, expected) in [
        (format!("&resource={code}"), 2),
        (format!("&resource={code}&from=2026-03-03"), 1),
        (format!("&resource={code}&to=2026-03-02"), 1),
        (format!("&resource={code}&from=2026-03-02T09:00:01%2B07:00&to=2026-03-03T09:00:00%2B07:00"), 1),
        ("&actor=lan&outcome=refused".to_owned(), 1),
        ("&actor=nobody".to_owned(), 0),
    ] {
        assert_eq!(log(app, &filter).await.len(), expected, "{filter}");
    }
    let admin = app.sign_in("admin").await;
    let (mut cursor, mut pages) = (String::new(), Vec::new());
    loop {
        let page = app.get(&format!("/v1/audit?actor=lan&limit=2{cursor}"), &admin).await.expect(200);
        pages.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(pages, lans);
    for bad in ["limit=0", "cursor=x", "cursor=WyJ4Il0", "from=yesterday", "who=lan"] {
        assert_eq!(app.get(&format!("/v1/audit?{bad}"), &admin).await.status.as_u16(), 400, "{bad}");
    }
    app.get("/v1/audit?outcome=perhaps", &admin).await.expect(422);
});

story!(an_auditor_sees_the_own_subtree, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let here = app.user("lan", Role::Leader, Some("H16.18")).await;
    let there = app.user("minh", Role::Leader, Some("H16.19")).await;
    let own = app.receive(&here, json!({})).await;
    let theirs = app.receive(&there, json!({"agency": "H16.19"})).await;
    // Somebody from outside knocks, and somebody from above acts.
    app.get(&format!("/v1/dossiers/{own}"), &there).await.expect(404);
    app.transition(&admin, &own, json!({"to": "processing"})).await.expect(200);
    let auditor = app.user("soat", Role::Auditor, Some("H16.18")).await;
    let seen = app.get("/v1/audit?limit=200", &auditor).await.expect(200);
    let seen = seen["items"].as_array().unwrap();
    for entry in seen {
        let ours = ["actor_agency", "agency", "received_by"].iter().any(|member| entry[*member] == "H16.18");
        assert!(ours, "{entry}");
        assert_ne!(entry["resource"], json!(theirs));
    }
    let of_own: Vec<_> =
        seen.iter().filter(|entry| entry["resource"] == json!(own)).map(|entry| &entry["actor_name"]).collect();
    assert_eq!(of_own, ["admin", "minh", "lan"]);
    // The filter is no way around.
    let around = app.get(&format!("/v1/audit?resource={theirs}"), &auditor).await.expect(200);
    assert_eq!(around["items"], json!([]));
    // Who looks is seen.
    let looks = app.get("/v1/audit?actor=soat&action=GET%20/v1/audit", &auditor).await.expect(200);
    assert_eq!(looks["items"].as_array().unwrap().len(), 2);
    for role in [Role::FrontDesk, Role::Officer, Role::Leader] {
        let token = app.user(&format!("{role:?}"), role, Some("H16.18")).await;
        app.get("/v1/audit", &token).await.expect(403);
    }
});

story!(journal_and_audit_refuse_change, |app| {
    let token = app.office().await;
    let code = app.receive(&token, json!({})).await;
    log(app, "").await;
    let refused = [
        "UPDATE journal SET actor = 'x'".to_owned(),
        format!("DELETE FROM journal WHERE dossier = '{code}'"),
        "UPDATE audit SET actor_name = 'x'".to_owned(),
        "DELETE FROM audit WHERE position = 1".to_owned(),
        "UPDATE audit_queue SET entry = '{}'".to_owned(),
        // The last look waits there.
        "DELETE FROM audit_queue".to_owned(),
        "UPDATE audit_head SET position = 0".to_owned(),
        "DELETE FROM audit_head".to_owned(),
    ];
    for sql in &refused {
        let error = intrude(app, sql, sql).unwrap_err().to_string();
        assert!(error.contains("append-only") || error.contains("only moves on"), "{sql}: {error}");
    }
    if app.kind() == Kind::Postgres {
        for table in ["journal", "audit", "audit_queue", "audit_head"] {
            let sql = format!("TRUNCATE {table} CASCADE");
            assert!(intrude(app, "", &sql).unwrap_err().to_string().contains("append-only"), "{sql}");
        }
    }
    // What mends a mistake writes to the journal and goes on working.
    app.post(&format!("/v1/dossiers/{code}/correct"), &token, json!({"channel": "postal", "reason": "Nhầm"}))
        .await
        .expect(200);
    app.post(&format!("/v1/dossiers/{code}/void"), &token, json!({"reason": "Nhầm"})).await.expect(200);
});

/// A story about an intruder: it ends with a log that does not verify, and so cannot be a `story!`.
macro_rules! intrusion {
    ($name:ident, |$app:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn tell($app: &TestApp) {
                let token = $app.office().await;
                for _ in 0..5 {
                    $app.receive(&token, json!({})).await;
                }
                seal(&$app.db).unwrap();
                assert_eq!(differences($app), Vec::<String>::new());
                disarm($app);
                $body
            }

            #[actix_web::test]
            async fn on_sqlite() {
                tell(&TestApp::start(Kind::Sqlite).await.unwrap()).await;
            }

            #[actix_web::test]
            async fn on_postgres() {
                if let Some(app) = TestApp::start(Kind::Postgres).await {
                    tell(&app).await;
                }
            }
        }
    };
}

intrusion!(a_changed_entry_is_found, |app| {
    both(app, "UPDATE audit SET actor_name = 'minh' WHERE position = 3");
    assert_eq!(differences(app), ["audit entry 3 is not what was sealed"]);
});

intrusion!(a_changed_entry_is_found_with_its_hash_made_anew, |app| {
    both(app, "UPDATE audit SET actor_name = 'minh', hash = 'ab' WHERE position = 3");
    assert_eq!(differences(app), ["audit entry 3 is not what was sealed", "audit entry 4 is not what was sealed"]);
});

intrusion!(a_deletion_in_the_middle_is_found, |app| {
    both(app, "DELETE FROM audit WHERE position IN (3, 4)");
    assert_eq!(differences(app), ["audit entries 3 to 4 are missing"]);
    // Closing ranks does not help, nor does putting another one in.
    both(app, "UPDATE audit SET position = 3 WHERE position = 5");
    let found = differences(app);
    assert_eq!(found[0], "audit entry 3 is not what was sealed");
});

intrusion!(a_deletion_at_the_end_is_found, |app| {
    let last = verify(&app.db, app.ambient.now()).unwrap().audited;
    both(app, &format!("DELETE FROM audit WHERE position = {last}"));
    let found = differences(app);
    assert_eq!(found, [format!("the audit log ends with entry {}, and {last} was sealed last", last - 1)]);
    // Another in its place, with the old hash.
    let columns = "id, at, actor, actor_name, role, actor_agency, address, request, action, resource, part, agency, received_by, \
                   outcome, reason";
    let other = columns.replacen("id", "'forged'", 1);
    both(
        app,
        &format!(
            "INSERT INTO audit (position, hash, {columns}) SELECT {last}, (SELECT hash FROM audit_head), {other} \
             FROM audit WHERE position = 2"
        ),
    );
    assert_eq!(differences(app), [format!("audit entry {last} is not what was sealed")]);
});

story!(writers_at_once_leave_one_whole_chain, |app| {
    let token = app.office().await;
    let before = count(app, "POST /v1/dossiers").await;
    std::thread::scope(|scope| {
        // Two processes seal while eight write.
        let sealers: Vec<_> =
            (0..2).map(|_| scope.spawn(|| (0..20).map(|_| seal(&app.db).unwrap()).sum::<usize>())).collect();
        let writers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    actix_web::rt::System::new().block_on(async {
                        let client = reqwest::Client::builder().no_proxy().build().unwrap();
                        for _ in 0..5 {
                            let url = format!("{}/v1/dossiers", app.base);
                            let sent =
                                client.post(url).bearer_auth(&token).json(&dossier(json!({}))).send().await.unwrap();
                            assert_eq!(sent.status().as_u16(), 201);
                        }
                    });
                })
            })
            .collect();
        writers.into_iter().for_each(|thread| thread.join().unwrap());
        sealers.into_iter().for_each(|thread| assert!(thread.join().is_ok()));
    });
    assert_eq!(count(app, "POST /v1/dossiers").await, before + 40);
    let verdict = verify(&app.db, app.ambient.now()).unwrap();
    assert_eq!(verdict.differences, Vec::<String>::new());
    assert!(verdict.audited >= 40, "{verdict:?}");
});
