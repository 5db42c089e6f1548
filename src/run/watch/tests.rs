//! Thresholds, pure: which are reached, and what is said of them.

use std::time::Duration;

use jiff::SignedDuration;

use super::threshold::{of_run, standing};
use super::*;
use crate::mailbox;
use crate::model::exit::Exit;
use crate::model::item::Disposition;
use crate::model::outcome::OutcomeWord;
use crate::run::config::{Alert, Headers, MailboxPlan};
use crate::run::report::{Counts, Mode, Summary};
use crate::store::{Pile, Vitals};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + 60 * minute).unwrap()
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn watched(name: &str, membership: Membership, vitals: Vitals) -> Watched {
    let health = Health { vitals, ..Health::unknown(name.parse().unwrap()) };
    Watched { health, membership }
}

fn status_of(mailboxes: Vec<Watched>) -> Status {
    Status { at: at(100), mailboxes, store: StoreStatus::default(), alerts: Vec::new() }
}

/// `threshold subject reached` of each line.
fn lines(alert: &Alert, status: &Status) -> Vec<String> {
    let line = |line: AlertLine| {
        let subject = line.subject.unwrap_or_else(|| "-".to_owned());
        format!("{} {subject} {}", line.threshold.as_str(), line.reached)
    };
    standing(alert, status).into_iter().map(line).collect()
}

#[test]
fn without_thresholds_there_is_nothing_to_tell() {
    let failing = Vitals { failures: 9, failing_since: Some(at(0)), ..Vitals::default() };
    let status = status_of(vec![watched("support", Membership::Configured, failing)]);
    assert_eq!(lines(&Alert::default(), &status), [""; 0]);
}

#[test]
fn a_mailbox_is_stale_from_its_last_success_or_from_its_first_failure_on() {
    let success = |minute| Vitals { last_success: Some(at(minute)), ..Vitals::default() };
    let failing = |minute| Vitals { failures: 3, failing_since: Some(at(minute)), ..Vitals::default() };
    let both = Vitals { failing_since: Some(at(95)), ..success(40) };
    let one = |name, vitals| watched(name, Membership::Configured, vitals);
    let status = status_of(vec![
        one("at-the-limit", success(40)),
        one("in-time", success(41)),
        one("never-well", failing(40)),
        one("tried-of-late", failing(99)),
        one("failing-of-late", both),
        one("well-to-come", success(999)),
        one("failing-since-the-clock-is-right", Vitals { last_success: Some(at(999)), ..failing(40) }),
        one("never-tried", Vitals::default()),
        watched("no-more", Membership::Former, success(0)),
    ]);
    let alert = Alert { stale: Some(minutes(60)), ..Alert::default() };
    let expected = [
        "stale at-the-limit true",
        "stale in-time false",
        "stale never-well true",
        "stale tried-of-late false",
        "stale failing-of-late true",
        "stale well-to-come false",
        "stale failing-since-the-clock-is-right true",
        "stale never-tried false",
    ];
    assert_eq!(lines(&alert, &status), expected);
}

#[test]
fn counts_ages_and_certificates_are_held_to_their_limits() {
    let expires = |minute| Vitals { certificate_expires: Some(at(minute)), ..Vitals::default() };
    let mut status = status_of(vec![
        watched("soon", Membership::Configured, expires(160)),
        watched("later", Membership::Configured, expires(161)),
        watched("over", Membership::Configured, expires(1)),
        watched("in-clear-text", Membership::Configured, Vitals::default()),
        watched("no-more", Membership::Former, expires(1)),
    ]);
    status.store.backends = vec![("soon".to_owned(), expires(101))];
    (status.store.outbox.waiting, status.store.outbox.alerts) = (7, 2);
    status.store.quarantine.count = 4;
    status.mailboxes[1].health.waiting = Pile { count: 1, oldest: Some(at(70)) };
    let alert = Alert {
        backlog: Some(5),
        quarantine: Some(5),
        oldest: Some(minutes(30)),
        certificate: Some(minutes(60)),
        ..Alert::default()
    };
    let expected = [
        "backlog - true",
        "quarantine - false",
        "oldest - true",
        "certificate soon true",
        "certificate later false",
        "certificate over true",
        "certificate outbox:soon true",
    ];
    assert_eq!(lines(&alert, &status), expected);
    let texts: Vec<String> = standing(&alert, &status).into_iter().map(|line| line.text).collect();
    assert_eq!(texts[5], "the certificate of mailbox \"over\" has expired, the threshold is 60 min");
}

#[test]
fn a_run_that_did_nothing_says_nothing_of_the_thresholds_of_a_run() {
    let alert = Alert { skipped: Some(2), failed: None, ..Alert::default() };
    let summary = |skipped, fetched| {
        let mut counts = Counts::default();
        (0..skipped).for_each(|_| counts.add(OutcomeWord::Skipped));
        Summary {
            run: None,
            mode: Mode::Real,
            exit: Exit::Ok,
            counts,
            duration: Duration::ZERO,
            fetched,
            alerts: Vec::new(),
            error: None,
        }
    };
    let reached = |summary: &Summary| {
        Ran::of("fetch", summary).map(|ran| of_run(&alert, &ran).map(|line| line.reached).collect::<Vec<_>>())
    };
    assert_eq!(reached(&summary(0, 0)), None, "no mailbox was due, or none was reached");
    assert_eq!(reached(&summary(0, 1)), Some(vec![false]));
    assert_eq!(reached(&summary(1, 0)), Some(vec![false]));
    assert_eq!(reached(&summary(2, 0)), Some(vec![true]));
}

#[test]
fn the_mailboxes_of_the_configuration_come_first_and_in_its_order() {
    let plan = |name: &str| MailboxPlan {
        mailbox: mailbox::Config {
            name: name.parse().unwrap(),
            place: mailbox::Place::Maildir("mail".into()),
            max_message_size: 1,
            run_timeout: Duration::ZERO,
        },
        dispositions: mailbox::Dispositions {
            on_success: Disposition::Keep,
            on_skip: Disposition::Keep,
            on_ignore: Disposition::Keep,
            on_failure: Disposition::Keep,
        },
        queue: "support".parse().unwrap(),
        entry: None,
        headers: Headers::Untrusted,
        authserv_id: None,
        interval: None,
        since: None,
        batch_size: 1,
        max_attempts: 1,
    };
    let plan = crate::run::tests::plan(vec![plan("b"), plan("a")]);
    let known = ["a", "former", "ingest"].map(|name| Health::unknown(name.parse().unwrap()));
    let store = StoreStatus { mailboxes: known.into(), ..StoreStatus::default() };
    let seen = seen(&plan, store, at(0));
    let found: Vec<(&str, Membership)> =
        seen.mailboxes.iter().map(|one| (one.health.name.as_str(), one.membership)).collect();
    let expected = [
        ("b", Membership::Configured),
        ("a", Membership::Configured),
        ("former", Membership::Former),
        ("ingest", Membership::Ingest),
    ];
    assert_eq!(found, expected);
}
