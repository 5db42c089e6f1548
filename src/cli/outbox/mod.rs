//! `helpdesk-mail outbox`: the notifications.

mod preview;
mod suppressed;

use std::num::NonZeroU64;

use jiff::Timestamp;

use crate::model::address;
use crate::model::exit::Exit;
use crate::model::ids::TicketRef;
use crate::model::outbox::{BounceKind, OutboxState};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::outbox::{Problem, TemplateError, Templates};
use crate::settings::Settings;
use crate::store::{AttemptRow, OutboxFilter, OutboxRow};

use super::context::Context;
use super::desk;
use super::names::{self, TicketName};
use super::output::style::Paint;
use super::output::table::{self, Cell};
use super::output::{Form, Out, escape, json, words};

/// Look at and change the notifications that people get
#[derive(Debug, Clone, clap::Args)]
#[command(subcommand_required = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with the outbox.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Action {
    /// List notifications, and why somebody got none
    List {
        /// In this state: queued, sending, sent, failed, cancelled, suppressed, expired, bounced
        #[arg(long, value_name = "WORD", value_parser = names::outbox_state())]
        state: Option<OutboxState>,
        /// Of this ticket
        #[arg(long, value_name = "ID")]
        ticket: Option<TicketName>,
        /// To this address
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
        /// The newest so many
        #[arg(long, value_name = "N")]
        limit: Option<NonZeroU64>,
        /// Write JSON objects, one per line
        #[arg(long)]
        json: bool,
    },
    /// Show a notification and each attempt to deliver it
    Show {
        /// Its number
        id: i64,
        /// Write a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Make notifications due now, whatever became of them, unless they were sent; their attempts begin anew
    Requeue {
        /// Their numbers
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
    /// Take back notifications that wait
    Cancel {
        /// Their numbers
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
    Preview(preview::Args),
    Suppressed(suppressed::Args),
}

impl Args {
    pub(crate) fn json(&self) -> bool {
        match &self.action {
            Action::List { json, .. } | Action::Show { json, .. } => *json,
            Action::Suppressed(args) => args.json(),
            Action::Requeue { .. } | Action::Cancel { .. } | Action::Preview(_) => false,
        }
    }
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    match &args.action {
        Action::List { state, ticket, to, limit, .. } => {
            let key = to.as_deref().map(address::key);
            list(
                ticket.as_ref(),
                OutboxFilter { state: *state, ticket: None, key, limit: limit.map(NonZeroU64::get) },
                context,
            )
        }
        Action::Show { id, .. } => show(*id, context),
        Action::Requeue { ids } => {
            context.store_to_change()?.requeue(ids, Timestamp::now()).map_err(advised)?;
            done(ids, "is due now", context)
        }
        Action::Cancel { ids } => {
            context.store_to_change()?.cancel(ids, Timestamp::now()).map_err(advised)?;
            done(ids, "is cancelled", context)
        }
        Action::Preview(args) => preview::run(args, context),
        Action::Suppressed(args) => suppressed::run(args, context),
    }
}

/// All that are named are changed, or none.
fn advised(error: crate::store::StoreError) -> Trouble {
    Trouble::from(error).hint("nothing was changed; see \"helpdesk-mail outbox list\"")
}

fn done(ids: &[i64], what: &str, context: &mut Context) -> Result<Exit, Trouble> {
    ids.iter().for_each(|id| context.out.line(&format!("notification {id} {what}")));
    Ok(Exit::Ok)
}

/// A longer address is cut in a list: one that a stranger made up must not push all columns off the screen.
const LONGEST_ADDRESS: usize = 80;

fn list(ticket: Option<&TicketName>, filter: OutboxFilter, context: &mut Context) -> Result<Exit, Trouble> {
    let mut store = context.look()?;
    let ticket = match (ticket, &mut store) {
        (Some(name), Some(store)) => Some(name.find(store)?.id),
        (Some(_), None) | (None, _) => None,
    };
    let rows = desk::list(store, |store| store.notifications(&OutboxFilter { ticket, ..filter }))?;
    match context.form {
        Form::Json => rows.iter().for_each(|row| context.out.json(&json::notification(row))),
        Form::Human => {
            let header = ["id", "written", "ticket", "template", "state", "tries", "to", "why"];
            table::write(&mut context.out, &header, &rows.iter().map(fields).collect::<Vec<_>>());
        }
    }
    Ok(Exit::Ok)
}

fn fields(row: &OutboxRow) -> Vec<Cell> {
    let why = row.reason.as_deref().or(row.last_error.as_deref());
    vec![
        row.id.to_string().into(),
        words::time(row.created_at).into(),
        words::or_dash(row.about.ticket().map(TicketRef::to_string).as_deref()).into(),
        row.about.template().into(),
        Cell::painted(row.state.as_str(), Paint::of_state(row.state)),
        row.attempts.to_string().into(),
        words::cut(&row.to.address, LONGEST_ADDRESS).into(),
        words::cut(words::or_dash(why), 60).into(),
    ]
}

fn show(id: i64, context: &mut Context) -> Result<Exit, Trouble> {
    let mut store = context.store()?;
    let (row, attempts) = (store.notification(id)?, store.attempts_of(id)?);
    match context.form {
        Form::Json => context.out.json(&json::notification_with_attempts(&row, &attempts)),
        Form::Human => {
            describe(&row, &mut context.out);
            attempts.iter().for_each(|attempt| tell(attempt, &mut context.out));
        }
    }
    Ok(Exit::Ok)
}

fn describe(row: &OutboxRow, out: &mut Out) {
    let state = out.palette.paint(Paint::of_state(row.state), row.state.as_str());
    let mut field = |name: &str, text: &str| {
        if !text.is_empty() {
            out.line(&format!("{name:<14}{}", escape::line(text)));
        }
    };
    let time = |at: Option<Timestamp>| at.map(words::time).unwrap_or_default();
    field("notification", &row.id.to_string());
    field("ticket", &row.about.ticket().map(TicketRef::to_string).unwrap_or_default());
    field("template", row.about.template());
    let told = row.told.map(|told| format!(" ({told})")).unwrap_or_default();
    field("to", &format!("{}{told}", row.to));
    field("reason", row.reason.as_deref().unwrap_or_default());
    field("priority", row.urgency.as_str());
    field("attempts", &row.attempts.to_string());
    field("next attempt", &time(row.next_attempt_at));
    field("last error", row.last_error.as_deref().unwrap_or_default());
    field("message-id", row.message_id.as_str());
    field("written", &words::time(row.created_at));
    field("expires", &time(row.expires_at));
    field("bounce", row.bounce.map_or("", BounceKind::as_str));
    field("status", row.bounce_status.as_deref().unwrap_or_default());
    field("bounced", &time(row.bounced_at));
    out.line(&format!("{:<14}{state} since {}", "state", words::time(row.state_since)));
}

fn tell(attempt: &AttemptRow, out: &mut Out) {
    out.line(&format!("attempt       {}", escape::line(&words::attempt(attempt))));
    attempt.note.iter().for_each(|note| out.line(&format!("note          {}", escape::line(note))));
}

/// The templates that are configured.
pub(crate) fn templates(settings: &Settings) -> Result<Templates, Trouble> {
    Templates::load(&settings.templates).map_err(|error| {
        let TemplateError { directory, source } = error;
        Trouble::new(ErrorCode::ConfigInvalid, format!("no templates can be read in {}", directory.display()))
            .hint("\"templates\" in [outbox] names a directory; without it the built-in ones are used")
            .because(source)
    })
}

/// Tries every template of the directory.
///
/// Errors: `config.invalid` with a line for everything that is wrong.
pub(crate) fn check(settings: &Settings) -> Result<(), Trouble> {
    let queues: Vec<_> = settings.plan.queues.iter().map(|queue| queue.slug.clone()).collect();
    let problems = templates(settings)?.check(&queues);
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    let hint = "until they are mended the built-in templates stand in for them; see TEMPLATES in helpdesk-mail.toml(5)";
    Err(Trouble::new(ErrorCode::ConfigInvalid, lines.join("\n")).hint(hint))
}
