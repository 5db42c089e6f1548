//! The JSON objects of contract section 5; the order of fields is theirs.

use serde_json::{Map, Value, json};

use crate::cli::failure::{self, Causes};
use crate::model::event::Undelivered;
use crate::model::ids::TicketRef;
use crate::model::outbox::{BounceKind, GivenUp, Told};
use crate::run::{
    Counts, EventCounts, EventLine, EventSum, MailboxLine, MessageLine, Mode, NotificationLine, Sent, Summary,
};
use crate::store::{
    AttachmentRow, AttemptRow, EventRow, MessageRow, NoteRow, OutboxRow, OutcomeRow, QuarantineRow,
    SuppressedRow, TicketRow,
};

use super::words;

pub use crate::model::json::{address, addresses, object};

/// A line of `fetch --json` for a message.
pub fn message(line: &MessageLine, causes: Causes) -> Value {
    Value::Object(object([
        ("type", json!("message")),
        ("mailbox", json!(line.mailbox.as_str())),
        ("folder", json!(line.folder)),
        ("item", json!(line.item)),
        ("message_id", json!(line.message_id)),
        ("from", json!(line.from)),
        ("subject", json!(line.subject)),
        ("outcome", json!(line.outcome.as_str())),
        ("reason", json!(line.reason)),
        ("ticket", json!(line.ticket)),
        ("error", line.error.as_ref().map_or(Value::Null, |trouble| failure::object(trouble, causes))),
    ]))
}

/// A line of `fetch --json` for a mailbox.
pub fn mailbox(line: &MailboxLine, causes: Causes) -> Value {
    Value::Object(object([
        ("type", json!("mailbox")),
        ("mailbox", json!(line.mailbox.as_str())),
        ("status", json!(line.status.as_str())),
        ("listed", json!(line.listed)),
        ("new", json!(line.new)),
        ("counts", counts(&line.counts)),
        ("duration_ms", milliseconds(line.duration)),
        ("error", line.error.as_ref().map_or(Value::Null, |trouble| failure::object(trouble, causes))),
    ]))
}

/// The last line of `fetch --json`; its `error` is trouble of the run itself.
pub fn summary(line: &Summary, causes: Causes) -> Value {
    Value::Object(object([
        ("type", json!("summary")),
        ("run", json!(line.run.map(|run| run.0))),
        ("dry_run", json!(line.mode == Mode::DryRun)),
        ("exit_code", json!(line.exit.code())),
        ("counts", counts(&line.counts)),
        ("duration_ms", milliseconds(line.duration)),
        ("error", line.error.as_ref().map_or(Value::Null, |trouble| failure::object(trouble, causes))),
    ]))
}

/// A row of the ledger: the message object with `run` and `at`, and what is worth knowing besides.
pub fn outcome(row: &OutcomeRow) -> Value {
    Value::Object(object([
        ("type", json!("message")),
        ("mailbox", json!(row.mailbox.as_str())),
        ("folder", json!(row.folder)),
        ("item", json!(row.item)),
        ("message_id", json!(row.message_id)),
        ("from", json!(row.from)),
        ("subject", json!(row.subject)),
        ("outcome", json!(row.outcome.as_str())),
        ("reason", json!(row.reason)),
        ("ticket", json!(row.ticket)),
        ("error", row.error.as_ref().map_or(Value::Null, failure::stored)),
        ("run", json!(row.run.0)),
        ("at", json!(words::time(row.at))),
        ("id", json!(row.id)),
        ("notes", json!(row.notes)),
        ("reset", json!(row.reset)),
    ]))
}

/// A message in quarantine: its number, its outcome, and what is kept.
pub fn quarantined(row: &QuarantineRow) -> Value {
    let mut object = object([("id", json!(row.id))]);
    if let Value::Object(outcome) = outcome(&row.outcome) {
        // The number of the copy stands for that of the row.
        object.extend(outcome.into_iter().filter(|(key, _)| key != "id"));
    }
    object.insert("size".to_owned(), json!(row.size));
    object.insert("sha256".to_owned(), json!(row.sha256.to_string()));
    Value::Object(object)
}

/// A ticket as `ticket list --json` tells it.
pub fn ticket(row: &TicketRow) -> Value {
    Value::Object(ticket_fields(row))
}

/// A ticket with its messages as `ticket show --json` tells it.
pub fn ticket_with_messages(
    row: &TicketRow,
    (messages, notes): (&[MessageRow], &[NoteRow]),
    reply_address: Option<&str>,
) -> Value {
    let mut object = ticket_fields(row);
    // Behind what the contract names stands what is worth knowing besides.
    object.insert("messages".to_owned(), messages.iter().map(ticket_message).collect());
    object.insert("reply_address".to_owned(), json!(reply_address));
    object.insert("linked_to".to_owned(), json!(row.linked_to));
    let note = |note: &NoteRow| json!({ "at": words::time(note.at), "text": note.text });
    object.insert("notes".to_owned(), notes.iter().map(note).collect());
    Value::Object(object)
}

/// A line of `send --json` for a notification.
pub fn sent_notification(line: &NotificationLine) -> Value {
    Value::Object(object([
        ("type", json!("notification")),
        ("id", json!(line.id)),
        ("ticket", json!(line.about.ticket().map(TicketRef::to_string))),
        ("to", json!(line.to)),
        ("template", json!(line.about.template())),
        ("state", json!(line.state.as_str())),
        ("attempts", json!(line.attempts)),
        ("next_attempt_at", json!(line.next_attempt_at.map(words::time))),
        ("last_error", json!(line.last_error)),
        ("message_id", json!(line.message_id)),
        ("reason", json!(line.reason.map(GivenUp::as_str))),
    ]))
}

/// The last line of `send --json`.
pub fn sent(sent: &Sent, causes: Causes) -> Value {
    let some = sent.counts.iter().filter(|(_, count)| *count > 0);
    let counts = some.map(|(word, count)| (word.as_str().to_owned(), json!(count))).collect();
    Value::Object(object([
        ("type", json!("summary")),
        ("exit_code", json!(sent.exit().code())),
        ("counts", Value::Object(counts)),
        ("backlog", json!(sent.backlog.waiting)),
        ("oldest", json!(sent.backlog.oldest.map(words::time))),
        ("errors", sent.troubles.iter().map(|trouble| failure::object(trouble, causes)).collect()),
        ("duration_ms", milliseconds(sent.duration)),
    ]))
}

/// A notification as `outbox list --json` tells it.
pub fn notification(row: &OutboxRow) -> Value {
    Value::Object(notification_fields(row))
}

/// A notification with its attempts as `outbox show --json` tells it.
pub fn notification_with_attempts(row: &OutboxRow, attempts: &[AttemptRow]) -> Value {
    let mut object = notification_fields(row);
    object.insert("tries".to_owned(), attempts.iter().map(attempt).collect());
    Value::Object(object)
}

fn notification_fields(row: &OutboxRow) -> Map<String, Value> {
    object([
        ("id", json!(row.id)),
        ("ticket", json!(row.about.ticket().map(TicketRef::to_string))),
        ("to", json!(row.to.address)),
        ("template", json!(row.about.template())),
        ("state", json!(row.state.as_str())),
        ("attempts", json!(row.attempts)),
        ("next_attempt_at", json!(row.next_attempt_at.map(words::time))),
        ("last_error", json!(row.last_error)),
        ("message_id", json!(row.message_id.as_str())),
        ("reason", json!(row.reason)),
        ("role", json!(row.told.map(Told::as_str))),
        ("priority", json!(row.urgency.as_str())),
        ("created_at", json!(words::time(row.created_at))),
        ("state_since", json!(words::time(row.state_since))),
        ("expires_at", json!(row.expires_at.map(words::time))),
        ("bounce", json!(row.bounce.map(BounceKind::as_str))),
        ("bounce_status", json!(row.bounce_status)),
        ("bounced_at", json!(row.bounced_at.map(words::time))),
    ])
}

fn attempt(row: &AttemptRow) -> Value {
    Value::Object(object([
        ("began_at", json!(words::time(row.began_at))),
        ("ended_at", json!(row.ended_at.map(words::time))),
        ("result", json!(row.result)),
        ("answer", json!(row.answer)),
        ("duration_ms", json!(row.duration_ms)),
        ("note", json!(row.note)),
    ]))
}

/// A line of `events deliver --json` for an event.
pub fn delivered_event(line: &EventLine) -> Value {
    Value::Object(object([
        ("type", json!("event")),
        ("id", json!(line.row)),
        ("event_id", json!(line.id.as_str())),
        ("event", json!(line.kind.as_str())),
        ("hook", json!(line.hook)),
        ("state", json!(line.state.as_str())),
        ("reason", json!(line.reason.map(Undelivered::as_str))),
        ("attempts", json!(line.attempts)),
        ("next_attempt_at", json!(line.next_attempt_at.map(words::time))),
        ("last_error", json!(line.last_error)),
    ]))
}

/// The last line of `events deliver --json`.
pub fn delivered_events(sum: &EventSum, causes: Causes) -> Value {
    let EventCounts { delivered, queued, failed } = sum.counts;
    Value::Object(object([
        ("type", json!("events")),
        ("exit_code", json!(sum.exit().code())),
        ("counts", json!({ "delivered": delivered, "queued": queued, "failed": failed })),
        ("backlog", json!(sum.backlog.waiting)),
        ("oldest", json!(sum.backlog.oldest.map(words::time))),
        ("error", sum.trouble.as_ref().map_or(Value::Null, |trouble| failure::object(trouble, causes))),
        ("duration_ms", milliseconds(sum.duration)),
    ]))
}

/// An event as `events list --json` tells it.
pub fn event(row: &EventRow) -> Value {
    Value::Object(event_fields(row))
}

/// An event with what the hook is told and its attempts, as `events show --json` tells it.
pub fn event_with_attempts(row: &EventRow, attempts: &[AttemptRow]) -> Value {
    let mut object = event_fields(row);
    // As text: a hook is given these very octets.
    object.insert("payload".to_owned(), json!(row.payload));
    object.insert("tries".to_owned(), attempts.iter().map(attempt).collect());
    Value::Object(object)
}

fn event_fields(row: &EventRow) -> Map<String, Value> {
    object([
        ("id", json!(row.row)),
        ("event_id", json!(row.id.as_str())),
        ("event", json!(row.kind.as_str())),
        ("hook", json!(row.hook)),
        ("state", json!(row.state.as_str())),
        ("reason", json!(row.reason.map(Undelivered::as_str))),
        ("attempts", json!(row.attempts)),
        ("next_attempt_at", json!(row.next_attempt_at.map(words::time))),
        ("last_error", json!(row.last_error)),
        ("created_at", json!(words::time(row.created_at))),
        ("state_since", json!(words::time(row.state_since))),
    ])
}

/// An address that gets nothing.
pub fn suppressed(row: &SuppressedRow) -> Value {
    Value::Object(object([
        ("address", json!(row.address)),
        ("reason", json!(row.reason)),
        ("status", json!(row.status)),
        ("since", json!(words::time(row.since))),
        ("until", json!(row.until.map(words::time))),
    ]))
}

fn ticket_fields(row: &TicketRow) -> Map<String, Value> {
    let name = TicketRef { queue: row.queue.clone(), id: row.id };
    object([
        ("ticket", json!(name.to_string())),
        ("queue", json!(row.queue.as_str())),
        ("title", json!(row.title)),
        ("status", json!(row.status.as_str())),
        ("priority", json!(row.priority)),
        ("tags", json!(row.tags)),
        ("requester", row.requester.as_ref().map_or(Value::Null, address)),
        ("participants", addresses(&row.participants)),
        ("created_at", json!(words::time(row.created_at))),
        ("updated_at", json!(words::time(row.updated_at))),
        ("merged_into", json!(row.merged_into)),
    ])
}

fn ticket_message(row: &MessageRow) -> Value {
    Value::Object(object([
        ("direction", json!(row.direction)),
        ("message_id", json!(row.message_id.as_ref().map(|id| id.as_str()))),
        ("from", row.from.as_ref().map_or(Value::Null, address)),
        ("date", json!(words::time(row.date))),
        ("text", json!(row.text)),
        ("reply", json!(row.reply)),
        ("attachments", row.attachments.iter().map(attachment).collect()),
        ("defects", json!(row.defects)),
    ]))
}

fn attachment(row: &AttachmentRow) -> Value {
    Value::Object(object([
        ("filename", json!(row.filename)),
        ("content_type", json!(row.content_type)),
        ("size", json!(row.size)),
        ("sha256", json!(row.sha256.to_string())),
        ("inline", json!(row.inline)),
        ("content_id", json!(row.content_id)),
    ]))
}

fn counts(counts: &Counts) -> Value {
    let some = counts.iter().filter(|(_, count)| *count > 0);
    Value::Object(some.map(|(word, count)| (word.as_str().to_owned(), json!(count))).collect())
}

pub(super) fn milliseconds(span: std::time::Duration) -> Value {
    json!(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}
