//! Who guesses waits: the failures of a user's name, of a client's identifier, and of the address they come from.

use std::net::{IpAddr, Ipv6Addr};

use chrono::TimeDelta;

use super::accounts::digest;
use super::fault::Fault;
use crate::domain::lockout::{PER_ADDRESS, PER_NAME, Tally};
use crate::domain::vocabulary::LocalTime;
use crate::storage::{Reader, StorageError, Tx, sign_ins};

/// After this long without a failure nothing of the earlier ones is left.
pub const FAILURES_KEPT: TimeDelta = TimeDelta::days(1);

/// The name and the address whose failures a sign-in goes by. They are kept as hashes: names of people, and whatever else
/// is typed into the field.
#[derive(Debug, Clone)]
pub struct Watch {
    name: String,
    address: Option<String>,
}

impl Watch {
    /// For the user of this name, from this address.
    pub fn on_user(username: &str, address: Option<IpAddr>) -> Self {
        Self::on(&format!("name:{username}"), address)
    }

    /// For the machine client of this identifier, from this address.
    pub fn on_client(id: &str, address: Option<IpAddr>) -> Self {
        Self::on(&format!("client:{id}"), address)
    }

    fn on(name: &str, address: Option<IpAddr>) -> Self {
        let address = address.map(|address| digest(&format!("address:{}", network(address))));
        Self { name: digest(name), address }
    }

    /// Refuses while the name or the address has to wait.
    pub(in crate::flow) fn require_open(&self, reader: &mut Reader, now: LocalTime) -> Result<(), Fault> {
        for subject in std::iter::once(&self.name).chain(&self.address) {
            require_no_wait(sign_ins::find(reader, subject)?, now)?;
        }
        Ok(())
    }

    /// Counts a failure; refuses when the ones before have closed name or address in the meantime.
    pub(in crate::flow) fn count_failure(&self, tx: &mut Tx, now: LocalTime) -> Result<(), Fault> {
        // Names before addresses, always, so that no two failures wait for each other.
        let subjects = [Some((&self.name, PER_NAME)), self.address.as_ref().map(|address| (address, PER_ADDRESS))];
        for (subject, policy) in subjects.into_iter().flatten() {
            let tally = sign_ins::hold(tx, subject, now)?;
            require_no_wait(Some(tally), now)?;
            sign_ins::save(tx, subject, &tally.failed(policy, now))?;
        }
        Ok(())
    }

    /// Forgets the failures of the name. Those of the address stay: its other names were guessed, too.
    pub(in crate::flow) fn clear(&self, tx: &mut Tx) -> Result<(), StorageError> {
        sign_ins::clear(tx, &self.name)
    }
}

fn require_no_wait(tally: Option<Tally>, now: LocalTime) -> Result<(), Fault> {
    match tally.and_then(|tally| tally.wait(now)) {
        Some(seconds) => Err(Fault::TooManyAttempts { seconds }),
        None => Ok(()),
    }
}

/// Whom an address stands for: with IPv6 a subscriber has a whole network of 2⁶⁴.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_subscriber_is_one_address() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
    }
}
