//! Where the store is and what it keeps.

use std::path::PathBuf;

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
