//! One run at a time for a mailbox, one delivery at a time for a store.
//!
//! Beside an embedded store an advisory lock on a file: it goes with the process, however that ends; the empty file stays.
//! Not reliable on network file systems, where SQLite is not either. On a server, which several hosts share, a lease that is
//! renewed while it is held and that another host may take over once it was not; see [`Fence`].

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::fs::{Gid, Uid, fchown};
use rustix::process::geteuid;

use crate::model::ids::MailboxName;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{Config, Fence, Store, Taking};

/// So long a host may be silent until others take over what it works at.
const LASTS: Duration = Duration::from_secs(60);

/// So often a lease is renewed.
const RENEWED: Duration = Duration::from_secs(15);

/// What is held, until it is dropped.
pub(super) enum Held {
    /// A lock on a file.
    File { _file: File },
    /// A lease.
    Lease(Lease),
}

impl Held {
    /// What transactions are to ask for, if anything.
    pub(super) fn fence(&self) -> Option<&Fence> {
        match self {
            Self::File { .. } => None,
            Self::Lease(lease) => Some(&lease.fence),
        }
    }
}

/// Holds the mailbox until the result is dropped.
pub(super) fn hold(store: &Config, mailbox: &MailboxName) -> Result<Held, Trouble> {
    let held = |by: &str| {
        let message = format!("mailbox \"{mailbox}\" is held by another run{by}");
        Trouble::new(ErrorCode::MailboxLocked, message).hint("nothing to do; the next run goes on")
    };
    hold_named(store, (&format!(".{mailbox}.lock"), &format!("mailbox \"{mailbox}\"")), held)
}

/// Holds the outbox until the result is dropped. No mailbox has a lock of that name.
pub(super) fn hold_outbox(store: &Config) -> Result<Held, Trouble> {
    let held = |by: &str| {
        let message = format!("another program delivers{by}");
        Trouble::new(ErrorCode::OutboxLocked, message).hint("nothing to do; it delivers what is due")
    };
    hold_named(store, ("-outbox.lock", "the outbox"), held)
}

/// By the end of a file's name, or the name of a lease.
fn hold_named(
    store: &Config,
    (end, name): (&str, &str),
    held: impl FnOnce(&str) -> Trouble,
) -> Result<Held, Trouble> {
    match store.file() {
        Some(path) => lock(path, end, || held("")).map(|file| Held::File { _file: file }),
        None => match Lease::take(store, name)? {
            Ok(lease) => Ok(Held::Lease(lease)),
            Err(owner) => Err(held(&format!(", {owner}"))),
        },
    }
}

/// A lease that a thread of its own renews.
pub(super) struct Lease {
    fence: Fence,
    /// Dropped to end the thread.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Lease {
    /// Takes it, or tells who has it.
    fn take(config: &Config, name: &str) -> Result<Result<Self, String>, Trouble> {
        let mut store = Store::open(config)?;
        let fence = match store.take_lease(name, &owner(), LASTS)? {
            Taking::Ours(fence) => fence,
            Taking::Theirs(owner) => return Ok(Err(owner)),
        };
        let (end, ended) = channel();
        let kept = fence.clone();
        let renew = move || {
            while ended.recv_timeout(RENEWED) == Err(RecvTimeoutError::Timeout) {
                match store.renew_lease(&kept, LASTS) {
                    Ok(true) => {}
                    // Every transaction finds that out for itself.
                    Ok(false) => return,
                    Err(error) => log::warn!("{} cannot be kept: {error}", kept.name),
                }
            }
            if let Err(error) = store.end_lease(&kept) {
                log::debug!("{} stays held until its time is up: {error}", kept.name);
            }
        };
        let thread = thread::Builder::new().name("lease".to_owned()).spawn(renew);
        let thread = thread.map_err(|error| {
            Trouble::new(ErrorCode::StoreUnavailable, "no thread can be made to keep a lease").because(error)
        })?;
        Ok(Ok(Self { fence, end: Some(end), thread: Some(thread) }))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A thread that gave up leaves the lease to its time.
            let _ = thread.join();
        }
    }
}

/// Host and process, for people who ask who it is.
fn owner() -> String {
    let system = rustix::system::uname();
    format!("{} process {}", system.nodename().to_string_lossy(), std::process::id())
}

fn lock(store: &Path, end: &str, held: impl FnOnce() -> Trouble) -> Result<File, Trouble> {
    let path = beside(store, end);
    let unusable = |error| {
        Trouble::new(ErrorCode::StoreUnavailable, format!("cannot use the lock file {}", path.display()))
            .hint("check that the store's directory belongs to the user that runs the program")
            .because(error)
    };
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(unusable)?;
    give_to_owner(&file, store).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(held()),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// A run by root must not lock out the user whose store it is.
fn give_to_owner(file: &File, store: &Path) -> io::Result<()> {
    let Ok(owner) = store.metadata() else { return Ok(()) };
    let ours = file.metadata()?;
    if geteuid().is_root() && (ours.uid(), ours.gid()) != (owner.uid(), owner.gid()) {
        fchown(file, Some(Uid::from_raw(owner.uid())), Some(Gid::from_raw(owner.gid())))?;
    }
    Ok(())
}

fn beside(store: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(store);
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(file: PathBuf) -> Config {
        Config::of_file(file)
    }

    #[test]
    fn a_mailbox_is_held_by_one_run_at_a_time_and_freed_by_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = config(folder.path().join("store.db"));
        let (support, sales) = ("support".parse().unwrap(), "sales".parse().unwrap());
        let held = hold(&store, &support).unwrap();
        assert_eq!(hold(&store, &support).err().unwrap().code, ErrorCode::MailboxLocked);
        assert!(hold(&store, &sales).is_ok());
        drop(held);
        assert!(hold(&store, &support).is_ok());
    }

    #[test]
    fn the_outbox_is_held_beside_every_mailbox() {
        let folder = tempfile::tempdir().unwrap();
        let store = config(folder.path().join("store.db"));
        let _mailbox = hold(&store, &"outbox".parse().unwrap()).unwrap();
        let _held = hold_outbox(&store).unwrap();
        assert_eq!(hold_outbox(&store).err().unwrap().code, ErrorCode::OutboxLocked);
    }
}
