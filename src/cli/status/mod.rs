//! `helpdesk-mail status`: how all is doing, from the store alone.

mod metrics;
mod object;
mod people;
mod plugin;
pub(super) mod textfile;

use clap::ValueEnum;
use jiff::Timestamp;

use crate::model::exit::Exit;
use crate::model::trouble::Trouble;
use crate::run::{self, Status};
use crate::settings::Settings;

use super::context::Context;
use super::desk;

pub(crate) use plugin::Plugin;

/// Show how all is doing: mailboxes, outcomes, quarantine, outbox, thresholds
///
/// Nothing is asked of a server and nothing is waited for: the store tells, also while a fetch runs. Exit 1 if a threshold
/// of the section "alert" is reached. With --format nagios the exit code is a monitoring plug-in's, and no other: 0 (OK), 1
/// (WARNING: a mailbox or back end fails, a mailbox was never fetched, or quarantine is not empty), 2 (CRITICAL: a threshold
/// is reached), 3 (UNKNOWN: the configuration or the store cannot be read).
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// For people, as a JSON object, for Prometheus, or for a monitor that calls plug-ins
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// A JSON object
    Json,
    /// The text format of Prometheus
    Prometheus,
    /// A line of a monitoring plug-in, as Nagios and Icinga call them
    Nagios,
}

/// Shows it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings()?;
    let status = look(&settings)?;
    let place = settings.store.shown();
    match args.format {
        Format::Text => people::write(&status, &place, &mut context.out),
        Format::Json => context.out.json(&object::of(&status, &place)),
        Format::Prometheus => context.out.bytes(metrics::of(&status).as_bytes()),
        Format::Nagios => context.out.line(&plugin::line(&status)),
    }
    Ok(if status.reached().next().is_some() { Exit::Attention } else { Exit::Ok })
}

/// The same for a monitor: whatever is in the way becomes its line.
pub(crate) fn plugin(context: &mut Context) -> Plugin {
    let (plugin, line) = match context.settings().and_then(|settings| look(&settings)) {
        Ok(status) => (Plugin::of(&status), plugin::line(&status)),
        Err(trouble) => (Plugin::Unknown, plugin::unknown(&trouble)),
    };
    context.out.line(&line);
    match context.out.finish() {
        Ok(()) => plugin,
        Err(_) => Plugin::Unknown,
    }
}

fn look(settings: &Settings) -> Result<Status, Trouble> {
    let mut store = desk::look(&settings.store)?;
    Ok(run::status(&settings.plan, store.as_mut(), Timestamp::now())?)
}
