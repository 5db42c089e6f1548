//! `[mailbox.NAME.oauth]`: a command for tokens, or a client of a token endpoint.

use super::keys::Section;
use super::mailbox::Context;
use super::secret::{self, CLIENT_SECRET, REFRESH_TOKEN};
use super::table::Table;
use super::value::{self, Wrong};
use crate::mailbox::Proxy;
use crate::mailbox::oauth::{Client, TokenSource, TokenUrl, Tokens};

/// Whether a mailbox has the section, right or wrong.
pub(super) fn is_there(mailbox: &Table<'_>) -> bool {
    mailbox.has(Section::OAuth.name())
}

/// Reads the section of a mailbox, if it is there; mailboxes whose tokens come from the same place share them.
pub(super) fn tokens(mailbox: &Table<'_>, context: &Context<'_>, proxy: Option<&Proxy>) -> Option<Tokens> {
    let table = mailbox.sub(Section::OAuth)?;
    table.check_keys(None);
    let source = source(&table, context, proxy)?;
    let mut known = context.tokens.borrow_mut();
    if let Some(same) = known.iter().find(|tokens| *tokens.source() == source) {
        return Some(same.clone());
    }
    let tokens = Tokens::new(source);
    known.push(tokens.clone());
    Some(tokens)
}

fn source(table: &Table<'_>, context: &Context<'_>, proxy: Option<&Proxy>) -> Option<TokenSource> {
    if table.has("token_command") {
        let command = table.read("token_command", value::string);
        const WHY: &str = "token_command is given too, which needs nothing else";
        for key in ["token_url", "client_id", "scope", "ca_file"].into_iter().filter(|key| table.has(key)) {
            table.report(key, Wrong::because(WHY));
        }
        secret::refused(table, &CLIENT_SECRET, WHY);
        secret::refused(table, &REFRESH_TOKEN, WHY);
        return command.map(TokenSource::Command);
    }
    if !table.has("token_url") && !table.has("client_id") {
        let what = "missing: token_command, or token_url and client_id";
        table.report(
            "token_url",
            Wrong { allowed: "token_command, token_url".to_owned(), ..Wrong::because(what) },
        );
        return None;
    }
    let token_url = table.required("token_url", token_url);
    let client_id = table.required("client_id", value::string);
    let client_secret = secret::optional(table, context, &CLIENT_SECRET);
    let refresh_token = secret::optional(table, context, &REFRESH_TOKEN);
    let scope = table.read("scope", value::string);
    let ca_file = table.read("ca_file", value::path(context.base));
    if !CLIENT_SECRET.is_given(table) && !REFRESH_TOKEN.is_given(table) {
        let what = "missing: a client without a refresh_token needs a client_secret, _file, _env or _command";
        table.report("client_secret", Wrong::because(what));
    }
    let proxy = proxy.cloned();
    let (token_url, client_id) = (token_url?, client_id?);
    let client = Client { token_url, ca_file, client_id, client_secret, refresh_token, scope, proxy };
    Some(TokenSource::Client(Box::new(client)))
}

fn token_url(value: &toml::de::DeValue<'_>) -> Result<TokenUrl, Wrong> {
    let text = value.as_str().ok_or_else(|| Wrong::expected("a URL"))?;
    text.parse::<TokenUrl>().map_err(|why| Wrong::because(why.to_string()))
}
