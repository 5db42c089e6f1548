//! `[queue.SLUG]`.

use std::collections::HashMap;

use super::keys::Section;
use super::measure;
use super::notices;
use super::outbox::Ways;
use super::table::Table;
use super::value::{self, Wrong};
use crate::model::address::{self, AddressPattern};
use crate::model::ids::QueueSlug;
use crate::model::outbox::Told;
use crate::outbox::DEFAULT;
use crate::policy::{AnswersTo, ClosedTicket, Entry, FollowupsFrom, Forwarded, Queue, SameMail};

/// Reads one queue.
pub(super) fn queue(slug: QueueSlug, table: &Table<'_>, ways: &Ways) -> Queue {
    table.check_keys(None);
    let queue = Queue {
        title: table.read("title", value::string).unwrap_or_else(|| slug.to_string()),
        slug,
        addresses: addresses(table),
        entry: entry(table).unwrap_or(Entry::CreateAndUpdate),
        closed_ticket: closed_ticket(table),
        same_mail: table.read("same_mail", value::word(SAME_MAIL)).unwrap_or(SameMail::OnePerQueue),
        followups_from: table
            .read("followups_from", value::word(FOLLOWUPS_FROM))
            .unwrap_or(FollowupsFrom::Participants),
        agents: table
            .read("agents", value::list("mail addresses or patterns", value::address_pattern))
            .unwrap_or_default()
            .iter()
            .map(|pattern| AddressPattern::new(pattern))
            .collect(),
        forwarded: table.read("forwarded_by_agents", value::word(FORWARDED)).unwrap_or(Forwarded::Agent),
        // The range makes the conversion certain.
        priority: table
            .read("priority", value::integer(1..=5))
            .and_then(|number| u8::try_from(number).ok())
            .unwrap_or(3),
        locale: table.read("locale", locale).unwrap_or_else(|| "en".to_owned()),
        notify: table
            .read("notify", value::list("\"requester\", \"cc\" and \"agents\"", told))
            .unwrap_or_else(|| Told::ALL.to_vec()),
        answers_to: match table.read("plus_addressing", value::boolean) {
            Some(true) => AnswersTo::Ticket,
            Some(false) | None => AnswersTo::Queue,
        },
        outbox: table.read("outbox", |value| ways.named(value)).unwrap_or_else(|| DEFAULT.to_owned()),
        attach_files: table.read("attach_files", notices::files),
    };
    check_way_out(&queue, table, ways);
    queue
}

fn told(value: &toml::de::DeValue<'_>) -> Result<Told, Wrong> {
    value::word(&Told::ALL.map(|told| (told.as_str(), told)))(value)
}

/// Whether a text is a language tag (BCP 47), as far as its form goes.
pub fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let alpha = (2..=8).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
    alpha
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn locale(value: &toml::de::DeValue<'_>) -> Result<String, Wrong> {
    let expected = || Wrong::expected("a language tag such as \"en\", \"de-AT\" or \"zh-Hant\"");
    value.as_str().filter(|text| is_language_tag(text)).map(str::to_owned).ok_or_else(expected)
}

/// Notes a queue that people are to be notified of, but cannot be.
fn check_way_out(queue: &Queue, table: &Table<'_>, ways: &Ways) {
    if queue.notify.is_empty() || *ways == Ways::None {
        return;
    }
    if !table.has("outbox") && !ways.has_default() {
        let what =
            "missing: [outbox] itself has no host, so that each queue names a back end, or has notify = []";
        table.report("outbox", Wrong::because(what));
    }
    if queue.addresses.is_empty() {
        table.warn("address", "nobody is notified of its tickets: it has no address to write from");
    }
}

/// `update_only`, of a queue or a mailbox.
pub(super) fn entry(table: &Table<'_>) -> Option<Entry> {
    table
        .read("update_only", value::boolean)
        .map(|only| if only { Entry::UpdateOnly } else { Entry::CreateAndUpdate })
}

/// Finds addresses that several queues call their own: mail to them would have no one queue.
#[derive(Default)]
pub(super) struct OwnAddresses {
    owners: HashMap<String, QueueSlug>,
}

impl OwnAddresses {
    /// Notes the addresses of a queue that another has already.
    pub(super) fn claim(&mut self, queue: &Queue, table: &Table<'_>) {
        for address in &queue.addresses {
            let key = address::key(address);
            match self.owners.get(&key) {
                Some(owner) if *owner != queue.slug => {
                    let main = queue.addresses.first() == Some(address) && table.has("address");
                    let place = if main { "address" } else { "aliases" };
                    let what =
                        format!("{address:?} is already an address of {}.{owner}", Section::Queue.name());
                    table.report(place, Wrong::because(what));
                }
                Some(_) => {}
                None => {
                    self.owners.insert(key, queue.slug.clone());
                }
            }
        }
    }
}

const SAME_MAIL: &[(&str, SameMail)] = &[("one-per-queue", SameMail::OnePerQueue), ("one", SameMail::One)];

const FOLLOWUPS_FROM: &[(&str, FollowupsFrom)] =
    &[("participants", FollowupsFrom::Participants), ("anyone", FollowupsFrom::Anyone)];

const FORWARDED: &[(&str, Forwarded)] = &[("agent", Forwarded::Agent), ("sender", Forwarded::Sender)];

fn addresses(table: &Table<'_>) -> Vec<String> {
    let main = table.read("address", value::address);
    let aliases = table.read("aliases", value::list("mail addresses", value::address)).unwrap_or_default();
    let mut addresses: Vec<String> = Vec::new();
    for own in main.into_iter().chain(aliases) {
        if !addresses.iter().any(|known| address::key(known) == address::key(&own)) {
            addresses.push(own);
        }
    }
    addresses
}

fn closed_ticket(table: &Table<'_>) -> ClosedTicket {
    let within = table.read("reopen_within", measure::signed_duration);
    let words = [("reopen", ClosedTicket::Reopen { within }), ("new", ClosedTicket::New)];
    let choice = table.read("closed_ticket", value::word(&words));
    if choice == Some(ClosedTicket::New) && table.has("reopen_within") {
        table.report("reopen_within", Wrong::because("has no meaning with closed_ticket = \"new\""));
    }
    choice.unwrap_or(ClosedTicket::Reopen { within })
}
