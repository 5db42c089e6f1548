//! Whole configurations: what they mean, what is wrong with them, and who may have written them.

mod arbitrary;
mod files;
mod hook;
mod manual;
mod oauth;
mod outbox;
mod right;
mod template;
mod wrong;

use std::ffi::OsString;
use std::path::Path;

use super::document;
use super::problem::Invalid;
use super::source::{Readers, Source};
use super::{Environment, Settings};

/// A store and a queue, on lines 1 to 3; what a test adds begins on line 4.
const BASE: &str = "store.url = 'sqlite:db'\n[queue.support]\naddress = 'support@example.org'\n";

/// An IMAP mailbox that has all it needs, on seven lines.
const IMAP: &str = "[mailbox.support]\ntype = 'imap'\nqueue = 'support'\nhost = 'imap.example.org'\n\
                    username = 'u'\npassword_file = 'p'\n";

fn empty(_: &str) -> Option<OsString> {
    None
}

fn read(text: &str) -> Result<Settings, Invalid> {
    read_with(text, Readers::Few, &empty)
}

fn read_with(text: &str, readers: Readers, environment: &Environment<'_>) -> Result<Settings, Invalid> {
    let source = Source { bytes: text.as_bytes().to_owned(), readers };
    document::settings(Path::new("/conf/helpdesk-mail.toml"), &source, environment)
}

/// All problems, a line each, without the directory.
fn problems(text: &str) -> String {
    match read(text) {
        Ok(_) => String::new(),
        Err(invalid) => invalid.to_string().replace("/conf/", ""),
    }
}
