//! `helpdesk-mail send`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::{Duration, Instant};

use crate::model::exit::Exit;
use crate::model::trouble::Trouble;
use crate::run::{Errand, EventErrand, OutboxPlan};
use crate::settings::Settings;
use crate::store::Store;

use super::context::Context;
use super::desk;
use super::output::{event_hearer, hearer};
use super::{watch, when};

/// So many connections are useful where a server is asked for nothing but to take mail.
pub(super) const USEFUL: usize = 4;

/// Deliver what is due: the notifications that wait in the outbox, then the events that hooks are told
///
/// A line tells what became of each, then one of the whole; of events where hooks listen. What is put off waits for the
/// next run; what is given up stands in "outbox list --state failed". Another program that delivers from the same SQLite
/// store at the same time ends this one with 75; from a server they deliver side by side.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Try at most so many notifications, and as many events
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroU64>,

    /// Begin none after so long, such as 90s or 5m
    #[arg(long, value_name = "D", value_parser = when::span)]
    pub time_limit: Option<Duration>,

    /// Use so many connections at once, 32 at most; 4 if it is not given
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Write JSON objects, one per line: notifications, a summary; events and their sum
    #[arg(long)]
    pub json: bool,
}

/// Delivers.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings_with_warnings()?;
    let began = Instant::now();
    let outbox = match (&settings.plan.outbox, desk::has_listeners(&settings)) {
        (None, true) => None,
        (None, false) | (Some(_), _) => Some(desk::outbox(&settings)?),
    };
    let mut store = desk::open(&settings.store)?;
    let sent = match outbox {
        Some(outbox) => notifications(args, (&settings, outbox), &mut store, context)?,
        None => Exit::Ok,
    };
    let errand = EventErrand {
        limit: args.limit.map(NonZeroU64::get),
        time_limit: args.time_limit.map(|limit| limit.saturating_sub(began.elapsed())),
        stop: context.signals.stop(),
    };
    let causes = context.causes();
    let mut hearer = event_hearer::of(&mut context.out, context.form, causes);
    let told = desk::deliver_events_if_any(&settings, &mut store, &errand, hearer.as_mut());
    // What there is to tell leaves with the next delivery.
    let _written = watch::alerts(&settings, &mut store, None);
    watch::metrics(&settings);
    Ok(told?.map_or(sent, |told| sent.worse(told.exit())))
}

fn notifications(
    args: &Args,
    (settings, outbox): (&Settings, &OutboxPlan),
    store: &mut Store,
    context: &mut Context,
) -> Result<Exit, Trouble> {
    let errand = Errand {
        max_attempts: outbox.max_attempts,
        limit: args.limit.map(NonZeroU64::get),
        time_limit: args.time_limit,
        stop: context.signals.stop(),
    };
    let jobs = args.jobs.map_or(USEFUL, NonZeroUsize::get);
    let causes = context.causes();
    let mut hearer = hearer::of(&mut context.out, context.form, causes);
    Ok(desk::deliver((settings, outbox), store, &errand, jobs, hearer.as_mut())?.exit())
}
