//! `helpdesk-mail prune`.

use serde_json::{Value, json};

use crate::model::exit::Exit;
use crate::model::trouble::Trouble;
use crate::run::{self, Mode, Pruned};
use crate::store::Retention;

use super::context::Context;
use super::desk;
use super::output::Form;
use super::output::json::object;

/// Remove what the retention settings let go of: words in old outcomes, old notifications, what nothing speaks of
///
/// The keys "retain_outcomes" and "retain_sent" of the section "store" say how old. What is deferred, waits to be sent, is
/// in quarantine, or is still owed to a mailbox stays, and so does what an item is known by while it may lie in its mailbox.
/// Tickets are never pruned. It may go beside a fetch, for instance once a night. The file keeps its size; what is freed is
/// used again.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Tell what would be removed, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Write a JSON object
    #[arg(long)]
    pub json: bool,
}

/// Prunes.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings_with_warnings()?;
    let stop = context.signals.stop();
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Real };
    let store = match mode {
        Mode::DryRun => desk::look(&settings.store)?,
        // A store that is not there yet has nothing to be pruned.
        Mode::Real if settings.store.file().is_none_or(std::path::Path::exists) => {
            Some(desk::open(&settings.store)?)
        }
        Mode::Real => None,
    };
    let pruned = match store {
        Some(mut store) => run::prune(&mut store, &settings.retention, mode, &stop)?,
        None => Pruned::default(),
    };
    match context.form {
        Form::Json => context.out.json(&as_object(&pruned, mode)),
        Form::Human => {
            tell(&pruned, mode).iter().for_each(|line| context.out.line(line));
            kept(&settings.retention).iter().for_each(|line| context.out.line(line));
        }
    }
    Ok(Exit::Ok)
}

fn as_object(pruned: &Pruned, mode: Mode) -> Value {
    Value::Object(object([
        ("type", json!("pruned")),
        ("dry_run", json!(mode == Mode::DryRun)),
        ("outcomes_shortened", json!(pruned.shortened)),
        ("outcomes_removed", json!(pruned.outcomes)),
        ("runs", json!(pruned.runs)),
        ("notifications", json!(pruned.notifications)),
        ("events", json!(pruned.events)),
        ("suppressed", json!(pruned.suppressed)),
        ("blobs", json!(pruned.blobs)),
    ]))
}

fn tell(pruned: &Pruned, mode: Mode) -> Vec<String> {
    let (gone, shortened) = match mode {
        Mode::Real => ("removed", "shortened: author, subject, notes and error are gone"),
        Mode::DryRun => ("would be removed", "would be shortened: author, subject, notes and error would go"),
    };
    [
        ("outcomes", pruned.shortened, shortened),
        ("outcomes", pruned.outcomes, gone),
        ("runs", pruned.runs, gone),
        ("notifications", pruned.notifications, gone),
        ("events", pruned.events, gone),
        ("suppressed", pruned.suppressed, gone),
        ("contents", pruned.blobs, gone),
    ]
    .map(|(what, count, how)| format!("{what:<14}{count:>7} {how}"))
    .into()
}

/// What no setting lets go of.
fn kept(retention: &Retention) -> Vec<String> {
    let mut lines = Vec::new();
    if retention.outcomes.is_none() {
        lines.push("all outcomes are kept: there is no \"retain_outcomes\" in [store]".to_owned());
    }
    if retention.sent.is_none() {
        lines
            .push("all notifications and events are kept: there is no \"retain_sent\" in [store]".to_owned());
    }
    lines
}
