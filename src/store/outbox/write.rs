//! What the road asks and writes of notifications.

use jiff::Timestamp;

use super::bounce;
use super::{CameBack, Circle, NewAlertMail, NewNotification, Outgoing, SentAs, Written, suppressed};
use crate::model::address::{Address, key};
use crate::model::ids::{MessageId, TicketId};
use crate::model::outbox::{OutboxState, Untold, Urgency};
use crate::store::StoreError;
use crate::store::desk::Desk;
use crate::store::engine::{Engine, Value, first};

pub(in crate::store) const SELECT_SUBJECT: &str = "
SELECT title, priority, notify
FROM ticket
WHERE id = ?1";

pub(in crate::store) const SELECT_PEOPLE: &str = "
SELECT address, name, role
FROM participant
WHERE ticket = ?1
ORDER BY role <> 'requester', id";

pub(in crate::store) const COUNT_WRITTEN_TO: &str = "
SELECT count(*), count(CASE WHEN subject = ?2 THEN 1 END)
FROM outbox
WHERE key = ?1
  AND created_at > ?3
  AND state <> 'suppressed'
  AND role IS DISTINCT FROM 'agents'";

pub(in crate::store) const COUNT_WRITTEN: &str = "
SELECT count(*)
FROM outbox
WHERE created_at > ?1
  AND state <> 'suppressed'";

pub(in crate::store) const INSERT_NOTIFICATION: &str = "
INSERT INTO outbox
  (ticket, message, other, template, role, key, address, name, subject, message_id, priority, state, reason,
   created_at, state_since, due_at, expires_at, attempts, uncertain)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15, ?16, 0, 0)
RETURNING id";

/// An alert waits in the same way, before all others; nobody is asked whether its address is left alone until it leaves.
pub(in crate::store) const INSERT_ALERT_MAIL: &str = "
INSERT INTO outbox
  (template, key, address, name, subject, text, message_id, priority, state, created_at, state_since, due_at,
   expires_at, attempts, uncertain)
VALUES ('alert', ?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', ?8, ?8, ?8, ?9, 0, 0)";

pub(in crate::store) const INSERT_NOTE: &str = "
INSERT INTO ticket_note (ticket, at, text)
VALUES (?1, ?2, ?3)";

impl Outgoing for Desk<'_> {
    fn circle(&mut self, ticket: TicketId) -> Result<Circle, StoreError> {
        let id = Value::Integer(ticket.0);
        let Some(mut row) = first(self.engine.query(SELECT_SUBJECT, &[id])?) else {
            return Err(StoreError::Missing { what: format!("ticket {ticket}") });
        };
        let mut people = Vec::new();
        for mut row in self.engine.query(SELECT_PEOPLE, &[id])? {
            people.push((Address { address: row.take(0)?, name: row.take(1)? }, row.take(2)?));
        }
        Ok(Circle { title: row.take(0)?, priority: row.take(1)?, notify: row.take(2)?, people })
    }

    fn is_suppressed(&mut self, key: &str, at: Timestamp) -> Result<bool, StoreError> {
        suppressed::is_suppressed(self.engine, key, at)
    }

    fn written_to(&mut self, key: &str, subject: &str, since: Timestamp) -> Result<Written, StoreError> {
        let values = [Value::Text(key), Value::Text(subject), Value::Time(since)];
        match first(self.engine.query(COUNT_WRITTEN_TO, &values)?) {
            Some(mut row) => Ok(Written { all: row.take(0)?, same: row.take(1)? }),
            None => Ok(Written::default()),
        }
    }

    fn written(&mut self, since: Timestamp) -> Result<u64, StoreError> {
        first(self.engine.query(COUNT_WRITTEN, &[Value::Time(since)])?).map_or(Ok(0), |mut row| row.take(0))
    }

    fn enqueue(&mut self, notification: &NewNotification<'_>) -> Result<i64, StoreError> {
        enqueue(self.engine, notification)
    }

    fn sent_as(&mut self, id: &MessageId) -> Result<Option<SentAs>, StoreError> {
        bounce::sent_as(self.engine, id)
    }

    fn came_back(&mut self, back: &CameBack<'_>) -> Result<Option<Timestamp>, StoreError> {
        bounce::came_back(self.engine, back)
    }

    fn note(&mut self, ticket: TicketId, text: &str, at: Timestamp) -> Result<(), StoreError> {
        note(self.engine, ticket, text, at)
    }
}

/// Puts a note on a ticket.
pub(in crate::store) fn note(
    engine: &mut dyn Engine,
    ticket: TicketId,
    text: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    engine.execute(INSERT_NOTE, &[Value::Integer(ticket.0), Value::Time(at), Value::Text(text)]).map(drop)
}

/// Writes an alert.
pub(in crate::store) fn enqueue_alert(engine: &mut dyn Engine, new: &NewAlertMail) -> Result<(), StoreError> {
    let key = key(&new.to.address);
    let values = [
        Value::Text(&key),
        Value::Text(new.to.address.trim()),
        Value::text(new.to.name.as_deref()),
        Value::Text(&new.subject),
        Value::Text(&new.text),
        Value::Text(new.message_id.as_str()),
        Value::Integer(Urgency::Now as i64),
        Value::Time(new.at),
        Value::time(new.expires_at),
    ];
    engine.execute(INSERT_ALERT_MAIL, &values).map(drop)
}

fn enqueue(engine: &mut dyn Engine, new: &NewNotification<'_>) -> Result<i64, StoreError> {
    let state = if new.untold.is_some() { OutboxState::Suppressed } else { OutboxState::Queued };
    let key = key(&new.to.address);
    let values = [
        Value::Integer(new.ticket.0),
        Value::Integer(new.message),
        Value::integer(new.other.map(|other| other.0)),
        Value::Text(new.occasion.as_str()),
        Value::Text(new.told.as_str()),
        Value::Text(&key),
        Value::Text(new.to.address.trim()),
        Value::text(new.to.name.as_deref()),
        Value::Text(new.subject),
        Value::Text(new.message_id.as_str()),
        Value::Integer(new.urgency as i64),
        Value::Text(state.as_str()),
        Value::text(new.untold.map(Untold::as_str)),
        Value::Time(new.at),
        Value::Time(new.due_at),
        Value::time(new.expires_at),
    ];
    match first(engine.query(INSERT_NOTIFICATION, &values)?) {
        Some(mut row) => row.take(0),
        None => Err(StoreError::Misuse { what: "a new notification has no number".to_owned() }),
    }
}
