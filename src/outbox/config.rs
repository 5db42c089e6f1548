//! `[outbox]`: when notifications leave, how many, and by which back ends.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::transport::oauth::Life;
use crate::transport::{Login, Plaintext, Proxy, Tls};

/// The name of the back end of queues that name none.
pub const DEFAULT: &str = "default";

/// The section, save for what it says about templates.
#[derive(Debug, Clone)]
pub struct Config {
    /// When notifications are delivered.
    pub deliver: Deliver,
    /// The back ends by their names; the one that `[outbox]` itself describes is [`DEFAULT`].
    pub backends: BTreeMap<String, BackendConfig>,
    /// After so many attempts a notification is given up.
    pub max_attempts: u32,
    /// How many notifications there may be.
    pub rates: Rates,
    /// Nobody is told of mail that is older.
    pub max_age: Duration,
    /// An address that bounced hard is left alone for so long.
    pub suppress_for: Duration,
    /// Files of so many octets go along with the notifications of a queue that says nothing else; 0 for none.
    pub attach_files: u64,
}

/// `deliver`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deliver {
    /// At the end of a fetch.
    AfterFetch {
        /// For so long at most.
        limit: Duration,
    },
    /// By `send` alone.
    Separately,
}

/// How many notifications there may be in [`Rates::WINDOW`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// To one address; agents are excepted.
    pub per_address: u32,
    /// To all.
    pub total: u32,
}

impl Rates {
    /// The time that they are counted over.
    pub const WINDOW: Duration = Duration::from_secs(3 * 3600);
}

/// One way out.
#[derive(Debug, Clone)]
pub enum BackendConfig {
    /// A mail server.
    Smtp(Smtp),
    /// A program that takes mail as Sendmail does.
    Sendmail {
        /// The program.
        program: PathBuf,
        /// The longest that it may take for one mail.
        timeout: Duration,
    },
    /// A directory with a file for each mail.
    File(PathBuf),
    /// Nowhere: what is sent is gone.
    Null,
}

impl BackendConfig {
    /// Where its mail goes, for instance `smtp:support@smtp.example.org:465` or `file:/var/spool/helpdesk-mail`.
    pub fn account(&self) -> String {
        match self {
            Self::Smtp(smtp) => {
                let user = smtp.login.as_ref().map(|(user, _)| format!("{user}@")).unwrap_or_default();
                format!("smtp:{user}{}:{}", smtp.host, smtp.port)
            }
            Self::Sendmail { program, .. } => format!("sendmail:{}", program.display()),
            Self::File(directory) => format!("file:{}", directory.display()),
            Self::Null => "null".to_owned(),
        }
    }

    /// How long the access token lives that it was logged in with; `None` without one.
    pub fn token_life(&self) -> Option<Life> {
        match self {
            Self::Smtp(Smtp { login: Some((_, Login::Token { tokens, .. })), .. }) => tokens.life(),
            Self::Smtp(_) | Self::Sendmail { .. } | Self::File(_) | Self::Null => None,
        }
    }
}

/// A mail server.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Where mail may go without TLS.
    pub plaintext: Plaintext,
    /// A PEM file of certificates trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The user and what proves that we are that user; `None` for a server that wants no login.
    pub login: Option<(String, Login)>,
    /// The longest wait for the network, but for the answer to a whole mail: that is waited for ten times as long.
    pub timeout: Duration,
    /// The proxy that it is reached through.
    pub proxy: Option<Proxy>,
}
