//! `[alert]` and `[metrics]`.

use std::collections::HashSet;
use std::path::PathBuf;

use toml::de::DeValue;

use super::mailbox::Context;
use super::measure;
use super::outbox::Ways;
use super::table::Table;
use super::value::{self, Wrong};
use crate::model::address;
use crate::outbox::DEFAULT;
use crate::policy::Queue;
use crate::run::{Alert, AlertMails, MailboxPlan, Voice};

/// Reads the thresholds of `[alert]`.
pub(super) fn thresholds(table: &Table<'_>) -> Alert {
    table.check_keys(None);
    let number =
        |key| table.read(key, value::integer(1..=i64::MAX)).and_then(|number| u64::try_from(number).ok());
    let length = |key| table.read(key, measure::signed_duration);
    Alert {
        skipped: number("skipped"),
        failed: number("failed"),
        backlog: number("backlog"),
        stale: length("stale"),
        quarantine: number("quarantine"),
        oldest: length("oldest"),
        certificate: length("certificate"),
    }
}

/// Notes a mailbox that is stale before it is due again.
pub(super) fn compare(table: &Table<'_>, alert: &Alert, mailboxes: &[MailboxPlan]) {
    let Some(stale) = alert.stale else { return };
    let slow = |mailbox: &&MailboxPlan| mailbox.interval.is_some_and(|it| it >= stale.unsigned_abs());
    for mailbox in mailboxes.iter().filter(slow) {
        let name = &mailbox.mailbox.name;
        table.warn(
            "stale",
            format!("not longer than mailbox.{name}.interval: it is always stale before it is due"),
        );
    }
}

/// Reads who is told of alerts, and by whom; `None` if nobody is.
pub(super) fn mails(table: &Table<'_>, ways: &Ways, queues: &[Queue]) -> Option<AlertMails> {
    let mut to = table.read("to", value::list("mail addresses", value::address)).unwrap_or_default();
    let mut met = HashSet::new();
    to.retain(|one| met.insert(address::key(one)));
    let from = table.read("from", value::address);
    let way = table.read("outbox", |value| ways.named(value));
    if to.is_empty() {
        for key in ["from", "outbox"].into_iter().filter(|key| !table.has("to") && table.has(key)) {
            table.report(key, Wrong::because("not used: \"to\" names nobody"));
        }
        return None;
    }
    if *ways == Ways::None {
        table.warn("to", "nobody is told of alerts: there is no [outbox]");
        return None;
    }
    if !table.has("outbox") && !ways.has_default() {
        table.report(
            "outbox",
            Wrong::because("missing: [outbox] itself has no host, so that a back end must be named"),
        );
    }
    let first = || queues.iter().find_map(|queue| queue.addresses.first().cloned());
    let Some(address) = from.or_else(first) else {
        if !table.has("from") {
            table.report(
                "from",
                Wrong::because("missing: no queue has an address that alerts could come from"),
            );
        }
        return None;
    };
    let voice = Voice {
        attach_files: 0,
        queue: None,
        way: way.unwrap_or_else(|| DEFAULT.to_owned()),
        title: "helpdesk-mail".to_owned(),
        address,
        locale: "en".to_owned(),
        plus_addressing: false,
    };
    Some(AlertMails { to, voice })
}

/// Reads the file of `[metrics]`.
pub(super) fn textfile(table: &Table<'_>, context: &Context<'_>) -> Option<PathBuf> {
    table.check_keys(None);
    table.read("textfile", |value: &DeValue<'_>| {
        let path = value::path(context.base)(value)?;
        // node_exporter looks at no others.
        let fits = path.extension().is_some_and(|ending| ending == "prom");
        fits.then_some(path).ok_or_else(|| Wrong::expected("a path that ends in \".prom\""))
    })
}
