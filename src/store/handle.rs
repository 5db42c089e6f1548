//! The embedded store as the program holds it: opening it, and transactions.
//!
//! What is done on error: a transaction is taken back as a whole, also when the work panics; every other change is a
//! transaction of its own.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::desk::Desk;
use super::engine::{Access, Engine, Keeping};
use super::lease::{self, Fence};
use super::{Books, Config, Fingerprint, Lookup, MailboxState, Source, StoreError, schema, secret};
use crate::model::found::{Earlier, Standing};
use crate::model::ids::{MailboxName, MessageId, TicketId};
use crate::model::item::{Acknowledgement, Baseline, ItemKey, Watermark};
use crate::model::ticket::TicketFacts;

/// How long another program's transaction is waited for, and a server that does not answer.
const WAIT: Duration = Duration::from_secs(10);

/// How often a transaction is tried again that another one contradicts.
const TRIES: u32 = 10;

/// The embedded store.
pub struct Store {
    pub(super) engine: Box<dyn Engine>,
    pub(super) token_secret_file: Option<PathBuf>,
    /// Where set, a transaction is refused once another has taken the lease.
    pub(super) fence: Option<Fence>,
}

impl Store {
    /// Opens the store, making or upgrading it where needed; its directory must be there.
    pub fn open(config: &Config) -> Result<Self, StoreError> {
        Self::open_waiting(config, WAIT)
    }

    pub(super) fn open_waiting(config: &Config, wait: Duration) -> Result<Self, StoreError> {
        let mut engine = config.connect(Access::Work, wait)?;
        schema::migrate(engine.as_mut())?;
        secret::make(engine.as_mut())?;
        Ok(Self { engine, token_secret_file: config.token_secret_file.clone(), fence: None })
    }

    /// Opens the store for a dry run: nothing can be changed and no trace is left; `None` if there is no store yet.
    pub fn look(config: &Config) -> Result<Option<Self>, StoreError> {
        let token_secret_file = config.token_secret_file.clone();
        let engine = existing(config, Access::Look, WAIT)?;
        Ok(engine.map(|engine| Self { engine, token_secret_file, fence: None }))
    }

    /// Does the work in one transaction: all of it is kept, or nothing after an error or a panic.
    ///
    /// No other program writes meanwhile, so no network and no hook belongs in here.
    pub fn transaction<T>(
        &mut self,
        mut work: impl FnMut(&mut dyn Books) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.atomically(|engine| work(&mut Desk { engine }))
    }

    /// Where another program changed at the same time what was read, all is taken back and done again.
    pub(super) fn atomically<T>(
        &mut self,
        work: impl FnMut(&mut dyn Engine) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.again_and_again(Keeping::Surely, work)
    }

    fn again_and_again<T>(
        &mut self,
        keeping: Keeping,
        mut work: impl FnMut(&mut dyn Engine) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut again = TRIES;
        loop {
            self.engine.keep(keeping)?;
            match self.once(&mut work) {
                Err(StoreError::Conflict { .. }) if again > 0 => again -= 1,
                result => return result,
            }
            sleep(pause() * (TRIES - again));
        }
    }

    /// As [`Self::atomically`], for what may be lost with the power.
    pub(super) fn lightly<T>(
        &mut self,
        work: impl FnMut(&mut dyn Engine) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.again_and_again(Keeping::Lightly, work)
    }

    fn once<T>(
        &mut self,
        work: &mut impl FnMut(&mut dyn Engine) -> Result<T, StoreError>,
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
        if let Some(fence) = &self.fence {
            lease::check(open.engine, fence)?;
        }
        let done = work(&mut *open.engine)?;
        open.engine.commit()?;
        open.kept = true;
        Ok(done)
    }

    /// Whether what is committed is still where the next run looks for it; before anybody is told of it.
    pub fn in_place(&mut self) -> Result<(), StoreError> {
        self.engine.in_place()?;
        if self.fence.is_some() { self.atomically(|_| Ok(())) } else { Ok(()) }
    }

    fn desk(&mut self) -> Desk<'_> {
        Desk { engine: self.engine.as_mut() }
    }
}

/// Up to a sixteenth of a second, so that two do not stay in step.
fn pause() -> Duration {
    let mut octet = [0];
    // Without a random number all wait alike, which costs time alone.
    let _ = getrandom::fill(&mut octet);
    Duration::from_millis(u64::from(octet[0] % 64))
}

/// The database of a store that is there, with this program's schema; `None` where nothing is yet.
pub(super) fn existing(
    config: &Config,
    access: Access,
    wait: Duration,
) -> Result<Option<Box<dyn Engine>>, StoreError> {
    if let Some(path) = config.file()
        && !is_there(path)?
    {
        return Ok(None);
    }
    let mut engine = config.connect(access, wait)?;
    if engine.is_fresh()? {
        return Ok(None);
    }
    schema::require_current(engine.as_mut())?;
    Ok(Some(engine))
}

fn is_there(path: &Path) -> Result<bool, StoreError> {
    let unavailable = |error: std::io::Error| StoreError::Unavailable {
        place: path.display().to_string(),
        source: error.into(),
    };
    path.try_exists().map_err(unavailable)
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
