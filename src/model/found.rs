//! Facts: what the store knows that bears on one message.

use super::evidence::Reference;
use super::ids::TicketId;
use super::outcome::OutcomeWord;
use super::ticket::TicketFacts;

/// Everything that [`crate::policy::decide`] needs from the store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Each piece of evidence with what it leads to, strongest first.
    pub candidates: Vec<Candidate>,
    /// The same mail, met before.
    pub earlier: Option<Earlier>,
    /// The tickets of other queues that hold the same mail.
    pub elsewhere: Vec<TicketFacts>,
}

/// A piece of evidence and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The evidence.
    pub reference: Reference,
    /// The ticket at the end of any merges; `None` if what is named is not there.
    pub ticket: Option<TicketFacts>,
    /// Whether the author is on that ticket.
    pub standing: Standing,
    /// Where the ticket is of another queue than the mailbox's: a ticket of that queue which holds the same mail.
    pub twin: Option<TicketId>,
}

/// How the author of a mail stands to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Requester, Cc, or author of a follow-up.
    Participant,
    /// Nobody the ticket knows.
    Stranger,
}

/// The same mail, met before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// It is on a ticket of this queue: same Message-ID and same digest.
    OnTicket(TicketId),
    /// This mailbox settled it under another key, for instance before UIDVALIDITY changed.
    Settled {
        /// What became of it then.
        outcome: OutcomeWord,
        /// Its ticket, if it got one.
        ticket: Option<TicketId>,
    },
}
