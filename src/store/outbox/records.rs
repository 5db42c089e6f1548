//! Rows of the outbox as the rest of the program sees them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::address::Address;
use crate::model::ids::{MessageId, TicketId, TicketRef};
use crate::model::notification::{About, Occasion};
use crate::model::outbox::{BounceKind, GivenUp, OutboxState, Told, Untold, Urgency};
use crate::model::ticket::Role;
use crate::store::{NewEvent, StoreError};

/// Who is on a ticket and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// Its title.
    pub title: String,
    /// 1 (highest) to 5.
    pub priority: u8,
    /// Whether people are told of it.
    pub notify: bool,
    /// Everybody on it, the requester first.
    pub people: Vec<(Address, Role)>,
}

/// How much was written of late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// In all.
    pub all: u64,
    /// With the same subject.
    pub same: u64,
}

/// A notification to be, or why there is none.
#[derive(Debug, Clone, Copy)]
pub struct NewNotification<'a> {
    /// The ticket.
    pub ticket: TicketId,
    /// The row of the message that it tells of, as [`crate::store::Books::append`] gave it.
    pub message: i64,
    /// The ticket that was written to, where another one was opened.
    pub other: Option<TicketId>,
    /// What it is about.
    pub occasion: Occasion,
    /// Whom it is for.
    pub to: &'a Address,
    /// What that one is.
    pub told: Told,
    /// The subject as subjects are compared.
    pub subject: &'a str,
    /// Its own Message-ID.
    pub message_id: &'a MessageId,
    /// Whether it goes before others.
    pub urgency: Urgency,
    /// When it is written.
    pub at: Timestamp,
    /// When it is due.
    pub due_at: Timestamp,
    /// When it is no news any more.
    pub expires_at: Option<Timestamp>,
    /// Why nothing is sent.
    pub untold: Option<Untold>,
}

/// An alert to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlertMail {
    /// Whom it is for.
    pub to: Address,
    /// Its own Message-ID.
    pub message_id: MessageId,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// When it is written, and due.
    pub at: Timestamp,
    /// When it is no news any more.
    pub expires_at: Option<Timestamp>,
}

/// A notification in the hands of a program that delivers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub about: About,
    /// The ticket's title, or the subject of an alert.
    pub title: String,
    /// Whom it is for.
    pub to: Address,
    /// Its own Message-ID.
    pub message_id: MessageId,
    /// The row of the message that it tells of.
    pub message: Option<i64>,
    /// The Message-ID of that message.
    pub in_reply_to: Option<MessageId>,
    /// What came before that on the ticket, oldest first: the first message and the last few.
    pub references: Vec<MessageId>,
    /// Who wrote it.
    pub author: Option<Address>,
    /// What was written, without quotes and signature; the text of an alert.
    pub text: Option<String>,
    /// The ticket that was written to, where another one was opened.
    pub other: Option<TicketRef>,
    /// How often it was tried before.
    pub attempts: u32,
    /// How many attempts before ended without an answer.
    pub uncertain: u32,
}

/// A file of a message, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// A name that is safe to write.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// The row of its octets, and how many there are; `None` if they are gone.
    pub content: Option<(i64, u64)>,
}

/// What stands before an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Begun {
    /// It is written down and may be made.
    Attempt(i64),
    /// The address gets nothing any more; the row says so.
    Suppressed,
    /// A person or another program has the row.
    Lost,
}

/// How an attempt ended, and what becomes of its notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The row.
    pub id: i64,
    /// The attempt.
    pub attempt: i64,
    /// How it ended.
    pub result: AttemptResult,
    /// What the server said.
    pub answer: String,
    /// How long it took.
    pub took: Duration,
    /// What is worth knowing besides.
    pub note: Option<String>,
    /// When it ended.
    pub at: Timestamp,
    /// What becomes of the row.
    pub fate: Fate,
    /// What hooks are told of it.
    pub events: Vec<NewEvent>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptResult {
    /// A server took it.
    Accepted,
    /// Not now.
    Later,
    /// Never.
    Refused,
    /// Nobody knows.
    Uncertain,
}

impl AttemptResult {
    /// The word of the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Later => "later",
            Self::Refused => "refused",
            Self::Uncertain => "uncertain",
        }
    }
}

/// What becomes of a notification after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is sent.
    Sent,
    /// It is tried again.
    Again(Timestamp),
    /// It is given up.
    Failed(GivenUp),
}

/// What hooks are told of a notification that is given up.
pub type OnGivenUp<'a> = &'a dyn Fn(&OutboxRow) -> Result<Vec<NewEvent>, StoreError>;

/// What a program that died left in its hands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenBack {
    /// So many wait again.
    pub queued: u64,
    /// So many were given up, because it was the second time.
    pub failed: u64,
}

/// A notification that bears a Message-ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentAs {
    /// Its number.
    pub id: i64,
    /// Its ticket; `None` of an alert.
    pub ticket: Option<TicketId>,
    /// Whom it was sent to.
    pub to: Address,
}

/// What came back of a notification.
#[derive(Debug, Clone, Copy)]
pub struct CameBack<'a> {
    /// The notification.
    pub sent: &'a SentAs,
    /// How.
    pub kind: BounceKind,
    /// The enhanced status code (RFC 3463).
    pub status: Option<&'a str>,
    /// Whether it was this very address that did not take it; only then the address is suppressed.
    pub is_its_own: bool,
    /// For how long.
    pub suppress_for: SignedDuration,
    /// When.
    pub at: Timestamp,
}

/// A notification, as `outbox list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub about: About,
    /// Whom it is for.
    pub to: Address,
    /// What that one is on the ticket; `None` for an alert.
    pub told: Option<Told>,
    /// Its state.
    pub state: OutboxState,
    /// Why it is not sent.
    pub reason: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, if it waits.
    pub next_attempt_at: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Its Message-ID.
    pub message_id: MessageId,
    /// Whether it goes before others.
    pub urgency: Urgency,
    /// When it was written.
    pub created_at: Timestamp,
    /// When its state changed to what it is.
    pub state_since: Timestamp,
    /// When it is no news any more.
    pub expires_at: Option<Timestamp>,
    /// How it came back.
    pub bounce: Option<BounceKind>,
    /// With which status.
    pub bounce_status: Option<String>,
    /// When.
    pub bounced_at: Option<Timestamp>,
}

/// Which notifications are wanted; everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxFilter {
    /// In this state.
    pub state: Option<OutboxState>,
    /// Of this ticket.
    pub ticket: Option<TicketId>,
    /// To this address, in lower case.
    pub key: Option<String>,
    /// The newest so many.
    pub limit: Option<u64>,
}

/// An attempt to deliver a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended; `None` if it goes on, or the program died.
    pub ended_at: Option<Timestamp>,
    /// How, as [`AttemptResult::as_str`] says it.
    pub result: Option<String>,
    /// What the server said.
    pub answer: Option<String>,
    /// How long it took.
    pub duration_ms: Option<u64>,
    /// What is worth knowing besides.
    pub note: Option<String>,
}

/// An address that gets nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressedRow {
    /// The address.
    pub address: String,
    /// `hard-bounce`, `soft-bounces` or `by-hand`.
    pub reason: String,
    /// The status of the bounce.
    pub status: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Until when; `None` for ever.
    pub until: Option<Timestamp>,
}

/// How the outbox stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// So many wait or are being sent.
    pub waiting: u64,
    /// The oldest of them was written then.
    pub oldest: Option<Timestamp>,
    /// So many of them are mails of alerts, of no ticket.
    pub alerts: u64,
    /// So many were given up.
    pub failed: u64,
    /// So many came back.
    pub bounced: u64,
}

/// A note on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRow {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}
