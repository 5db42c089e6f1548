//! What the road writes on tickets.
//!
//! A row that does not fit a constraint is the message's trouble; the savepoint takes back what was written before it.

use jiff::Timestamp;

use super::words::title;
use super::{Desk, ledger, message};
use crate::model::address::key;
use crate::model::ids::TicketId;
use crate::model::ticket::{Role, Status};
use crate::store::engine::Value;
use crate::store::{
    Books, LedgerEntry, NewEvent, NewMessage, NewParticipant, NewTicket, Outgoing, StoreError, events,
};

const SAVEPOINT: &str = "SAVEPOINT message";
const RELEASE: &str = "RELEASE SAVEPOINT message";
const ROLLBACK: &str = "ROLLBACK TO SAVEPOINT message";

pub(super) const INSERT_TICKET: &str = "
INSERT INTO ticket (queue, title, status, status_since, priority, notify, created_at, updated_at)
VALUES (?1, ?2, 'open', ?3, ?4, ?5, ?3, ?3)";

pub(super) const INSERT_TAG: &str = "
INSERT INTO tag (ticket, tag)
VALUES (?1, ?2)
ON CONFLICT (ticket, tag) DO NOTHING";

pub(super) const UPDATE_STATUS: &str = "
UPDATE ticket
SET status = ?2,
    status_since = CASE WHEN status = ?2 THEN status_since ELSE ?3 END,
    updated_at = ?3
WHERE id = ?1";

pub(super) const INSERT_PARTICIPANT: &str = "
INSERT INTO participant (ticket, key, address, name, role, joined_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (ticket, key) DO NOTHING";

pub(super) const INSERT_LINK: &str = "
INSERT INTO ticket_link (ticket, other, linked_at)
VALUES (?1, ?2, ?3)
ON CONFLICT (ticket, other) DO NOTHING";

impl Books for Desk<'_> {
    fn savepoint(&mut self) -> Result<(), StoreError> {
        self.engine.execute(SAVEPOINT, &[]).map(drop)
    }

    fn release(&mut self) -> Result<(), StoreError> {
        self.engine.execute(RELEASE, &[]).map(drop)
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        self.engine.execute(ROLLBACK, &[])?;
        // Rolling back leaves the savepoint itself standing.
        self.engine.execute(RELEASE, &[]).map(drop)
    }

    fn open_ticket(&mut self, ticket: &NewTicket<'_>) -> Result<TicketId, StoreError> {
        let title = title(ticket.title);
        let values = [
            Value::Text(ticket.queue.as_str()),
            Value::Text(&title),
            Value::Time(ticket.at),
            Value::Integer(ticket.priority.into()),
            Value::Boolean(ticket.notify),
        ];
        let id = self.engine.insert(INSERT_TICKET, &values)?;
        for tag in ticket.tags {
            self.engine.execute(INSERT_TAG, &[Value::Integer(id), Value::Text(tag)])?;
        }
        let id = TicketId(id);
        if let Some(address) = ticket.requester {
            self.join(id, &NewParticipant { address, role: Role::Requester, at: ticket.at })?;
        }
        Ok(id)
    }

    fn append(&mut self, message: &NewMessage<'_>) -> Result<i64, StoreError> {
        message::append(self.engine, message)
    }

    fn set_status(&mut self, ticket: TicketId, status: Status, at: Timestamp) -> Result<(), StoreError> {
        let values = [Value::Integer(ticket.0), Value::Text(status.as_str()), Value::Time(at)];
        match self.engine.execute(UPDATE_STATUS, &values)? {
            0 => Err(StoreError::Missing { what: format!("ticket {ticket}") }),
            _ => Ok(()),
        }
    }

    fn join(&mut self, ticket: TicketId, participant: &NewParticipant<'_>) -> Result<(), StoreError> {
        let address = participant.address;
        let values = [
            Value::Integer(ticket.0),
            Value::Text(&key(&address.address)),
            Value::Text(address.address.trim()),
            Value::text(address.name.as_deref()),
            Value::Text(participant.role.as_str()),
            Value::Time(participant.at),
        ];
        self.engine.execute(INSERT_PARTICIPANT, &values).map(drop)
    }

    fn link(&mut self, ticket: TicketId, other: TicketId, at: Timestamp) -> Result<(), StoreError> {
        let values = [Value::Integer(ticket.0), Value::Integer(other.0), Value::Time(at)];
        self.engine.execute(INSERT_LINK, &values).map(drop)
    }

    fn record(&mut self, entry: &LedgerEntry<'_>) -> Result<(), StoreError> {
        ledger::record(self.engine, entry)
    }

    fn announce(&mut self, event: &NewEvent) -> Result<(), StoreError> {
        events::write(self.engine, event)
    }

    fn outgoing(&mut self) -> Option<&mut dyn Outgoing> {
        Some(self)
    }
}
