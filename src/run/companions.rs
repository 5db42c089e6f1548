//! The rim of the road: who keeps the books and who is told.
//!
//! A real run gets [`super::Acting`], a dry run [`super::Rehearsing`], built over halves that cannot write. The road
//! between them does not know which it walks.

use jiff::Timestamp;

use crate::evidence::Signer;
use crate::mailbox::{self, Mailbox, MailboxError, Reader, Settled};
use crate::model::exit::Exit;
use crate::model::ids::{MailboxName, RunId};
use crate::model::item::{Acknowledgement, Baseline, Fetched, ItemKey, Listed, Watermark};
use crate::model::trouble::Trouble;
use crate::store::{Books, Expiry, Lookup, NewEvent, Source, StoreError};

use super::probe::Fate;
use super::report::Mode;

/// What one step of a transaction does with the books.
pub type Work<'a> = dyn FnMut(&mut dyn Books) -> Result<(), StoreError> + 'a;

/// The companions of a run.
pub trait Companions {
    /// Whether anything is really done.
    fn mode(&self) -> Mode;

    /// Begins the run; a dry run gets no number.
    fn begin(&mut self, at: Timestamp) -> Result<Option<RunId>, StoreError>;

    /// Ends the run.
    fn end(&mut self, at: Timestamp, exit: Exit) -> Result<(), StoreError>;

    /// Checks signatures; a dry run without a store has none to check.
    fn signer(&self) -> Option<Signer>;

    /// Holds the mailbox until it is let go. Another run that holds it is `mailbox.locked`.
    fn lock(&mut self, mailbox: &MailboxName) -> Result<(), Trouble>;

    /// Lets go of the mailbox, if one is held.
    fn unlock(&mut self);

    /// Where the ledger has the folder: under its own name, or a former one of its mailbox, which it then bears no more.
    fn place(&mut self, source: Source, configured: &[MailboxName]) -> Result<Source, Trouble>;

    /// Opens the mailbox.
    fn open(&self, mailbox: &mailbox::Config) -> Result<Box<dyn Gate>, MailboxError>;

    /// What is known.
    fn lookup(&mut self) -> &mut dyn Lookup;

    /// Does `work` wholly or not at all.
    fn transaction(&mut self, work: &mut Work<'_>) -> Result<(), StoreError>;

    /// Notes that the run has these items in hand now: should the run die, the next one handles them with care.
    fn mark(&mut self, source: &Source, run: RunId, items: &[ItemKey]) -> Result<(), StoreError>;

    /// Notes that the run has these items in hand no longer, and lives.
    fn take_back_marks(&mut self, source: &Source, items: &[ItemKey]) -> Result<(), StoreError>;

    /// Notes that marked items are not there any more.
    fn unmark(&mut self, source: &Source, items: &[ItemKey]) -> Result<(), StoreError>;

    /// Fetches and reads a message in a process of its own, to see whether it survives.
    fn try_whole(&self, source: &Source, item: &Listed) -> Fate;

    /// Reads a message in a process of its own, to see whether it survives.
    fn try_out(&self, source: &Source, message: &Fetched) -> Fate;

    /// Whether what was committed is still where the next run looks for it; asked before a mailbox is told.
    fn in_place(&mut self) -> Result<(), StoreError>;

    /// Notes that the mailbox has heard of these items.
    fn told(&mut self, source: &Source, items: &[ItemKey]) -> Result<(), StoreError>;

    /// Forgets items that were put off and are listed under other keys now.
    fn forget(&mut self, source: &Source, items: &[ItemKey]) -> Result<(), StoreError>;

    /// Notes that nobody asks any more for what the mailbox was to be told of these items.
    fn waive(&mut self, source: &Source, items: &[ItemKey]) -> Result<(), StoreError>;

    /// Notes where the next listing begins, unless somebody has changed that from `before` meanwhile.
    fn remember(
        &mut self,
        source: &Source,
        mark: &Watermark,
        before: Option<&Watermark>,
    ) -> Result<(), StoreError>;

    /// Notes what `--baseline` settled.
    fn baselined(&mut self, source: &Source, baseline: &Baseline) -> Result<(), StoreError>;

    /// Notes that the mailbox had trouble of its own, with what hooks are told of that.
    fn failed(
        &mut self,
        mailbox: &MailboxName,
        at: Timestamp,
        trouble: &Trouble,
        events: &[NewEvent],
    ) -> Result<(), StoreError>;

    /// Notes that the mailbox was fetched without trouble of its own, and when what it was reached with expires.
    fn fetched(&mut self, mailbox: &MailboxName, at: Timestamp, expiry: Expiry) -> Result<(), StoreError>;
}

/// An open mailbox, with or without ears.
pub trait Gate: Send {
    /// The looking half.
    fn reader(&mut self) -> &mut dyn Reader;

    /// Tells the open folder what became of items and returns those that it has heard of by now.
    fn acknowledge(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError>;

    /// Whether the open folder is still to hear of something.
    fn is_unsettled(&self) -> bool;

    /// Waits until the open folder has heard of the others.
    fn settle(&mut self) -> Settled;

    /// Ends the session and returns what the open folder has heard of only now.
    fn close(&mut self) -> Result<Vec<ItemKey>, MailboxError>;
}

impl Gate for Box<dyn Mailbox> {
    fn reader(&mut self) -> &mut dyn Reader {
        self.as_mut()
    }

    fn acknowledge(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        self.as_mut().acknowledge(items)
    }

    fn is_unsettled(&self) -> bool {
        self.as_ref().is_unsettled()
    }

    fn settle(&mut self) -> Settled {
        self.as_mut().settle()
    }

    fn close(&mut self) -> Result<Vec<ItemKey>, MailboxError> {
        self.as_mut().close()
    }
}

/// A mailbox that can only be looked at hears nothing.
impl Gate for Box<dyn Reader> {
    fn reader(&mut self) -> &mut dyn Reader {
        self.as_mut()
    }

    fn acknowledge(&mut self, _: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        Ok(Vec::new())
    }

    fn is_unsettled(&self) -> bool {
        false
    }

    fn settle(&mut self) -> Settled {
        Settled { heard: Vec::new(), end: Ok(()) }
    }

    fn close(&mut self) -> Result<Vec<ItemKey>, MailboxError> {
        Ok(Vec::new())
    }
}
