//! Names a server in errors, and makes them.

use std::error::Error;
use std::fmt;
use std::io;

use super::tcp::OutOfTime;
use crate::transport::{Fault, Tls};

/// What caused an error.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// A server as the configuration names it.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Its name or address.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server {:?} port {}", self.host, self.port)
    }
}

impl Peer {
    pub(crate) fn connect(&self, hint: &str, source: impl Into<Cause>) -> Fault {
        Fault::Connect { what: self.to_string(), hint: advice(hint), source: Some(source.into()) }
    }

    pub(crate) fn tls(&self, hint: &str, source: impl Into<Cause>) -> Fault {
        Fault::Tls { what: self.to_string(), hint: advice(hint), source: Some(source.into()) }
    }

    pub(crate) fn auth(&self, hint: &str, source: impl Into<Cause>) -> Fault {
        Fault::Auth { what: self.to_string(), hint: advice(hint), source: Some(source.into()) }
    }

    pub(crate) fn protocol(&self, source: impl Into<Cause>) -> Fault {
        Fault::Protocol { what: self.to_string(), hint: None, source: Some(source.into()) }
    }

    /// An error of reading or writing; a time-out shows as `WouldBlock` on Linux and `TimedOut` elsewhere.
    pub(crate) fn io(&self, error: io::Error) -> Fault {
        let what = self.to_string();
        if error.get_ref().is_some_and(|error| error.is::<OutOfTime>()) {
            let hint = advice("what is settled stays so, and the next run goes on from there");
            Fault::Timeout { what, hint, source: Some(error.into()) }
        } else if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            let hint = advice("try again later; a slow server or line may need a longer \"timeout\"");
            Fault::Timeout { what, hint, source: Some(error.into()) }
        } else if error.kind() == io::ErrorKind::InvalidData {
            self.protocol(error)
        } else {
            self.connect("the connection broke off; the next run goes on from there", error)
        }
    }

    /// An error of waiting for the greeting: where a server is silent, TLS may be what it waits for.
    pub(crate) fn silent(&self, tls: Tls, error: io::Error) -> Fault {
        match (self.io(error), tls) {
            (Fault::Timeout { what, source, .. }, Tls::StartTls | Tls::None) => Fault::Timeout {
                what,
                hint: advice("no greeting came: if the port speaks TLS at once, set \"tls\" to \"implicit\""),
                source,
            },
            (other, _) => other,
        }
    }
}

fn advice(hint: &str) -> Option<String> {
    (!hint.is_empty()).then(|| hint.to_owned())
}

/// A server's text as it may be shown: UTF-8 as far as it is, no control characters, at most 300 characters.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .filter(|c| !c.is_control())
        .take(300)
        .collect::<String>()
        .trim()
        .to_owned()
}
