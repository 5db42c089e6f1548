//! How a mailbox is reached and what it is told.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::model::ids::MailboxName;
use crate::model::item::Disposition;
use crate::transport::oauth::Life;
use crate::transport::{Login, Server};

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
        match &self.place.server()?.login {
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

impl Place {
    /// The server that it is on, if it is on one.
    pub fn server(&self) -> Option<&Server> {
        match self {
            Self::Imap(imap) => Some(&imap.server),
            Self::Pop3(server) => Some(server),
            Self::Maildir(_) | Self::Mbox(_) | Self::Directory(_) => None,
        }
    }
}

/// An IMAP account.
#[derive(Debug, Clone)]
pub struct Imap {
    /// The server and the user on it.
    pub server: Server,
    /// The folders, in the order they are fetched.
    pub folders: Vec<String>,
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
