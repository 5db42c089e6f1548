//! Rows as the rest of the program sees them.

use jiff::Timestamp;

use crate::model::address::Address;
use crate::model::ids::{Digest, MailboxName, MessageId, QueueSlug, RunId, TicketId};
use crate::model::item::{Disposition, ItemKey};
use crate::model::mail::Mail;
use crate::model::outcome::OutcomeWord;
use crate::model::ticket::Status;

use super::Source;

/// A ticket to be.
#[derive(Debug, Clone, Copy)]
pub struct NewTicket<'a> {
    /// Its queue.
    pub queue: &'a QueueSlug,
    /// Its title.
    pub title: &'a str,
    /// 1 (highest) to 5.
    pub priority: u8,
    /// Its tags.
    pub tags: &'a [String],
    /// Whether people are told of it.
    pub notify: bool,
    /// Who asked, if that could be made out.
    pub requester: Option<&'a Address>,
    /// When.
    pub at: Timestamp,
}

/// A message to be put on a ticket.
#[derive(Debug, Clone, Copy)]
pub struct NewMessage<'a> {
    /// The ticket.
    pub ticket: TicketId,
    /// The mail.
    pub mail: &'a Mail,
    /// Its author, as the policy reckons it.
    pub author: Option<&'a Address>,
    /// Its octets, if they are to be kept.
    pub raw: Option<&'a [u8]>,
    /// SHA-256 of the octets.
    pub raw_sha256: Digest,
    /// When it came into the mailbox, or was processed.
    pub received_at: Timestamp,
    /// When the row is written.
    pub at: Timestamp,
    /// The item that it came as, if it did.
    pub item: Option<(&'a Source, &'a ItemKey)>,
}

/// The ledger row of one item.
#[derive(Debug, Clone)]
pub struct LedgerEntry<'a> {
    /// The run that settles it.
    pub run: RunId,
    /// Where it lies.
    pub source: &'a Source,
    /// Its key there.
    pub key: &'a ItemKey,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub outcome: OutcomeWord,
    /// Why, as the contract's word.
    pub reason: &'a str,
    /// Its ticket.
    pub ticket: Option<TicketId>,
    /// What is read from it, if it was read.
    pub mail: Option<&'a Mail>,
    /// Its author's address, as the policy reckons it.
    pub author: Option<&'a str>,
    /// SHA-256 of its octets, if they were fetched.
    pub raw_sha256: Option<Digest>,
    /// What the mailbox is to be told. [`Disposition::Keep`] owes nothing.
    pub disposition: Disposition,
    /// What is worth knowing besides, one line each.
    pub notes: &'a [String],
    /// What went wrong.
    pub error: Option<StoredError>,
    /// What to keep in quarantine.
    pub quarantined: Option<KeptCopy<'a>>,
}

/// What there is of a failed message.
#[derive(Debug, Clone, Copy)]
pub struct KeptCopy<'a> {
    /// The octets.
    pub octets: &'a [u8],
    /// Their SHA-256.
    pub sha256: Digest,
    /// Whether they are all of the message; if not, the mailbox has to keep it also after a retry.
    pub is_whole: bool,
}

/// How the last fetches of a mailbox ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MailboxState {
    /// When it was last fetched without trouble of its own.
    pub last_success: Option<Timestamp>,
    /// When it last had trouble of its own.
    pub last_failure: Option<Timestamp>,
    /// How often it had since.
    pub failures: u32,
}

/// An error as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredError {
    /// The stable word.
    pub code: String,
    /// For a person.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// A row of the ledger, as `outcomes` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRow {
    /// Its number, which `outcomes reset` takes.
    pub id: i64,
    /// The run that wrote it.
    pub run: RunId,
    /// When.
    pub at: Timestamp,
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
    /// What is worth knowing besides.
    pub notes: Vec<String>,
    /// What went wrong.
    pub error: Option<StoredError>,
    /// Whether it was settled and is to be taken again, by `outcomes reset`.
    pub reset: bool,
}

/// A row of the ledger, as `outcomes --reconcile` holds it against its item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// What became of the item.
    pub outcome: OutcomeWord,
    /// Why.
    pub reason: String,
    /// Whether it is done with.
    pub settled: bool,
    /// What the mailbox is still to be told.
    pub owed: Option<Disposition>,
    /// Its ticket, as `support-12`.
    pub ticket: Option<String>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// Its author's address.
    pub from: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
}

/// How many rows the ledger has for one source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowCount {
    /// Under the numbering that holds now.
    pub present: u64,
    /// Under older ones.
    pub older: u64,
}

/// Which rows of the ledger are wanted; everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomeFilter {
    /// Rows with these numbers or item keys; empty for any.
    pub items: Vec<String>,
    /// Of this run.
    pub run: Option<RunId>,
    /// Of this mailbox.
    pub mailbox: Option<MailboxName>,
    /// With this outcome.
    pub outcome: Option<OutcomeWord>,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// The newest so many.
    pub limit: Option<u64>,
}

/// A ticket, as `ticket list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// Its number.
    pub id: TicketId,
    /// Its queue.
    pub queue: QueueSlug,
    /// Its title.
    pub title: String,
    /// Its state.
    pub status: Status,
    /// 1 (highest) to 5.
    pub priority: u8,
    /// Its tags.
    pub tags: Vec<String>,
    /// Whether people are told of it.
    pub notify: bool,
    /// Who asked.
    pub requester: Option<Address>,
    /// Everybody on it, the requester first.
    pub participants: Vec<Address>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The ticket it became part of, as `support-12`.
    pub merged_into: Option<String>,
    /// The tickets it has to do with, as `support-12`: one was opened because of the other, or a mail belongs to both.
    pub linked_to: Vec<String>,
}

/// A message on a ticket, as `ticket show` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// `in` or `out`.
    pub direction: String,
    /// Its Message-ID.
    pub message_id: Option<MessageId>,
    /// Its author.
    pub from: Option<Address>,
    /// Its date; when it was received if it has none.
    pub date: Timestamp,
    /// The whole text.
    pub text: String,
    /// The text without quotes and signature.
    pub reply: String,
    /// What is odd about it.
    pub defects: Vec<String>,
    /// Its files.
    pub attachments: Vec<AttachmentRow>,
}

/// A file on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRow {
    /// Its name.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// Its size in octets.
    pub size: u64,
    /// SHA-256 of its octets.
    pub sha256: Digest,
    /// Whether it is shown within the text.
    pub inline: bool,
    /// Its Content-ID.
    pub content_id: Option<String>,
    /// What the mail called it, where it could not keep that name.
    pub given_name: Option<String>,
    /// Whether an earlier message of the ticket held the same file.
    pub repeated: bool,
}

/// Which tickets are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketFilter {
    /// Of this queue.
    pub queue: Option<QueueSlug>,
    /// In this state.
    pub status: Option<Status>,
    /// The newest so many.
    pub limit: Option<u64>,
}

/// A message in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Its number.
    pub id: i64,
    /// The ledger row of the item.
    pub outcome: OutcomeRow,
    /// Its size in octets.
    pub size: u64,
    /// SHA-256 of its octets.
    pub sha256: Digest,
}
