//! Metrics in the text format of Prometheus (exposition format 0.0.4), for `status` and for the textfile collector.
//!
//! Base units, timestamps as gauges of seconds, `_total` for what only grows. What is not known has no sample.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::model::outcome::OutcomeWord;
use crate::run::{Membership, Status, Watched};
use crate::store::{Backlog, Health, Vitals};

const PREFIX: &str = "helpdesk_mail_";

/// All metrics.
pub(super) fn of(status: &Status) -> String {
    let mut page = Page(String::new());
    let version = env!("CARGO_PKG_VERSION");
    page.gauge("build_info", "The version of the program.", [(&[("version", version)][..], 1)]);
    mailboxes(status, &mut page);
    outcomes(status, &mut page);
    run(status, &mut page);
    waiting(status, &mut page);
    alerts(status, &mut page);
    page.0
}

fn mailboxes(status: &Status, page: &mut Page) {
    let watched = || status.mailboxes.iter().filter(|one| one.membership == Membership::Configured);
    let of = |one: &Watched| (one.health.name.to_string(), one.health.vitals.clone());
    vitals(("mailbox", "mailbox"), &watched().map(of).collect::<Vec<_>>(), page);
    vitals(("outbox", "backend"), &status.store.backends, page);
    let mut each = |name: &str, help: &str, value: &dyn Fn(&Health) -> Option<i64>| {
        let samples =
            watched().filter_map(|one| Some(([("mailbox", one.health.name.as_str())], value(&one.health)?)));
        page.gauge(name, help, samples);
    };
    each("mailbox_deferred_messages", "Messages that the next run takes again.", &|it| {
        Some(whole(it.waiting.count))
    });
    each("mailbox_oldest_deferred_timestamp_seconds", "When the oldest of those was first taken.", &|it| {
        it.waiting.oldest.map(Timestamp::as_second)
    });
    each("mailbox_owed_messages", "Messages that the mailbox is still to be told of.", &|it| {
        Some(whole(it.owed))
    });
}

/// How mailboxes, or back ends, are: `helpdesk_mail_mailbox_…{mailbox="…"}`, `helpdesk_mail_outbox_…{backend="…"}`.
fn vitals((prefix, label): (&str, &str), all: &[(String, Vitals)], page: &mut Page) {
    let mut each = |end: &str, help: &str, value: &dyn Fn(&Vitals) -> Option<i64>| {
        let samples = all.iter().filter_map(|(name, one)| Some(([(label, name.as_str())], value(one)?)));
        page.gauge(&format!("{prefix}_{end}"), help, samples);
    };
    each("last_success_timestamp_seconds", "When it last worked without trouble of its own.", &|it| {
        it.last_success.map(Timestamp::as_second)
    });
    each("last_failure_timestamp_seconds", "When it last had trouble of its own.", &|it| {
        it.last_failure.map(Timestamp::as_second)
    });
    each("consecutive_failures", "How often in a row it had trouble of its own.", &|it| {
        Some(whole(it.failures))
    });
    each("certificate_expiry_timestamp_seconds", "When the certificate of its server expires.", &|it| {
        it.certificate_expires.map(Timestamp::as_second)
    });
    each("token_expiry_timestamp_seconds", "When the access token of the last login expires.", &|it| {
        it.token_expires.map(Timestamp::as_second)
    });
}

/// Those of the configured mailboxes from nothing on, so that the first message is an increase.
fn outcomes(status: &Status, page: &mut Page) {
    let totals = &status.store.totals;
    let configured = status.mailboxes.iter().filter(|one| one.membership == Membership::Configured);
    let mut names: Vec<&str> = configured.map(|one| one.health.name.as_str()).collect();
    for (name, ..) in totals {
        if !names.contains(&name.as_str()) {
            names.push(name.as_str());
        }
    }
    let count = |name: &str, word: OutcomeWord| {
        let found = totals.iter().find(|(other, of, _)| other.as_str() == name && *of == word);
        whole(found.map_or(0, |(.., count)| *count))
    };
    let samples = names.iter().flat_map(|name| {
        OutcomeWord::ALL.map(|word| ([("mailbox", *name), ("outcome", word.as_str())], count(name, word)))
    });
    page.counter("outcomes_total", "Outcomes of messages since the store was made.", samples);
}

fn run(status: &Status, page: &mut Page) {
    let Some(run) = &status.store.last_run else { return };
    page.counter("runs_total", "Runs since the store was made.", [(&[][..], run.run.0)]);
    let started = run.started_at.as_second();
    page.gauge("last_run_start_timestamp_seconds", "When the last run began.", [(&[][..], started)]);
    if let Some(ended) = run.ended_at {
        page.gauge("last_run_end_timestamp_seconds", "When it ended.", [(&[][..], ended.as_second())]);
    }
    if let Some(code) = run.exit_code {
        page.gauge("last_run_exit_code", "The exit code that it ended with.", [(&[][..], whole(code))]);
    }
    let of = |word: OutcomeWord| {
        run.outcomes.iter().find(|(other, _)| *other == word).map_or(0, |(_, count)| whole(*count))
    };
    let samples = OutcomeWord::ALL.map(|word| ([("outcome", word.as_str())], of(word)));
    page.gauge("last_run_messages", "What became of its messages.", samples);
}

fn waiting(status: &Status, page: &mut Page) {
    let store = &status.store;
    page.gauge("quarantine_messages", "Messages in quarantine.", [(&[][..], whole(store.quarantine.count))]);
    let oldest = store.quarantine.oldest.map(|at| (&[][..], at.as_second()));
    page.gauge("quarantine_oldest_timestamp_seconds", "When the oldest of those failed.", oldest);
    backlog("outbox", "notifications", store.outbox, page);
    backlog("events", "events", store.events, page);
    let suppressed = whole(store.suppressed);
    page.gauge("suppressed_addresses", "Addresses that get no notifications.", [(&[][..], suppressed)]);
    page.gauge("store_size_bytes", "The size of the database.", [(&[][..], whole(store.size))]);
    page.gauge("store_schema_version", "The version of its schema.", [(&[][..], whole(store.schema))]);
    page.gauge(
        "status_timestamp_seconds",
        "When these numbers were read.",
        [(&[][..], status.at.as_second())],
    );
}

fn backlog(name: &str, what: &str, backlog: Backlog, page: &mut Page) {
    let mut number = |end: &str, help: &str, count: u64| {
        page.gauge(&format!("{name}_{end}"), help, [(&[][..], whole(count))]);
    };
    number("waiting", &format!("How many {what} wait to be delivered."), backlog.waiting);
    number("failed", &format!("How many {what} were given up."), backlog.failed);
    if name == "outbox" {
        number("bounced", "How many notifications came back.", backlog.bounced);
    }
    let oldest = backlog.oldest.map(|at| (&[][..], at.as_second()));
    page.gauge(
        &format!("{name}_oldest_timestamp_seconds"),
        "When the oldest of those that wait was written.",
        oldest,
    );
}

fn alerts(status: &Status, page: &mut Page) {
    let samples = status.alerts.iter().map(|line| {
        let subject = line.subject.as_deref().unwrap_or_default();
        ([("threshold", line.threshold.as_str()), ("subject", subject)], i64::from(line.reached))
    });
    page.gauge("alert_reached", "Whether a threshold of the configuration is reached.", samples);
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The page as it grows; a metric without samples does not stand on it.
struct Page(String);

impl Page {
    fn gauge<'a, L: AsRef<[(&'a str, &'a str)]>>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, i64)>,
    ) {
        self.metric((name, "gauge"), help, samples);
    }

    fn counter<'a, L: AsRef<[(&'a str, &'a str)]>>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, i64)>,
    ) {
        self.metric((name, "counter"), help, samples);
    }

    fn metric<'a, L: AsRef<[(&'a str, &'a str)]>>(
        &mut self,
        (name, kind): (&str, &str),
        help: &str,
        samples: impl IntoIterator<Item = (L, i64)>,
    ) {
        for (at, (labels, value)) in samples.into_iter().enumerate() {
            if at == 0 {
                // A text takes whatever is written to it.
                let _ = write!(self.0, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}\n");
            }
            let labels: Vec<String> =
                labels.as_ref().iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.0, "{PREFIX}{name}{labels} {value}");
        }
    }
}

/// The value of a label: backslashes, quotation marks and line feeds are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_what_has_no_sample_does_not_stand_there() {
        let mut page = Page(String::new());
        page.gauge("a", "A.", [([("x", "b\"\\\n")], 1), ([("x", "c")], 2)]);
        page.gauge("nothing", "Nothing.", std::iter::empty::<([(&str, &str); 0], i64)>());
        let expected = "# HELP helpdesk_mail_a A.\n# TYPE helpdesk_mail_a gauge\n\
                        helpdesk_mail_a{x=\"b\\\"\\\\\\n\"} 1\nhelpdesk_mail_a{x=\"c\"} 2\n";
        assert_eq!(page.0, expected);
    }
}
