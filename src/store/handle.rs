//! The embedded store as the program holds it: opening it, and transactions.
//!
//! What is done on error: a transaction is taken back as a whole, also when the work panics; every other change is a
//! transaction of its own.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use super::desk::Desk;
use super::engine::{Access, Engine, Sqlite};
use super::{Books, Config, Fingerprint, Lookup, MailboxState, Source, StoreError, schema, secret};
use crate::model::found::{Earlier, Standing};
use crate::model::ids::{MailboxName, MessageId, TicketId};
use crate::model::item::{Acknowledgement, Baseline, ItemKey, Watermark};
use crate::model::ticket::TicketFacts;

/// How long another program's transaction is waited for.
const WAIT: Duration = Duration::from_secs(10);

/// The embedded store.
pub struct Store {
    pub(super) engine: Box<dyn Engine>,
    pub(super) token_secret_file: Option<PathBuf>,
}

impl Store {
    /// Opens the store, making or upgrading it where needed; its directory must be there.
    pub fn open(config: &Config) -> Result<Self, StoreError> {
        Self::open_waiting(config, WAIT)
    }

    pub(super) fn open_waiting(config: &Config, wait: Duration) -> Result<Self, StoreError> {
        let mut engine = Sqlite::open(&config.path, Access::Work, wait)?;
        schema::migrate(&mut engine)?;
        secret::make(&mut engine)?;
        Ok(Self { engine: Box::new(engine), token_secret_file: config.token_secret_file.clone() })
    }

    /// Opens the store for a dry run: nothing can be changed and no trace is left; `None` if there is no store yet.
    pub fn look(config: &Config) -> Result<Option<Self>, StoreError> {
        let there = config.path.try_exists().map_err(|error| StoreError::Unavailable {
            place: config.path.display().to_string(),
            source: error.into(),
        })?;
        if !there {
            return Ok(None);
        }
        let mut engine = Sqlite::open(&config.path, Access::Look, WAIT)?;
        if engine.is_fresh()? {
            return Ok(None);
        }
        schema::require_current(&mut engine)?;
        Ok(Some(Self { engine: Box::new(engine), token_secret_file: config.token_secret_file.clone() }))
    }

    /// Does the work in one transaction: all of it is kept, or nothing after an error or a panic.
    ///
    /// No other program writes meanwhile, so no network and no hook belongs in here.
    pub fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Books) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.atomically(|engine| work(&mut Desk { engine }))
    }

    pub(super) fn atomically<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Engine) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.engine.begin()?;
        self.finish(work)
    }

    /// Reads what stood in the store at one moment, also while another program writes.
    pub(super) fn at_one_moment<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Engine) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.engine.begin_reading()?;
        self.finish(work)
    }

    /// The work of a transaction that has begun, and its end.
    fn finish<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Engine) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut open = Open { engine: self.engine.as_mut(), kept: false };
        let done = work(&mut *open.engine)?;
        open.engine.commit()?;
        open.kept = true;
        Ok(done)
    }

    /// Whether what is committed is still where the next run looks for it; before anybody is told of it.
    pub fn in_place(&self) -> Result<(), StoreError> {
        self.engine.in_place()
    }

    fn desk(&mut self) -> Desk<'_> {
        Desk { engine: self.engine.as_mut() }
    }
}

/// An open transaction, taken back where it ends without being kept.
struct Open<'a> {
    engine: &'a mut dyn Engine,
    kept: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // The error that led here is the one to tell; a transaction that cannot be taken back is never kept either.
            let _ = self.engine.rollback();
        }
    }
}

impl Lookup for Store {
    fn ticket(&mut self, id: TicketId) -> Result<Option<TicketFacts>, StoreError> {
        self.desk().ticket(id)
    }

    fn holding(&mut self, id: &MessageId) -> Result<Vec<TicketFacts>, StoreError> {
        self.desk().holding(id)
    }

    fn naming(&mut self, id: &MessageId) -> Result<Vec<TicketFacts>, StoreError> {
        self.desk().naming(id)
    }

    fn copies(&mut self, print: &Fingerprint<'_>) -> Result<Vec<TicketFacts>, StoreError> {
        self.desk().copies(print)
    }

    fn standing(&mut self, ticket: TicketId, address: &str) -> Result<Standing, StoreError> {
        self.desk().standing(ticket, address)
    }

    fn settled_before(&mut self, print: &Fingerprint<'_>) -> Result<Option<Earlier>, StoreError> {
        self.desk().settled_before(print)
    }

    fn former(&mut self, source: &Source, configured: &[MailboxName]) -> Result<Option<Source>, StoreError> {
        self.desk().former(source, configured)
    }

    fn settled(&mut self, source: &Source, keys: &[ItemKey]) -> Result<HashSet<ItemKey>, StoreError> {
        self.desk().settled(source, keys)
    }

    fn deferred(&mut self, source: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError> {
        self.desk().deferred(source)
    }

    fn attempts(&mut self, source: &Source, key: &ItemKey) -> Result<u32, StoreError> {
        self.desk().attempts(source, key)
    }

    fn in_flight(&mut self, source: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError> {
        self.desk().in_flight(source)
    }

    fn watermark(&mut self, source: &Source) -> Result<Option<Watermark>, StoreError> {
        self.desk().watermark(source)
    }

    fn baseline(&mut self, source: &Source) -> Result<Option<Baseline>, StoreError> {
        self.desk().baseline(source)
    }

    fn owed(&mut self, source: &Source) -> Result<Vec<Acknowledgement>, StoreError> {
        self.desk().owed(source)
    }

    fn mailbox_state(&mut self, mailbox: &MailboxName) -> Result<MailboxState, StoreError> {
        self.desk().mailbox_state(mailbox)
    }

    fn next_ticket(&mut self) -> Result<TicketId, StoreError> {
        self.desk().next_ticket()
    }
}
