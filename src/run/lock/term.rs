//! How long a lease is surely ours, by this host's own clock.
//!
//! A lease ends by the database's clock, and who was frozen or is cut off from the database does not hear of it. So its
//! time is also counted here, from before it was asked for, on the clock that goes on while the host sleeps. The clocks of
//! a virtual machine that its host stops stand still, and who wakes up there learns only from the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::keeper::LASTS;

/// So long before its end nothing more is begun under a lease: what is begun takes its time, too.
const MARGIN: Duration = Duration::from_secs(10);

#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

/// Until when something may be begun under what is held; shared by all that ask. A lock on a file has no end.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Term(Option<Arc<AtomicU64>>);

impl Term {
    /// That of a lease that was asked for at this time.
    pub(in crate::run) fn since(asked: Duration) -> Self {
        Self(Some(Arc::new(AtomicU64::new(last(asked)))))
    }

    /// The lease was renewed, which was asked for at this time.
    pub(super) fn renew(&self, asked: Duration) {
        self.set(last(asked));
    }

    /// The lease is another's.
    pub(in crate::run) fn end(&self) {
        self.set(0);
    }

    fn set(&self, last: u64) {
        if let Some(until) = &self.0 {
            until.store(last, Ordering::Relaxed);
        }
    }

    /// Whether others may have taken over by now.
    pub(in crate::run) fn is_over(&self) -> bool {
        self.0.as_ref().is_some_and(|until| millis(now()) >= until.load(Ordering::Relaxed))
    }
}

/// The time on the clock that goes on while the host sleeps.
pub(in crate::run) fn now() -> Duration {
    Duration::try_from(clock_gettime(CLOCK)).unwrap_or_default()
}

fn last(asked: Duration) -> u64 {
    millis(asked + (LASTS - MARGIN))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_over_some_time_before_its_end_and_a_lock_on_a_file_never() {
        let term = Term::since(now());
        assert!(!term.is_over());
        term.renew(now().saturating_sub(LASTS - MARGIN));
        assert!(term.is_over());
        term.renew(now());
        assert!(!term.is_over());
        term.end();
        assert!(term.is_over());
        let file = Term::default();
        file.end();
        assert!(!file.is_over());
    }
}
