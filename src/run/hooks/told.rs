//! What hooks are told: the objects that `hook/event.schema.json` describes.
//!
//! No secret is among it. Of a mail it has what the ledger has; only those that are asked before the message is decided
//! are given its text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::evidence;
use crate::hook::Hook;
use crate::model::decision::Decision;
use crate::model::event::{EventId, EventKind};
use crate::model::ids::{MailboxName, TicketRef};
use crate::model::item::{Extent, Fetched, ItemKey};
use crate::model::json::{self, object};
use crate::model::mail::Mail;
use crate::model::outbox::GivenUp;
use crate::model::trouble::Trouble;
use crate::policy;
use crate::run::NotificationLine;
use crate::run::job::Job;
use crate::run::report::MessageLine;

/// The whole event.
pub(super) fn event(id: &EventId, kind: EventKind, at: Timestamp, data: Value) -> String {
    Value::Object(object([
        ("id", json!(id.as_str())),
        ("type", json!(kind.as_str())),
        ("timestamp", json!(json::time(at))),
        ("data", data),
    ]))
    .to_string()
}

/// A message that something is told of.
#[derive(Clone, Copy)]
pub(in crate::run) struct Message<'a> {
    pub(in crate::run) job: &'a Job<'a>,
    pub(in crate::run) folder: &'a str,
    pub(in crate::run) key: &'a ItemKey,
    pub(in crate::run) mail: Option<&'a Mail>,
}

impl Message<'_> {
    /// What is known of any message, with the queue of its mailbox.
    fn facts(&self) -> Map<String, Value> {
        let author = self.mail.and_then(|mail| policy::author(mail, self.job.queues));
        object([
            ("mailbox", json!(self.job.name.as_str())),
            ("folder", json!(self.folder)),
            ("item", json!(self.key.0)),
            ("queue", json!(self.job.queue.slug.as_str())),
            ("message_id", json!(self.mail.and_then(|mail| mail.message_id.as_ref()).map(|id| id.as_str()))),
            ("from", json!(author.map(|author| author.address.as_str()))),
            ("subject", json!(self.mail.map(|mail| mail.subject.as_str()))),
            ("kind", json!(self.mail.map(|mail| mail.kind.as_str()))),
        ])
    }

    /// `pre-validate`.
    pub(super) fn in_hand(&self, fetched: &Fetched, hook: &Hook) -> Value {
        let most = usize::try_from(hook.raw_size).unwrap_or(usize::MAX);
        let raw = fetched.bytes.get(..most).unwrap_or(&fetched.bytes);
        let is_whole = fetched.extent == Extent::Whole && raw.len() == fetched.bytes.len();
        Value::Object(object([
            ("mailbox", json!(self.job.name.as_str())),
            ("folder", json!(self.folder)),
            ("item", json!(self.key.0)),
            ("queue", json!(self.job.queue.slug.as_str())),
            ("size", json!(fetched.listed.size.unwrap_or(fetched.bytes.len() as u64))),
            ("raw", json!(STANDARD.encode(raw))),
            ("raw_is_whole", json!(is_whole)),
        ]))
    }

    /// `post-validate`.
    pub(super) fn read(&self, mail: &Mail) -> Value {
        let mut data = self.facts();
        data.insert("mail".to_owned(), json::inspection(mail, &evidence::unverified(mail)));
        Value::Object(data)
    }

    /// `pre-process`: what is about to happen.
    pub(in crate::run) fn decided(&self, decision: &Decision) -> Value {
        let (queue, ticket) = match decision {
            Decision::Create { queue, .. } => (Some(queue), None),
            Decision::Update { ticket, queue, .. } => {
                (Some(queue), Some(TicketRef { queue: queue.clone(), id: *ticket }))
            }
            Decision::Duplicate { .. }
            | Decision::Skip(_)
            | Decision::Ignore(_)
            | Decision::Defer(_)
            | Decision::Fail(_) => (None, None),
        };
        let mut data = self.facts();
        if let Some(queue) = queue {
            data.insert("queue".to_owned(), json!(queue.as_str()));
        }
        data.insert("outcome".to_owned(), json!(decision.outcome().as_str()));
        data.insert("reason".to_owned(), json!(decision.reason().as_str()));
        data.insert("ticket".to_owned(), json!(ticket.map(|ticket| ticket.to_string())));
        Value::Object(data)
    }

    /// `post-process` and `processing-error`: what has happened.
    pub(super) fn happened(&self, line: &MessageLine, ticket: Option<&TicketRef>) -> Value {
        let mut data = self.facts();
        if let Some(ticket) = ticket {
            data.insert("queue".to_owned(), json!(ticket.queue.as_str()));
        }
        data.insert("outcome".to_owned(), json!(line.outcome.as_str()));
        data.insert("reason".to_owned(), json!(line.reason));
        data.insert("ticket".to_owned(), json!(line.ticket));
        data.insert("run".to_owned(), json!(self.job.run.0));
        data.insert("error".to_owned(), line.error.as_ref().map_or(Value::Null, trouble));
        Value::Object(data)
    }
}

/// `mailbox-error`.
pub(super) fn mailbox(name: &MailboxName, error: &Trouble) -> Value {
    Value::Object(object([("mailbox", json!(name.as_str())), ("error", trouble(error))]))
}

/// `delivery-error`.
pub(super) fn notification(line: &NotificationLine) -> Value {
    Value::Object(object([
        ("notification", json!(line.id)),
        ("ticket", json!(line.about.ticket().map(ToString::to_string))),
        ("template", json!(line.about.template())),
        ("to", json!(line.to)),
        ("message_id", json!(line.message_id)),
        ("reason", json!(line.reason.map_or(line.state.as_str(), GivenUp::as_str))),
        ("attempts", json!(line.attempts)),
        ("last_error", json!(line.last_error)),
    ]))
}

/// A program that listens has no `-v`: it is told the causes.
fn trouble(trouble: &Trouble) -> Value {
    let detail = Some(trouble.detail()).filter(|detail| !detail.is_empty());
    json::error(trouble.code.as_str(), &trouble.message, Some(trouble.advice()), detail.as_deref())
}
