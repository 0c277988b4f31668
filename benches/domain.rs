//! How fast the rules are: deadlines, classifications, tallies and whole lives, along the official calendar of 2022–2026.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use criterion::{Bencher, Criterion, Throughput, criterion_group, criterion_main};
use motcua::domain::calendar::NationalCalendar;
use motcua::domain::deadline::{Deadline, OnSupplement, Rule, Unit, postpone, promise};
use motcua::domain::dossier::Standing;
use motcua::domain::office::{OfficeCalendar, WeekHours};
use motcua::domain::statistics::{CountedLife, Period, tally_of};
use motcua::domain::timeliness::class_of_result;
use motcua::domain::transition::{Filing, Life, Move, Offices, RuleVersion, live};
use motcua::domain::vocabulary::{Channel, LocalTime, Status};

criterion_group!(benches, deadlines, classifications, counting, lives);
criterion_main!(benches);

/// Receipts at every hour of the day and on every day of the week, from 2022 to 2026: one each 21 hours and 17 minutes.
fn receipts() -> Vec<LocalTime> {
    let first = date("2022-01-03").and_time(NaiveTime::MIN);
    let end = date("2027-01-01").and_time(NaiveTime::MIN);
    (0..).map(|place| first + TimeDelta::minutes(1_277 * place)).take_while(|at| *at < end).collect()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn standard_office() -> OfficeCalendar {
    OfficeCalendar::new(Arc::new(NationalCalendar::new([])), Vec::new(), BTreeMap::new())
}

/// An agency that changed its hours three times and closed for a day every other month.
fn busy_office() -> OfficeCalendar {
    let changes = ["2022-06-01", "2023-06-01", "2025-07-01"];
    let versions = changes.map(|from| (date(from), WeekHours::standard())).to_vec();
    let closures = date("2022-02-10").iter_days().step_by(61).take(30).map(|day| (day, "Bão".to_owned()));
    OfficeCalendar::new(Arc::new(NationalCalendar::new([])), versions, closures.collect())
}

fn rule(amount: u32, unit: Unit, on_supplement: OnSupplement) -> Rule {
    Rule { amount, unit, cutoff: None, on_supplement, no_appointment: false }
}

fn promised(amount: u32, unit: Unit, office: &OfficeCalendar) -> Vec<(LocalTime, Deadline)> {
    let rule = rule(amount, unit, OnSupplement::Restart);
    receipts().into_iter().map(|at| (at, promise(&rule, at, office, &mut ()).unwrap().unwrap())).collect()
}

/// Measures `work` on one input after the other, around and around.
fn each<I, O>(bencher: &mut Bencher<'_>, inputs: &[I], mut work: impl FnMut(&I) -> O) {
    let mut around = inputs.iter().cycle();
    bencher.iter(|| around.next().map(|input| black_box(work(black_box(input)))));
}

fn deadlines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("deadline");
    group.throughput(Throughput::Elements(1));
    let receipts = receipts();
    let office = standard_office();
    for (name, amount, unit) in [
        ("15 working days", 15, Unit::WorkingDay),
        ("8 working hours", 8, Unit::WorkingHour),
        ("30 calendar days", 30, Unit::CalendarDay),
        ("2 months", 2, Unit::Month),
    ] {
        let rule = rule(amount, unit, OnSupplement::Restart);
        group.bench_function(name, |bencher| each(bencher, &receipts, |at| promise(&rule, *at, &office, &mut ())));
    }
    let (rule, busy) = (rule(15, Unit::WorkingDay, OnSupplement::Restart), busy_office());
    group.bench_function("15 working days, own hours and closures", |bencher| {
        each(bencher, &receipts, |at| promise(&rule, *at, &busy, &mut ()));
    });
    let waits: Vec<_> = promised(15, Unit::WorkingDay, &office)
        .into_iter()
        .map(|(at, promised)| (promised, at + TimeDelta::days(2)))
        .collect();
    group.bench_function("postponed by a wait of 7 days", |bencher| {
        each(bencher, &waits, |(promised, since)| {
            postpone(*promised, Unit::WorkingDay, (*since, *since + TimeDelta::days(7)), &office)
        });
    });
}

fn classifications(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("classification");
    group.throughput(Throughput::Elements(1));
    let office = standard_office();
    let ends: Vec<(Deadline, LocalTime)> = promised(15, Unit::WorkingDay, &office)
        .into_iter()
        .zip(0..)
        .map(|((at, promised), place)| (promised, at + TimeDelta::days(place % 40)))
        .collect();
    group.bench_function("of a result", |bencher| {
        each(bencher, &ends, |(promised, at)| class_of_result(Some(promised), *at));
    });
    let standings: Vec<(Standing, LocalTime)> = histories(&office)
        .into_iter()
        .map(|life| (life.dossier.standing, date("2024-06-14").and_time(NaiveTime::MIN)))
        .collect();
    group.bench_function("of a standing", |bencher| each(bencher, &standings, |(standing, now)| standing.timing(*now)));
}

fn counting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("counting");
    group.throughput(Throughput::Elements(1));
    let counted = |life: Life| CountedLife::of(&life.dossier.standing, life.dossier.channel, life.spans, None);
    let lives: Vec<CountedLife> = histories(&standard_office()).into_iter().filter_map(counted).collect();
    let window = Period::preset("2024-H1").unwrap().window(date("2026-11-24").and_time(NaiveTime::MIN));
    group.bench_function("tally_of", |bencher| each(bencher, &lives, |life| tally_of(life, &window)));
}

fn lives(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("life");
    group.throughput(Throughput::Elements(1));
    let office = standard_office();
    let (offices, version) = (Offices { resolving: &office, receiving: &office }, version());
    let told: Vec<(Filing, Vec<Move>)> = receipts().into_iter().map(story).collect();
    group.bench_function("taken in and moved five times", |bencher| {
        each(bencher, &told, |(filing, moves)| live(filing, moves, &version, offices));
    });
}

fn version() -> RuleVersion {
    RuleVersion { id: 1, rule: rule(15, Unit::WorkingDay, OnSupplement::Pause) }
}

/// Received, taken up, waiting a week for papers, taken up again, finished and handed over.
fn story(received_at: LocalTime) -> (Filing, Vec<Move>) {
    let steps = [
        (1, Status::Processing),
        (2, Status::SupplementRequired),
        (9, Status::Processing),
        (20, Status::Finished),
        (22, Status::Returned),
    ];
    let wish = |(days, to)| Move {
        to,
        at: received_at + TimeDelta::days(days),
        reason: (to == Status::SupplementRequired).then(|| "Thiếu bản sao".to_owned()),
        outcome: None,
    };
    (Filing { channel: Channel::Direct, at: received_at, accept: true }, steps.map(wish).to_vec())
}

/// A life for each receipt, broken off after none to all of its moves.
fn histories(office: &OfficeCalendar) -> Vec<Life> {
    let (offices, version) = (Offices { resolving: office, receiving: office }, version());
    let told = receipts().into_iter().map(story).enumerate();
    told.map(|(place, (filing, moves))| live(&filing, &moves[..place % 6], &version, offices).unwrap()).collect()
}
