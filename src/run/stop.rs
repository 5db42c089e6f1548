//! Whether the run was asked to end early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::trouble::{ErrorCode, Trouble};

/// A flag that a signal raises; a run looks at it between two batches.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// The flag `asked`.
    pub fn new(asked: Arc<AtomicBool>) -> Self {
        Self(asked)
    }

    /// An error once the run was asked to end.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Trouble::new(ErrorCode::Interrupted, "a signal ended the run")
                .hint("nothing is left half done; the next run goes on"));
        }
        Ok(())
    }
}
