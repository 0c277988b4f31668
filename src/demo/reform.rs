//! What the half-year's report of 2023 counts beside dossiers: 104 visits of citizens, 24 tasks of which 7 were done, and feedback.

use chrono::{Days, NaiveDate};

use super::catalogue::{DEPARTMENT, agency};
use super::half_year::office;
use crate::domain::calendar::NationalCalendar;
use crate::domain::contact::Contact;
use crate::domain::feedback::{ANSWER_DAYS, Answer, FeedbackChannel, FeedbackKind, Move};
use crate::domain::plan::Plan;
use crate::domain::reception::{Host, Session, Subject, Visit, VisitOutcome};
use crate::domain::vocabulary::LocalTime;
use crate::flow::feedback::{self, NewFeedback};
use crate::flow::plans::{self, NewTask};
use crate::flow::{Act, Fault, reception};
use crate::storage::Tx;

/// Visits in the half-year.
const VISITS: usize = 104;
/// Tasks of the year's plan.
const TASKS: usize = 24;
/// Of those, done by the end of the half-year; all others were due and done after it.
const DONE: usize = 7;

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// Enters the log of reception, the plan of 2023, and some feedback of these days.
pub(super) fn enter(tx: &mut Tx, act: Act<'_>, national: &NationalCalendar) -> Result<(), Fault> {
    let office = office(national);
    let days = |from: NaiveDate, to: NaiveDate| -> Vec<NaiveDate> {
        from.iter_days().take_while(|day| *day <= to).filter(|day| office.is_working(*day)).collect()
    };
    let half_year = days(date(2022, 12, 15), date(2023, 6, 14));
    for index in 0..VISITS {
        let visit = visit(half_year[index * half_year.len() / VISITS], index);
        reception::enter(tx, act, Some(&agency(DEPARTMENT)?), &visit)?;
    }
    let rest = days(date(2023, 6, 15), date(2023, 12, 14));
    let first = days(date(2023, 2, 1), date(2023, 6, 14));
    plan(tx, act, &first, &rest)?;
    feedback_of_the_half_year(tx, act, &half_year)?;
    feedback_of_these_days(tx, act, &days(act.now.date() - Days::new(90), act.now.date() - Days::new(1)))
}

fn visit(visited_on: NaiveDate, index: usize) -> Visit {
    // The leader's regular day comes round once in ten visits.
    let (session, host) = match index % 10 {
        9 => (Session::LeaderRegular, "Lãnh Đạo Minh Họa"),
        _ => (Session::Regular, "Cán Bộ Minh Họa"),
    };
    let (subject, outcome) = match index % 8 {
        0 => (Subject::Petition, VisitOutcome::Accepted),
        1 => (Subject::Feedback, VisitOutcome::Explained),
        _ => (Subject::Procedure, VisitOutcome::Guided),
    };
    Visit {
        visited_on,
        session,
        host: Host { name: host.to_owned(), position: None },
        people: 1,
        visitor: Contact { name: Some(format!("Người Minh Họa {index:03}")), ..Contact::default() },
        subjects: vec![subject],
        content: "Hỏi về chế độ, chính sách (minh họa)".to_owned(),
        outcome,
        forwarded_to: None,
        note: None,
    }
}

fn plan(tx: &mut Tx, act: Act<'_>, first: &[NaiveDate], rest: &[NaiveDate]) -> Result<(), Fault> {
    let plan = Plan {
        number: "01/KH-SLĐTBXH".to_owned(),
        promulgated_on: date(2022, 12, 28),
        title: "Kế hoạch cải cách hành chính năm 2023 (minh họa)".to_owned(),
        period: "2023".to_owned(),
    };
    let plan = plans::add(tx, act, &agency(DEPARTMENT)?, &plan)?;
    for index in 0..TASKS {
        let due_on = match index {
            _ if index < DONE => first[(index + 1) * first.len() / DONE - 1],
            _ => rest[(index - DONE + 1) * rest.len() / (TASKS - DONE) - 1],
        };
        let task = NewTask {
            agency: None,
            officer: None,
            title: format!("Nhiệm vụ số {:02} (minh họa)", index + 1),
            product: Some("Báo cáo".to_owned()),
            assigned_on: None,
            due_on,
        };
        let task = plans::assign(tx, act, &plan.id, &task)?;
        let evidence = Some("Báo cáo minh họa".to_owned());
        plans::complete(tx, act, (&plan.id, &task.id), None, Some(due_on), evidence)?;
    }
    Ok(())
}

/// What the report counts of feedback: two pieces answered in time, and one passed on. The published figures do not tell of any;
/// these are invented.
fn feedback_of_the_half_year(tx: &mut Tx, act: Act<'_>, days: &[NaiveDate]) -> Result<(), Fault> {
    let forward = || Move::Forward { to: "Ủy ban nhân dân tỉnh (minh họa)".to_owned(), reason: None };
    for (kind, content, received, ended, end) in [
        (FeedbackKind::Feedback, "Chưa hiểu thành phần hồ sơ (minh họa)", 20, 26, answer()),
        (FeedbackKind::Petition, "Đề nghị trả kết quả tại xã (minh họa)", 55, 63, answer()),
        (FeedbackKind::Feedback, "Đường đến trụ sở hư hỏng (minh họa)", 90, 92, forward()),
    ] {
        enter_feedback(tx, act, (kind, content), days[received], &[(days[ended], end)])?;
    }
    Ok(())
}

/// Three of these days: answered, being looked into, and past its day.
fn feedback_of_these_days(tx: &mut Tx, act: Act<'_>, days: &[NaiveDate]) -> Result<(), Fault> {
    let day = |ago: usize| days[days.len() - ago];
    for (ago, content, steps) in [
        (12, "Chờ lâu ở quầy (minh họa)", vec![(day(10), Move::Take), (day(4), answer())]),
        (3, "Nên có thêm ghế chờ (minh họa)", vec![(day(2), Move::Take)]),
        (20, "Mẫu đơn khó điền (minh họa)", vec![(day(18), Move::Take)]),
    ] {
        enter_feedback(tx, act, (FeedbackKind::Feedback, content), day(ago), &steps)?;
    }
    Ok(())
}

fn answer() -> Move {
    let text = "Đơn vị đã rút kinh nghiệm (minh họa)".to_owned();
    Move::Answer(Answer { text, finding: None, by: "Lãnh Đạo Minh Họa".to_owned() })
}

fn enter_feedback(
    tx: &mut Tx,
    act: Act<'_>,
    (kind, content): (FeedbackKind, &str),
    received_on: NaiveDate,
    steps: &[(NaiveDate, Move)],
) -> Result<(), Fault> {
    let at = |on: NaiveDate, hour| -> LocalTime { on.and_hms_opt(hour, 0, 0).unwrap_or(act.now) };
    let new = NewFeedback {
        agency: Some(agency(DEPARTMENT)?),
        kind,
        channel: FeedbackChannel::Direct,
        procedure: None,
        dossier: None,
        content: content.to_owned(),
        sender: Contact { name: Some("Người Minh Họa".to_owned()), ..Contact::default() },
        note: None,
        received_at: Some(at(received_on, 9)),
    };
    let record = feedback::receive(tx, act, &new, ANSWER_DAYS)?;
    for (on, step) in steps {
        feedback::go(tx, act, &record.id, None, step.clone(), Some(at(*on, 10)))?;
    }
    Ok(())
}
