//! Messages with their files.

use super::blob::keep;
use super::ledger;
use super::words::list;
use crate::model::ids::TicketId;
use crate::model::mail::Attachment;
use crate::store::engine::{Engine, Value};
use crate::store::{NewMessage, StoreError};

pub(super) const INSERT_MESSAGE: &str = "
INSERT INTO message
  (ticket, direction, message_id, digest, raw_sha256, author, author_name, subject, sent_at, received_at, stored_at,
   text, reply, html, kind, defects, raw, source, item)
VALUES (?1, 'in', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

pub(super) const INSERT_REFERENCE: &str = "
INSERT INTO message_reference (message_id, ticket)
VALUES (?1, ?2)
ON CONFLICT (message_id, ticket) DO NOTHING";

pub(super) const INSERT_ATTACHMENT: &str = "
INSERT INTO attachment (message, filename, given_name, content_type, inline, content_id, blob, repeated)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, EXISTS
  (SELECT 1
   FROM attachment
   JOIN message ON message.id = attachment.message
   WHERE attachment.blob = ?7
     AND message.ticket = ?8
     AND message.id <> ?1))";

pub(super) const UPDATE_TICKET: &str = "
UPDATE ticket
SET updated_at = ?2
WHERE id = ?1";

/// Puts a message that came in on its ticket and gives the number of its row.
pub(super) fn append(engine: &mut dyn Engine, message: &NewMessage<'_>) -> Result<i64, StoreError> {
    let raw = message.raw.map(|octets| keep(engine, octets, message.raw_sha256)).transpose()?;
    let id = insert(engine, message, raw)?;
    for attachment in &message.mail.attachments {
        attach(engine, message.ticket, id, attachment)?;
    }
    let TicketId(ticket) = message.ticket;
    for named in message.mail.names() {
        engine.execute(INSERT_REFERENCE, &[Value::Text(named.as_str()), Value::Integer(ticket)])?;
    }
    engine.execute(UPDATE_TICKET, &[Value::Integer(ticket), Value::Time(message.at)]).map(|_| id)
}

fn insert(engine: &mut dyn Engine, message: &NewMessage<'_>, raw: Option<i64>) -> Result<i64, StoreError> {
    let mail = message.mail;
    let author = message.author;
    let defects = list(&mail.defects)?;
    let source = message.item.map(|(source, _)| ledger::source(engine, source)).transpose()?;
    let values = [
        Value::Integer(message.ticket.0),
        Value::text(mail.message_id.as_ref().map(|id| id.as_str())),
        Value::Blob(&mail.digest.0),
        Value::Blob(&message.raw_sha256.0),
        Value::text(author.map(|author| author.address.as_str())),
        Value::text(author.and_then(|author| author.name.as_deref())),
        Value::Text(&mail.subject),
        Value::time(mail.sent()),
        Value::Time(message.received_at),
        Value::Time(message.at),
        Value::Text(&mail.text),
        Value::Text(&mail.reply),
        Value::Boolean(mail.html),
        Value::Text(mail.kind.as_str()),
        Value::Text(&defects),
        Value::integer(raw),
        Value::integer(source),
        Value::text(message.item.map(|(_, key)| key.0.as_str())),
    ];
    engine.insert(INSERT_MESSAGE, &values)
}

fn attach(
    engine: &mut dyn Engine,
    ticket: TicketId,
    message: i64,
    attachment: &Attachment,
) -> Result<(), StoreError> {
    let blob = keep(engine, &attachment.content, attachment.sha256)?;
    let values = [
        Value::Integer(message),
        Value::Text(&attachment.filename),
        Value::text(attachment.given_name.as_deref()),
        Value::Text(&attachment.content_type),
        Value::Boolean(attachment.inline),
        Value::text(attachment.content_id.as_deref()),
        Value::Integer(blob),
        Value::Integer(ticket.0),
    ];
    engine.execute(INSERT_ATTACHMENT, &values).map(drop)
}
