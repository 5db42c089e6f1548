//! What is counted while a mailbox is worked at.

use crate::model::ids::MailboxName;
use crate::model::trouble::{ErrorCode, Trouble};

use super::report::{Counts, Listener};

/// What is counted while a mailbox is worked at.
pub(super) struct Tally<'a> {
    pub(super) mailbox: MailboxName,
    pub(super) listener: &'a mut dyn Listener,
    pub(super) listed: u64,
    pub(super) new: u64,
    pub(super) done: u64,
    pub(super) unreadable: u64,
    pub(super) counts: Counts,
    /// Trouble with a folder that the rest of the mailbox has not suffered from.
    pub(super) passed: Option<Trouble>,
}

impl<'a> Tally<'a> {
    /// Nothing is counted yet.
    pub(super) fn of(mailbox: MailboxName, listener: &'a mut dyn Listener) -> Self {
        Self {
            mailbox,
            listener,
            listed: 0,
            new: 0,
            done: 0,
            unreadable: 0,
            counts: Counts::default(),
            passed: None,
        }
    }

    /// Remembers trouble with a folder, so that the mailbox is gone on with; any other is given back.
    pub(super) fn pass(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        if trouble.code != ErrorCode::MailboxFolder {
            return Err(trouble);
        }
        match &self.passed {
            Some(first) => log::debug!("after {first}: {}", trouble.with_causes()),
            None => self.passed = Some(trouble),
        }
        Ok(())
    }
}
