//! Evidence: what in a message names a ticket, and how far it can be trusted.

use super::ids::{MessageId, QueueSlug, TicketId};

/// The kinds of evidence, strongest first (contract section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// A reply address or Message-ID of ours whose signature holds.
    Token,
    /// An id of `In-Reply-To` that is already on a ticket.
    InReplyTo,
    /// An id of `References` that is already on a ticket.
    References,
    /// A message on a ticket names this very mail: the answer came before what it answers.
    ReferencedBy,
    /// `X-Helpdesk-Ticket` on a mailbox that trusts headers.
    Header,
    /// `support+12@example.org` among the recipients.
    Address,
    /// `[support-12]` in the subject.
    Subject,
}

impl Evidence {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::InReplyTo => "in-reply-to",
            Self::References => "references",
            Self::ReferencedBy => "referenced-by",
            Self::Header => "header",
            Self::Address => "address",
            Self::Subject => "subject",
        }
    }

    /// Whether anybody can write it who knows how tickets are numbered.
    ///
    /// Message-IDs are known to those who have seen the mail or an answer to it. That holds for `referenced-by` as far as
    /// nobody can foresee the Message-ID of another's mail, which mail programs see to and some monitors do not.
    pub fn is_guessable(self) -> bool {
        match self {
            Self::Token | Self::InReplyTo | Self::References | Self::ReferencedBy => false,
            Self::Header | Self::Address | Self::Subject => true,
        }
    }
}

/// One piece of evidence in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its kind.
    pub evidence: Evidence,
    /// What it names.
    pub names: Named,
}

/// What a piece of evidence names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A ticket by its number, with the queue that was written beside it.
    Ticket {
        /// The queue that the number must belong to; `None` where the signature alone counts.
        queue: Option<QueueSlug>,
        /// The number.
        id: TicketId,
    },
    /// A message that may be on a ticket.
    Message(MessageId),
    /// The mail itself, which messages on tickets may name.
    Itself(MessageId),
}
