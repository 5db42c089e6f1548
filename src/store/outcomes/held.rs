//! The ledger as it is held against what lies in a mailbox: by items, in bounded memory.

use std::collections::HashMap;

use crate::model::item::{Disposition, ItemKey};
use crate::store::desk::{known, places};
use crate::store::engine::{Row, Value, first};
use crate::store::tickets::named;
use crate::store::{HeldRow, RowCount, Source, Store, StoreError};

pub(in crate::store) const SELECT_ROWS: &str = "
SELECT outcome.item, outcome.outcome, outcome.reason, outcome.settled, outcome.told, outcome.disposition,
  ticket.queue, ticket.id, outcome.message_id, outcome.author, outcome.subject
FROM outcome
LEFT JOIN ticket ON ticket.id = outcome.ticket
WHERE outcome.source = ?1
  AND outcome.item IN (
    ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
    ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
    ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25,
    ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)";

pub(in crate::store) const SELECT_OPEN_ITEMS: &str = "
SELECT item
FROM outcome
WHERE source = ?1
  AND (NOT settled OR (NOT told AND disposition <> 'keep'))
ORDER BY id";

pub(in crate::store) const COUNT_ROWS: &str = "
SELECT count(*), count(CASE WHEN substr(item, 1, length(?2)) <> ?2 THEN 1 END)
FROM outcome
WHERE source = ?1";

impl Store {
    /// The items that are not settled, or of which the mailbox is still to be told, oldest first.
    pub fn open_items(&mut self, of: &Source) -> Result<Vec<ItemKey>, StoreError> {
        let Some(id) = self.number_of(of)? else { return Ok(Vec::new()) };
        let rows = self.engine.query(SELECT_OPEN_ITEMS, &[Value::Integer(id)])?;
        rows.into_iter().map(|mut row| row.take(0)).collect()
    }

    /// The rows of those items that have one.
    pub fn held_rows(
        &mut self,
        of: &Source,
        keys: &[ItemKey],
    ) -> Result<HashMap<ItemKey, HeldRow>, StoreError> {
        let mut held = HashMap::new();
        let Some(id) = self.number_of(of)? else { return Ok(held) };
        for values in places(id, keys, &[]) {
            for row in self.engine.query(SELECT_ROWS, &values)? {
                held.extend([read(row)?]);
            }
        }
        Ok(held)
    }

    /// How many rows there are; `numbering` is the UIDVALIDITY that holds now.
    pub fn count_rows(&mut self, of: &Source, numbering: Option<&str>) -> Result<RowCount, StoreError> {
        let Some(id) = self.number_of(of)? else { return Ok(RowCount::default()) };
        let prefix = numbering.map(|numbering| format!("{numbering}:"));
        let values = [Value::Integer(id), Value::text(prefix.as_deref())];
        let Some(mut row) = first(self.engine.query(COUNT_ROWS, &values)?) else {
            return Ok(RowCount::default());
        };
        let (all, older): (u64, u64) = (row.take(0)?, row.take(1)?);
        Ok(RowCount { present: all.saturating_sub(older), older })
    }

    fn number_of(&mut self, source: &Source) -> Result<Option<i64>, StoreError> {
        Ok(known(self.engine.as_mut(), source)?.map(|known| known.id))
    }
}

fn read(mut row: Row) -> Result<(ItemKey, HeldRow), StoreError> {
    let settled = row.take(3)?;
    let told: bool = row.take(4)?;
    let disposition: Disposition = row.take(5)?;
    let held = HeldRow {
        outcome: row.take(1)?,
        reason: row.take(2)?,
        settled,
        owed: Some(disposition).filter(|wanted| settled && !told && *wanted != Disposition::Keep),
        ticket: named(row.take(6)?, row.take(7)?),
        message_id: row.take(8)?,
        from: row.take(9)?,
        subject: row.take(10)?,
    };
    Ok((row.take(0)?, held))
}
