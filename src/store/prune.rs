//! What `prune` may remove, a few hundred rows at a time: nothing waits longer than one of these transactions takes.
//!
//! An item is known by its row in the ledger for as long as it may lie anywhere: key, Message-ID and hashes stay, as the
//! messages on tickets do, and the words of people go. The row goes too once the item cannot come again: this program removed
//! it from a local mailbox, where that is sure, or it was handed over. What is not settled, still owed to a mailbox, or in
//! quarantine is not touched.
//! Rows are chosen outside of a transaction, and each change names once more what must hold for it.

use jiff::Timestamp;

use super::desk::DELETE_UNUSED_BLOB;
use super::engine::{Engine, Row, Value, first};
use super::{Store, StoreError};

#[cfg(doc)]
use super::Source;

/// So many rows are changed in one transaction.
pub const AT_ONCE: i64 = 500;

/// What can be pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waste {
    /// Rows of the ledger: the words in them, or all of them.
    Outcomes,
    /// Runs that no row names.
    Runs,
    /// Notifications that need nothing more, with their attempts.
    Notifications,
    /// Events that need nothing more, with their attempts.
    Events,
    /// Suppressions whose time is over.
    Suppressions,
    /// Octets that nothing speaks of; there are none unless a store was changed by other means.
    Blobs,
}

/// A row to be pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prunable {
    at: Option<Timestamp>,
    id: i64,
    /// Whether all of it goes, not only the words in it.
    pub whole: bool,
}

/// What holds of a row that needs nothing more.
macro_rules! done_with {
    () => {
        "outcome.settled
  AND (outcome.told OR outcome.disposition = 'keep')
  AND NOT EXISTS (SELECT 1 FROM quarantine WHERE quarantine.outcome = outcome.id)"
    };
}

/// What holds of a row whose item cannot come again: [`Source::knows_what_is_gone`], or nobody keeps it.
macro_rules! gone {
    () => {
        "(source.account = 'ingest'
    OR (outcome.told
      AND outcome.disposition NOT IN ('keep', 'seen')
      AND (source.account LIKE 'maildir:%' OR source.account LIKE 'mbox:%' OR source.account LIKE 'directory:%')))"
    };
}

/// Old rows in the order of time; what was shortened before is passed over.
pub(super) const SELECT_OUTCOMES: &str = concat!(
    "
SELECT outcome.at, outcome.id, ",
    gone!(),
    "
FROM outcome
JOIN source ON source.id = outcome.source
WHERE outcome.at < ?4
  AND (outcome.at, outcome.id) > (?1, ?2)
  AND ",
    done_with!(),
    "
  AND (outcome.author IS NOT NULL
    OR outcome.subject IS NOT NULL
    OR outcome.notes <> '[]'
    OR outcome.error_code IS NOT NULL
    OR ",
    gone!(),
    ")
ORDER BY outcome.at, outcome.id
LIMIT ?3"
);

pub(super) const SHORTEN_OUTCOME: &str = concat!(
    "
UPDATE outcome
SET author = NULL,
    subject = NULL,
    notes = '[]',
    error_code = NULL,
    error_message = NULL,
    error_hint = NULL
WHERE id = ?1
  AND at < ?2
  AND ",
    done_with!()
);

pub(super) const DELETE_OUTCOME: &str = concat!(
    "
DELETE FROM outcome
WHERE id = ?1
  AND at < ?2
  AND ",
    done_with!()
);

/// Runs of whose rows none is left, or none would be; the last run stays.
pub(super) const SELECT_RUNS: &str = concat!(
    "
SELECT NULL, run.id, 1
FROM run
WHERE run.id > ?1
  AND run.id < (SELECT max(id) FROM run)
  AND run.started_at < ?3
  AND NOT EXISTS (SELECT 1 FROM in_flight WHERE in_flight.run = run.id)
  AND NOT EXISTS (
    SELECT 1
    FROM outcome
    JOIN source ON source.id = outcome.source
    WHERE outcome.run = run.id
      AND NOT (outcome.at < ?3
  AND ",
    done_with!(),
    "
  AND ",
    gone!(),
    "))
ORDER BY run.id
LIMIT ?2"
);

pub(super) const DELETE_RUN: &str = "
DELETE FROM run
WHERE id = ?1
  AND NOT EXISTS (SELECT 1 FROM in_flight WHERE in_flight.run = run.id)
  AND NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.run = run.id)";

pub(super) const SELECT_NOTIFICATIONS: &str = "
SELECT NULL, id, 1
FROM outbox
WHERE id > ?1
  AND state NOT IN ('queued', 'sending')
  AND state_since < ?3
ORDER BY id
LIMIT ?2";

pub(super) const DELETE_ATTEMPTS: &str = "
DELETE FROM outbox_attempt
WHERE outbox = ?1";

pub(super) const FORGET_BOUNCED: &str = "
UPDATE suppressed
SET outbox = NULL
WHERE outbox = ?1";

pub(super) const SELECT_ENDED: &str = "
SELECT 1
FROM outbox
WHERE id = ?1
  AND state NOT IN ('queued', 'sending')
  AND state_since < ?2";

pub(super) const DELETE_NOTIFICATION: &str = "
DELETE FROM outbox
WHERE id = ?1";

/// What an endpoint that is gone did not get stays: it keeps others from being sent there.
pub(super) const SELECT_EVENTS: &str = "
SELECT NULL, id, 1
FROM event
WHERE id > ?1
  AND state NOT IN ('queued', 'delivering')
  AND (reason IS NULL OR reason <> 'gone')
  AND state_since < ?3
ORDER BY id
LIMIT ?2";

pub(super) const SELECT_ENDED_EVENT: &str = "
SELECT 1
FROM event
WHERE id = ?1
  AND state NOT IN ('queued', 'delivering')
  AND (reason IS NULL OR reason <> 'gone')
  AND state_since < ?2";

pub(super) const DELETE_EVENT_ATTEMPTS: &str = "
DELETE FROM event_attempt
WHERE event = ?1";

pub(super) const DELETE_EVENT: &str = "
DELETE FROM event
WHERE id = ?1";

/// By the number of the row; there is no other.
pub(super) const SELECT_SUPPRESSIONS: &str = "
SELECT NULL, rowid, 1
FROM suppressed
WHERE rowid > ?1
  AND until <= ?3
ORDER BY rowid
LIMIT ?2";

pub(super) const DELETE_SUPPRESSION: &str = "
DELETE FROM suppressed
WHERE rowid = ?1
  AND until <= ?2";

pub(super) const SELECT_BLOBS: &str = "
SELECT NULL, id, 1
FROM blob
WHERE id > ?1
  AND NOT EXISTS (SELECT 1 FROM quarantine WHERE quarantine.blob = blob.id)
  AND NOT EXISTS (SELECT 1 FROM message WHERE message.raw = blob.id)
  AND NOT EXISTS (SELECT 1 FROM attachment WHERE attachment.blob = blob.id)
ORDER BY id
LIMIT ?2";

impl Store {
    /// The next rows to be pruned that are older than `before`, after the last one that was met.
    pub fn prunable(
        &mut self,
        waste: Waste,
        before: Timestamp,
        last: Option<Prunable>,
    ) -> Result<Vec<Prunable>, StoreError> {
        let (most, before) = (Value::Integer(AT_ONCE), Value::Time(before));
        let id = Value::Integer(last.map_or(0, |last| last.id));
        let at = Value::Time(last.and_then(|last| last.at).unwrap_or(Timestamp::UNIX_EPOCH));
        let engine = self.engine.as_mut();
        let rows = match waste {
            Waste::Outcomes => engine.query(SELECT_OUTCOMES, &[at, id, most, before])?,
            Waste::Runs => engine.query(SELECT_RUNS, &[id, most, before])?,
            Waste::Notifications => engine.query(SELECT_NOTIFICATIONS, &[id, most, before])?,
            Waste::Events => engine.query(SELECT_EVENTS, &[id, most, before])?,
            Waste::Suppressions => engine.query(SELECT_SUPPRESSIONS, &[id, most, before])?,
            Waste::Blobs => engine.query(SELECT_BLOBS, &[id, most])?,
        };
        rows.into_iter().map(read).collect()
    }

    /// Prunes rows, in one transaction, as far as they are still such; gives those that were.
    pub fn prune(
        &mut self,
        waste: Waste,
        before: Timestamp,
        rows: &[Prunable],
    ) -> Result<Vec<Prunable>, StoreError> {
        self.atomically(|engine| {
            let mut pruned = Vec::new();
            for row in rows {
                if one(engine, waste, before, *row)? {
                    pruned.push(*row);
                }
            }
            Ok(pruned)
        })
    }

    /// Lets the database look after its indexes, after much was removed.
    pub fn tidy(&mut self) -> Result<(), StoreError> {
        self.engine.tidy()
    }
}

fn one(engine: &mut dyn Engine, waste: Waste, before: Timestamp, row: Prunable) -> Result<bool, StoreError> {
    let (id, before) = (Value::Integer(row.id), Value::Time(before));
    let changed = match waste {
        Waste::Outcomes if row.whole => engine.execute(DELETE_OUTCOME, &[id, before])?,
        Waste::Outcomes => engine.execute(SHORTEN_OUTCOME, &[id, before])?,
        Waste::Runs => engine.execute(DELETE_RUN, &[id])?,
        Waste::Notifications => {
            if first(engine.query(SELECT_ENDED, &[id, before])?).is_none() {
                return Ok(false);
            }
            engine.execute(DELETE_ATTEMPTS, &[id])?;
            engine.execute(FORGET_BOUNCED, &[id])?;
            engine.execute(DELETE_NOTIFICATION, &[id])?
        }
        Waste::Events => {
            if first(engine.query(SELECT_ENDED_EVENT, &[id, before])?).is_none() {
                return Ok(false);
            }
            engine.execute(DELETE_EVENT_ATTEMPTS, &[id])?;
            engine.execute(DELETE_EVENT, &[id])?
        }
        Waste::Suppressions => engine.execute(DELETE_SUPPRESSION, &[id, before])?,
        Waste::Blobs => engine.execute(DELETE_UNUSED_BLOB, &[id])?,
    };
    Ok(changed > 0)
}

fn read(mut row: Row) -> Result<Prunable, StoreError> {
    Ok(Prunable { at: row.take(0)?, id: row.take(1)?, whole: row.take(2)? })
}
