//! Commands that hold secrets: they are sent as others are, and not logged.

use super::answers::{Answers, Status};
use super::session::{Go, Reply, Session};
use crate::mailbox::MailboxError;

/// The longest command that every server takes, with its line end (RFC 2449 section 4).
const LONGEST_COMMAND: usize = 255;

impl Session {
    /// Runs a command that holds a secret and is answered by one line; it is not logged.
    pub(super) fn run_secret(&mut self, command: &str) -> Result<Reply, MailboxError> {
        let status = self.exchange(command, Answers::status)?;
        self.reply(status)
    }

    /// Runs a command, and behind it one that holds a secret and is not logged; the first refusal is the reply.
    ///
    /// Where the server offers PIPELINING both go out in one write, so that a server that refuses the first has the second, too.
    pub(super) fn run_with_secret(&mut self, command: &str, secret: &str) -> Result<Reply, MailboxError> {
        log::debug!("{}: {command}", self.peer);
        let is_sent = self.is_pipelining();
        let mut said = Ok(Vec::new());
        let went = self.converse(&[command, secret], &[], |_, reply, _| {
            if said.is_ok() {
                said = reply;
            }
            Ok(if said.is_ok() || is_sent { Go::On } else { Go::Leave })
        });
        // Behind a refusal it is no matter what became of the secret.
        if said.is_ok() {
            went?;
        }
        Ok(said)
    }

    /// Runs AUTH with a response, which is not logged; `Continue` if the server wants another.
    ///
    /// The response goes behind the mechanism (RFC 5034 section 4) where the server offers PIPELINING: Exchange, which
    /// does not, breaks off at such a line (getmail6, issue 256), and servers of RFC 1734 do not take it.
    pub(super) fn auth(&mut self, mechanism: &str, response: &str) -> Result<Status, MailboxError> {
        log::debug!("{}: AUTH {mechanism}", self.peer);
        let line = format!("AUTH {mechanism} {response}");
        let is_initial = self.is_pipelining() && line.len().saturating_add(2) <= LONGEST_COMMAND;
        let begin = if is_initial { line } else { format!("AUTH {mechanism}") };
        match self.exchange(&begin, Answers::status)? {
            // A server that did not look behind the mechanism asks for nothing in particular.
            Status::Continue(challenge) if !is_initial || challenge.is_empty() => {
                self.exchange(response, Answers::status)
            }
            Status::Ok(_) if !is_initial => Err(self.fault("a login without a password")),
            status @ (Status::Ok(_) | Status::Refused(_) | Status::Continue(_)) => Ok(status),
        }
    }

    /// Sends what an AUTH waits for; it is not logged.
    pub(super) fn respond(&mut self, response: &str) -> Result<Status, MailboxError> {
        self.exchange(response, Answers::status)
    }
}
