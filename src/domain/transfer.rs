//! Transfers (chuyển hồ sơ): by when a dossier goes from where it was handed in to the agency that resolves it, and who was late.

use chrono::NaiveTime;

use super::dossier_code::DossierCode;
use super::office::{BeyondCalendar, Day, OfficeCalendar, closing, opening};
use super::refusal::Refusal;
use super::vocabulary::{AgencyCode, Channel, LocalTime};

/// The receiving side acknowledges within 2 working hours (Decree 63/2024 art. 7(4)).
const CONFIRMATION_SECONDS: u64 = 2 * 3_600;

/// The hour after which a receipt is forwarded the next working day (Decree 61/2018 art. 18).
fn last_hour() -> NaiveTime {
    NaiveTime::from_hms_opt(15, 0, 0).unwrap_or_default()
}

/// By when a dossier received at `received_at` is forwarded: the closing of the same working day, or the opening of the next
/// one for a receipt after 15:00, after closing, or on a day off (Decree 61/2018 art. 18).
///
/// # Errors
/// [`BeyondCalendar`].
pub fn transfer_due_at(received_at: LocalTime, office: &OfficeCalendar) -> Result<LocalTime, BeyondCalendar> {
    let (date, time) = (received_at.date(), received_at.time());
    if let Day::Working(sessions) = office.day(date)
        && time <= last_hour().min(closing(sessions))
    {
        return Ok(date.and_time(closing(sessions)));
    }
    let (next, sessions) = office.next_working_day(date, |_, _| ())?;
    Ok(next.and_time(opening(sessions)))
}

/// Whether a transfer is owed. What was filed online is with the resolving agency at once (art. 18), and within one agency
/// nothing is handed over.
pub fn is_owed(channel: Channel, received_by: &AgencyCode, agency: &AgencyCode) -> bool {
    channel != Channel::Online && received_by != agency
}

/// One side's act in a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// When.
    pub at: LocalTime,
    /// Who.
    pub by: String,
}

/// A hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Opaque identifier.
    pub id: String,
    /// The dossier.
    pub dossier: DossierCode,
    /// Who gives.
    pub from: AgencyCode,
    /// Who takes.
    pub to: AgencyCode,
    /// By when it is to be sent.
    pub due_at: LocalTime,
    /// That it was sent.
    pub sent: Option<Handled>,
    /// What the giver says with it.
    pub note: Option<String>,
    /// By when it is to be confirmed, once it is sent.
    pub confirm_due_at: Option<LocalTime>,
    /// That the receiver has it.
    pub confirmed: Option<Handled>,
}

impl Transfer {
    /// Whether it was sent late, or is not sent at `now` and late.
    pub fn is_sent_late(&self, now: LocalTime) -> bool {
        self.sent.as_ref().map_or(now, |sent| sent.at) > self.due_at
    }

    /// Whether it was confirmed late, or is not confirmed at `now` and late.
    pub fn is_confirmed_late(&self, now: LocalTime) -> bool {
        let confirmed_at = self.confirmed.as_ref().map_or(now, |confirmed| confirmed.at);
        self.confirm_due_at.is_some_and(|due| confirmed_at > due)
    }

    /// Sends it; `taking` is the working time of the receiver.
    ///
    /// # Errors
    /// [`Refusal::TransferSent`], [`Refusal::BeyondCalendar`].
    pub fn send(&mut self, sent: Handled, note: Option<String>, taking: &OfficeCalendar) -> Result<(), Refusal> {
        if self.sent.is_some() {
            return Err(Refusal::TransferSent);
        }
        self.confirm_due_at = Some(taking.walk(sent.at, CONFIRMATION_SECONDS, |_, _| ())?);
        self.sent = Some(sent);
        self.note = note;
        Ok(())
    }

    /// The receiver confirms.
    ///
    /// # Errors
    /// [`Refusal::TransferNotSent`], [`Refusal::TransferConfirmed`], [`Refusal::BeforeLastMove`].
    pub fn confirm(&mut self, confirmed: Handled) -> Result<(), Refusal> {
        let sent = self.sent.as_ref().ok_or(Refusal::TransferNotSent)?;
        if self.confirmed.is_some() {
            return Err(Refusal::TransferConfirmed);
        }
        if confirmed.at < sent.at {
            return Err(Refusal::BeforeLastMove { at: confirmed.at, last_move_at: sent.at });
        }
        self.confirmed = Some(confirmed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{STANDARD, at, office, standard_office};

    #[test]
    fn the_day_of_forwarding_goes_by_15_00() {
        // Decree 61/2018 art. 18; days off and make-up Saturdays as domain.md 5.6 has them.
        let morning = office(&[("2020-01-01", [STANDARD, STANDARD, STANDARD, STANDARD, "07:30-11:30", "", ""])], &[]);
        let closed = office(&[], &["2026-03-03"]);
        for (office, received_at, due_at, why) in [
            (standard_office(), "2026-03-02T09:00", "2026-03-02T17:00", "a working morning: the same day"),
            (standard_office(), "2026-03-02T06:00", "2026-03-02T17:00", "before opening: the same day"),
            (standard_office(), "2026-03-02T12:00", "2026-03-02T17:00", "in the break: the same day"),
            (standard_office(), "2026-03-02T15:00:00", "2026-03-02T17:00", "at 15:00 sharp is not after it"),
            (standard_office(), "2026-03-02T15:00:01", "2026-03-03T07:30", "a second after it"),
            (standard_office(), "2026-03-02T20:00", "2026-03-03T07:30", "in the evening"),
            (standard_office(), "2026-03-06T15:30", "2026-03-09T07:30", "on a Friday: on Monday"),
            (standard_office(), "2026-03-07T09:00", "2026-03-09T07:30", "on a Saturday: on Monday"),
            (standard_office(), "2026-08-22T09:00", "2026-08-22T17:00", "a make-up Saturday is a working day"),
            (standard_office(), "2026-08-21T16:00", "2026-08-22T07:30", "the evening before a make-up Saturday"),
            (standard_office(), "2026-11-23T16:00", "2026-11-25T07:30", "24 November is a day off from 2026"),
            (standard_office(), "2026-11-24T09:00", "2026-11-25T07:30", "received on a holiday"),
            (&morning, "2026-03-06T11:30", "2026-03-06T11:30", "at closing of a short day"),
            (&morning, "2026-03-06T11:31", "2026-03-09T07:30", "after closing the same day is over"),
            (&closed, "2026-03-02T16:00", "2026-03-04T07:30", "the agency is closed on the next day"),
        ] {
            assert_eq!(transfer_due_at(at(received_at), office), Ok(at(due_at)), "{received_at}: {why}");
        }
    }

    fn transfer() -> Transfer {
        Transfer {
            id: "t".into(),
            dossier: "H16.19-260302-0001".parse().unwrap(),
            from: "H16.19".parse().unwrap(),
            to: "H16.18".parse().unwrap(),
            due_at: at("2026-03-02T17:00"),
            sent: None,
            note: None,
            confirm_due_at: None,
            confirmed: None,
        }
    }

    fn handled(when: &str) -> Handled {
        Handled { at: at(when), by: "canbo".into() }
    }

    #[test]
    fn each_side_is_late_for_itself() {
        let mut transfer = transfer();
        assert!(!transfer.is_sent_late(at("2026-03-02T17:00")));
        assert!(transfer.is_sent_late(at("2026-03-02T17:00:01")));
        assert_eq!(transfer.confirm(handled("2026-03-02T16:00")), Err(Refusal::TransferNotSent));
        transfer.send(handled("2026-03-02T16:00"), None, standard_office()).unwrap();
        assert_eq!(transfer.send(handled("2026-03-02T16:30"), None, standard_office()), Err(Refusal::TransferSent));
        assert!(!transfer.is_sent_late(at("2026-03-05T09:00")));
        // Two working hours: one until 17:00, one from 07:30.
        assert_eq!(transfer.confirm_due_at, Some(at("2026-03-03T08:30")));
        assert!(!transfer.is_confirmed_late(at("2026-03-03T08:30")));
        assert!(transfer.is_confirmed_late(at("2026-03-03T08:30:01")));
        let early = transfer.confirm(handled("2026-03-02T15:59"));
        assert!(matches!(early, Err(Refusal::BeforeLastMove { .. })), "{early:?}");
        transfer.confirm(handled("2026-03-03T08:00")).unwrap();
        assert_eq!(transfer.confirm(handled("2026-03-03T08:00")), Err(Refusal::TransferConfirmed));
        assert!(!transfer.is_confirmed_late(at("2026-03-05T09:00")));
    }

    #[test]
    fn nothing_is_forwarded_within_an_agency_or_from_the_portal() {
        let (here, there): (AgencyCode, AgencyCode) = ("H16.19".parse().unwrap(), "H16.18".parse().unwrap());
        assert!(is_owed(Channel::Direct, &here, &there) && is_owed(Channel::Postal, &here, &there));
        assert!(!is_owed(Channel::Online, &here, &there) && !is_owed(Channel::Direct, &here, &here));
    }
}
