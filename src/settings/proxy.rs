//! `proxy` of a mailbox, which may hold a password.

use super::mailbox::Context;
use super::source::Readers;
use super::table::Table;
use super::value::{self, Wrong};
use crate::mailbox::{Proxy, ProxyScheme};

/// Reads the proxy of a mailbox, if it has one.
pub(super) fn proxy(table: &Table<'_>, context: &Context<'_>) -> Option<Proxy> {
    let proxy = table.read("proxy", |value| {
        value::string(value).ok().and_then(|url| Proxy::parse(&url)).ok_or_else(|| {
            let schemes = ProxyScheme::ALL.map(|(word, _)| word);
            Wrong::because(format!(
                "not a URL of the form SCHEME://[USER[:PASSWORD]@]HOST[:PORT] with the scheme {}",
                value::choice(&schemes)
            ))
        })
    })?;
    if proxy.user.is_some() && context.readers == Readers::Everyone {
        table.warn("proxy", "everyone on this machine may read this file and the proxy's password in it");
    }
    Some(proxy)
}
