//! Letting the next fetch take settled items again.

use super::{of_item, select};
use crate::model::ids::MailboxName;
use crate::store::engine::{Engine, Value, first};
use crate::store::{OutcomeFilter, Store, StoreError};

pub(in crate::store) const UPDATE_RESET: &str = "
UPDATE outcome
SET settled = ?2,
    attempts = 0
WHERE id = ?1
RETURNING source";

/// Below a watermark nothing is listed, so the whole folder is looked through once more.
pub(in crate::store) const FORGET_WATERMARK: &str = "
UPDATE source
SET watermark = NULL
WHERE id = ?1";

/// As [`FORGET_WATERMARK`] for every folder of a mailbox, or of all.
const FORGET_WATERMARKS: &str = "
UPDATE source
SET watermark = NULL
WHERE ?1 IS NULL OR mailbox = ?1";

impl Store {
    /// Lets the next fetch look through whole folders, for what has no row; tells how many folders. No row is changed.
    pub fn look_anew(&mut self, mailbox: Option<&MailboxName>) -> Result<u64, StoreError> {
        self.engine.execute(FORGET_WATERMARKS, &[Value::text(mailbox.map(MailboxName::as_str))])
    }

    /// Lets the next fetch take the items again, and tells how many rows that are; all that are named, or none.
    ///
    /// A copy in quarantine stays until the item was taken again: the mailbox may have lost it meanwhile, and what was
    /// handed to `ingest` never lay in one.
    pub fn reset(&mut self, filter: &OutcomeFilter) -> Result<u64, StoreError> {
        self.atomically(|engine| {
            let mut missing = Vec::new();
            for item in &filter.items {
                if of_item(engine, filter, Some(item))?.is_empty() {
                    missing.push(item.as_str());
                }
            }
            if !missing.is_empty() {
                return Err(StoreError::Missing { what: format!("outcome of {}", missing.join(", ")) });
            }
            let rows = select(engine, filter)?;
            rows.iter().try_for_each(|row| reset(engine, row.id))?;
            Ok(rows.iter().map(|_| 1).sum())
        })
    }
}

fn reset(engine: &mut dyn Engine, outcome: i64) -> Result<(), StoreError> {
    match first(engine.query(UPDATE_RESET, &[Value::Integer(outcome), Value::Boolean(false)])?) {
        Some(mut row) => engine.execute(FORGET_WATERMARK, &[Value::Integer(row.take(0)?)]).map(drop),
        None => Ok(()),
    }
}
