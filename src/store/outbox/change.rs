//! What people do to notifications.

use jiff::Timestamp;

use crate::store::by_hand::Change;
use crate::store::{Store, StoreError};

pub(in crate::store) const SELECT_STATE: &str = "
SELECT state
FROM outbox
WHERE id = ?1";

/// From here on it counts as new: attempts begin anew, and it does not expire, since a person wants it.
pub(in crate::store) const UPDATE_REQUEUED: &str = "
UPDATE outbox
SET state = 'queued',
    state_since = ?2,
    reason = NULL,
    due_at = ?2,
    expires_at = NULL,
    priority = 0,
    attempts = 0,
    uncertain = 0,
    bounce = NULL,
    bounce_status = NULL,
    bounced_at = NULL
WHERE id = ?1
  AND state NOT IN ('sending', 'sent')";

pub(in crate::store) const UPDATE_CANCELLED: &str = "
UPDATE outbox
SET state = 'cancelled',
    state_since = ?2
WHERE id = ?1
  AND state = 'queued'";

impl Store {
    /// Makes notifications due now, whatever became of them before; all of them, or none.
    ///
    /// # Errors
    /// `Refused` for one that is being sent, or was; `Missing`.
    pub fn requeue(&mut self, ids: &[i64], now: Timestamp) -> Result<(), StoreError> {
        self.change(&of(UPDATE_REQUEUED, "requeued"), ids, now)
    }

    /// Takes back notifications that wait; all of them, or none.
    ///
    /// # Errors
    /// `Refused` for one that does not wait; `Missing`.
    pub fn cancel(&mut self, ids: &[i64], now: Timestamp) -> Result<(), StoreError> {
        self.change(&of(UPDATE_CANCELLED, "cancelled"), ids, now)
    }
}

fn of(sql: &'static str, done: &'static str) -> Change {
    Change { what: "notification", done, sql, state: SELECT_STATE }
}

#[cfg(test)]
impl Store {
    /// Passes by the back-off of all that wait.
    pub(crate) fn make_due(&mut self) -> Result<(), StoreError> {
        self.engine.execute("UPDATE outbox SET due_at = created_at WHERE state = 'queued'", &[]).map(drop)
    }
}
