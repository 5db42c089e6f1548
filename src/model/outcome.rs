//! Outcomes: what became of an item, in one word, and why, in another.

use std::fmt;

use super::evidence::Evidence;
use super::mail::Kind;

/// The outcomes of the contract, section 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeWord {
    /// It opened a ticket.
    Created,
    /// It is a follow-up on a ticket.
    Updated,
    /// It is a follow-up and opened a closed ticket again.
    Reopened,
    /// It was processed before.
    Duplicate,
    /// It may not open or update a ticket here.
    Skipped,
    /// It is not wanted.
    Ignored,
    /// Trouble that passes; the next run takes it again.
    Deferred,
    /// It could not be processed; the raw message is in quarantine.
    Failed,
}

impl OutcomeWord {
    /// All outcomes, in the order they are counted and documented.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Updated,
        Self::Reopened,
        Self::Duplicate,
        Self::Skipped,
        Self::Ignored,
        Self::Deferred,
        Self::Failed,
    ];

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Reopened => "reopened",
            Self::Duplicate => "duplicate",
            Self::Skipped => "skipped",
            Self::Ignored => "ignored",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
        }
    }

    /// The outcome of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// Whether the item is done with, so that the mailbox may be told.
    pub fn is_settled(self) -> bool {
        match self {
            Self::Created
            | Self::Updated
            | Self::Reopened
            | Self::Duplicate
            | Self::Skipped
            | Self::Ignored
            | Self::Failed => true,
            Self::Deferred => false,
        }
    }
}

impl fmt::Display for OutcomeWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an item got its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nothing in it names a ticket.
    New,
    /// It names a ticket that is not there.
    UnknownTicket,
    /// The ticket is closed and stays so.
    ClosedTicket,
    /// It names a ticket by a guessable reference and its sender is not on it.
    SenderNotParticipant,
    /// The evidence that decided.
    Evidence(Evidence),
    /// It is a bounce.
    Bounce,
    /// It is an automatic answer.
    AutoReply,
    /// It is a delay notice.
    Delay,
    /// It is a feedback report.
    Feedback,
    /// The same Message-ID with the same content is on a ticket.
    MessageId,
    /// The mailbox settled the same message under another key.
    AlreadySettled,
    /// Nothing in it names a ticket and only updates are allowed.
    NoTicketId,
    /// As [`Reason::SenderNotParticipant`] where only updates are allowed.
    SenderNotAllowed,
    /// We sent it.
    OwnMessage,
    /// A rule of the configuration ignores it.
    Rule(RuleName),
    /// It lay there before the first run.
    Baseline,
    /// Neither a sender nor a text could be made out.
    Unreadable,
    /// A part of the program gave up on it.
    Crashed,
    /// The store refuses what is in it.
    Store,
    /// A hook says so, or failed.
    Hook,
    /// Trouble of the item that came again too often.
    TooManyAttempts,
    /// Trouble that passes.
    Temporary,
}

impl Reason {
    /// All reasons but the rules of a configuration, in the order they are documented.
    pub const ALL: [Self; 27] = [
        Self::New,
        Self::UnknownTicket,
        Self::ClosedTicket,
        Self::SenderNotParticipant,
        Self::Evidence(Evidence::Token),
        Self::Evidence(Evidence::InReplyTo),
        Self::Evidence(Evidence::References),
        Self::Evidence(Evidence::ReferencedBy),
        Self::Evidence(Evidence::Header),
        Self::Evidence(Evidence::Address),
        Self::Evidence(Evidence::Subject),
        Self::Bounce,
        Self::AutoReply,
        Self::Delay,
        Self::Feedback,
        Self::MessageId,
        Self::AlreadySettled,
        Self::NoTicketId,
        Self::SenderNotAllowed,
        Self::OwnMessage,
        Self::Baseline,
        Self::Unreadable,
        Self::Crashed,
        Self::Store,
        Self::Hook,
        Self::TooManyAttempts,
        Self::Temporary,
    ];

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::UnknownTicket => "unknown-ticket",
            Self::ClosedTicket => "closed-ticket",
            Self::SenderNotParticipant => "sender-not-participant",
            Self::Evidence(evidence) => evidence.as_str(),
            Self::Bounce => "bounce",
            Self::AutoReply => "auto-reply",
            Self::Delay => "delay",
            Self::Feedback => "feedback",
            Self::MessageId => "message-id",
            Self::AlreadySettled => "already-settled",
            Self::NoTicketId => "no-ticket-id",
            Self::SenderNotAllowed => "sender-not-allowed",
            Self::OwnMessage => "own-message",
            Self::Rule(name) => name.0,
            Self::Baseline => "baseline",
            Self::Unreadable => "unreadable",
            Self::Crashed => "crashed",
            Self::Store => "store",
            Self::Hook => "hook",
            Self::TooManyAttempts => "too-many-attempts",
            Self::Temporary => "temporary",
        }
    }

    /// The reason of a mail that answers by itself; `None` for mail that may open tickets.
    pub fn of_automatic(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Ordinary | Kind::List | Kind::AutoGenerated => None,
            Kind::AutoReply => Some(Self::AutoReply),
            Kind::Bounce => Some(Self::Bounce),
            Kind::Delay => Some(Self::Delay),
            Kind::Feedback => Some(Self::Feedback),
        }
    }
}

/// The name of a rule, as reasons write it: `rule:NAME`.
///
/// It lives as long as the program, which reads its configuration once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RuleName(&'static str);

impl RuleName {
    /// The name of a rule.
    pub fn new(name: &str) -> Self {
        Self(Box::leak(format!("rule:{name}").into_boxed_str()))
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.trim_start_matches("rule:"))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
