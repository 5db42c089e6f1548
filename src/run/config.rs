//! What a run is told of each mailbox besides how to reach it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::hook::Hook;
use crate::mailbox;
use crate::model::ids::{MailboxName, QueueSlug};
use crate::parse::Limits;
use crate::policy::{Entry, Queue, Rule};
use crate::store::KeepRaw;

use super::deliver::Voice;
use super::notices::Notify;

/// Everything that a run needs to know.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The queues, in the order of the configuration.
    pub queues: Vec<Queue>,
    /// The mailboxes, in the order of the configuration.
    pub mailboxes: Vec<MailboxPlan>,
    /// The rules, in the order of the configuration.
    pub rules: Vec<Rule>,
    /// Which raw messages are kept.
    pub keep_raw: KeepRaw,
    /// When a run ends with exit code 1.
    pub alert: Alert,
    /// How much of a message is read.
    pub limits: Limits,
    /// How people are told; `None` without `[outbox]`: nobody is.
    pub outbox: Option<OutboxPlan>,
    /// Who is asked and told, in the order of the configuration.
    pub hooks: Vec<Hook>,
}

impl Plan {
    /// The names of the mailboxes.
    pub(super) fn names(&self) -> Vec<MailboxName> {
        self.mailboxes.iter().map(|mailbox| mailbox.mailbox.name.clone()).collect()
    }
}

/// `[outbox]`, as a run sees it.
#[derive(Debug, Clone)]
pub struct OutboxPlan {
    /// Whom to tell of what.
    pub notify: Notify,
    /// After so many attempts a notification is given up.
    pub max_attempts: u32,
    /// For how long a fetch delivers at its end; `None` if `send` alone delivers.
    pub after_fetch: Option<Duration>,
    /// As whom each queue writes, and the program itself; a queue without an address writes nothing.
    pub voices: Vec<Voice>,
    /// Who is told of alerts; `None` if nobody is.
    pub alerts: Option<AlertMails>,
}

/// Who is told of alerts, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertMails {
    /// Their addresses.
    pub to: Vec<String>,
    /// As whom the program writes.
    pub voice: Voice,
}

/// One mailbox of a run.
#[derive(Debug, Clone)]
pub struct MailboxPlan {
    /// How it is reached.
    pub mailbox: mailbox::Config,
    /// What it is told of each outcome.
    pub dispositions: mailbox::Dispositions,
    /// The queue of its new tickets.
    pub queue: QueueSlug,
    /// `update_only` of the mailbox, where it overrides the queue's.
    pub entry: Option<Entry>,
    /// Whether `X-Helpdesk-Ticket` counts.
    pub headers: Headers,
    /// The own mail server, as `Authentication-Results` names it.
    pub authserv_id: Option<String>,
    /// It is fetched at most so often.
    pub interval: Option<Duration>,
    /// What arrived before is `ignored/baseline`.
    pub since: Option<Timestamp>,
    /// The most messages in one transaction.
    pub batch_size: usize,
    /// After so much trouble of its own a message goes into quarantine.
    pub max_attempts: u32,
}

/// `trust_headers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headers {
    /// `X-Helpdesk-Ticket` is evidence.
    Trusted,
    /// It is not heeded.
    Untrusted,
}

/// `[alert]`: the first two are about one run, whose exit code is 1 when they are reached; the others about how all stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alert {
    /// So many skipped messages.
    pub skipped: Option<u64>,
    /// So many failed messages; one failed message gives exit code 1 in any case.
    pub failed: Option<u64>,
    /// So many notifications that wait.
    pub backlog: Option<u64>,
    /// So long no successful fetch of a mailbox.
    pub stale: Option<SignedDuration>,
    /// So many messages in quarantine.
    pub quarantine: Option<u64>,
    /// So long a message is put off.
    pub oldest: Option<SignedDuration>,
    /// So soon the certificate of a server expires.
    pub certificate: Option<SignedDuration>,
}
