//! Mail that answers by itself: bounces, delay notices, feedback reports, vacation replies.
//!
//! It goes to the ticket it concerns, never opens or reopens one, and is otherwise skipped.

use crate::model::decision::{Decision, Effect, Trust};
use crate::model::outcome::Reason;

use super::Case;
use super::thread::Thread;

pub(super) fn decide(case: &Case<'_>, thread: &Thread<'_>) -> Option<Decision> {
    let reason = Reason::of_automatic(case.mail.kind)?;
    Some(match &thread.permitted {
        Some(candidate) => Decision::Update {
            ticket: candidate.ticket.id,
            queue: candidate.ticket.queue.clone(),
            reason,
            effect: Effect::Append,
            trust: Trust::Claimed,
            linked: Vec::new(),
        },
        None => Decision::Skip(reason),
    })
}
