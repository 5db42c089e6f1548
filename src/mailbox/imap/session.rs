//! One session: sends a command, waits for its end, and says what is wrong in our own words.
//!
//! After anything but OK, NO and BAD the `imap` crate is out of step for ever; the session is then dropped and every
//! later command fails. Commands are logged at debug level; none that passes here holds a secret. Texts of the server
//! are shown, its data never.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;

use super::answers::{Bounds, Farewell, Fault, Told};
use super::tap::{Shared, Tap};
use crate::mailbox::MailboxError;
use crate::transport::wire::{Pace, Peer, Stream};

/// A session after login.
pub(super) struct Session {
    /// `None` once it is broken or closed.
    crate_session: Option<imap::Session<Tap<Stream>>>,
    answers: Shared,
    pace: Arc<Pace>,
    /// What came in answer to the command that broke the session.
    salvage: Told,
    /// When the certificate expires that the server showed.
    pub(super) certificate_expires: Option<Timestamp>,
    /// The server, for errors.
    pub(super) peer: Peer,
}

/// What came in answer to a command that the server carried out.
#[derive(Debug)]
pub(super) struct Answer {
    /// The untagged answers that the crate reads, as they came.
    pub(super) data: Vec<u8>,
    /// All else.
    pub(super) told: Told,
}

/// The server's NO or BAD.
#[derive(Debug, thiserror::Error)]
#[error("the server answers: {}{}", if told.code.is_empty() { String::new() } else { format!("[{}] ", told.code) }, told.text)]
pub(super) struct Refusal {
    /// What it told nevertheless.
    pub(super) told: Told,
}

impl Refusal {
    /// Whether the answer has this code (RFC 5530).
    pub(super) fn is(&self, code: &str) -> bool {
        self.told.code == code
    }
}

/// What a command came to.
pub(super) type Reply = Result<Answer, Refusal>;

impl Session {
    pub(super) fn new(crate_session: imap::Session<Tap<Stream>>, link: Link) -> Self {
        let Link { answers, pace, certificate_expires, peer } = link;
        let salvage = Told::default();
        Self { crate_session: Some(crate_session), answers, pace, salvage, certificate_expires, peer }
    }

    /// Runs a command whose answer holds no messages.
    pub(super) fn run(&mut self, command: &str) -> Result<Reply, MailboxError> {
        self.run_bounded(command, Bounds::default(), Farewell::Unexpected)
    }

    /// Runs a command; literals of FETCH answers are kept within the bounds.
    pub(super) fn run_bounded(
        &mut self,
        command: &str,
        bounds: Bounds,
        farewell: Farewell,
    ) -> Result<Reply, MailboxError> {
        let Some(mut session) = self.crate_session.take() else {
            return Err(self.peer.connect("", "the session ended earlier"));
        };
        log::debug!("{}: {command}", self.peer);
        self.pace.begin();
        self.answers.lock().begin(bounds, farewell);
        let result = catch_unwind(AssertUnwindSafe(|| session.run(command)));
        let told = self.answers.lock().told();
        for warning in &told.warnings {
            log::warn!("{} says: {warning}", self.peer);
        }
        match result {
            Ok(Ok((mut data, end))) => {
                data.truncate(end);
                self.crate_session = Some(session);
                Ok(Ok(Answer { data, told }))
            }
            Ok(Err(imap::Error::No(_) | imap::Error::Bad(_))) => {
                self.crate_session = Some(session);
                Ok(Err(Refusal { told }))
            }
            Ok(Err(error)) => {
                self.salvage = told;
                Err(broken(&self.peer, &self.answers, error))
            }
            Err(_) => Err(self.peer.protocol("the IMAP library stumbled over an answer")),
        }
    }

    /// Whether commands can be given.
    pub(super) fn is_alive(&self) -> bool {
        self.crate_session.is_some()
    }

    /// Gives the session up.
    pub(super) fn hang_up(&mut self) {
        self.crate_session = None;
    }

    /// What came whole before the session broke.
    pub(super) fn salvage(&mut self) -> Told {
        std::mem::take(&mut self.salvage)
    }

    /// Logs out; what the server says to that does not matter any more.
    pub(super) fn logout(&mut self) -> Result<(), MailboxError> {
        if self.crate_session.is_none() {
            return Ok(());
        }
        let reply = self.run_bounded("LOGOUT", Bounds::default(), Farewell::Asked);
        self.crate_session = None;
        reply.map(drop)
    }
}

/// What a session and the login before it need besides the crate.
#[derive(Clone)]
pub(super) struct Link {
    /// The answers as they come.
    pub(super) answers: Shared,
    /// How fast they come.
    pub(super) pace: Arc<Pace>,
    /// When the certificate expires that the server showed.
    pub(super) certificate_expires: Option<Timestamp>,
    /// The server, for errors.
    pub(super) peer: Peer,
}

/// Says why a session broke. The crate's own texts may hold mail and are not shown.
pub(super) fn broken(peer: &Peer, answers: &Shared, error: imap::Error) -> MailboxError {
    if let Some(fault) = answers.lock().fault() {
        return match fault {
            Fault::Bye(_) => peer.connect("the next run goes on from there", fault.clone()),
            Fault::LongLine | Fault::LongAnswer | Fault::NoAnswer => peer.protocol(fault.clone()),
        };
    }
    if let imap::Error::Io(error) = error {
        peer.io(error)
    } else if matches!(error, imap::Error::ConnectionLost) {
        peer.io(std::io::ErrorKind::UnexpectedEof.into())
    } else if matches!(error, imap::Error::TagMismatch(_)) {
        peer.protocol("the answer is to another command")
    } else {
        peer.protocol("the answer does not follow the protocol")
    }
}
