//! What a run tells while it goes: a line for each message and mailbox, then a summary.

use std::time::Duration;

use crate::model::exit::Exit;
use crate::model::ids::{MailboxName, RunId};
use crate::model::outcome::OutcomeWord;
use crate::model::trouble::Trouble;

/// Who is told.
///
/// The messages of all mailboxes come first, in the order of the configuration, then the mailboxes, then the summary.
pub trait Listener {
    /// A mailbox is being worked at: so many of so many new items are done.
    fn progress(&mut self, mailbox: &MailboxName, done: u64, of: u64);

    /// An item has its outcome, and the transaction that holds it is committed.
    fn message(&mut self, line: MessageLine);

    /// A mailbox is done with.
    fn mailbox(&mut self, line: &MailboxLine);

    /// The run is over.
    fn summary(&mut self, line: &Summary);
}

/// What became of one item.
#[derive(Debug)]
pub struct MessageLine {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// The folder.
    pub folder: String,
    /// The item's key.
    pub item: String,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// Its author's address.
    pub from: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// What became of it.
    pub outcome: OutcomeWord,
    /// Why.
    pub reason: String,
    /// Its ticket, as `support-12`.
    pub ticket: Option<String>,
    /// What is worth knowing besides: evidence that disagreed, defects.
    pub notes: Vec<String>,
    /// What went wrong.
    pub error: Option<Trouble>,
}

/// How the work at a mailbox ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxStatus {
    /// All that was listed has an outcome.
    Ok,
    /// Its `interval` is not over.
    NotDue,
    /// Another run holds it.
    Locked,
    /// It could not be reached, broke off, or the store gave out.
    Failed,
}

impl MailboxStatus {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotDue => "not-due",
            Self::Locked => "locked",
            Self::Failed => "failed",
        }
    }
}

/// What became of one mailbox.
#[derive(Debug)]
pub struct MailboxLine {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// How it ended.
    pub status: MailboxStatus,
    /// How many items lie there.
    pub listed: u64,
    /// How many had no settled row.
    pub new: u64,
    /// How many got which outcome.
    pub counts: Counts,
    /// How long it took.
    pub duration: Duration,
    /// What went wrong.
    pub error: Option<Trouble>,
}

/// What became of a whole run.
#[derive(Debug)]
pub struct Summary {
    /// Its number; a dry run has none.
    pub run: Option<RunId>,
    /// Whether anything was done.
    pub mode: Mode,
    /// How it ends.
    pub exit: Exit,
    /// How many got which outcome.
    pub counts: Counts,
    /// How long it took.
    pub duration: Duration,
    /// How many mailboxes were fetched without trouble of their own.
    pub fetched: u64,
    /// Thresholds of `[alert]` that were reached, a sentence each.
    pub alerts: Vec<String>,
    /// Trouble of the run itself, such as a full disk.
    pub error: Option<Trouble>,
}

/// Whether a run acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It does what it says.
    Real,
    /// It only says it.
    DryRun,
}

/// How many items got which outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts([u64; OutcomeWord::ALL.len()]);

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, outcome: OutcomeWord) {
        self.iter_mut().filter(|(word, _)| *word == outcome).for_each(|(_, count)| *count += 1);
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// How many got this outcome.
    pub fn of(&self, outcome: OutcomeWord) -> u64 {
        self.iter().find(|(word, _)| *word == outcome).map_or(0, |(_, count)| count)
    }

    /// Every outcome with its count, in the order of the contract.
    pub fn iter(&self) -> impl Iterator<Item = (OutcomeWord, u64)> + '_ {
        OutcomeWord::ALL.into_iter().zip(self.0)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = (OutcomeWord, &mut u64)> + '_ {
        OutcomeWord::ALL.into_iter().zip(self.0.iter_mut())
    }
}
