//! The ledger as `outcomes` lists and resets it.

mod held;
mod reset;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use held::{COUNT_ROWS, SELECT_OPEN_ITEMS, SELECT_ROWS};
#[cfg(test)]
pub(super) use reset::{FORGET_WATERMARK, MARK_CRASHED, UPDATE_RESET};

use std::collections::BTreeMap;

use super::engine::{Engine, Row, Value, first};
use super::tickets::{at_most, lines, named};
use super::{OutcomeFilter, OutcomeRow, Source, Store, StoreError, StoredError};
use crate::model::ids::MailboxName;
use crate::model::item::ItemKey;
use crate::model::outcome::OutcomeWord;

/// A row is wanted by its item as number or key, or by none of both. PostgreSQL takes no NULL without a type.
pub(super) const SELECT_OUTCOMES: &str = "
SELECT outcome.id, outcome.run, outcome.at, source.mailbox, source.folder, outcome.item, outcome.message_id,
  outcome.author, outcome.subject, outcome.outcome, outcome.reason, ticket.queue, ticket.id, outcome.notes,
  outcome.error_code, outcome.error_message, outcome.error_hint, outcome.settled
FROM outcome
JOIN source ON source.id = outcome.source
LEFT JOIN ticket ON ticket.id = outcome.ticket
WHERE (CAST(?1 AS TEXT) IS NULL OR outcome.item = ?1 OR outcome.id = ?2)
  AND (CAST(?3 AS BIGINT) IS NULL OR outcome.run = ?3)
  AND (CAST(?4 AS TEXT) IS NULL OR source.mailbox = ?4)
  AND (CAST(?5 AS TEXT) IS NULL OR outcome.outcome = ?5)
  AND (CAST(?6 AS TIMESTAMPTZ) IS NULL OR outcome.at >= ?6)
ORDER BY outcome.at DESC, outcome.id DESC
LIMIT ?7";

pub(super) const SELECT_OUTCOME: &str = "
SELECT outcome.id, outcome.run, outcome.at, source.mailbox, source.folder, outcome.item, outcome.message_id,
  outcome.author, outcome.subject, outcome.outcome, outcome.reason, ticket.queue, ticket.id, outcome.notes,
  outcome.error_code, outcome.error_message, outcome.error_hint, outcome.settled
FROM outcome
JOIN source ON source.id = outcome.source
LEFT JOIN ticket ON ticket.id = outcome.ticket
WHERE outcome.id = ?1";

/// Found by the unique keys of both tables.
pub(super) const SELECT_OUTCOME_OF_ITEM: &str = "
SELECT outcome.id
FROM source
JOIN outcome ON outcome.source = source.id
WHERE source.mailbox = ?1
  AND source.account = ?2
  AND source.folder = ?3
  AND outcome.item = ?4";

/// Also those that are configured no more, and what messages in hand stand under.
pub(super) const SELECT_MAILBOXES: &str = "
SELECT DISTINCT mailbox
FROM source
ORDER BY mailbox";

impl Store {
    /// The mailboxes that items came from.
    pub fn mailboxes(&mut self) -> Result<Vec<MailboxName>, StoreError> {
        self.engine.query(SELECT_MAILBOXES, &[])?.into_iter().map(|mut row| row.take(0)).collect()
    }

    /// The row of one item, if it has one.
    pub fn outcome_of(&mut self, source: &Source, key: &ItemKey) -> Result<Option<OutcomeRow>, StoreError> {
        let engine = self.engine.as_mut();
        let values = [
            Value::Text(source.mailbox.as_str()),
            Value::Text(&source.account),
            Value::Text(&source.folder),
            Value::Text(&key.0),
        ];
        match first(engine.query(SELECT_OUTCOME_OF_ITEM, &values)?) {
            Some(mut row) => by_id(engine, row.take(0)?).map(Some),
            None => Ok(None),
        }
    }

    /// The rows that are wanted, oldest first.
    pub fn outcomes(&mut self, filter: &OutcomeFilter) -> Result<Vec<OutcomeRow>, StoreError> {
        select(self.engine.as_mut(), filter)
    }
}

fn select(engine: &mut dyn Engine, filter: &OutcomeFilter) -> Result<Vec<OutcomeRow>, StoreError> {
    if filter.items.is_empty() {
        let mut rows = of_item(engine, filter, None)?;
        rows.reverse();
        return Ok(rows);
    }
    // A row that is named twice, by number and by key, is one row.
    let mut rows = BTreeMap::new();
    for item in &filter.items {
        let found = of_item(engine, filter, Some(item))?;
        rows.extend(found.into_iter().map(|row| ((row.at, row.id), row)));
    }
    let surplus =
        filter.limit.map_or(0, |limit| rows.len().saturating_sub(limit.try_into().unwrap_or(usize::MAX)));
    Ok(rows.into_values().skip(surplus).collect())
}

/// Newest first.
fn of_item(
    engine: &mut dyn Engine,
    filter: &OutcomeFilter,
    item: Option<&str>,
) -> Result<Vec<OutcomeRow>, StoreError> {
    let values = [
        Value::text(item),
        Value::integer(item.and_then(|item| item.parse().ok())),
        Value::integer(filter.run.map(|run| run.0)),
        Value::text(filter.mailbox.as_ref().map(MailboxName::as_str)),
        Value::text(filter.outcome.map(|outcome| outcome.as_str())),
        Value::time(filter.since),
        Value::Integer(at_most(filter.limit)),
    ];
    engine.query(SELECT_OUTCOMES, &values)?.into_iter().map(read).collect()
}

/// One row by its number.
pub(super) fn by_id(engine: &mut dyn Engine, id: i64) -> Result<OutcomeRow, StoreError> {
    match first(engine.query(SELECT_OUTCOME, &[Value::Integer(id)])?) {
        Some(row) => read(row),
        None => Err(StoreError::Missing { what: format!("outcome {id}") }),
    }
}

fn read(mut row: Row) -> Result<OutcomeRow, StoreError> {
    let outcome: OutcomeWord = row.take(9)?;
    let settled: bool = row.take(17)?;
    Ok(OutcomeRow {
        id: row.take(0)?,
        run: row.take(1)?,
        at: row.take(2)?,
        mailbox: row.take(3)?,
        folder: row.take(4)?,
        item: row.take(5)?,
        message_id: row.take(6)?,
        from: row.take(7)?,
        subject: row.take(8)?,
        outcome,
        reason: row.take(10)?,
        ticket: named(row.take(11)?, row.take(12)?),
        notes: lines(&row.take::<String>(13)?)?,
        error: error(row.take(14)?, row.take(15)?, row.take(16)?),
        reset: outcome.is_settled() && !settled,
    })
}

fn error(code: Option<String>, message: Option<String>, hint: Option<String>) -> Option<StoredError> {
    code.zip(message).map(|(code, message)| StoredError { code, message, hint })
}
