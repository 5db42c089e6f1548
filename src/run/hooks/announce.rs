//! What happened, for each hook that listens: written in the transaction of what it tells of.

use jiff::Timestamp;
use serde_json::Value;

use super::told::{self, Message, event};
use crate::hook::Hook;
use crate::model::event::EventKind;
use crate::model::ids::{MailboxName, TicketRef};
use crate::model::outcome::OutcomeWord;
use crate::model::trouble::Trouble;
use crate::run::NotificationLine;
use crate::run::report::MessageLine;
use crate::store::{Books, NewEvent, StoreError};

/// What became of a message.
pub(in crate::run) fn outcome(
    message: &Message<'_>,
    line: &MessageLine,
    ticket: Option<&TicketRef>,
    at: Timestamp,
    books: &mut dyn Books,
) -> Result<(), StoreError> {
    let kind = match line.outcome {
        OutcomeWord::Created | OutcomeWord::Updated | OutcomeWord::Reopened => EventKind::PostProcess,
        OutcomeWord::Deferred | OutcomeWord::Failed => EventKind::ProcessingError,
        OutcomeWord::Duplicate | OutcomeWord::Skipped | OutcomeWord::Ignored => return Ok(()),
    };
    let hooks = message.job.listeners(kind);
    let events = written(hooks, kind, at, || message.happened(line, ticket))?;
    events.iter().try_for_each(|event| books.announce(event))
}

/// A mailbox that could not be fetched.
pub(in crate::run) fn mailbox_error(
    hooks: &[Hook],
    name: &MailboxName,
    error: &Trouble,
    at: Timestamp,
) -> Result<Vec<NewEvent>, StoreError> {
    let listeners =
        hooks.iter().filter(|hook| hook.event == EventKind::MailboxError && hook.listens_to(name));
    written(listeners, EventKind::MailboxError, at, || told::mailbox(name, error))
}

/// A notification that was given up. It is no mailbox's, so that all listen.
pub(in crate::run) fn given_up(
    hooks: &[Hook],
    line: &NotificationLine,
    at: Timestamp,
) -> Result<Vec<NewEvent>, StoreError> {
    let listeners = hooks.iter().filter(|hook| hook.event == EventKind::DeliveryError);
    written(listeners, EventKind::DeliveryError, at, || told::notification(line))
}

/// One event, a row for each hook, in the order of the configuration.
fn written<'h>(
    hooks: impl Iterator<Item = &'h Hook>,
    kind: EventKind,
    at: Timestamp,
    data: impl FnOnce() -> Value,
) -> Result<Vec<NewEvent>, StoreError> {
    let mut hooks = hooks.peekable();
    if hooks.peek().is_none() {
        return Ok(Vec::new());
    }
    let id = super::new_id()?;
    let payload = event(&id, kind, at, data());
    Ok(hooks
        .map(|hook| NewEvent { id: id.clone(), kind, hook: hook.name.clone(), payload: payload.clone(), at })
        .collect())
}
