//! `helpdesk-mail events`: what hooks are told.

use std::num::NonZeroU64;
use std::time::Duration;

use jiff::Timestamp;

use crate::hook;
use crate::model::event::{EventKind, EventState, Undelivered};
use crate::model::exit::Exit;
use crate::model::trouble::Trouble;
use crate::run::EventErrand;
use crate::store::{AttemptRow, EventFilter, EventRow, StoreError};

use super::context::Context;
use super::output::style::Paint;
use super::output::table::{self, Cell};
use super::output::{Form, Out, escape, event_hearer, json, words};
use super::{desk, names, when};

/// Look at and deliver the events that hooks are told
///
/// An event has a row for each hook that listens to it, with the same id in each. "fetch" delivers what is due at its end,
/// and "send" does.
#[derive(Debug, Clone, clap::Args)]
#[command(subcommand_required = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with events.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Action {
    /// List events
    List {
        /// In this state: queued, delivering, delivered, failed, dropped
        #[arg(long, value_name = "WORD", value_parser = names::event_state())]
        state: Option<EventState>,
        /// Of this type: post-process, processing-error, mailbox-error, delivery-error
        #[arg(long = "type", value_name = "WORD", value_parser = names::told_event())]
        kind: Option<EventKind>,
        /// For this hook
        #[arg(long, value_name = "NAME")]
        hook: Option<String>,
        /// The newest so many
        #[arg(long, value_name = "N")]
        limit: Option<NonZeroU64>,
        /// Write JSON objects, one per line
        #[arg(long)]
        json: bool,
    },
    /// Show an event with what the hook is told, and each attempt to deliver it
    Show {
        /// Its number
        id: i64,
        /// Write a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Make events due now, whatever became of them; their attempts begin anew, their ids stay
    Retry {
        /// Their numbers
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
    /// Drop events that wait or were given up
    Drop {
        /// Their numbers
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
    /// Deliver what is due
    Deliver {
        /// Try at most so many
        #[arg(long, value_name = "N")]
        limit: Option<NonZeroU64>,
        /// Begin none after so long, such as 90s or 5m
        #[arg(long, value_name = "D", value_parser = when::span)]
        time_limit: Option<Duration>,
        /// Write JSON objects, one per line: events, a summary
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON schema of what hooks are given
    Schema,
}

impl Args {
    pub(crate) fn json(&self) -> bool {
        match &self.action {
            Action::List { json, .. } | Action::Show { json, .. } | Action::Deliver { json, .. } => *json,
            Action::Retry { .. } | Action::Drop { .. } | Action::Schema => false,
        }
    }
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    match &args.action {
        Action::List { state, kind, hook, limit, .. } => {
            let limit = limit.map(NonZeroU64::get);
            list(&EventFilter { state: *state, kind: *kind, hook: hook.clone(), limit }, context)
        }
        Action::Show { id, .. } => show(*id, context),
        Action::Retry { ids } => {
            context.store_to_change()?.retry_events(ids, Timestamp::now()).map_err(advised)?;
            done(ids, "is due now", context)
        }
        Action::Drop { ids } => {
            context.store_to_change()?.drop_events(ids, Timestamp::now()).map_err(advised)?;
            done(ids, "is dropped", context)
        }
        Action::Deliver { limit, time_limit, .. } => deliver(*limit, *time_limit, context),
        Action::Schema => {
            context.out.bytes(hook::SCHEMA.as_bytes());
            Ok(Exit::Ok)
        }
    }
}

/// All that are named are changed, or none.
fn advised(error: StoreError) -> Trouble {
    Trouble::from(error).hint("nothing was changed; see \"helpdesk-mail events list\"")
}

fn done(ids: &[i64], what: &str, context: &mut Context) -> Result<Exit, Trouble> {
    ids.iter().for_each(|id| context.out.line(&format!("event {id} {what}")));
    Ok(Exit::Ok)
}

fn deliver(
    limit: Option<NonZeroU64>,
    time_limit: Option<Duration>,
    context: &mut Context,
) -> Result<Exit, Trouble> {
    let settings = context.settings_with_warnings()?;
    let mut store = desk::open(&settings.store)?;
    let errand = EventErrand { limit: limit.map(NonZeroU64::get), time_limit, stop: context.signals.stop() };
    let causes = context.causes();
    let mut hearer = event_hearer::of(&mut context.out, context.form, causes);
    Ok(desk::deliver_events(&settings, &mut store, &errand, hearer.as_mut())?.exit())
}

fn list(filter: &EventFilter, context: &mut Context) -> Result<Exit, Trouble> {
    let rows = desk::list(context.look()?, |store| store.events(filter))?;
    match context.form {
        Form::Json => rows.iter().for_each(|row| context.out.json(&json::event(row))),
        Form::Human => {
            let header = ["id", "happened", "type", "hook", "state", "tries", "why"];
            table::write(&mut context.out, &header, &rows.iter().map(fields).collect::<Vec<_>>());
        }
    }
    Ok(Exit::Ok)
}

fn fields(row: &EventRow) -> Vec<Cell> {
    let why = row.reason.map(Undelivered::as_str).or(row.last_error.as_deref());
    vec![
        row.row.to_string().into(),
        words::time(row.created_at).into(),
        row.kind.as_str().into(),
        row.hook.as_str().into(),
        Cell::painted(row.state.as_str(), Paint::of_event(row.state)),
        row.attempts.to_string().into(),
        words::cut(words::or_dash(why), 60).into(),
    ]
}

fn show(id: i64, context: &mut Context) -> Result<Exit, Trouble> {
    let mut store = context.store()?;
    let (row, attempts) = (store.event(id)?, store.attempts_of_event(id)?);
    match context.form {
        Form::Json => context.out.json(&json::event_with_attempts(&row, &attempts)),
        Form::Human => {
            describe(&row, &mut context.out);
            attempts.iter().for_each(|attempt| tell(attempt, &mut context.out));
            context.out.line(&format!("payload       {}", escape::line(&row.payload)));
        }
    }
    Ok(Exit::Ok)
}

fn describe(row: &EventRow, out: &mut Out) {
    let state = out.palette.paint(Paint::of_event(row.state), row.state.as_str());
    let mut field = |name: &str, text: &str| {
        if !text.is_empty() {
            out.line(&format!("{name:<14}{}", escape::line(text)));
        }
    };
    field("event", &row.row.to_string());
    field("id", row.id.as_str());
    field("type", row.kind.as_str());
    field("hook", &row.hook);
    field("reason", row.reason.map_or("", Undelivered::as_str));
    field("attempts", &row.attempts.to_string());
    field("next attempt", &row.next_attempt_at.map(words::time).unwrap_or_default());
    field("last error", row.last_error.as_deref().unwrap_or_default());
    field("happened", &words::time(row.created_at));
    out.line(&format!("{:<14}{state} since {}", "state", words::time(row.state_since)));
}

fn tell(attempt: &AttemptRow, out: &mut Out) {
    out.line(&format!("attempt       {}", escape::line(&words::attempt(attempt))));
}
