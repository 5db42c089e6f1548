//! Addresses that get nothing, for a time or until a person says otherwise.

use jiff::Timestamp;

use super::SuppressedRow;
use crate::model::address::key;
use crate::store::engine::{Engine, Row, Value, first};
use crate::store::{Store, StoreError};

pub(in crate::store) const SELECT_SUPPRESSION: &str = "
SELECT 1
FROM suppressed
WHERE key = ?1
  AND (until IS NULL OR until > ?2)";

/// The longer suppression stands; what a person says stands above all.
pub(in crate::store) const UPSERT_SUPPRESSED: &str = "
INSERT INTO suppressed (key, address, reason, status, since, until, outbox)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (key) DO UPDATE
SET address = excluded.address,
    reason = excluded.reason,
    status = excluded.status,
    since = excluded.since,
    until = excluded.until,
    outbox = excluded.outbox
WHERE excluded.reason = 'by-hand'
   OR suppressed.until < excluded.until";

pub(in crate::store) const DELETE_SUPPRESSED: &str = "
DELETE FROM suppressed
WHERE key = ?1";

const SELECT_SUPPRESSED: &str = "
SELECT address, reason, status, since, until
FROM suppressed
WHERE until IS NULL OR until > ?1
ORDER BY key";

/// A suppression to be.
pub(super) struct NewSuppression<'a> {
    pub(super) address: &'a str,
    pub(super) reason: &'static str,
    pub(super) status: Option<&'a str>,
    pub(super) since: Timestamp,
    pub(super) until: Option<Timestamp>,
    pub(super) outbox: Option<i64>,
}

impl Store {
    /// The addresses that get nothing now.
    pub fn suppressed(&mut self, now: Timestamp) -> Result<Vec<SuppressedRow>, StoreError> {
        let rows = self.engine.query(SELECT_SUPPRESSED, &[Value::Time(now)])?;
        rows.into_iter().map(read).collect()
    }

    /// An address gets nothing until then, or for ever.
    pub fn suppress(
        &mut self,
        address: &str,
        since: Timestamp,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let new = NewSuppression { address, reason: "by-hand", status: None, since, until, outbox: None };
        self.atomically(|engine| suppress(engine, &new))
    }

    /// An address gets mail again.
    pub fn unsuppress(&mut self, address: &str) -> Result<(), StoreError> {
        let key = key(address);
        self.atomically(|engine| match engine.execute(DELETE_SUPPRESSED, &[Value::Text(&key)])? {
            0 => Err(StoreError::Missing { what: format!("suppressed address {address}") }),
            _ => Ok(()),
        })
    }
}

/// Whether an address, in lower case, gets nothing at that time.
pub(super) fn is_suppressed(engine: &mut dyn Engine, key: &str, at: Timestamp) -> Result<bool, StoreError> {
    Ok(first(engine.query(SELECT_SUPPRESSION, &[Value::Text(key), Value::Time(at)])?).is_some())
}

pub(super) fn suppress(engine: &mut dyn Engine, new: &NewSuppression<'_>) -> Result<(), StoreError> {
    let values = [
        Value::Text(&key(new.address)),
        Value::Text(new.address.trim()),
        Value::Text(new.reason),
        Value::text(new.status),
        Value::Time(new.since),
        Value::time(new.until),
        Value::integer(new.outbox),
    ];
    engine.execute(UPSERT_SUPPRESSED, &values).map(drop)
}

fn read(mut row: Row) -> Result<SuppressedRow, StoreError> {
    Ok(SuppressedRow {
        address: row.take(0)?,
        reason: row.take(1)?,
        status: row.take(2)?,
        since: row.take(3)?,
        until: row.take(4)?,
    })
}
