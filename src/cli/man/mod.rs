//! `helpdesk-mail man`: the man pages.

mod meanings;
mod page;

use std::path::PathBuf;

use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};

use super::context::Context;
use super::output::escape;

pub use page::helpdesk_mail;

/// Print the man page, or write all man pages to a directory
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The directory; pages that are there are replaced
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// The pages that are written by hand, by file name.
const BY_HAND: &[(&str, &str)] = &[
    ("helpdesk-mail.toml.5", include_str!("../../../man/helpdesk-mail.toml.5")),
    ("helpdesk-mail-schema.5", include_str!("../../../man/helpdesk-mail-schema.5")),
];

/// Prints or writes them.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let Some(directory) = &args.output else {
        context.out.bytes(helpdesk_mail().as_bytes());
        return Ok(Exit::Ok);
    };
    let unwritable = |path: &PathBuf, error: std::io::Error| {
        Trouble::new(ErrorCode::OutputIo, format!("cannot write {}", path.display())).because(error)
    };
    std::fs::create_dir_all(directory).map_err(|error| unwritable(directory, error))?;
    let first = ("helpdesk-mail.1", helpdesk_mail());
    let others = BY_HAND.iter().map(|(name, text)| (*name, (*text).to_owned()));
    for (name, text) in std::iter::once(first).chain(others) {
        let file = directory.join(name);
        std::fs::write(&file, text).map_err(|error| unwritable(&file, error))?;
        context.out.line(&format!("wrote {}", escape::line(&file.display().to_string())));
    }
    Ok(Exit::Ok)
}
