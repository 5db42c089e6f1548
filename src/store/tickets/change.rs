//! Closing, reopening and merging tickets by hand.

use jiff::Timestamp;

use super::facts;
use crate::model::ids::{TicketId, TicketRef};
use crate::model::ticket::{Status, TicketFacts};
use crate::store::desk::Desk;
use crate::store::engine::{Engine, Value};
use crate::store::{Books, Store, StoreError};

pub(in crate::store) const UPDATE_MERGED: &str = "
UPDATE ticket
SET status = 'merged',
    merged_into = ?2,
    status_since = ?3,
    updated_at = ?3
WHERE id = ?1";

pub(in crate::store) const UPDATE_TARGET: &str = "
UPDATE ticket
SET updated_at = ?2
WHERE id = ?1";

/// A ticket has one requester, so that of the merged one is a copied person on the target.
pub(in crate::store) const INSERT_MERGED_PARTICIPANTS: &str = "
INSERT INTO participant (ticket, key, address, name, role, joined_at)
SELECT ?2, key, address, name, CASE role WHEN 'requester' THEN 'cc' ELSE role END, ?3
FROM participant
WHERE ticket = ?1
ORDER BY id
ON CONFLICT (ticket, key) DO NOTHING";

impl Store {
    /// Closes a ticket; one that is closed stays as it is.
    pub fn close(&mut self, id: TicketId, at: Timestamp) -> Result<(), StoreError> {
        self.atomically(|engine| match standing_alone(engine, id)?.status {
            Status::Closed => Ok(()),
            Status::Open | Status::Reopened | Status::Resolved | Status::Merged => {
                Desk { engine }.set_status(id, Status::Closed, at)
            }
        })
    }

    /// Opens a closed or resolved ticket again; one that is open stays as it is.
    pub fn reopen(&mut self, id: TicketId, at: Timestamp) -> Result<(), StoreError> {
        self.atomically(|engine| match standing_alone(engine, id)?.status.is_closed() {
            true => Desk { engine }.set_status(id, Status::Reopened, at),
            false => Ok(()),
        })
    }

    /// Makes a ticket part of another, or of what that one became part of; its participants join the target.
    pub fn merge(&mut self, id: TicketId, into: TicketId, at: Timestamp) -> Result<(), StoreError> {
        self.atomically(|engine| {
            let merged = standing_alone(engine, id)?;
            let target = target(engine, into)?;
            if target.id == merged.id {
                let what = format!("{} cannot be merged into itself", name(&merged));
                return Err(StoreError::Refused { what });
            }
            let ids = [Value::Integer(merged.id.0), Value::Integer(target.id.0), Value::Time(at)];
            engine.execute(UPDATE_MERGED, &ids)?;
            engine.execute(INSERT_MERGED_PARTICIPANTS, &ids)?;
            engine.execute(UPDATE_TARGET, &[Value::Integer(target.id.0), Value::Time(at)]).map(drop)
        })
    }
}

/// The ticket, refused if it is part of another.
fn standing_alone(engine: &mut dyn Engine, id: TicketId) -> Result<TicketFacts, StoreError> {
    let ticket = facts(engine, id)?;
    match ticket.merged_into {
        None => Ok(ticket),
        Some(into) => {
            let into = facts(engine, into)?;
            Err(StoreError::Refused { what: format!("{} was merged into {}", name(&ticket), name(&into)) })
        }
    }
}

/// The ticket at the end of all merges.
///
/// Only a ticket that stands alone is merged, and only into another such, so that a circle cannot come about.
fn target(engine: &mut dyn Engine, into: TicketId) -> Result<TicketFacts, StoreError> {
    let mut target = facts(engine, into)?;
    while let Some(next) = target.merged_into {
        target = facts(engine, next)?;
    }
    Ok(target)
}

fn name(ticket: &TicketFacts) -> String {
    TicketRef { queue: ticket.queue.clone(), id: ticket.id }.to_string()
}
