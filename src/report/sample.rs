//! Reports for the tests.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};

use crate::model::outbox::OutboxState;
use crate::model::outcome::OutcomeWord;
use crate::model::report::{Busy, Day, ReasonCount, Report, Spans};

/// So many days from 1 November 2026 on, without anything.
pub(super) fn empty(days: usize) -> Report {
    let dates: Vec<Date> = date(2026, 11, 1).series(1.day()).take(days).collect();
    let day = |date| Day { date, outcomes: Default::default(), outbox: Default::default() };
    Report {
        until: "2026-11-30T18:05:00Z".parse::<Timestamp>().unwrap(),
        days: dates.into_iter().map(day).collect(),
        reasons: Vec::new(),
        to_ticket: Spans::default(),
        senders: Vec::new(),
        queues: Vec::new(),
        to_delivery: Spans::default(),
    }
}

/// Three days with something of everything.
pub(super) fn small() -> Report {
    let mut report = empty(3);
    let mut of = |day: usize, outcome, reason: &str, count| {
        report.days[day].outcomes.add(outcome, count);
        report.reasons.push(ReasonCount { outcome, reason: reason.to_owned(), count });
    };
    of(0, OutcomeWord::Created, "new", 1_200);
    of(2, OutcomeWord::Skipped, "no-ticket-id", 30);
    of(2, OutcomeWord::Failed, "unreadable", 2);
    report.days[0].outbox.add(OutboxState::Sent, 7);
    report.days[1].outbox.add(OutboxState::Suppressed, 1);
    report.to_ticket = Spans::of(&BTreeMap::from([(45, 1_000), (130, 150), (90_000, 50)]));
    report.to_delivery = Spans::of(&BTreeMap::from([(2, 7)]));
    let busy = |name: &str| Busy { name: Some(name.to_owned()), messages: 9, tickets: 4 };
    report.senders = vec![busy("alice@example.org"), busy("<b onclick='x'>@example.org")];
    report.queues = vec![busy("support")];
    report
}
