//! Names a server in errors, and makes them.

use std::error::Error;
use std::fmt;
use std::io;

use super::tcp::OutOfTime;
use crate::mailbox::{MailboxError, Tls};

/// What caused an error.
pub(in crate::mailbox) type Cause = Box<dyn Error + Send + Sync>;

/// A server as the configuration names it.
#[derive(Debug, Clone)]
pub(in crate::mailbox) struct Peer {
    /// Its name or address.
    pub(in crate::mailbox) host: String,
    /// Its port.
    pub(in crate::mailbox) port: u16,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server {:?} port {}", self.host, self.port)
    }
}

impl Peer {
    pub(in crate::mailbox) fn connect(&self, hint: &str, source: impl Into<Cause>) -> MailboxError {
        MailboxError::Connect { what: self.to_string(), hint: advice(hint), source: Some(source.into()) }
    }

    pub(in crate::mailbox) fn tls(&self, hint: &str, source: impl Into<Cause>) -> MailboxError {
        MailboxError::Tls { what: self.to_string(), hint: advice(hint), source: Some(source.into()) }
    }

    pub(in crate::mailbox) fn auth(&self, hint: &str, source: impl Into<Cause>) -> MailboxError {
        MailboxError::Auth { what: self.to_string(), hint: advice(hint), source: Some(source.into()) }
    }

    pub(in crate::mailbox) fn protocol(&self, source: impl Into<Cause>) -> MailboxError {
        MailboxError::Protocol { what: self.to_string(), hint: None, source: Some(source.into()) }
    }

    /// An error of reading or writing; a time-out shows as `WouldBlock` on Linux and `TimedOut` elsewhere.
    pub(in crate::mailbox) fn io(&self, error: io::Error) -> MailboxError {
        let what = self.to_string();
        if error.get_ref().is_some_and(|error| error.is::<OutOfTime>()) {
            let hint = advice("what is settled stays so, and the next run goes on from there");
            MailboxError::Timeout { what, hint, source: Some(error.into()) }
        } else if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            let hint = advice("try again later; a slow server or line may need a longer \"timeout\"");
            MailboxError::Timeout { what, hint, source: Some(error.into()) }
        } else if error.kind() == io::ErrorKind::InvalidData {
            self.protocol(error)
        } else {
            self.connect("the connection broke off; the next run goes on from there", error)
        }
    }

    /// An error of waiting for the greeting: where a server is silent, TLS may be what it waits for.
    pub(in crate::mailbox) fn silent(&self, tls: Tls, error: io::Error) -> MailboxError {
        match (self.io(error), tls) {
            (MailboxError::Timeout { what, source, .. }, Tls::StartTls | Tls::None) => {
                MailboxError::Timeout {
                    what,
                    hint: advice(
                        "no greeting came: if the port speaks TLS at once, set \"tls\" to \"implicit\"",
                    ),
                    source,
                }
            }
            (other, _) => other,
        }
    }
}

fn advice(hint: &str) -> Option<String> {
    (!hint.is_empty()).then(|| hint.to_owned())
}

/// A server's text as it may be shown: UTF-8 as far as it is, no control characters, at most 300 characters.
pub(in crate::mailbox) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .filter(|c| !c.is_control())
        .take(300)
        .collect::<String>()
        .trim()
        .to_owned()
}
