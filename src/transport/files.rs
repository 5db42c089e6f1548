//! Files that come whole or not at all: renames that never overwrite, and directories that last.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;

/// Half a file that is so old is nobody's any more.
const LEFT: Duration = Duration::from_secs(3600);

/// Renames, unless something already has the new name.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Old kernels and some network file systems do not know the flag.
            Err(Errno::INVAL | Errno::NOSYS) => {}
            other => return other.map_err(io::Error::from),
        }
    }
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Replaces a file in one step, with this mode whatever the umask says; on error it is as it was.
///
/// A link is followed, and what it points to replaced.
pub(crate) fn replace(path: &Path, octets: &[u8], mode: u32) -> io::Result<()> {
    let path = match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::path::absolute(path)?,
        other => other?,
    };
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidFilename.into());
    };
    let mut new = OsString::from(".");
    new.push(name);
    new.push(format!(".{}.new", std::process::id()));
    let new = directory.join(new);
    let written = write_new(&new, octets, mode).and_then(|()| fs::rename(&new, &path));
    if written.is_err() {
        // Half a file is worth nothing; that it is not there is as good.
        let _ = fs::remove_file(&new);
    }
    sweep(directory, name);
    written.and_then(|()| sync_directory(directory))
}

/// Removes what killed processes have left of replacing this file, so that it does not heap up where every run writes one.
///
/// What is younger than an hour may be another's that is at it; what cannot be removed is in nobody's way.
fn sweep(directory: &Path, name: &OsStr) {
    let begin = format!(".{}.", name.to_string_lossy());
    let is_left = |entry: &fs::DirEntry| {
        let found = entry.file_name();
        let number = found.to_str().and_then(|found| found.strip_prefix(&begin)?.strip_suffix(".new"));
        let is_ours = number.is_some_and(|number| number.parse::<u32>().is_ok());
        is_ours
            && entry
                .metadata()
                .and_then(|it| it.modified())
                .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LEFT))
    };
    for entry in fs::read_dir(directory).into_iter().flatten().flatten().filter(is_left) {
        let _ = fs::remove_file(entry.path());
    }
}

fn write_new(path: &Path, octets: &[u8], mode: u32) -> io::Result<()> {
    // What a dead process of the same number left is in nobody's way.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode & 0o600).open(path)?;
    file.write_all(octets)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.sync_all()
}

/// Makes renames and removals in a directory last.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        // Some network file systems cannot; what was told is then told again after a crash.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn what_a_killed_process_left_is_swept_up_once_it_is_old() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let old = std::time::SystemTime::now() - Duration::from_secs(3700);
        for name in [".a.1.new", ".a.b.new", ".ab.1.new", "a.1.new", ".a.2.old"] {
            File::create(path(name)).unwrap().set_modified(old).unwrap();
        }
        fs::write(path(".a.2.new"), "another's, who is at it").unwrap();
        replace(&path("a"), b"new", 0o600).unwrap();
        let mut left: Vec<String> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [".a.2.new", ".a.2.old", ".a.b.new", ".ab.1.new", "a", "a.1.new"]);
    }

    #[test]
    fn a_file_is_replaced_behind_its_link_and_nobody_else_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, b"new", 0o600).unwrap();
        replace(&directory.path().join("other"), b"another", 0o600).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("file/within")).unwrap();
        for path in ["file", "none/file"] {
            assert!(replace(&directory.path().join(path), b"new", 0o600).is_err(), "{path}");
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
