//! Rows of events as the rest of the program sees them.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::event::{EventId, EventKind, EventState, Undelivered};
use crate::store::AttemptResult;

/// An event to be, for one hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id, the same for each hook.
    pub id: EventId,
    /// What it is about.
    pub kind: EventKind,
    /// The hook's name.
    pub hook: String,
    /// The JSON object that every attempt gives.
    pub payload: String,
    /// When it happened.
    pub at: Timestamp,
}

/// An event that is due; a place to go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueEvent {
    /// The row.
    pub row: i64,
    /// When it was due.
    pub due_at: Timestamp,
    /// What it is about.
    pub kind: EventKind,
    /// The hook's name.
    pub hook: String,
}

/// An event in the hands of a program, with an attempt that is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunEvent {
    /// The row.
    pub row: i64,
    /// The attempt.
    pub attempt: i64,
    /// Its id.
    pub id: EventId,
    /// What it is about.
    pub kind: EventKind,
    /// The hook's name.
    pub hook: String,
    /// The JSON object.
    pub payload: String,
    /// How often it was tried, this attempt among them.
    pub attempts: u32,
}

/// How an attempt ended, and what becomes of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventEnd<'a> {
    /// The row.
    pub row: i64,
    /// The attempt.
    pub attempt: i64,
    /// How it ended.
    pub result: AttemptResult,
    /// What the hook said.
    pub answer: &'a str,
    /// How long it took.
    pub took: Duration,
    /// When it ended.
    pub at: Timestamp,
    /// What becomes of the row.
    pub fate: EventFate,
}

/// What becomes of an event after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventFate {
    /// The hook took it.
    Delivered,
    /// It is tried again.
    Again(Timestamp),
    /// It is given up.
    Failed(Undelivered),
}

/// An event for a hook, as `events list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its number, which `events retry` takes.
    pub row: i64,
    /// Its id.
    pub id: EventId,
    /// What it is about.
    pub kind: EventKind,
    /// The hook's name.
    pub hook: String,
    /// Its state.
    pub state: EventState,
    /// Why it was given up.
    pub reason: Option<Undelivered>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, if it waits.
    pub next_attempt_at: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
    /// When its state changed to what it is.
    pub state_since: Timestamp,
    /// The JSON object.
    pub payload: String,
}

/// Which events are wanted; everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// In this state.
    pub state: Option<EventState>,
    /// About this.
    pub kind: Option<EventKind>,
    /// For this hook.
    pub hook: Option<String>,
    /// The newest so many.
    pub limit: Option<u64>,
}

/// How the events stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventBacklog {
    /// So many wait or are being delivered.
    pub waiting: u64,
    /// The oldest of them happened then.
    pub oldest: Option<Timestamp>,
    /// So many were given up.
    pub failed: u64,
}
