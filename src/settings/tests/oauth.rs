//! `[mailbox.NAME.oauth]`: what it means, what is wrong with it, and that nothing in it is ever shown.

use super::{BASE, IMAP, problems, read, read_with};
use crate::mailbox::oauth::TokenSource;
use crate::mailbox::{Login, Mechanism, Place, Server};
use crate::settings::source::Readers;

/// A mailbox that uses tokens, with these lines in its `[mailbox.support.oauth]`.
fn with(auth: &str, lines: &str) -> String {
    let mailbox = IMAP.replace("password_file = 'p'", &format!("auth = '{auth}'"));
    format!("{BASE}{mailbox}[mailbox.support.oauth]\n{lines}\n")
}

fn server(text: &str) -> Server {
    let settings = read(text).unwrap_or_else(|invalid| panic!("{invalid}"));
    match settings.plan.mailboxes.into_iter().next().map(|plan| plan.mailbox.place) {
        Some(Place::Imap(imap)) => imap.server,
        other => panic!("{other:?}"),
    }
}

const CLIENT: &str =
    "token_url = 'https://login.example.org/token'\nclient_id = 'id'\nclient_secret_file = 's'\n";

#[test]
fn a_client_is_read_with_all_its_keys() {
    let lines = format!("{CLIENT}refresh_token_command = 'r'\nscope = 'a b'\nca_file = 'ca.pem'");
    let Login::Token { mechanism, tokens } = server(&with("oauthbearer", &lines)).login else { panic!() };
    assert_eq!(mechanism, Mechanism::OAuthBearer);
    let TokenSource::Client(client) = tokens.source() else { panic!() };
    assert_eq!(client.token_url.to_string(), "https://login.example.org/token");
    assert_eq!((client.client_id.as_str(), client.scope.as_deref()), ("id", Some("a b")));
    assert_eq!(client.ca_file.as_deref().and_then(|path| path.to_str()), Some("/conf/ca.pem"));
    assert!(client.client_secret.is_some() && client.refresh_token.is_some());
}

#[test]
fn a_command_needs_nothing_else() {
    let Login::Token { mechanism, tokens } = server(&with("xoauth2", "token_command = 'get x'")).login else {
        panic!()
    };
    assert_eq!(mechanism, Mechanism::XOAuth2);
    assert_eq!(*tokens.source(), TokenSource::Command("get x".to_owned()));
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_no_secret_is() {
    let lines = "token_url = 'http://login.example.org/s3cret'\nclient_secret = ['s3cret']\nscopes = 'x'\n\
                 refresh_token = 's3cret'\nrefresh_token_file = 'r'";
    let told = problems(&with("xoauth", lines));
    for expected in [
        "mailbox.support.auth: expected \"password\", \"xoauth2\" or \"oauthbearer\", found \"xoauth\"; did you mean",
        "mailbox.support.oauth.token_url: it must begin with https://",
        "mailbox.support.oauth.client_secret: expected a string",
        "mailbox.support.oauth.scopes: unknown key; did you mean \"scope\"?",
        "mailbox.support.oauth.refresh_token_file: refresh_token is given too",
        "mailbox.support.oauth.client_id: missing",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let maildir = format!(
        "{BASE}[mailbox.m]\ntype = 'maildir'\nqueue = 'support'\npath = 'm'\n[mailbox.m.oauth]\ntoken_command = 'x'\n"
    );
    let both = with("xoauth2", CLIENT).replace("auth = 'xoauth2'", "auth = 'xoauth2'\npassword = 's3cret'");
    for (text, expected) in [
        (with("password", CLIENT), "mailbox.support.oauth: not used: auth is \"password\""),
        (both, "mailbox.support.password: not used: auth is not \"password\""),
        (
            with("xoauth2", &format!("{CLIENT}token_command = 'x'")),
            "oauth.token_url: token_command is given too",
        ),
        (
            with("xoauth2", "scope = 'x'"),
            "oauth.token_url: missing: token_command, or token_url and client_id",
        ),
        (
            with("xoauth2", &CLIENT.replace("client_secret_file = 's'\n", "")),
            "oauth.client_secret: missing: a client without a refresh_token",
        ),
        (
            format!("{BASE}{}", IMAP.replace("password_file = 'p'", "auth = 'xoauth2'")),
            "mailbox.support.auth: missing: [mailbox.NAME.oauth]",
        ),
        (
            format!("{BASE}{}", IMAP.replace("password_file = 'p'", "auth = 'xoauth2'\noauth = 'x'")),
            "mailbox.support.oauth: expected a table [mailbox.NAME.oauth], found a string",
        ),
        (maildir, "mailbox.m.oauth: not for type = \"maildir\", only for \"imap\" or \"pop3\""),
        (
            format!("{BASE}{IMAP}[mailbox.support.oath]\n"),
            "mailbox.support.oath: unknown key; did you mean \"oauth\"?",
        ),
        (format!("{BASE}{IMAP}[oauth]\n"), "oauth: unknown section"),
    ] {
        let told = problems(&text);
        assert!(told.contains(expected), "{expected}: {told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}

#[test]
fn secrets_that_everyone_may_read_are_warned_of() {
    let text = with("xoauth2", &CLIENT.replace("client_secret_file = 's'", "client_secret = 's3cret'"));
    let warnings = read_with(&text, Readers::Everyone, &super::empty).unwrap().warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains(
            "oauth.client_secret: everyone on this machine may read this file and the client secret"
        )
    );
    assert!(!warnings[0].contains("s3cret"));
}
