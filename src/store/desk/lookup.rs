//! What the road asks; every statement here finds its rows by an index.

use std::collections::HashSet;

use jiff::Timestamp;

use super::words::size;
use super::{Desk, earlier};
use crate::model::address;
use crate::model::found::{Earlier, Standing};
use crate::model::ids::{MailboxName, MessageId, TicketId};
use crate::model::item::{Acknowledgement, Baseline, ItemKey, Telling, Watermark};
use crate::model::ticket::TicketFacts;
use crate::store::engine::{Engine, Row, Value, first};
use crate::store::{Fingerprint, Lookup, MailboxState, SEVERAL, Source, StoreError};

pub(super) const SELECT_TICKET: &str = "
SELECT id, queue, status, status_since, merged_into
FROM ticket
WHERE id = ?1";

pub(super) const SELECT_HOLDING: &str = "
SELECT DISTINCT ticket.id, ticket.queue, ticket.status, ticket.status_since, ticket.merged_into
FROM message
JOIN ticket ON ticket.id = message.ticket
WHERE message.message_id = ?1
ORDER BY ticket.id DESC
LIMIT ?2";

pub(super) const SELECT_NAMING: &str = "
SELECT ticket.id, ticket.queue, ticket.status, ticket.status_since, ticket.merged_into
FROM message_reference
JOIN ticket ON ticket.id = message_reference.ticket
WHERE message_reference.message_id = ?1
ORDER BY ticket.id DESC
LIMIT ?2";

pub(super) const SELECT_COPIES: &str = "
SELECT DISTINCT ticket.id, ticket.queue, ticket.status, ticket.status_since, ticket.merged_into
FROM message
JOIN ticket ON ticket.id = message.ticket
WHERE message.message_id = ?1
  AND message.digest = ?2
ORDER BY ticket.id DESC";

pub(super) const SELECT_PARTICIPANT: &str = "
SELECT 1
FROM participant
WHERE ticket = ?1
  AND key IN (?2, ?3)";

pub(super) const SELECT_SOURCE: &str = "
SELECT id, watermark, baseline_at, baseline_numbering
FROM source
WHERE mailbox = ?1
  AND account = ?2
  AND folder = ?3";

/// Reads all sources, of which there is one for each folder, when a folder is new.
const SELECT_NAMES: &str = "
SELECT mailbox
FROM source
WHERE account = ?1
  AND folder = ?2";

pub(super) const SELECT_ATTEMPTS: &str = "
SELECT attempts
FROM outcome
WHERE source = ?1
  AND item = ?2";

/// So many keys are looked for at once: a mailbox of a hundred thousand items costs no statement for each.
const AT_ONCE: usize = 32;

/// With ?34, without what was removed: it is not there any more.
pub(super) const SELECT_SETTLED: &str = "
SELECT item
FROM outcome
WHERE source = ?1
  AND settled
  AND NOT (?34 AND told AND disposition NOT IN ('keep', 'seen'))
  AND item IN (
    ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
    ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
    ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25,
    ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)";

pub(super) const SELECT_DEFERRED: &str = "
SELECT item, attempts
FROM outcome
WHERE source = ?1
  AND outcome = 'deferred'
  AND NOT settled
ORDER BY attempts, id";

pub(super) const SELECT_IN_FLIGHT: &str = "
SELECT item, deaths + 1
FROM in_flight
WHERE source = ?1
ORDER BY deaths, item";

pub(super) const SELECT_OWED: &str = "
SELECT item, disposition, message_id
FROM outcome
WHERE source = ?1
  AND settled
  AND NOT told
  AND disposition <> 'keep'
ORDER BY id";

pub(super) const SELECT_MAILBOX_STATE: &str = "
SELECT last_success, last_failure, failures
FROM mailbox_state
WHERE mailbox = ?1";

impl Lookup for Desk<'_> {
    fn ticket(&mut self, id: TicketId) -> Result<Option<TicketFacts>, StoreError> {
        first(self.engine.query(SELECT_TICKET, &[Value::Integer(id.0)])?).map(facts).transpose()
    }

    fn holding(&mut self, id: &MessageId) -> Result<Vec<TicketFacts>, StoreError> {
        let values = [Value::Text(id.as_str()), Value::Integer(size(SEVERAL))];
        self.engine.query(SELECT_HOLDING, &values)?.into_iter().map(facts).collect()
    }

    fn naming(&mut self, id: &MessageId) -> Result<Vec<TicketFacts>, StoreError> {
        let values = [Value::Text(id.as_str()), Value::Integer(size(SEVERAL))];
        self.engine.query(SELECT_NAMING, &values)?.into_iter().map(facts).collect()
    }

    fn copies(&mut self, print: &Fingerprint<'_>) -> Result<Vec<TicketFacts>, StoreError> {
        let Some(id) = print.message_id else { return Ok(Vec::new()) };
        let values = [Value::Text(id.as_str()), Value::Blob(&print.digest.0)];
        self.engine.query(SELECT_COPIES, &values)?.into_iter().map(facts).collect()
    }

    fn standing(&mut self, ticket: TicketId, key: &str) -> Result<Standing, StoreError> {
        // An older row has the domain in its own letters.
        let readable = address::readable(key);
        let values = [Value::Integer(ticket.0), Value::Text(key), Value::Text(&readable)];
        Ok(match first(self.engine.query(SELECT_PARTICIPANT, &values)?) {
            Some(_) => Standing::Participant,
            None => Standing::Stranger,
        })
    }

    fn settled_before(&mut self, print: &Fingerprint<'_>) -> Result<Option<Earlier>, StoreError> {
        earlier::settled(self.engine, print)
    }

    fn former(&mut self, source: &Source, configured: &[MailboxName]) -> Result<Option<Source>, StoreError> {
        if known(self.engine, source)?.is_some() {
            return Ok(None);
        }
        let values = [Value::Text(&source.account), Value::Text(&source.folder)];
        let mut left = Vec::new();
        for mut row in self.engine.query(SELECT_NAMES, &values)? {
            left.extend(Some(row.take::<MailboxName>(0)?).filter(|name| !configured.contains(name)));
        }
        let only = (left.len() == 1).then(|| left.pop()).flatten();
        Ok(only.map(|mailbox| Source { mailbox, ..source.clone() }))
    }

    fn settled(&mut self, source: &Source, keys: &[ItemKey]) -> Result<HashSet<ItemKey>, StoreError> {
        let mut settled = HashSet::new();
        if let Some(Known { id, .. }) = known(self.engine, source)? {
            let removed = [Value::Boolean(source.knows_what_is_gone())];
            for values in places(id, keys, &removed) {
                for mut row in self.engine.query(SELECT_SETTLED, &values)? {
                    settled.insert(row.take(0)?);
                }
            }
        }
        Ok(settled)
    }

    fn deferred(&mut self, source: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError> {
        let Some(Known { id, .. }) = known(self.engine, source)? else { return Ok(Vec::new()) };
        let rows = self.engine.query(SELECT_DEFERRED, &[Value::Integer(id)])?;
        rows.into_iter().map(|mut row| Ok((ItemKey(row.take(0)?), row.take(1)?))).collect()
    }

    fn attempts(&mut self, source: &Source, key: &ItemKey) -> Result<u32, StoreError> {
        match known(self.engine, source)? {
            Some(Known { id, .. }) => {
                let rows = self.engine.query(SELECT_ATTEMPTS, &[Value::Integer(id), Value::Text(&key.0)])?;
                first(rows).map_or(Ok(0), |mut row| row.take(0))
            }
            None => Ok(0),
        }
    }

    fn in_flight(&mut self, source: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError> {
        let Some(Known { id, .. }) = known(self.engine, source)? else { return Ok(Vec::new()) };
        let rows = self.engine.query(SELECT_IN_FLIGHT, &[Value::Integer(id)])?;
        rows.into_iter().map(|mut row| Ok((ItemKey(row.take(0)?), row.take(1)?))).collect()
    }

    fn watermark(&mut self, source: &Source) -> Result<Option<Watermark>, StoreError> {
        Ok(known(self.engine, source)?.and_then(|known| known.watermark).map(Watermark))
    }

    fn baseline(&mut self, source: &Source) -> Result<Option<Baseline>, StoreError> {
        Ok(known(self.engine, source)?.and_then(|known| known.baseline))
    }

    fn owed(&mut self, source: &Source) -> Result<Vec<Acknowledgement>, StoreError> {
        match known(self.engine, source)? {
            Some(Known { id, .. }) => {
                let rows = self.engine.query(SELECT_OWED, &[Value::Integer(id)])?;
                rows.into_iter().map(acknowledgement).collect()
            }
            None => Ok(Vec::new()),
        }
    }

    fn mailbox_state(&mut self, mailbox: &MailboxName) -> Result<MailboxState, StoreError> {
        let rows = self.engine.query(SELECT_MAILBOX_STATE, &[Value::Text(mailbox.as_str())])?;
        let Some(mut row) = first(rows) else { return Ok(MailboxState::default()) };
        Ok(MailboxState { last_success: row.take(0)?, last_failure: row.take(1)?, failures: row.take(2)? })
    }

    fn next_ticket(&mut self) -> Result<TicketId, StoreError> {
        self.engine.next_number("ticket").map(TicketId)
    }
}

/// The values of a statement that has the source in its first place, keys in the next 32, then `rest`; as often as it
/// takes for all keys.
pub(in crate::store) fn places<'v>(
    source: i64,
    keys: &'v [ItemKey],
    rest: &'v [Value<'v>],
) -> impl Iterator<Item = Vec<Value<'v>>> {
    keys.chunks(AT_ONCE).map(move |keys| {
        // The last places are filled with keys once more.
        let keys = keys.iter().cycle().take(AT_ONCE).map(|key| Value::Text(&key.0));
        std::iter::once(Value::Integer(source)).chain(keys).chain(rest.iter().copied()).collect()
    })
}

/// The source's row.
pub(in crate::store) struct Known {
    pub(in crate::store) id: i64,
    watermark: Option<String>,
    baseline: Option<Baseline>,
}

pub(in crate::store) fn known(engine: &mut dyn Engine, source: &Source) -> Result<Option<Known>, StoreError> {
    let values =
        [Value::Text(source.mailbox.as_str()), Value::Text(&source.account), Value::Text(&source.folder)];
    let row = first(engine.query(SELECT_SOURCE, &values)?);
    row.map(|mut row| {
        let (at, numbering): (Option<Timestamp>, Option<String>) = (row.take(2)?, row.take(3)?);
        let baseline = at.zip(numbering).map(|(at, numbering)| Baseline { at, numbering });
        Ok(Known { id: row.take(0)?, watermark: row.take(1)?, baseline })
    })
    .transpose()
}

fn facts(mut row: Row) -> Result<TicketFacts, StoreError> {
    Ok(TicketFacts {
        id: row.take(0)?,
        queue: row.take(1)?,
        status: row.take(2)?,
        status_since: row.take(3)?,
        merged_into: row.take(4)?,
    })
}

fn acknowledgement(mut row: Row) -> Result<Acknowledgement, StoreError> {
    Ok(Acknowledgement {
        key: row.take(0)?,
        disposition: row.take(1)?,
        message_id: row.take(2)?,
        telling: Telling::Again,
    })
}
