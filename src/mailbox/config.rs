//! How a mailbox is reached and what it is told.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

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
    /// Where the password comes from.
    pub password: Password,
    /// The longest wait for the network to give or take anything.
    pub timeout: Duration,
}

impl Server {
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

/// Where a password comes from; it is fetched when it is needed and kept no longer.
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
    /// The folders that items are moved to, each once.
    pub fn targets(&self) -> BTreeSet<&str> {
        let all = [&self.on_success, &self.on_skip, &self.on_ignore, &self.on_failure];
        all.into_iter()
            .filter_map(|one| if let Disposition::Move(folder) = one { Some(folder.as_str()) } else { None })
            .collect()
    }
}
