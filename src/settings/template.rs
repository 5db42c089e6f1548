//! The configuration that `init` writes: valid as it stands, with every key in it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::model::trouble::{ErrorCode, Trouble};

/// A commented configuration.
pub fn template() -> &'static str {
    include_str!("template.toml")
}

/// Writes the template to a new file that only its owner may read.
///
/// Errors: `output.exists`, `output.io`; on error nothing is left behind.
pub fn init(file: &Path) -> Result<(), Trouble> {
    let trouble = |cause: io::Error| refusal(file, &cause).because(cause);
    let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(trouble)?;
    open.write_all(template().as_bytes()).and_then(|()| open.sync_all()).map_err(|cause| {
        // Half a configuration would stand in the way of the next attempt.
        let _ = std::fs::remove_file(file);
        trouble(cause)
    })
}

fn refusal(file: &Path, cause: &io::Error) -> Trouble {
    let shown = file.display();
    if cause.kind() == io::ErrorKind::AlreadyExists {
        return Trouble::new(ErrorCode::OutputExists, format!("{shown} is already there"))
            .hint("nothing was changed; `--output FILE` names another");
    }
    let trouble = Trouble::new(ErrorCode::OutputIo, format!("cannot write {shown}"));
    match file.parent() {
        Some(parent) if cause.kind() == io::ErrorKind::NotFound => {
            trouble.hint(format!("mkdir -p {}", parent.display()))
        }
        _ => trouble,
    }
}
