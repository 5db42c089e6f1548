//! `[metrics] textfile`: the metrics as a file that node_exporter's textfile collector reads.
//!
//! It is replaced in one step, so that a reader sees the old one or the new one, and everybody may read it: node_exporter
//! is another user, and the numbers name nobody but mailboxes.

use std::path::Path;

use crate::model::trouble::{ErrorCode, Trouble};
use crate::settings::Settings;
use crate::transport::files;

use super::{look, metrics};

/// Writes the file, if one is configured. Trouble with it is a line in the log: it changes nothing of a run.
pub(crate) fn write(settings: &Settings) {
    let Some(path) = &settings.textfile else { return };
    let written = look(settings).and_then(|status| replace(path, metrics::of(&status).as_bytes()));
    if let Err(trouble) = written {
        log::warn!("metrics are not written: {}", trouble.with_causes());
    }
}

/// Warns of a file that no run could write.
pub(crate) fn check(settings: &Settings) {
    let directory = settings.textfile.as_deref().and_then(Path::parent);
    if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
        log::warn!("metrics.textfile: there is no directory {}", directory.display());
    }
}

fn replace(path: &Path, octets: &[u8]) -> Result<(), Trouble> {
    files::replace(path, octets, 0o644).map_err(|error| {
        Trouble::new(ErrorCode::OutputIo, format!("cannot write {}", path.display()))
            .hint("the directory of \"textfile\" in [metrics] must be there, have room, and be writable")
            .because(error)
    })
}
