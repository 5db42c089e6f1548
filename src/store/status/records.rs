//! How the store stands, as the rest of the program sees it.

use jiff::Timestamp;

use crate::model::ids::{MailboxName, RunId};
use crate::model::outcome::OutcomeWord;
use crate::store::{Backlog, NewAlertMail};

/// How often there was which outcome, in the order of the contract; those that there were.
pub type Tallies = Vec<(OutcomeWord, u64)>;

/// How the store stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreStatus {
    /// The mailboxes that were tried or that items came from, by name.
    pub mailboxes: Vec<Health>,
    /// The back ends that notifications were given to, by name.
    pub backends: Vec<(String, Vitals)>,
    /// The last run that began.
    pub last_run: Option<LastRun>,
    /// What became of items since the store was made; what was taken again counts again.
    pub totals: Vec<(MailboxName, OutcomeWord, u64)>,
    /// What became of items in the last hour.
    pub hour: Tallies,
    /// What became of items in the last day.
    pub day: Tallies,
    /// The messages in quarantine.
    pub quarantine: Pile,
    /// The notifications.
    pub outbox: Backlog,
    /// The events of hooks.
    pub events: Backlog,
    /// How many addresses get no notifications.
    pub suppressed: u64,
    /// How many octets the database takes.
    pub size: u64,
    /// The version of the schema.
    pub schema: u64,
}

/// How a mailbox or a back end was when it was last used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    /// When it last served without trouble of its own.
    pub last_success: Option<Timestamp>,
    /// When it last had trouble of its own.
    pub last_failure: Option<Timestamp>,
    /// How often it had since the last success.
    pub failures: u64,
    /// When the first of those was.
    pub failing_since: Option<Timestamp>,
    /// The last of those: its stable word, and the same for a person.
    pub error: Option<(String, String)>,
    /// When the certificate expires that its server showed at the last success.
    pub certificate_expires: Option<Timestamp>,
    /// When the access token expires that the last success was logged in with.
    pub token_expires: Option<Timestamp>,
}

/// How a mailbox is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Its name.
    pub name: MailboxName,
    /// How it was when it was last fetched.
    pub vitals: Vitals,
    /// The items that are deferred.
    pub waiting: Pile,
    /// How many items it is still to be told of.
    pub owed: u64,
}

impl Health {
    /// One that nothing is known of.
    pub fn unknown(name: MailboxName) -> Self {
        Self { name, vitals: Vitals::default(), waiting: Pile::default(), owed: 0 }
    }
}

/// Things that wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pile {
    /// How many.
    pub count: u64,
    /// Since when the oldest does.
    pub oldest: Option<Timestamp>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// Its number.
    pub run: RunId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it goes on, or if it was killed.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub exit_code: Option<u64>,
    /// What became of its items, as far as no later run took them again.
    pub outcomes: Tallies,
}

/// When what a mailbox or back end was reached with expires, as far as that was told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expiry {
    /// The certificate of its server.
    pub certificate: Option<Timestamp>,
    /// The access token of the login.
    pub token: Option<Timestamp>,
}

/// A threshold as it stood when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// The word of the threshold.
    pub threshold: String,
    /// What it is about, such as a mailbox; empty for all.
    pub subject: String,
    /// Whether it was reached.
    pub reached: bool,
    /// Since when that is so.
    pub since: Timestamp,
    /// What was found, a sentence.
    pub text: String,
    /// Whether the last mail of it said that it was reached.
    pub told: bool,
    /// When a mail last said so.
    pub told_at: Option<Timestamp>,
}

/// What is to be remembered of thresholds, and what is to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertChange {
    /// Every threshold there is; what else was remembered is forgotten.
    pub rows: Vec<AlertRow>,
    /// The mails.
    pub mails: Vec<NewAlertMail>,
}
