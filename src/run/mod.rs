//! Puts the halves together: the only module that knows both mailboxes and store.

mod acting;
mod batch;
mod companions;
mod config;
mod crew;
mod deeds;
mod facts;
mod fetch;
mod ingest;
mod job;
mod lock;
mod notebook;
mod receive;
mod rehearsing;
mod report;
mod road;
mod verdict;

pub use acting::Acting;
pub use companions::{Companions, Gate};
pub use config::{Alert, Headers, MailboxPlan, Plan};
pub use fetch::{Due, Options, Scope, fetch};
pub use ingest::{Handed, INGEST, ingest, retry};
pub use rehearsing::Rehearsing;
pub use report::{Counts, Listener, MailboxLine, MailboxStatus, MessageLine, Mode, Summary};
pub use verdict::Audience;
