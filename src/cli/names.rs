//! Names that are typed: tickets, queues, mailboxes, outcomes.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::model::event::{EventKind, EventState};
use crate::model::ids::{QueueSlug, TicketId, TicketRef};
use crate::model::outbox::OutboxState;
use crate::model::outcome::OutcomeWord;
use crate::model::ticket::Status;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::settings::nearest;
use crate::store::{Store, StoreError, TicketRow};

/// A ticket as it is typed: `support-12` or `12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketName {
    /// The queue that the ticket must belong to, if it was typed.
    pub queue: Option<QueueSlug>,
    /// Its number.
    pub id: TicketId,
}

impl FromStr for TicketName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (queue, number) = match text.rsplit_once('-') {
            Some((slug, number)) => {
                (Some(slug.parse::<QueueSlug>().map_err(|error| error.to_string())?), number)
            }
            None => (None, text),
        };
        match number.parse::<i64>() {
            Ok(id) if id > 0 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Self { queue, id: TicketId(id) })
            }
            Ok(_) | Err(_) => Err("write a ticket as support-12 or 12".to_owned()),
        }
    }
}

impl TicketName {
    /// Looks the ticket up; the queue that was typed must be its own.
    pub(crate) fn find(&self, store: &mut Store) -> Result<TicketRow, Trouble> {
        let row = match store.ticket_row(self.id) {
            Ok(row) => row,
            Err(StoreError::Missing { .. }) => return Err(self.missing()),
            Err(error) => return Err(error.into()),
        };
        match &self.queue {
            Some(queue) if *queue != row.queue => {
                let name = TicketRef { queue: row.queue, id: row.id };
                Err(self.missing().hint(format!("number {} is ticket {name}", self.id)))
            }
            Some(_) | None => Ok(row),
        }
    }

    fn missing(&self) -> Trouble {
        let name =
            self.queue.as_ref().map_or_else(|| self.id.to_string(), |queue| format!("{queue}-{}", self.id));
        Trouble::new(ErrorCode::InputMissing, format!("there is no ticket {name}"))
            .hint("see \"helpdesk-mail ticket list\"")
    }
}

/// Refuses a name that is neither configured nor in the store, and tells which there are.
pub(crate) fn require<T: PartialEq + ToString>(
    what: &str,
    name: &T,
    configured: impl Iterator<Item = T>,
    stored: impl FnOnce() -> Result<Vec<T>, Trouble>,
) -> Result<(), Trouble> {
    let mut all: Vec<T> = configured.collect();
    if all.contains(name) {
        return Ok(());
    }
    for other in stored()? {
        if !all.contains(&other) {
            all.push(other);
        }
    }
    if all.contains(name) {
        return Ok(());
    }
    let (name, all) = (name.to_string(), all.iter().map(T::to_string).collect::<Vec<_>>());
    let words: Vec<&str> = all.iter().map(String::as_str).collect();
    let meant = nearest(&name, &words).map(|meant| format!("did you mean {meant:?}? ")).unwrap_or_default();
    let there = if all.is_empty() { "none yet".to_owned() } else { all.join(", ") };
    Err(Trouble::new(ErrorCode::Usage, format!("there is no {what} {name:?}"))
        .hint(format!("{meant}there are: {there}")))
}

/// Reads an outcome; help, errors and completions list them all.
pub(crate) fn outcome() -> impl TypedValueParser<Value = OutcomeWord> {
    word(OutcomeWord::ALL.map(OutcomeWord::as_str), OutcomeWord::from_word)
}

/// Reads a ticket's state; help, errors and completions list them all.
pub(crate) fn status() -> impl TypedValueParser<Value = Status> {
    word(Status::ALL.map(Status::as_str), Status::from_word)
}

/// Reads a notification's state; help, errors and completions list them all.
pub(crate) fn outbox_state() -> impl TypedValueParser<Value = OutboxState> {
    word(OutboxState::ALL.map(OutboxState::as_str), OutboxState::from_word)
}

/// Reads an event's state; help, errors and completions list them all.
pub(crate) fn event_state() -> impl TypedValueParser<Value = EventState> {
    word(EventState::ALL.map(EventState::as_str), EventState::from_word)
}

/// Reads the type of an event that is told afterwards.
pub(crate) fn told_event() -> impl TypedValueParser<Value = EventKind> {
    let told = EventKind::ALL.into_iter().filter(|kind| !kind.is_asked()).map(EventKind::as_str);
    PossibleValuesParser::new(told).try_map(|word| EventKind::from_word(&word).ok_or("an unknown word"))
}

fn word<T: Clone + Send + Sync + 'static, const N: usize>(
    words: [&'static str; N],
    read: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words).try_map(move |word| read(&word).ok_or("an unknown word"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_a_number_with_or_without_its_queue() {
        let name = |text: &str| text.parse::<TicketName>();
        assert_eq!(name("12").unwrap(), TicketName { queue: None, id: TicketId(12) });
        let with_marks = name("2nd-level-7").unwrap();
        assert_eq!((with_marks.queue.unwrap().as_str(), with_marks.id), ("2nd-level", TicketId(7)));
        for bad in ["", "support", "support-", "-12", "0", "support-0", "support-1x", "1+", "a b-1", "+5"] {
            assert!(name(bad).is_err(), "{bad:?} was accepted");
        }
    }
}
