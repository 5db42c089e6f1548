//! Writes a refresh token back to the file that it came from.

use std::fs;
use std::io;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::transport::files;

/// Replaces the file, which must be there, in one step and readable by its owner alone; a link is followed.
///
/// On error the file is as it was.
pub(super) fn keep(path: &Path, token: &SecretString) -> io::Result<()> {
    let line = SecretString::from(format!("{}\n", token.expose_secret()));
    files::replace(&fs::canonicalize(path)?, line.expose_secret().as_bytes(), 0o600)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn the_file_is_replaced_behind_its_link_and_nobody_else_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("token"), directory.path().join("link"));
        fs::write(&file, "old\n").unwrap();
        symlink(&file, &link).unwrap();
        keep(&link, &SecretString::from("new")).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
        assert!(keep(&directory.path().join("none"), &SecretString::from("x")).is_err());
    }
}
