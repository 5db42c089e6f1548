//! `[store]`.

use toml::de::DeValue;

use super::mailbox::Context;
use super::measure;
use super::table::Table;
use super::value::{self, Wrong};
use crate::store::{Config, KeepRaw, Retention};

/// Reads `[store]`; `None` without a usable `url`.
pub(super) fn store(table: &Table<'_>, context: &Context<'_>) -> Option<Config> {
    table.check_keys(None);
    let path = table.required("url", sqlite_path).map(|path| context.base.join(path));
    let keep_raw = table.read("keep_raw", value::word(KEEP_RAW)).unwrap_or(KeepRaw::Failed);
    let token_secret_file = table.read("token_secret_file", value::path(context.base));
    if let Some(file) = &token_secret_file {
        context.warn_of_readers(table, "token_secret_file", file);
    }
    Some(Config { path: path?, keep_raw, token_secret_file })
}

/// Reads what `prune` may remove.
///
/// What is younger is needed: a mail server gives mail again for some days, and a loop is known by what was sent.
pub(super) fn retention(table: &Table<'_>) -> Retention {
    Retention {
        outcomes: table.read("retain_outcomes", measure::at_least(7)),
        sent: table.read("retain_sent", measure::at_least(1)),
    }
}

const KEEP_RAW: &[(&str, KeepRaw)] = &[("failed", KeepRaw::Failed), ("all", KeepRaw::All)];

fn sqlite_path(value: &DeValue<'_>) -> Result<String, Wrong> {
    let url = value::string(value).map_err(|_| Wrong::expected(SQLITE))?;
    if url.starts_with("postgresql:") || url.starts_with("postgres:") {
        let what = format!("PostgreSQL is not supported by this version; expected {SQLITE}");
        return Err(Wrong { allowed: SQLITE.to_owned(), ..Wrong::because(what) });
    }
    let path = url.strip_prefix("sqlite:").filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| Wrong::expected(SQLITE))?;
    match odd(path) {
        None => Ok(path.to_owned()),
        // Without the value: what looks like the URL of a server may hold a password.
        Some(why) => {
            let what = format!("{why}; expected {SQLITE}");
            Err(Wrong { allowed: SQLITE.to_owned(), ..Wrong::because(what) })
        }
    }
}

/// Why a path is probably not meant as one, but as other programs read it.
fn odd(path: &str) -> Option<&'static str> {
    if path.starts_with("//") {
        // For SQLAlchemy "sqlite:///a.db" is relative, for RFC 3986 it is absolute.
        Some(
            "\"sqlite://\" means different files to different programs: an absolute path is written \"sqlite:/PATH\", \
             one beside the configuration \"sqlite:PATH\"",
        )
    } else if path.starts_with(":memory:") || path.starts_with("file::memory:") {
        Some("a store in memory would forget which mail was taken")
    } else if path.starts_with("file:") {
        Some("a path is needed, not a \"file:\" URI")
    } else if path.contains('?') {
        Some("options behind \"?\" are not taken, only a path is")
    } else {
        None
    }
}

const SQLITE: &str = "\"sqlite:PATH\", for instance \"sqlite:/var/lib/helpdesk-mail/helpdesk-mail.db\"";
