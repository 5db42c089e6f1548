//! An advisory lock on a file beside an embedded store: it goes with the process, however that ends; the empty file stays.
//!
//! Not reliable on network file systems, where SQLite is not either.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid, fchown};
use rustix::process::geteuid;

use crate::model::trouble::{ErrorCode, Trouble};

/// Locks the file whose name is the store's and this; `None` where another process has it.
pub(super) fn lock(store: &Path, end: &str) -> Result<Option<File>, Trouble> {
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
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
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
