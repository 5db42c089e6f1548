//! The four keys of a secret: itself, a file, an environment variable, a command. No error ever shows one.

use secrecy::SecretString;

use super::mailbox::Context;
use super::source::Readers;
use super::table::Table;
use super::value::{self, Wrong};
use crate::mailbox::Password;

/// The names of the keys.
pub(super) struct Keys {
    literal: &'static str,
    file: &'static str,
    environment: &'static str,
    command: &'static str,
}

/// The password of a mailbox.
pub(super) const PASSWORD: Keys = Keys {
    literal: "password",
    file: "password_file",
    environment: "password_env",
    command: "password_command",
};

/// What proves an OAuth 2.0 client.
pub(super) const CLIENT_SECRET: Keys = Keys {
    literal: "client_secret",
    file: "client_secret_file",
    environment: "client_secret_env",
    command: "client_secret_command",
};

/// What stands for the user who consented.
pub(super) const REFRESH_TOKEN: Keys = Keys {
    literal: "refresh_token",
    file: "refresh_token_file",
    environment: "refresh_token_env",
    command: "refresh_token_command",
};

/// What webhooks are signed with.
pub(super) const SECRET: Keys =
    Keys { literal: "secret", file: "secret_file", environment: "secret_env", command: "secret_command" };

impl Keys {
    fn all(&self) -> [&'static str; 4] {
        [self.literal, self.file, self.environment, self.command]
    }

    /// Whether any of them is there.
    pub(super) fn is_given(&self, table: &Table<'_>) -> bool {
        !self.given(table).is_empty()
    }

    fn given(&self, table: &Table<'_>) -> Vec<&'static str> {
        self.all().into_iter().filter(|key| table.has(key)).collect()
    }
}

/// Reads a secret that must be there.
pub(super) fn required(table: &Table<'_>, context: &Context<'_>, keys: &Keys) -> Option<Password> {
    if keys.given(table).is_empty() {
        let allowed = keys.all().join(", ");
        let what = format!("missing: one of {allowed} is needed");
        table.report(keys.literal, Wrong { allowed, ..Wrong::because(what) });
    }
    optional(table, context, keys)
}

/// Reads a secret that may be there, once.
pub(super) fn optional(table: &Table<'_>, context: &Context<'_>, keys: &Keys) -> Option<Password> {
    let given = keys.given(table);
    // Each is read, so that each says what is wrong with it.
    let mut read: Vec<Password> = given.iter().filter_map(|key| source(table, key, keys, context)).collect();
    let (first, others) = given.split_first()?;
    for other in others {
        let what = format!("{first} is given too; exactly one may be");
        table.report(other, Wrong { allowed: keys.all().join(", "), ..Wrong::because(what) });
    }
    read.pop().filter(|_| others.is_empty())
}

/// Notes each key of a secret that is not wanted here.
pub(super) fn refused(table: &Table<'_>, keys: &Keys, why: &str) {
    for key in keys.given(table) {
        table.report(key, Wrong::because(why));
    }
}

fn source(table: &Table<'_>, key: &'static str, keys: &Keys, context: &Context<'_>) -> Option<Password> {
    if key == keys.literal {
        let secret = table.read(key, value::string)?;
        warn_of_readers(table, key, context);
        Some(Password::Literal(SecretString::from(secret)))
    } else if key == keys.file {
        let file = table.read(key, value::path(context.base))?;
        context.warn_of_readers(table, key, &file);
        Some(Password::File(file))
    } else if key == keys.environment {
        environment(table, key, context)
    } else {
        table.read(key, value::string).map(Password::Command)
    }
}

/// Notes a secret in a configuration that everyone may read.
pub(super) fn warn_of_readers(table: &Table<'_>, key: &'static str, context: &Context<'_>) {
    if context.readers == Readers::Everyone {
        let words = if key == "url" { "password".to_owned() } else { key.replace('_', " ") };
        table.warn(key, format!("everyone on this machine may read this file and the {words} in it"));
    }
}

fn environment(table: &Table<'_>, key: &'static str, context: &Context<'_>) -> Option<Password> {
    let variable = table.read(key, |value| {
        value::string(value)
            .ok()
            .filter(|name| !name.contains(['=', ' ', '$']))
            .ok_or_else(|| Wrong::expected("the name of an environment variable"))
    })?;
    let value = match (context.environment)(&variable).map(std::ffi::OsString::into_string) {
        None => None,
        Some(Ok(value)) => Some(SecretString::from(value)),
        Some(Err(_)) => {
            table.report(key, Wrong::because(format!("the variable {variable} does not hold UTF-8")));
            return None;
        }
    };
    Some(Password::Environment { variable, value })
}
