//! Reads the file, if nobody but its owner, root or we, may have written it.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::problem::Invalid;
use crate::model::trouble::ErrorCode;

/// Larger than any configuration; a device without an end stops here.
const LIMIT: u64 = 4_000_000;

/// The octets of a configuration and who may read them.
pub(super) struct Source {
    pub(super) bytes: Vec<u8>,
    pub(super) readers: Readers,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Its owner and perhaps its group.
    Few,
    /// Everyone on the machine.
    Everyone,
}

impl Readers {
    pub(super) fn of(metadata: &Metadata) -> Self {
        if metadata.mode() & 0o004 == 0 { Self::Few } else { Self::Everyone }
    }
}

/// Reads a configuration. Errors: `config.missing`, `config.permissions`, and `config.invalid` if it is too large.
pub(super) fn read(file: &Path) -> Result<Source, Invalid> {
    let unreadable = |cause: io::Error| {
        let what = if cause.kind() == io::ErrorKind::NotFound {
            "there is no such file"
        } else if cause.kind() == io::ErrorKind::PermissionDenied {
            "we may not read it"
        } else {
            "it cannot be read"
        };
        Invalid::whole(file, ErrorCode::ConfigMissing, what).because(cause)
    };
    let mut open = File::open(file).map_err(unreadable)?;
    // The metadata of what is open, so that nothing can be put in its place in between.
    let metadata = open.metadata().map_err(unreadable)?;
    if let Some(what) = distrust(metadata.uid(), metadata.mode(), rustix::process::geteuid().as_raw()) {
        return Err(Invalid::whole(file, ErrorCode::ConfigPermissions, what));
    }
    let mut bytes = Vec::new();
    Read::by_ref(&mut open).take(LIMIT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LIMIT {
        return Err(Invalid::whole(file, ErrorCode::ConfigInvalid, "larger than 4MB: not a configuration"));
    }
    Ok(Source { bytes, readers: Readers::of(&metadata) })
}

/// Why a file of that owner and mode is not to be believed by the user `we`.
fn distrust(owner: u32, mode: u32, we: u32) -> Option<String> {
    if owner != 0 && owner != we {
        return Some(format!("refused: it belongs to user {owner}, neither to root nor to us (user {we})"));
    }
    (mode & 0o022 != 0).then(|| format!("refused: others may write it (mode {:04o})", mode & 0o7777))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_others_may_write_or_own_is_not_believed() {
        let table = [
            (0, 0o100_644, None),
            (7, 0o100_600, None),
            (7, 0o100_640, None),
            (7, 0o100_660, Some("refused: others may write it (mode 0660)")),
            (0, 0o100_602, Some("refused: others may write it (mode 0602)")),
            (8, 0o100_600, Some("refused: it belongs to user 8, neither to root nor to us (user 7)")),
        ];
        for (owner, mode, expected) in table {
            assert_eq!(distrust(owner, mode, 7).as_deref(), expected, "{owner} {mode:o}");
        }
        assert!(distrust(7, 0o100_600, 0).is_some(), "root believes only root");
    }
}
