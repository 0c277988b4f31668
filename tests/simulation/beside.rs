//! Steps beside the clock of a dossier: letters, edits, payments, transfers, errands, hand-offs.

use chrono::{Days, NaiveDateTime, TimeDelta};
use motcua::domain::apology::{Promulgation, Signer};
use motcua::domain::errand::ErrandKind;
use motcua::domain::fees::{PaymentMethod, Proof, reference};
use motcua::domain::hand_off::HandOffStatus;
use motcua::domain::vocabulary::{LetterChannel, LetterKind, LetterStatus, Status};
use motcua::flow::apologise::{Verb, draft, handle};
use motcua::flow::edit::{Edit, edit};
use motcua::flow::errands::{self, NewErrand, Wanted};
use motcua::flow::fees::{Grace, exempt, pay, refund};
use motcua::flow::transfers::{confirm, send};
use motcua::flow::{Fault, hand_offs};
use motcua::storage::letters::LetterRecord;
use motcua::storage::{fees, letters};

use super::model::Known;
use super::office::{AGENCIES, Office, agency};
use super::steps::{Right, has};

impl Office {
    fn letters_of(&self, known: &Known) -> Vec<LetterRecord> {
        self.db.read(|reader| letters::of_dossier(reader, &known.code)).unwrap()
    }

    pub fn draft_letter(&mut self) {
        let Some(index) = self.some_dossier() else { return };
        let (now, known) = (self.now(), self.dossiers[index].clone());
        let kinds = [LetterKind::AtRisk, LetterKind::AtRisk, LetterKind::Late, LetterKind::Lost, LetterKind::Damaged];
        let kind = *self.chance.pick(&kinds);
        let has_one = self.letters_of(&known).iter().any(|one| {
            matches!(one.letter.kind, LetterKind::Late | LetterKind::AtRisk)
                && one.letter.status != LetterStatus::Cancelled
        });
        let possible = match kind {
            LetterKind::Late => false,
            LetterKind::AtRisk => !has_one && known.is_open() && known.state.due.is_some() && !known.owes_apology(now),
            _ => true,
        };
        let who = self.somebody();
        let may = has(&who, Right::Resolving, known.agency, known.received_by) && !known.void && !known.anonymised;
        let answer = self.post(&who, "draft", |tx, act| {
            Ok(draft(tx, act, &known.code, kind, Some("Chờ ý kiến".into()), None)?.letter.id)
        });
        assert_eq!(answer.is_ok(), may && possible, "{} drafts {kind} of {known:?} at {now}: {answer:?}", who.name);
        self.compare(index);
    }

    pub fn handle_letter(&mut self) {
        let now = self.now();
        let ids = self.lines("SELECT id AS text FROM letters ORDER BY id");
        if ids.is_empty() {
            return;
        }
        let id = self.chance.pick(&ids).clone();
        let before = self.db.read(|reader| letters::find(reader, &id)).unwrap().unwrap();
        let index = self.dossiers.iter().position(|known| known.code == before.dossier).unwrap();
        let known = self.dossiers[index].clone();
        let on = (now - TimeDelta::days(if self.chance.percent(80) { 0 } else { self.chance.between(-1, 5) })).date();
        let verb = self.some_verb(&known, before.letter.status, on);
        let (from, to): (&[LetterStatus], _) = match &verb {
            Verb::Edit { .. } => (&[LetterStatus::Draft, LetterStatus::Rejected], before.letter.status),
            Verb::Submit => (&[LetterStatus::Draft, LetterStatus::Rejected], LetterStatus::Submitted),
            Verb::Issue(_) => (&[LetterStatus::Submitted], LetterStatus::Issued),
            Verb::Deliver { .. } => (&[LetterStatus::Issued], LetterStatus::Delivered),
            Verb::Reject { .. } => (&[LetterStatus::Submitted], LetterStatus::Rejected),
            Verb::Cancel { .. } => {
                (&[LetterStatus::Draft, LetterStatus::Submitted, LetterStatus::Rejected], LetterStatus::Cancelled)
            }
        };
        let who = self.somebody();
        let may = has(&who, Right::Resolving, known.agency, known.received_by) && !known.anonymised;
        let is_about_deadline = matches!(before.letter.kind, LetterKind::Late | LetterKind::AtRisk);
        let is_issue = matches!(verb, Verb::Issue(_));
        let is_cancel = matches!(verb, Verb::Cancel { .. });
        let answer = self
            .post(&who, "handle", |tx, act| Ok(handle(tx, act, &id, None, verb.clone())?.letter.status.to_string()));
        let Ok(status) = answer else { return };
        assert!(may && from.contains(&before.letter.status), "{} handled {before:?} by {verb:?}", who.name);
        assert!(
            !(is_cancel && is_about_deadline && known.owes_apology(now)),
            "the letter of a late dossier was dropped"
        );
        assert!(!(known.void && matches!(verb, Verb::Submit | Verb::Issue(_))), "a letter of a void dossier goes out");
        let settled = self.letters_of(&known).into_iter().find(|one| one.letter.id == id).unwrap().letter.status;
        // What is handled may be found no longer owed, and is dropped with it.
        assert!(
            settled == to || settled == LetterStatus::Cancelled,
            "{before:?} by {verb:?} is {settled}, told {status}"
        );
        if is_issue {
            self.out.insert(id, (1, on));
            self.mended_from(on.and_hms_opt(0, 0, 0).unwrap());
        }
        self.compare(index);
    }

    fn some_verb(&mut self, known: &Known, status: LetterStatus, on: chrono::NaiveDate) -> Verb {
        let signer = Signer { name: "Nguyễn Văn A".into(), position: "Giám đốc".into() };
        let issue = Verb::Issue(Promulgation { number: 1, notation: "PXL".into(), on, signer });
        let fill = Verb::Edit {
            reason: Some(Some("Chờ ý kiến".into())),
            new_return_at: Some(Some(self.new_return(known))),
        };
        let deliver = Verb::Deliver { channel: LetterChannel::Postal, at: None };
        let next = match status {
            LetterStatus::Draft | LetterStatus::Rejected if self.chance.percent(50) => fill,
            LetterStatus::Draft | LetterStatus::Rejected => Verb::Submit,
            LetterStatus::Submitted => issue.clone(),
            _ => deliver.clone(),
        };
        let others = [
            next.clone(),
            Verb::Submit,
            issue,
            deliver,
            Verb::Reject { reason: "Sửa".into() },
            Verb::Cancel { reason: None },
        ];
        if self.chance.percent(65) { next } else { self.chance.pick(&others).clone() }
    }

    /// An instant in office hours after now and after the deadline.
    fn new_return(&self, known: &Known) -> NaiveDateTime {
        let after = known.state.due.map_or(self.now(), |due| due.at.max(self.now()));
        let mut days = (after.date() + Days::new(2)).iter_days();
        days.find_map(|day| Some(day.and_time(self.wall.sessions(known.agency, day).first()?.0))).unwrap()
    }

    pub fn edit(&mut self) {
        let Some(index) = self.some_dossier() else { return };
        let known = self.dossiers[index].clone();
        let who = self.somebody();
        let note = format!("Ghi chú {}", self.chance.below(3));
        let wish = Edit { note: Some(Some(note)), assignee: Some(Some(who.name.clone())), ..Edit::default() };
        let may = has(&who, Right::Edit, known.agency, known.received_by) && !known.anonymised;
        let answer =
            self.post(&who, "edit", |tx, act| Ok(edit(tx, act, &known.code, None, &wish)?.version.to_string()));
        assert_eq!(answer.is_ok(), may, "{} edits {known:?}: {answer:?}", who.name);
        self.compare(index);
    }

    /// Pays, waives or gives back the last demand of a dossier that has one; what waits for it goes on when nothing is open.
    pub fn settle_fees(&mut self) {
        let charged = self.lines("SELECT DISTINCT dossier AS text FROM fees ORDER BY dossier");
        let is_charged = |known: &Known| charged.contains(&known.code.to_string());
        let Some(index) = self.dossiers.iter().rposition(is_charged) else { return };
        let (now, known) = (self.now(), self.dossiers[index].clone());
        let account = self.db.read(|reader| fees::account(reader, &known.code)).unwrap();
        let demand = *account.demands().last().unwrap();
        let fee = account.fees.iter().rfind(|fee| fee.demand == demand).unwrap();
        let grace = Grace { amount: None, reason: "Hộ nghèo".into() };
        let proof = account.sums(Some(demand)).balance().try_into().ok().map(|amount| Proof {
            reference: reference(&known.code, demand),
            amount,
            paid_at: now,
            method: PaymentMethod::Cash,
            receipt_number: format!("BL{demand}-{}", account.payments.len()),
            file: None,
        });
        let payment = account.payments.last().map(|payment| payment.id.clone()).unwrap_or_default();
        let deed = self.chance.weighted(&[(5, 0), (2, 1), (2, 2)]);
        let who = self.somebody();
        let answer = self.post(&who, "settle fees", |tx, act| {
            let record = match (deed, &proof) {
                (0, Some(proof)) => pay(tx, act, &known.code, None, proof)?,
                (1, _) => exempt(tx, act, &known.code, None, (&fee.id, &grace))?,
                _ => refund(tx, act, &known.code, None, (&payment, &grace))?,
            };
            Ok(record.standing.status.to_string())
        });
        let settles = (deed == 0 && proof.is_some()) || deed == 1;
        let is_awaited = fee.awaited && fee.demanded_at == known.state.last_move_at;
        if answer.is_ok() && settles && is_awaited && known.state.status == Status::PaymentRequired {
            // With the clock set back, the wait ends no earlier than it began.
            let at = now.max(known.state.last_move_at);
            self.dossiers[index].moved(&self.wall, Status::Processing, at);
            self.mended_from(at);
        }
        self.compare(index);
    }

    /// What agencies and colleagues do among themselves leaves the dossier's clock alone.
    pub fn between(&mut self) {
        let begun = self.lines(
            "SELECT dossier AS text FROM errands WHERE ended_at IS NULL \
             UNION SELECT dossier FROM hand_offs WHERE ended_at IS NULL ORDER BY 1",
        );
        let Some(mut index) = self.some_dossier() else { return };
        if !begun.is_empty() && self.chance.percent(50) {
            let code = self.chance.pick(&begun).clone();
            index = self.dossiers.iter().position(|known| known.code.to_string() == code).unwrap();
        }
        let known = self.dossiers[index].clone();
        let who = self.somebody();
        let code = known.code.clone();
        let owed = self.lines(&format!("SELECT id AS text FROM transfers WHERE dossier = '{code}' ORDER BY id"));
        let errands =
            self.lines(&format!("SELECT kind || ' ' || id AS text FROM errands WHERE dossier = '{code}' ORDER BY id"));
        let offered = self.lines(&format!("SELECT id AS text FROM hand_offs WHERE dossier = '{code}' ORDER BY id"));
        let last = |ids: &[String]| ids.last().cloned().unwrap_or_default();
        let (transfer, hand_off) = (last(&owed), last(&offered));
        let (kind, errand) = match errands.last().and_then(|errand| errand.split_once(' ')) {
            Some((kind, id)) => (kind.parse().unwrap(), id.to_owned()),
            None => (*self.chance.pick(ErrandKind::ALL), String::new()),
        };
        let asked = self.chance.pick(&AGENCIES).0;
        let status = *self.chance.pick(&[HandOffStatus::Confirmed, HandOffStatus::Declined, HandOffStatus::TakenBack]);
        // What was begun is mostly gone on with.
        let deed = match self.chance.below(3) {
            0 if !offered.is_empty() => 6,
            1 if !errands.is_empty() => *self.chance.pick(&[3, 4]),
            _ => self.chance.below(7),
        };
        let _: Result<String, Fault> = self.post(&who, "between", |tx, act| match deed {
            0 => send(tx, act, &code, None, None, None).map(|transfer| transfer.id),
            1 => confirm(tx, act, &code, None, &transfer, None).map(|transfer| transfer.id),
            2 => {
                let wanted = Wanted::At(act.now + TimeDelta::days(2));
                let kind = if asked == "H16" { ErrandKind::Part } else { ErrandKind::Consultation };
                let new =
                    NewErrand { kind, agency: agency(asked), subject: "Xác minh".into(), started_at: None, wanted };
                errands::ask(tx, act, &code, None, &new).map(|errand| errand.id)
            }
            3 => {
                let finish = errands::Verb::Finish { at: None, outcome: None };
                errands::end(tx, act, kind, &errand, None, &finish).map(|errand| errand.id)
            }
            4 => {
                let withdraw = errands::Verb::Withdraw { reason: "Nhầm".into() };
                errands::end(tx, act, kind, &errand, None, &withdraw).map(|errand| errand.id)
            }
            5 => hand_offs::offer(tx, act, &code, None, None, None).map(|hand_off| hand_off.id),
            _ => hand_offs::end(tx, act, (&code, &hand_off), None, status, Some("Bận".into()))
                .map(|hand_off| hand_off.id),
        });
        self.compare(index);
    }
}
