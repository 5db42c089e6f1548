//! `helpdesk-mail fetch`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::{Duration, Instant};

use crate::mailbox::Place;
use crate::model::exit::Exit;
use crate::model::ids::MailboxName;
use crate::model::outbox::OutboxState;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::run::{
    self, Audience, Calls, Companions, Due, Errand, EventErrand, MailboxPlan, Mode, Options, OutboxPlan,
    Plan, Ran, Scope, Stop, Summary, Written,
};
use crate::settings::Settings;
use crate::store::Store;

use super::context::Context;
use super::output::{event_hearer, hearer, listener};
use super::{desk, names, send, watch};

/// Fetch each configured mailbox once and turn its messages into tickets
///
/// A line tells what became of each message, then one of each mailbox, then of the whole run. What a run could not
/// settle the next run takes again, so that it may be called by cron as often as wanted.
///
/// Servers are connected to while the store opens, those of mailboxes with an interval when they are due. Where the run
/// then cannot begin, or another holds the mailbox, a server sees a connection without a login.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Fetch this mailbox only; may be given several times
    #[arg(long, value_name = "NAME")]
    pub mailbox: Vec<MailboxName>,

    /// Print exactly what would be done and why, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Take at most so many new messages of each mailbox, oldest first
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroU64>,

    /// Fetch so many mailboxes at once
    ///
    /// As many as are useful if it is not given: one for each mailbox on a server, at most eight, and one for all local
    /// ones, so that none waits for a server that hangs. With several, the
    /// numbers of tickets, and which of two copies of a mail becomes the ticket, depend on who is first; with 1 on the
    /// order of the configuration. A dry run goes through them one by one.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Write JSON objects, one per line: messages, mailboxes, a summary
    #[arg(long)]
    pub json: bool,

    /// Fetch mailboxes whose interval is not over, too
    #[arg(long)]
    pub force: bool,

    /// Leave notifications and events undelivered, for "send" or the next fetch
    #[arg(long)]
    pub no_send: bool,

    /// Settle what is there now as ignored/baseline, without tickets: for a first run on an old mailbox
    #[arg(long)]
    pub baseline: bool,
}

/// Fetches.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let started = Instant::now();
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Real };
    let unbegun = |trouble| Summary::unbegun(trouble, mode, Audience::Scheduler, started);
    fetch(args, context).or_else(|trouble| context.unbegun(trouble, unbegun))
}

/// Here, and nowhere below, it is chosen whether anything is done.
fn fetch(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings_with_warnings()?;
    let options = Options {
        mailboxes: args.mailbox.clone(),
        limit: args.limit.map(NonZeroU64::get),
        due: if args.force { Due::Now } else { Due::ByInterval },
        scope: if args.baseline { Scope::Baseline } else { Scope::Tickets },
        stop: context.signals.stop(),
    };
    // Before a store is made: a name that is mistyped leaves nothing behind.
    for name in &args.mailbox {
        let configured = settings.plan.mailboxes.iter().map(|mailbox| mailbox.mailbox.name.clone());
        names::require("mailbox", name, configured, || Ok(Vec::new()))?;
    }
    let causes = context.causes();
    let mut listener = listener::of(&mut context.out, context.form, causes);
    if args.dry_run {
        let mut desk = desk::rehearsing(&settings)?;
        return Ok(run::fetch(&settings.plan, &options, &mut [&mut desk], listener.as_mut())?.exit);
    }
    let locks = desk::locks(&settings);
    let jobs = jobs(args, &settings.plan);
    let calls = Calls::begin(&settings.plan, &options, jobs)?;
    let desks = (0..jobs).map(|_| Ok(desk::acting(&settings, &locks)?.answering(&calls)));
    let mut desks = desks.collect::<Result<Vec<_>, Trouble>>()?;
    let mut workers: Vec<_> = desks.iter_mut().map(|desk| desk as &mut (dyn Companions + Send)).collect();
    let summary = run::fetch(&settings.plan, &options, &mut workers, listener.as_mut())?;
    drop(listener);
    // What follows needs one store, and one that is open already costs nothing.
    desks.truncate(1);
    if let Some(desk) = desks.first_mut() {
        afterwards(args, &settings, desk.store(), (&options.stop, &summary));
    }
    Ok(summary.exit)
}

/// Delivers, then looks how things stand; what there is to tell of that leaves at once.
fn afterwards(args: &Args, settings: &Settings, store: &mut Store, (stop, summary): (&Stop, &Summary)) {
    let _run = summary.run.map(run::after);
    if let Err(error) = store.in_place() {
        log::warn!("nothing is sent, and thresholds are not looked at: {error}");
    } else {
        let send = |store: &mut Store| {
            if !args.no_send {
                deliver(settings, store, stop);
            }
        };
        send(store);
        if watch::alerts(settings, store, Ran::of("fetch", summary).as_ref()) == Written::Mails {
            send(store);
        }
    }
    watch::metrics(settings);
}

/// How long a fetch delivers where no `[outbox]` says so.
const USUAL: Duration = Duration::from_secs(60);

/// Delivers what is due for a while. Trouble in sending shows in the log and in the outbox, never in how a fetch ends.
fn deliver(settings: &Settings, store: &mut Store, stop: &Stop) {
    let outbox = settings.plan.outbox.as_ref();
    let Some(limit) = outbox.map_or(Some(USUAL), |outbox| outbox.after_fetch) else { return };
    let began = Instant::now();
    if let Some(outbox) = outbox {
        deliver_notifications((settings, outbox), store, limit, stop.clone());
    }
    let time_limit = Some(limit.saturating_sub(began.elapsed()));
    let errand = EventErrand { limit: None, time_limit, stop: stop.clone() };
    match desk::deliver_events_if_any(settings, store, &errand, &mut event_hearer::Silent) {
        Ok(None) => {}
        Ok(Some(sum)) => {
            let waiting = sum.backlog.waiting;
            log::info!("{} events delivered, {waiting} waiting", sum.counts.delivered);
        }
        Err(trouble) => told(&trouble, "events"),
    }
}

fn deliver_notifications(
    (settings, outbox): (&Settings, &OutboxPlan),
    store: &mut Store,
    limit: Duration,
    stop: Stop,
) {
    let errand = Errand { max_attempts: outbox.max_attempts, limit: None, time_limit: Some(limit), stop };
    match desk::deliver((settings, outbox), store, &errand, send::USEFUL, &mut hearer::Silent) {
        Ok(sent) => {
            let waiting = sent.backlog.waiting;
            log::info!("{} notifications sent, {waiting} waiting", sent.counts.of(OutboxState::Sent));
        }
        Err(trouble) => told(&trouble, "notifications"),
    }
}

fn told(trouble: &Trouble, of: &str) {
    if trouble.code == ErrorCode::OutboxLocked {
        // It delivers what this one would have.
        log::info!("{trouble}");
    } else {
        log::error!(error_code = trouble.code.as_str(); "{of}: {}", trouble.with_causes());
    }
}

/// Those on servers wait for the network most of the time; local ones wait for the store, one after the other.
fn jobs(args: &Args, plan: &Plan) -> usize {
    const USEFUL: usize = 8;
    let chosen = plan
        .mailboxes
        .iter()
        .filter(|mailbox| args.mailbox.is_empty() || args.mailbox.contains(&mailbox.mailbox.name));
    let (remote, local): (Vec<&MailboxPlan>, Vec<&MailboxPlan>) =
        chosen.partition(|mailbox| matches!(mailbox.mailbox.place, Place::Imap(_) | Place::Pop3(_)));
    let useful = remote.len().min(USEFUL) + usize::from(!local.is_empty());
    // Each opens the store, and more than there are mailboxes have nothing to do.
    let most = (remote.len() + local.len()).max(1);
    args.jobs.map_or(useful.max(1), |jobs| jobs.get().min(most))
}
