//! `fetch`: every chosen mailbox once. One bad mailbox never blocks the others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use jiff::Timestamp;

use crate::mailbox::oauth::Life;
use crate::mailbox::{self, Reader};
use crate::model::ids::{MailboxName, RunId};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{Expiry, StoreError};

use super::companions::Companions;
use super::config::{MailboxPlan, Plan};
use super::crew;
use super::due;
use super::hooks;
use super::job::Job;
use super::report::{Counts, Listener, MailboxLine, MailboxStatus, Summary};
use super::road::{self, Bounds};
use super::stop::{Deadline, Stop};
use super::tally::Tally;
use super::trail::{self, Step};
use super::verdict::{Audience, Ending};

/// What is asked of one `fetch`.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The mailboxes; none for all.
    pub mailboxes: Vec<MailboxName>,
    /// The most messages of each mailbox.
    pub limit: Option<u64>,
    /// Whether intervals are heeded.
    pub due: Due,
    /// Whether messages are read.
    pub scope: Scope,
    /// Ends the run early.
    pub stop: Stop,
}

/// `--force`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Due {
    /// A mailbox is fetched when its interval is over.
    #[default]
    ByInterval,
    /// It is fetched now.
    Now,
}

/// `--baseline`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// Messages become tickets.
    #[default]
    Tickets,
    /// What is there is settled unread.
    Baseline,
}

/// Fetches each chosen mailbox once, as many at once as there are workers.
///
/// With one worker tickets are numbered in the order of the configuration; with several, in that of the servers' speed.
pub fn fetch(
    plan: &Plan,
    options: &Options,
    workers: &mut [&mut (dyn Companions + Send)],
    listener: &mut dyn Listener,
) -> Result<Summary, Trouble> {
    let chosen = choose(plan, &options.mailboxes)?;
    let started = Instant::now();
    let none = || Trouble::new(ErrorCode::Internal, "a run without workers");
    let run = workers.first_mut().ok_or_else(none)?.begin(Timestamp::now())?;
    let _run = run.map(|run| trail::take(Step::Run, run));
    let fetch = Fetch { plan, options, run };
    let errand = |mailbox: &MailboxPlan, desk: &mut dyn Companions, listener: &mut dyn Listener| {
        fetch.one(mailbox, desk, listener)
    };
    let lines = crew::work(&errand, &chosen, workers, listener);
    lines.iter().for_each(|line| listener.mailbox(line));
    let desk = workers.first_mut().ok_or_else(none)?;
    let mut counts = Counts::default();
    lines.iter().for_each(|line| counts.merge(&line.counts));
    let audience = Audience::Scheduler;
    let ending = Ending { run, counts, started, unreadable: 0, alert: &plan.alert, audience };
    let summary = ending.summary(lines.iter().filter_map(|line| line.error.as_ref()), *desk);
    let fetched = lines.iter().filter(|line| line.status == MailboxStatus::Ok).count() as u64;
    let summary = Summary { fetched, ..summary };
    listener.summary(&summary);
    Ok(summary)
}

pub(super) fn choose<'a>(plan: &'a Plan, names: &[MailboxName]) -> Result<Vec<&'a MailboxPlan>, Trouble> {
    let known = |name: &MailboxName| plan.mailboxes.iter().any(|mailbox| mailbox.mailbox.name == *name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let all: Vec<&str> = plan.mailboxes.iter().map(|mailbox| mailbox.mailbox.name.as_str()).collect();
        let hint = if all.is_empty() {
            "the configuration has no section [mailbox.NAME]".to_owned()
        } else {
            format!("configured are: {}", all.join(", "))
        };
        return Err(Trouble::new(ErrorCode::Usage, format!("there is no mailbox \"{unknown}\"")).hint(hint));
    }
    let wanted = |mailbox: &&MailboxPlan| names.is_empty() || names.contains(&mailbox.mailbox.name);
    Ok(plan.mailboxes.iter().filter(wanted).collect())
}

/// One run.
struct Fetch<'a> {
    plan: &'a Plan,
    options: &'a Options,
    run: Option<RunId>,
}

impl Fetch<'_> {
    /// Works at one mailbox; whatever goes wrong becomes its line.
    fn one(
        &self,
        mailbox: &MailboxPlan,
        desk: &mut dyn Companions,
        listener: &mut dyn Listener,
    ) -> MailboxLine {
        let started = Instant::now();
        let name = mailbox.mailbox.name.clone();
        // Workers are threads of their own.
        let _run = self.run.map(|run| trail::take(Step::Run, run));
        let _mailbox = trail::take(Step::Mailbox, &name);
        let mut tally = Tally::of(name.clone(), listener);
        let work = catch_unwind(AssertUnwindSafe(|| self.work(mailbox, desk, &mut tally)));
        desk.unlock();
        let (status, error) = match work.unwrap_or_else(|_| Err(gave_up(&name))) {
            Ok(status) => (status, None),
            Err(trouble) if trouble.code == ErrorCode::MailboxLocked => {
                (MailboxStatus::Locked, Some(trouble))
            }
            Err(trouble) => (MailboxStatus::Failed, Some(trouble)),
        };
        if let Some(trouble) = error.as_ref().filter(|trouble| trouble.code.is_of_the_mailbox())
            && let Err(error) = self.failed(&name, trouble, desk)
        {
            log::warn!("after {trouble}: {error}");
        }
        if let Some(trouble) = &error {
            let code = trouble.code.as_str();
            // A second run beside a long one is nothing to wake anybody for.
            let level = if status == MailboxStatus::Locked { log::Level::Warn } else { log::Level::Error };
            log::log!(level, error_code = code; "mailbox \"{name}\": {}", trouble.with_causes());
        }
        let Tally { listed, new, counts, .. } = tally;
        if error.is_none() {
            log::info!(status = status.as_str(), listed, new; "mailbox \"{name}\": {}, {listed} there, {new} new", status.as_str());
        }
        MailboxLine { mailbox: name, status, listed, new, counts, duration: started.elapsed(), error }
    }

    /// Notes that a mailbox had trouble of its own, and tells hooks.
    fn failed(
        &self,
        name: &MailboxName,
        trouble: &Trouble,
        desk: &mut dyn Companions,
    ) -> Result<(), StoreError> {
        let now = Timestamp::now();
        let events = hooks::mailbox_error(&self.plan.hooks, name, trouble, now)?;
        desk.failed(name, now, trouble, &events)
    }

    fn work(
        &self,
        mailbox: &MailboxPlan,
        desk: &mut dyn Companions,
        tally: &mut Tally<'_>,
    ) -> Result<MailboxStatus, Trouble> {
        let name = &mailbox.mailbox.name;
        self.options.stop.check()?;
        desk.lock(name)?;
        if self.options.due == Due::ByInterval && !is_due(mailbox, desk)? {
            return Ok(MailboxStatus::NotDue);
        }
        let no_queue = || Trouble::new(ErrorCode::Internal, format!("mailbox \"{name}\" has no queue"));
        let job = Job::of_mailbox(self.plan, mailbox, desk.signer()).ok_or_else(no_queue)?;
        let run = self.run.unwrap_or(RunId(0));
        let job = Job { run, stop: self.options.stop.clone(), ..job };
        let Options { scope, limit, .. } = *self.options;
        let stop = &self.options.stop;
        let deadline = Deadline::after(Instant::now(), mailbox.mailbox.run_timeout);
        let bounds =
            Bounds { stop, deadline, scope, since: mailbox.since, limit, batch_size: mailbox.batch_size };
        let mut gate = desk.open(&mailbox.mailbox)?;
        road::walk(&job, &bounds, gate.as_mut(), desk, tally)?;
        let now = Timestamp::now();
        desk.fetched(name, now, expiry(&mailbox.mailbox, gate.reader(), now))?;
        Ok(MailboxStatus::Ok)
    }
}

/// When what the mailbox was reached with expires.
fn expiry(mailbox: &mailbox::Config, reader: &dyn Reader, now: Timestamp) -> Expiry {
    let token = expiry_of_token(mailbox.token_life(), now);
    Expiry { certificate: reader.certificate_expires(), token }
}

/// When the access token in hand expires, if there is one and that was told.
pub(super) fn expiry_of_token(life: Option<Life>, now: Timestamp) -> Option<Timestamp> {
    match life? {
        Life::Left(left) => now.checked_add(left).ok(),
        Life::Untold => None,
    }
}

/// A bug in one mailbox's part of the road must not stop the others; the panic hook has told where it is.
fn gave_up(mailbox: &MailboxName) -> Trouble {
    let what = format!("the program gave up on mailbox \"{mailbox}\"");
    Trouble::new(ErrorCode::Internal, what)
        .hint("please report this with the lines before; the next run goes on")
}

fn is_due(mailbox: &MailboxPlan, desk: &mut dyn Companions) -> Result<bool, Trouble> {
    let state = desk.lookup().mailbox_state(&mailbox.mailbox.name)?;
    Ok(due::is_due(mailbox.interval, state, Timestamp::now()))
}
