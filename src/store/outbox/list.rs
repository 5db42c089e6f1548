//! The outbox as the commands list and show it.

use jiff::Timestamp;

use super::{AttemptRow, Backlog, NoteRow, OutboxFilter, OutboxRow};
use crate::model::address::Address;
use crate::model::ids::{QueueSlug, TicketId, TicketRef};
use crate::model::notification::{About, Occasion};
use crate::model::outbox::OutboxState;
use crate::store::engine::{Engine, Row, Value, first};
use crate::store::tickets::at_most;
use crate::store::{Store, StoreError};

const SELECT_NOTIFICATIONS: &str = "
SELECT outbox.id, ticket.queue, ticket.id, outbox.template, outbox.address, outbox.name, outbox.role, outbox.state,
  outbox.reason, outbox.attempts, outbox.due_at, outbox.last_error, outbox.message_id, outbox.priority,
  outbox.created_at, outbox.state_since, outbox.expires_at, outbox.bounce, outbox.bounce_status, outbox.bounced_at
FROM outbox
LEFT JOIN ticket ON ticket.id = outbox.ticket
WHERE (CAST(?1 AS TEXT) IS NULL OR outbox.state = ?1)
  AND (CAST(?2 AS BIGINT) IS NULL OR outbox.ticket = ?2)
  AND (CAST(?3 AS TEXT) IS NULL OR outbox.key = ?3)
ORDER BY outbox.id DESC
LIMIT ?4";

pub(in crate::store) const SELECT_NOTIFICATION: &str = "
SELECT outbox.id, ticket.queue, ticket.id, outbox.template, outbox.address, outbox.name, outbox.role, outbox.state,
  outbox.reason, outbox.attempts, outbox.due_at, outbox.last_error, outbox.message_id, outbox.priority,
  outbox.created_at, outbox.state_since, outbox.expires_at, outbox.bounce, outbox.bounce_status, outbox.bounced_at
FROM outbox
LEFT JOIN ticket ON ticket.id = outbox.ticket
WHERE outbox.id = ?1";

pub(in crate::store) const SELECT_ATTEMPTS: &str = "
SELECT began_at, ended_at, result, answer, duration_ms, note
FROM outbox_attempt
WHERE outbox = ?1
ORDER BY id";

pub(in crate::store) const SELECT_WAITING: &str = "
SELECT count(*), min(created_at), count(CASE WHEN ticket IS NULL THEN 1 END)
FROM outbox
WHERE state IN ('queued', 'sending')";

pub(in crate::store) const COUNT_ENDED: &str = "
SELECT count(CASE WHEN state = 'failed' THEN 1 END), count(CASE WHEN state = 'bounced' THEN 1 END)
FROM outbox
WHERE state IN ('failed', 'bounced')";

pub(in crate::store) const SELECT_NOTES: &str = "
SELECT at, text
FROM ticket_note
WHERE ticket = ?1
ORDER BY id";

impl Store {
    /// The notifications that are wanted, oldest first.
    pub fn notifications(&mut self, filter: &OutboxFilter) -> Result<Vec<OutboxRow>, StoreError> {
        let values = [
            Value::text(filter.state.map(OutboxState::as_str)),
            Value::integer(filter.ticket.map(|ticket| ticket.0)),
            Value::text(filter.key.as_deref()),
            Value::Integer(at_most(filter.limit)),
        ];
        let rows = self.engine.query(SELECT_NOTIFICATIONS, &values)?;
        let mut rows = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        rows.reverse();
        Ok(rows)
    }

    /// One notification.
    pub fn notification(&mut self, id: i64) -> Result<OutboxRow, StoreError> {
        one(self.engine.as_mut(), id)
    }

    /// How it was tried to deliver it, oldest first.
    pub fn attempts_of(&mut self, id: i64) -> Result<Vec<AttemptRow>, StoreError> {
        let rows = self.engine.query(SELECT_ATTEMPTS, &[Value::Integer(id)])?;
        rows.into_iter().map(attempt).collect()
    }

    /// How the outbox stands.
    pub fn backlog(&mut self) -> Result<Backlog, StoreError> {
        let mut backlog = Backlog::default();
        if let Some(mut row) = first(self.engine.query(SELECT_WAITING, &[])?) {
            (backlog.waiting, backlog.oldest) = (row.take(0)?, row.take::<Option<Timestamp>>(1)?);
            backlog.alerts = row.take(2)?;
        }
        if let Some(mut row) = first(self.engine.query(COUNT_ENDED, &[])?) {
            (backlog.failed, backlog.bounced) = (row.take(0)?, row.take(1)?);
        }
        Ok(backlog)
    }

    /// The notes on a ticket, oldest first.
    pub fn notes(&mut self, ticket: TicketId) -> Result<Vec<NoteRow>, StoreError> {
        let rows = self.engine.query(SELECT_NOTES, &[Value::Integer(ticket.0)])?;
        rows.into_iter().map(|mut row| Ok(NoteRow { at: row.take(0)?, text: row.take(1)? })).collect()
    }
}

/// One notification, in whatever transaction.
pub(super) fn one(engine: &mut dyn Engine, id: i64) -> Result<OutboxRow, StoreError> {
    match first(engine.query(SELECT_NOTIFICATION, &[Value::Integer(id)])?) {
        Some(row) => read(row),
        None => Err(StoreError::Missing { what: format!("notification {id}") }),
    }
}

fn read(mut row: Row) -> Result<OutboxRow, StoreError> {
    let state: OutboxState = row.take(7)?;
    let due: Timestamp = row.take(10)?;
    Ok(OutboxRow {
        id: row.take(0)?,
        about: about(row.take(1)?, row.take(2)?, row.take(3)?)?,
        to: Address { address: row.take(4)?, name: row.take(5)? },
        told: row.take(6)?,
        state,
        reason: row.take(8)?,
        attempts: row.take(9)?,
        next_attempt_at: (state == OutboxState::Queued).then_some(due),
        last_error: row.take(11)?,
        message_id: row.take(12)?,
        urgency: row.take(13)?,
        created_at: row.take(14)?,
        state_since: row.take(15)?,
        expires_at: row.take(16)?,
        bounce: row.take(17)?,
        bounce_status: row.take(18)?,
        bounced_at: row.take(19)?,
    })
}

/// What a row is about, by its ticket and the word of its template.
pub(super) fn about(
    queue: Option<QueueSlug>,
    ticket: Option<TicketId>,
    template: String,
) -> Result<About, StoreError> {
    let Some((queue, id)) = queue.zip(ticket) else { return Ok(About::Alert) };
    let odd = || StoreError::Odd { what: format!("a notification of the kind {template:?}") };
    let occasion = Occasion::from_word(&template).ok_or_else(odd)?;
    Ok(About::Ticket(TicketRef { queue, id }, occasion))
}

/// An attempt: when it began and ended, its result, answer, duration and note.
pub(in crate::store) fn attempt(mut row: Row) -> Result<AttemptRow, StoreError> {
    Ok(AttemptRow {
        began_at: row.take(0)?,
        ended_at: row.take(1)?,
        result: row.take(2)?,
        answer: row.take(3)?,
        duration_ms: row.take(4)?,
        note: row.take(5)?,
    })
}
