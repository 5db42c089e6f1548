//! The keys of an IMAP or POP3 mailbox: the server, its protection, and the login.

use std::net::IpAddr;
use std::time::Duration;

use super::disposition::same_folder;
use super::keys::Section;
use super::mailbox::Context;
use super::measure;
use super::oauth;
use super::proxy;
use super::secret::{self, PASSWORD};
use super::table::Table;
use super::value::{self, Wrong};
use crate::mailbox::{Imap, Login, Mechanism, Plaintext, Proxy, Server, Tls};

/// Reads an IMAP account; `None` if something it cannot do without is missing or wrong.
pub(super) fn imap(table: &Table<'_>, context: &Context<'_>) -> Option<Imap> {
    let server = server(table, context, Ports { implicit: 993, clear: 143 });
    let folders = folders(table);
    Some(Imap { server: server?, folders })
}

/// Reads a POP3 account, as [`imap()`] does.
pub(super) fn pop3(table: &Table<'_>, context: &Context<'_>) -> Option<Server> {
    server(table, context, Ports { implicit: 995, clear: 110 })
}

/// The ports that a protocol has by default.
struct Ports {
    /// With TLS from the first octet (RFC 8314).
    implicit: u16,
    /// Without, or with TLS begun later.
    clear: u16,
}

fn server(table: &Table<'_>, context: &Context<'_>, ports: Ports) -> Option<Server> {
    let host = table.required("host", value::host);
    let tls = table.read("tls", value::word(TLS)).unwrap_or(Tls::Implicit);
    let plaintext = plaintext(table);
    let port = table.read("port", value::integer(1..=65_535)).and_then(|port| u16::try_from(port).ok());
    let ca_file = table.read("ca_file", value::path(context.base));
    let username = table.required("username", value::string);
    let proxy = proxy::proxy(table, context);
    let login = login(table, context, proxy.as_ref());
    let timeout = table.read("timeout", measure::duration).unwrap_or(Duration::from_secs(60));
    if let Some(host) = &host {
        check_plaintext(table, host, (tls, plaintext), "the password");
    }
    Some(Server {
        host: host?,
        port: port.unwrap_or(match tls {
            Tls::Implicit => ports.implicit,
            Tls::StartTls | Tls::None => ports.clear,
        }),
        tls,
        plaintext,
        ca_file,
        username: username?,
        login: login?,
        timeout,
        proxy,
    })
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = value::unbracketed(host);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(super) const TLS: &[(&str, Tls)] =
    &[("implicit", Tls::Implicit), ("starttls", Tls::StartTls), ("none", Tls::None)];

/// `auth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Auth {
    Password,
    Token(Mechanism),
}

const AUTH: &[(&str, Auth)] = &[
    ("password", Auth::Password),
    ("xoauth2", Auth::Token(Mechanism::XOAuth2)),
    ("oauthbearer", Auth::Token(Mechanism::OAuthBearer)),
];

/// `allow_plaintext`.
pub(super) fn plaintext(table: &Table<'_>) -> Plaintext {
    match table.read("allow_plaintext", value::boolean) {
        Some(true) => Plaintext::Allowed,
        Some(false) | None => Plaintext::LoopbackOnly,
    }
}

/// Refuses what would let `secret` be read on the way.
pub(super) fn check_plaintext(
    table: &Table<'_>,
    host: &str,
    (tls, plaintext): (Tls, Plaintext),
    secret: &str,
) {
    if tls == Tls::None && plaintext == Plaintext::LoopbackOnly && (!is_loopback(host) || table.has("proxy"))
    {
        let what = format!(
            "\"none\" would send {secret} in clear text to {:?}; \"implicit\" and \"starttls\" protect it, \
             allow_plaintext = true allows it",
            value::clipped(host)
        );
        table.report(
            "tls",
            Wrong { allowed: value::choice(&["implicit", "starttls"]), ..Wrong::because(what) },
        );
    }
}

/// Reads what proves who we are.
pub(super) fn login(table: &Table<'_>, context: &Context<'_>, proxy: Option<&Proxy>) -> Option<Login> {
    let auth = table.read("auth", value::word(AUTH)).unwrap_or(Auth::Password);
    let tokens = oauth::tokens(table, context, proxy);
    match auth {
        Auth::Password => {
            if oauth::is_there(table) {
                let what = "not used: auth is \"password\"; \"xoauth2\" and \"oauthbearer\" use it";
                table.report("oauth", Wrong::because(what));
            }
            secret::required(table, context, &PASSWORD).map(Login::Password)
        }
        Auth::Token(mechanism) => {
            secret::refused(table, &PASSWORD, "not used: auth is not \"password\"");
            if !oauth::is_there(table) {
                let what = format!("missing: {} says where its tokens come from", table.part(Section::OAuth));
                table.report("auth", Wrong::because(what));
            }
            Some(Login::Token { mechanism, tokens: tokens? })
        }
    }
}

fn folders(table: &Table<'_>) -> Vec<String> {
    let one = table.read("folder", value::string);
    let many = table.read("folders", value::list("folder names", value::string));
    if table.has("folder") && table.has("folders") {
        table.report("folders", Wrong::because("folder is given too; only one of them may be"));
    }
    if let Some(many) = &many {
        if many.is_empty() {
            table.report("folders", Wrong::expected("at least one folder").with_found("an empty list"));
        }
        for (i, folder) in many.iter().enumerate() {
            if many.iter().take(i).any(|before| same_folder(before, folder)) {
                table.report(
                    "folders",
                    Wrong::because(format!("{:?} stands there twice", value::clipped(folder))),
                );
            }
        }
    }
    many.or_else(|| one.map(|folder| vec![folder])).unwrap_or_else(|| vec!["INBOX".to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "::2", "imap.example.org"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
