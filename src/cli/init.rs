//! `helpdesk-mail init`.

use std::path::{Path, PathBuf};

use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::settings;

use super::context::Context;
use super::desk;
use super::environment::variable;
use super::output::escape;

/// Write a commented configuration file; an existing one is never overwritten
///
/// Without --output it goes where the other commands look first: --config, $HELPDESK_MAIL_CONFIG, or
/// helpdesk-mail/helpdesk-mail.toml in $XDG_CONFIG_HOME or ~/.config.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The file to write; "-" is standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Writes the file.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let named = args.output.clone().or_else(|| context.globals.config.clone());
    if named.as_deref() == Some(Path::new("-")) {
        context.out.bytes(settings::template().as_bytes());
        return Ok(Exit::Ok);
    }
    let file = match named {
        Some(file) => file,
        None => first_place()?,
    };
    settings::init(&file)?;
    let name = escape::line(&file.display().to_string());
    context.out.line(&format!("wrote {name}"));
    context.out.line(
        "next: fill in the mailbox, then try \"helpdesk-mail check --connect\" and \"fetch --dry-run\"",
    );
    Ok(Exit::Ok)
}

fn first_place() -> Result<PathBuf, Trouble> {
    if let Some(file) = variable("HELPDESK_MAIL_CONFIG").filter(|file| !file.is_empty()) {
        return Ok(file.into());
    }
    let file = desk::user_file().ok_or_else(|| {
        Trouble::new(ErrorCode::Usage, "where to write the configuration is not known")
            .hint("name a file with --output")
    })?;
    let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.map_err(|error| {
        Trouble::new(ErrorCode::OutputIo, format!("cannot write {}", file.display())).because(error)
    })?;
    Ok(file)
}
