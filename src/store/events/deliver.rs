//! What is due, attempts and their ends.

use jiff::Timestamp;

use super::{BegunEvent, DueEvent, EventEnd, EventFate};
use crate::model::event::{EventKind, EventState, Undelivered};
use crate::store::engine::{Engine, Value, first};
use crate::store::{AttemptResult, MOST_UNCERTAIN, Store, StoreError, lease};

pub(in crate::store) const SELECT_DUE_EVENTS: &str = "
SELECT id, due_at, type, hook
FROM event
WHERE state = 'queued'
  AND due_at <= ?1
  AND (due_at, id) > (?2, ?3)
ORDER BY due_at, id
LIMIT ?4";

pub(in crate::store) const UPDATE_EVENT_BEGUN: &str = "
UPDATE event
SET state = 'delivering',
    state_since = ?2,
    attempts = attempts + 1,
    lease = ?3
WHERE id = ?1
  AND state = 'queued'
RETURNING event_id, type, hook, payload, attempts";

pub(in crate::store) const INSERT_EVENT_ATTEMPT: &str = "
INSERT INTO event_attempt (event, began_at)
VALUES (?1, ?2)
RETURNING id";

pub(in crate::store) const UPDATE_EVENT_ATTEMPT: &str = "
UPDATE event_attempt
SET ended_at = ?2,
    result = ?3,
    answer = ?4,
    duration_ms = ?5
WHERE id = ?1
  AND ended_at IS NULL";

pub(in crate::store) const UPDATE_EVENT_RESOLVED: &str = "
UPDATE event
SET state = ?3,
    state_since = ?4,
    reason = ?5,
    due_at = coalesce(?6, due_at),
    last_error = CASE WHEN ?3 = 'delivered' THEN NULL ELSE coalesce(?7, last_error) END,
    uncertain = uncertain + ?8,
    lease = NULL
WHERE id = ?1
  AND state = 'delivering'
  AND lease = ?2";

/// A hook that said so stays gone while an event of it stands so: a person retries or drops that.
pub(in crate::store) const SELECT_GONE: &str = "
SELECT id
FROM event
WHERE hook = ?1
  AND type = ?2
  AND reason = 'gone'
LIMIT 1";

pub(in crate::store) const UPDATE_WAITING: &str = "
UPDATE event
SET state = 'failed',
    state_since = ?4,
    reason = ?3
WHERE hook = ?1
  AND type = ?2
  AND state = 'queued'";

/// Few: what programs that died had in hand, as with notifications.
const SELECT_LEFT: &str = "
SELECT event.id, event.lease, event.uncertain,
  (SELECT event_attempt.id
   FROM event_attempt
   WHERE event_attempt.event = event.id
     AND event_attempt.ended_at IS NULL)
FROM event
WHERE event.state = 'delivering'
  AND NOT EXISTS (SELECT 1 FROM lease WHERE lease.name = event.lease)
ORDER BY event.id";

impl Store {
    /// So many that are due behind another, the longest due first.
    pub fn due_events(
        &mut self,
        now: Timestamp,
        behind: Option<&DueEvent>,
        most: u64,
    ) -> Result<Vec<DueEvent>, StoreError> {
        let values = [
            Value::Time(now),
            // Nothing was due before there were computers.
            Value::Time(behind.map_or(Timestamp::UNIX_EPOCH, |behind| behind.due_at)),
            Value::Integer(behind.map_or(0, |behind| behind.row)),
            Value::Integer(most.try_into().unwrap_or(i64::MAX)),
        ];
        let rows = self.engine.query(SELECT_DUE_EVENTS, &values)?;
        let read = |mut row: crate::store::engine::Row| {
            Ok(DueEvent { row: row.take(0)?, due_at: row.take(1)?, kind: row.take(2)?, hook: row.take(3)? })
        };
        rows.into_iter().map(read).collect()
    }

    /// Writes down that an attempt begins; `None` if the event does not wait any more.
    ///
    /// An attempt is made only after this: whatever ends the program, the row knows of it.
    pub fn begin_event(
        &mut self,
        lease: &str,
        row: i64,
        now: Timestamp,
    ) -> Result<Option<BegunEvent>, StoreError> {
        self.atomically(|engine| {
            let values = [Value::Integer(row), Value::Time(now), Value::Text(lease)];
            let Some(mut event) = first(engine.query(UPDATE_EVENT_BEGUN, &values)?) else { return Ok(None) };
            let attempt = engine.query(INSERT_EVENT_ATTEMPT, &[Value::Integer(row), Value::Time(now)])?;
            let none = || StoreError::Misuse { what: "a new attempt has no number".to_owned() };
            Ok(Some(BegunEvent {
                row,
                attempt: first(attempt).ok_or_else(none)?.take(0)?,
                id: event.take(0)?,
                kind: event.take(1)?,
                hook: event.take(2)?,
                payload: event.take(3)?,
                attempts: event.take(4)?,
            }))
        })
    }

    /// Writes down how an attempt ended.
    pub fn end_event(&mut self, lease: &str, end: &EventEnd<'_>) -> Result<(), StoreError> {
        self.atomically(|engine| resolve(engine, lease, end))
    }

    /// Whether the hook has said that it is there no more, and no person has dealt with that.
    pub fn hook_is_gone(&mut self, kind: EventKind, hook: &str) -> Result<bool, StoreError> {
        let values = [Value::Text(hook), Value::Text(kind.as_str())];
        Ok(!self.engine.query(SELECT_GONE, &values)?.is_empty())
    }

    /// Gives up all that wait for a hook, and tells how many.
    pub fn give_up_events(
        &mut self,
        kind: EventKind,
        hook: &str,
        why: Undelivered,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let values =
            [Value::Text(hook), Value::Text(kind.as_str()), Value::Text(why.as_str()), Value::Time(at)];
        self.atomically(|engine| engine.execute(UPDATE_WAITING, &values))
    }

    /// Takes back what dead programs had in hand: those that have no lease, or did not renew it in time.
    ///
    /// It may have been taken: it is tried once more, with the same id, and given up the second time. Gives the rows that
    /// are given up.
    pub fn take_back_events(&mut self, now: Timestamp) -> Result<Vec<i64>, StoreError> {
        const CUT_OFF: &str = "the program ended before the hook answered";
        self.atomically(|engine| {
            lease::bury(engine)?;
            let mut lost = Vec::new();
            for mut left in engine.query(SELECT_LEFT, &[])? {
                let (row, lease, uncertain): (i64, String, u32) =
                    (left.take(0)?, left.take(1)?, left.take(2)?);
                let given_up = uncertain + 1 >= MOST_UNCERTAIN;
                let fate =
                    if given_up { EventFate::Failed(Undelivered::Uncertain) } else { EventFate::Again(now) };
                let attempt: Option<i64> = left.take(3)?;
                let result = AttemptResult::Uncertain;
                let took = std::time::Duration::ZERO;
                let attempt = attempt.unwrap_or_default();
                let end = EventEnd { row, attempt, result, answer: CUT_OFF, took, at: now, fate };
                resolve(engine, &lease, &end)?;
                lost.extend(given_up.then_some(row));
            }
            Ok(lost)
        })
    }
}

/// A row that was lost meanwhile keeps what it has become; the attempt is written down all the same.
fn resolve(engine: &mut dyn Engine, lease: &str, end: &EventEnd<'_>) -> Result<(), StoreError> {
    let duration = i64::try_from(end.took.as_millis()).unwrap_or(i64::MAX);
    let values = [
        Value::Integer(end.attempt),
        Value::Time(end.at),
        Value::Text(end.result.as_str()),
        Value::Text(end.answer),
        Value::Integer(duration),
    ];
    engine.execute(UPDATE_EVENT_ATTEMPT, &values)?;
    let (state, reason, due) = match end.fate {
        EventFate::Delivered => (EventState::Delivered, None, None),
        EventFate::Again(at) => (EventState::Queued, None, Some(at)),
        EventFate::Failed(why) => (EventState::Failed, Some(why.as_str()), None),
    };
    let values = [
        Value::Integer(end.row),
        Value::Text(lease),
        Value::Text(state.as_str()),
        Value::Time(end.at),
        Value::text(reason),
        Value::time(due),
        Value::Text(end.answer),
        Value::Integer(i64::from(end.result == AttemptResult::Uncertain)),
    ];
    engine.execute(UPDATE_EVENT_RESOLVED, &values).map(drop)
}
