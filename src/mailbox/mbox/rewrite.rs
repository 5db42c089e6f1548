//! Takes messages out of an mbox: a copy without them is put in its place by rename.
//!
//! At whatever instant this dies, the mbox is the old or the new one, whole. Everything that stays is copied octet for
//! octet. A copy left by a dead run is replaced by the next.
//!
//! Limit: a program that waits for the fcntl lock alone, without a dotlock and without looking whether the file was
//! replaced, writes into the old file. Delivery agents that do that need `keep`, or a Maildir.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid, fchown};

use super::index::Entry;
use super::{Stamp, lock};
use crate::mailbox::files;

/// Rewrites `path`, whose locked file `old` was indexed as it is stamped, without the entries `gone`.
///
/// Returns the new file, locked. Fails with `ResourceBusy` if someone changed the old one without regard to the locks.
pub(super) fn without(path: &Path, (old, indexed): (&File, Stamp), gone: &[&Entry]) -> io::Result<File> {
    let copy = Copy(beside(path));
    remove(&copy.0)?;
    let mut new = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&copy.0)?;
    lock::lock_new(&new)?;
    let before = old.metadata()?;
    let ours = new.metadata()?;
    if (ours.uid(), ours.gid()) != (before.uid(), before.gid()) {
        fchown(&new, Some(Uid::from_raw(before.uid())), Some(Gid::from_raw(before.gid())))?;
    }
    copy_rest(old, &mut new, gone)?;
    new.set_permissions(before.permissions())?;
    new.sync_all()?;
    if Stamp::of(&old.metadata()?) != indexed {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    fs::rename(&copy.0, path)?;
    files::sync_directory(path.parent().unwrap_or(Path::new("/")))?;
    Ok(new)
}

fn remove(leftover: &Path) -> io::Result<()> {
    match fs::remove_file(leftover) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn copy_rest(mut old: &File, new: &mut File, gone: &[&Entry]) -> io::Result<()> {
    let mut position = 0;
    for entry in gone {
        old.seek(SeekFrom::Start(position))?;
        io::copy(&mut old.take(entry.start.saturating_sub(position)), new)?;
        position = entry.end;
    }
    old.seek(SeekFrom::Start(position))?;
    io::copy(&mut old, new)?;
    new.flush()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".helpdesk-mail");
    path.with_file_name(name)
}

/// The unfinished copy; removed unless it was renamed.
struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
