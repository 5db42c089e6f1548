//! `helpdesk-mail store`: the store as a whole.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::run;
use crate::settings;
use crate::store::{Config, Copied};

use super::context::Context;
use super::output::progress::Progress;
use super::output::{Form, escape, json::object};

/// Copy the store into another database
#[derive(Debug, Clone, clap::Args)]
#[command(subcommand_required = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with a store.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Action {
    /// Copy a store into an empty database: from SQLite to PostgreSQL, back, or between two of a kind
    ///
    /// All of it goes over, down to its secret, the numbers of tickets and what mailboxes are known to hold, so that the next
    /// run with the other "url" goes on as if nothing had happened. Nobody else can write to the source meanwhile: runs end
    /// with 75 and lose nothing. Stop the timers before all the same, and start them when the configuration names the new
    /// store; what the old one takes after the copy is not in it.
    ///
    /// A copy that was ended by whatever goes on when the same command is given again. Until it is whole no program takes it
    /// for a store. At the end all of it is read once more and held against the source, row by row and by SHA-256.
    ///
    /// The source must have the schema of this version; a "fetch" brings it there. It is not changed.
    Copy(Copy),
}

/// `store copy`.
#[derive(Debug, Clone, clap::Args)]
pub struct Copy {
    /// The store to read, sqlite:PATH or postgresql://USER@HOST/DATABASE; that of the configuration if it is not given
    #[arg(long, value_name = "URL", required_unless_present = "to")]
    pub from: Option<String>,
    /// The database to write, likewise
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// A file with the password for the server of --from; one in the URL is seen by every user of this host
    #[arg(long, value_name = "FILE", requires = "from")]
    pub from_password_file: Option<PathBuf>,
    /// A file with the password for the server of --to
    #[arg(long, value_name = "FILE", requires = "to")]
    pub to_password_file: Option<PathBuf>,
    /// Certificates that are trusted besides the system's, for the servers of --from and --to (PEM)
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Write JSON objects, one per line: tables, a summary
    #[arg(long)]
    pub json: bool,
}

impl Args {
    pub(crate) fn json(&self) -> bool {
        match &self.action {
            Action::Copy(args) => args.json,
        }
    }
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    match &args.action {
        Action::Copy(args) => copy(args, context),
    }
}

fn copy(args: &Copy, context: &mut Context) -> Result<Exit, Trouble> {
    let ca_file = args.ca_file.as_deref();
    let from = named(context, ("--from", args.from.as_deref()), args.from_password_file.as_deref(), ca_file)?;
    let to = named(context, ("--to", args.to.as_deref()), args.to_password_file.as_deref(), ca_file)?;
    let stop = context.signals.stop();
    let bar = Progress::on_stderr();
    let copied = run::copy((&from, &to), &stop, &mut |progress| {
        let doing = if progress.is_checked { "checking " } else { "" };
        bar.show(&format!("{doing}{}", progress.table), progress.rows, progress.of);
    });
    bar.end();
    tell(&copied?, (&from, &to), context);
    Ok(Exit::Ok)
}

/// The store that an option names, or the configuration.
fn named(
    context: &Context,
    (option, url): (&str, Option<&str>),
    password_file: Option<&Path>,
    ca_file: Option<&Path>,
) -> Result<Config, Trouble> {
    let Some(url) = url else { return Ok(context.settings()?.store) };
    let wrong = |what: String| Trouble::new(ErrorCode::Usage, format!("{option}: {what}"));
    settings::store_of(url, password_file, ca_file).map_err(wrong)
}

fn tell(copied: &[Copied], (from, to): (&Config, &Config), context: &mut Context) {
    let sum = |count: fn(&Copied) -> u64| copied.iter().map(count).sum::<u64>();
    let (rows, written) = (sum(|table| table.rows), sum(|table| table.written));
    match context.form {
        Form::Json => {
            for table in copied {
                context.out.json(&serde_json::Value::Object(object([
                    ("type", json!("table")),
                    ("table", json!(table.table)),
                    ("rows", json!(table.rows)),
                    ("written", json!(table.written)),
                    ("sha256", json!(table.sha256.to_string())),
                ])));
            }
            context.out.json(&serde_json::Value::Object(object([
                ("type", json!("copied")),
                ("from", json!(from.shown())),
                ("to", json!(to.shown())),
                ("tables", json!(copied.len())),
                ("rows", json!(rows)),
                ("written", json!(written)),
            ])));
        }
        Form::Human => {
            for table in copied.iter().filter(|table| table.rows > 0) {
                context.out.line(&format!("{:<18}{:>10} rows, the same in both", table.table, table.rows));
            }
            let copy = to;
            let (from, to) = (escape::line(&from.shown()), escape::line(&to.shown()));
            context.out.line(&format!("{rows} rows of {from} are in {to}, {written} of them written now"));
            let configured = context.settings().ok().map(|settings| settings.store.shown());
            if configured.is_some_and(|configured| configured != copy.shown()) {
                context
                    .out
                    .line("the configuration names another store than the copy: change \"url\" in [store]");
            }
        }
    }
}
