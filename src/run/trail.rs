//! What this thread is at: run, mailbox, folder, item, event. The log puts it on every line that is written meanwhile, so that a
//! mailbox need not know the run it is read in, and all lines of one run or one item can be found by one word.
//!
//! Like the log itself it is the thread's and nobody's argument; nothing but the log reads it.

use std::cell::RefCell;
use std::fmt::Display;

use crate::model::ids::RunId;

/// A step of the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The number of the run in the ledger.
    Run,
    /// The name of the mailbox.
    Mailbox,
    /// The folder of the mailbox.
    Folder,
    /// The key of the item within the folder.
    Item,
    /// The id of the event that hooks are asked about or told of.
    Event,
}

impl Step {
    /// The key on a line of the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Mailbox => "mailbox",
            Self::Folder => "folder",
            Self::Item => "item",
            Self::Event => "event",
        }
    }
}

thread_local! {
    static TRAIL: RefCell<Vec<(Step, String)>> = const { RefCell::new(Vec::new()) };
}

/// Ends the step when it is dropped.
#[must_use]
pub struct Taken(());

impl Drop for Taken {
    fn drop(&mut self) {
        TRAIL.with_borrow_mut(Vec::pop);
    }
}

/// Takes a step, until what is returned is dropped; steps are nested.
pub(super) fn take(step: Step, what: impl Display) -> Taken {
    TRAIL.with_borrow_mut(|trail| trail.push((step, what.to_string())));
    Taken(())
}

/// Takes the steps of another thread, on one that works for it, until what is returned is dropped.
pub(super) fn carry(steps: Vec<(Step, String)>) -> Carried {
    Carried(TRAIL.replace(steps))
}

/// Ends what is carried when it is dropped.
#[must_use]
pub(super) struct Carried(Vec<(Step, String)>);

impl Drop for Carried {
    fn drop(&mut self) {
        TRAIL.set(std::mem::take(&mut self.0));
    }
}

/// What is done for a run behind its end, until what is returned is dropped.
pub fn after(run: RunId) -> Taken {
    take(Step::Run, run)
}

/// What this thread is at, outermost first.
pub fn trail() -> Vec<(Step, String)> {
    TRAIL.with_borrow(Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_ends_with_its_scope_and_is_of_its_thread_alone() {
        let _run = take(Step::Run, 7);
        {
            let _item = take(Step::Item, "1:2");
            assert_eq!(trail(), [(Step::Run, "7".to_owned()), (Step::Item, "1:2".to_owned())]);
            assert_eq!(std::thread::spawn(trail).join().unwrap(), []);
        }
        assert_eq!(trail(), [(Step::Run, "7".to_owned())]);
    }
}
