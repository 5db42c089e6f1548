//! Mailboxes on a POP3 server (RFC 1939), with CAPA and PIPELINING (RFC 2449), STLS (RFC 2595), SASL (RFC 5034) and
//! response codes (RFC 3206) where offered.
//!
//! A message is named by its unique-id (UIDL). A run costs what is new: STAT, LIST and UIDL tell of all that is there, RETR
//! brings each new message once; those that stand where the last run left them are known by one digest (`mark`). Where
//! nothing is new and the server offers PIPELINING, a run is four round trips, as many as USER, PASS, UIDL and QUIT would
//! be: CAPA, the login, what a listing takes (`survey`), QUIT. DELE counts only when the server says `+OK` to QUIT, so
//! nothing is known to be told before [`Mailbox::close`] has given the keys; a run that dies before has changed nothing,
//! and the next one finds what is owed in the ledger.
//!
//! Without UIDL a message is named by the SHA-256 of what mail programs do not change in it, and by its ordinal among
//! equal messages, the newest first. Each run then reads every message, the newest first, and keeps some of them for
//! `fetch`.
//!
//! A session that breaks in the middle of a message is made again a few times in a run (`recover`), for the others' sake.
//!
//! Left behind on error: nothing; QUIT is never sent then, nor when the value is dropped. Limits: when a message arrived
//! is not told; a million messages.

mod answers;
mod auth;
mod connect;
mod fetch;
mod lines;
mod maildrop;
mod mark;
mod name;
mod offer;
mod recover;
mod secret;
mod session;
mod survey;
mod tell;

use std::time::Instant;

use jiff::Timestamp;

use crate::model::item::{Acknowledgement, Fetched, ItemKey, Listed, Listing, Watermark};

use super::{Access, Call, Config, Mailbox, MailboxError, Reader, Server, Settled};
use maildrop::Maildrop;
use offer::Offer;
use session::{Ahead, Session};

/// The one folder that POP3 knows.
const INBOX: &str = "INBOX";

/// An account on a POP3 server, logged in.
pub struct Pop3Mailbox {
    session: Session,
    offer: Offer,
    access: Access,
    account: String,
    max_message_size: u64,
    /// What is there, once it was looked at: the server shows one state during a session.
    maildrop: Option<Maildrop>,
    /// Whether that is what was listed; what a later session of the run finds may be more, and is no watermark's.
    is_as_listed: bool,
    /// The lowest number of a message that was asked for and not given, though it is there.
    not_given: Option<u32>,
    /// What is fetched next.
    expected: Vec<Vec<Listed>>,
    /// What DELE is still to be said of, and what QUIT will remove.
    condemned: Vec<ItemKey>,
    doomed: Vec<ItemKey>,
    /// How the server is reached again.
    server: Server,
    /// When all must be over, the sessions that follow included.
    until: Option<Instant>,
    /// How often that may still be.
    returns: u8,
    /// The number of the message at which the session broke.
    stumbled: Option<u32>,
}

impl Pop3Mailbox {
    /// Connects and logs in.
    ///
    /// # Errors
    /// `Connect`, `Timeout`, `Tls`, `Auth`, `Locked` and `Protocol`. Without the protection that is configured no
    /// password is sent.
    pub fn connect(config: &Config, server: &Server, access: Access) -> Result<Self, MailboxError> {
        Self::over(None, config, server, access)
    }

    /// As [`Self::connect`], over a connection that is being made.
    pub(super) fn over(
        call: Option<Call>,
        config: &Config,
        server: &Server,
        access: Access,
    ) -> Result<Self, MailboxError> {
        let until = config.until(server);
        let (session, offer) = connect::session(server, Ahead::AsOffered, until, call)?;
        Ok(Self {
            session,
            offer,
            access,
            account: format!("pop3:{}", server.account()),
            max_message_size: config.max_message_size,
            maildrop: None,
            is_as_listed: false,
            not_given: None,
            expected: Vec::new(),
            condemned: Vec::new(),
            doomed: Vec::new(),
            server: server.clone(),
            until,
            returns: recover::RETURNS,
            stumbled: None,
        })
    }

    /// An error about the mail on this server.
    fn maildrop_error(&self, hint: &str, source: impl Into<crate::transport::wire::Cause>) -> MailboxError {
        MailboxError::Folder {
            what: format!("the mailbox on {}", self.session.peer),
            hint: Some(hint.to_owned()),
            source: Some(source.into()),
        }
    }
}

impl Reader for Pop3Mailbox {
    fn account(&self) -> String {
        self.account.clone()
    }

    fn folders(&self) -> Vec<String> {
        vec![INBOX.to_owned()]
    }

    fn open(&mut self, folder: &str) -> Result<(), MailboxError> {
        if folder == INBOX {
            return Ok(());
        }
        Err(self.maildrop_error("POP3 has no folders but INBOX", format!("there is no folder {folder:?}")))
    }

    fn list(&mut self, settled: Option<&Watermark>) -> Result<Listing, MailboxError> {
        let maildrop = self.maildrop()?;
        let passed = settled.map_or(0, |settled| maildrop.passed(settled));
        let listing = Listing {
            there: maildrop.there(),
            items: maildrop.listed(passed).collect(),
            deleted: Vec::new(),
        };
        self.is_as_listed = true;
        Ok(listing)
    }

    fn fetch(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError> {
        self.fetched(items)
    }

    fn expect(&mut self, batches: Vec<Vec<Listed>>) {
        self.expected = batches;
    }

    fn watermark(&self, first_open: Option<&ItemKey>) -> Option<Watermark> {
        self.maildrop.as_ref().filter(|_| self.is_as_listed)?.mark(first_open, self.not_given)
    }

    fn has_passed(&self, settled: &Watermark, item: &ItemKey) -> bool {
        let Some(maildrop) = &self.maildrop else { return false };
        maildrop.place_of(item).is_some_and(|place| place.number <= maildrop.passed(settled))
    }

    /// Many servers lock the maildrop for one session (RFC 1939 section 3).
    fn bears_another(&self) -> bool {
        false
    }

    fn certificate_expires(&self) -> Option<Timestamp> {
        self.session.certificate_expires
    }

    fn target(&mut self, folder: &str) -> Result<(), MailboxError> {
        Err(self
            .maildrop_error("POP3 has no folders but INBOX", format!("nothing can be moved to {folder:?}")))
    }

    fn capabilities(&mut self) -> Result<Vec<String>, MailboxError> {
        // A listing has asked for them since the login.
        if self.maildrop.is_none() && self.offer.is_told() {
            self.offer = Offer::ask(&mut self.session)?.or(std::mem::take(&mut self.offer));
        }
        Ok(self.offer.shown())
    }
}

impl Mailbox for Pop3Mailbox {
    fn acknowledge(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        self.tell(items)
    }

    fn is_unsettled(&self) -> bool {
        !self.condemned.is_empty()
    }

    /// Nothing has been heard of before QUIT.
    fn settle(&mut self) -> Settled {
        Settled { heard: Vec::new(), end: self.doom_condemned() }
    }

    fn close(&mut self) -> Result<Vec<ItemKey>, MailboxError> {
        self.quit()
    }
}
