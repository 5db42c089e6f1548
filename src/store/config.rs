//! Where the store is and what it keeps.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::StoreError;
use super::engine;
use crate::transport::wire::Peer;
use crate::transport::{Fault, Password, login};

use jiff::SignedDuration;

/// `[store]`.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database, from `url`.
    pub database: Database,
    /// Which raw messages are kept.
    pub keep_raw: KeepRaw,
    /// A file with the signing secret, instead of the one made with the store.
    pub token_secret_file: Option<PathBuf>,
}

impl Config {
    /// A file that keeps what failed.
    pub fn of_file(path: impl Into<PathBuf>) -> Self {
        Self { database: Database::File(path.into()), keep_raw: KeepRaw::Failed, token_secret_file: None }
    }

    /// The database as people know it, without user and password.
    pub fn shown(&self) -> String {
        match &self.database {
            Database::File(path) => path.display().to_string(),
            Database::Server(server) => server.shown.clone(),
        }
    }

    pub(super) fn connect(
        &self,
        access: engine::Access,
        wait: Duration,
    ) -> Result<Box<dyn engine::Engine>, StoreError> {
        match &self.database {
            Database::File(path) => Ok(Box::new(engine::Sqlite::open(path, access, wait)?)),
            Database::Server(server) => server.connect(access, wait),
        }
    }

    /// Whether both name the same file, or the same server and database in the same words.
    pub(super) fn names_the_same(&self, other: &Self) -> bool {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match (&self.database, &other.database) {
            (Database::File(one), Database::File(two)) => real(one) == real(two),
            (Database::Server(one), Database::Server(two)) => {
                one.url.expose_secret() == two.url.expose_secret()
            }
            (Database::File(_), Database::Server(_)) | (Database::Server(_), Database::File(_)) => false,
        }
    }

    /// The file, of an embedded store.
    pub fn file(&self) -> Option<&Path> {
        match &self.database {
            Database::File(path) => Some(path),
            Database::Server(_) => None,
        }
    }
}

/// Which database holds the store.
#[derive(Debug, Clone)]
pub enum Database {
    /// The SQLite file of `sqlite:PATH`.
    File(PathBuf),
    /// The server of `postgresql://…`.
    Server(Server),
}

/// A PostgreSQL server and what logs in there.
#[derive(Debug, Clone)]
pub struct Server {
    url: SecretString,
    shown: String,
    has_password: bool,
    /// The password, where the URL has none.
    pub password: Option<Password>,
    /// Certificates that are trusted besides the system's (PEM).
    pub ca_file: Option<PathBuf>,
}

impl Server {
    /// Reads a URL as libpq writes it (PostgreSQL manual, "Connection URIs").
    ///
    /// # Errors
    /// What is wrong with it, without quoting it: it may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let engine::Shown { place, has_password } = engine::shown(url)?;
        Ok(Self { url: url.into(), shown: place, has_password, password: None, ca_file: None })
    }

    /// Whether the URL holds one.
    pub fn has_password(&self) -> bool {
        self.has_password
    }

    fn connect(&self, access: engine::Access, wait: Duration) -> Result<Box<dyn engine::Engine>, StoreError> {
        let unavailable = |fault| {
            // What is wrong with the secret says all.
            let source =
                if let Fault::Auth { source: Some(source), .. } = fault { source } else { fault.into() };
            StoreError::Unavailable { place: self.shown.clone(), source }
        };
        let peer = Peer { host: self.shown.clone(), port: 0 };
        let secret = |password| login::secret(login::Name::Password, password, wait, &peer);
        let password = self.password.as_ref().map(secret).transpose().map_err(unavailable)?;
        let way = engine::Way {
            url: self.url.expose_secret(),
            password: password.as_ref().map(ExposeSecret::expose_secret),
            ca_file: self.ca_file.as_deref(),
        };
        engine::Postgres::open(&way, access, wait)
    }
}

/// `keep_raw`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepRaw {
    /// Those of failed and of odd messages.
    Failed,
    /// Every one.
    All,
}

/// How long the store keeps what `prune` may remove; without a time for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// `retain_outcomes`: rows of the ledger whole, and runs.
    pub outcomes: Option<SignedDuration>,
    /// `retain_sent`: notifications that need nothing more.
    pub sent: Option<SignedDuration>,
}
