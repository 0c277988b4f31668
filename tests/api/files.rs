//! Files of a dossier: what is taken and what is not, how it comes back, and that nothing is left lying about.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use motcua::files::scan::Scanner;
use motcua::files::store::FileStore;
use motcua::files::{FileFault, Files};
use motcua::flow::files::{claim, release};
use motcua::flow::{Act, Actor};
use motcua::storage::files::{Claim, components, stale_claims};
use motcua::storage::personal_reads;
use motcua::worker::tidy_files;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::story;
use crate::support::bucket::Bucket;
use crate::support::{Answer, Kind, TestApp};

const MOST: usize = 20 << 20;

/// A PDF as far as its beginning goes, of so many bytes.
fn pdf(size: usize) -> Vec<u8> {
    let mut content = b"%PDF-1.7\n".to_vec();
    content.extend((content.len()..size).map(|place| u8::try_from(place % 251).unwrap()));
    content
}

fn named(name: &str) -> String {
    let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("attachment; filename*=UTF-8''{escaped}")
}

async fn add(app: &TestApp, token: &str, code: &str, query: &str, name: &str, content: Vec<u8>) -> Answer {
    let path = format!("/v1/dossiers/{code}/files?{query}");
    app.bytes(Method::POST, &path, Some(token), &[("content-disposition", &named(name))], content).await
}

/// Every file below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(below(&path)) } else { found.push(path) }
    }
    found
}

fn claims(app: &TestApp) -> usize {
    let far = "2100-01-01T00:00:00".parse().unwrap();
    app.db.read(|reader| stale_claims(reader, far, 1000)).unwrap().len()
}

/// Brings a content into the store as a process does that has not put it on a dossier yet.
async fn claimed(app: &TestApp, size: usize) -> Claim {
    let (actor, now) = (Actor::service("another process"), app.ambient.now());
    let mut body = futures_util::stream::iter([Ok::<_, FileFault>(pdf(size))]);
    let spooled = app.files.receive(&mut body).await.unwrap();
    let act = Act { actor: &actor, now, ambient: &app.ambient };
    let claim = app.db.write(|tx| claim(tx, act, &spooled.sha256)).unwrap();
    app.files.store.keep(spooled).await.unwrap();
    claim
}

async fn tidy(app: &TestApp) {
    let (db, ambient, files) = (app.db.clone(), app.ambient.clone(), app.files.clone());
    actix_web::rt::task::spawn_blocking(move || tidy_files(&db, &ambient, &files)).await.unwrap().unwrap();
}

story!(a_file_is_put_on_a_dossier_and_comes_back_as_it_was, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let clerk = app.user("clerk", motcua::domain::vocabulary::Role::FrontDesk, Some("H16.18")).await;
    let content = pdf(70_000);
    let added =
        add(app, &clerk, &code, "kind=component&component=TP01", "Đơn của Nguyễn Văn Thử.pdf", content.clone()).await;
    let file = added.expect(201);
    let id = file["id"].as_str().unwrap();
    let digest: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = json!({"id": id, "name": "Đơn của Nguyễn Văn Thử.pdf", "kind": "component", "component": "TP01",
        "content_type": "application/pdf", "size": 70_000, "sha256": digest, "uploaded_by": "clerk",
        "uploaded_at": "2026-03-02T09:00:00+07:00", "scan": "unscanned"});
    assert_eq!(file, expected);
    let path = format!("/v1/dossiers/{code}/files/{id}");
    assert_eq!(added.header("location"), path);
    let shown = app.get(&path, &clerk).await;
    assert_eq!((shown.expect(200), shown.header("etag")), (expected.clone(), added.header("etag")));
    let known = app.send(Method::GET, &path, Some(&clerk), &[("if-none-match", "\"1\"")], None).await;
    assert_eq!(known.status, 304);
    let listed = app.get(&format!("/v1/dossiers/{code}/files"), &clerk).await.expect(200);
    assert_eq!(listed, json!({"items": [expected], "next_cursor": null}));

    let given = app.get(&format!("{path}/content"), &clerk).await;
    assert_eq!((given.status.as_u16(), &given.bytes), (200, &content));
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("content-length", "70000"),
        ("etag", &format!("\"{digest}\"")),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, no-store"),
    ] {
        assert_eq!(given.header(name), value, "{name}");
    }
    let disposition = given.header("content-disposition");
    assert!(
        disposition.starts_with("attachment; filename=\"Don cua Nguyen Van Thu.pdf\"; filename*=UTF-8''%C4%90"),
        "{disposition}"
    );

    // The dossier counts it, the timeline tells of it without its name, and who read it is noted.
    let dossier = app.get(&format!("/v1/dossiers/{code}"), &clerk).await.expect(200);
    assert_eq!((&dossier["files"], &dossier["version"]), (&json!({"count": 1}), &json!(2)));
    let items = app.get("/v1/dossiers", &clerk).await.expect(200)["items"].clone();
    assert_eq!(items[0]["files"], json!({"count": 1}));
    let timeline = app.get(&format!("/v1/dossiers/{code}/timeline"), &clerk).await;
    let event = timeline.expect(200)["items"][1].clone();
    assert_eq!(
        event,
        json!({"seq": 2, "at": "2026-03-02T09:00:00+07:00", "recorded_at": "2026-03-02T09:00:00+07:00",
        "actor": "clerk", "event": "dossier.file_added", "kind": "file_added", "file": id, "file_kind": "component", "sha256": digest})
    );
    assert!(!timeline.text.contains("Nguyễn"));
    let parsed = code.parse().unwrap();
    let read = app.db.read(|reader| personal_reads::page(reader, &parsed, (0, ""), 9)).unwrap();
    assert_eq!(
        read.iter().map(|read| (read.what.clone(), read.reader_name.as_str())).collect::<Vec<_>>(),
        [(format!("file {id}"), "clerk")]
    );
    let known = app
        .send(
            Method::GET,
            &format!("{path}/content"),
            Some(&clerk),
            &[("if-none-match", &format!("\"{digest}\""))],
            None,
        )
        .await;
    assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
    assert_eq!(
        app.db.read(|reader| personal_reads::page(reader, &parsed, (0, ""), 9)).unwrap().len(),
        1,
        "nothing was given out"
    );
    // For the portal record (`TaiLieuNop`): what was handed in, and nothing else.
    add(app, &admin, &code, "kind=result", "Quyết định.pdf", pdf(50)).await.expect(201);
    let handed_in = app.db.read(|reader| components(reader, &parsed)).unwrap();
    assert_eq!(handed_in.iter().map(|file| file.id.as_str()).collect::<Vec<_>>(), [id]);
    assert_eq!((claims(app), below(&app.folder.path().join("incoming")).len()), (0, 0));
});

story!(lists_come_in_pages_and_by_kind, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    for (place, kind) in ["component", "component", "signed_paper", "result"].iter().enumerate() {
        app.at(&format!("2026-03-02T09:0{place}:00"));
        add(app, &admin, &code, &format!("kind={kind}"), &format!("{place}.pdf"), pdf(20 + place)).await.expect(201);
    }
    let names = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect()
    };
    let path = format!("/v1/dossiers/{code}/files");
    let first = app.get(&format!("{path}?limit=3"), &admin).await.expect(200);
    assert_eq!(names(&first), ["0.pdf", "1.pdf", "2.pdf"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.get(&format!("{path}?limit=3&cursor={cursor}"), &admin).await.expect(200);
    assert_eq!((names(&second), &second["next_cursor"]), (vec!["3.pdf".to_owned()], &Value::Null));
    assert_eq!(names(&app.get(&format!("{path}?kind=component"), &admin).await.expect(200)), ["0.pdf", "1.pdf"]);
    assert_eq!(app.get(&format!("{path}?kind=song"), &admin).await.problem(422), "invalid_word");
    assert_eq!(app.get(&format!("{path}?limit=201"), &admin).await.problem(400), "bad_limit");
});

story!(twenty_mib_are_taken_and_a_byte_more_is_refused_with_the_connection_alive, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let file = add(app, &admin, &code, "kind=component", "lớn.pdf", pdf(MOST)).await.expect(201);
    let path = format!("/v1/dossiers/{code}/files/{}/content", file["id"].as_str().unwrap());
    assert!(app.get(&path, &admin).await.bytes == pdf(MOST));
    // By hand, so that the second request goes over the very connection on which the first was refused.
    let mut wire = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).unwrap();
    wire.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = |method: &str, path: &str, length: usize| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: motcua\r\nAuthorization: Bearer {admin}\r\nContent-Disposition: attachment; filename=a.pdf\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    wire.write_all(head("POST", &format!("/v1/dossiers/{code}/files?kind=component"), MOST + 1).as_bytes()).unwrap();
    wire.write_all(&pdf(MOST + 1)).unwrap();
    let (status, body) = answer(&mut wire);
    assert_eq!((status, body["code"].as_str().unwrap()), (413, "file_too_large"));
    assert_eq!(body["detail"], "Tệp lớn hơn mức cho phép. (tối đa 20971520 byte)");
    wire.write_all(head("GET", &format!("/v1/dossiers/{code}/files"), 0).as_bytes()).unwrap();
    let (status, body) = answer(&mut wire);
    assert_eq!((status, body["items"].as_array().unwrap().len()), (200, 1));
    // Nor does one that is refused before its bytes were looked at cut the line.
    wire.write_all(head("POST", "/v1/dossiers/H99-260302-0001/files?kind=component", 3 << 20).as_bytes()).unwrap();
    wire.write_all(&pdf(3 << 20)).unwrap();
    assert_eq!(answer(&mut wire).0, 404);
    wire.write_all(head("GET", "/v1/me", 0).as_bytes()).unwrap();
    assert_eq!(answer(&mut wire).0, 200);
    assert_eq!((claims(app), below(app.folder.path()).len()), (0, 1));
});

/// One answer off the wire: its status and its JSON.
fn answer(wire: &mut TcpStream) -> (u16, Value) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        wire.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    wire.read_exact(&mut body).unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_slice(&body).unwrap())
}

story!(a_file_is_what_it_holds_whatever_it_is_called, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let jpeg = b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00".to_vec();
    let xml = b"<?xml version=\"1.0\"?><a/>".to_vec();
    for (name, content, kept, content_type) in [
        ("ảnh.pdf", &jpeg, "ảnh.jpg", "image/jpeg"),
        ("ảnh.JPEG", &jpeg, "ảnh.JPEG", "image/jpeg"),
        ("gói tin.edxml", &xml, "gói tin.edxml", "application/xml"),
        ("virus.exe", &pdf(30), "virus.exe.pdf", "application/pdf"),
    ] {
        let path = format!("/v1/dossiers/{code}/files?kind=component");
        // What the client calls it is a hint at best.
        let headers = [("content-disposition", named(name)), ("content-type", "text/html".to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let file = app.bytes(Method::POST, &path, Some(&admin), &headers, content.clone()).await.expect(201);
        assert_eq!((file["name"].as_str(), file["content_type"].as_str()), (Some(kept), Some(content_type)));
    }
    let refused = async |query: &str, name: &str, content: &[u8], status: u16| {
        add(app, &admin, &code, query, name, content.to_vec()).await.problem(status)
    };
    for content in [&b"MZ\x90\x00"[..], b"<html><script>1</script></html>", b"PK\x03\x04", b"{}", b"\x00"] {
        assert_eq!(refused("kind=component", "a.pdf", content, 415).await, "file_type_refused");
    }
    assert_eq!(refused("kind=component", "a.pdf", b"", 422).await, "file_empty");
    assert_eq!(refused("kind=component", "../a.pdf", b"%PDF-1", 422).await, "validation");
    assert_eq!(refused("kind=component", &"ă".repeat(197), b"%PDF-1", 422).await, "too_long");
    assert_eq!(refused("kind=song", "a.pdf", b"%PDF-1", 422).await, "invalid_word");
    assert_eq!(refused("", "a.pdf", b"%PDF-1", 400).await, "missing_parameter");
    assert_eq!(refused("kind=component&name=a.pdf", "a.pdf", b"%PDF-1", 400).await, "unknown_parameter");
    let path = format!("/v1/dossiers/{code}/files?kind=component");
    assert_eq!(app.bytes(Method::POST, &path, Some(&admin), &[], pdf(20)).await.problem(400), "file_name_missing");
    let form =
        [("content-disposition", "attachment; filename=a.pdf"), ("content-type", "multipart/form-data; boundary=x")];
    assert_eq!(
        app.bytes(Method::POST, &path, Some(&admin), &form, pdf(20)).await.problem(415),
        "unsupported_media_type"
    );
    assert_eq!((claims(app), below(app.folder.path()).len()), (0, 3));
});

story!(an_upload_that_breaks_off_leaves_nothing, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let incoming = app.folder.path().join("incoming");
    let mut wire = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).unwrap();
    let head = format!(
        "POST /v1/dossiers/{code}/files?kind=component HTTP/1.1\r\nHost: motcua\r\nAuthorization: Bearer {admin}\r\nContent-Disposition: attachment; filename=a.pdf\r\nContent-Length: 1000000\r\n\r\n"
    );
    wire.write_all(head.as_bytes()).unwrap();
    wire.write_all(&pdf(600_000)).unwrap();
    // A request's round trip is the beat of this clock.
    let until = async |count: usize| {
        for _ in 0..5_000 {
            if below(&incoming).len() == count {
                return;
            }
            app.get("/healthz", &admin).await;
        }
        panic!("never {count} temporary files");
    };
    until(1).await;
    drop(wire);
    until(0).await;
    assert_eq!((claims(app), below(app.folder.path()).len()), (0, 0));
    let dossier = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!((&dossier["files"]["count"], &dossier["version"]), (&json!(0), &json!(1)));
});

story!(one_range_is_given_and_others_are_passed_over, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let content = pdf(1000);
    let file = add(app, &admin, &code, "kind=result", "a.pdf", content.clone()).await.expect(201);
    let path = format!("/v1/dossiers/{code}/files/{}/content", file["id"].as_str().unwrap());
    let tag = format!("\"{}\"", file["sha256"].as_str().unwrap());
    let get = async |headers: &[(&str, &str)]| app.send(Method::GET, &path, Some(&admin), headers, None).await;
    // RFC 9110, 14.1.2 and 14.4.
    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=990-", 990, 999),
        ("bytes=-10", 990, 999),
        ("bytes=900-5000", 900, 999),
        ("bytes=-5000", 0, 999),
    ] {
        let given = get(&[("range", range)]).await;
        assert_eq!((given.status.as_u16(), given.bytes.as_slice()), (206, &content[first..=last]), "{range}");
        assert_eq!(given.header("content-range"), format!("bytes {first}-{last}/1000"));
        assert_eq!(given.header("content-length"), given.bytes.len().to_string());
    }
    for range in ["bytes=1000-", "bytes=5000-6000", "bytes=-0"] {
        let refused = get(&[("range", range)]).await;
        assert_eq!(refused.problem(416), "range_not_satisfiable", "{range}");
        assert_eq!(refused.header("content-range"), "bytes */1000");
    }
    for headers in [
        &[("range", "bytes=0-1,5-6")][..],
        &[("range", "lines=1-2")],
        &[("range", "bytes=x")],
        &[("range", "bytes=0-1"), ("if-range", "\"another\"")],
    ] {
        assert_eq!(get(headers).await.bytes, content, "{headers:?}");
    }
    assert_eq!(get(&[("range", "bytes=0-1"), ("if-range", &tag)]).await.bytes, &content[..2]);
});

story!(the_same_content_is_kept_once_and_goes_with_its_last_file, |app| {
    let admin = app.office().await;
    let (one, other) = (app.receive(&admin, json!({})).await, app.receive(&admin, json!({})).await);
    let mut ids = Vec::new();
    for (code, name) in [(&one, "a.pdf"), (&one, "b.pdf"), (&other, "c.pdf")] {
        let file = add(app, &admin, code, "kind=component", name, pdf(5000)).await.expect(201);
        ids.push(format!("/v1/dossiers/{code}/files/{}", file["id"].as_str().unwrap()));
    }
    assert_eq!(below(app.folder.path()).len(), 1);
    let remove = async |path: &str| app.post(&format!("{path}/remove"), &admin, json!({"reason": "Quét nhầm"})).await;
    for (place, path) in ids.iter().enumerate() {
        assert_eq!(app.get(&format!("{path}/content"), &admin).await.bytes, pdf(5000));
        remove(path).await.expect(200);
        assert_eq!(app.get(path, &admin).await.problem(404), "not_found");
        assert_eq!(app.get(&format!("{path}/content"), &admin).await.problem(404), "not_found");
        assert_eq!(remove(path).await.problem(404), "not_found");
        assert_eq!(below(app.folder.path()).len(), usize::from(place < 2), "{place}");
    }
    assert_eq!(claims(app), 0);
    let timeline = app.get(&format!("/v1/dossiers/{other}/timeline"), &admin).await.expect(200);
    let last = timeline["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["event"], &last["reason"]), (&json!("dossier.file_removed"), &json!("Quét nhầm")));
    assert_eq!(last["sha256"], timeline["items"][1]["sha256"]);
    let dossier = app.get(&format!("/v1/dossiers/{other}"), &admin).await.expect(200);
    assert_eq!(dossier["files"]["count"], 0);
});

story!(a_lost_content_is_a_fault_and_no_missing_page, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let file = add(app, &admin, &code, "kind=component", "a.pdf", pdf(100)).await.expect(201);
    let path = format!("/v1/dossiers/{code}/files/{}", file["id"].as_str().unwrap());
    std::fs::remove_file(&below(app.folder.path())[0]).unwrap();
    assert_eq!(app.get(&format!("{path}/content"), &admin).await.problem(500), "internal");
    assert_eq!(
        app.db.read(|reader| personal_reads::page(reader, &code.parse().unwrap(), (0, ""), 9)).unwrap(),
        [],
        "nobody was given anything"
    );
    // Whoever has it still can bring it back; and what is not there is no hindrance to its removal.
    add(app, &admin, &code, "kind=component", "a.pdf", pdf(100)).await.expect(201);
    assert_eq!(app.get(&format!("{path}/content"), &admin).await.bytes, pdf(100));
    std::fs::remove_file(&below(app.folder.path())[0]).unwrap();
    app.post(&format!("{path}/remove"), &admin, json!({"reason": "Mất"})).await.expect(200);
});

story!(a_content_on_its_way_in_stays_when_its_last_file_goes, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let file = add(app, &admin, &code, "kind=component", "a.pdf", pdf(100)).await.expect(201);
    // Another process has found the content in the store, and has not put its file on a dossier yet.
    let other = claimed(app, 100).await;
    let path = format!("/v1/dossiers/{code}/files/{}/remove", file["id"].as_str().unwrap());
    app.post(&path, &admin, json!({"reason": "Quét nhầm"})).await.expect(200);
    assert_eq!((claims(app), below(app.folder.path()).len()), (1, 1));
    // It breaks off: now the content is nobody's.
    let (db, files) = (app.db.clone(), app.files.clone());
    let dropped = actix_web::rt::task::spawn_blocking(move || {
        release(&db, &other, |sha256| {
            files.store.erase(sha256).unwrap();
            Ok(())
        })
    });
    assert!(dropped.await.unwrap().unwrap());
    assert_eq!((claims(app), below(app.folder.path()).len()), (0, 0));
});

story!(contents_that_come_and_go_at_once_are_never_lost, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let coming_and_going = (0..4).map(|_| async {
        for _ in 0..6 {
            let file = add(app, &admin, &code, "kind=component", "a.pdf", pdf(3000)).await.expect(201);
            let path = format!("/v1/dossiers/{code}/files/{}", file["id"].as_str().unwrap());
            assert_eq!(app.get(&format!("{path}/content"), &admin).await.bytes, pdf(3000));
            app.post(&format!("{path}/remove"), &admin, json!({"reason": "Thử"})).await.expect(200);
        }
    });
    futures_util::future::join_all(coming_and_going).await;
    assert_eq!((claims(app), below(app.folder.path()).len()), (0, 0));
});

story!(a_keyed_upload_is_done_once, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let path = format!("/v1/dossiers/{code}/files?kind=component");
    let send = async |name: &str, content: Vec<u8>| {
        let headers = [("content-disposition", named(name)), ("idempotency-key", "k1".to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        app.bytes(Method::POST, &path, Some(&admin), &headers, content).await
    };
    let first = send("a.pdf", pdf(4000)).await;
    let again = send("a.pdf", pdf(4000)).await;
    assert_eq!((again.expect(201), again.header("idempotency-replayed")), (first.expect(201), "true"));
    assert_eq!(send("a.pdf", pdf(4001)).await.problem(422), "idempotency_key_reused");
    assert_eq!(send("b.pdf", pdf(4000)).await.problem(422), "idempotency_key_reused");
    let listed = app.get(&format!("/v1/dossiers/{code}/files"), &admin).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!((claims(app), below(app.folder.path()).len()), (0, 1));
});

story!(who_may_put_on_take_off_and_read, |app| {
    use motcua::domain::vocabulary::Role;
    let admin = app.office().await;
    for (code, parent) in [("H16.19", "H16"), ("H16.18.1", "H16.18")] {
        let body = json!({"code": code, "name": "Đơn vị", "level": "department", "parent": parent});
        app.post("/v1/agencies", &admin, body).await.expect(201);
    }
    // Handed in at the branch, resolved at the department.
    let code = app.receive(&admin, json!({"received_by": "H16.18.1"})).await;
    let path = format!("/v1/dossiers/{code}/files");
    // Role, agency, then: reads, puts on, takes off while it is open, takes off when it was handed over.
    let table = [
        (Role::FrontDesk, "H16.18.1", 200, 201, 403, 403),
        (Role::FrontDesk, "H16.18", 200, 403, 403, 403),
        (Role::Officer, "H16.18.1", 200, 201, 200, 403),
        (Role::Officer, "H16.18", 200, 201, 200, 403),
        (Role::Leader, "H16.18", 200, 201, 200, 200),
        (Role::Leader, "H16", 200, 201, 200, 200),
        (Role::Auditor, "H16.18", 200, 403, 403, 403),
        (Role::Admin, "H16.18", 200, 201, 200, 200),
        (Role::FrontDesk, "H16.19", 404, 404, 403, 403),
        (Role::Officer, "H16.19", 404, 404, 404, 404),
        (Role::Leader, "H16.19", 404, 404, 404, 404),
        (Role::Auditor, "H16.19", 404, 403, 403, 403),
        (Role::Officer, "H16", 404, 404, 404, 404),
    ];
    let mut tokens = Vec::new();
    for (place, (role, agency, ..)) in table.iter().enumerate() {
        tokens.push(app.user(&format!("user{place}"), *role, Some(agency)).await);
    }
    let new = async || {
        let file = add(app, &admin, &code, "kind=component", "a.pdf", pdf(100)).await.expect(201);
        file["id"].as_str().unwrap().to_owned()
    };
    for is_closed in [false, true] {
        if is_closed {
            for step in ["processing", "finished", "returned"] {
                app.transition(&admin, &code, json!({"to": step})).await.expect(200);
            }
        }
        for ((role, agency, reads, adds, removes, removes_late), token) in table.iter().zip(&tokens) {
            let told = format!("{role:?} of {agency}, closed: {is_closed}");
            let id = new().await;
            for shown in [path.clone(), format!("{path}/{id}"), format!("{path}/{id}/content")] {
                assert_eq!(app.get(&shown, token).await.status, *reads, "{told} {shown}");
            }
            let added = add(app, token, &code, "kind=result", "a.pdf", pdf(200)).await;
            assert_eq!(added.status, *adds, "{told}: {}", added.text);
            let removed = app.post(&format!("{path}/{id}/remove"), token, json!({"reason": "Thử"})).await;
            assert_eq!(removed.status, if is_closed { *removes_late } else { *removes }, "{told}: {}", removed.text);
        }
    }
    // Another dossier's file is not there, even for who may see both.
    let (id, other) = (new().await, app.receive(&admin, json!({})).await);
    assert_eq!(app.get(&format!("/v1/dossiers/{other}/files/{id}"), &admin).await.problem(404), "not_found");
    let headers = [("if-match", "\"2\"")];
    let body = Some(json!({"reason": "Thử"}));
    let stale = app.send(Method::POST, &format!("{path}/{id}/remove"), Some(&admin), &headers, body).await;
    assert_eq!(stale.problem(412), "changed");
});

story!(machines_read_and_add_within_their_scopes, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let path = format!("/v1/dossiers/{code}/files");
    let id = add(app, &admin, &code, "kind=component", "a.pdf", pdf(100)).await.expect(201)["id"].clone();
    let shown = format!("{path}/{}/content", id.as_str().unwrap());
    for (scope, agency, reads, adds) in [
        ("dossiers:read", "H16.18", 200, 403),
        ("dossiers:write", "H16.18", 200, 201),
        ("dossiers:write", "H16", 200, 201),
        ("statistics:read", "H16.18", 403, 403),
    ] {
        let body = json!({"name": "Phần mềm", "scopes": [scope], "agency": agency});
        let made = app.post("/v1/clients", &admin, body).await.expect(201);
        let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let kind = "application/x-www-form-urlencoded";
        let given = app.raw(Method::POST, "/oauth/token", None, kind, form.into_bytes()).await.expect(200);
        let token = given["access_token"].as_str().unwrap();
        for path in [&path, &shown] {
            assert_eq!(app.get(path, token).await.status, reads, "{scope} {path}");
        }
        let added = add(app, token, &code, "kind=result", "a.pdf", pdf(200)).await;
        assert_eq!(added.status, adds, "{scope}: {}", added.text);
        let removed = app.post(&shown.replace("content", "remove"), token, json!({"reason": "Thử"})).await;
        assert_eq!(removed.problem(403), "forbidden", "{scope}");
    }
});

story!(the_files_of_a_void_dossier_are_read_and_no_more_are_taken, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let file = add(app, &admin, &code, "kind=component", "a.pdf", pdf(100)).await.expect(201);
    app.post(&format!("/v1/dossiers/{code}/void"), &admin, json!({"reason": "Nhập trùng"})).await.expect(200);
    let path = format!("/v1/dossiers/{code}/files/{}", file["id"].as_str().unwrap());
    assert_eq!(app.get(&format!("{path}/content"), &admin).await.bytes, pdf(100));
    let refused = add(app, &admin, &code, "kind=component", "b.pdf", pdf(200)).await;
    assert_eq!(refused.problem(409), "dossier_void");
    assert_eq!((claims(app), below(app.folder.path()).len()), (0, 1));
    // What should never have come in can be taken out.
    app.post(&format!("{path}/remove"), &admin, json!({"reason": "Nhập trùng"})).await.expect(200);
    assert_eq!(below(app.folder.path()).len(), 0);
});

story!(what_a_crash_left_is_tidied_after_a_day, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    add(app, &admin, &code, "kind=component", "a.pdf", pdf(100)).await.expect(201);
    // A process that died between store and row: one content of its own, one that a file has, too.
    claimed(app, 100).await;
    claimed(app, 200).await;
    let incoming = app.folder.path().join("incoming");
    std::fs::write(incoming.join("motcua-upload-dead"), b"%PDF").unwrap();
    std::fs::write(incoming.join("somebody else's"), b"x").unwrap();
    app.at("2026-03-03T09:00:00");
    tidy(app).await;
    assert_eq!((claims(app), below(app.folder.path()).len()), (2, 4), "no day has passed yet");
    // The age of temporary files is told by the file system's own clock, which no test moves.
    app.at("2099-03-03T09:00:01");
    tidy(app).await;
    assert_eq!((claims(app), below(app.folder.path()).len()), (0, 2));
    assert!(incoming.join("somebody else's").exists());
    let admin = app.admin().await;
    let listed = app.get(&format!("/v1/dossiers/{code}/files"), &admin).await.expect(200);
    let path = format!("/v1/dossiers/{code}/files/{}/content", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(app.get(&path, &admin).await.bytes, pdf(100));
    app.at("2026-03-02T09:00:00");
});

/// The application with a scanner: a script that finds what holds `EICAR`, and falls silent over what holds `SILENT`.
async fn scanned(kind: Kind) -> Option<TestApp> {
    let scanner = |folder: &Path| {
        let script = folder.join("scanner");
        let text = "#!/bin/sh\ncontent=$(cat | tr -d '\\000')\ncase \"$content\" in\n*EICAR*) exit 1;;\n*SILENT*) exec tail -f /dev/null;;\n*BROKEN*) exit 2;;\nesac\n";
        std::fs::write(&script, text).unwrap();
        let scanner = Scanner::new(&format!("sh {}", script.display()), Duration::from_secs(2));
        Files::new(FileStore::in_folder(&folder.join("files")).unwrap(), scanner, 20 << 20)
    };
    TestApp::start_with(kind, scanner).await
}

async fn scan(app: &TestApp) {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let send =
        async |content: &[u8]| add(app, &admin, &code, "kind=component", "Tên người.pdf", content.to_vec()).await;
    assert_eq!(send(b"%PDF-1.7 harmless").await.expect(201)["scan"], "clean");
    assert_eq!(send(b"%PDF-1.7 EICAR").await.problem(422), "file_infected");
    // Who cannot be asked has not said yes.
    for unknown in [&b"%PDF-1.7 SILENT"[..], b"%PDF-1.7 BROKEN"] {
        let refused = send(unknown).await;
        assert_eq!((refused.problem(503).as_str(), refused.header("retry-after")), ("unavailable", "2"));
    }
    assert_eq!((claims(app), below(&app.folder.path().join("files")).len()), (0, 1));
    app.verify();
}

#[actix_web::test]
async fn infected_files_are_refused_on_sqlite() {
    scan(&scanned(Kind::Sqlite).await.unwrap()).await;
}

#[actix_web::test]
async fn infected_files_are_refused_on_postgres() {
    if let Some(app) = scanned(Kind::Postgres).await {
        scan(&app).await;
    }
}

#[actix_web::test]
async fn files_lie_in_a_bucket_as_they_do_in_a_folder() {
    let bucket = Bucket::start();
    let spool = tempfile::tempdir().unwrap();
    let files = |_: &Path| {
        let store = FileStore::in_bucket(bucket.builder(), "so/18", spool.path().to_owned()).unwrap();
        Files::new(store, None, 20 << 20)
    };
    let app = &TestApp::start_with(Kind::Sqlite, files).await.unwrap();
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let send = async |size: usize| add(app, &admin, &code, "kind=component", "a.pdf", pdf(size)).await;
    // In one piece, on the edge of parts, in several, and once more what is there.
    let mut paths = Vec::new();
    for size in [1000, 5 << 20, (5 << 20) + 1, MOST, 1000] {
        let file = send(size).await.expect(201);
        paths.push((size, format!("/v1/dossiers/{code}/files/{}", file["id"].as_str().unwrap())));
    }
    let held = bucket.objects();
    assert_eq!((held.len(), bucket.uploads()), (4, 0));
    for (key, _) in &held {
        let digest = key.rsplit('/').next().unwrap();
        assert_eq!(*key, format!("so/18/sha256/{}/{}/{digest}", &digest[..2], &digest[2..4]));
    }
    for (size, path) in &paths {
        assert!(app.get(&format!("{path}/content"), &admin).await.bytes == pdf(*size), "{size}");
    }
    let range = [("range", "bytes=-5")];
    let part = app.send(Method::GET, &format!("{}/content", paths[3].1), Some(&admin), &range, None).await;
    assert_eq!((part.status.as_u16(), part.bytes.as_slice()), (206, &pdf(MOST)[MOST - 5..]));

    // A service that says no is told of as such; what it was to keep or to erase is settled later.
    bucket.set_down(true);
    assert_eq!(send(77).await.problem(503), "unavailable");
    assert_eq!(app.get(&format!("{}/content", paths[3].1), &admin).await.problem(503), "unavailable");
    let body = json!({"reason": "Quét nhầm"});
    app.post(&format!("{}/remove", paths[3].1), &admin, body.clone()).await.expect(200);
    bucket.set_down(false);
    assert_eq!((bucket.objects().len(), claims(app)), (4, 2));
    app.at("2026-03-03T09:00:01");
    tidy(app).await;
    assert_eq!((bucket.objects().len(), claims(app)), (3, 0));
    let admin = app.admin().await;
    app.post(&format!("{}/remove", paths[0].1), &admin, body.clone()).await.expect(200);
    assert_eq!(bucket.objects().len(), 3, "the last file has the same content");
    app.post(&format!("{}/remove", paths[4].1), &admin, body).await.expect(200);
    assert_eq!(bucket.objects().len(), 2);
    assert_eq!(below(spool.path()).len(), 0);
    app.verify();
}
