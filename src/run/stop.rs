//! What ends a run early: a signal, or the end of its time. It is looked at between two batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::model::ids::MailboxName;
use crate::model::trouble::{ErrorCode, Trouble};

/// A flag that a signal raises.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// The flag `asked`.
    pub fn new(asked: Arc<AtomicBool>) -> Self {
        Self(asked)
    }

    /// Whether the run was asked to end.
    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error once the run was asked to end.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        if self.is_asked() {
            return Err(Trouble::new(ErrorCode::Interrupted, "a signal ended the run")
                .hint("nothing is left half done; the next run goes on"));
        }
        Ok(())
    }
}

/// When a mailbox has used up its `run_timeout`; `None` if no clock can hold it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// So long after the beginning.
    pub(super) fn after(began: Instant, run_timeout: Duration) -> Self {
        Self(began.checked_add(run_timeout))
    }

    /// Whether it has passed.
    pub(super) fn is_over(self) -> bool {
        self.0.is_some_and(|until| until <= Instant::now())
    }

    /// An error once it has passed.
    pub(super) fn check(self, mailbox: &MailboxName) -> Result<(), Trouble> {
        if self.is_over() {
            let what = format!("mailbox \"{mailbox}\" takes longer than its \"run_timeout\"");
            return Err(Trouble::new(ErrorCode::MailboxTimeout, what)
                .hint("what is settled stays so, and the next run goes on from there"));
        }
        Ok(())
    }
}
