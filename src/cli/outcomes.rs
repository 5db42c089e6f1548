//! `helpdesk-mail outcomes`: the ledger.

use std::num::NonZeroU64;

use jiff::Timestamp;

use crate::model::exit::Exit;
use crate::model::ids::{MailboxName, RunId};
use crate::model::outcome::OutcomeWord;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::run::INGEST;
use crate::store::{OutcomeFilter, OutcomeRow, Store};

use super::context::Context;
use super::desk;
use super::failure::Causes;
use super::names;
use super::output::style::Paint;
use super::output::table::{self, Cell};
use super::output::{Form, json, words};
use super::reconcile;
use super::when::When;

/// List what became of every message, or hold the mailboxes against that list
///
/// With -v the notes on a message and its error stand beneath it; --reconcile then tells settled items one by one, too.
/// What was reset, so that the next fetch takes it again, is marked so.
#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_value_name = "COMMAND")]
pub struct Args {
    /// Which rows.
    #[command(flatten)]
    pub filter: Filter,

    /// Ask the mailboxes what they hold, and show each item against its outcome; see RECONCILIATION
    ///
    /// Nothing is changed. Exit 1 if something is not accounted for.
    #[arg(long, conflicts_with_all = ["run", "outcome", "since", "limit"])]
    pub reconcile: bool,

    /// Write JSON objects, one per line
    #[arg(long)]
    pub json: bool,

    /// Instead of listing.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What else can be done with outcomes.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Action {
    /// Let the next fetch take settled messages again, for instance skipped ones
    ///
    /// Tickets that they opened stay; a message that is on a ticket already becomes a duplicate, if it has a Message-ID. Without ITEM the
    /// filters tell which; with neither nothing is done.
    Reset {
        /// Numbers or items, as outcomes lists them
        #[arg(value_name = "ITEM")]
        items: Vec<String>,

        /// Which rows.
        #[command(flatten)]
        filter: Filter,

        /// No settled message, but what --reconcile calls unknown: the next fetch looks through whole folders
        #[arg(long, conflicts_with_all = ["items", "run", "outcome", "since", "limit"])]
        unknown: bool,

        /// Write a JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Which rows of the ledger; all that is given must hold.
#[derive(Debug, Clone, clap::Args)]
pub struct Filter {
    /// Of this run
    #[arg(long, value_name = "N")]
    pub run: Option<i64>,

    /// Of this mailbox
    #[arg(long, value_name = "NAME")]
    pub mailbox: Option<MailboxName>,

    /// With this outcome
    #[arg(long, value_name = "WORD", value_parser = names::outcome())]
    pub outcome: Option<OutcomeWord>,

    /// Not older than a time (2026-11-21T08:00:00Z), a date (2026-11-21), or an age (24h, 7d)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<When>,

    /// The newest so many
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroU64>,
}

impl Filter {
    fn over(&self, items: &[String]) -> OutcomeFilter {
        OutcomeFilter {
            items: items.to_vec(),
            run: self.run.map(RunId),
            mailbox: self.mailbox.clone(),
            outcome: self.outcome,
            since: self.since.map(|when| when.at(Timestamp::now())),
            limit: self.limit.map(NonZeroU64::get),
        }
    }

    /// A number of rows alone is no choice.
    fn chooses(&self) -> bool {
        self.run.is_some() || self.mailbox.is_some() || self.outcome.is_some() || self.since.is_some()
    }
}

impl Args {
    pub(crate) fn json(&self) -> bool {
        match &self.action {
            Some(Action::Reset { json, .. }) => *json,
            None => self.json,
        }
    }
}

/// Lists or resets.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    match &args.action {
        None if args.reconcile => reconcile::run(args.filter.mailbox.as_ref(), context),
        None => list(&args.filter, context),
        Some(Action::Reset { unknown: true, filter, .. }) => look_anew(filter.mailbox.as_ref(), context),
        Some(Action::Reset { items, filter, .. }) => reset(items, filter, context),
    }
}

fn list(filter: &Filter, context: &mut Context) -> Result<Exit, Trouble> {
    let rows =
        desk::list(look(filter.mailbox.as_ref(), context)?, |store| store.outcomes(&filter.over(&[])))?;
    match context.form {
        Form::Json => rows.iter().for_each(|row| context.out.json(&json::outcome(row))),
        Form::Human => {
            let header = ["id", "at", "mailbox", "item", "outcome", "reason", "ticket", "from", "subject"];
            let cells: Vec<_> = rows.iter().map(fields).collect();
            match context.causes() {
                Causes::Left => table::write(&mut context.out, &header, &cells),
                Causes::Told => {
                    let beneath: Vec<_> = rows.iter().map(beneath).collect();
                    table::write_annotated(&mut context.out, &header, &cells, &beneath);
                }
            }
        }
    }
    Ok(Exit::Ok)
}

/// The store, if the filter asks for a mailbox that is configured or was.
fn look(mailbox: Option<&MailboxName>, context: &Context) -> Result<Option<Store>, Trouble> {
    let settings = context.settings()?;
    let mut store = desk::look(&settings.store)?;
    if let Some(name) = mailbox {
        let configured = settings.plan.mailboxes.iter().map(|mailbox| mailbox.mailbox.name.clone());
        let configured = configured.chain(INGEST.parse().ok());
        let stored = || Ok(store.as_mut().map_or_else(|| Ok(Vec::new()), Store::mailboxes)?);
        names::require("mailbox", name, configured, stored)?;
    }
    Ok(store)
}

fn fields(row: &OutcomeRow) -> Vec<Cell> {
    vec![
        row.id.to_string().into(),
        words::time(row.at).into(),
        row.mailbox.as_str().into(),
        words::cut(&row.item, 24).into(),
        Cell::painted(outcome(row), Paint::of_outcome(row.outcome)),
        row.reason.as_str().into(),
        words::or_dash(row.ticket.as_deref()).into(),
        words::or_dash(row.from.as_deref()).into(),
        words::cut(words::or_dash(row.subject.as_deref()), 60).into(),
    ]
}

fn outcome(row: &OutcomeRow) -> String {
    format!("{}{}", row.outcome, if row.reset { " (reset)" } else { "" })
}

/// What is worth knowing of a row besides: with `-v`.
fn beneath(row: &OutcomeRow) -> Vec<String> {
    let notes = row.notes.iter().map(|note| format!("note: {note}"));
    let error = row.error.iter().flat_map(|error| {
        let hint = error.hint.iter().map(|hint| format!("hint: {hint}"));
        std::iter::once(format!("error: {} ({})", error.message, error.code)).chain(hint)
    });
    notes.chain(error).collect()
}

fn reset(items: &[String], filter: &Filter, context: &mut Context) -> Result<Exit, Trouble> {
    if items.is_empty() && !filter.chooses() {
        return Err(Trouble::new(ErrorCode::Usage, "outcomes reset needs an item or a filter")
            .hint("name items as \"helpdesk-mail outcomes\" lists them, or give --run, --mailbox, --outcome or --since"));
    }
    drop(look(filter.mailbox.as_ref(), context)?);
    let count = context.store_to_change()?.reset(&filter.over(items)).map_err(|error| {
        let trouble = Trouble::from(error);
        if trouble.code == ErrorCode::InputMissing {
            trouble.hint("nothing was reset; see \"helpdesk-mail outcomes\"")
        } else {
            trouble
        }
    })?;
    match context.form {
        Form::Json => context.out.json(&serde_json::json!({ "reset": count })),
        Form::Human => context
            .out
            .line(&format!("{count} reset; the next fetch takes what is still in the mailbox again")),
    }
    Ok(Exit::Ok)
}

fn look_anew(mailbox: Option<&MailboxName>, context: &mut Context) -> Result<Exit, Trouble> {
    look(mailbox, context)?;
    let count = context.store_to_change()?.look_anew(mailbox)?;
    match context.form {
        Form::Json => context.out.json(&serde_json::json!({ "folders": count })),
        Form::Human => context
            .out
            .line(&format!("folders that the next fetch looks through for what it does not know: {count}")),
    }
    Ok(Exit::Ok)
}
