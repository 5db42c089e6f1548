//! `pre-validate` and `post-validate`: hooks are asked about messages that are in hand, and again once they are read.

use jiff::Timestamp;

use super::ask::{Question, Said};
use super::told::Message;
use crate::model::event::EventKind;
use crate::model::item::{Extent, Fetched};
use crate::policy;
use crate::run::item::Item;
use crate::run::job::Job;
use crate::run::report::Mode;

/// Asks about messages that are in hand; an answer for each, in their order.
pub(in crate::run) fn before_reading(
    job: &Job<'_>,
    folder: &str,
    mode: Mode,
    fetched: &[Fetched],
) -> Vec<Said> {
    let one = |fetched: &Fetched| {
        let kind = EventKind::PreValidate;
        if !job.asks(kind) || matches!(fetched.extent, Extent::Nothing { .. }) {
            return Said::default();
        }
        let key = &fetched.listed.key;
        let message = Message { job, folder, key, mail: None };
        let question = Question { job, mode, kind, item: key, at: Timestamp::now() };
        question.ask(&|hook| message.in_hand(fetched, hook))
    };
    fetched.iter().map(one).collect()
}

/// Asks about messages that were read and may go on, and leaves with each what was said of it.
pub(in crate::run) fn after_reading(
    job: &Job<'_>,
    folder: &str,
    mode: Mode,
    read: Vec<(Item, Said)>,
) -> Vec<Item> {
    let one = |(mut item, mut said): (Item, Said)| {
        if let Item::Read(reading) = &mut item {
            if let Some(mail) = &reading.mail
                && said.end.is_none()
                && job.asks(EventKind::PostValidate)
                && !policy::is_unreadable(mail)
            {
                let key = &reading.listed.key;
                let message = Message { job, folder, key, mail: Some(mail) };
                let (kind, at) = (EventKind::PostValidate, Timestamp::now());
                let more = Question { job, mode, kind, item: key, at }.ask(&|_| message.read(mail));
                said.notes.extend(more.notes);
                said.end = more.end;
            }
            reading.said = said;
        }
        item
    };
    read.into_iter().map(one).collect()
}
