//! What people do to events.

use jiff::Timestamp;

use crate::model::event::EventState;
use crate::store::engine::{Engine, Value, first};
use crate::store::{Store, StoreError};

pub(in crate::store) const SELECT_EVENT_STATE: &str = "
SELECT state
FROM event
WHERE id = ?1";

/// Its attempts begin anew. One that was delivered may be asked for again: its id is the same.
pub(in crate::store) const UPDATE_RETRIED: &str = "
UPDATE event
SET state = 'queued',
    state_since = ?2,
    reason = NULL,
    due_at = ?2,
    attempts = 0,
    uncertain = 0
WHERE id = ?1
  AND state <> 'delivering'";

pub(in crate::store) const UPDATE_DROPPED: &str = "
UPDATE event
SET state = 'dropped',
    state_since = ?2,
    reason = NULL
WHERE id = ?1
  AND state IN ('queued', 'failed')";

impl Store {
    /// Makes events due now, whatever became of them before; all of them, or none.
    ///
    /// # Errors
    /// `Refused` for one that is being delivered; `Missing`.
    pub fn retry_events(&mut self, rows: &[i64], now: Timestamp) -> Result<(), StoreError> {
        self.change_events(rows, UPDATE_RETRIED, "retried", now)
    }

    /// Drops events that wait or were given up; all of them, or none.
    ///
    /// # Errors
    /// `Refused` for one that is in hand or done with; `Missing`.
    pub fn drop_events(&mut self, rows: &[i64], now: Timestamp) -> Result<(), StoreError> {
        self.change_events(rows, UPDATE_DROPPED, "dropped", now)
    }

    fn change_events(
        &mut self,
        rows: &[i64],
        sql: &'static str,
        done: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.atomically(|engine| {
            for row in rows {
                if engine.execute(sql, &[Value::Integer(*row), Value::Time(now)])? == 0 {
                    let state = state(engine, *row)?;
                    let what = format!("event {row} is {state} and cannot be {done}");
                    return Err(StoreError::Refused { what });
                }
            }
            Ok(())
        })
    }
}

fn state(engine: &mut dyn Engine, row: i64) -> Result<EventState, StoreError> {
    match first(engine.query(SELECT_EVENT_STATE, &[Value::Integer(row)])?) {
        Some(mut row) => row.take(0),
        None => Err(StoreError::Missing { what: format!("event {row}") }),
    }
}
