//! The store: tickets, ledger, quarantine, outbox, events and what is owed to mailboxes.
//!
//! [`Lookup`] only reads. [`Books`] is what one transaction on the road can do; the store's transaction and the
//! companion of a dry run both keep books. [`Store`] is the embedded database behind them.

mod by_hand;
mod config;
mod copy;
mod desk;
mod engine;
mod error;
mod events;
mod handle;
mod in_flight;
mod lease;
mod outbox;
mod outcomes;
mod prune;
mod quarantine;
mod records;
mod report;
mod schema;
mod secret;
mod status;
mod tickets;
mod upkeep;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

pub use config::{Config, Database, KeepRaw, Retention, Server};
pub use copy::{Copied, Progress, copy};
pub use error::StoreError;
pub use events::*;
pub use handle::Store;
pub use lease::{Fence, Lease, Taking};
pub use outbox::*;
pub use prune::{Prunable, Waste};
pub use records::*;
pub use status::*;

use std::collections::HashSet;

use jiff::Timestamp;

use crate::model::found::{Earlier, Standing};
use crate::model::ids::{MailboxName, MessageId, TicketId};
use crate::model::item::{Acknowledgement, Baseline, ItemKey, Watermark};
use crate::model::ticket::{Role, Status, TicketFacts};

/// The most tickets that a Message-ID is followed to.
pub const SEVERAL: usize = 20;

/// What the road asks the store.
pub trait Lookup {
    /// The ticket of that number, itself, merged or not.
    fn ticket(&mut self, id: TicketId) -> Result<Option<TicketFacts>, StoreError>;

    /// The tickets that hold a message, in or out, with this id; the newest [`SEVERAL`], newest first.
    fn holding(&mut self, id: &MessageId) -> Result<Vec<TicketFacts>, StoreError>;

    /// The tickets that hold a message which names this id in `In-Reply-To` or `References`; likewise.
    fn naming(&mut self, id: &MessageId) -> Result<Vec<TicketFacts>, StoreError>;

    /// The tickets that hold this very mail, with the same id and the same digest; newest first.
    ///
    /// Without a Message-ID equal mails are two mails, as alarms are.
    fn copies(&mut self, print: &Fingerprint<'_>) -> Result<Vec<TicketFacts>, StoreError>;

    /// How the address (as [`crate::model::address::key`] gives it) stands to a ticket.
    fn standing(&mut self, ticket: TicketId, address: &str) -> Result<Standing, StoreError>;

    /// What became of the same mail in its source under another key.
    fn settled_before(&mut self, print: &Fingerprint<'_>) -> Result<Option<Earlier>, StoreError>;

    /// Where the ledger has the folder under the name of a mailbox that is not `configured` any more.
    ///
    /// `None` if it knows the folder under its own name, under none, or under several that are left.
    fn former(&mut self, source: &Source, configured: &[MailboxName]) -> Result<Option<Source>, StoreError>;

    /// Which of the keys have a settled row, whatever watermarks say.
    fn settled(&mut self, source: &Source, keys: &[ItemKey]) -> Result<HashSet<ItemKey>, StoreError>;

    /// The deferred items, with how often each had trouble of its own.
    fn deferred(&mut self, source: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError>;

    /// How often an item had trouble of its own.
    fn attempts(&mut self, source: &Source, key: &ItemKey) -> Result<u32, StoreError>;

    /// The items that runs died with, and how many did; `deaths` is 1 or more.
    fn in_flight(&mut self, source: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError>;

    /// The watermark that the last run left.
    fn watermark(&mut self, source: &Source) -> Result<Option<Watermark>, StoreError>;

    /// What `--baseline` settled there.
    fn baseline(&mut self, source: &Source) -> Result<Option<Baseline>, StoreError>;

    /// What is settled and was not told to the mailbox yet, oldest first; all of it is [`Telling::Again`].
    ///
    /// [`Telling::Again`]: crate::model::item::Telling::Again
    fn owed(&mut self, source: &Source) -> Result<Vec<Acknowledgement>, StoreError>;

    /// How the last fetches of the mailbox ended.
    fn mailbox_state(&mut self, mailbox: &MailboxName) -> Result<MailboxState, StoreError>;

    /// The number that the next new ticket gets.
    fn next_ticket(&mut self) -> Result<TicketId, StoreError>;
}

/// What one transaction on the road can do.
pub trait Books: Lookup {
    /// Begins a part that can be taken back by itself.
    fn savepoint(&mut self) -> Result<(), StoreError>;

    /// Keeps what was done since the savepoint.
    fn release(&mut self) -> Result<(), StoreError>;

    /// Takes back what was done since the savepoint.
    fn rollback(&mut self) -> Result<(), StoreError>;

    /// Opens a ticket and returns its number.
    fn open_ticket(&mut self, ticket: &NewTicket<'_>) -> Result<TicketId, StoreError>;

    /// Puts a message with its attachments on a ticket, bumps the ticket's `updated_at` and gives the number of the row.
    fn append(&mut self, message: &NewMessage<'_>) -> Result<i64, StoreError>;

    /// Changes a ticket's state.
    fn set_status(&mut self, ticket: TicketId, status: Status, at: Timestamp) -> Result<(), StoreError>;

    /// Makes an address a participant, unless it is one already.
    fn join(&mut self, ticket: TicketId, participant: &NewParticipant<'_>) -> Result<(), StoreError>;

    /// Remembers that a ticket has to do with another: it was opened because of it, or a mail belongs to both.
    fn link(&mut self, ticket: TicketId, other: TicketId, at: Timestamp) -> Result<(), StoreError>;

    /// Writes the item's row in the ledger, over one that is deferred, reset, or failed and still in quarantine.
    ///
    /// With `quarantined` octets they are kept until they are retried or dropped; without, a kept copy of the item is
    /// let go, unless the item is deferred: the copy may be the only one left. Over any other row it answers
    /// [`StoreError::Settled`]. The item is not in flight any more, unless it is deferred: it stays suspect.
    fn record(&mut self, entry: &LedgerEntry<'_>) -> Result<(), StoreError>;

    /// Writes an event for a hook.
    fn announce(&mut self, event: &NewEvent) -> Result<(), StoreError>;

    /// The outbox; `None` for books of which nothing is left, from which nobody is told anything.
    fn outgoing(&mut self) -> Option<&mut dyn Outgoing> {
        None
    }
}

/// Ledger place of items: a mailbox, its account and a folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// The mailbox's name; `ingest` for messages handed over by `helpdesk-mail ingest`.
    pub mailbox: MailboxName,
    /// As [`crate::mailbox`] names the account.
    pub account: String,
    /// The folder.
    pub folder: String,
}

impl Source {
    /// Whether a key that was removed and is there again names another copy; `prune` goes by it, too.
    ///
    /// So it is where this program removes the messages itself. A server may say that something is deleted and keep it,
    /// and then its key is the same item still.
    pub fn knows_what_is_gone(&self) -> bool {
        ["maildir:", "mbox:", "directory:"].iter().any(|kind| self.account.starts_with(kind))
    }

    /// The UIDVALIDITY in a key; only IMAP gives all items of a folder new keys (RFC 3501 section 2.3.1.1).
    pub fn numbering<'a>(&self, key: &'a ItemKey) -> Option<&'a str> {
        let imap = self.account.starts_with("imap:");
        key.0.split_once(':').map(|(numbering, _)| numbering).filter(|_| imap)
    }
}

/// What makes two copies of a mail the same mail.
#[derive(Debug, Clone, Copy)]
pub struct Fingerprint<'a> {
    /// Where this copy lies.
    pub source: &'a Source,
    /// Its key there.
    pub key: &'a ItemKey,
    /// Its Message-ID.
    pub message_id: Option<&'a MessageId>,
    /// Digest of From, Date, Subject, text and files.
    pub digest: crate::model::ids::Digest,
    /// SHA-256 of its octets; decides where there is no Message-ID.
    pub raw_sha256: crate::model::ids::Digest,
}

/// A participant to be.
#[derive(Debug, Clone, Copy)]
pub struct NewParticipant<'a> {
    /// The address with its name.
    pub address: &'a crate::model::address::Address,
    /// What it is on the ticket.
    pub role: Role,
    /// When.
    pub at: Timestamp,
}
