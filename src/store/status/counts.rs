//! How often there was which outcome.

use jiff::Timestamp;

use super::{LastRun, Tallies};
use crate::model::ids::MailboxName;
use crate::model::outcome::OutcomeWord;
use crate::store::StoreError;
use crate::store::engine::{Engine, Row, Value, first};

/// Run for each row of the ledger, in its transaction, so that it is exact whatever a run dies of.
pub(in crate::store) const COUNT_OUTCOME: &str = "
INSERT INTO outcome_count (mailbox, outcome, count)
VALUES (?1, ?2, 1)
ON CONFLICT (mailbox, outcome) DO UPDATE
SET count = outcome_count.count + 1";

/// A row for each mailbox and outcome.
const SELECT_TOTALS: &str = "
SELECT mailbox, outcome, count
FROM outcome_count
ORDER BY mailbox, outcome";

pub(in crate::store) const COUNT_SINCE: &str = "
SELECT outcome, count(*)
FROM outcome
WHERE at >= ?1
GROUP BY outcome";

pub(in crate::store) const SELECT_LAST_RUN: &str = "
SELECT id, started_at, ended_at, exit_code
FROM run
WHERE id = (SELECT max(id) FROM run)";

pub(in crate::store) const COUNT_OF_RUN: &str = "
SELECT outcome, count(*)
FROM outcome
WHERE run = ?1
GROUP BY outcome";

/// Since the store was made.
pub(super) fn totals(engine: &mut dyn Engine) -> Result<Vec<(MailboxName, OutcomeWord, u64)>, StoreError> {
    let rows = engine.query(SELECT_TOTALS, &[])?;
    rows.into_iter().map(|mut row| Ok((row.take(0)?, row.take(1)?, row.take(2)?))).collect()
}

/// Since a point in time.
pub(super) fn since(engine: &mut dyn Engine, at: Timestamp) -> Result<Tallies, StoreError> {
    tallies(engine.query(COUNT_SINCE, &[Value::Time(at)])?)
}

pub(super) fn last_run(engine: &mut dyn Engine) -> Result<Option<LastRun>, StoreError> {
    let Some(mut row) = first(engine.query(SELECT_LAST_RUN, &[])?) else { return Ok(None) };
    let id: i64 = row.take(0)?;
    let outcomes = tallies(engine.query(COUNT_OF_RUN, &[Value::Integer(id)])?)?;
    Ok(Some(LastRun {
        run: crate::model::ids::RunId(id),
        started_at: row.take(1)?,
        ended_at: row.take(2)?,
        exit_code: row.take(3)?,
        outcomes,
    }))
}

fn tallies(rows: Vec<Row>) -> Result<Tallies, StoreError> {
    let mut found = Vec::new();
    for mut row in rows {
        found.push((row.take::<OutcomeWord>(0)?, row.take::<u64>(1)?));
    }
    let of = |word: OutcomeWord| found.iter().find(|(other, _)| *other == word).copied();
    Ok(OutcomeWord::ALL.into_iter().filter_map(of).collect())
}
