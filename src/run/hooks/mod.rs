//! Hooks on the road and beside it.
//!
//! [`ask`] puts a question before a message goes on: hooks are asked in the order of the configuration, and the first that
//! ends the matter stops the rest. [`announce`] writes what happened, with what it tells of; [`deliver_events`] gives it to
//! the hooks afterwards. [`told`] makes the objects that both are given.
//!
//! No hook is called inside a transaction.

mod announce;
mod ask;
mod deliver;
mod line;
mod process;
mod told;
mod validate;

pub use deliver::{EventErrand, deliver_events};
pub use line::{EventCounts, EventHearer, EventLine, EventSum};

pub(super) use announce::{given_up, mailbox_error, outcome};
pub(super) use ask::{Asked, Failure, Said};
pub(super) use process::may_decide;
pub(super) use told::Message;
pub(super) use validate::{after_reading, before_reading};

use crate::model::event::EventId;
use crate::store::StoreError;

/// A new id; no other event has it.
fn new_id() -> Result<EventId, StoreError> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets)
        .map_err(|_| StoreError::Misuse { what: "the system gives no random numbers".to_owned() })?;
    Ok(EventId::of(octets))
}
