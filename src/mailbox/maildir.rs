//! Maildir: `new/` and `cur/`, a file for each message, no locks (cr.yp.to/proto/maildir.html).
//!
//! An item is known by its file name before `:`; flags and the move from `new/` to `cur/` by another program do not
//! make it another item. Read for listing, nothing is renamed or created. Sub-folders are those of Maildir++: `.FOLDER`,
//! named as on disk, a `/` written `.`; modified UTF-7 is not undone.
//!
//! A file that cannot be read is fetched as nothing, so that it is put off alone and is never deleted.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::files::{self, Place};
use super::{Mailbox, MailboxError, Reader};
use crate::model::item::{Acknowledgement, Disposition, Fetched, ItemKey, Listed, Listing, Watermark};

const NO_MAILDIR: &str =
    "a Maildir has the sub-directories cur, new and tmp; for plain files of mail set `type = \"directory\"`";

/// A Maildir and where its files were seen last.
#[derive(Debug)]
pub struct Maildir {
    place: Place,
    max_message_size: u64,
    seen: HashMap<ItemKey, Seen>,
    scanned: Scanned,
}

/// Whether unknown keys are worth another look within one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scanned {
    Before,
    InThisCall,
}

#[derive(Debug, Clone)]
struct Seen {
    path: PathBuf,
    size: u64,
    arrived: Option<Timestamp>,
    trashed: bool,
}

impl Maildir {
    /// The Maildir at `path`; of messages over `max_message_size` octets the beginning is read.
    pub fn new(path: &Path, max_message_size: u64) -> Self {
        Self {
            place: Place::new("maildir", path),
            max_message_size,
            seen: HashMap::new(),
            scanned: Scanned::Before,
        }
    }

    /// Looks at all files again. `new/` comes first: what moves to `cur/` meanwhile is then seen at least once.
    fn scan(&mut self) -> Result<(), MailboxError> {
        self.seen.clear();
        self.scanned = Scanned::InThisCall;
        for part in ["new", "cur"] {
            let directory = self.place.path().join(part);
            self.scan_part(&directory).map_err(|error| self.place.failed(&directory, error))?;
        }
        Ok(())
    }

    fn scan_part(&mut self, directory: &Path) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            // A link is not followed.
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if metadata.is_file() && !name.as_bytes().starts_with(b".") {
                let (unique, flags) = parts(&name);
                let seen = Seen {
                    path: entry.path(),
                    size: metadata.len(),
                    arrived: files::modified(&metadata),
                    trashed: flags.contains(&b'T'),
                };
                self.seen.insert(ItemKey(files::name_text(unique)), seen);
            }
        }
        Ok(())
    }

    /// Runs `act` on the item's file, once more where another program has renamed it; `None` if it is gone.
    fn at<T>(
        &mut self,
        key: &ItemKey,
        act: impl Fn(&Path) -> io::Result<T>,
    ) -> Result<Option<io::Result<T>>, MailboxError> {
        if let Some(seen) = self.seen.get(key) {
            match act(&seen.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => return Ok(Some(result)),
            }
        } else if self.scanned == Scanned::InThisCall {
            return Ok(None);
        }
        self.scan()?;
        let result = self.seen.get(key).map(|seen| act(&seen.path));
        Ok(result.filter(|result| !matches!(result, Err(error) if error.kind() == io::ErrorKind::NotFound)))
    }

    fn tell(&mut self, item: &Acknowledgement) -> Result<(), MailboxError> {
        let target = match &item.disposition {
            Disposition::Keep => return Ok(()),
            Disposition::Delete => {
                let removed = self.at(&item.key, |path| fs::remove_file(path))?;
                return self.told(removed, &item.key);
            }
            Disposition::Seen => self.place.path().join("cur"),
            Disposition::Move(folder) => self.sub_folder(folder)?,
        };
        let read = item.disposition == Disposition::Seen;
        let moved = self.at(&item.key, |path| file_as(path, &target, read))?;
        self.told(moved.map(|result| result.map(drop)), &item.key)
    }

    fn told(&mut self, result: Option<io::Result<()>>, key: &ItemKey) -> Result<(), MailboxError> {
        match (result, self.seen.remove(key)) {
            (Some(Err(error)), seen) => {
                let path = seen.map_or_else(|| self.place.path().to_owned(), |seen| seen.path);
                Err(self.place.failed(&path, error))
            }
            (Some(Ok(())) | None, _) => Ok(()),
        }
    }

    /// The `cur/` of a Maildir++ sub-folder that is there.
    fn sub_folder(&self, folder: &str) -> Result<PathBuf, MailboxError> {
        let name = folder.strip_prefix('.').unwrap_or(folder).replace('/', ".");
        if name.split('.').any(str::is_empty) || name.contains('\0') {
            return Err(self.place.refused(format!("{folder:?} cannot be the name of a folder"), None));
        }
        let cur = self.place.path().join(format!(".{name}")).join("cur");
        if cur.is_dir() {
            return Ok(cur);
        }
        Err(self.place.refused(format!("create the folder {folder:?}: {cur:?} is not there"), None))
    }
}

/// Gives a file its place among the read ones of `directory`, a `cur/`; there already, it stays.
fn file_as(path: &Path, directory: &Path, read: bool) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default();
    let (unique, flags) = parts(name);
    let mut flags = flags.to_vec();
    if read {
        flags.push(b'S');
    }
    flags.sort_unstable();
    flags.dedup();
    let mut suffix = OsString::from(":2,");
    suffix.push(OsStr::from_bytes(&flags));
    let mut wanted = unique.to_owned();
    wanted.push(&suffix);
    if path == directory.join(wanted) {
        return Ok(());
    }
    match files::move_into(path, directory, unique, &suffix) {
        // It has no room for flags and keeps the name it has.
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => as_it_is(path, directory),
        result => result.map(drop),
    }
}

fn as_it_is(path: &Path, directory: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default();
    if path == directory.join(name) {
        return Ok(());
    }
    files::move_into(path, directory, name, OsStr::new("")).map(drop)
}

/// The unique part of a file name and its flags.
fn parts(name: &OsStr) -> (&OsStr, &[u8]) {
    let bytes = name.as_bytes();
    let Some((unique, info)) = memchr::memchr(b':', bytes).and_then(|colon| bytes.split_at_checked(colon))
    else {
        return (name, b"");
    };
    (OsStr::from_bytes(unique), info.strip_prefix(b":2,").unwrap_or(b""))
}

impl Reader for Maildir {
    fn account(&self) -> String {
        self.place.account()
    }

    fn folders(&self) -> Vec<String> {
        vec![self.place.folder()]
    }

    fn open(&mut self, folder: &str) -> Result<(), MailboxError> {
        self.place.expect_folder(folder)?;
        self.seen.clear();
        fs::read_dir(self.place.path()).map_err(|error| self.place.failed(self.place.path(), error))?;
        for part in ["new", "cur"] {
            let directory = self.place.path().join(part);
            fs::read_dir(&directory).map_err(|error| {
                if error.kind() == io::ErrorKind::NotFound {
                    return self.place.refused(NO_MAILDIR, Some(error));
                }
                self.place.failed(&directory, error)
            })?;
        }
        Ok(())
    }

    fn list(&mut self, _settled: Option<&Watermark>) -> Result<Listing, MailboxError> {
        self.scan()?;
        let (trashed, kept): (Vec<_>, Vec<_>) = self.seen.iter().partition(|(_, seen)| seen.trashed);
        let listed = |(key, seen): (&ItemKey, &Seen)| Listed {
            key: key.clone(),
            size: Some(seen.size),
            arrived: seen.arrived,
        };
        let mut items: Vec<Listed> = kept.into_iter().map(listed).collect();
        items.sort_by(|a, b| (a.arrived, &a.key).cmp(&(b.arrived, &b.key)));
        let mut deleted: Vec<ItemKey> = trashed.into_iter().map(|(key, _)| key.clone()).collect();
        deleted.sort();
        Ok(Listing { there: u64::try_from(items.len()).unwrap_or(u64::MAX), items, deleted })
    }

    fn fetch(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError> {
        let max = self.max_message_size;
        self.scanned = Scanned::Before;
        let mut fetched = Vec::with_capacity(items.len());
        for listed in items {
            let read = self
                .at(&listed.key, |path| files::open_regular(path).and_then(|file| files::read(&file, max)))?;
            if let Some(result) = read {
                let (bytes, extent) = files::or_unreadable(result)
                    .map_err(|error| self.place.failed(self.place.path(), error))?;
                fetched.push(Fetched { listed: listed.clone(), bytes, extent });
            }
        }
        Ok(fetched)
    }

    /// None: a directory's time does not tell of every change that matters, and listing is cheap.
    fn watermark(&self, _first_open: Option<&ItemKey>) -> Option<Watermark> {
        None
    }

    fn target(&mut self, folder: &str) -> Result<(), MailboxError> {
        self.sub_folder(folder).map(drop)
    }

    fn capabilities(&mut self) -> Result<Vec<String>, MailboxError> {
        Ok(["Maildir++", "seen", "delete", "move"].map(str::to_owned).to_vec())
    }
}

impl Mailbox for Maildir {
    /// Tries every item even if one fails; the first failure is then the answer, and what was done is told again.
    fn acknowledge(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        let mut told = Vec::with_capacity(items.len());
        let mut trouble = None;
        self.scanned = Scanned::Before;
        for item in items {
            match self.tell(item) {
                Ok(()) => told.push(item.key.clone()),
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        for part in ["new", "cur"] {
            let directory = self.place.path().join(part);
            files::sync_directory(&directory).map_err(|error| self.place.failed(&directory, error))?;
        }
        trouble.map_or(Ok(told), Err)
    }

    fn close(&mut self) -> Result<Vec<ItemKey>, MailboxError> {
        self.seen.clear();
        Ok(Vec::new())
    }
}
