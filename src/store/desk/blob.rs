//! Octets by their content: the same file or message is kept once, however many rows speak of it.

use super::words::size;
use crate::model::ids::Digest;
use crate::store::StoreError;
use crate::store::engine::{Column, Engine, Value, first};

pub(super) const SELECT_BLOB: &str = "
SELECT id
FROM blob
WHERE sha256 = ?1";

pub(super) const INSERT_BLOB: &str = "
INSERT INTO blob (sha256, size, content)
VALUES (?1, ?2, ?3)";

pub(in crate::store) const DELETE_UNUSED_BLOB: &str = "
DELETE FROM blob
WHERE id = ?1
  AND NOT EXISTS (SELECT 1 FROM quarantine WHERE quarantine.blob = blob.id)
  AND NOT EXISTS (SELECT 1 FROM message WHERE message.raw = blob.id)
  AND NOT EXISTS (SELECT 1 FROM attachment WHERE attachment.blob = blob.id)";

const CONTENT: Column = Column { table: "blob", name: "content" };

/// More octets than these get room first and are then written into it.
const AT_ONCE: usize = 1024 * 1024;

/// Keeps octets under their hash and gives the number of their row.
pub(super) fn keep(engine: &mut dyn Engine, octets: &[u8], sha256: Digest) -> Result<i64, StoreError> {
    if let Some(mut row) = first(engine.query(SELECT_BLOB, &[Value::Blob(&sha256.0)])?) {
        return row.take(0);
    }
    let is_large = octets.len() > AT_ONCE;
    let content = if is_large { Value::Room(octets.len()) } else { Value::Blob(octets) };
    let values = [Value::Blob(&sha256.0), Value::Integer(size(octets.len())), content];
    let id = engine.insert(INSERT_BLOB, &values)?;
    if is_large {
        engine.fill(CONTENT, id, octets)?;
    }
    Ok(id)
}

/// Removes octets that nothing speaks of any more.
pub(in crate::store) fn let_go(engine: &mut dyn Engine, blob: i64) -> Result<(), StoreError> {
    engine.execute(DELETE_UNUSED_BLOB, &[Value::Integer(blob)]).map(drop)
}
