//! Events as the commands list and show them.

use jiff::Timestamp;

use super::{EventBacklog, EventFilter, EventRow};
use crate::model::event::{EventKind, EventState, Undelivered};
use crate::store::engine::{Row, Value, first};
use crate::store::outbox::attempt;
use crate::store::tickets::at_most;
use crate::store::{AttemptRow, Store, StoreError};

const SELECT_EVENTS: &str = "
SELECT id, event_id, type, hook, state, reason, attempts, due_at, last_error, created_at, state_since, payload
FROM event
WHERE (CAST(?1 AS TEXT) IS NULL OR state = ?1)
  AND (CAST(?2 AS TEXT) IS NULL OR type = ?2)
  AND (CAST(?3 AS TEXT) IS NULL OR hook = ?3)
ORDER BY id DESC
LIMIT ?4";

pub(in crate::store) const SELECT_EVENT: &str = "
SELECT id, event_id, type, hook, state, reason, attempts, due_at, last_error, created_at, state_since, payload
FROM event
WHERE id = ?1";

/// As an attempt to send a notification, which may have a note besides.
pub(in crate::store) const SELECT_EVENT_ATTEMPTS: &str = "
SELECT began_at, ended_at, result, answer, duration_ms, NULL
FROM event_attempt
WHERE event = ?1
ORDER BY id";

pub(in crate::store) const SELECT_WAITING_EVENTS: &str = "
SELECT count(*), min(created_at)
FROM event
WHERE state IN ('queued', 'delivering')";

pub(in crate::store) const COUNT_FAILED_EVENTS: &str = "
SELECT count(*)
FROM event
WHERE state = 'failed'";

impl Store {
    /// The events that are wanted, oldest first.
    pub fn events(&mut self, filter: &EventFilter) -> Result<Vec<EventRow>, StoreError> {
        let values = [
            Value::text(filter.state.map(EventState::as_str)),
            Value::text(filter.kind.map(EventKind::as_str)),
            Value::text(filter.hook.as_deref()),
            Value::Integer(at_most(filter.limit)),
        ];
        let rows = self.engine.query(SELECT_EVENTS, &values)?;
        let mut rows = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        rows.reverse();
        Ok(rows)
    }

    /// One event for one hook.
    pub fn event(&mut self, row: i64) -> Result<EventRow, StoreError> {
        match first(self.engine.query(SELECT_EVENT, &[Value::Integer(row)])?) {
            Some(row) => read(row),
            None => Err(StoreError::Missing { what: format!("event {row}") }),
        }
    }

    /// How it was tried to deliver it, oldest first.
    pub fn attempts_of_event(&mut self, row: i64) -> Result<Vec<AttemptRow>, StoreError> {
        let rows = self.engine.query(SELECT_EVENT_ATTEMPTS, &[Value::Integer(row)])?;
        rows.into_iter().map(attempt).collect()
    }

    /// How the events stand.
    pub fn event_backlog(&mut self) -> Result<EventBacklog, StoreError> {
        let mut backlog = EventBacklog::default();
        if let Some(mut row) = first(self.engine.query(SELECT_WAITING_EVENTS, &[])?) {
            (backlog.waiting, backlog.oldest) = (row.take(0)?, row.take::<Option<Timestamp>>(1)?);
        }
        if let Some(mut row) = first(self.engine.query(COUNT_FAILED_EVENTS, &[])?) {
            backlog.failed = row.take(0)?;
        }
        Ok(backlog)
    }
}

fn read(mut row: Row) -> Result<EventRow, StoreError> {
    let state: EventState = row.take(4)?;
    let due: Timestamp = row.take(7)?;
    Ok(EventRow {
        row: row.take(0)?,
        id: row.take(1)?,
        kind: row.take(2)?,
        hook: row.take(3)?,
        state,
        reason: row.take::<Option<Undelivered>>(5)?,
        attempts: row.take(6)?,
        next_attempt_at: (state == EventState::Queued).then_some(due),
        last_error: row.take(8)?,
        created_at: row.take(9)?,
        state_since: row.take(10)?,
        payload: row.take(11)?,
    })
}
