//! What a run writes outside the road: that it began and ended, what it told mailboxes, where they stand.

use jiff::Timestamp;

use super::desk::source;
use super::engine::{Value, first};
use super::{Expiry, NewEvent, Source, Store, StoreError};
use crate::model::exit::Exit;
use crate::model::ids::{MailboxName, RunId};
use crate::model::item::{Baseline, ItemKey, Watermark};
use crate::model::trouble::Trouble;

pub(super) const INSERT_RUN: &str = "
INSERT INTO run (started_at)
VALUES (?1)
RETURNING id";

pub(super) const UPDATE_RUN: &str = "
UPDATE run
SET ended_at = ?2,
    exit_code = ?3
WHERE id = ?1";

pub(super) const UPDATE_TOLD: &str = "
UPDATE outcome
SET told = ?3
WHERE source = ?1
  AND item = ?2
  AND settled";

pub(super) const WAIVE: &str = "
UPDATE outcome
SET told = ?3,
    disposition = 'keep'
WHERE source = ?1
  AND item = ?2
  AND settled";

/// An item that has a copy in quarantine is known by its octets, whatever it is called.
pub(super) const DELETE_DEFERRED: &str = "
DELETE FROM outcome
WHERE source = ?1
  AND item = ?2
  AND outcome = 'deferred'
  AND NOT settled
  AND NOT EXISTS (SELECT 1 FROM quarantine WHERE quarantine.outcome = outcome.id)";

pub(super) const UPDATE_WATERMARK: &str = "
UPDATE source
SET watermark = ?2
WHERE id = ?1
  AND watermark IS NOT DISTINCT FROM ?3";

pub(super) const UPDATE_BASELINE: &str = "
UPDATE source
SET baseline_at = ?2,
    baseline_numbering = ?3
WHERE id = ?1";

/// That a mailbox or a back end, `$key` of `$table`, was used without trouble of its own.
macro_rules! upsert_success {
    ($table:literal, $key:literal) => {
        concat!(
            "
INSERT INTO ",
            $table,
            " (",
            $key,
            ", last_success, failures, certificate_expires, token_expires)
VALUES (?1, ?2, 0, ?3, ?4)
ON CONFLICT (",
            $key,
            ") DO UPDATE
SET last_success = excluded.last_success,
    failures = 0,
    failing_since = NULL,
    error_code = NULL,
    error_message = NULL,
    certificate_expires = excluded.certificate_expires,
    token_expires = excluded.token_expires"
        )
    };
}

/// That it had trouble of its own.
macro_rules! upsert_failure {
    ($table:literal, $key:literal) => {
        concat!(
            "
INSERT INTO ",
            $table,
            " (",
            $key,
            ", last_failure, failures, failing_since, error_code, error_message)
VALUES (?1, ?2, 1, ?2, ?3, ?4)
ON CONFLICT (",
            $key,
            ") DO UPDATE
SET last_failure = excluded.last_failure,
    failures = ",
            $table,
            ".failures + 1,
    failing_since = coalesce(",
            $table,
            ".failing_since, excluded.failing_since),
    error_code = excluded.error_code,
    error_message = excluded.error_message"
        )
    };
}

pub(super) const UPSERT_LAST_SUCCESS: &str = upsert_success!("mailbox_state", "mailbox");
pub(super) const UPSERT_LAST_FAILURE: &str = upsert_failure!("mailbox_state", "mailbox");
pub(super) const UPSERT_BACKEND_SUCCESS: &str = upsert_success!("backend_state", "backend");
pub(super) const UPSERT_BACKEND_FAILURE: &str = upsert_failure!("backend_state", "backend");

/// Where the new name has none yet.
pub(super) const UPDATE_SOURCE_NAME: &str = "
UPDATE source
SET mailbox = ?4
WHERE mailbox = ?1
  AND account = ?2
  AND folder = ?3";

impl Store {
    /// The mailbox was renamed in the configuration: the ledger of the folder goes on under the new name.
    pub fn rename_source(&mut self, former: &Source, name: &MailboxName) -> Result<(), StoreError> {
        let values = [
            Value::Text(former.mailbox.as_str()),
            Value::Text(&former.account),
            Value::Text(&former.folder),
            Value::Text(name.as_str()),
        ];
        self.atomically(|engine| engine.execute(UPDATE_SOURCE_NAME, &values).map(drop))
    }

    /// Writes down that a run begins, and numbers it.
    pub fn begin_run(&mut self, at: Timestamp) -> Result<RunId, StoreError> {
        self.lightly(|engine| match first(engine.query(INSERT_RUN, &[Value::Time(at)])?) {
            Some(mut row) => row.take(0),
            None => Err(StoreError::Misuse { what: "a new run has no number".to_owned() }),
        })
    }

    /// Writes down how a run ended; one without an end was killed.
    pub fn end_run(&mut self, run: RunId, at: Timestamp, exit: Exit) -> Result<(), StoreError> {
        let values = [Value::Integer(run.0), Value::Time(at), Value::Integer(exit.code().into())];
        self.lightly(|engine| engine.execute(UPDATE_RUN, &values).map(drop))
    }

    /// The mailbox was told of these items: nothing is owed for them any more.
    pub fn told(&mut self, from: &Source, keys: &[ItemKey]) -> Result<(), StoreError> {
        self.square(UPDATE_TOLD, from, keys)
    }

    /// What was owed for these items is asked for no more: they stay as they are.
    pub fn waive(&mut self, from: &Source, keys: &[ItemKey]) -> Result<(), StoreError> {
        self.square(WAIVE, from, keys)
    }

    fn square(&mut self, sql: &'static str, from: &Source, keys: &[ItemKey]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.lightly(|engine| {
            let source = Value::Integer(source(engine, from)?);
            for key in keys {
                engine.execute(sql, &[source, Value::Text(&key.0), Value::Boolean(true)])?;
            }
            Ok(())
        })
    }

    /// Forgets deferred items of which nothing was ever read and which have other keys now.
    pub fn forget_deferred(&mut self, of: &Source, keys: &[ItemKey]) -> Result<(), StoreError> {
        self.atomically(|engine| {
            let source = Value::Integer(source(engine, of)?);
            for key in keys {
                engine.execute(DELETE_DEFERRED, &[source, Value::Text(&key.0)])?;
            }
            Ok(())
        })
    }

    /// Remembers where the mailbox says that all before is settled, if the watermark is still what it was `before`.
    ///
    /// A reset that came meanwhile took the old one away and stands: its items may lie below the new one.
    pub fn set_watermark(
        &mut self,
        of: &Source,
        watermark: &Watermark,
        before: Option<&Watermark>,
    ) -> Result<(), StoreError> {
        self.lightly(|engine| {
            let source = Value::Integer(source(engine, of)?);
            let before = Value::text(before.map(|before| before.0.as_str()));
            engine.execute(UPDATE_WATERMARK, &[source, Value::Text(&watermark.0), before]).map(drop)
        })
    }

    /// Remembers what `--baseline` settled.
    pub fn set_baseline(&mut self, of: &Source, baseline: &Baseline) -> Result<(), StoreError> {
        self.atomically(|engine| {
            let source = Value::Integer(source(engine, of)?);
            let values = [source, Value::Time(baseline.at), Value::Text(&baseline.numbering)];
            engine.execute(UPDATE_BASELINE, &values).map(drop)
        })
    }

    /// The mailbox had trouble of its own; with what hooks are told of that.
    pub fn failed(
        &mut self,
        mailbox: &MailboxName,
        at: Timestamp,
        trouble: &Trouble,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        self.atomically(|engine| {
            engine.execute(UPSERT_LAST_FAILURE, &failure(mailbox.as_str(), at, trouble))?;
            events.iter().try_for_each(|event| super::events::write(engine, event))
        })
    }

    /// The mailbox was fetched without trouble of its own.
    pub fn fetched(
        &mut self,
        mailbox: &MailboxName,
        at: Timestamp,
        expiry: Expiry,
    ) -> Result<(), StoreError> {
        let values = success(mailbox.as_str(), at, expiry);
        self.lightly(|engine| engine.execute(UPSERT_LAST_SUCCESS, &values).map(drop))
    }

    /// A back end was given notifications and had trouble of its own, or had none.
    pub fn delivered(
        &mut self,
        backend: &str,
        at: Timestamp,
        end: Result<Expiry, &Trouble>,
    ) -> Result<(), StoreError> {
        let (sql, values) = match end {
            Ok(expiry) => (UPSERT_BACKEND_SUCCESS, success(backend, at, expiry)),
            Err(trouble) => (UPSERT_BACKEND_FAILURE, failure(backend, at, trouble)),
        };
        self.lightly(|engine| engine.execute(sql, &values).map(drop))
    }
}

fn success(name: &str, at: Timestamp, expiry: Expiry) -> [Value<'_>; 4] {
    [Value::Text(name), Value::Time(at), Value::time(expiry.certificate), Value::time(expiry.token)]
}

fn failure<'v>(name: &'v str, at: Timestamp, trouble: &'v Trouble) -> [Value<'v>; 4] {
    let (code, message) = (Value::Text(trouble.code.as_str()), Value::Text(&trouble.message));
    [Value::Text(name), Value::Time(at), code, message]
}
