//! One session: sends a command, waits for its end, and says what is wrong in our own words.
//!
//! After anything but OK, NO and BAD the `imap` crate is out of step for ever; the session is then dropped and every
//! later command fails. Commands are logged at debug level; none that passes here holds a secret. Texts of the server
//! are shown, its data never.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;

use super::ahead::{Sent, Verdict};
use super::answers::{Bounds, Farewell, Fault, Told};
use super::record::Record;
use super::tap::{Line, Shared, Tap};
use crate::mailbox::MailboxError;
use crate::transport::wire::{Pace, Peer};

/// A session after login.
pub(super) struct Session {
    /// `None` once it is broken or closed.
    open: Option<Open>,
    pace: Arc<Pace>,
    /// The messages that came before the session broke and that nobody has claimed.
    salvage: Vec<Record>,
    /// When the certificate expires that the server showed.
    pub(super) certificate_expires: Option<Timestamp>,
    /// The server, for errors.
    pub(super) peer: Peer,
}

/// What a session needs while it lives; the connection ends with it.
struct Open {
    crate_session: imap::Session<Tap>,
    line: Shared,
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
    /// Whether the server may have refused a command because others were under way.
    pub(super) fn may_be_for_the_company(&self) -> bool {
        self.told.in_company
    }

    /// Whether the answer has this code (RFC 5530).
    pub(super) fn is(&self, code: &str) -> bool {
        self.told.code == code
    }
}

/// What a command came to.
pub(super) type Reply = Result<Answer, Refusal>;

impl Session {
    pub(super) fn new(crate_session: imap::Session<Tap>, link: Link) -> Self {
        let Link { line, pace, certificate_expires, peer } = link;
        Self {
            open: Some(Open { crate_session, line }),
            pace,
            salvage: Vec::new(),
            certificate_expires,
            peer,
        }
    }

    /// Runs a command whose answer holds no messages.
    pub(super) fn run(&mut self, command: &str) -> Result<Reply, MailboxError> {
        self.run_bounded(command, Bounds::default(), Farewell::Unexpected)
    }

    /// Runs a command once all that was sent is answered; literals of FETCH answers are kept within the bounds.
    pub(super) fn run_bounded(
        &mut self,
        command: &str,
        bounds: Bounds,
        farewell: Farewell,
    ) -> Result<Reply, MailboxError> {
        self.wait_for_all()?;
        let Some(mut open) = self.open.take() else { return Err(self.over()) };
        log::debug!("{}: {command}", self.peer);
        self.pace.begin();
        open.line.lock().answers.begin(bounds, farewell);
        let result = catch_unwind(AssertUnwindSafe(|| open.crate_session.run(command)));
        let told = open.line.lock().answers.told();
        self.pass_on(&told);
        match result {
            Ok(Ok((mut data, end))) => {
                data.truncate(end);
                self.open = Some(open);
                Ok(Ok(Answer { data, told }))
            }
            Ok(Err(imap::Error::No(_) | imap::Error::Bad(_))) => {
                self.open = Some(open);
                Ok(Err(Refusal { told }))
            }
            Ok(Err(error)) => Err(broken(&self.peer, &open.line, error)),
            Err(_) => Err(self.peer.protocol("the IMAP library stumbled over an answer")),
        }
    }

    /// Sends a command whose answer holds messages or nothing, and does not wait; [`Self::answer`] does.
    pub(super) fn send(&mut self, command: &str, bounds: Bounds) -> Result<Sent, MailboxError> {
        log::debug!("{}: {command}", self.peer);
        self.talk(|line| line.send(command, bounds))
    }

    /// Waits for the answer to a command that was sent, once for each; the messages are [`claimed`](Self::claim).
    pub(super) fn answer(&mut self, sent: Sent) -> Result<Reply, MailboxError> {
        let (verdict, told) = self.talk(|line| line.wait(sent))?;
        self.pass_on(&told);
        Ok(match verdict {
            Verdict::Done => Ok(Answer { data: Vec::new(), told }),
            Verdict::Refused => Err(Refusal { told }),
        })
    }

    /// Waits until all that was sent is answered.
    pub(super) fn wait_for_all(&mut self) -> Result<(), MailboxError> {
        self.talk(Line::wait_for_all)
    }

    /// Waits until all that was sent is answered, and drops the answers: they are of a folder that is left.
    pub(super) fn drop_all(&mut self) -> Result<(), MailboxError> {
        self.talk(Line::drop_all)
    }

    /// Whether the answer to a command that was sent has been read already.
    pub(super) fn is_answered(&self, sent: Sent) -> bool {
        self.open.as_ref().is_some_and(|open| open.line.lock().answers.is_answered(sent))
    }

    /// What came of these messages in answer to what was sent, also before the session broke.
    pub(super) fn claim(&mut self, is_wanted: impl Fn(&Record) -> bool) -> Vec<Record> {
        match &self.open {
            Some(open) => open.line.lock().answers.claim(is_wanted),
            None => std::mem::take(&mut self.salvage).into_iter().filter(is_wanted).collect(),
        }
    }

    /// Does something with the connection beside the crate. After an error the session is over.
    fn talk<T>(&mut self, what: impl FnOnce(&mut Line) -> io::Result<T>) -> Result<T, MailboxError> {
        let Some(open) = self.open.take() else { return Err(self.over()) };
        self.pace.begin();
        let done = what(&mut open.line.lock());
        match done {
            Ok(done) => {
                self.open = Some(open);
                Ok(done)
            }
            Err(error) => {
                self.salvage = open.line.lock().answers.claim(|_| true);
                Err(broken(&self.peer, &open.line, imap::Error::Io(error)))
            }
        }
    }

    fn over(&self) -> MailboxError {
        self.peer.connect("", "the session ended earlier")
    }

    fn pass_on(&self, told: &Told) {
        for warning in &told.warnings {
            log::warn!("{} says: {warning}", self.peer);
        }
    }

    /// Whether commands can be given.
    pub(super) fn is_alive(&self) -> bool {
        self.open.is_some()
    }

    /// Gives the session up.
    pub(super) fn hang_up(&mut self) {
        self.open = None;
    }

    /// Logs out; what the server says to that does not matter any more.
    pub(super) fn logout(&mut self) -> Result<(), MailboxError> {
        if self.open.is_none() {
            return Ok(());
        }
        let reply = self.run_bounded("LOGOUT", Bounds::default(), Farewell::Asked);
        self.hang_up();
        reply.map(drop)
    }
}

/// What a session and the login before it need besides the crate.
#[derive(Clone)]
pub(super) struct Link {
    /// The connection.
    pub(super) line: Shared,
    /// How fast they come.
    pub(super) pace: Arc<Pace>,
    /// When the certificate expires that the server showed.
    pub(super) certificate_expires: Option<Timestamp>,
    /// The server, for errors.
    pub(super) peer: Peer,
}

/// Says why a session broke. The crate's own texts may hold mail and are not shown.
pub(super) fn broken(peer: &Peer, line: &Shared, error: imap::Error) -> MailboxError {
    if let Some(fault) = line.lock().answers.fault() {
        return match fault {
            Fault::Bye(_) => peer.connect("the next run goes on from there", fault.clone()),
            Fault::LongLine | Fault::LongAnswer | Fault::Stray | Fault::NoAnswer => {
                peer.protocol(fault.clone())
            }
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
