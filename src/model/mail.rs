//! A parsed message: all that the road wants to know of it.

use jiff::{SignedDuration, Timestamp};

use super::address::Address;
use super::ids::{Digest, MessageId};

/// The most mails that one mail is taken to answer; one that names more is not a reply a person wrote.
pub const MAX_NAMES: usize = 100;

/// A message as it was understood. Reading never fails: what is odd stands in `defects`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The `Message-ID`.
    pub message_id: Option<MessageId>,
    /// The ids of `In-Reply-To`, in order.
    pub in_reply_to: Vec<MessageId>,
    /// The ids of `References`, oldest first.
    pub references: Vec<MessageId>,
    /// The `Date`, if there is a valid one.
    pub date: Option<Timestamp>,
    /// When a server of ours took it, as the mailbox or its topmost `Received` says.
    pub received: Option<Timestamp>,
    /// The authors; without a usable `From` who sent it, by `Sender` or `Return-Path`; empty if there is none either.
    pub from: Vec<Address>,
    /// The `Sender`.
    pub sender: Option<Address>,
    /// Where answers are wanted.
    pub reply_to: Vec<Address>,
    /// `X-Original-From`, as mailing groups write that rewrite `From`.
    pub original_from: Vec<Address>,
    /// The `To` addresses.
    pub to: Vec<Address>,
    /// The `Cc` addresses.
    pub cc: Vec<Address>,
    /// Addresses of `Delivered-To`, `X-Original-To` and `Envelope-To`.
    pub delivered_to: Vec<Address>,
    /// The decoded subject on one line; empty if there is none.
    pub subject: String,
    /// The body as plain text, the whole of it.
    pub text: String,
    /// The body without quoted text and signature; never empty where `text` is not.
    pub reply: String,
    /// Whether there is an HTML body.
    pub html: bool,
    /// The files.
    pub attachments: Vec<Attachment>,
    /// What sort of mail it is.
    pub kind: Kind,
    /// What a bounce or a delay notice tells; `None` for all other mail.
    pub bounce: Option<Bounce>,
    /// The values of `X-Helpdesk-Ticket`.
    pub ticket_headers: Vec<String>,
    /// What is odd about the message, one line each, as stable words followed by detail.
    pub defects: Vec<String>,
    /// SHA-256 of From, Date, Subject, text and files.
    pub digest: Digest,
}

impl Mail {
    /// When it was sent: its `Date`, unless there is none or it lies more than a day after the message came; then that.
    pub fn sent(&self) -> Option<Timestamp> {
        let tolerance = SignedDuration::from_hours(24);
        match (self.date, self.received) {
            (Some(date), Some(received)) if date.duration_since(received) > tolerance => Some(received),
            (date, received) => date.or(received),
        }
    }

    /// The mails that it answers, nearest first: `In-Reply-To`, then `References` from its end; at most
    /// [`MAX_NAMES`], and not itself.
    pub fn names(&self) -> impl Iterator<Item = &MessageId> {
        let ancestors = self.references.iter().rev().filter(|id| !self.in_reply_to.contains(id));
        self.in_reply_to
            .iter()
            .chain(ancestors)
            .filter(|id| self.message_id.as_ref() != Some(*id))
            .take(MAX_NAMES)
    }

    /// The author that answers and permissions are reckoned by: the first `From`, else `Sender`, else `Reply-To`.
    pub fn author(&self) -> Option<&Address> {
        self.from.first().or(self.sender.as_ref()).or(self.reply_to.first())
    }
}

#[cfg(test)]
impl Mail {
    /// An ordinary mail for tests, which change what they are about.
    pub(crate) fn sample(from: &str, subject: &str) -> Self {
        Self {
            message_id: None,
            in_reply_to: Vec::new(),
            references: Vec::new(),
            date: None,
            received: None,
            from: vec![Address::bare(from)],
            sender: None,
            reply_to: Vec::new(),
            original_from: Vec::new(),
            to: Vec::new(),
            cc: Vec::new(),
            delivered_to: Vec::new(),
            subject: subject.to_owned(),
            text: "It burns.".to_owned(),
            reply: "It burns.".to_owned(),
            html: false,
            attachments: Vec::new(),
            kind: Kind::Ordinary,
            bounce: None,
            ticket_headers: Vec::new(),
            defects: Vec::new(),
            digest: Digest([0; 32]),
        }
    }
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// A name that is safe to write: no path, no control characters, never empty.
    pub filename: String,
    /// The name that the mail gave, where the file could not keep it.
    pub given_name: Option<String>,
    /// The media type in lower case, for instance `image/png`: the declared one unless the content shows another.
    pub content_type: String,
    /// The decoded octets.
    pub content: Vec<u8>,
    /// SHA-256 of `content`.
    pub sha256: Digest,
    /// Whether it is shown within the text.
    pub inline: bool,
    /// The `Content-ID` without brackets.
    pub content_id: Option<String>,
}

/// What a bounce or a delay notice tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Whom the mail did not reach.
    pub recipients: Vec<BouncedRecipient>,
    /// The Message-ID of the mail that did not.
    pub original_message_id: Option<MessageId>,
    /// The subject of that mail, where the notice encloses it.
    pub original_subject: Option<String>,
}

/// A recipient that a mail did not reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BouncedRecipient {
    /// The address.
    pub address: String,
    /// `failed`, `delayed` and the like (RFC 3464 section 2.3.3), in lower case.
    pub action: Option<String>,
    /// The enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: Option<String>,
    /// Whether trying again is of no use.
    pub permanent: bool,
}

/// The kinds of mail of the contract, section "Kinds of mail".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Written by a person, to us.
    Ordinary,
    /// Came by a mailing list.
    List,
    /// Written by a program: cron, monitors.
    AutoGenerated,
    /// A vacation reply or the like.
    AutoReply,
    /// A delivery failure.
    Bounce,
    /// A delivery that is late but not given up.
    Delay,
    /// A feedback report (RFC 5965).
    Feedback,
}

impl Kind {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::List => "list",
            Self::AutoGenerated => "auto-generated",
            Self::AutoReply => "auto-reply",
            Self::Bounce => "bounce",
            Self::Delay => "delay",
            Self::Feedback => "feedback",
        }
    }

    /// Whether such mail may open a ticket; what answers by itself may not.
    pub fn opens_tickets(self) -> bool {
        match self {
            Self::Ordinary | Self::List | Self::AutoGenerated => true,
            Self::AutoReply | Self::Bounce | Self::Delay | Self::Feedback => false,
        }
    }
}
