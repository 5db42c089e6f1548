//! Events for hooks, from the transaction of what they tell of to their end; a row for each event and hook.
//!
//! The same road as notifications have: an attempt is written down before it is made, and resolved by its end. A program
//! that dies leaves its attempt open, which [`Store::take_back_events`] counts as uncertain. Every change of a state names
//! the state before it, so that of two programs one wins.

mod change;
mod deliver;
mod list;
mod records;

#[cfg(test)]
mod tests;

pub use records::*;

#[cfg(test)]
pub(super) use change::{SELECT_EVENT_STATE, UPDATE_DROPPED, UPDATE_RETRIED};
#[cfg(test)]
pub(super) use deliver::{
    INSERT_EVENT_ATTEMPT, SELECT_DUE_EVENTS, SELECT_GONE, UPDATE_EVENT_ATTEMPT, UPDATE_EVENT_BEGUN,
    UPDATE_EVENT_RESOLVED, UPDATE_WAITING,
};
#[cfg(test)]
pub(super) use list::{COUNT_FAILED_EVENTS, SELECT_EVENT, SELECT_EVENT_ATTEMPTS, SELECT_WAITING_EVENTS};

use super::StoreError;
use super::engine::{Engine, Value};

#[cfg(doc)]
use super::Store;

pub(super) const INSERT_EVENT: &str = "
INSERT INTO event
  (event_id, type, hook, payload, state, created_at, state_since, due_at, attempts, uncertain)
VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?5, ?5, 0, 0)";

/// Writes an event for a hook.
pub(super) fn write(engine: &mut dyn Engine, event: &NewEvent) -> Result<(), StoreError> {
    let values = [
        Value::Text(event.id.as_str()),
        Value::Text(event.kind.as_str()),
        Value::Text(&event.hook),
        Value::Text(&event.payload),
        Value::Time(event.at),
    ];
    engine.execute(INSERT_EVENT, &values).map(drop)
}
