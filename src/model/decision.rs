//! Decisions: what shall become of an item, before anything is done.

use super::ids::{QueueSlug, TicketId};
use super::outcome::{OutcomeWord, Reason};

/// A decision and what is worth noting beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    /// What is to be done.
    pub decision: Decision,
    /// Evidence that pointed elsewhere, and the like; kept in the ledger.
    pub notes: Vec<String>,
}

/// What shall become of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// A ticket is opened.
    Create {
        /// Where.
        queue: QueueSlug,
        /// Why a new one.
        reason: Reason,
        /// Tickets that it has to do with and is not put on: one that it named, a closed one, the same mail's elsewhere.
        linked: Vec<TicketId>,
        /// What rules say of the ticket.
        marks: Marks,
        /// Whose it is.
        requester: Requester,
    },
    /// A follow-up is added.
    Update {
        /// The ticket.
        ticket: TicketId,
        /// Its queue.
        queue: QueueSlug,
        /// The evidence, or the kind of automatic mail.
        reason: Reason,
        /// Whether the ticket is opened again.
        effect: Effect,
        /// Whether the sender's words beyond the text count.
        trust: Trust,
        /// Other tickets of the same thread, which became several because this mail came late.
        linked: Vec<TicketId>,
    },
    /// Nothing: it was processed before.
    Duplicate {
        /// How that was seen.
        reason: Reason,
        /// What it repeats; its disposition is taken.
        repeats: OutcomeWord,
        /// The ticket it is on.
        ticket: Option<TicketId>,
    },
    /// Nothing: it may not.
    Skip(Reason),
    /// Nothing: it is not wanted.
    Ignore(Reason),
    /// The next run takes it again.
    Defer(Reason),
    /// The raw message goes into quarantine.
    Fail(Reason),
}

/// Whose a new ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requester {
    /// The author's.
    Author,
    /// The first author's, if the mail passes one on that can be made out.
    FirstAuthor,
}

/// What rules of the configuration say of a new ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Its priority, instead of the queue's.
    pub priority: Option<u8>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Whether people are told of it, if a rule says so.
    pub notify: Option<bool>,
}

impl Decision {
    /// The outcome once the decision is carried out.
    pub fn outcome(&self) -> OutcomeWord {
        match self {
            Self::Create { .. } => OutcomeWord::Created,
            Self::Update { effect: Effect::Reopen, .. } => OutcomeWord::Reopened,
            Self::Update { effect: Effect::Append, .. } => OutcomeWord::Updated,
            Self::Duplicate { .. } => OutcomeWord::Duplicate,
            Self::Skip(_) => OutcomeWord::Skipped,
            Self::Ignore(_) => OutcomeWord::Ignored,
            Self::Defer(_) => OutcomeWord::Deferred,
            Self::Fail(_) => OutcomeWord::Failed,
        }
    }

    /// Why.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Create { reason, .. } | Self::Update { reason, .. } | Self::Duplicate { reason, .. } => {
                *reason
            }
            Self::Skip(reason) | Self::Ignore(reason) | Self::Defer(reason) | Self::Fail(reason) => *reason,
        }
    }
}

/// What a follow-up does to its ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is added.
    Append,
    /// It is added and the ticket is opened again.
    Reopen,
}

/// How far the sender of a follow-up is believed; a `From` can be forged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A signature of ours held: the mail adds participants, and an agent has an agent's rights.
    Proven,
    /// The text is taken, nothing more.
    Claimed,
}
