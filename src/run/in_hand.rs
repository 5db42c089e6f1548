//! What `ingest` and `quarantine retry` share: counting and summing up messages that are in hand.

use std::time::Instant;

use crate::model::ids::RunId;
use crate::model::trouble::Trouble;

use super::companions::Companions;
use super::config::Alert;
use super::ingest::mailbox;
use super::report::{Listener, Summary};
use super::tally::Tally;
use super::verdict::{Audience, Ending};

/// Counts messages that are in hand.
pub(super) fn tally(count: usize, listener: &mut dyn Listener) -> Tally<'_> {
    Tally { listed: count as u64, new: count as u64, ..Tally::of(mailbox(), listener) }
}

/// What is known at the end of a run besides what was counted.
pub(super) struct Work<'a> {
    pub(super) run: Option<RunId>,
    pub(super) started: Instant,
    pub(super) alert: &'a Alert,
    pub(super) audience: Audience,
    pub(super) troubles: Vec<Trouble>,
}

/// Sums a run up and tells the listener.
pub(super) fn end(work: Work<'_>, tally: Tally<'_>, desk: &mut dyn Companions) -> Summary {
    let Work { run, started, alert, audience, troubles } = work;
    let Tally { counts, unreadable, listener, .. } = tally;
    let ending = Ending { run, counts, started, unreadable, alert, audience };
    let summary = ending.summary(troubles.iter(), desk);
    let summary = Summary { error: troubles.into_iter().next().or(summary.error), ..summary };
    listener.summary(&summary);
    summary
}
