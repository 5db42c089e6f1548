//! The raw messages of failed items, kept for `quarantine retry`.

use super::desk::{LET_GO_OF_COPY, let_go};
use super::engine::{Engine, Row, Value, first};
use super::{OutcomeRow, QuarantineRow, Source, Store, StoreError, outcomes};
use crate::model::item::{Extent, ItemKey};

pub(super) const SELECT_COPIES: &str = "
SELECT quarantine.id, quarantine.outcome, blob.size, blob.sha256
FROM quarantine
JOIN blob ON blob.id = quarantine.blob
ORDER BY quarantine.id";

pub(super) const SELECT_COPY: &str = "
SELECT quarantine.id, quarantine.outcome, blob.size, blob.sha256
FROM quarantine
JOIN blob ON blob.id = quarantine.blob
WHERE quarantine.id = ?1";

pub(super) const SELECT_COPY_CONTENT: &str = "
SELECT blob.content
FROM quarantine
JOIN blob ON blob.id = quarantine.blob
WHERE quarantine.id = ?1";

pub(super) const SELECT_COPY_SOURCE: &str = "
SELECT source.mailbox, source.account, source.folder, outcome.item, quarantine.whole
FROM quarantine
JOIN outcome ON outcome.id = quarantine.outcome
JOIN source ON source.id = outcome.source
WHERE quarantine.id = ?1";

impl Store {
    /// All of the quarantine, oldest first.
    pub fn quarantine(&mut self) -> Result<Vec<QuarantineRow>, StoreError> {
        let engine = self.engine.as_mut();
        let rows = engine.query(SELECT_COPIES, &[])?;
        rows.into_iter().map(|row| read(engine, row)).collect()
    }

    /// One message of the quarantine.
    pub fn quarantined(&mut self, id: i64) -> Result<QuarantineRow, StoreError> {
        let row = self.copy(SELECT_COPY, id)?;
        read(self.engine.as_mut(), row)
    }

    /// Its octets.
    pub fn quarantined_raw(&mut self, id: i64) -> Result<Vec<u8>, StoreError> {
        self.copy(SELECT_COPY_CONTENT, id)?.take(0)
    }

    /// Where it came from, and whether the octets are all of it.
    pub fn quarantined_source(&mut self, id: i64) -> Result<(Source, ItemKey, Extent), StoreError> {
        let mut row = self.copy(SELECT_COPY_SOURCE, id)?;
        let source = Source { mailbox: row.take(0)?, account: row.take(1)?, folder: row.take(2)? };
        let extent = if row.take(4)? { Extent::Whole } else { Extent::Beginning };
        Ok((source, row.take(3)?, extent))
    }

    /// Gives the copy up and tells what its item is: still failed and settled, unless it was reset.
    pub fn drop_quarantined(&mut self, id: i64) -> Result<OutcomeRow, StoreError> {
        let outcome: i64 = self.copy(SELECT_COPY, id)?.take(1)?;
        self.atomically(|engine| match first(engine.query(LET_GO_OF_COPY, &[Value::Integer(outcome)])?) {
            Some(mut row) => {
                let_go(engine, row.take(0)?)?;
                outcomes::by_id(engine, outcome)
            }
            None => Err(missing(id)),
        })
    }

    fn copy(&mut self, sql: &'static str, id: i64) -> Result<Row, StoreError> {
        first(self.engine.query(sql, &[Value::Integer(id)])?).ok_or_else(|| missing(id))
    }
}

fn missing(id: i64) -> StoreError {
    StoreError::Missing { what: format!("message {id} in quarantine") }
}

fn read(engine: &mut dyn Engine, mut row: Row) -> Result<QuarantineRow, StoreError> {
    let outcome = outcomes::by_id(engine, row.take(1)?)?;
    Ok(QuarantineRow { id: row.take(0)?, outcome, size: row.take(2)?, sha256: row.take(3)? })
}
