//! What a delivery tells while it goes: a line for each notification, then the sum.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::exit::Exit;
use crate::model::notification::About;
use crate::model::outbox::{GivenUp, OutboxState};
use crate::model::trouble::Trouble;
use crate::store::{Backlog, Claimed, Fate, OutboxRow};

/// Who is told.
pub trait Hearer {
    /// What became of a notification, once it is committed.
    fn notification(&mut self, line: &NotificationLine);

    /// The delivery is over.
    fn summary(&mut self, sent: &Sent);
}

/// What became of one notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationLine {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub about: About,
    /// Whom it is for.
    pub to: String,
    /// What it is now.
    pub state: OutboxState,
    /// Why it was given up.
    pub reason: Option<GivenUp>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_attempt_at: Option<Timestamp>,
    /// What went wrong.
    pub last_error: Option<String>,
    /// Its Message-ID.
    pub message_id: String,
}

impl NotificationLine {
    /// Of a row that was not tried.
    pub(super) fn of(row: &Claimed, state: OutboxState) -> Self {
        Self {
            id: row.id,
            about: row.about.clone(),
            to: row.to.address.clone(),
            state,
            reason: None,
            attempts: row.attempts,
            next_attempt_at: None,
            last_error: None,
            message_id: row.message_id.to_string(),
        }
    }

    /// Of a row that was given up without an attempt of ours.
    pub(super) fn given_up(row: &OutboxRow) -> Self {
        Self {
            id: row.id,
            about: row.about.clone(),
            to: row.to.address.clone(),
            state: row.state,
            reason: row.reason.as_deref().and_then(GivenUp::from_word),
            attempts: row.attempts,
            next_attempt_at: None,
            last_error: row.last_error.clone(),
            message_id: row.message_id.to_string(),
        }
    }

    pub(super) fn because(self, why: GivenUp) -> Self {
        Self { reason: Some(why), ..self }
    }

    /// Of an attempt that ended.
    pub(super) fn ended(row: &Claimed, fate: Fate, answer: &str) -> Self {
        let tried = Self { attempts: row.attempts + 1, ..Self::of(row, OutboxState::Sent) };
        let error = Some(answer.to_owned());
        match fate {
            Fate::Sent => tried,
            Fate::Again(at) => {
                Self { state: OutboxState::Queued, next_attempt_at: Some(at), last_error: error, ..tried }
            }
            Fate::Failed(why) => Self { state: OutboxState::Failed, last_error: error, ..tried }.because(why),
        }
    }

    /// What a cron line that throws standard output away still mails.
    pub(super) fn log(&self) {
        let (id, about) = (self.id, &self.about);
        let ticket = about.ticket().map(ToString::to_string);
        let ticket = ticket.as_deref();
        match (self.state, self.reason, &self.last_error) {
            (OutboxState::Failed, Some(why), error) => {
                let error = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
                log::error!(notification = id, ticket; "notification {id} ({about}) is given up, {why}{error}");
            }
            (OutboxState::Queued, _, Some(error)) => {
                log::info!(notification = id, ticket; "notification {id} ({about}) is put off: {error}");
            }
            _ => {}
        }
    }
}

/// What became of a whole delivery.
#[derive(Debug)]
pub struct Sent {
    /// How many are what now; `queued` are those that were put off.
    pub counts: SentCounts,
    /// How the outbox stands.
    pub backlog: Backlog,
    /// What ended it early, or keeps notifications waiting.
    pub troubles: Vec<Trouble>,
    /// How long it took.
    pub duration: Duration,
}

impl Sent {
    /// How it ends.
    pub fn exit(&self) -> Exit {
        let mut exit = Exit::Ok;
        if self.counts.of(OutboxState::Failed) > 0 {
            exit = exit.worse(Exit::Attention);
        }
        if self.counts.of(OutboxState::Queued) > 0 {
            exit = exit.worse(Exit::Temporary);
        }
        self.troubles.iter().fold(exit, |exit, trouble| exit.worse(trouble.code.exit()))
    }
}

/// How many notifications are in which state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SentCounts([u64; OutboxState::ALL.len()]);

impl SentCounts {
    pub(super) fn add(&mut self, state: OutboxState, count: u64) {
        let mut pairs = OutboxState::ALL.into_iter().zip(&mut self.0);
        pairs.by_ref().filter(|(word, _)| *word == state).for_each(|(_, sum)| *sum += count);
    }

    /// How many are in this state.
    pub fn of(&self, state: OutboxState) -> u64 {
        self.iter().find(|(word, _)| *word == state).map_or(0, |(_, count)| count)
    }

    /// Every state with its count.
    pub fn iter(&self) -> impl Iterator<Item = (OutboxState, u64)> + '_ {
        OutboxState::ALL.into_iter().zip(self.0)
    }
}
