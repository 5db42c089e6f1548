//! What Maildir, mbox and directory share: names, bounded reads, renames that never overwrite, and errors with a hint.
//!
//! Nothing here follows a symbolic link in the place of a message or waits on a FIFO.

use std::ffi::OsStr;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::OFlags;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::MailboxError;
use crate::model::ids::Digest;
use crate::model::item::Extent;
pub(super) use crate::transport::files::{rename_new, sync_directory};

/// So many octets are read of a message larger than the mailbox allows.
pub(super) const BEGINNING: u64 = 256 * 1024;

/// A mailbox's path and what is said of it: the kind of mailbox and its absolute path.
#[derive(Debug, Clone)]
pub(super) struct Place {
    kind: &'static str,
    path: PathBuf,
}

impl Place {
    /// Makes the path absolute without following links, so that the account stays the same wherever cron starts us.
    pub(super) fn new(kind: &'static str, path: &Path) -> Self {
        Self { kind, path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// For instance `maildir:/home/helpdesk/Maildir`.
    pub(super) fn account(&self) -> String {
        format!("{}:{}", self.kind, name_text(self.path.as_os_str()))
    }

    /// The one folder: how the path ends.
    pub(super) fn folder(&self) -> String {
        name_text(self.path.file_name().unwrap_or(self.path.as_os_str()))
    }

    /// Refuses any folder but the one there is.
    pub(super) fn expect_folder(&self, folder: &str) -> Result<(), MailboxError> {
        if folder == self.folder() {
            return Ok(());
        }
        Err(self.refused(format!("there is no folder {folder:?}, only {:?}", self.folder()), None))
    }

    /// The mailbox cannot be used as it is set up.
    pub(super) fn refused(&self, hint: impl Into<String>, source: Option<io::Error>) -> MailboxError {
        MailboxError::Folder { what: self.what(), hint: Some(hint.into()), source: source.map(Into::into) }
    }

    /// A file or directory of the mailbox failed us.
    pub(super) fn failed(&self, path: &Path, error: io::Error) -> MailboxError {
        MailboxError::Folder {
            what: format!("{} at {path:?}", self.what()),
            hint: Some(hint(error.kind()).to_owned()),
            source: Some(error.into()),
        }
    }

    /// For instance `mbox "/var/mail/helpdesk"`.
    pub(super) fn what(&self) -> String {
        format!("{} {:?}", self.kind, self.path)
    }
}

fn hint(kind: io::ErrorKind) -> &'static str {
    if kind == io::ErrorKind::NotFound {
        "create it, or correct `path`"
    } else if kind == io::ErrorKind::PermissionDenied {
        "let the user that runs helpdesk-mail read and write it, or set the dispositions to \"keep\""
    } else if kind == io::ErrorKind::NotADirectory {
        "give a directory as `path`, or set `type = \"mbox\"` for one file of mail"
    } else {
        "see the cause with -v"
    }
}

/// A name as text; octets that are not UTF-8 are written `\xHH`.
pub(super) fn name_text(name: &OsStr) -> String {
    name.as_encoded_bytes().utf8_chunks().fold(String::new(), |text, chunk| {
        let escaped: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")).collect();
        text + chunk.valid() + &escaped
    })
}

/// When a file was last written.
pub(super) fn modified(metadata: &Metadata) -> Option<Timestamp> {
    metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok())
}

/// Opens a regular file for reading and nothing else.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
}

/// Reads a message: all of it, or the beginning if it is larger than `max`.
pub(super) fn read(file: &File, max: u64) -> io::Result<(Vec<u8>, Extent)> {
    if file.metadata()?.len() > max {
        return beginning(file, Vec::new());
    }
    let mut bytes = Vec::new();
    file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if length(&bytes) > max {
        // It grew while it was read.
        return beginning(file, bytes);
    }
    Ok((bytes, Extent::Whole))
}

fn beginning(file: &File, mut bytes: Vec<u8>) -> io::Result<(Vec<u8>, Extent)> {
    let missing = BEGINNING.saturating_sub(length(&bytes));
    file.take(missing).read_to_end(&mut bytes)?;
    bytes.truncate(usize::try_from(BEGINNING).unwrap_or(usize::MAX));
    Ok((bytes, Extent::Beginning))
}

/// Nothing in place of what cannot be read because of the file alone; other trouble is the mailbox's.
pub(super) fn or_unreadable(read: io::Result<(Vec<u8>, Extent)>) -> io::Result<(Vec<u8>, Extent)> {
    read.or_else(|error| {
        let why = error.to_string();
        if is_unreadable(&error) { Ok((Vec::new(), Extent::Nothing { why })) } else { Err(error) }
    })
}

/// Whether a file refuses to be read while its neighbours need not: permissions, a bad block, no regular file any more,
/// more than there is memory for.
pub(super) fn is_unreadable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::OutOfMemory)
        || matches!(Errno::from_io_error(error), Some(Errno::ACCESS | Errno::PERM | Errno::LOOP | Errno::IO))
}

/// The length of octets in memory as files count it.
pub(super) fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// The SHA-256 of a whole file, in bounded memory.
pub(super) fn digest(path: &Path) -> io::Result<Digest> {
    let mut file = open_regular(path)?;
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut Hashing(&mut hasher))?;
    Ok(Digest(hasher.finalize().into()))
}

struct Hashing<'a>(&'a mut Sha256);

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Moves `from` into `directory`, as `name` or, where that is taken, with `.1`, `.2`… between `name` and `suffix`.
pub(super) fn move_into(from: &Path, directory: &Path, name: &OsStr, suffix: &OsStr) -> io::Result<PathBuf> {
    for attempt in 0..1000_u32 {
        let mut target = name.to_owned();
        if attempt > 0 {
            target.push(format!(".{attempt}"));
        }
        target.push(suffix);
        let target = directory.join(target);
        match rename_new(from, &target) {
            Ok(()) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
