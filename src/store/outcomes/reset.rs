//! Letting the next fetch take settled items again.

use super::select;
use crate::model::item::Disposition;
use crate::store::desk::{LET_GO_OF_COPY, let_go};
use crate::store::engine::{Engine, Value, first};
use crate::store::{OutcomeFilter, Store, StoreError};

pub(in crate::store) const UPDATE_RESET: &str = "
UPDATE outcome
SET settled = ?2,
    attempts = 0
WHERE id = ?1
RETURNING source, told, disposition";

/// Below a watermark nothing is listed, so the whole folder is looked through once more.
pub(in crate::store) const FORGET_WATERMARK: &str = "
UPDATE source
SET watermark = NULL
WHERE id = ?1";

impl Store {
    /// Lets the next fetch take the items again, and tells how many rows that are.
    ///
    /// A copy in quarantine is let go, unless the mailbox was told to delete the item: then it is the only one.
    pub fn reset(&mut self, filter: &OutcomeFilter) -> Result<u64, StoreError> {
        self.atomically(|engine| {
            let rows = select(engine, filter)?;
            rows.iter().try_for_each(|row| reset(engine, row.id))?;
            Ok(rows.iter().map(|_| 1).sum())
        })
    }
}

fn reset(engine: &mut dyn Engine, outcome: i64) -> Result<(), StoreError> {
    let Some(mut row) = first(engine.query(UPDATE_RESET, &[Value::Integer(outcome), Value::Boolean(false)])?)
    else {
        return Ok(());
    };
    engine.execute(FORGET_WATERMARK, &[Value::Integer(row.take(0)?)])?;
    let (told, disposition): (bool, Disposition) = (row.take(1)?, row.take(2)?);
    if told && disposition == Disposition::Delete {
        return Ok(());
    }
    match first(engine.query(LET_GO_OF_COPY, &[Value::Integer(outcome)])?) {
        Some(mut row) => let_go(engine, row.take(0)?),
        None => Ok(()),
    }
}
