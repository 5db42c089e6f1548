//! What is the same for every message of one mailbox in one run.

use jiff::Timestamp;

use crate::evidence::{self, Desk, HeaderTrust, Signer};
use crate::hook::Hook;
use crate::mailbox::Dispositions;
use crate::model::decision::Decision;
use crate::model::event::EventKind;
use crate::model::ids::{MailboxName, QueueSlug, RunId};
use crate::model::item::Disposition;
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::parse::Limits;
use crate::policy::{Entry, Queue, Rule};
use crate::store::{KeepRaw, Source};

use super::companions::Companions;
use super::config::{Headers, MailboxPlan, Plan};
use super::ingest::INGEST;
use super::notices::Notify;
use super::stop::Stop;

/// The settings of a run for one mailbox.
pub(super) struct Job<'a> {
    pub(super) name: MailboxName,
    pub(super) run: RunId,
    /// The mailboxes of the configuration, this one among them.
    pub(super) mailboxes: Vec<MailboxName>,
    pub(super) queue: &'a Queue,
    pub(super) queues: &'a [Queue],
    pub(super) rules: &'a [Rule],
    pub(super) authserv_id: Option<&'a str>,
    pub(super) desks: Vec<Desk>,
    pub(super) entry: Entry,
    pub(super) headers: HeaderTrust,
    pub(super) signer: Option<Signer>,
    pub(super) keep_raw: KeepRaw,
    pub(super) dispositions: Dispositions,
    pub(super) max_attempts: u32,
    pub(super) originals: Originals,
    pub(super) limits: Limits,
    /// Whom to tell; `None` where nobody is told.
    pub(super) notify: Option<&'a Notify>,
    /// The hooks of all mailboxes, in the order of the configuration.
    pub(super) hooks: &'a [Hook],
    /// Ends the run, and with it whichever hook is being asked.
    pub(super) stop: Stop,
}

/// Whether somebody else keeps the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Originals {
    /// The mailbox does.
    InTheMailbox,
    /// Nobody: who handed them over has let go of them.
    Gone,
}

impl<'a> Job<'a> {
    /// The job of a mailbox; `None` if its queue is not there, which the settings rule out.
    pub(super) fn of_mailbox(
        plan: &'a Plan,
        mailbox: &'a MailboxPlan,
        signer: Option<Signer>,
    ) -> Option<Self> {
        let queue = plan.queues.iter().find(|queue| queue.slug == mailbox.queue)?;
        let headers = match mailbox.headers {
            Headers::Trusted => HeaderTrust::Trusted,
            Headers::Untrusted => HeaderTrust::Untrusted,
        };
        Some(Self {
            name: mailbox.mailbox.name.clone(),
            entry: mailbox.entry.unwrap_or(queue.entry),
            headers,
            authserv_id: mailbox.authserv_id.as_deref(),
            dispositions: mailbox.dispositions.clone(),
            max_attempts: mailbox.max_attempts,
            originals: Originals::InTheMailbox,
            ..Self::of_queue(plan, queue, signer)
        })
    }

    /// The job of messages that are handed over for a queue; there is no mailbox to tell.
    pub(super) fn of_queue(plan: &'a Plan, queue: &'a Queue, signer: Option<Signer>) -> Self {
        let desk = |queue: &Queue| Desk { slug: queue.slug.clone(), addresses: queue.addresses.clone() };
        let keep = || Disposition::Keep;
        Self {
            name: super::ingest::mailbox(),
            run: RunId(0),
            mailboxes: plan.names(),
            queue,
            queues: &plan.queues,
            rules: &plan.rules,
            authserv_id: None,
            desks: plan.queues.iter().map(desk).collect(),
            entry: queue.entry,
            headers: HeaderTrust::Untrusted,
            signer,
            keep_raw: plan.keep_raw,
            dispositions: Dispositions {
                on_success: keep(),
                on_skip: keep(),
                on_ignore: keep(),
                on_failure: keep(),
            },
            // Only hooks put off what is in hand.
            max_attempts: 10,
            originals: Originals::Gone,
            limits: plan.limits,
            notify: plan.outbox.as_ref().map(|outbox| &outbox.notify),
            hooks: &plan.hooks,
            stop: Stop::default(),
        }
    }

    /// The job of what lies in `source`, be it a mailbox or what was handed over.
    pub(super) fn of_source(plan: &'a Plan, source: &Source, desk: &dyn Companions) -> Result<Self, Trouble> {
        let of_mailbox = || {
            let mailbox = plan.mailboxes.iter().find(|mailbox| mailbox.mailbox.name == source.mailbox)?;
            Self::of_mailbox(plan, mailbox, desk.signer())
        };
        let of_queue = || {
            let slug: QueueSlug = source.folder.parse().ok()?;
            let queue = plan.queues.iter().find(|queue| queue.slug == slug)?;
            Some(Self::of_queue(plan, queue, desk.signer()))
        };
        let job = if source.account == INGEST { of_queue() } else { of_mailbox() };
        job.ok_or_else(|| {
            let what = format!(
                "mailbox \"{}\", folder \"{}\" is not configured any more",
                source.mailbox, source.folder
            );
            Trouble::new(ErrorCode::InputMissing, what)
                .hint("export the message and hand it to \"helpdesk-mail ingest --queue\"")
        })
    }

    /// Whether quarantine keeps a copy: of what failed, and of what was skipped where no other copy is left.
    pub(super) fn keeps(&self, outcome: OutcomeWord) -> bool {
        match outcome {
            OutcomeWord::Failed => true,
            OutcomeWord::Skipped => self.originals == Originals::Gone,
            OutcomeWord::Created
            | OutcomeWord::Updated
            | OutcomeWord::Reopened
            | OutcomeWord::Duplicate
            | OutcomeWord::Ignored
            | OutcomeWord::Deferred => false,
        }
    }

    /// The hooks that listen to an event of this mailbox, in the order of the configuration.
    pub(super) fn listeners(&self, kind: EventKind) -> impl Iterator<Item = &Hook> {
        self.hooks.iter().filter(move |hook| hook.event == kind && hook.listens_to(&self.name))
    }

    /// Whether a hook is to be asked at that step.
    pub(super) fn asks(&self, kind: EventKind) -> bool {
        self.listeners(kind).next().is_some()
    }

    /// How many messages go together in one transaction: one where hooks are asked, which take their time and speak of a
    /// decision that must still stand.
    pub(super) fn together(&self, most: usize) -> usize {
        if self.asks_any() { 1 } else { most }
    }

    /// Whether any hook is asked about messages of this mailbox.
    pub(super) fn asks_any(&self) -> bool {
        EventKind::ALL.into_iter().any(|kind| kind.is_asked() && self.asks(kind))
    }

    /// What evidence in a mail is reckoned against.
    pub(super) fn evidence(&self) -> evidence::Context<'_> {
        evidence::Context {
            own: &self.queue.slug,
            desks: &self.desks,
            headers: self.headers,
            signer: self.signer.as_ref(),
        }
    }

    /// What the mailbox is told of a decision.
    ///
    /// What was there before the first run is never touched: nobody asked for old mail to be read or removed.
    pub(super) fn disposition(&self, decision: &Decision) -> Disposition {
        let outcome = match decision {
            Decision::Ignore(Reason::Baseline) => return Disposition::Keep,
            Decision::Duplicate { repeats, .. } => *repeats,
            Decision::Create { .. }
            | Decision::Update { .. }
            | Decision::Skip(_)
            | Decision::Ignore(_)
            | Decision::Defer(_)
            | Decision::Fail(_) => decision.outcome(),
        };
        match outcome {
            OutcomeWord::Created | OutcomeWord::Updated | OutcomeWord::Reopened | OutcomeWord::Duplicate => {
                self.dispositions.on_success.clone()
            }
            OutcomeWord::Skipped => self.dispositions.on_skip.clone(),
            OutcomeWord::Ignored => self.dispositions.on_ignore.clone(),
            OutcomeWord::Failed => self.dispositions.on_failure.clone(),
            OutcomeWord::Deferred => Disposition::Keep,
        }
    }
}

/// When an item arrived, as far as that is known.
pub(super) fn received(arrived: Option<Timestamp>, now: Timestamp) -> Timestamp {
    arrived.filter(|at| *at <= now).unwrap_or(now)
}
