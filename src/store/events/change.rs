//! What people do to events.

use jiff::Timestamp;

use crate::store::by_hand::Change;
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
        self.change(&of(UPDATE_RETRIED, "retried"), rows, now)
    }

    /// Drops events that wait or were given up; all of them, or none.
    ///
    /// # Errors
    /// `Refused` for one that is in hand or done with; `Missing`.
    pub fn drop_events(&mut self, rows: &[i64], now: Timestamp) -> Result<(), StoreError> {
        self.change(&of(UPDATE_DROPPED, "dropped"), rows, now)
    }
}

fn of(sql: &'static str, done: &'static str) -> Change {
    Change { what: "event", done, sql, state: SELECT_EVENT_STATE }
}
