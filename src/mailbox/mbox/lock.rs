//! The two locks of an mbox: fcntl on the file and `PATH.lock` beside it.
//!
//! fcntl first, then the dotlock, neither waited for while the other is held, so that programs with another order do not
//! deadlock with us. A reader takes the shared fcntl lock and waits while there is a dotlock, but makes none. Without
//! write permission for the file or its directory the mailbox is read under what locks can be had, and cannot be rewritten.
//!
//! Limits: fcntl locks belong to the process and end when it closes any handle of the file; one mbox must not be
//! opened twice in one process. `flock` is not heeded.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::mailbox::files::{self, Place};
use crate::mailbox::{Access, MailboxError};

const PAUSE: Duration = Duration::from_millis(100);
/// A foreign dotlock is taken over only if it is older than this and its process is gone.
const STALE: Duration = Duration::from_secs(300);
/// Marks our own dotlocks, with the boot they were made in.
const MARK: &str = "helpdesk-mail";

/// An mbox file that is locked until this is dropped.
#[derive(Debug)]
pub(super) struct LockedFile {
    /// The file; a second handle of it must not be opened, for closing that would end the lock.
    pub file: File,
    dotlock: Option<DotLock>,
}

impl LockedFile {
    /// Opens and locks the file at `path`, waiting at most `wait` for others.
    pub(super) fn open(
        place: &Place,
        path: &Path,
        access: Access,
        wait: Duration,
    ) -> Result<Self, MailboxError> {
        let deadline = Instant::now() + wait;
        loop {
            if let Some(locked) = try_open(path, access).map_err(|error| place.failed(path, error))? {
                return Ok(locked);
            }
            if Instant::now() >= deadline {
                return Err(MailboxError::Locked {
                    what: place.what(),
                    hint: Some(format!(
                        "another program reads or delivers; if none does, remove {:?}",
                        dot(path)
                    )),
                    source: None,
                });
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Whether both locks are held, as rewriting asks for.
    pub(super) fn is_exclusive(&self) -> bool {
        self.dotlock.is_some()
    }

    /// Puts a new file in place of the old one, whose lock ends.
    pub(super) fn replace(&mut self, file: File) {
        self.file = file;
    }
}

/// Locks a file that nobody else knows yet.
pub(super) fn lock_new(file: &File) -> io::Result<()> {
    fcntl_lock(file, FlockOperation::NonBlockingLockExclusive).map_err(io::Error::from)
}

fn try_open(path: &Path, access: Access) -> io::Result<Option<LockedFile>> {
    // A FIFO would block in open().
    if !path.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let (file, access) = match access {
        Access::ReadOnly => (File::open(path)?, Access::ReadOnly),
        Access::ReadWrite => match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => (file, Access::ReadWrite),
            Err(error) if is_denied(&error) => (File::open(path)?, Access::ReadOnly),
            Err(error) => return Err(error),
        },
    };
    let operation = match access {
        Access::ReadOnly => FlockOperation::NonBlockingLockShared,
        Access::ReadWrite => FlockOperation::NonBlockingLockExclusive,
    };
    match fcntl_lock(&file, operation) {
        Ok(()) => {}
        Err(Errno::AGAIN | Errno::ACCESS) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // It may have been replaced between open and lock.
    if !is_same(&file.metadata()?, &path.metadata()?) {
        return Ok(None);
    }
    let lock = dot(path);
    let dotlock = match access {
        Access::ReadOnly if DotState::of(&lock)? == DotState::Held => return Ok(None),
        Access::ReadOnly => None,
        Access::ReadWrite => match DotLock::take(&lock) {
            Ok(Some(taken)) => Some(taken),
            Ok(None) => return Ok(None),
            Err(error) if is_denied(&error) && DotState::of(&lock)? == DotState::Held => return Ok(None),
            Err(error) if is_denied(&error) => None,
            Err(error) => return Err(error),
        },
    };
    Ok(Some(LockedFile { file, dotlock }))
}

fn is_denied(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

fn is_same(a: &Metadata, b: &Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

fn dot(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// A `PATH.lock` of ours; removed when dropped.
#[derive(Debug)]
struct DotLock {
    path: PathBuf,
    made: Metadata,
}

impl DotLock {
    /// Makes the lock; `None` while another program has it. The fcntl lock is held meanwhile.
    fn take(path: &Path) -> io::Result<Option<Self>> {
        match DotState::of(path)? {
            DotState::Held => return Ok(None),
            DotState::Stale => fs::remove_file(path)?,
            DotState::Free => {}
        }
        // Written beside and linked: who dies here leaves no lock that nobody can say the owner of.
        let draft = Draft::write(path)?;
        match fs::hard_link(&draft.path, path) {
            Ok(()) => Ok(Some(Self { path: path.to_owned(), made: draft.made.clone() })),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) if is_denied(&error) || error.kind() == io::ErrorKind::Unsupported => {
                Self::take_without_links(path)
            }
            Err(error) => Err(error),
        }
    }

    /// For file systems that know no hard links.
    fn take_without_links(path: &Path) -> io::Result<Option<Self>> {
        match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(mut file) => {
                let lock = Self { path: path.to_owned(), made: file.metadata()? };
                writeln!(file, "{}", text())?;
                Ok(Some(lock))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What stands in our dotlocks.
fn text() -> String {
    format!("{}\n{MARK} {}", std::process::id(), boot().unwrap_or_default())
}

/// The text of a dotlock under another name; removed when dropped. Only who holds the fcntl lock writes one.
struct Draft {
    path: PathBuf,
    made: Metadata,
}

impl Draft {
    fn write(lock: &Path) -> io::Result<Self> {
        let named = |end: &str| {
            let mut name = lock.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        let mut path = named(".helpdesk-mail");
        // One that a dead run left; another user's may not be removable.
        if fs::remove_file(&path).is_err_and(|error| error.kind() != io::ErrorKind::NotFound) {
            path = named(&format!(".helpdesk-mail.{}", std::process::id()));
        }
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let draft = Self { made: file.metadata()?, path };
        writeln!(file, "{}", text())?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Drop for DotLock {
    fn drop(&mut self) {
        // Who took it over after a long standstill keeps it.
        if self.path.symlink_metadata().is_ok_and(|now| is_same(&now, &self.made)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A dotlock as it is found while the fcntl lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DotState {
    Free,
    Held,
    Stale,
}

impl DotState {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Free),
            Err(error) => return Err(error),
        };
        // Without a process to ask after, it is believed for ever.
        let Ok(text) = content(path) else { return Ok(Self::Held) };
        let mut lines = text.lines();
        let pid = lines.next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw);
        let dead = pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH));
        // One of ours, of this very kernel, would hold the fcntl lock too if it lived.
        let mark = boot().map(|boot| format!("{MARK} {boot}"));
        let ours = mark.is_some() && lines.next() == mark.as_deref();
        let age = SystemTime::now().duration_since(metadata.modified()?).unwrap_or_default();
        Ok(if dead && (ours || age > STALE) { Self::Stale } else { Self::Held })
    }
}

fn content(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    files::open_regular(path)?.take(200).read_to_string(&mut text)?;
    Ok(text)
}

/// Names the running kernel, where it has a name.
fn boot() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|text| text.trim().to_owned())
}
