//! The twenty ways a letter can take: what either side does, step by step, and where it must end (contract sections 6, 7).

/// Friday 20 March 2026, promised by the letters; and another date.
pub(crate) const NEW_DATE: &str = "2026-03-20T09:00:00+07:00";
pub(crate) const OTHER_DATE: &str = "2026-03-25T09:00:00+07:00";

/// How a dossier begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Overdue, with its late letter.
    Overdue,
    /// In time, with a warning.
    AtRisk,
}

/// What the agency does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agency {
    Submit,
    SubmitAnotherDate,
    SubmitWithoutDate,
    Finish,
    HandOver,
    Reopen,
    Reject,
    /// Nothing: the other letters go on.
    Wait,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// An order for the stand-in, as `stand_in.rs` reads it.
    Office(&'static str),
    Agency(Agency),
}

/// Where a letter ends.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) status: &'static str,
    /// It has the number that the stand-in gave it.
    pub(crate) numbered: bool,
    pub(crate) reappointed_at: Option<&'static str>,
    /// The effects on file, but for what is only noted.
    pub(crate) effects: Vec<&'static str>,
    /// A signed paper is kept.
    pub(crate) paper: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) start: Start,
    pub(crate) steps: Vec<Step>,
    pub(crate) end: End,
}

/// A letter that takes a way.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) scenario: Scenario,
    pub(crate) dossier: String,
    pub(crate) letter: String,
    /// The number it gets when it is signed.
    pub(crate) number: u32,
}

fn office(orders: &'static str) -> Vec<Step> {
    orders.split_whitespace().map(Step::Office).collect()
}

fn agency(moves: &[Agency]) -> Vec<Step> {
    moves.iter().map(|what| Step::Agency(*what)).collect()
}

fn end(status: &'static str, reappointed_at: Option<&'static str>, effects: &'static str) -> End {
    let effects: Vec<_> = effects.split_whitespace().collect();
    let numbered = effects.iter().any(|effect| matches!(*effect, "issued" | "kept"));
    End { status, numbered, reappointed_at, effects, paper: false }
}

fn with_paper(end: End) -> End {
    End { paper: true, ..end }
}

fn scenario(name: &'static str, start: Start, steps: &[Vec<Step>], end: End) -> Scenario {
    Scenario { name, start, steps: steps.concat(), end }
}

/// Every way. An order is `what` or `what=status`, where the contract makes it expect another answer than 200.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = answered();
    all.extend(refused());
    all.extend(called_back());
    all
}

/// What the stand-in signs, sooner or later, and how it lies about it.
fn answered() -> Vec<Scenario> {
    use Agency::Wait;
    use Start::{AtRisk, Overdue};
    let issued = || end("issued", Some(NEW_DATE), "sent issued");
    vec![
        scenario("issues by result", Overdue, &[office("fetch:new issue gone")], issued()),
        scenario("issues a warning", AtRisk, &[office("fetch:new issue gone")], issued()),
        scenario(
            "issues by packet, with statuses before and after",
            Overdue,
            &[office("fetch:new status:01 status:03 packet status:06 status:05")],
            with_paper(issued()),
        ),
        scenario(
            "repeats everything",
            Overdue,
            &[office("fetch:new fetch:new status:01 status:01 issue issue status:03 issue status:03")],
            issued(),
        ),
        scenario(
            "contradicts itself",
            Overdue,
            &[office("fetch:new issue issue-other=409 return=409 packet-other=409 refuse")],
            issued(),
        ),
        scenario(
            "lies before it signs",
            Overdue,
            &[office("fetch:new wrong-id=422 other-letter=404 garbage=400 bomb=422 foreign=422 tomorrow=422 packet")],
            with_paper(issued()),
        ),
        scenario(
            "signs, traces, and issues later",
            Overdue,
            &[office("fetch:new sign trace"), agency(&[Wait, Wait]), office("packet trace")],
            with_paper(end("issued", Some(NEW_DATE), "sent signed issued")),
        ),
        scenario("says what nobody knows", Overdue, &[office("fetch:new status:77 status:99 issue")], issued()),
        scenario("never answers", Overdue, &[office("fetch:new status:04")], end("submitted", None, "sent")),
    ]
}

/// What it refuses.
fn refused() -> Vec<Scenario> {
    use Agency::{Reject, Submit, SubmitAnotherDate};
    use Start::Overdue;
    vec![
        scenario("returns", Overdue, &[office("fetch:new return return gone")], end("rejected", None, "sent rejected")),
        scenario(
            "refuses, is asked again and issues",
            Overdue,
            &[office("fetch:new refuse refuse"), agency(&[Submit]), office("refuse fetch:new packet")],
            with_paper(end("issued", Some(NEW_DATE), "sent rejected sent issued")),
        ),
        scenario(
            "returns, is asked again and returns again",
            Overdue,
            &[office("fetch:new return"), agency(&[SubmitAnotherDate]), office("return fetch:new return gone")],
            end("rejected", None, "sent rejected sent rejected"),
        ),
        scenario(
            "signs a text that was changed since",
            Overdue,
            &[office("fetch:new"), agency(&[Reject, SubmitAnotherDate]), office("issue=409 fetch:update issue")],
            end("issued", Some(OTHER_DATE), "sent sent issued"),
        ),
    ]
}

/// What is called back, because the dossier ended meanwhile.
fn called_back() -> Vec<Scenario> {
    use Agency::{Finish, HandOver, Reopen, SubmitWithoutDate};
    use Start::{AtRisk, Overdue};
    vec![
        scenario(
            "gives it back, and issues it without a date",
            Overdue,
            &[
                office("fetch:new"),
                agency(&[Finish]),
                office("fetch:recall fetch:recall status:15 status:15 issue=409 gone"),
                agency(&[SubmitWithoutDate]),
                office("fetch:new issue"),
            ],
            end("issued", None, "sent sent recalled sent issued"),
        ),
        scenario(
            "signed before it heard of the recall",
            Overdue,
            &[office("fetch:new"), agency(&[Finish]), office("packet packet gone status:13")],
            with_paper(end("issued", None, "sent kept")),
        ),
        scenario(
            "will not give it back, and issues it",
            Overdue,
            &[office("fetch:new"), agency(&[Finish]), office("fetch:recall status:16 gone issue")],
            end("issued", None, "sent sent recall_refused kept"),
        ),
        scenario(
            "answers after the hand-over",
            Overdue,
            &[office("fetch:new"), agency(&[Finish, HandOver]), office("issue status:02 gone")],
            end("draft", None, "sent ignored ignored"),
        ),
        scenario(
            "issues after a reopening",
            Overdue,
            &[office("fetch:new"), agency(&[Finish, Reopen]), office("issue")],
            end("issued", None, "sent kept"),
        ),
        scenario(
            "gives a warning back that is not needed",
            AtRisk,
            &[office("fetch:new"), agency(&[Finish]), office("fetch:recall status:13 gone")],
            end("cancelled", None, "sent sent recalled"),
        ),
        scenario(
            "signs a warning that is not needed",
            AtRisk,
            &[office("fetch:new"), agency(&[Finish]), office("fetch:recall issue issue-other=409")],
            end("issued", None, "sent sent kept"),
        ),
    ]
}
