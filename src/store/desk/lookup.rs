//! What the road asks; every statement here finds its rows by an index.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{Desk, earlier};
use crate::model::found::{Earlier, Standing};
use crate::model::ids::{MailboxName, MessageId, QueueSlug, TicketId};
use crate::model::item::{Acknowledgement, ItemKey, Telling, Watermark};
use crate::model::ticket::TicketFacts;
use crate::store::engine::{Engine, Row, Value, first};
use crate::store::{Fingerprint, Lookup, Source, StoreError};

pub(super) const SELECT_TICKET: &str = "
SELECT id, queue, status, status_since, merged_into
FROM ticket
WHERE id = ?1";

pub(super) const SELECT_TICKET_OF_MESSAGE: &str = "
SELECT ticket
FROM message
WHERE message_id = ?1
ORDER BY ticket DESC
LIMIT 1";

pub(super) const SELECT_PARTICIPANT: &str = "
SELECT 1
FROM participant
WHERE ticket = ?1
  AND key = ?2";

pub(super) const SELECT_SOURCE: &str = "
SELECT id, watermark
FROM source
WHERE mailbox = ?1
  AND account = ?2
  AND folder = ?3";

pub(super) const SELECT_ITEM: &str = "
SELECT settled, attempts
FROM outcome
WHERE source = ?1
  AND item = ?2";

pub(super) const SELECT_OWED: &str = "
SELECT item, disposition, message_id
FROM outcome
WHERE source = ?1
  AND settled
  AND NOT told
  AND disposition <> 'keep'
ORDER BY id";

pub(super) const SELECT_LAST_SUCCESS: &str = "
SELECT last_success
FROM mailbox_state
WHERE mailbox = ?1";

impl Lookup for Desk<'_> {
    fn ticket(&mut self, id: TicketId) -> Result<Option<TicketFacts>, StoreError> {
        first(self.engine.query(SELECT_TICKET, &[Value::Integer(id.0)])?).map(facts).transpose()
    }

    fn ticket_of_message(&mut self, id: &MessageId) -> Result<Option<TicketId>, StoreError> {
        let rows = self.engine.query(SELECT_TICKET_OF_MESSAGE, &[Value::Text(id.as_str())])?;
        first(rows).map(|mut row| row.take(0)).transpose()
    }

    fn standing(&mut self, ticket: TicketId, address: &str) -> Result<Standing, StoreError> {
        let values = [Value::Integer(ticket.0), Value::Text(address)];
        Ok(match first(self.engine.query(SELECT_PARTICIPANT, &values)?) {
            Some(_) => Standing::Participant,
            None => Standing::Stranger,
        })
    }

    fn earlier(&mut self, queue: &QueueSlug, print: &Fingerprint<'_>) -> Result<Option<Earlier>, StoreError> {
        match earlier::on_ticket(self.engine, queue, print)? {
            Some(ticket) => Ok(Some(Earlier::OnTicket(ticket))),
            None => earlier::settled(self.engine, print),
        }
    }

    fn settled(&mut self, source: &Source, keys: &[ItemKey]) -> Result<HashSet<ItemKey>, StoreError> {
        let mut settled = HashSet::new();
        if let Some(Known { id, .. }) = known(self.engine, source)? {
            for key in keys {
                if item(self.engine, id, key)?.is_some_and(|item| item.settled) {
                    settled.insert(key.clone());
                }
            }
        }
        Ok(settled)
    }

    fn attempts(&mut self, source: &Source, key: &ItemKey) -> Result<u32, StoreError> {
        match known(self.engine, source)? {
            Some(Known { id, .. }) => Ok(item(self.engine, id, key)?.map_or(0, |item| item.attempts)),
            None => Ok(0),
        }
    }

    fn watermark(&mut self, source: &Source) -> Result<Option<Watermark>, StoreError> {
        Ok(known(self.engine, source)?.and_then(|known| known.watermark).map(Watermark))
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

    fn last_success(&mut self, mailbox: &MailboxName) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.engine.query(SELECT_LAST_SUCCESS, &[Value::Text(mailbox.as_str())])?;
        first(rows).map(|mut row| row.take(0)).transpose()
    }

    fn next_ticket(&mut self) -> Result<TicketId, StoreError> {
        self.engine.next_number("ticket").map(TicketId)
    }
}

/// The source's row.
pub(super) struct Known {
    pub(super) id: i64,
    watermark: Option<String>,
}

pub(super) fn known(engine: &mut dyn Engine, source: &Source) -> Result<Option<Known>, StoreError> {
    let values =
        [Value::Text(source.mailbox.as_str()), Value::Text(&source.account), Value::Text(&source.folder)];
    let row = first(engine.query(SELECT_SOURCE, &values)?);
    row.map(|mut row| Ok(Known { id: row.take(0)?, watermark: row.take(1)? })).transpose()
}

struct Item {
    settled: bool,
    attempts: u32,
}

fn item(engine: &mut dyn Engine, source: i64, key: &ItemKey) -> Result<Option<Item>, StoreError> {
    let row = first(engine.query(SELECT_ITEM, &[Value::Integer(source), Value::Text(&key.0)])?);
    row.map(|mut row| Ok(Item { settled: row.take(0)?, attempts: row.take(1)? })).transpose()
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
