//! How a server is reached, and what proves who we are to it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::call::Call;
use super::fault::Fault;
use super::oauth::Tokens;
use super::sasl::Mechanism;
use super::wire::{self, Limits, Peer, Proxy, Reach, Route, Stream};

/// A server and a user on it.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Where a password may go without TLS.
    pub plaintext: Plaintext,
    /// A PEM file of certificates trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The user.
    pub username: String,
    /// What proves that we are that user.
    pub login: Login,
    /// The longest wait for the network to give or take anything.
    pub timeout: Duration,
    /// The proxy that it is reached through.
    pub proxy: Option<Proxy>,
}

impl Server {
    /// How it is reached, all over at `until`.
    fn route(&self, until: Option<Instant>) -> Route<'_> {
        let limits = Limits { timeout: self.timeout, until };
        Route { limits, proxy: self.proxy.as_ref(), reach: Reach::Anywhere }
    }

    /// How errors name it.
    pub(crate) fn peer(&self) -> Peer {
        Peer { host: self.host.clone(), port: self.port }
    }

    /// Takes up a call, or connects where there is none to rely on.
    pub(crate) fn reached(&self, call: Option<Call>, until: Option<Instant>) -> Result<Stream, Fault> {
        call.and_then(Call::answer).unwrap_or_else(|| self.connect(until))
    }

    /// Connects, and protects the connection where TLS is implicit; nothing is said yet.
    pub(super) fn connect(&self, until: Option<Instant>) -> Result<Stream, Fault> {
        let peer = self.peer();
        let socket = wire::connect(&peer, self.route(until))?;
        match self.tls {
            Tls::Implicit => Stream::protect(socket, &peer, self.ca_file.as_deref()),
            Tls::StartTls => Ok(Stream::Plain(socket)),
            Tls::None => Stream::clear(socket, self.plaintext, &peer),
        }
    }

    /// The user and where, as ledgers name it behind the protocol: `support@imap.example.org:993`.
    pub fn account(&self) -> String {
        format!("{}@{}:{}", self.username, self.host, self.port)
    }
}

/// `tls`: there is no fallback from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first octet (RFC 8314).
    Implicit,
    /// `STARTTLS` (POP3: `STLS`) before anything else.
    StartTls,
    /// None: loopback, or `allow_plaintext = true`.
    None,
}

/// `allow_plaintext`: where a password may go without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plaintext {
    /// To this machine only.
    LoopbackOnly,
    /// Anywhere.
    Allowed,
}

/// `auth`: what proves who we are.
#[derive(Debug, Clone)]
pub enum Login {
    /// A password.
    Password(Password),
    /// An access token of OAuth 2.0.
    Token {
        /// How it is given to the server.
        mechanism: Mechanism,
        /// Where it comes from.
        tokens: Tokens,
    },
}

/// Where a password or another secret comes from; it is fetched when it is needed and kept no longer.
#[derive(Debug, Clone)]
pub enum Password {
    /// Written in the configuration.
    Literal(SecretString),
    /// The first line of a file.
    File(PathBuf),
    /// An environment variable, read when the settings were.
    Environment {
        /// Its name.
        variable: String,
        /// Its value, if it is set.
        value: Option<SecretString>,
    },
    /// The first line that a command prints; run by `/bin/sh -c`.
    Command(String),
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(one), Self::Literal(other)) => one.expose_secret() == other.expose_secret(),
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Environment { variable: one, .. }, Self::Environment { variable: other, .. })
            | (Self::Command(one), Self::Command(other)) => one == other,
            (Self::Literal(_) | Self::File(_) | Self::Environment { .. } | Self::Command(_), _) => false,
        }
    }
}
