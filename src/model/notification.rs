//! Notifications: what people are told, between the row that asks for it and the server that takes it.

use std::fmt;

use super::address::Address;
use super::ids::{MessageId, QueueSlug, TicketRef};

/// What a notification is about; each has a template of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    /// The requester's own new ticket: an acknowledgement, to the requester alone, quoting no body.
    Created,
    /// A new ticket, to agents.
    Announced,
    /// A follow-up, to the others on the ticket.
    Updated,
    /// A follow-up that opened the ticket again, to the others on the ticket.
    Reopened,
    /// The requester wrote to a closed ticket that stays closed: a new, linked ticket was opened.
    Closed,
    /// The requester's mail was too large to be taken whole.
    TooLarge,
}

impl Occasion {
    /// All, in the order they are documented.
    pub const ALL: [Self; 6] =
        [Self::Created, Self::Announced, Self::Updated, Self::Reopened, Self::Closed, Self::TooLarge];

    /// The word: of the template, in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Announced => "announced",
            Self::Updated => "updated",
            Self::Reopened => "reopened",
            Self::Closed => "closed",
            Self::TooLarge => "too-large",
        }
    }

    /// The one of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|occasion| occasion.as_str() == word)
    }

    /// Whether it tells what was written; what answers the author of a mail quotes nothing.
    pub fn quotes(self) -> bool {
        match self {
            Self::Announced | Self::Updated | Self::Reopened => true,
            Self::Created | Self::Closed | Self::TooLarge => false,
        }
    }
}

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a mail of the outbox is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A ticket.
    Ticket(TicketRef, Occasion),
    /// A threshold of `[alert]`, and thus this program itself.
    Alert,
}

impl About {
    /// The word of its template, in the store and in JSON; an alert has that word and no template.
    pub fn template(&self) -> &'static str {
        match self {
            Self::Ticket(_, occasion) => occasion.as_str(),
            Self::Alert => "alert",
        }
    }

    /// The ticket, if it is about one.
    pub fn ticket(&self) -> Option<&TicketRef> {
        match self {
            Self::Ticket(ticket, _) => Some(ticket),
            Self::Alert => None,
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ticket(ticket, _) => write!(f, "{ticket}"),
            Self::Alert => f.write_str("alert"),
        }
    }
}

/// A mail to who runs the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertMail {
    /// Whom it comes from.
    pub from: Address,
    /// Whom it is sent to.
    pub to: Address,
    /// Its own Message-ID, the same for every attempt.
    pub message_id: MessageId,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// Everything that a notification is composed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// What it is about.
    pub occasion: Occasion,
    /// Its language, as BCP 47 writes it (`de-AT`).
    pub locale: String,
    /// The ticket.
    pub ticket: TicketRef,
    /// The ticket's title.
    pub title: String,
    /// The queue's slug.
    pub queue: QueueSlug,
    /// The queue's title.
    pub queue_title: String,
    /// The queue's address, which it comes from.
    pub from: Address,
    /// Whom it is sent to; one person.
    pub to: Address,
    /// Where answers go, if not to `from`: the signed plus address.
    pub reply_to: Option<String>,
    /// Its own Message-ID, signed; the same for every attempt.
    pub message_id: MessageId,
    /// The message that it answers.
    pub in_reply_to: Option<MessageId>,
    /// The thread, oldest first.
    pub references: Vec<MessageId>,
    /// Who wrote the follow-up that it tells of.
    pub author: Option<Address>,
    /// What was written; `None` where nothing may be quoted.
    pub text: Option<String>,
    /// The files of that message, in their order; empty where none are to go along.
    pub files: Vec<File>,
    /// The ticket that was written to, where another one was opened.
    pub other: Option<TicketRef>,
}

impl Notification {
    /// Leaves all files behind; tells whether there were any to go along.
    pub fn leave_files(&mut self) -> bool {
        self.files.iter_mut().filter_map(|file| file.content.take()).count() > 0
    }
}

/// A file of the message that a notification tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// A name that is safe to write.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its octets as they lie; `None` where nobody knows.
    pub size: Option<u64>,
    /// What is in it; `None` if it stays behind, which the text says.
    pub content: Option<Vec<u8>>,
}

/// A composed mail with its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The envelope sender; `None` for the empty one (RFC 3834 section 3.3).
    pub sender: Option<String>,
    /// The envelope recipient.
    pub recipient: String,
    /// The message (RFC 5322), lines ended by CRLF.
    pub octets: Vec<u8>,
}

/// What a back end says to one parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is theirs now.
    Accepted(String),
    /// Not now (4yz, or nobody was reached): again later.
    Later(String),
    /// Never (5yz).
    Refused(String),
    /// The mail was given and no answer came: it may have been taken (RFC 5321 section 4.5.3.2.6).
    Uncertain(String),
}
