//! A directory in which every file is a message.
//!
//! Regular files count, but for those whose name begins with a dot; sub-directories, symbolic links, FIFOs and the like
//! do not. The order is that of the names: times are lost by copies and checkouts. An item is its name and the SHA-256
//! of its content, so each listing reads every file; a file that changes is another item. Whoever puts files here writes
//! them under a name with a dot first and renames them when they are whole.
//!
//! A file that cannot be read is listed as `NAME:unreadable` and fetched as nothing: it is put off alone, and is
//! another item once it can be read, which takes the place of the first.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::files::{self, Place};
use super::{Mailbox, MailboxError, Reader};
use crate::model::ids::Digest;
use crate::model::item::{
    Acknowledgement, Disposition, Extent, Fetched, ItemKey, Listed, Listing, Watermark,
};

/// Stands in a key for a digest, and is none.
const UNREADABLE: &str = "unreadable";

/// A directory of mails.
#[derive(Debug)]
pub struct Directory {
    place: Place,
    max_message_size: u64,
}

impl Directory {
    /// The directory at `path`; of messages over `max_message_size` octets the beginning is read.
    pub fn new(path: &Path, max_message_size: u64) -> Self {
        Self { place: Place::new("directory", path), max_message_size }
    }

    fn names(&self) -> Result<Vec<OsString>, MailboxError> {
        let entries = fs::read_dir(self.place.path()).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut names: Vec<OsString> = entries
            .map_err(|error| self.place.failed(self.place.path(), error))?
            .into_iter()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .map(|entry| entry.file_name())
            .filter(|name| !name.as_bytes().starts_with(b"."))
            .collect();
        names.sort();
        Ok(names)
    }

    /// The path of an item if its content is still the one it is named for.
    fn locate(&self, key: &ItemKey) -> Result<Option<PathBuf>, MailboxError> {
        let Some((name, digest)) = key.0.rsplit_once(':') else { return Ok(None) };
        let Some(path) = self.path_of(name)? else { return Ok(None) };
        Ok(self.content(&path)?.filter(|content| content == digest).map(|_| path))
    }

    /// The digest as it stands in a key; `None` if the file is gone.
    fn content(&self, path: &Path) -> Result<Option<String>, MailboxError> {
        match files::digest(path) {
            Ok(digest) => Ok(Some(digest.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if files::is_unreadable(&error) => Ok(Some(UNREADABLE.to_owned())),
            Err(error) => Err(self.place.failed(path, error)),
        }
    }

    /// The octets of an item if they are still those it is named for.
    fn read(&self, key: &ItemKey) -> Result<Option<(Vec<u8>, Extent)>, MailboxError> {
        let Some((name, digest)) = key.0.rsplit_once(':') else { return Ok(None) };
        let Some(path) = self.path_of(name)? else { return Ok(None) };
        let read = files::open_regular(&path).and_then(|file| files::read(&file, self.max_message_size));
        let (bytes, extent) = match files::or_unreadable(read) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.place.failed(&path, error)),
        };
        let now = match extent {
            Extent::Whole => Some(Digest(Sha256::digest(&bytes).into()).to_string()),
            Extent::Beginning | Extent::Nothing { .. } => self.content(&path)?,
        };
        Ok(now.filter(|now| now == digest).map(|_| (bytes, extent)))
    }

    fn path_of(&self, name: &str) -> Result<Option<PathBuf>, MailboxError> {
        let path = self.place.path().join(name);
        if path.parent() == Some(self.place.path()) && path.symlink_metadata().is_ok() {
            return Ok(Some(path));
        }
        // It may be one whose name is not UTF-8.
        let names = if name.contains("\\x") { self.names()? } else { Vec::new() };
        let found = names.iter().find(|candidate| files::name_text(candidate) == name);
        Ok(found.map(|found| self.place.path().join(found)))
    }

    fn tell(&self, item: &Acknowledgement) -> Result<(), MailboxError> {
        let Some(path) = self.locate(&item.key)? else { return Ok(()) };
        // Nobody knows what is in it.
        if item.key.0.ends_with(UNREADABLE) {
            return Ok(());
        }
        let done = match &item.disposition {
            Disposition::Keep => Ok(()),
            Disposition::Seen => {
                return Err(self.place.refused(
                    "files cannot be marked; use \"keep\", \"delete\" or \"move:DIRECTORY\"",
                    None,
                ));
            }
            Disposition::Delete => fs::remove_file(&path),
            Disposition::Move(folder) => {
                let target = self.sub_directory(folder)?;
                let name = path.file_name().unwrap_or_default();
                files::move_into(&path, &target, name, OsStr::new("")).map(drop)
            }
        };
        match done {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.place.failed(&path, error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn sub_directory(&self, name: &str) -> Result<PathBuf, MailboxError> {
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return Err(self.place.refused(format!("{name:?} cannot be the name of a sub-directory"), None));
        }
        let path = self.place.path().join(name);
        // Not followed: a link would lead out of the mailbox.
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Ok(path);
        }
        Err(self.place.refused(format!("create the sub-directory {name:?}"), None))
    }
}

impl Reader for Directory {
    fn account(&self) -> String {
        self.place.account()
    }

    fn folders(&self) -> Vec<String> {
        vec![self.place.folder()]
    }

    fn open(&mut self, folder: &str) -> Result<(), MailboxError> {
        self.place.expect_folder(folder)?;
        fs::read_dir(self.place.path()).map(drop).map_err(|error| self.place.failed(self.place.path(), error))
    }

    fn list(&mut self, _settled: Option<&Watermark>) -> Result<Listing, MailboxError> {
        let mut items = Vec::new();
        for name in self.names()? {
            let path = self.place.path().join(&name);
            let metadata = match path.symlink_metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(self.place.failed(&path, error)),
            };
            let Some(content) = self.content(&path)? else { continue };
            items.push(Listed {
                key: ItemKey(format!("{}:{content}", files::name_text(&name))),
                size: Some(metadata.len()),
                arrived: files::modified(&metadata),
            });
        }
        Ok(Listing { there: u64::try_from(items.len()).unwrap_or(u64::MAX), items, deleted: Vec::new() })
    }

    fn unread_key(&self, key: &ItemKey) -> Option<ItemKey> {
        let (name, content) = key.0.rsplit_once(':')?;
        (content != UNREADABLE).then(|| ItemKey(format!("{name}:{UNREADABLE}")))
    }

    /// Leaves out what has another content than it was listed with: it is another item.
    fn fetch(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError> {
        let mut fetched = Vec::with_capacity(items.len());
        for listed in items {
            if let Some((bytes, extent)) = self.read(&listed.key)? {
                fetched.push(Fetched { listed: listed.clone(), bytes, extent });
            }
        }
        Ok(fetched)
    }

    /// None: only reading tells whether a file has changed.
    fn watermark(&self, _first_open: Option<&ItemKey>) -> Option<Watermark> {
        None
    }

    fn target(&mut self, folder: &str) -> Result<(), MailboxError> {
        self.sub_directory(folder).map(drop)
    }

    fn capabilities(&mut self) -> Result<Vec<String>, MailboxError> {
        Ok(["files", "delete", "move"].map(str::to_owned).to_vec())
    }
}

impl Mailbox for Directory {
    /// Tries every item even if one fails; the first failure is then the answer, and what was done is told again.
    fn acknowledge(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        let mut told = Vec::with_capacity(items.len());
        let mut trouble = None;
        for item in items {
            match self.tell(item) {
                Ok(()) => told.push(item.key.clone()),
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        files::sync_directory(self.place.path())
            .map_err(|error| self.place.failed(self.place.path(), error))?;
        trouble.map_or(Ok(told), Err)
    }

    fn close(&mut self) -> Result<Vec<ItemKey>, MailboxError> {
        Ok(Vec::new())
    }
}
