//! Colours, as far as they are wanted.

use std::io::IsTerminal;

use crate::cli::args::Color;
use crate::cli::environment;
use crate::model::event::EventState;
use crate::model::outbox::OutboxState;
use crate::model::outcome::OutcomeWord;
use crate::model::ticket::Status;

use super::Seat;

/// What a word's colour tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// All is well.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
    /// Worth knowing.
    Note,
    /// Beside the point.
    Dim,
    /// As it is.
    None,
}

impl Paint {
    /// The colour of an outcome.
    pub fn of_outcome(word: OutcomeWord) -> Self {
        match word {
            OutcomeWord::Created | OutcomeWord::Updated | OutcomeWord::Reopened => Self::Good,
            OutcomeWord::Skipped | OutcomeWord::Deferred => Self::Warn,
            OutcomeWord::Failed => Self::Bad,
            OutcomeWord::Duplicate | OutcomeWord::Ignored => Self::Dim,
        }
    }

    /// The colour of a notification's state.
    pub fn of_state(state: OutboxState) -> Self {
        match state {
            OutboxState::Sent => Self::Good,
            OutboxState::Queued | OutboxState::Sending => Self::Note,
            OutboxState::Suppressed | OutboxState::Expired => Self::Warn,
            OutboxState::Failed | OutboxState::Bounced => Self::Bad,
            OutboxState::Cancelled => Self::Dim,
        }
    }

    /// The colour of an event's state.
    pub fn of_event(state: EventState) -> Self {
        match state {
            EventState::Delivered => Self::Good,
            EventState::Queued | EventState::Delivering => Self::Note,
            EventState::Failed => Self::Bad,
            EventState::Dropped => Self::Dim,
        }
    }

    /// The colour of a ticket's state.
    pub fn of_status(status: Status) -> Self {
        match status {
            Status::Open | Status::Reopened => Self::Good,
            Status::Resolved | Status::Closed | Status::Merged => Self::Dim,
        }
    }
}

/// Whether words are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    colored: bool,
}

impl Palette {
    /// No colours.
    pub fn plain() -> Self {
        Self { colored: false }
    }

    /// Whether there are colours.
    pub fn is_colored(self) -> bool {
        self.colored
    }

    /// The word in its colour.
    pub fn paint(self, paint: Paint, word: &str) -> String {
        let code = match (self.colored, paint) {
            (false, _) | (true, Paint::None) => return word.to_owned(),
            (true, Paint::Good) => "32",
            (true, Paint::Warn) => "33",
            (true, Paint::Bad) => "1;31",
            (true, Paint::Note) => "36",
            (true, Paint::Dim) => "2",
        };
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    }
}

/// The colours of standard output: `--color` decides, then `NO_COLOR` (no-color.org) and the terminal.
pub(crate) fn of(color: Color, seat: Seat) -> Palette {
    let colored = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => seat == Seat::Terminal && !forbidden(),
    };
    Palette { colored }
}

/// The colours of standard error.
pub(crate) fn of_stderr(color: Color) -> Palette {
    of(color, if std::io::stderr().is_terminal() { Seat::Terminal } else { Seat::Pipe })
}

fn forbidden() -> bool {
    let set = |name| environment::variable(name).is_some_and(|value| !value.is_empty());
    set("NO_COLOR") || environment::variable("TERM").is_some_and(|term| term == "dumb")
}
