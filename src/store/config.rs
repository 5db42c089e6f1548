//! Where the store is and what it keeps.

use std::path::PathBuf;

use jiff::SignedDuration;

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The SQLite file of `url = "sqlite:…"`.
    pub path: PathBuf,
    /// Which raw messages are kept.
    pub keep_raw: KeepRaw,
    /// A file with the signing secret, instead of the one made with the store.
    pub token_secret_file: Option<PathBuf>,
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
