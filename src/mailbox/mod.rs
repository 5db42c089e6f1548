//! Mailboxes: where mail is fetched from and what they are told afterwards.
//!
//! A [`Reader`] can only look: it never changes a flag, a file or a folder, and a dry run gets nothing else.
//! A [`Mailbox`] can also be told what became of its items. Telling it the same twice is harmless.
//! After an error the connection is gone: drop the value and open the mailbox again in the next run.

mod config;
mod error;

pub use config::{Config, Dispositions, Imap, Password, Place, Plaintext, Tls};
pub use error::MailboxError;

use crate::model::item::{Acknowledgement, Fetched, ItemKey, Listed, Listing, Watermark};

/// The looking half of a mailbox.
///
/// The order of calls is `folders`, then for each folder `open`, `list`, `fetch` any number of times, `watermark`.
pub trait Reader: Send {
    /// The account that the ledger files items under, for instance `imap:support@imap.example.org:993` or a path.
    fn account(&self) -> String;

    /// The folders in the order they are fetched; local mailboxes have one, named as its path ends.
    fn folders(&self) -> Vec<String>;

    /// Opens a folder; the methods below speak of it.
    fn open(&mut self, folder: &str) -> Result<(), MailboxError>;

    /// Tells how many items lie there and which are not below `settled`, oldest first.
    ///
    /// Where the watermark shows that nothing is new, no listing is made. Items flagged `\Deleted` are left out.
    fn list(&mut self, settled: Option<&Watermark>) -> Result<Listing, MailboxError>;

    /// Fetches listed items, in that order; those that vanished since are left out.
    ///
    /// The caller bounds the batch. Of a message larger than the mailbox allows, the beginning is fetched.
    fn fetch(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError>;

    /// What to remember for the next `list` if everything listed is settled but for what begins at `first_open`.
    fn watermark(&self, first_open: Option<&ItemKey>) -> Option<Watermark>;

    /// What this kind of mailbox can do, for `check --connect`, for instance `IMAP4rev1 UIDPLUS MOVE`.
    fn capabilities(&mut self) -> Result<Vec<String>, MailboxError>;
}

/// A mailbox that can be told what became of its items.
pub trait Mailbox: Reader {
    /// Tells the open folder what became of items, repeatably, and returns those it has heard of.
    ///
    /// An item that is no longer there counts as told.
    fn acknowledge(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError>;

    /// Ends the session politely; only after that do all servers keep what they were told.
    fn close(&mut self) -> Result<(), MailboxError>;
}
