//! The ledger: one row for every item, written with what it tells of or not at all.

use super::blob::{keep, let_go};
use super::lookup::known;
use super::words::{list, title};
use crate::model::outcome::OutcomeWord;
use crate::store::engine::{Engine, Value, first};
use crate::store::in_flight::DELETE_IN_FLIGHT;
use crate::store::status::COUNT_OUTCOME;
use crate::store::{KeptCopy, LedgerEntry, Source, StoreError};

pub(super) const INSERT_SOURCE: &str = "
INSERT INTO source (mailbox, account, folder)
VALUES (?1, ?2, ?3)
RETURNING id";

pub(super) const UPSERT_OUTCOME: &str = "
INSERT INTO outcome
  (source, item, run, at, first_at, outcome, reason, settled, attempts, disposition, told, ticket, message_id, digest,
   raw_sha256, author, subject, notes, error_code, error_message, error_hint, listed)
VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
ON CONFLICT (source, item) DO UPDATE
SET run = excluded.run,
    at = excluded.at,
    outcome = excluded.outcome,
    reason = excluded.reason,
    settled = excluded.settled,
    attempts = outcome.attempts + excluded.attempts,
    disposition = excluded.disposition,
    told = excluded.told,
    ticket = excluded.ticket,
    message_id = excluded.message_id,
    digest = excluded.digest,
    raw_sha256 = excluded.raw_sha256,
    author = excluded.author,
    subject = excluded.subject,
    notes = excluded.notes,
    error_code = excluded.error_code,
    error_message = excluded.error_message,
    error_hint = excluded.error_hint,
    listed = excluded.listed
WHERE NOT outcome.settled
   OR EXISTS (SELECT 1 FROM quarantine WHERE quarantine.outcome = outcome.id)
RETURNING id";

/// The row of a message that was removed makes room for another with its key, and keeps its place in the ledger. One
/// that has a copy in quarantine is what the copy is retried for.
pub(super) const SET_ASIDE: &str = "
UPDATE outcome
SET item = item || ' ' || id
WHERE source = ?1
  AND item = ?2
  AND settled
  AND told
  AND disposition NOT IN ('keep', 'seen')
  AND NOT EXISTS (SELECT 1 FROM quarantine WHERE quarantine.outcome = outcome.id)";

pub(super) const SELECT_COPY: &str = "
SELECT blob
FROM quarantine
WHERE outcome = ?1";

pub(super) const UPSERT_COPY: &str = "
INSERT INTO quarantine (outcome, blob, whole)
VALUES (?1, ?2, ?3)
ON CONFLICT (outcome) DO UPDATE
SET blob = excluded.blob,
    whole = excluded.whole";

/// Takes the copy of a ledger row out of quarantine and tells which octets it was.
pub(in crate::store) const LET_GO_OF_COPY: &str = "
DELETE FROM quarantine
WHERE outcome = ?1
RETURNING blob";

/// Writes the row of an item and keeps, changes or lets go of its copy in quarantine.
pub(super) fn record(engine: &mut dyn Engine, entry: &LedgerEntry<'_>) -> Result<(), StoreError> {
    let source = source(engine, entry.source)?;
    if entry.source.knows_what_is_gone() {
        engine.execute(SET_ASIDE, &[Value::Integer(source), Value::Text(&entry.key.0)])?;
    }
    let outcome = upsert(engine, source, entry)?;
    let counted = [Value::Text(entry.source.mailbox.as_str()), Value::Text(entry.outcome.as_str())];
    engine.execute(COUNT_OUTCOME, &counted)?;
    if entry.outcome != OutcomeWord::Deferred {
        engine.execute(DELETE_IN_FLIGHT, &[Value::Integer(source), Value::Text(&entry.key.0)])?;
    }
    match entry.quarantined {
        Some(copy) => quarantine(engine, outcome, &copy),
        // A retry that is put off must not lose what may be the only copy left.
        None if entry.outcome == OutcomeWord::Deferred => Ok(()),
        None => release(engine, outcome),
    }
}

/// The number of the source's row, which is made where there is none.
pub(in crate::store) fn source(engine: &mut dyn Engine, source: &Source) -> Result<i64, StoreError> {
    if let Some(known) = known(engine, source)? {
        return Ok(known.id);
    }
    let values =
        [Value::Text(source.mailbox.as_str()), Value::Text(&source.account), Value::Text(&source.folder)];
    match first(engine.query(INSERT_SOURCE, &values)?) {
        Some(mut row) => row.take(0),
        None => Err(StoreError::Misuse { what: "a new source has no number".to_owned() }),
    }
}

fn upsert(engine: &mut dyn Engine, source: i64, entry: &LedgerEntry<'_>) -> Result<i64, StoreError> {
    let mail = entry.mail;
    let subject = mail.map(|mail| title(&mail.subject));
    let digest = mail.map(|mail| mail.digest);
    let disposition = entry.disposition.to_string();
    let notes = list(entry.notes)?;
    let error = entry.error.as_ref();
    let values = [
        Value::Integer(source),
        Value::Text(&entry.key.0),
        Value::Integer(entry.run.0),
        Value::Time(entry.at),
        Value::Text(entry.outcome.as_str()),
        Value::Text(entry.reason),
        Value::Boolean(entry.outcome.is_settled()),
        Value::Integer(own_trouble(entry)),
        Value::Text(&disposition),
        Value::Boolean(false),
        Value::integer(entry.ticket.map(|ticket| ticket.0)),
        Value::text(mail.and_then(|mail| mail.message_id.as_ref()).map(|id| id.as_str())),
        Value::blob(digest.as_ref().map(|digest| digest.0.as_slice())),
        Value::blob(entry.raw_sha256.as_ref().map(|digest| digest.0.as_slice())),
        Value::text(entry.author),
        Value::text(subject.as_deref()),
        Value::Text(&notes),
        Value::text(error.map(|error| error.code.as_str())),
        Value::text(error.map(|error| error.message.as_str())),
        Value::text(error.and_then(|error| error.hint.as_deref())),
        Value::Boolean(!is_on_ticket(entry.outcome)),
    ];
    match first(engine.query(UPSERT_OUTCOME, &values)?) {
        Some(mut row) => row.take(0),
        None => Err(StoreError::Settled),
    }
}

/// Whether the item became a message of a ticket, by whose row it is found.
fn is_on_ticket(outcome: OutcomeWord) -> bool {
    matches!(outcome, OutcomeWord::Created | OutcomeWord::Updated | OutcomeWord::Reopened)
}

/// 1 if the item is put off for trouble of its own, or because a hook fails with it; a server's or a disk's trouble is
/// never held against it.
fn own_trouble(entry: &LedgerEntry<'_>) -> i64 {
    let own = entry
        .error
        .as_ref()
        .is_some_and(|error| ["message.", "hook."].iter().any(|own| error.code.starts_with(own)));
    i64::from(own && entry.outcome == OutcomeWord::Deferred)
}

fn quarantine(engine: &mut dyn Engine, outcome: i64, copy: &KeptCopy<'_>) -> Result<(), StoreError> {
    let before = first(engine.query(SELECT_COPY, &[Value::Integer(outcome)])?);
    let before: Option<i64> = before.map(|mut row| row.take(0)).transpose()?;
    let blob = keep(engine, copy.octets, copy.sha256)?;
    let values = [Value::Integer(outcome), Value::Integer(blob), Value::Boolean(copy.is_whole)];
    engine.execute(UPSERT_COPY, &values)?;
    match before {
        Some(before) if before != blob => let_go(engine, before),
        Some(_) | None => Ok(()),
    }
}

fn release(engine: &mut dyn Engine, outcome: i64) -> Result<(), StoreError> {
    match first(engine.query(LET_GO_OF_COPY, &[Value::Integer(outcome)])?) {
        Some(mut row) => let_go(engine, row.take(0)?),
        None => Ok(()),
    }
}
