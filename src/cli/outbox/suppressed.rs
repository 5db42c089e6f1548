//! `helpdesk-mail outbox suppressed`: addresses that get nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::cli::context::Context;
use crate::cli::desk;
use crate::cli::output::{Form, json, table, words};
use crate::cli::when;
use crate::model::address;
use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::SuppressedRow;

/// Look at and change the addresses that get no notifications
#[derive(Debug, Clone, clap::Args)]
#[command(subcommand_required = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with suppressed addresses.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Action {
    /// List the addresses that get nothing, since and until when, and why
    List {
        /// Write JSON objects, one per line
        #[arg(long)]
        json: bool,
    },
    /// Send nothing to an address any more, also of what waits
    Add {
        /// The address
        address: String,
        /// For so long, such as 12h or 30d; without it until it is removed
        #[arg(long = "for", value_name = "D", value_parser = when::span)]
        lasting: Option<Duration>,
    },
    /// Send to an address again
    Remove {
        /// The address
        address: String,
    },
}

impl Args {
    pub(crate) fn json(&self) -> bool {
        match &self.action {
            Action::List { json } => *json,
            Action::Add { .. } | Action::Remove { .. } => false,
        }
    }
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    match &args.action {
        Action::List { .. } => list(context),
        Action::Add { address, lasting } => add(address, *lasting, context),
        Action::Remove { address } => {
            context.store_to_change()?.unsuppress(address)?;
            context.out.line(&format!("{address} is written to again"));
            Ok(Exit::Ok)
        }
    }
}

fn list(context: &mut Context) -> Result<Exit, Trouble> {
    let rows = desk::list(context.look()?, |store| store.suppressed(Timestamp::now()))?;
    match context.form {
        Form::Json => rows.iter().for_each(|row| context.out.json(&json::suppressed(row))),
        Form::Human => {
            let header = ["since", "until", "reason", "status", "address"];
            table::write(&mut context.out, &header, &rows.iter().map(fields).collect::<Vec<_>>());
        }
    }
    Ok(Exit::Ok)
}

fn fields(row: &SuppressedRow) -> Vec<table::Cell> {
    vec![
        words::time(row.since).into(),
        row.until.map_or_else(|| "-".to_owned(), words::time).into(),
        row.reason.as_str().into(),
        words::or_dash(row.status.as_deref()).into(),
        row.address.as_str().into(),
    ]
}

fn add(address: &str, lasting: Option<Duration>, context: &mut Context) -> Result<Exit, Trouble> {
    let address = address.trim();
    if !address::is_plain(address) || address.contains('*') {
        let what = format!("{address:?} is no mail address");
        return Err(Trouble::new(ErrorCode::Usage, what)
            .hint("give one address as it is, without a name or brackets; there are no patterns here"));
    }
    if lasting.is_some_and(|lasting| lasting.is_zero()) {
        return Err(Trouble::new(ErrorCode::Usage, "a suppression that lasts no time suppresses nothing"));
    }
    let now = Timestamp::now();
    let until = lasting.map(|lasting| {
        let lasting = SignedDuration::try_from(lasting).unwrap_or(SignedDuration::MAX);
        now.checked_add(lasting).unwrap_or(Timestamp::MAX)
    });
    context.store_to_change()?.suppress(address, now, until)?;
    context.out.line(&format!("{address} gets nothing any more"));
    Ok(Exit::Ok)
}
