//! How a mailbox is reached and what it is told.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::oauth::{Life, Tokens};
use super::sasl::Mechanism;
use super::wire::{Limits, Proxy, Route};
use crate::model::ids::MailboxName;
use crate::model::item::Disposition;

/// One mailbox.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name.
    pub name: MailboxName,
    /// Where its mail is.
    pub place: Place,
    /// A message larger than this is fetched in part, in octets.
    pub max_message_size: u64,
    /// The longest that all of one run may take; what is under way then may take `timeout` longer.
    pub run_timeout: Duration,
}

impl Config {
    /// When the connection to a server must be over, if the mailbox is opened now.
    ///
    /// Later than `run_timeout` by one `timeout`, so that a run that notices it between two batches can still say goodbye.
    pub(super) fn until(&self, server: &Server) -> Option<Instant> {
        Instant::now().checked_add(self.run_timeout)?.checked_add(server.timeout)
    }
}

impl Config {
    /// How long the access token lives that it was logged in with; `None` without one.
    pub fn token_life(&self) -> Option<Life> {
        let server = match &self.place {
            Place::Imap(imap) => &imap.server,
            Place::Pop3(server) => server,
            Place::Maildir(_) | Place::Mbox(_) | Place::Directory(_) => return None,
        };
        match &server.login {
            Login::Password(_) => None,
            Login::Token { tokens, .. } => tokens.life(),
        }
    }
}

/// Where a mailbox's mail is.
#[derive(Debug, Clone)]
pub enum Place {
    /// On an IMAP server.
    Imap(Imap),
    /// On a POP3 server.
    Pop3(Server),
    /// In a Maildir.
    Maildir(PathBuf),
    /// In an mbox file.
    Mbox(PathBuf),
    /// In a directory, a file for each message.
    Directory(PathBuf),
}

/// An IMAP account.
#[derive(Debug, Clone)]
pub struct Imap {
    /// The server and the user on it.
    pub server: Server,
    /// The folders, in the order they are fetched.
    pub folders: Vec<String>,
}

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
    pub(super) fn route(&self, until: Option<Instant>) -> Route<'_> {
        Route { limits: Limits { timeout: self.timeout, until }, proxy: self.proxy.as_ref() }
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

/// What a mailbox is told of each outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispositions {
    /// Created, updated, reopened.
    pub on_success: Disposition,
    /// Skipped.
    pub on_skip: Disposition,
    /// Ignored.
    pub on_ignore: Disposition,
    /// Failed.
    pub on_failure: Disposition,
}

impl Dispositions {
    /// Whether any outcome has this disposition.
    pub fn ask_for(&self, disposition: &Disposition) -> bool {
        [&self.on_success, &self.on_skip, &self.on_ignore, &self.on_failure].contains(&disposition)
    }

    /// The folders that items are moved to, each once.
    pub fn targets(&self) -> BTreeSet<&str> {
        let all = [&self.on_success, &self.on_skip, &self.on_ignore, &self.on_failure];
        all.into_iter()
            .filter_map(|one| if let Disposition::Move(folder) = one { Some(folder.as_str()) } else { None })
            .collect()
    }
}
