//! `[store]`.

use std::path::Path;

use toml::de::DeValue;

use super::mailbox::Context;
use super::measure;
use super::secret::{self, PASSWORD};
use super::table::Table;
use super::value::{self, Wrong};
use crate::mailbox::Password;
use crate::store::{Config, Database, KeepRaw, Retention, Server};

/// Reads `[store]`; `None` without a usable `url`.
pub(super) fn store(table: &Table<'_>, context: &Context<'_>) -> Option<Config> {
    table.check_keys(None);
    let database = table.required("url", database).map(|database| match database {
        Database::File(path) => {
            let why = "an SQLite store has no server";
            secret::refused(table, &PASSWORD, why);
            if table.has("ca_file") {
                table.report("ca_file", Wrong::because(why));
            }
            Database::File(context.base.join(path))
        }
        Database::Server(mut server) => {
            if server.has_password() {
                secret::warn_of_readers(table, "url", context);
            }
            server.password = secret::optional(table, context, &PASSWORD);
            server.ca_file = table.read("ca_file", value::path(context.base));
            Database::Server(server)
        }
    });
    let keep_raw = table.read("keep_raw", value::word(KEEP_RAW)).unwrap_or(KeepRaw::Failed);
    let token_secret_file = table.read("token_secret_file", value::path(context.base));
    if let Some(file) = &token_secret_file {
        context.warn_of_readers(table, "token_secret_file", file);
    }
    Some(Config { database: database?, keep_raw, token_secret_file })
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

/// The store that a URL on the command line names, beside the working directory if its path is relative.
///
/// # Errors
/// What is wrong with it, without quoting it: it may hold a password.
pub fn store_of(url: &str, password_file: Option<&Path>, ca_file: Option<&Path>) -> Result<Config, String> {
    let database = parse(url).map_err(|wrong| {
        if wrong.what.is_empty() { format!("expected {}", wrong.allowed) } else { wrong.what }
    })?;
    let database = match database {
        Database::File(_) if password_file.is_some() => {
            return Err("an SQLite store has no password".to_owned());
        }
        Database::File(path) => Database::File(std::path::absolute(path).map_err(|error| error.to_string())?),
        Database::Server(mut server) => {
            server.password = password_file.map(|file| Password::File(file.to_owned()));
            server.ca_file = ca_file.map(Path::to_owned);
            Database::Server(server)
        }
    };
    Ok(Config { database, keep_raw: KeepRaw::Failed, token_secret_file: None })
}

fn database(value: &DeValue<'_>) -> Result<Database, Wrong> {
    parse(&value::string(value).map_err(|_| Wrong::expected(URL))?)
}

fn parse(url: &str) -> Result<Database, Wrong> {
    if url.starts_with("postgresql:") || url.starts_with("postgres:") {
        let wrong = |what| Wrong { allowed: SERVER.to_owned(), ..Wrong::because(what) };
        return Server::parse(url).map(Database::Server).map_err(wrong);
    }
    let path = url.strip_prefix("sqlite:").filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| Wrong::expected(URL))?;
    match odd(path) {
        None => Ok(Database::File(path.into())),
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

const URL: &str = "\"sqlite:PATH\", for instance \"sqlite:/var/lib/helpdesk-mail/helpdesk-mail.db\", or \"postgresql://USER@HOST/DATABASE\"";

const SERVER: &str = "\"postgresql://USER@HOST/DATABASE\"";

const SQLITE: &str = "\"sqlite:PATH\", for instance \"sqlite:/var/lib/helpdesk-mail/helpdesk-mail.db\"";
