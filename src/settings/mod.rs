//! Settings: the TOML file becomes each module's own configuration type, or a list of all that is wrong with it.
//!
//! Settings exist only when they are valid. The file and the environment are read here and nowhere below; a
//! password stands in no error and no warning. What the file names, a server or a path, is not looked for:
//! `check` does that. [`keys::KEYS`] is the one table of what the file may hold.

pub mod keys;

mod alert;
mod disposition;
mod document;
mod hook;
mod limits;
mod login;
mod mailbox;
mod measure;
mod notices;
mod oauth;
mod outbox;
mod place;
mod problem;
mod proxy;
mod queue;
mod rule;
mod secret;
mod source;
mod store;
mod table;
mod template;
mod value;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use place::{SYSTEM_FILE, locate, user_file};
pub use problem::{Invalid, Problem};
pub use queue::is_language_tag;
pub use store::store_of;
pub use template::{init, template};
pub use value::nearest;

use crate::{outbox as outbox_module, run, store as store_module};

/// The environment: the value of a variable, if it is set.
pub type Environment<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

/// All that the configuration says.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The store.
    pub store: store_module::Config,
    /// What `prune` may remove from it.
    pub retention: store_module::Retention,
    /// Queues, mailboxes and alerts.
    pub plan: run::Plan,
    /// The back ends of notifications, and when they leave; `None` without `[outbox]`.
    pub outbox: Option<outbox_module::Config>,
    /// The templates of notifications.
    pub templates: outbox_module::TemplateConfig,
    /// The file of metrics that is written after each run.
    pub textfile: Option<PathBuf>,
    /// What works but is probably not meant, each with its place in the file.
    pub warnings: Vec<String>,
}

/// Reads and checks a configuration.
///
/// Errors: `config.missing` if it cannot be read, `config.permissions` if others may write it or own it,
/// `config.invalid` with every problem that it has.
pub fn load(file: &Path, environment: &Environment<'_>) -> Result<Settings, Invalid> {
    let source = source::read(file)?;
    document::settings(file, &source, environment)
}
