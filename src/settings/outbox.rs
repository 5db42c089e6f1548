//! `[outbox]` and `[outbox.backend.NAME]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::keys::{BackendType, Kind, Section};
use super::login;
use super::mailbox::Context;
use super::measure;
use super::notices;
use super::oauth;
use super::proxy;
use super::secret::{self, PASSWORD};
use super::table::Table;
use super::value::{self, Wrong};
use crate::model::ids::MailboxName;
use crate::outbox::{BackendConfig, Config, DEFAULT, Deliver, Rates, Smtp};
use crate::transport::{Login, Tls};

/// The back ends that a queue may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ways {
    /// There is no `[outbox]`.
    None,
    /// These.
    Named(Vec<String>),
}

impl Ways {
    /// The names of an `[outbox]`, whatever else may be wrong with it.
    pub(super) fn of(outbox: &DeTable<'_>) -> Self {
        let tables = outbox.get(Section::Backend.name()).and_then(|value| value.get_ref().as_table());
        let mut names: Vec<String> = tables
            .into_iter()
            .flat_map(|tables| tables.keys())
            .map(|name| name.get_ref().to_string())
            .collect();
        if (tables.is_none() || outbox.contains_key("host")) && !names.iter().any(|name| name == DEFAULT) {
            names.insert(0, DEFAULT.to_owned());
        }
        Self::Named(names)
    }

    pub(super) fn has_default(&self) -> bool {
        self.names().iter().any(|name| name == DEFAULT)
    }

    /// Reads the name of one of them.
    pub(super) fn named(&self, value: &DeValue<'_>) -> Result<String, Wrong> {
        let known: Vec<&str> = self.names().iter().map(String::as_str).collect();
        if known.is_empty() && value.as_str() == Some(DEFAULT) {
            return Ok(DEFAULT.to_owned());
        } else if known.is_empty() {
            return Err(Wrong::because("there is no [outbox], hence no back end"));
        }
        let words: Vec<(&str, &str)> = known.iter().map(|name| (*name, *name)).collect();
        value::word(&words)(value).map(str::to_owned)
    }

    fn names(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::Named(names) => names,
        }
    }
}

/// Reads `[outbox]`; `None` if a back end is wrong.
pub(super) fn outbox(table: &Table<'_>, context: &Context<'_>) -> Option<Config> {
    let number = |key, usual| {
        table.read(key, value::integer(1..=i64::MAX)).map_or(usual, |n| u32::try_from(n).unwrap_or(u32::MAX))
    };
    let duration = |key, usual| table.read(key, measure::duration).unwrap_or(usual);
    let max_attempts =
        table.read("max_attempts", value::integer(1..=1_000)).and_then(|n| u32::try_from(n).ok());
    let backends = backends(table, context);
    Some(Config {
        deliver: deliver(table),
        max_attempts: max_attempts.unwrap_or(10),
        rates: Rates { per_address: number("rate_limit", 10), total: number("rate_limit_total", 1000) },
        max_age: duration("max_age", DAY * 3),
        suppress_for: duration("suppress_for", DAY * 60),
        attach_files: table.read("attach_files", notices::files).unwrap_or(0),
        backends: backends?,
    })
}

const DAY: Duration = Duration::from_secs(86_400);

fn deliver(table: &Table<'_>) -> Deliver {
    let limit = table.read("deliver_limit", measure::duration).unwrap_or(Duration::from_secs(60));
    let after = Deliver::AfterFetch { limit };
    let chosen = table
        .read("deliver", value::word(&[("after-fetch", after), ("separately", Deliver::Separately)]))
        .unwrap_or(after);
    if chosen == Deliver::Separately && table.has("deliver_limit") {
        table.report("deliver_limit", Wrong::because("has no meaning with deliver = \"separately\""));
    }
    chosen
}

/// The default back end, if there is one, and the named ones.
fn backends(table: &Table<'_>, context: &Context<'_>) -> Option<BTreeMap<String, BackendConfig>> {
    let mut backends = BTreeMap::new();
    let mut whole = true;
    let named = table.named(Section::Backend);
    // TOML lets the key "backend" not stand beside tables of that name: then a host says that there is a default.
    let own = (!table.is_parted("backend") || table.has("host")).then(|| {
        let kind = if table.is_parted("backend") { None } else { table.read("backend", backend_type) };
        let wrong = table.has("backend") && !table.is_parted("backend") && kind.is_none();
        (!wrong).then(|| kind.unwrap_or(BackendType::Smtp))
    });
    match own {
        Some(kind) => {
            table.check_keys(kind.map(|kind| Kind::Backend("backend", kind)));
            let own = kind.and_then(|kind| backend(kind, table, context));
            whole &= own.is_some();
            backends.extend(own.map(|own| (DEFAULT.to_owned(), own)));
        }
        None => table.check_keys(None),
    }
    for (name, part) in named {
        if let Err(invalid) = name.parse::<MailboxName>() {
            let what = format!("not a name of a back end: {}", invalid.allowed);
            part.report_header(Wrong { allowed: invalid.allowed.to_owned(), ..Wrong::because(what) });
        }
        if backends.contains_key(name) {
            part.report_header(Wrong::because("[outbox] itself has a host, which makes it the default"));
        }
        let kind = part.required("type", backend_type);
        part.check_keys(kind.map(|kind| Kind::Backend("type", kind)));
        let read = kind.and_then(|kind| backend(kind, &part, context));
        whole &= read.is_some();
        backends.extend(read.map(|read| (name.to_owned(), read)));
    }
    whole.then_some(backends)
}

fn backend_type(value: &DeValue<'_>) -> Result<BackendType, Wrong> {
    value::word(&BackendType::ALL.map(|kind| (kind.as_str(), kind)))(value)
}

fn backend(kind: BackendType, table: &Table<'_>, context: &Context<'_>) -> Option<BackendConfig> {
    match kind {
        BackendType::Smtp => smtp(table, context).map(BackendConfig::Smtp),
        BackendType::Sendmail => Some(BackendConfig::Sendmail {
            program: table
                .read("path", value::path(context.base))
                .unwrap_or_else(|| PathBuf::from("/usr/sbin/sendmail")),
            timeout: timeout(table),
        }),
        BackendType::File => table.required("path", value::path(context.base)).map(BackendConfig::File),
        BackendType::Null => Some(BackendConfig::Null),
    }
}

fn smtp(table: &Table<'_>, context: &Context<'_>) -> Option<Smtp> {
    let host = table.required("host", value::host);
    let tls = table.read("tls", value::word(login::TLS)).unwrap_or(Tls::Implicit);
    let plaintext = login::plaintext(table);
    let port = table.read("port", value::integer(1..=65_535)).and_then(|port| u16::try_from(port).ok());
    let ca_file = table.read("ca_file", value::path(context.base));
    let proxy = proxy::proxy(table, context);
    let login = user(table, context, proxy.as_ref());
    if let Some(host) = &host {
        login::check_plaintext(table, host, (tls, plaintext), "all mail");
    }
    Some(Smtp {
        host: host?,
        port: port.unwrap_or(match tls {
            Tls::Implicit => 465,
            Tls::StartTls => 587,
            Tls::None => 25,
        }),
        tls,
        plaintext,
        ca_file,
        login: login?,
        timeout: timeout(table),
        proxy,
    })
}

fn timeout(table: &Table<'_>) -> Duration {
    table.read("timeout", measure::duration).unwrap_or(Duration::from_secs(60))
}

/// The login, if there is one; `None` if it is wrong.
fn user(
    table: &Table<'_>,
    context: &Context<'_>,
    proxy: Option<&crate::transport::Proxy>,
) -> Option<Option<(String, Login)>> {
    if table.has("username") {
        let username = table.read("username", value::string);
        let login = login::login(table, context, proxy);
        return Some(Some((username?, login?)));
    }
    const WHY: &str = "not used: there is no username";
    secret::refused(table, &PASSWORD, WHY);
    if table.has("auth") {
        table.report("auth", Wrong::because(WHY));
    }
    if oauth::is_there(table) {
        table.report("oauth", Wrong::because(WHY));
    }
    Some(None)
}
