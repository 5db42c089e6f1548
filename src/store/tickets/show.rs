//! Reading tickets with all that is on them.

use crate::model::address::Address;
use crate::model::ids::{QueueSlug, TicketId, TicketRef};
use crate::model::ticket::TicketFacts;
use crate::store::desk::Desk;
use crate::store::engine::{Engine, FromCell, Row, Value, first};
use crate::store::{AttachmentRow, Lookup, MessageRow, Store, StoreError, TicketFilter, TicketRow};

pub(in crate::store) const SELECT_TICKETS: &str = "
SELECT ticket.id, ticket.queue, ticket.title, ticket.status, ticket.priority, ticket.created_at, ticket.updated_at,
  target.queue, target.id, ticket.notify
FROM ticket
LEFT JOIN ticket AS target ON target.id = ticket.merged_into
WHERE ticket.id IN
  (SELECT id
   FROM ticket
   WHERE (CAST(?1 AS TEXT) IS NULL OR lower(queue) = lower(?1))
     AND (CAST(?2 AS TEXT) IS NULL OR status = ?2)
   ORDER BY id DESC
   LIMIT ?3)
ORDER BY ticket.id";

pub(in crate::store) const SELECT_TICKET_ROW: &str = "
SELECT ticket.id, ticket.queue, ticket.title, ticket.status, ticket.priority, ticket.created_at, ticket.updated_at,
  target.queue, target.id, ticket.notify
FROM ticket
LEFT JOIN ticket AS target ON target.id = ticket.merged_into
WHERE ticket.id = ?1";

pub(in crate::store) const SELECT_TAGS: &str = "
SELECT tag
FROM tag
WHERE ticket = ?1
ORDER BY tag";

pub(in crate::store) const SELECT_PARTICIPANTS: &str = "
SELECT address, name, role
FROM participant
WHERE ticket = ?1
ORDER BY role <> 'requester', id";

pub(in crate::store) const SELECT_LINKS: &str = "
SELECT ticket.queue AS queue, ticket.id AS id
FROM ticket_link
JOIN ticket ON ticket.id = ticket_link.other
WHERE ticket_link.ticket = ?1
UNION
SELECT ticket.queue AS queue, ticket.id AS id
FROM ticket_link
JOIN ticket ON ticket.id = ticket_link.ticket
WHERE ticket_link.other = ?1
ORDER BY id";

pub(in crate::store) const SELECT_MESSAGES: &str = "
SELECT id, direction, message_id, author, author_name, coalesce(sent_at, received_at), text, reply, defects
FROM message
WHERE ticket = ?1
ORDER BY id";

pub(in crate::store) const SELECT_ATTACHMENTS: &str = "
SELECT attachment.filename, attachment.content_type, blob.size, blob.sha256, attachment.inline, attachment.content_id,
  attachment.given_name, attachment.repeated
FROM attachment
JOIN blob ON blob.id = attachment.blob
WHERE attachment.message = ?1
ORDER BY attachment.id";

/// Also of queues that are configured no more.
pub(in crate::store) const SELECT_QUEUES: &str = "
SELECT DISTINCT queue
FROM ticket
ORDER BY queue";

impl Store {
    /// The queues that have tickets.
    pub fn queues(&mut self) -> Result<Vec<QueueSlug>, StoreError> {
        self.engine.query(SELECT_QUEUES, &[])?.into_iter().map(|mut row| row.take(0)).collect()
    }

    /// The tickets that are wanted, by number.
    pub fn tickets(&mut self, filter: &TicketFilter) -> Result<Vec<TicketRow>, StoreError> {
        let values = [
            Value::text(filter.queue.as_ref().map(QueueSlug::as_str)),
            Value::text(filter.status.map(|status| status.as_str())),
            Value::Integer(at_most(filter.limit)),
        ];
        let engine = self.engine.as_mut();
        let rows = engine.query(SELECT_TICKETS, &values)?;
        rows.into_iter().map(|row| ticket(engine, row)).collect()
    }

    /// One ticket.
    pub fn ticket_row(&mut self, id: TicketId) -> Result<TicketRow, StoreError> {
        let engine = self.engine.as_mut();
        match first(engine.query(SELECT_TICKET_ROW, &[Value::Integer(id.0)])?) {
            Some(row) => ticket(engine, row),
            None => Err(missing(id)),
        }
    }

    /// The messages on a ticket, in the order they came; those of merged tickets stay with these.
    pub fn messages(&mut self, id: TicketId) -> Result<Vec<MessageRow>, StoreError> {
        let engine = self.engine.as_mut();
        let rows = engine.query(SELECT_MESSAGES, &[Value::Integer(id.0)])?;
        rows.into_iter().map(|row| message(engine, row)).collect()
    }
}

/// A limit as the database counts; without one, all.
pub(in crate::store) fn at_most(limit: Option<u64>) -> i64 {
    limit.and_then(|limit| limit.try_into().ok()).unwrap_or(i64::MAX)
}

/// What is known of a ticket that must be there.
pub(in crate::store) fn facts(engine: &mut dyn Engine, id: TicketId) -> Result<TicketFacts, StoreError> {
    Desk { engine }.ticket(id)?.ok_or_else(|| missing(id))
}

fn missing(id: TicketId) -> StoreError {
    StoreError::Missing { what: format!("ticket {id}") }
}

fn ticket(engine: &mut dyn Engine, mut row: Row) -> Result<TicketRow, StoreError> {
    let id: TicketId = row.take(0)?;
    let people = people(engine, id)?;
    Ok(TicketRow {
        id,
        queue: row.take(1)?,
        title: row.take(2)?,
        status: row.take(3)?,
        priority: row.take(4)?,
        tags: column(engine, SELECT_TAGS, id)?,
        notify: row.take(9)?,
        requester: people.iter().find(|(_, role)| role == "requester").map(|(address, _)| address.clone()),
        participants: people.into_iter().map(|(address, _)| address).collect(),
        created_at: row.take(5)?,
        updated_at: row.take(6)?,
        merged_into: named(row.take(7)?, row.take(8)?),
        linked_to: links(engine, id)?,
    })
}

fn column<T: FromCell>(
    engine: &mut dyn Engine,
    sql: &'static str,
    ticket: TicketId,
) -> Result<Vec<T>, StoreError> {
    let rows = engine.query(sql, &[Value::Integer(ticket.0)])?;
    rows.into_iter().map(|mut row| row.take(0)).collect()
}

/// Everybody on the ticket with the role, the requester first.
fn people(engine: &mut dyn Engine, ticket: TicketId) -> Result<Vec<(Address, String)>, StoreError> {
    let rows = engine.query(SELECT_PARTICIPANTS, &[Value::Integer(ticket.0)])?;
    let person =
        |mut row: Row| Ok((Address { address: row.take(0)?, name: row.take(1)? }, row.take::<String>(2)?));
    rows.into_iter().map(person).collect()
}

fn links(engine: &mut dyn Engine, ticket: TicketId) -> Result<Vec<String>, StoreError> {
    let rows = engine.query(SELECT_LINKS, &[Value::Integer(ticket.0)])?;
    rows.into_iter()
        .map(|mut row| Ok(TicketRef { queue: row.take(0)?, id: row.take(1)? }.to_string()))
        .collect()
}

/// The ticket as people write it.
pub(in crate::store) fn named(queue: Option<QueueSlug>, id: Option<TicketId>) -> Option<String> {
    queue.zip(id).map(|(queue, id)| TicketRef { queue, id }.to_string())
}

fn message(engine: &mut dyn Engine, mut row: Row) -> Result<MessageRow, StoreError> {
    let id: i64 = row.take(0)?;
    let files = engine.query(SELECT_ATTACHMENTS, &[Value::Integer(id)])?;
    let (address, name): (Option<String>, Option<String>) = (row.take(3)?, row.take(4)?);
    Ok(MessageRow {
        direction: row.take(1)?,
        message_id: row.take(2)?,
        from: address.map(|address| Address { name, address }),
        date: row.take(5)?,
        text: row.take(6)?,
        reply: row.take(7)?,
        defects: lines(&row.take::<String>(8)?)?,
        attachments: files.into_iter().map(attachment).collect::<Result<_, _>>()?,
    })
}

fn attachment(mut row: Row) -> Result<AttachmentRow, StoreError> {
    Ok(AttachmentRow {
        filename: row.take(0)?,
        content_type: row.take(1)?,
        size: row.take(2)?,
        sha256: row.take(3)?,
        inline: row.take(4)?,
        content_id: row.take(5)?,
        given_name: row.take(6)?,
        repeated: row.take(7)?,
    })
}

/// Lines that are kept as one JSON array.
pub(in crate::store) fn lines(json: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::Odd { what: "a list of lines is not one".to_owned() })
}
