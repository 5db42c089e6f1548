//! Puts the halves together: the only module that knows both mailboxes and store.

mod config;
mod report;

pub use config::{Alert, Headers, MailboxPlan, Plan};
pub use report::{Counts, Listener, MailboxLine, MailboxStatus, MessageLine, Mode, Summary};
