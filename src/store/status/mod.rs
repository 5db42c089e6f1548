//! How the store stands: what `status`, metrics and alerts are made of.
//!
//! All of it is found by indexes or in tables that stay small, also in a ledger of millions of rows, and nothing is held
//! meanwhile: a run beside it goes on.

mod alert;
mod counts;
mod records;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use alert::{DELETE_ALERT, UPSERT_ALERT};
pub(super) use counts::COUNT_OUTCOME;
#[cfg(test)]
pub(super) use counts::{COUNT_OF_RUN, COUNT_SINCE, SELECT_LAST_RUN};
pub use records::*;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::engine::{Engine, Row, first};
use super::{Backlog, EventBacklog, Store, StoreError, schema};
use crate::model::ids::MailboxName;
use crate::store::engine::Value;

/// Those that were tried; a row for each mailbox.
const SELECT_STATES: &str = "
SELECT mailbox, last_success, last_failure, failures, failing_since, error_code, error_message, certificate_expires,
  token_expires
FROM mailbox_state";

/// A row for each back end.
const SELECT_BACKENDS: &str = "
SELECT backend, last_success, last_failure, failures, failing_since, error_code, error_message, certificate_expires,
  token_expires
FROM backend_state
ORDER BY backend";

/// Read from an index that holds what is deferred alone.
pub(super) const SELECT_WAITING: &str = "
SELECT source.mailbox, count(*), min(coalesce(outcome.first_at, outcome.at))
FROM outcome
JOIN source ON source.id = outcome.source
WHERE outcome.outcome = 'deferred'
  AND NOT outcome.settled
GROUP BY source.mailbox";

/// Read from an index that holds what is owed alone.
pub(super) const SELECT_OWED: &str = "
SELECT source.mailbox, count(*)
FROM outcome
JOIN source ON source.id = outcome.source
WHERE outcome.settled
  AND NOT outcome.told
  AND outcome.disposition <> 'keep'
GROUP BY source.mailbox";

const SELECT_QUARANTINE: &str = "
SELECT count(*), (SELECT outcome.at FROM outcome WHERE outcome.id = (SELECT min(outcome) FROM quarantine))
FROM quarantine";

/// Two searches of one index.
pub(super) const COUNT_SUPPRESSED: &str = "
SELECT (SELECT count(*) FROM suppressed WHERE until IS NULL) + (SELECT count(*) FROM suppressed WHERE until > ?1)";

impl Store {
    /// How the store stands.
    pub fn status(&mut self, now: Timestamp) -> Result<StoreStatus, StoreError> {
        let outbox = self.backlog()?;
        let EventBacklog { waiting, oldest, failed } = self.event_backlog()?;
        let engine = self.engine.as_mut();
        let before =
            |hours: i64| now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN);
        Ok(StoreStatus {
            mailboxes: mailboxes(engine)?,
            backends: backends(engine)?,
            last_run: counts::last_run(engine)?,
            totals: counts::totals(engine)?,
            hour: counts::since(engine, before(1))?,
            day: counts::since(engine, before(24))?,
            quarantine: quarantine(engine)?,
            outbox,
            // What an endpoint took does not come back.
            events: Backlog { waiting, oldest, failed, ..Backlog::default() },
            suppressed: suppressed(engine, now)?,
            size: engine.size()?,
            schema: u64::try_from(schema::version(engine)?).unwrap_or_default(),
        })
    }
}

fn mailboxes(engine: &mut dyn Engine) -> Result<Vec<Health>, StoreError> {
    let mut found: BTreeMap<String, Health> = BTreeMap::new();
    for row in engine.query(SELECT_STATES, &[])? {
        let (text, vitals) = vitals(row)?;
        let odd = |_| StoreError::Odd { what: format!("a mailbox of the name {text:?}") };
        let name: MailboxName = text.parse().map_err(odd)?;
        found.insert(name.to_string(), Health { vitals, ..Health::unknown(name) });
    }
    let mut of = |name: MailboxName, set: &dyn Fn(&mut Health)| {
        set(found.entry(name.to_string()).or_insert_with(|| Health::unknown(name)));
    };
    for mut row in engine.query(SELECT_WAITING, &[])? {
        let waiting = Pile { count: row.take(1)?, oldest: row.take(2)? };
        of(row.take(0)?, &|health| health.waiting = waiting);
    }
    for mut row in engine.query(SELECT_OWED, &[])? {
        let owed = row.take(1)?;
        of(row.take(0)?, &|health| health.owed = owed);
    }
    Ok(found.into_values().collect())
}

/// A row of either table of states: its name, then what is known.
fn vitals(mut row: Row) -> Result<(String, Vitals), StoreError> {
    let error: Option<String> = row.take(5)?;
    let message: Option<String> = row.take(6)?;
    let vitals = Vitals {
        last_success: row.take(1)?,
        last_failure: row.take(2)?,
        failures: row.take(3)?,
        failing_since: row.take(4)?,
        error: error.zip(message),
        certificate_expires: row.take(7)?,
        token_expires: row.take(8)?,
    };
    Ok((row.take(0)?, vitals))
}

fn backends(engine: &mut dyn Engine) -> Result<Vec<(String, Vitals)>, StoreError> {
    engine.query(SELECT_BACKENDS, &[])?.into_iter().map(vitals).collect()
}

fn quarantine(engine: &mut dyn Engine) -> Result<Pile, StoreError> {
    let row = first(engine.query(SELECT_QUARANTINE, &[])?);
    row.map_or(Ok(Pile::default()), |mut row| Ok(Pile { count: row.take(0)?, oldest: row.take(1)? }))
}

fn suppressed(engine: &mut dyn Engine, now: Timestamp) -> Result<u64, StoreError> {
    first(engine.query(COUNT_SUPPRESSED, &[Value::Time(now)])?).map_or(Ok(0), |mut row| row.take(0))
}
