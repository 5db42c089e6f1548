//! Mailboxes: where mail is fetched from and what they are told afterwards.
//!
//! A [`Reader`] can only look: it never changes a flag, a file or a folder, and a dry run gets nothing else.
//! A [`Mailbox`] can also be told what became of its items. Telling it the same twice is harmless.
//! After [`MailboxError::Folder`] the same or another folder may be opened; after any other error the connection is
//! gone: drop the value and open the mailbox again in the next run.

mod access;
mod config;
mod directory;
mod error;
mod files;
pub mod imap;
mod maildir;
pub mod mbox;
pub mod pop3;

pub use access::Access;
pub use config::{Config, Dispositions, Imap, Place};
pub use directory::Directory;
pub use error::MailboxError;
pub use imap::ImapMailbox;
pub use maildir::Maildir;
pub use mbox::Mbox;
pub use pop3::Pop3Mailbox;

pub use crate::transport::{
    Call, Login, Mechanism, Password, Plaintext, Proxy, ProxyScheme, ProxyUser, Server, Tls, oauth,
};

use jiff::Timestamp;

use crate::model::item::{Acknowledgement, Fetched, ItemKey, Listed, Listing, Watermark};

/// Opens a mailbox that can be told, over the connection that [`call`] began, if it did.
pub fn open(config: &Config, call: Option<Call>) -> Result<Box<dyn Mailbox>, MailboxError> {
    reach(config, Access::ReadWrite, call)
}

/// Begins to connect to the server of a mailbox that will be opened soon; nothing is said to it.
pub fn call(config: &Config) -> Option<Call> {
    let server = config.place.server()?;
    match Call::begin(server, config.until(server)) {
        Ok(call) => Some(call),
        Err(error) => {
            log::debug!("{} is connected to when it is its turn: {error}", server.account());
            None
        }
    }
}

/// Opens a mailbox to look at; the result has no way to change anything.
pub fn read_only(config: &Config) -> Result<Box<dyn Reader>, MailboxError> {
    Ok(reach(config, Access::ReadOnly, None)?)
}

fn reach(config: &Config, access: Access, call: Option<Call>) -> Result<Box<dyn Mailbox>, MailboxError> {
    let max = config.max_message_size;
    Ok(match &config.place {
        Place::Imap(imap) => Box::new(ImapMailbox::over(call, config, imap, access)?),
        Place::Pop3(server) => Box::new(Pop3Mailbox::over(call, config, server, access)?),
        Place::Maildir(path) => Box::new(Maildir::new(path, max)),
        Place::Mbox(path) => Box::new(Mbox::new(path, max, access)),
        Place::Directory(path) => Box::new(Directory::new(path, max)),
    })
}

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

    /// The key that this item was listed under while nobody could read it, if this kind of mailbox has such a key.
    fn unread_key(&self, _key: &ItemKey) -> Option<ItemKey> {
        None
    }

    /// Fetches listed items, in that order; those that vanished since are left out.
    ///
    /// The caller bounds the batch. Of a message larger than the mailbox allows, the beginning is fetched.
    fn fetch(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError>;

    /// What each `fetch` behind the next one is likely to ask for, in place of what was said before: a server may be asked for
    /// it with the next one already.
    fn expect(&mut self, _batches: Vec<Vec<Listed>>) {}

    /// Why the last `fetch` ended before its time; what had come whole by then was given.
    ///
    /// The first item that was not given is under suspicion: the mailbox may stumble over it every time.
    fn cut_short(&mut self) -> Option<MailboxError> {
        None
    }

    /// What to remember for the next `list` if everything listed is settled but for what begins at `first_open`.
    fn watermark(&self, first_open: Option<&ItemKey>) -> Option<Watermark>;

    /// Whether a watermark has passed the item, so that `list` leaves it out: for `outcomes --reconcile`.
    ///
    /// Never, where a mailbox has no watermark.
    fn has_passed(&self, _settled: &Watermark, _item: &ItemKey) -> bool {
        false
    }

    /// Under which numbering (UIDVALIDITY) the open folder's items are named now; `None` where names are for ever.
    fn numbering(&self) -> Option<String> {
        None
    }

    /// Whether another reader can come to it meanwhile; not where opening it locks it.
    fn bears_another(&self) -> bool {
        true
    }

    /// When the certificate expires that the server showed at the login; `None` where there is none.
    fn certificate_expires(&self) -> Option<Timestamp> {
        None
    }

    /// Whether items can be moved to `folder`; nothing is changed, but no folder is open afterwards.
    fn target(&mut self, folder: &str) -> Result<(), MailboxError>;

    /// What this kind of mailbox can do, for `check --connect`, for instance `IMAP4rev1 UIDPLUS MOVE`.
    fn capabilities(&mut self) -> Result<Vec<String>, MailboxError>;
}

/// What a folder has heard of by now, and why it is not all.
#[derive(Debug)]
pub struct Settled {
    /// The keys.
    pub heard: Vec<ItemKey>,
    /// The first trouble.
    pub end: Result<(), MailboxError>,
}

/// A mailbox that can be told what became of its items.
pub trait Mailbox: Reader {
    /// Tells the open folder what became of items, repeatably, and returns those it has heard of by now: these, or some that
    /// it was told of earlier.
    ///
    /// An item that is no longer there counts as told.
    fn acknowledge(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError>;

    /// Whether the open folder is still to hear of something before the end.
    fn is_unsettled(&self) -> bool {
        false
    }

    /// Waits until the open folder has heard of all that can be heard of before the end.
    fn settle(&mut self) -> Settled {
        Settled { heard: Vec::new(), end: Ok(()) }
    }

    /// Ends the session politely; only after that do all servers keep what they were told.
    ///
    /// The keys are those of the open folder that the mailbox has heard of only now: POP3 deletes at its end.
    fn close(&mut self) -> Result<Vec<ItemKey>, MailboxError>;
}
