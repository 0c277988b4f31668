//! The demonstration office shows the published figures of the half-year, and verifies.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use motcua::ambient::Ambient;
use motcua::demo;
use motcua::domain::catalogue::{Changes, Inventory, Selection, standing_on};
use motcua::domain::reform::Paragraph;
use motcua::domain::statistics::{Period, Tally};
use motcua::domain::vocabulary::{CatalogueChange, ProcedureLevel};
use motcua::flow::reform;
use motcua::flow::verify::verify;
use motcua::storage::{Db, PoolSizes, decisions, feedback, migrate, procedures, reception, statistics, tasks};

#[test]
fn the_half_year_of_2023_is_reproduced_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("demo.db").display());
    let vault = motcua::storage::Vault::new(&["a data key for tests only, 32 bytes"]).unwrap();
    let db = Db::open(&url, PoolSizes { readers: 2, writers: 2, wait: Duration::from_secs(5) }, vault).unwrap();
    migrate::up(&db).unwrap();
    let now = "2026-11-23T10:00:00".parse().unwrap();
    let ambient = Ambient::standing_at(chrono_tz::Asia::Ho_Chi_Minh, now);
    demo::load(&db, &ambient, &mut std::io::sink()).unwrap();

    let window = Period::preset("2023-H1").unwrap().window(now);
    let groups = db.read(|reader| statistics::tallies(reader, &window, None, &[])).unwrap();
    let total = groups[0].tally;
    // The published half-year, the carried dossier read as part of the 1,759 (domain.md 2.3).
    assert_eq!((total.online, total.direct + total.postal, total.carried_over), (158, 1_758, 1));
    assert_eq!((total.received(), total.resolved(), total.in_progress()), (1_917, 1_715, 202));
    assert_eq!((total.early + total.on_time, total.late, total.within, total.overdue), (1_715, 0, 202, 0));
    assert!(total.is_balanced());

    // Issue 7: 104 visits; 24 tasks, 7 done and 17 being done at the end of the half-year, none late.
    let period = Period::preset("2023-H1").unwrap();
    let visits = db.read(|reader| reception::figures(reader, period, None)).unwrap();
    assert_eq!((visits.visits, visits.sessions.values().sum::<i64>()), (104, 104));
    let plans = db.read(|reader| tasks::figures(reader, &window, None)).unwrap();
    let [(_, year)] = plans.as_slice() else { panic!("{plans:?}") };
    assert_eq!((year.total(), year.ended(), year.within, year.overdue, year.late), (24, 7, 17, 0, 0));
    // Feedback of the half-year is the demonstration's own: two pieces answered in time and one passed on.
    let said = db.read(|reader| feedback::figures(reader, &window, None, None)).unwrap();
    let said = &said[""];
    assert_eq!((said.tally.new, said.tally.ended(), said.tally.late, said.tally.open()), (3, 3, 0, 0));
    let ended_as = [("answered", 2), ("forwarded", 1)].map(|(status, count)| (status.to_owned(), count));
    assert_eq!(said.ended_as, ended_as.into());

    // The 202 were finished in time afterwards: the second half carries them and ends none of them late.
    let after = Period::preset("2023-H2").unwrap().window(now);
    let groups = db.read(|reader| statistics::tallies(reader, &after, None, &[])).unwrap();
    let second: Tally = groups[0].tally;
    assert_eq!((second.carried_over, second.resolved(), second.late, second.in_progress()), (202, 202, 0, 0));

    // The catalogue of the same report: 131 procedures, 13 at level 4, 7 at 3, 111 at 2 (domain.md 2.3, 7.2), and what the
    // decisions of the half-year changed.
    let half_year = Period::preset("2023-H1").unwrap();
    let editions = db.read(procedures::editions).unwrap();
    let count = |on| Inventory::of(standing_on(&editions, on));
    let standing = count(half_year.to);
    assert_eq!((standing.total.total(), standing.total.full, standing.total.partial), (131, 13, 7));
    assert_eq!(standing.total.information, 111);
    let old: Vec<u64> = standing.old_levels.values().copied().collect();
    assert_eq!(old, [111, 7, 13], "levels 2, 3, 4");
    assert_eq!(count(half_year.from).total.total(), 130);
    let span = (half_year.from, half_year.to);
    let found = db.read(|reader| decisions::changes(reader, span, None, &Selection::default(), None, 100)).unwrap();
    let changes = Changes::of(found.iter().map(|announced| (announced.item.change, announced.level)));
    let of = |change| changes.count(change, None);
    assert_eq!((of(CatalogueChange::Amended), of(CatalogueChange::New), of(CatalogueChange::Abolished)), (3, 4, 3));
    assert_eq!(changes.count(CatalogueChange::New, Some(ProcedureLevel::District)), 1);

    // And the report made of all that (domain.md 2.3; a report with none late needs no letters of apology).
    let figures = db.snapshot(|reader| reform::figures(reader, None, half_year, &window)).unwrap();
    let text: String = figures.sections().iter().flat_map(|section| &section.paragraphs).map(Paragraph::text).collect();
    for sentence in [
        "Đến ngày 14/6/2023, có 131 thủ tục hành chính đang áp dụng",
        "13 toàn trình, 7 một phần, 111 cung cấp thông tin trực tuyến.",
        "4 ban hành mới (3 cấp tỉnh, 1 cấp huyện); 3 sửa đổi, bổ sung (",
        "; 3 bãi bỏ (",
        "1.917 hồ sơ, trong đó 158 trực tuyến, 1.758 trực tiếp và qua bưu chính, 1 từ kỳ trước chuyển sang.",
        "Đã giải quyết 1.715 hồ sơ",
        " 0 quá hạn; tỷ lệ trước hạn và đúng hạn: 100%.",
        "Đang giải quyết 202 hồ sơ: 202 trong hạn, 0 quá hạn",
        "Không có hồ sơ quá hạn nên không phải ban hành văn bản xin lỗi.",
        "Trong kỳ tiếp 104 lượt công dân",
        "Được giao 24 nhiệm vụ: 7 đã hoàn thành, 17 đang thực hiện, 0 quá hạn.",
    ] {
        assert!(text.contains(sentence), "{sentence}: {text}");
    }

    let verdict = verify(&db, now).unwrap();
    assert_eq!(verdict.differences, Vec::<String>::new());
    assert!(verdict.dossiers > 1_917);
}
