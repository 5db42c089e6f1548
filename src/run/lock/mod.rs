//! One run at a time for a mailbox, and who delivers.
//!
//! Beside an embedded store a lock on a file, one for each mailbox and one for the outbox: one program delivers at a time.
//! On a server, which several hosts share, a lease that is renewed while it is held and that another host may take over
//! once it was not; see [`Fence`]. There each delivery has a lease of its own, whose name its rows carry, so that several
//! deliver side by side and know whose rows are a dead one's.

mod file;
mod keeper;
mod term;

use std::fs::File;
use std::sync::Arc;

use crate::model::ids::MailboxName;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{Config, Fence, Lease, Store, Taking};

use keeper::{Keeper, Kept, LASTS};
pub(super) use term::Term;
#[cfg(test)]
pub(super) use term::now;

/// What the workers of one run hold.
#[derive(Clone)]
pub struct Locks {
    config: Config,
    keeper: Arc<Keeper>,
}

/// What is held, until it is let go of. What is dropped instead is free when the process ends, or its time is up.
pub(super) enum Held {
    /// A lock on a file.
    File { _file: File },
    /// A lease.
    Lease(Kept),
}

impl Held {
    /// What transactions are to ask for, if anything.
    pub(super) fn fence(&self) -> Option<&Fence> {
        match self {
            Self::File { .. } => None,
            Self::Lease(kept) => Some(&kept.fence),
        }
    }

    /// Until when something may be begun.
    pub(super) fn term(&self) -> Term {
        match self {
            Self::File { .. } => Term::default(),
            Self::Lease(kept) => kept.term.clone(),
        }
    }

    /// Lets others have it at once.
    pub(super) fn let_go(self, store: &mut Store) {
        if let Self::Lease(kept) = self
            && let Err(error) = store.end_lease(&kept.fence)
        {
            log::debug!("{} stays held until its time is up: {error}", kept.fence.lease);
        }
    }
}

impl Locks {
    /// Those of a run on the store that `config` leads to.
    pub fn new(config: &Config) -> Self {
        Self { config: config.clone(), keeper: Arc::new(Keeper::new(config)) }
    }

    /// Holds the mailbox.
    pub(super) fn hold(&self, store: &mut Store, mailbox: &MailboxName) -> Result<Held, Trouble> {
        let held = |by: &str| {
            let message = format!("mailbox \"{mailbox}\" is held by another run{by}");
            Trouble::new(ErrorCode::MailboxLocked, message).hint("nothing to do; the next run goes on")
        };
        self.hold_as(store, (&format!(".{mailbox}.lock"), Lease::Mailbox(mailbox.clone())), held)
    }

    /// Holds what a delivery of that name needs: beside an embedded store the outbox. No mailbox has a lock of that name.
    pub(super) fn hold_outbox(&self, store: &mut Store, delivery: Lease) -> Result<Held, Trouble> {
        let held = |by: &str| {
            let message = format!("another program delivers{by}");
            Trouble::new(ErrorCode::OutboxLocked, message).hint("nothing to do; it delivers what is due")
        };
        self.hold_as(store, ("-outbox.lock", delivery), held)
    }

    /// By the end of a file's name, or by a lease.
    fn hold_as(
        &self,
        store: &mut Store,
        (end, lease): (&str, Lease),
        held: impl FnOnce(&str) -> Trouble,
    ) -> Result<Held, Trouble> {
        if let Some(path) = self.config.file() {
            let file = file::lock(path, end)?;
            return file.map(|file| Held::File { _file: file }).ok_or_else(|| held(""));
        }
        // Before the lease is there, which would stay for its time if nobody could renew it.
        self.keeper.start()?;
        let asked = term::now();
        match store.take_lease(&lease, &owner(), LASTS)? {
            Taking::Ours(fence) => Ok(Held::Lease(self.keeper.keep(fence, Term::since(asked)))),
            Taking::Theirs(owner) => Err(held(&format!(", {owner}"))),
        }
    }
}

/// Host and process, for people who ask who it is.
fn owner() -> String {
    let system = rustix::system::uname();
    format!("{} process {}", system.nodename().to_string_lossy(), std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &tempfile::TempDir) -> (Locks, Store) {
        let config = Config::of_file(folder.path().join("store.db"));
        (Locks::new(&config), Store::open(&config).unwrap())
    }

    fn delivery() -> Lease {
        Lease::Delivery("a".to_owned())
    }

    #[test]
    fn a_mailbox_is_held_by_one_run_at_a_time_and_freed_by_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let (locks, mut store) = store(&folder);
        let (support, sales) = ("support".parse().unwrap(), "sales".parse().unwrap());
        let held = locks.hold(&mut store, &support).unwrap();
        let refused = locks.hold(&mut store, &support).err().unwrap();
        assert_eq!(refused.code, ErrorCode::MailboxLocked);
        assert!(locks.hold(&mut store, &sales).is_ok());
        held.let_go(&mut store);
        assert!(locks.hold(&mut store, &support).is_ok());
    }

    #[test]
    fn the_outbox_is_held_beside_every_mailbox() {
        let folder = tempfile::tempdir().unwrap();
        let (locks, mut store) = store(&folder);
        let _mailbox = locks.hold(&mut store, &"outbox".parse().unwrap()).unwrap();
        let _held = locks.hold_outbox(&mut store, delivery()).unwrap();
        let refused = locks.hold_outbox(&mut store, delivery()).err().unwrap();
        assert_eq!(refused.code, ErrorCode::OutboxLocked);
    }
}
