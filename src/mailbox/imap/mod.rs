//! Mailboxes on an IMAP server (RFC 3501, RFC 9051), with UIDPLUS (RFC 4315) and MOVE (RFC 6851) where offered.
//!
//! A message is named by UIDVALIDITY and UID. A run costs what is new: a SELECT tells whether anything is, one FETCH
//! lists it, one FETCH for each batch brings it, one STORE or MOVE for each disposition tells the server. What is
//! asked next and what the server is told leave before the answers to what was asked before have come (`ahead`).
//! Never sent: EXPUNGE and CLOSE, which remove what others flagged `\Deleted`; `BODY[]` without PEEK, which sets
//! `\Seen`; CREATE.
//!
//! A session that breaks while messages are fetched is made again a few times in a run (`recover`).
//!
//! Left behind on error: the server keeps what it was told; nothing is sent when the value is dropped.
//! Limits: one connection, no IDLE, no COMPRESS, five million messages in a folder.

mod ahead;
mod answers;
mod auth;
mod connect;
mod fetch;
mod folder;
mod line;
mod name;
mod record;
mod recover;
mod session;
mod tap;
mod tell;
mod uids;

use std::time::Instant;

use jiff::Timestamp;

use crate::model::item::{Acknowledgement, Fetched, ItemKey, Listed, Listing, Watermark};

use super::{Access, Call, Config, Imap, Mailbox, MailboxError, Reader, Server, Settled};
use folder::Open;
use session::Session;

/// An account on an IMAP server, logged in.
pub struct ImapMailbox {
    session: Session,
    /// In capitals.
    capabilities: Vec<String>,
    access: Access,
    account: String,
    folders: Vec<String>,
    max_message_size: u64,
    open: Option<Open>,
    /// Whether it was said that items are only flagged.
    warned: bool,
    /// What is fetched next, and what was asked for of it before its time.
    expected: Vec<Vec<Listed>>,
    on_the_way: fetch::OnTheWay,
    /// What the open folder was told and has not answered yet.
    unanswered: Vec<tell::Deed>,
    /// What it has heard of and nobody was told yet.
    heard: Vec<ItemKey>,
    /// Why the session broke while the folder was told something.
    broke: Option<MailboxError>,
    /// Whether nothing is sent ahead any more.
    is_patient: bool,
    /// Why the last fetch ended before its time.
    cut_short: Option<MailboxError>,
    /// The server, to come back to it.
    server: Server,
    /// When all must be over.
    until: Option<Instant>,
    /// How often it may still be come back to.
    returns: u8,
}

impl ImapMailbox {
    /// Connects and logs in.
    ///
    /// # Errors
    /// `Connect`, `Timeout`, `Tls`, `Auth` and `Protocol`. Without the protection that is configured no password is
    /// sent.
    pub fn connect(config: &Config, imap: &Imap, access: Access) -> Result<Self, MailboxError> {
        Self::over(None, config, imap, access)
    }

    /// As [`Self::connect`], over a connection that is being made.
    pub(super) fn over(
        call: Option<Call>,
        config: &Config,
        imap: &Imap,
        access: Access,
    ) -> Result<Self, MailboxError> {
        let until = config.until(&imap.server);
        let (session, capabilities) = connect::session(&imap.server, until, call)?;
        Ok(Self {
            session,
            capabilities,
            access,
            account: format!("imap:{}", imap.server.account()),
            folders: imap.folders.clone(),
            max_message_size: config.max_message_size,
            open: None,
            warned: false,
            expected: Vec::new(),
            on_the_way: fetch::OnTheWay::new(),
            unanswered: Vec::new(),
            heard: Vec::new(),
            broke: None,
            is_patient: false,
            cut_short: None,
            server: imap.server.clone(),
            until,
            returns: recover::RETURNS,
        })
    }

    /// Whether the server offers an extension, by itself or as part of IMAP4rev2.
    fn offers(&self, extension: &str) -> bool {
        self.capabilities.iter().any(|word| word == extension || word == "IMAP4REV2")
    }

    /// Leaves the open folder: what was sent ahead is answered there, and nothing of it counts in another. What it was told
    /// and has not answered stays owed.
    fn leave(&mut self) -> Result<(), MailboxError> {
        self.open = None;
        self.expected.clear();
        self.on_the_way.clear();
        self.unanswered.clear();
        self.heard.clear();
        self.broke = None;
        if self.session.is_alive() { self.session.drop_all() } else { Ok(()) }
    }

    fn opened(&self) -> Result<&Open, MailboxError> {
        self.open.as_ref().ok_or_else(|| self.session.peer.protocol("no folder is open"))
    }

    /// An error about a folder of this server.
    fn folder_error(
        &self,
        folder: &str,
        hint: Option<String>,
        source: impl Into<crate::transport::wire::Cause>,
    ) -> MailboxError {
        let what = format!("folder {folder:?} of {}", self.session.peer);
        MailboxError::Folder { what, hint, source: Some(source.into()) }
    }
}

impl Reader for ImapMailbox {
    fn account(&self) -> String {
        self.account.clone()
    }

    fn folders(&self) -> Vec<String> {
        self.folders.clone()
    }

    fn open(&mut self, folder: &str) -> Result<(), MailboxError> {
        self.leave()?;
        self.open = Some(self.select(folder)?);
        Ok(())
    }

    fn list(&mut self, settled: Option<&Watermark>) -> Result<Listing, MailboxError> {
        self.listing(settled)
    }

    fn fetch(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError> {
        self.fetched(items)
    }

    fn expect(&mut self, batches: Vec<Vec<Listed>>) {
        self.expected = batches;
    }

    fn cut_short(&mut self) -> Option<MailboxError> {
        self.cut_short.take()
    }

    fn watermark(&self, first_open: Option<&ItemKey>) -> Option<Watermark> {
        self.open.as_ref()?.watermark(first_open)
    }

    fn has_passed(&self, settled: &Watermark, item: &ItemKey) -> bool {
        self.open.as_ref().is_some_and(|open| open.has_passed(settled, item))
    }

    fn numbering(&self) -> Option<String> {
        self.open.as_ref().map(|open| open.validity.to_string())
    }

    fn certificate_expires(&self) -> Option<Timestamp> {
        self.session.certificate_expires
    }

    /// EXAMINE, whatever the access: it tells of a folder that is missing or cannot be selected.
    fn target(&mut self, folder: &str) -> Result<(), MailboxError> {
        self.leave()?;
        self.examined(folder)
    }

    fn capabilities(&mut self) -> Result<Vec<String>, MailboxError> {
        Ok(self.capabilities.clone())
    }
}

impl Mailbox for ImapMailbox {
    fn acknowledge(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        self.tell(items)
    }

    fn is_unsettled(&self) -> bool {
        !self.unanswered.is_empty() || !self.heard.is_empty()
    }

    fn settle(&mut self) -> Settled {
        let end = self.hear_all();
        let end = end.and(self.broke.take().map_or(Ok(()), Err));
        Settled { heard: std::mem::take(&mut self.heard), end }
    }

    fn close(&mut self) -> Result<Vec<ItemKey>, MailboxError> {
        let Settled { heard, end } = self.settle();
        self.open = None;
        end.and(self.session.logout()).map(|()| heard)
    }
}
