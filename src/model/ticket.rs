//! Tickets as the road and the commands see them.

use jiff::Timestamp;

use super::ids::{QueueSlug, TicketId};

/// The states of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waiting for work.
    Open,
    /// Was closed and a mail opened it again.
    Reopened,
    /// Answered; counts as closed.
    Resolved,
    /// Done.
    Closed,
    /// Became part of another ticket.
    Merged,
}

impl Status {
    /// All states, in the order they are documented.
    pub const ALL: [Self; 5] = [Self::Open, Self::Reopened, Self::Resolved, Self::Closed, Self::Merged];

    /// The word of the contract, section 5.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Reopened => "reopened",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Merged => "merged",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether a mail to it falls under the queue's `closed_ticket`.
    pub fn is_closed(self) -> bool {
        match self {
            Self::Resolved | Self::Closed => true,
            Self::Open | Self::Reopened | Self::Merged => false,
        }
    }
}

/// What a participant is on a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Asked first.
    Requester,
    /// Was copied in.
    Cc,
    /// Wrote a follow-up.
    Author,
    /// Works on it.
    Agent,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Requester, Self::Cc, Self::Author, Self::Agent];

    /// The word that the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Cc => "cc",
            Self::Author => "author",
            Self::Agent => "agent",
        }
    }

    /// The role of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// What the lookup tells of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketFacts {
    /// Its number.
    pub id: TicketId,
    /// Its queue.
    pub queue: QueueSlug,
    /// Its state.
    pub status: Status,
    /// When its state last changed to what it is.
    pub status_since: Timestamp,
    /// The ticket that it became part of.
    pub merged_into: Option<TicketId>,
}
