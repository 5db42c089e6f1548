//! The companions of a dry run: mailboxes that cannot be told and books that remember but do not write.

use jiff::Timestamp;

use crate::evidence::Signer;
use crate::mailbox::{self, MailboxError};
use crate::model::exit::Exit;
use crate::model::ids::{MailboxName, RunId};
use crate::model::item::{Baseline, Fetched, ItemKey, Listed, Watermark};
use crate::model::trouble::Trouble;
use crate::store::{Expiry, Lookup, NewEvent, Source, Store, StoreError};

use super::companions::{Companions, Gate, Work};
use super::empty::Empty;
use super::notebook::Notebook;
use super::probe::{Fate, Prober};
use super::report::Mode;

/// Tells what a run would do and does nothing.
pub struct Rehearsing {
    books: Notebook,
    signer: Option<Signer>,
    prober: Prober,
}

impl Rehearsing {
    /// Companions that look at `store`; no store yet counts as an empty one. Suspects go to `prober`.
    pub fn new(store: Option<Store>, prober: Prober) -> Result<Self, StoreError> {
        match store {
            Some(mut store) => {
                let signer = Some(Signer::new(&store.token_secret()?));
                Ok(Self { books: Notebook::over(Box::new(store))?, signer, prober })
            }
            None => Ok(Self { books: Notebook::over(Box::new(Empty))?, signer: None, prober }),
        }
    }
}

#[cfg(test)]
impl Rehearsing {
    pub(super) fn over(books: Notebook) -> Self {
        Self { books, signer: None, prober: Prober::Nobody }
    }
}

impl Companions for Rehearsing {
    fn mode(&self) -> Mode {
        Mode::DryRun
    }

    fn begin(&mut self, _: Timestamp) -> Result<Option<RunId>, StoreError> {
        Ok(None)
    }

    fn end(&mut self, _: Timestamp, _: Exit) -> Result<(), StoreError> {
        Ok(())
    }

    fn signer(&self) -> Option<Signer> {
        self.signer.clone()
    }

    /// A dry run holds nothing: it may go beside a real one.
    fn lock(&mut self, _: &MailboxName) -> Result<(), Trouble> {
        Ok(())
    }

    fn unlock(&mut self) {}

    fn place(&mut self, source: Source, configured: &[MailboxName]) -> Result<Source, Trouble> {
        Ok(self.books.former(&source, configured)?.unwrap_or(source))
    }

    fn open(&self, mailbox: &mailbox::Config) -> Result<Box<dyn Gate>, MailboxError> {
        Ok(Box::new(mailbox::read_only(mailbox)?))
    }

    fn lookup(&mut self) -> &mut dyn Lookup {
        &mut self.books
    }

    fn transaction(&mut self, work: &mut Work<'_>) -> Result<(), StoreError> {
        work(&mut self.books)
    }

    fn mark(&mut self, _: &Source, _: RunId, _: &[ItemKey]) -> Result<(), StoreError> {
        Ok(())
    }

    fn take_back_marks(&mut self, _: &Source, _: &[ItemKey]) -> Result<(), StoreError> {
        Ok(())
    }

    fn unmark(&mut self, _: &Source, _: &[ItemKey]) -> Result<(), StoreError> {
        Ok(())
    }

    fn try_whole(&self, source: &Source, item: &Listed) -> Fate {
        self.prober.try_whole(source, item)
    }

    fn try_out(&self, source: &Source, message: &Fetched) -> Fate {
        self.prober.try_out(source, message)
    }

    fn in_place(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn told(&mut self, _: &Source, _: &[ItemKey]) -> Result<(), StoreError> {
        Ok(())
    }

    fn forget(&mut self, _: &Source, _: &[ItemKey]) -> Result<(), StoreError> {
        Ok(())
    }

    fn waive(&mut self, _: &Source, _: &[ItemKey]) -> Result<(), StoreError> {
        Ok(())
    }

    fn remember(&mut self, _: &Source, _: &Watermark, _: Option<&Watermark>) -> Result<(), StoreError> {
        Ok(())
    }

    fn baselined(&mut self, _: &Source, _: &Baseline) -> Result<(), StoreError> {
        Ok(())
    }

    fn failed(
        &mut self,
        _: &MailboxName,
        _: Timestamp,
        _: &Trouble,
        _: &[NewEvent],
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn fetched(&mut self, _: &MailboxName, _: Timestamp, _: Expiry) -> Result<(), StoreError> {
        Ok(())
    }
}
