//! `[[rule]]`.

use std::cell::RefCell;

use regex::{Regex, RegexBuilder};
use toml::de::DeValue;

use super::keys::Section;
use super::queue;
use super::table::{self, Table};
use super::value::{self, Wrong};
use crate::model::address::AddressPattern;
use crate::model::ids::{MailboxName, QueueSlug};
use crate::model::outcome::RuleName;
use crate::policy::{After, Rule, Then, When};

/// What rules are read against.
pub(super) struct Known<'a> {
    /// The names of all mailboxes, right or wrong.
    pub(super) mailboxes: &'a [MailboxName],
    /// The slugs of all queues.
    pub(super) queues: &'a [QueueSlug],
    /// The names of the rules before.
    pub(super) names: &'a RefCell<Vec<String>>,
}

/// The largest compiled pattern, in octets: a small pattern can stand for a large machine.
const PATTERN: usize = 1024 * 1024;

/// Reads one rule; `None` if something it cannot do without is missing or wrong.
pub(super) fn rule(table: &Table<'_>, known: &Known<'_>) -> Option<Rule> {
    table.check_keys(None);
    let name = table.required("name", name);
    if let Some(name) = &name {
        if known.names.borrow().contains(name) {
            table.report(
                "name",
                Wrong::because(format!("{:?} is the name of a rule before", value::clipped(name))),
            );
        }
        known.names.borrow_mut().push(name.clone());
    }
    let mailboxes = table
        .read("mailboxes", value::list("names of mailboxes", |value| mailbox(value, known.mailboxes)))
        .unwrap_or_default();
    let after = match table.read("go_on", value::boolean) {
        Some(true) => After::GoOn,
        Some(false) | None => After::Stop,
    };
    let when = part(table, Section::When, when);
    let then = part(table, Section::Then, |table| then(table, known));
    Some(Rule { name: RuleName::new(&name?), mailboxes, when: when?, then: then?, after })
}

/// Reads `when` or `then`, which must be there and hold something.
fn part<T>(table: &Table<'_>, section: Section, read: impl FnOnce(&Table<'_>) -> T) -> Option<T> {
    if !table.has(section.name()) {
        table.report(section.name(), Wrong::because("missing"));
    }
    let part = table.sub(section)?;
    part.check_keys(None);
    if part.is_empty() {
        part.report_header(Wrong::because("is empty"));
    }
    Some(read(&part))
}

fn when(table: &Table<'_>) -> When {
    When {
        from: table.read("from", patterns).unwrap_or_default(),
        to: table.read("to", patterns).unwrap_or_default(),
        subject: table.read("subject", pattern),
        body: table.read("body", pattern),
        headers: table.read("header", headers).unwrap_or_default(),
    }
}

fn then(table: &Table<'_>, known: &Known<'_>) -> Then {
    let then = Then {
        ignore: table.read("ignore", value::boolean).unwrap_or(false),
        queue: table.read("queue", |value| super::mailbox::known_queue(value, known.queues)),
        priority: table.read("priority", value::integer(1..=5)).and_then(|number| u8::try_from(number).ok()),
        tags: table.read("tags", value::list("tags", tag)).unwrap_or_default(),
        notify: table.read("notify", value::boolean),
        entry: queue::entry(table),
    };
    if then.ignore {
        for key in
            ["queue", "priority", "tags", "notify", "update_only"].into_iter().filter(|key| table.has(key))
        {
            table.report(key, Wrong::because("has no meaning beside ignore = true"));
        }
    }
    then
}

/// The name of a rule or hook; it stands in the ledger.
pub(super) fn name(value: &DeValue<'_>) -> Result<String, Wrong> {
    let fits = |text: &str| {
        text.len() <= 64 && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    value::string(value).ok().filter(|text| fits(text)).ok_or_else(|| {
        Wrong::expected("a name of letters, digits, \"-\", \"_\" and \".\", at most 64 octets")
    })
}

fn tag(value: &DeValue<'_>) -> Result<String, Wrong> {
    value::string(value)
        .ok()
        .filter(|text| text.len() <= 64 && !text.contains([',', '\n']))
        .ok_or_else(|| Wrong::expected("a tag without commas, at most 64 octets"))
}

pub(super) fn mailbox(value: &DeValue<'_>, mailboxes: &[MailboxName]) -> Result<MailboxName, Wrong> {
    let names: Vec<&str> = mailboxes.iter().map(MailboxName::as_str).collect();
    let given = value.as_str();
    given.and_then(|given| mailboxes.iter().find(|name| name.as_str() == given)).cloned().ok_or_else(|| {
        Wrong {
            suggestion: given.and_then(|given| value::nearest(given, &names)),
            ..Wrong::expected(match names.as_slice() {
                [] => "the name of a mailbox".to_owned(),
                names => format!("the name of a mailbox ({})", value::choice(names)),
            })
        }
    })
}

/// An address pattern, or a list of them.
fn patterns(value: &DeValue<'_>) -> Result<Vec<AddressPattern>, Wrong> {
    const ALLOWED: &str = "a mail address, a pattern such as \"*@example.org\", or a list of them";
    let read = match value.as_array() {
        None => value::address_pattern(value).map(|one| vec![one]),
        Some(list) if list.is_empty() => Err(Wrong::expected(ALLOWED)),
        Some(_) => value::list("mail addresses or patterns", value::address_pattern)(value),
    };
    let read = read.map_err(|wrong| Wrong { allowed: ALLOWED.to_owned(), ..wrong })?;
    Ok(read.iter().map(|pattern| AddressPattern::new(pattern)).collect())
}

fn pattern(value: &DeValue<'_>) -> Result<Regex, Wrong> {
    let text = value.as_str().ok_or_else(|| Wrong::expected("a regular expression"))?;
    RegexBuilder::new(text).size_limit(PATTERN).build().map_err(|error| {
        // The last line of the crate's text says what is wrong; those before it draw where.
        let told = error.to_string();
        let why = told.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Wrong::because(format!("{:?} is no regular expression: {why}", value::clipped(text)))
    })
}

fn headers(value: &DeValue<'_>) -> Result<Vec<(String, Regex)>, Wrong> {
    const ALLOWED: &str = "a table of header names with regular expressions";
    let entries = value.as_table().ok_or_else(|| Wrong::expected(ALLOWED))?;
    table::in_order(entries)
        .into_iter()
        .map(|(name, _, value)| {
            let is_name =
                !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic() && octet != b':');
            if !is_name {
                return Err(Wrong::because(format!("{:?} is no name of a header", value::clipped(name))));
            }
            Ok((name.to_owned(), pattern(value.get_ref())?))
        })
        .collect()
}
