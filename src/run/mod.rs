//! Puts the halves together: the only module that knows both mailboxes and store.

mod acting;
mod batch;
mod calls;
mod companions;
mod config;
mod copy;
mod crew;
mod deeds;
mod deliver;
mod due;
mod empty;
mod facts;
mod fetch;
mod hooks;
mod in_hand;
mod ingest;
mod item;
mod job;
mod lock;
mod notebook;
mod notices;
mod old;
mod probe;
mod prune;
mod receive;
mod reconcile;
mod rehearsing;
mod report;
mod retry;
mod road;
mod stop;
mod suspects;
mod tally;
mod trail;
mod turn;
mod verdict;
mod watch;

pub use acting::Acting;
pub use calls::Calls;
pub use companions::{Companions, Gate};
pub use config::{Alert, AlertMails, Headers, MailboxPlan, OutboxPlan, Plan};
pub use copy::copy;
pub use deliver::{
    Attachments, Carried, Courier, Errand, Hearer, MailOffice, NotificationLine, Office, Outbox, Post, Sent,
    SentCounts, Voice, WINDOW, Way, deliver,
};
pub use fetch::{Due, Options, Scope, fetch};
pub use hooks::{EventCounts, EventErrand, EventHearer, EventLine, EventSum, deliver_events};
pub use ingest::{Handed, INGEST, ingest};
pub use lock::Locks;
pub use notices::Notify;
pub use probe::{Fate, Prober, Suspect, cpu_limit, memory_limit, probe, probe_from_mailbox};
pub use prune::{Pruned, prune};
pub use reconcile::{Audited, AuditedMailbox, Auditor, FolderLine, ItemLine, ItemState, Sums, reconcile};
pub use rehearsing::Rehearsing;
pub use report::{Counts, Listener, MailboxLine, MailboxStatus, MessageLine, Mode, Summary};
pub use retry::retry;
pub use stop::Stop;
pub use trail::{Step, after, trail};
pub use verdict::Audience;
pub use watch::{AlertLine, Membership, Ran, Status, Threshold, Watched, Written, age, status, watch};

#[cfg(test)]
mod tests;
