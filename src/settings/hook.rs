//! `[[hook]]`.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;

use super::mailbox::Context;
use super::measure;
use super::proxy;
use super::rule;
use super::secret::{self, SECRET};
use super::table::Table;
use super::value::{self, Wrong};
use crate::hook::{DryRun, Endpoint, Hook, OnFailure, Program, Start, Way};
use crate::model::event::EventKind;
use crate::model::ids::MailboxName;
use crate::transport::Url;

/// What hooks are read against.
pub(super) struct Known<'a> {
    /// The names of all mailboxes, right or wrong.
    pub(super) mailboxes: &'a [MailboxName],
    /// The names of the hooks before, with what they listen to.
    pub(super) names: &'a RefCell<Vec<(EventKind, String)>>,
}

const ON_FAILURE: &[(&str, OnFailure)] =
    &[("ignore", OnFailure::Ignore), ("skip", OnFailure::Skip), ("defer", OnFailure::Defer)];

/// Reads one hook; `None` if something it cannot do without is missing or wrong.
pub(super) fn hook(table: &Table<'_>, context: &Context<'_>, known: &Known<'_>) -> Option<Hook> {
    table.check_keys(None);
    let event = table.required("event", value::word(&EventKind::ALL.map(|kind| (kind.as_str(), kind))));
    let way = way(table, context);
    let name = table.read("name", rule::name).or_else(|| way.as_ref().map(own_name));
    if let (Some(event), Some(name)) = (event, &name) {
        check_meaning(table, event);
        let listener = (event, name.clone());
        if known.names.borrow().contains(&listener) {
            let what =
                format!("another {event} hook is called {:?}: give this one a name", value::clipped(name));
            table.report("name", Wrong::because(what));
        }
        known.names.borrow_mut().push(listener);
    }
    let mailbox = |value: &DeValue<'_>| rule::mailbox(value, known.mailboxes);
    let mailboxes = table.read("mailboxes", value::list("names of mailboxes", mailbox)).unwrap_or_default();
    let dry_run = table.read("dry_run", value::boolean).unwrap_or(false);
    let max_attempts = table.read("max_attempts", value::integer(1..=1_000)).unwrap_or(20);
    let timeout = table.read("timeout", measure::duration).unwrap_or(Duration::from_secs(10));
    let on_failure = table.read("on_failure", value::word(ON_FAILURE)).unwrap_or(OnFailure::Ignore);
    let raw_size = table.read("raw_size", measure::size).unwrap_or(1_000_000);
    Some(Hook {
        name: name?,
        event: event?,
        way: way?,
        timeout,
        on_failure,
        dry_run: if dry_run { DryRun::Asked } else { DryRun::Left },
        mailboxes,
        max_attempts: u32::try_from(max_attempts).ok()?,
        raw_size,
    })
}

/// Notes the keys that mean nothing for an event.
fn check_meaning(table: &Table<'_>, event: EventKind) {
    let refuse = |keys: &[&str], whom: &str| {
        for key in keys.iter().filter(|key| table.has(key)) {
            table.report(key, Wrong::because(format!("has no meaning for {event}, only for {whom}")));
        }
    };
    if event.is_asked() {
        refuse(&["max_attempts"], "events that are told afterwards");
    } else {
        refuse(&["on_failure", "dry_run"], "pre-validate, post-validate and pre-process");
    }
    if event != EventKind::PreValidate {
        refuse(&["raw_size"], "pre-validate");
    }
    if event == EventKind::DeliveryError {
        refuse(&["mailboxes"], "events of a mailbox");
    }
}

/// The keys of each way.
const OF_COMMAND: &[&str] = &["memory"];
const OF_URL: &[&str] = &["ca_file", "proxy", "allow_private"];

fn way(table: &Table<'_>, context: &Context<'_>) -> Option<Way> {
    match (table.has("command"), table.has("url")) {
        (true, false) => {
            refuse(table, OF_URL, "only for a hook with url");
            secret::refused(table, &SECRET, "only for a hook with url");
            command(table, context.base).map(Way::Command)
        }
        (false, true) => {
            refuse(table, OF_COMMAND, "only for a hook with command");
            endpoint(table, context).map(Box::new).map(Way::Url)
        }
        (true, true) => {
            table.report("url", Wrong::because("command is given too; exactly one may be"));
            None
        }
        (false, false) => {
            let allowed = "command, url".to_owned();
            let what = "missing: command or url says what is called";
            table.report("command", Wrong { allowed, ..Wrong::because(what) });
            None
        }
    }
}

fn refuse(table: &Table<'_>, keys: &[&str], why: &str) {
    for key in keys.iter().filter(|key| table.has(key)) {
        table.report(key, Wrong::because(why));
    }
}

/// The program, by its path or by a name without a slash, and its arguments.
fn command(table: &Table<'_>, base: &Path) -> Option<Program> {
    let words = table.read("command", |value| {
        let words = value::list("a program and its arguments", word)(value)?;
        match words.first() {
            Some(program) if !program.trim().is_empty() => Ok(words),
            Some(_) | None => Err(Wrong::expected("a list of a program and its arguments")),
        }
    });
    let memory = table.read("memory", measure::size).unwrap_or(1_000_000_000);
    let mut words = words?.into_iter();
    let program = words.next()?;
    let file = if program.contains('/') { base.join(program) } else { PathBuf::from(program) };
    Some(Program { file, arguments: words.collect(), memory, start: Start::Confined })
}

/// An argument may be empty, and hold anything but what ends it.
fn word(value: &DeValue<'_>) -> Result<String, Wrong> {
    value
        .as_str()
        .filter(|text| !text.contains('\0'))
        .map(str::to_owned)
        .ok_or_else(|| Wrong::expected("a string without NUL"))
}

fn endpoint(table: &Table<'_>, context: &Context<'_>) -> Option<Endpoint> {
    let allow_private = table.read("allow_private", value::boolean).unwrap_or(false);
    let url = table.read("url", |value| url(value, allow_private));
    let secret = secret::required(table, context, &SECRET);
    let ca_file = table.read("ca_file", value::path(context.base));
    let proxy = proxy::proxy(table, context);
    Some(Endpoint { url: url?, secret: secret?, ca_file, proxy, allow_private })
}

fn url(value: &DeValue<'_>, allow_private: bool) -> Result<Url, Wrong> {
    let text = value.as_str().ok_or_else(|| Wrong::expected("a URL"))?;
    let url: Url = text.parse().map_err(|why: crate::transport::NoUrl| Wrong::because(why.to_string()))?;
    if !url.is_protected() && !allow_private {
        return Err(Wrong::because("this machine is called only with allow_private = true"));
    }
    Ok(url)
}

/// The name of a hook that is given none: that of its program or host.
fn own_name(way: &Way) -> String {
    match way {
        Way::Command(program) => {
            program.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
        }
        Way::Url(endpoint) => endpoint.url.host().to_owned(),
    }
}
