//! What printing costs once warm: a letter and a receipt as PDF, a letter as DOCX, and a register of 1,000 dossiers.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use motcua::documents::docx::docx;
use motcua::documents::press::Press;
use motcua::domain::apology::{Promulgation, Signer};
use motcua::domain::forms::apology::LetterPaper;
use motcua::domain::forms::letterhead::{Imprint, Letterhead};
use motcua::domain::forms::party::Party;
use motcua::domain::forms::receipt::ReceiptPaper;
use motcua::domain::forms::register::RegisterPaper;
use motcua::domain::papers::Document;
use motcua::domain::register::Entry;
use motcua::domain::statistics::Period;
use motcua::domain::vocabulary::{ApplicantKind, LetterKind, LetterStatus, LocalTime, Status};

fn at(text: &str) -> LocalTime {
    text.parse().unwrap()
}

fn letterhead() -> Letterhead {
    Letterhead {
        code: Some("H16.18".parse().unwrap()),
        agency: "Sở Lao động - Thương binh và Xã hội".to_owned(),
        governing: Some("UBND tỉnh Đắk Nông".to_owned()),
        imprint: Imprint { place: Some("Đắk Nông".to_owned()), ..Imprint::default() },
    }
}

/// Every paper is another one's: nothing is printed from memory.
fn applicant(number: usize) -> Party {
    Party {
        kind: ApplicantKind::Citizen,
        name: format!("Nguyễn Thị Ưởng {number}"),
        identity_no: Some(format!("{number:012}")),
        address: Some("Thôn 3, xã Hữu Nghị".to_owned()),
        phone: Some("0900 000 000".to_owned()),
        email: None,
    }
}

fn letter(number: usize) -> LetterPaper {
    LetterPaper {
        letterhead: letterhead(),
        letter: number.to_string(),
        kind: LetterKind::Late,
        status: LetterStatus::Issued,
        dossier: format!("H16.18-260302-{number:04}"),
        applicant: applicant(number),
        procedure: "Thủ tục tiếp nhận đối tượng cần bảo vệ khẩn cấp vào cơ sở trợ giúp xã hội".to_owned(),
        received_at: at("2026-03-02T09:00:00"),
        promised_at: Some(at("2026-03-09T09:00:00")),
        reason: Some("Chờ ý kiến của cơ quan phối hợp".to_owned()),
        reappoints: true,
        new_return_at: Some(at("2026-03-16T09:00:00")),
        ended: None,
        promulgation: Some(Promulgation {
            number: 12,
            notation: "PXL-SLĐTBXH".to_owned(),
            on: at("2026-03-10T00:00:00").date(),
            signer: Signer { name: "Đặng Văn Quỳnh".to_owned(), position: "Giám đốc".to_owned() },
        }),
        today: at("2026-03-10T00:00:00").date(),
    }
}

fn receipt(number: usize) -> ReceiptPaper {
    ReceiptPaper {
        letterhead: letterhead(),
        dossier: format!("H16.18-260302-{number:04}"),
        applicant: applicant(number),
        submitted_by: None,
        procedure: "Thủ tục tiếp nhận đối tượng cần bảo vệ khẩn cấp vào cơ sở trợ giúp xã hội".to_owned(),
        summary: None,
        documents: vec![Document { name: "Tờ khai".to_owned(), originals: 1, copies: 2 }; 4],
        sets: Some(1),
        limit: None,
        received_at: at("2026-03-02T09:00:00"),
        promised_at: Some(at("2026-03-09T09:00:00")),
        delivery: None,
        secret: "ABCDE-FGHJK".to_owned(),
        address: Some("https://tra-cuu.example.vn/ho-so".to_owned()),
    }
}

fn register() -> RegisterPaper {
    let entry = |number| Entry {
        code: format!("H16.18-260302-{number:04}"),
        procedure: "Thủ tục tiếp nhận đối tượng cần bảo vệ khẩn cấp".to_owned(),
        applicant: format!("Nguyễn Thị Ưởng {number}"),
        address: Some("Thôn 3, xã Hữu Nghị".to_owned()),
        phone: None,
        agency: "Sở Lao động - Thương binh và Xã hội".to_owned(),
        received_at: at("2026-03-02T09:00:00"),
        due_at: Some(at("2026-03-09T09:00:00")),
        returned_at: None,
        delivery: None,
        status: Status::Processing,
        ended_at: None,
        void: false,
    };
    RegisterPaper {
        letterhead: letterhead(),
        period: Period::preset("2026-M03").unwrap(),
        entries: (0..1_000).map(entry).collect(),
        made_at: at("2026-03-10T09:00:00"),
    }
}

fn print(criterion: &mut Criterion) {
    let press = Press::default();
    let mut number = 0;
    let mut next = move || {
        number += 1;
        number
    };
    criterion.bench_function("letter.pdf", |bencher| {
        bencher.iter(|| black_box(press.pdf(&letter(next())).unwrap()));
    });
    criterion.bench_function("receipt.pdf", |bencher| {
        bencher.iter(|| black_box(press.pdf(&receipt(next())).unwrap()));
    });
    criterion.bench_function("letter.docx", |bencher| {
        bencher.iter(|| black_box(docx(&letter(next())).unwrap()));
    });
    let mut long = criterion.benchmark_group("long");
    long.sample_size(10);
    long.bench_function("register.pdf of 1,000", |bencher| {
        bencher.iter(|| black_box(press.pdf(&register()).unwrap()));
    });
}

criterion_group!(benches, print);
criterion_main!(benches);
