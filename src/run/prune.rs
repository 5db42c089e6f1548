//! `prune`: what the retention settings let go of, in small transactions, beside whatever else runs.

use jiff::{SignedDuration, Timestamp};

use crate::model::trouble::Trouble;
use crate::store::{Retention, Store, Waste};

use super::report::Mode;
use super::stop::Stop;

/// How much was pruned, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows of the ledger that lost author, subject, notes and error.
    pub shortened: u64,
    /// Rows of the ledger that went whole.
    pub outcomes: u64,
    /// Runs.
    pub runs: u64,
    /// Notifications.
    pub notifications: u64,
    /// Events.
    pub events: u64,
    /// Suppressions whose time was over.
    pub suppressed: u64,
    /// Octets that nothing spoke of.
    pub blobs: u64,
}

/// Prunes, or tells what would be pruned; a store that was opened to look is enough for that.
///
/// # Errors
/// `run.interrupted` after a signal, between two transactions, and trouble of the store; what was pruned by then is gone.
pub fn prune(store: &mut Store, retention: &Retention, mode: Mode, stop: &Stop) -> Result<Pruned, Trouble> {
    let now = Timestamp::now();
    let ago = |span: SignedDuration| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let (outcomes, sent) = (retention.outcomes.map(ago), retention.sent.map(ago));
    let mut pruned = Pruned::default();
    for (waste, before) in [
        (Waste::Outcomes, outcomes),
        (Waste::Runs, outcomes),
        (Waste::Notifications, sent),
        (Waste::Events, sent),
        (Waste::Suppressions, Some(now)),
        (Waste::Blobs, Some(now)),
    ] {
        if let Some(before) = before {
            Broom { store, waste, before, mode, stop }.sweep(&mut pruned)?;
        }
    }
    if mode == Mode::Real {
        store.tidy()?;
    }
    Ok(pruned)
}

/// Prunes one kind of thing.
struct Broom<'a> {
    store: &'a mut Store,
    waste: Waste,
    before: Timestamp,
    mode: Mode,
    stop: &'a Stop,
}

impl Broom<'_> {
    fn sweep(&mut self, pruned: &mut Pruned) -> Result<(), Trouble> {
        let mut last = None;
        loop {
            self.stop.check()?;
            let found = self.store.prunable(self.waste, self.before, last)?;
            let Some(end) = found.last() else { return Ok(()) };
            last = Some(*end);
            let gone = match self.mode {
                Mode::Real => self.store.prune(self.waste, self.before, &found)?,
                Mode::DryRun => found,
            };
            let whole = gone.iter().filter(|row| row.whole).count() as u64;
            match self.waste {
                Waste::Outcomes => {
                    pruned.outcomes += whole;
                    pruned.shortened += gone.len() as u64 - whole;
                }
                Waste::Runs => pruned.runs += whole,
                Waste::Notifications => pruned.notifications += whole,
                Waste::Events => pruned.events += whole,
                Waste::Suppressions => pruned.suppressed += whole,
                Waste::Blobs => pruned.blobs += whole,
            }
        }
    }
}
