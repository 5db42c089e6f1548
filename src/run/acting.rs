//! The companions of a real run: the store and mailboxes that can be told.

use jiff::Timestamp;

use crate::evidence::Signer;
use crate::mailbox::{self, MailboxError};
use crate::model::exit::Exit;
use crate::model::ids::{MailboxName, RunId};
use crate::model::item::{Baseline, Fetched, ItemKey, Listed, Watermark};
use crate::model::trouble::Trouble;
use crate::store::{Expiry, Lookup, NewEvent, Source, Store, StoreError};

use super::calls::Calls;
use super::companions::{Companions, Gate, Work};
use super::lock::{Held, Locks};
use super::probe::{Fate, Prober};
use super::report::Mode;

/// Does what the road decides.
pub struct Acting {
    store: Store,
    locks: Locks,
    signer: Signer,
    prober: Prober,
    calls: Calls,
    run: Option<RunId>,
    held: Option<Held>,
}

impl Acting {
    /// Companions that write to `store`; the workers of one run share its locks. Suspects go to `prober`.
    pub fn new(mut store: Store, locks: &Locks, prober: Prober) -> Result<Self, StoreError> {
        let signer = Signer::new(&store.token_secret()?);
        Ok(Self {
            store,
            locks: locks.clone(),
            signer,
            prober,
            calls: Calls::default(),
            run: None,
            held: None,
        })
    }

    /// Takes up connections that were begun for it.
    #[must_use]
    pub fn answering(self, calls: &Calls) -> Self {
        Self { calls: calls.clone(), ..self }
    }

    /// The store, for what is not on the road.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }
}

impl Companions for Acting {
    fn mode(&self) -> Mode {
        Mode::Real
    }

    fn begin(&mut self, at: Timestamp) -> Result<Option<RunId>, StoreError> {
        self.run = Some(self.store.begin_run(at)?);
        Ok(self.run)
    }

    fn end(&mut self, at: Timestamp, exit: Exit) -> Result<(), StoreError> {
        self.run.map_or(Ok(()), |run| self.store.end_run(run, at, exit))
    }

    fn signer(&self) -> Option<Signer> {
        Some(self.signer.clone())
    }

    fn lock(&mut self, mailbox: &MailboxName) -> Result<(), Trouble> {
        let held = self.locks.hold(&mut self.store, mailbox).inspect_err(|_| {
            // Nobody takes it up.
            drop(self.calls.take(mailbox));
        })?;
        self.store.set_fence(held.fence().cloned());
        self.held = Some(held);
        Ok(())
    }

    fn unlock(&mut self) {
        self.store.set_fence(None);
        if let Some(held) = self.held.take() {
            held.let_go(&mut self.store);
        }
    }

    /// A run that still goes on under the former name is let finish.
    fn place(&mut self, source: Source, configured: &[MailboxName]) -> Result<Source, Trouble> {
        let Some(former) = self.store.former(&source, configured)? else { return Ok(source) };
        let held = self.locks.hold(&mut self.store, &former.mailbox)?;
        let renamed = self.store.rename_source(&former, &source.mailbox);
        held.let_go(&mut self.store);
        renamed?;
        let Source { mailbox, folder, .. } = &source;
        log::warn!(
            "mailbox \"{}\" is called \"{mailbox}\" now: the outcomes of its folder \"{folder}\" go on under that name",
            former.mailbox
        );
        Ok(source)
    }

    fn open(&self, mailbox: &mailbox::Config) -> Result<Box<dyn Gate>, MailboxError> {
        Ok(Box::new(mailbox::open(mailbox, self.calls.take(&mailbox.name))?))
    }

    fn lookup(&mut self) -> &mut dyn Lookup {
        &mut self.store
    }

    fn transaction(&mut self, work: &mut Work<'_>) -> Result<(), StoreError> {
        self.store.transaction(|books| work(books))
    }

    fn mark(&mut self, source: &Source, run: RunId, items: &[ItemKey]) -> Result<(), StoreError> {
        self.store.mark(source, run, items)
    }

    fn take_back_marks(&mut self, source: &Source, items: &[ItemKey]) -> Result<(), StoreError> {
        self.store.take_back_marks(source, items)
    }

    fn unmark(&mut self, source: &Source, items: &[ItemKey]) -> Result<(), StoreError> {
        self.store.unmark(source, items)
    }

    fn try_whole(&self, source: &Source, item: &Listed) -> Fate {
        self.prober.try_whole(source, item)
    }

    fn try_out(&self, source: &Source, message: &Fetched) -> Fate {
        self.prober.try_out(source, message)
    }

    fn in_place(&mut self) -> Result<(), StoreError> {
        self.store.in_place()
    }

    fn told(&mut self, source: &Source, items: &[ItemKey]) -> Result<(), StoreError> {
        self.store.told(source, items)
    }

    fn forget(&mut self, source: &Source, items: &[ItemKey]) -> Result<(), StoreError> {
        self.store.forget_deferred(source, items)
    }

    fn waive(&mut self, source: &Source, items: &[ItemKey]) -> Result<(), StoreError> {
        self.store.waive(source, items)
    }

    fn remember(
        &mut self,
        source: &Source,
        mark: &Watermark,
        before: Option<&Watermark>,
    ) -> Result<(), StoreError> {
        self.store.set_watermark(source, mark, before)
    }

    fn baselined(&mut self, source: &Source, baseline: &Baseline) -> Result<(), StoreError> {
        self.store.set_baseline(source, baseline)
    }

    fn failed(
        &mut self,
        mailbox: &MailboxName,
        at: Timestamp,
        trouble: &Trouble,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        self.store.failed(mailbox, at, trouble, events)
    }

    fn fetched(&mut self, mailbox: &MailboxName, at: Timestamp, expiry: Expiry) -> Result<(), StoreError> {
        self.store.fetched(mailbox, at, expiry)
    }
}
