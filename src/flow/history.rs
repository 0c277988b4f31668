//! A dossier's life read back from its journal: the filing and the moves that still hold.

use crate::domain::event::Event;
use crate::domain::transition::{Filing, Move};
use crate::domain::vocabulary::{Channel, LocalTime, Status};
use crate::storage::journal::Entry;

/// The filing and the moves that the journal tells of, undone ones left out and mended ones mended.
pub fn retrace(channel: Channel, entries: &[Entry]) -> Option<(Filing, Vec<Move>)> {
    let first = entries.first()?;
    let accept = matches!(first.event, Event::Received { .. });
    let mut filing = Filing { channel, at: first.at, accept };
    let mut moves: Vec<Move> = Vec::new();
    for entry in &entries[1..] {
        match &entry.event {
            Event::Reopened { undone, .. } => {
                if let Some(last) = moves.iter().rposition(|wish| wish.to == *undone) {
                    moves.remove(last);
                }
            }
            Event::Corrected { standing, .. } => {
                filing.at = standing.filed_at;
                let acceptance = moves.iter_mut().find(|wish| wish.to == Status::Received);
                if let (Some(acceptance), Some(received_at)) = (acceptance, standing.received_at) {
                    acceptance.at = received_at;
                }
            }
            event => moves.extend(as_move(entry.at, event)),
        }
    }
    Some((filing, moves))
}

fn as_move(at: LocalTime, event: &Event) -> Option<Move> {
    let (to, reason, outcome) = match event {
        Event::Received { .. } => (Status::Received, None, None),
        Event::Resubmitted { .. } => (Status::Registered, None, None),
        Event::ProcessingStarted | Event::Resumed { .. } => (Status::Processing, None, None),
        Event::Returned => (Status::Returned, None, None),
        Event::Rejected { reason } => (Status::Rejected, Some(reason), None),
        Event::SupplementRequested { reason, .. } => (Status::SupplementRequired, Some(reason), None),
        Event::PaymentRequested { reason, .. } => (Status::PaymentRequired, Some(reason), None),
        Event::Withdrawn { reason, .. } => (Status::Withdrawn, Some(reason), None),
        Event::Stopped { reason, .. } => (Status::Stopped, Some(reason), None),
        Event::Finished { outcome, reason, .. } => (Status::Finished, reason.as_ref(), Some(*outcome)),
        _ => return None,
    };
    Some(Move { to, at, reason: reason.cloned(), outcome })
}
