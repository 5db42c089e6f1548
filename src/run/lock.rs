//! One run at a time for a mailbox, one delivery at a time for a store: an advisory lock on a file beside the store.
//!
//! The lock goes with the process, however that ends; the empty file stays. Not reliable on network file systems,
//! where SQLite is not either.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid, fchown};
use rustix::process::geteuid;

use crate::model::ids::MailboxName;
use crate::model::trouble::{ErrorCode, Trouble};

/// Holds the mailbox until the file is dropped.
pub(super) fn hold(store: &Path, mailbox: &MailboxName) -> Result<File, Trouble> {
    let held = || {
        let message = format!("mailbox \"{mailbox}\" is held by another run");
        Trouble::new(ErrorCode::MailboxLocked, message).hint("nothing to do; the next run goes on")
    };
    lock(store, &format!(".{mailbox}.lock"), held)
}

/// Holds the outbox until the file is dropped. No mailbox has a lock of that name.
pub(super) fn hold_outbox(store: &Path) -> Result<File, Trouble> {
    let held = || {
        let message = "another program delivers";
        Trouble::new(ErrorCode::OutboxLocked, message).hint("nothing to do; it delivers what is due")
    };
    lock(store, "-outbox.lock", held)
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

    #[test]
    fn a_mailbox_is_held_by_one_run_at_a_time_and_freed_by_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store.db");
        let (support, sales) = ("support".parse().unwrap(), "sales".parse().unwrap());
        let held = hold(&store, &support).unwrap();
        assert_eq!(hold(&store, &support).unwrap_err().code, ErrorCode::MailboxLocked);
        assert!(hold(&store, &sales).is_ok());
        drop(held);
        assert!(hold(&store, &support).is_ok());
    }

    #[test]
    fn the_outbox_is_held_beside_every_mailbox() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store.db");
        let _mailbox = hold(&store, &"outbox".parse().unwrap()).unwrap();
        let _held = hold_outbox(&store).unwrap();
        assert_eq!(hold_outbox(&store).unwrap_err().code, ErrorCode::OutboxLocked);
    }
}
