//! The keys of an IMAP or POP3 mailbox: the server, its protection, and the password, which no error ever shows.

use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;

use super::disposition::same_folder;
use super::mailbox::Context;
use super::measure;
use super::source::Readers;
use super::table::Table;
use super::value::{self, Wrong};
use crate::mailbox::{Imap, Password, Plaintext, Server, Tls};

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
    let password = password(table, context);
    let timeout = table.read("timeout", measure::duration).unwrap_or(Duration::from_secs(60));
    if let Some(host) = &host {
        check_plaintext(table, host, tls, plaintext);
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
        password: password?,
        timeout,
    })
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = value::unbracketed(host);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

const TLS: &[(&str, Tls)] = &[("implicit", Tls::Implicit), ("starttls", Tls::StartTls), ("none", Tls::None)];

const PASSWORDS: [&str; 4] = ["password", "password_file", "password_env", "password_command"];

fn plaintext(table: &Table<'_>) -> Plaintext {
    match table.read("allow_plaintext", value::boolean) {
        Some(true) => Plaintext::Allowed,
        Some(false) | None => Plaintext::LoopbackOnly,
    }
}

fn check_plaintext(table: &Table<'_>, host: &str, tls: Tls, plaintext: Plaintext) {
    if tls == Tls::None && plaintext == Plaintext::LoopbackOnly && !is_loopback(host) {
        let what = format!(
            "\"none\" would send the password in clear text to {:?}; \"implicit\" and \"starttls\" protect it, \
             allow_plaintext = true allows it",
            value::clipped(host)
        );
        table.report(
            "tls",
            Wrong { allowed: value::choice(&["implicit", "starttls"]), ..Wrong::because(what) },
        );
    }
}

fn password(table: &Table<'_>, context: &Context<'_>) -> Option<Password> {
    let given: Vec<&str> = PASSWORDS.into_iter().filter(|key| table.has(key)).collect();
    // Each is read, so that each says what is wrong with it.
    let mut read: Vec<Password> =
        given.iter().filter_map(|key| source_of_password(table, key, context)).collect();
    match given.as_slice() {
        [_] => read.pop(),
        [] => {
            let allowed = PASSWORDS.join(", ");
            let what = format!("missing: one of {allowed} is needed");
            table.report("password", Wrong { allowed, ..Wrong::because(what) });
            None
        }
        [first, others @ ..] => {
            for other in others {
                let what = format!("{first} is given too; exactly one may be");
                table.report(other, Wrong { allowed: PASSWORDS.join(", "), ..Wrong::because(what) });
            }
            None
        }
    }
}

fn source_of_password(table: &Table<'_>, key: &str, context: &Context<'_>) -> Option<Password> {
    match key {
        "password" => {
            let password = table.read("password", value::string)?;
            if context.readers == Readers::Everyone {
                table.warn("password", "everyone on this machine may read this file and the password in it");
            }
            Some(Password::Literal(SecretString::from(password)))
        }
        "password_file" => {
            let file = table.read("password_file", value::path(context.base))?;
            context.warn_of_readers(table, "password_file", &file);
            Some(Password::File(file))
        }
        "password_env" => environment(table, context),
        _ => table.read("password_command", value::string).map(Password::Command),
    }
}

fn environment(table: &Table<'_>, context: &Context<'_>) -> Option<Password> {
    let variable = table.read("password_env", |value| {
        value::string(value)
            .ok()
            .filter(|name| !name.contains(['=', ' ', '$']))
            .ok_or_else(|| Wrong::expected("the name of an environment variable"))
    })?;
    let value = match (context.environment)(&variable).map(std::ffi::OsString::into_string) {
        None => None,
        Some(Ok(value)) => Some(SecretString::from(value)),
        Some(Err(_)) => {
            table.report(
                "password_env",
                Wrong::because(format!("the variable {variable} does not hold UTF-8")),
            );
            return None;
        }
    };
    Some(Password::Environment { variable, value })
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
