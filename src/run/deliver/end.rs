//! How an attempt ends, and who makes it.

use jiff::{SignedDuration, Timestamp};

use crate::model::notification::Answer;
use crate::model::outbox::GivenUp;
use crate::model::schedule;
use crate::model::trouble::Trouble;
use crate::store::{AttemptResult, Claimed, Expiry, Fate, MOST_UNCERTAIN};

/// Composes notifications and gives them to back ends.
pub trait Courier {
    /// Composes a notification and gives it to that back end.
    fn carry(&mut self, notification: &Claimed, way: &str) -> Carried;

    /// When what that back end was reached with expires.
    fn expiry(&self, _way: &str) -> Expiry {
        Expiry::default()
    }

    /// Ends what is open.
    fn close(&mut self);
}

/// What came of a notification.
#[derive(Debug)]
pub struct Carried {
    /// What the back end said.
    pub answer: Answer,
    /// What is worth knowing besides, such as that a template failed.
    pub note: Option<String>,
    /// Why the back end did not come so far that this notification mattered.
    pub trouble: Option<Trouble>,
    /// What the back end broke off with while it had this notification in hand, whose doing it may be.
    pub broke_off: Option<Trouble>,
}

impl Carried {
    /// What came of one that was answered for.
    pub(super) fn answered(answer: Answer) -> Self {
        Self { answer, note: None, trouble: None, broke_off: None }
    }

    /// What came of one that could not be given for this trouble.
    pub(super) fn not_now(trouble: Trouble) -> Self {
        let answer = Answer::Later(trouble.with_causes());
        Self { trouble: Some(trouble), ..Self::answered(answer) }
    }
}

/// How an attempt ended, what was said, and what becomes of its row.
///
/// An attempt that met trouble of the back end counts for when it is tried again and not for whether: a server that is away
/// for a day makes nothing fail, and what no run can deliver expires.
pub(super) fn of(
    answer: Answer,
    row: &Claimed,
    max_attempts: u32,
    has_trouble: bool,
    at: Timestamp,
) -> (AttemptResult, String, Fate) {
    let attempts = row.attempts.saturating_add(1);
    let again = || Fate::Again(at.checked_add(pause(attempts)).unwrap_or(Timestamp::MAX));
    match answer {
        Answer::Accepted(said) => (AttemptResult::Accepted, said, Fate::Sent),
        Answer::Refused(said) => (AttemptResult::Refused, said, Fate::Failed(GivenUp::Rejected)),
        Answer::Later(said) if attempts >= max_attempts && !has_trouble => {
            (AttemptResult::Later, said, Fate::Failed(GivenUp::TooManyAttempts))
        }
        Answer::Later(said) => (AttemptResult::Later, said, again()),
        Answer::Uncertain(said) if row.uncertain + 1 >= MOST_UNCERTAIN => {
            (AttemptResult::Uncertain, said, Fate::Failed(GivenUp::Uncertain))
        }
        Answer::Uncertain(said) => (AttemptResult::Uncertain, said, again()),
    }
}

/// How long is waited after so many attempts.
pub(in crate::run) fn pause(attempts: u32) -> SignedDuration {
    let mut chance = [0; 8];
    // Without random numbers all wait equally long.
    let chance = getrandom::fill(&mut chance).map_or(0, |()| u64::from_ne_bytes(chance));
    SignedDuration::try_from(schedule::pause(attempts, chance)).unwrap_or(SignedDuration::MAX)
}
