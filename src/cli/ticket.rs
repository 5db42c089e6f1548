//! `helpdesk-mail ticket`: tickets in the embedded store.

use std::num::NonZeroU64;

use jiff::Timestamp;

use crate::evidence::Signer;
use crate::model::exit::Exit;
use crate::model::ids::{QueueSlug, TicketRef};
use crate::model::ticket::Status;
use crate::model::trouble::Trouble;
use crate::store::{MessageRow, Store, TicketFilter, TicketRow};

use super::context::Context;
use super::desk;
use super::names::{self, TicketName};
use super::output::style::Paint;
use super::output::table::{self, Cell};
use super::output::{Form, Out, escape, json, words};

/// Look at and change tickets
#[derive(Debug, Clone, clap::Args)]
#[command(subcommand_required = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with tickets.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Action {
    /// List tickets
    List {
        /// Of this queue
        #[arg(long, value_name = "SLUG")]
        queue: Option<QueueSlug>,
        /// In this state: open, reopened, resolved, closed, merged
        #[arg(long, value_name = "WORD", value_parser = names::status())]
        status: Option<Status>,
        /// The newest so many
        #[arg(long, value_name = "N")]
        limit: Option<NonZeroU64>,
        /// Write JSON objects, one per line
        #[arg(long)]
        json: bool,
    },
    /// Show a ticket with its messages
    Show {
        /// support-12 or 12
        id: TicketName,
        /// Write a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Close a ticket
    Close {
        /// support-12 or 12
        id: TicketName,
    },
    /// Open a ticket again
    Reopen {
        /// support-12 or 12
        id: TicketName,
    },
    /// Make a ticket part of another; mail to it goes there from now on
    Merge {
        /// The ticket that ends
        id: TicketName,
        /// The ticket that goes on
        into: TicketName,
    },
}

impl Args {
    pub(crate) fn json(&self) -> bool {
        match &self.action {
            Action::List { json, .. } | Action::Show { json, .. } => *json,
            Action::Close { .. } | Action::Reopen { .. } | Action::Merge { .. } => false,
        }
    }
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    match &args.action {
        Action::List { queue, status, limit, .. } => {
            let limit = limit.map(NonZeroU64::get);
            list(&TicketFilter { queue: queue.clone(), status: *status, limit }, context)
        }
        Action::Show { id, .. } => show(id, context),
        Action::Close { id } => {
            let mut store = context.store_to_change()?;
            let row = id.find(&mut store)?;
            store.close(row.id, Timestamp::now())?;
            done(&row, "is closed", context)
        }
        Action::Reopen { id } => {
            let mut store = context.store_to_change()?;
            let row = id.find(&mut store)?;
            store.reopen(row.id, Timestamp::now())?;
            done(&row, "is open again", context)
        }
        Action::Merge { id, into } => {
            let mut store = context.store_to_change()?;
            let (row, target) = (id.find(&mut store)?, into.find(&mut store)?);
            store.merge(row.id, target.id, Timestamp::now())?;
            done(&row, &format!("is part of {} now", name(&target)), context)
        }
    }
}

fn done(row: &TicketRow, what: &str, context: &mut Context) -> Result<Exit, Trouble> {
    context.out.line(&format!("{} {what}", name(row)));
    Ok(Exit::Ok)
}

fn name(row: &TicketRow) -> String {
    TicketRef { queue: row.queue.clone(), id: row.id }.to_string()
}

fn list(filter: &TicketFilter, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings()?;
    let mut store = desk::look(&settings.store)?;
    if let Some(slug) = &filter.queue {
        let configured = settings.plan.queues.iter().map(|queue| queue.slug.clone());
        names::require("queue", slug, configured, || {
            Ok(store.as_mut().map_or_else(|| Ok(Vec::new()), Store::queues)?)
        })?;
    }
    let rows = desk::list(store, |store| store.tickets(filter))?;
    match context.form {
        Form::Json => rows.iter().for_each(|row| context.out.json(&json::ticket(row))),
        Form::Human => {
            let header = ["ticket", "status", "prio", "updated", "requester", "title"];
            table::write(&mut context.out, &header, &rows.iter().map(fields).collect::<Vec<_>>());
        }
    }
    Ok(Exit::Ok)
}

fn fields(row: &TicketRow) -> Vec<Cell> {
    vec![
        name(row).into(),
        Cell::painted(row.status.as_str(), Paint::of_status(row.status)),
        row.priority.to_string().into(),
        words::time(row.updated_at).into(),
        row.requester.as_ref().map_or("-", |requester| requester.address.as_str()).into(),
        words::cut(&row.title, 60).into(),
    ]
}

fn show(id: &TicketName, context: &mut Context) -> Result<Exit, Trouble> {
    let mut store = context.store()?;
    let row = id.find(&mut store)?;
    let (messages, notes) = (store.messages(row.id)?, store.notes(row.id)?);
    let reply_address = reply_address(&row, &mut store, context)?;
    match context.form {
        Form::Json => {
            let both = (messages.as_slice(), notes.as_slice());
            context.out.json(&json::ticket_with_messages(&row, both, reply_address.as_deref()));
        }
        Form::Human => {
            describe(&row, &mut context.out);
            if let Some(address) = reply_address {
                context.out.line(&format!("{:<14}{}", "reply to", escape::line(&address)));
            }
            for note in &notes {
                let text = format!("{} {}", words::time(note.at), note.text);
                context.out.line(&format!("{:<14}{}", "note", escape::line(&text)));
            }
            messages.iter().for_each(|message| tell(message, &mut context.out));
        }
    }
    Ok(Exit::Ok)
}

/// The signed address that leads to the ticket, for an agent who answers with a mail program of his own.
fn reply_address(row: &TicketRow, store: &mut Store, context: &Context) -> Result<Option<String>, Trouble> {
    // Read a second time, but its warnings told once.
    let plan = desk::settings(&context.config_file()?)?.plan;
    let address =
        plan.queues.iter().find(|queue| queue.slug == row.queue).and_then(|queue| queue.addresses.first());
    let Some(address) = address else { return Ok(None) };
    Ok(Signer::new(&store.token_secret()?).reply_address(address, row.id))
}

fn describe(row: &TicketRow, out: &mut Out) {
    let status = out.palette.paint(Paint::of_status(row.status), row.status.as_str());
    out.line(&format!("{} {}", name(row), escape::line(&row.title)));
    out.line(&format!("{:<14}{status}", "status"));
    let mut field = |name: &str, text: &str| {
        if !text.is_empty() {
            out.line(&format!("{name:<14}{}", escape::line(text)));
        }
    };
    field("merged into", row.merged_into.as_deref().unwrap_or_default());
    field("linked to", &row.linked_to.join(", "));
    field("priority", &row.priority.to_string());

    field("tags", &row.tags.join(", "));
    field("notify", if row.notify { "" } else { "nobody, as a rule says" });
    field("requester", &row.requester.as_ref().map(ToString::to_string).unwrap_or_default());
    field("participants", &words::addresses(&row.participants));
    field("created", &words::time(row.created_at));
    field("updated", &words::time(row.updated_at));
}

fn tell(message: &MessageRow, out: &mut Out) {
    let from = message.from.as_ref().map_or_else(|| "an unknown sender".to_owned(), ToString::to_string);
    let head = format!("--- {} {} {}", message.direction, words::time(message.date), escape::line(&from));
    out.line("");
    out.line(&out.palette.paint(Paint::Note, &head));
    out.line(escape::lines(&message.text).trim_end());
    for file in &message.attachments {
        let seen = if file.repeated { ", repeated" } else { "" };
        let given = file.given_name.as_ref().map(|name| format!(", sent as {name:?}")).unwrap_or_default();
        let size = words::size(file.size);
        let text = format!("{} ({}, {size}{seen}{given})", file.filename, file.content_type);
        out.line(&format!("attachment: {}", escape::line(&text)));
    }
    for defect in &message.defects {
        out.line(&format!("defect: {}", escape::line(defect)));
    }
}
