//! mbox: all mail in one file (RFC 4155, mboxrd).
//!
//! The file is locked from `open` to `close` or drop, so that what was listed stays where it is until it is told of. It is
//! read once to list it and once for each message fetched; memory is bounded by the number of messages and the largest
//! that is allowed. What cannot be told by removing it (`seen`, `move`) is refused: status headers are the mail
//! programs' own. See `split` for what a message is, `lock` for the locks, `rewrite` for deletion.

mod index;
mod length;
mod lock;
mod rewrite;
mod split;

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(in crate::mailbox) use index::is_status;
pub use split::{split, without_separator};

use super::files::Place;
use super::{Access, Mailbox, MailboxError, Reader};
use crate::model::item::{Acknowledgement, Disposition, Fetched, ItemKey, Listed, Listing, Watermark};
use index::Index;
use lock::LockedFile;

const ONLY_DELETED: &str = "messages of an mbox can only be kept or deleted; use \"keep\" or \"delete\"";

/// So long others are waited for.
const WAIT: Duration = Duration::from_secs(10);

/// An mbox file.
#[derive(Debug)]
pub struct Mbox {
    place: Place,
    max_message_size: u64,
    access: Access,
    wait: Duration,
    session: Option<Session>,
}

/// From `open` to `close`.
#[derive(Debug)]
struct Session {
    /// The file itself, where `path` is a link to it: a rename must not replace the link.
    path: PathBuf,
    locked: LockedFile,
    state: State,
    /// The file as it was listed, or as we changed it since; only of that may a watermark speak.
    listed: Option<Stamp>,
}

#[derive(Debug)]
enum State {
    /// Nothing has been read.
    Opened,
    /// The watermark tells how many there are, and that all are settled.
    Unchanged(Stamp, u64),
    /// All have been read as the file was then.
    Indexed(Stamp, Index),
}

/// What changes when an mbox does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: (i64, i64),
    inode: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Self { len: metadata.len(), modified, inode: metadata.ino() }
    }

    /// `LENGTH:SECONDS.NANOSECONDS:INODE:COUNT`.
    fn watermark(self, count: u64) -> Watermark {
        let (seconds, nanoseconds) = self.modified;
        Watermark(format!("{}:{seconds}.{nanoseconds:09}:{}:{count}", self.len, self.inode))
    }

    /// The count in a watermark, if it is of this very state of the file.
    fn count(self, watermark: &Watermark) -> Option<u64> {
        let count = watermark.0.rsplit_once(':')?.1.parse().ok()?;
        (self.watermark(count) == *watermark).then_some(count)
    }
}

impl Mbox {
    /// The mbox at `path`; of messages over `max_message_size` octets the beginning is read.
    ///
    /// With [`Access::ReadOnly`] nothing is written, no lock file either.
    pub fn new(path: &Path, max_message_size: u64, access: Access) -> Self {
        Self { place: Place::new("mbox", path), max_message_size, access, wait: WAIT, session: None }
    }

    /// Waits so long for other programs instead of ten seconds.
    #[must_use]
    pub fn waiting(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    fn session(&mut self) -> Result<&mut Session, MailboxError> {
        let closed = || self.place.refused("it was not opened", None);
        self.session.as_mut().ok_or_else(closed)
    }

    /// Reads the file if it is not the one that was read before; the index is then there.
    fn read(&mut self) -> Result<(), MailboxError> {
        let place = self.place.clone();
        let session = self.session()?;
        let failed = |error| place.failed(&session.path, error);
        let stamp = Stamp::of(&session.locked.file.metadata().map_err(failed)?);
        if !matches!(&session.state, State::Indexed(then, _) if *then == stamp) {
            let index = index::read_all(&session.locked.file).map_err(failed)?;
            session.state = State::Indexed(stamp, index.ok_or_else(|| not_an_mbox(&place))?);
        }
        Ok(())
    }

    /// Removes messages in one go; those that are not there count as removed.
    fn remove(&mut self, keys: &[&ItemKey]) -> Result<(), MailboxError> {
        self.read()?;
        let place = self.place.clone();
        let session = self.session()?;
        let State::Indexed(before, index) = &session.state else { return Ok(()) };
        let gone = index.find(keys.iter().copied());
        if gone.is_empty() {
            return Ok(());
        }
        if !session.locked.is_exclusive() {
            let hint = "deleting needs write permission for the file and its directory; or set the dispositions to \"keep\"";
            return Err(place.refused(hint, None));
        }
        let rewritten = rewrite::without(&session.path, (&session.locked.file, *before), &gone);
        let file = rewritten.map_err(|error| rewriting(&place, error))?;
        let after = Stamp::of(&file.metadata().map_err(|error| place.failed(&session.path, error))?);
        session.locked.replace(file);
        session.listed = session.listed.filter(|listed| listed == before).map(|_| after);
        session.state = State::Indexed(after, index.without(&gone));
        Ok(())
    }
}

fn not_an_mbox(place: &Place) -> MailboxError {
    MailboxError::Protocol {
        what: format!("{} is not an mbox", place.what()),
        hint: Some(
            "an mbox begins with \"From \"; for one mail to a file set `type = \"directory\"`".to_owned(),
        ),
        source: None,
    }
}

fn rewriting(place: &Place, error: io::Error) -> MailboxError {
    if error.kind() == io::ErrorKind::ResourceBusy {
        let hint = "a program writes to it without locking it".to_owned();
        return MailboxError::Locked { what: place.what(), hint: Some(hint), source: None };
    }
    let hint = if error.kind() == io::ErrorKind::PermissionDenied {
        "the mbox is whole: its copy must get its owner and group; run as its owner and a member of its group, \
         or set the dispositions to \"keep\""
    } else {
        "rewriting failed, but the mbox is whole; see the cause with -v"
    };
    place.refused(hint, Some(error))
}

impl Reader for Mbox {
    fn account(&self) -> String {
        self.place.account()
    }

    fn folders(&self) -> Vec<String> {
        vec![self.place.folder()]
    }

    fn open(&mut self, folder: &str) -> Result<(), MailboxError> {
        self.place.expect_folder(folder)?;
        self.session = None;
        let path = self.place.path();
        let path = path.canonicalize().map_err(|error| self.place.failed(path, error))?;
        let locked = LockedFile::open(&self.place, &path, self.access, self.wait)?;
        self.session = Some(Session { path, locked, state: State::Opened, listed: None });
        Ok(())
    }

    fn list(&mut self, settled: Option<&Watermark>) -> Result<Listing, MailboxError> {
        let place = self.place.clone();
        let session = self.session()?;
        let metadata = session.locked.file.metadata().map_err(|error| place.failed(&session.path, error))?;
        let stamp = Stamp::of(&metadata);
        session.listed = Some(stamp);
        if let Some(there) = settled.and_then(|settled| stamp.count(settled)) {
            session.state = State::Unchanged(stamp, there);
            return Ok(Listing { there, ..Listing::default() });
        }
        self.read()?;
        let State::Indexed(_, index) = &self.session()?.state else { return Ok(Listing::default()) };
        let items: Vec<Listed> = index.entries().iter().map(|entry| entry.listed.clone()).collect();
        Ok(Listing { there: count(&items), items, deleted: Vec::new() })
    }

    fn fetch(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError> {
        let max = self.max_message_size;
        let place = self.place.clone();
        self.read()?;
        let session = self.session()?;
        let State::Indexed(_, index) = &session.state else { return Ok(Vec::new()) };
        let mut fetched = Vec::with_capacity(items.len());
        for listed in items {
            for entry in index.find(std::iter::once(&listed.key)) {
                let (bytes, extent) = index::read(&session.locked.file, entry, max)
                    .map_err(|error| place.failed(&session.path, error))?;
                fetched.push(Fetched { listed: listed.clone(), bytes, extent });
            }
        }
        Ok(fetched)
    }

    /// Says that all is settled in the file as it is now; while something is open there is nothing to remember.
    fn watermark(&self, first_open: Option<&ItemKey>) -> Option<Watermark> {
        let session = self.session.as_ref().filter(|_| first_open.is_none())?;
        let (stamp, there) = match &session.state {
            State::Opened => return None,
            State::Unchanged(stamp, there) => (*stamp, *there),
            State::Indexed(stamp, index) => (*stamp, count(index.entries())),
        };
        (session.listed == Some(stamp)).then(|| stamp.watermark(there))
    }

    /// All or nothing: a watermark speaks of one state of the file.
    fn has_passed(&self, settled: &Watermark, _item: &ItemKey) -> bool {
        let listed = self.session.as_ref().and_then(|session| session.listed);
        listed.is_some_and(|stamp| stamp.count(settled).is_some())
    }

    fn bears_another(&self) -> bool {
        false
    }

    fn target(&mut self, _folder: &str) -> Result<(), MailboxError> {
        Err(self.place.refused(ONLY_DELETED, None))
    }

    fn capabilities(&mut self) -> Result<Vec<String>, MailboxError> {
        Ok(["mboxrd", "mboxcl2", "fcntl", "dotlock", "delete"].map(str::to_owned).to_vec())
    }
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

impl Mailbox for Mbox {
    fn acknowledge(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        let mut gone = Vec::new();
        for item in items {
            match item.disposition {
                Disposition::Keep => {}
                Disposition::Delete => gone.push(&item.key),
                Disposition::Seen | Disposition::Move(_) => {
                    return Err(self.place.refused(ONLY_DELETED, None));
                }
            }
        }
        if !gone.is_empty() {
            self.remove(&gone)?;
        }
        Ok(items.iter().map(|item| item.key.clone()).collect())
    }

    /// Ends the locks.
    fn close(&mut self) -> Result<Vec<ItemKey>, MailboxError> {
        self.session = None;
        Ok(Vec::new())
    }
}
