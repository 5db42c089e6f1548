//! What a delivery of events tells while it goes: a line for each event and hook, then the sum.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::event::{EventId, EventKind, EventState, Undelivered};
use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{BegunEvent, EventBacklog, EventFate, EventRow};

/// Who is told.
pub trait EventHearer {
    /// What became of an event, once it is committed.
    fn event(&mut self, line: &EventLine);

    /// The delivery is over.
    fn summary(&mut self, sum: &EventSum);
}

/// What became of one event for one hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLine {
    /// Its number.
    pub row: i64,
    /// Its id.
    pub id: EventId,
    /// What it is about.
    pub kind: EventKind,
    /// The hook.
    pub hook: String,
    /// What it is now.
    pub state: EventState,
    /// Why it was given up.
    pub reason: Option<Undelivered>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_attempt_at: Option<Timestamp>,
    /// What went wrong.
    pub last_error: Option<String>,
    /// What it is called.
    pub error_code: Option<ErrorCode>,
}

impl EventLine {
    /// Of an attempt that ended so.
    pub(super) fn of(event: &BegunEvent, fate: EventFate, (answer, code): (&str, Option<ErrorCode>)) -> Self {
        let (state, reason, next_attempt_at) = match fate {
            EventFate::Delivered => (EventState::Delivered, None, None),
            EventFate::Again(at) => (EventState::Queued, None, Some(at)),
            EventFate::Failed(why) => (EventState::Failed, Some(why), None),
        };
        Self {
            row: event.row,
            id: event.id.clone(),
            kind: event.kind,
            hook: event.hook.clone(),
            state,
            reason,
            attempts: event.attempts,
            next_attempt_at,
            last_error: (state != EventState::Delivered).then(|| answer.to_owned()),
            error_code: code,
        }
    }

    /// Of a row that was given up without an attempt of ours.
    pub(super) fn given_up(row: EventRow) -> Self {
        Self {
            row: row.row,
            id: row.id,
            kind: row.kind,
            hook: row.hook,
            state: row.state,
            reason: row.reason,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            last_error: row.last_error,
            error_code: None,
        }
    }

    /// What a cron line that throws standard output away still mails.
    pub(super) fn log(&self) {
        let (row, kind, hook) = (self.row, self.kind, &self.hook);
        let error = self.last_error.as_deref().unwrap_or_default();
        let error_code = self.error_code.map(ErrorCode::as_str);
        match (self.state, self.reason) {
            (EventState::Failed, Some(why)) => {
                log::error!(hook, error_code; "event {row} ({kind}) is given up for hook \"{hook}\", {why}: {error}");
            }
            (EventState::Queued, _) => {
                log::warn!(hook, error_code; "event {row} ({kind}) is put off: {error}");
            }
            _ => {}
        }
    }
}

/// What became of a whole delivery.
#[derive(Debug)]
pub struct EventSum {
    /// How many are what now.
    pub counts: EventCounts,
    /// How the events stand.
    pub backlog: EventBacklog,
    /// What ended it early.
    pub trouble: Option<Trouble>,
    /// How long it took.
    pub duration: Duration,
}

/// How many became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// The hook took them.
    pub delivered: u64,
    /// They are put off.
    pub queued: u64,
    /// They were given up.
    pub failed: u64,
}

impl EventSum {
    /// How it ends.
    pub fn exit(&self) -> Exit {
        let mut exit = Exit::Ok;
        if self.counts.failed > 0 {
            exit = exit.worse(Exit::Attention);
        }
        if self.counts.queued > 0 {
            exit = exit.worse(Exit::Temporary);
        }
        self.trouble.iter().fold(exit, |exit, trouble| exit.worse(trouble.code.exit()))
    }
}
