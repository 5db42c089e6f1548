//! Rules of the configuration (`[[rule]]`): what mail of a certain kind becomes, whatever else it says.
//!
//! They are tried in their order on every mail that can be read and is not our own, before duplicates and evidence are
//! looked at. `ignore` holds for all mail, `update_only` for what names no ticket, the other effects for new tickets. The
//! first rule that matches ends the trial, unless it goes on; of two that set the same, the first wins.

use regex::Regex;

use crate::model::address::AddressPattern;
use crate::model::ids::{MailboxName, QueueSlug};
use crate::model::mail::Mail;
use crate::model::outcome::RuleName;

use super::Entry;

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name.
    pub name: RuleName,
    /// The mailboxes it holds for; none for all.
    pub mailboxes: Vec<MailboxName>,
    /// What it matches.
    pub when: When,
    /// What it does.
    pub then: Then,
    /// Whether later rules are tried once it matches.
    pub after: After,
}

/// What a mail must be; all of it.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// One of these in From.
    pub from: Vec<AddressPattern>,
    /// One of these among the recipients.
    pub to: Vec<AddressPattern>,
    /// In the subject.
    pub subject: Option<Regex>,
    /// In the text.
    pub body: Option<Regex>,
    /// In a header field of that name.
    pub headers: Vec<(String, Regex)>,
}

/// What a rule does.
#[derive(Debug, Clone, Default)]
pub struct Then {
    /// Whether the mail is ignored.
    pub ignore: bool,
    /// Where its new ticket goes.
    pub queue: Option<QueueSlug>,
    /// The priority of its new ticket.
    pub priority: Option<u8>,
    /// The tags of its new ticket.
    pub tags: Vec<String>,
    /// Whether people are told of its new ticket.
    pub notify: Option<bool>,
    /// Whether it may open a ticket.
    pub entry: Option<Entry>,
}

/// `go_on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// No later rule is tried.
    Stop,
    /// Later rules are tried, too.
    GoOn,
}

/// What the rules that match come to.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// The rule that ignores the mail.
    pub ignored_by: Option<RuleName>,
    /// The effects.
    pub then: Then,
    /// Which rule set what, for the ledger.
    pub notes: Vec<String>,
}

/// Tries the rules of a mailbox on a mail; `header` gives the values of all fields of a name.
pub fn apply(
    rules: &[Rule],
    mailbox: &MailboxName,
    mail: &Mail,
    header: &dyn Fn(&str) -> Vec<String>,
) -> Applied {
    let mut applied = Applied::default();
    for rule in rules.iter().filter(|rule| rule.mailboxes.is_empty() || rule.mailboxes.contains(mailbox)) {
        if !matches(&rule.when, mail, header) {
            continue;
        }
        applied.take(rule);
        if rule.after == After::Stop || applied.ignored_by.is_some() {
            break;
        }
    }
    applied
}

fn matches(when: &When, mail: &Mail, header: &dyn Fn(&str) -> Vec<String>) -> bool {
    let authors = mail.from.iter().chain(&mail.sender);
    let recipients = mail.to.iter().chain(&mail.cc).chain(&mail.delivered_to);
    any(&when.from, authors.map(|one| one.address.as_str()))
        && any(&when.to, recipients.map(|one| one.address.as_str()))
        && when.subject.as_ref().is_none_or(|pattern| pattern.is_match(&mail.subject))
        && when.body.as_ref().is_none_or(|pattern| pattern.is_match(&mail.text))
        && when.headers.iter().all(|(name, pattern)| header(name).iter().any(|value| pattern.is_match(value)))
}

/// Whether one of the addresses is named; no pattern asks for none.
fn any<'a>(patterns: &[AddressPattern], mut addresses: impl Iterator<Item = &'a str>) -> bool {
    patterns.is_empty() || addresses.any(|address| patterns.iter().any(|pattern| pattern.matches(address)))
}

impl Applied {
    /// Adds what a rule does to what rules before it did.
    fn take(&mut self, rule: &Rule) {
        let mut did: Vec<String> = Vec::new();
        let Then { ignore, queue, priority, tags, notify, entry } = &rule.then;
        if *ignore {
            self.ignored_by = Some(rule.name);
            return;
        }
        if let Some(slug) = first(&mut self.then.queue, queue) {
            did.push(format!("queue {slug}"));
        }
        if let Some(number) = first(&mut self.then.priority, priority) {
            did.push(format!("priority {number}"));
        }
        let new: Vec<String> = tags.iter().filter(|tag| !self.then.tags.contains(tag)).cloned().collect();
        if !new.is_empty() {
            did.push(format!("tags {}", new.join(", ")));
            self.then.tags.extend(new);
        }
        if let Some(yes) = first(&mut self.then.notify, notify) {
            did.push(format!("notify {yes}"));
        }
        if let Some(entry) = first(&mut self.then.entry, entry) {
            did.push(format!("update_only {}", *entry == Entry::UpdateOnly));
        }
        if !did.is_empty() {
            self.notes.push(format!("rule {}: {}", rule.name, did.join(", ")));
        }
    }
}

/// Sets what is not set yet, and gives it if it was.
fn first<'a, T: Clone>(place: &mut Option<T>, value: &'a Option<T>) -> Option<&'a T> {
    if place.is_some() {
        return None;
    }
    place.clone_from(value);
    value.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::Address;

    fn rule(name: &str, when: When, then: Then) -> Rule {
        Rule { name: RuleName::new(name), mailboxes: Vec::new(), when, then, after: After::GoOn }
    }

    fn from(patterns: &[&str]) -> When {
        When { from: patterns.iter().map(|it| AddressPattern::new(it)).collect(), ..When::default() }
    }

    fn tried(rules: &[Rule]) -> Applied {
        let mut mail = Mail::sample("news@shop.example", "SALE today");
        mail.to = vec![Address::bare("support@example.org")];
        let header = |name: &str| if name == "List-Id" { vec!["<a.b>".to_owned()] } else { Vec::new() };
        apply(rules, &"m".parse().unwrap(), &mail, &header)
    }

    fn ignore() -> Then {
        Then { ignore: true, ..Then::default() }
    }

    #[test]
    fn every_condition_must_hold() {
        let pattern = |text: &str| Some(Regex::new(text).unwrap());
        let header = |name: &str, text: &str| When {
            headers: vec![(name.to_owned(), Regex::new(text).unwrap())],
            ..When::default()
        };
        let table = [
            (When::default(), true),
            (from(&["*@shop.example"]), true),
            (from(&["NEWS@*"]), true),
            (from(&["x@y", "news@shop.example"]), true),
            (from(&["*@other.example"]), false),
            (When { to: vec![AddressPattern::new("support@*")], ..When::default() }, true),
            (When { to: vec![AddressPattern::new("sales@*")], ..When::default() }, false),
            (When { subject: pattern("(?i)sale"), ..When::default() }, true),
            (When { subject: pattern("sale"), ..When::default() }, false),
            (When { body: pattern("burns"), ..When::default() }, true),
            (header("List-Id", ".*"), true),
            (header("List-Id", "^x"), false),
            (header("X-Other", ".*"), false),
            (When { subject: pattern("SALE"), ..from(&["x@y"]) }, false),
        ];
        for (when, expected) in table {
            let told = format!("{when:?}");
            assert_eq!(tried(&[rule("r", when, ignore())]).ignored_by.is_some(), expected, "{told}");
        }
    }

    #[test]
    fn the_first_match_wins_unless_it_goes_on() {
        let priority = |number| Then { priority: Some(number), ..Then::default() };
        let tags = |tag: &str| Then { tags: vec![tag.to_owned()], ..Then::default() };
        let stop = |rule: Rule| Rule { after: After::Stop, ..rule };
        let all = || When::default();

        let applied = tried(&[rule("a", all(), priority(1)), rule("b", all(), priority(2))]);
        assert_eq!((applied.then.priority, applied.notes), (Some(1), vec!["rule a: priority 1".to_owned()]));
        let applied = tried(&[rule("a", all(), tags("x")), rule("b", all(), tags("y"))]);
        assert_eq!(applied.then.tags, ["x", "y"]);
        assert_eq!(applied.notes, ["rule a: tags x", "rule b: tags y"]);
        let applied = tried(&[stop(rule("a", all(), tags("x"))), rule("b", all(), ignore())]);
        assert_eq!((applied.ignored_by, applied.then.tags), (None, vec!["x".to_owned()]));
        let elsewhere = Rule { mailboxes: vec!["other".parse().unwrap()], ..rule("a", all(), ignore()) };
        assert_eq!(tried(&[elsewhere]).ignored_by, None);
    }
}
