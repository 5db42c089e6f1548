//! Where the store is and what it keeps.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::StoreError;
use super::engine;

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
    /// The database as people know it, without user and password.
    pub fn shown(&self) -> String {
        match &self.database {
            Database::File(path) => path.display().to_string(),
            Database::Server(server) => server.shown.clone(),
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
    /// Certificates that are trusted besides the system's (PEM).
    pub ca_file: Option<PathBuf>,
}

impl Server {
    /// Reads a URL as libpq writes it (PostgreSQL manual, "Connection URIs").
    ///
    /// # Errors
    /// What is wrong with it, without quoting it: it may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let shown = engine::shown(url)?;
        Ok(Self { url: url.into(), shown, ca_file: None })
    }

    pub(super) fn connect(
        &self,
        access: engine::Access,
        wait: std::time::Duration,
    ) -> Result<engine::Postgres, StoreError> {
        engine::Postgres::open(self.url.expose_secret(), self.ca_file.as_deref(), access, wait)
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
