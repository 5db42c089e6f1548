//! Whether the same mail was settled before under another key.

use super::lookup::known;
use crate::model::found::Earlier;
use crate::store::engine::{Engine, Row, Value, first};
use crate::store::{Fingerprint, StoreError};

/// What lies on a ticket is found by the message's row, all else by the ledger's own index.
pub(super) const SELECT_SETTLED_BY_MESSAGE_ID: &str = "
SELECT outcome, ticket, id
FROM outcome
WHERE source = ?1
  AND message_id = ?2
  AND listed
  AND digest = ?3
  AND settled
  AND substr(item, 1, length(?4)) <> ?4
UNION ALL
SELECT outcome.outcome, outcome.ticket, outcome.id
FROM message
JOIN outcome ON outcome.source = message.source AND outcome.item = message.item
WHERE message.message_id = ?2
  AND message.source = ?1
  AND message.digest = ?3
  AND outcome.message_id = ?2
  AND outcome.digest = ?3
  AND outcome.settled
  AND substr(outcome.item, 1, length(?4)) <> ?4
ORDER BY id DESC
LIMIT 1";

pub(super) const SELECT_SETTLED_BY_RAW_SHA256: &str = "
SELECT outcome, ticket
FROM outcome
WHERE source = ?1
  AND raw_sha256 = ?2
  AND message_id IS NULL
  AND settled
  AND substr(item, 1, length(?3)) <> ?3
ORDER BY id DESC
LIMIT 1";

/// What became of the mail before the folder's UIDVALIDITY changed.
///
/// Only IMAP gives all items of a folder new keys (RFC 3501 section 2.3.1.1); elsewhere, and under the same UIDVALIDITY,
/// equal mails are two mails, and the second has its own outcome.
pub(super) fn settled(
    engine: &mut dyn Engine,
    print: &Fingerprint<'_>,
) -> Result<Option<Earlier>, StoreError> {
    let Some(validity) = print.source.numbering(print.key) else {
        return Ok(None);
    };
    let Some(source) = known(engine, print.source)?.map(|source| Value::Integer(source.id)) else {
        return Ok(None);
    };
    let prefix = format!("{validity}:");
    let prefix = Value::Text(&prefix);
    let rows = match print.message_id {
        Some(id) => engine.query(
            SELECT_SETTLED_BY_MESSAGE_ID,
            &[source, Value::Text(id.as_str()), Value::Blob(&print.digest.0), prefix],
        )?,
        None => {
            engine.query(SELECT_SETTLED_BY_RAW_SHA256, &[source, Value::Blob(&print.raw_sha256.0), prefix])?
        }
    };
    first(rows).map(earlier).transpose()
}

fn earlier(mut row: Row) -> Result<Earlier, StoreError> {
    Ok(Earlier::Settled { outcome: row.take(0)?, ticket: row.take(1)? })
}
