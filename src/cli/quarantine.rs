//! `helpdesk-mail quarantine`: the messages that failed.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::run::INGEST;
use crate::store::{OutcomeRow, QuarantineRow, Store};

use super::context::Context;
use super::desk;
use super::output::style::Paint;
use super::output::table::{self, Cell};
use super::output::{Form, Out, escape, json, words};

/// Look at, take again or drop the messages that failed
#[derive(Debug, Clone, clap::Args)]
#[command(subcommand_required = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with the quarantine.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Action {
    /// List the messages in quarantine
    List {
        /// Write JSON objects, one per line
        #[arg(long)]
        json: bool,
    },
    /// Show why a message is in quarantine
    Show {
        /// Its number
        id: i64,
        /// Write a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write the raw message to a file or to standard output
    Export {
        /// Its number
        id: i64,
        /// The file; it must not exist, and only its owner may read it
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Take messages again, over the whole road, from the kept copy
    Retry(Retry),
    /// Drop a message for good; its outcome stays in the ledger
    ///
    /// An item that was reset is still taken again by the next fetch, if the mailbox has it.
    Drop {
        /// Its number
        id: i64,
    },
}

/// Take messages again, over the whole road, from the kept copy
#[derive(Debug, Clone, clap::Args)]
pub struct Retry {
    /// Their numbers
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    pub ids: Vec<i64>,
    /// All of them
    #[arg(long)]
    pub all: bool,
    /// Write JSON objects, one per line: messages, then a summary
    #[arg(long)]
    pub json: bool,
}

impl Args {
    pub(crate) fn json(&self) -> bool {
        match &self.action {
            Action::List { json } | Action::Show { json, .. } => *json,
            Action::Retry(retry) => retry.json,
            Action::Export { .. } | Action::Drop { .. } => false,
        }
    }
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    match &args.action {
        Action::List { .. } => list(context),
        Action::Show { id, .. } => show(*id, context),
        Action::Export { id, output } => export(*id, output.as_deref(), context),
        Action::Retry(retry) => super::retry::run(retry, context),
        Action::Drop { id } => {
            let row = context.store_to_change()?.drop_quarantined(*id)?;
            context.out.line(&format!("dropped message {id}{}", what_is_left(&row)));
            Ok(Exit::Ok)
        }
    }
}

/// What becomes of an item that was reset, so that it was to be taken again.
fn what_is_left(row: &OutcomeRow) -> String {
    if !row.reset {
        return String::new();
    }
    if row.mailbox.as_str() == INGEST {
        return ", which was reset: it was handed to ingest, so it is taken again only if it is handed over again"
            .to_owned();
    }
    format!(", which was reset: the next fetch takes it again if it is still in mailbox \"{}\"", row.mailbox)
}

fn list(context: &mut Context) -> Result<Exit, Trouble> {
    let rows = desk::list(context.look()?, Store::quarantine)?;
    match context.form {
        Form::Json => rows.iter().for_each(|row| context.out.json(&json::quarantined(row))),
        Form::Human => {
            let header = ["id", "at", "mailbox", "reason", "size", "from", "subject"];
            table::write(&mut context.out, &header, &rows.iter().map(fields).collect::<Vec<_>>());
        }
    }
    Ok(Exit::Ok)
}

fn fields(row: &QuarantineRow) -> Vec<Cell> {
    vec![
        row.id.to_string().into(),
        words::time(row.outcome.at).into(),
        row.outcome.mailbox.as_str().into(),
        Cell::painted(&row.outcome.reason, Paint::Bad),
        words::size(row.size).into(),
        words::or_dash(row.outcome.from.as_deref()).into(),
        words::cut(words::or_dash(row.outcome.subject.as_deref()), 60).into(),
    ]
}

fn show(id: i64, context: &mut Context) -> Result<Exit, Trouble> {
    let row = context.store()?.quarantined(id)?;
    match context.form {
        Form::Json => context.out.json(&json::quarantined(&row)),
        Form::Human => describe(&row, &mut context.out),
    }
    Ok(Exit::Ok)
}

fn describe(row: &QuarantineRow, out: &mut Out) {
    let outcome = &row.outcome;
    let mut field = |name: &str, text: &str| out.line(&format!("{name:<12}{}", escape::line(text)));
    field("message", &row.id.to_string());
    field("at", &format!("{} (run {})", words::time(outcome.at), outcome.run));
    field("mailbox", &format!("{} {} {}", outcome.mailbox, outcome.folder, outcome.item));
    field("message-id", words::or_dash(outcome.message_id.as_deref()));
    field("from", words::or_dash(outcome.from.as_deref()));
    field("subject", words::or_dash(outcome.subject.as_deref()));
    field("reason", &outcome.reason);
    field("size", &words::size(row.size));
    field("sha256", &row.sha256.to_string());
    for note in &outcome.notes {
        field("note", note);
    }
    if let Some(error) = &outcome.error {
        field("error", &format!("{} ({})", error.message, error.code));
        error.hint.iter().for_each(|hint| field("hint", hint));
    }
}

fn export(id: i64, output: Option<&Path>, context: &mut Context) -> Result<Exit, Trouble> {
    let raw = context.store()?.quarantined_raw(id)?;
    match output {
        None => context.out.bytes(&raw),
        Some(file) => {
            create_private(file, &raw)?;
            context.out.line(&format!("wrote {}", escape::line(&file.display().to_string())));
        }
    }
    Ok(Exit::Ok)
}

/// Writes a new file that only its owner may read.
fn create_private(file: &Path, content: &[u8]) -> Result<(), Trouble> {
    let mut open =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(|error| {
            if error.kind() == ErrorKind::AlreadyExists {
                Trouble::new(ErrorCode::OutputExists, format!("{} is there already", file.display()))
                    .hint("name another file with --output")
            } else {
                unwritable(file, error)
            }
        })?;
    open.write_all(content).and_then(|()| open.sync_all()).map_err(|error| unwritable(file, error))
}

fn unwritable(file: &Path, error: std::io::Error) -> Trouble {
    Trouble::new(ErrorCode::OutputIo, format!("cannot write {}", file.display())).because(error)
}
