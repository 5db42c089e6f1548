//! Letting the next fetch take settled items again.

use std::collections::BTreeSet;

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
///
/// What is left is no mailbox's watermark, and another text each time: a run that is under way sees that it was changed.
pub(in crate::store) const FORGET_WATERMARK: &str = "
UPDATE source
SET watermark = coalesce(watermark, '') || '?'
WHERE id = ?1";

/// What a run may have died of is handled with care once more.
pub(in crate::store) const MARK_CRASHED: &str = "
INSERT INTO in_flight (source, item, run, deaths)
SELECT source, item, run, 0
FROM outcome
WHERE id = ?1
  AND reason = 'crashed'
ON CONFLICT (source, item) DO NOTHING";

/// As [`FORGET_WATERMARK`] for every folder of a mailbox, or of all.
const FORGET_WATERMARKS: &str = "
UPDATE source
SET watermark = coalesce(watermark, '') || '?'
WHERE CAST(?1 AS TEXT) IS NULL OR mailbox = ?1";

impl Store {
    /// Lets the next fetch look through whole folders, for what has no row; tells how many folders. No row is changed.
    pub fn look_anew(&mut self, mailbox: Option<&MailboxName>) -> Result<u64, StoreError> {
        let values = [Value::text(mailbox.map(MailboxName::as_str))];
        self.atomically(|engine| engine.execute(FORGET_WATERMARKS, &values))
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
            let mut sources = BTreeSet::new();
            for row in &rows {
                sources.extend(reset(engine, row.id)?);
            }
            for source in sources {
                engine.execute(FORGET_WATERMARK, &[Value::Integer(source)])?;
            }
            Ok(rows.iter().map(|_| 1).sum())
        })
    }
}

/// Resets one row and tells the source that it is of.
fn reset(engine: &mut dyn Engine, outcome: i64) -> Result<Option<i64>, StoreError> {
    engine.execute(MARK_CRASHED, &[Value::Integer(outcome)])?;
    let row = first(engine.query(UPDATE_RESET, &[Value::Integer(outcome), Value::Boolean(false)])?);
    row.map(|mut row| row.take(0)).transpose()
}
