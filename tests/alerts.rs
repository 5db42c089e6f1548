//! Thresholds: a mail when one is reached, one when that is over, and none between.

use std::fs;

use crate::outbox::{FILE, field, left};
use crate::support::desk::{Desk, Run};
use crate::support::dies::{aborted, dying, shifted, steps};
use crate::support::letter::Letter;

const MINUTE: i64 = 60;

/// A desk with a Maildir that takes no new tickets, these lines below `[alert]`, and somebody who is told.
fn desk(lines: &str) -> Desk {
    let desk = Desk::with_maildir(&format!(
        "update_only = true\n[outbox]\n{FILE}[alert]\nto = [\"ops@example.net\"]\n{lines}"
    ));
    fs::create_dir(desk.path("out")).unwrap();
    desk
}

fn subjects(desk: &Desk) -> Vec<String> {
    left(desk).iter().map(|mail| field(mail, "Subject")).collect()
}

/// The program, so many minutes later.
fn at(desk: &Desk, minute: i64, arguments: &[&str]) -> Run {
    Run::of(shifted(desk, arguments, minute * MINUTE).output().unwrap())
}

fn skip(desk: &Desk, name: &str) {
    desk.deliver(name, &Letter::new(&format!("{name}@x"), "Printer").bytes());
}

#[test]
fn one_mail_comes_when_a_threshold_is_reached_and_one_when_that_is_over() {
    let desk = desk("skipped = 1\n");
    at(&desk, 0, &["fetch"]).exits(0);
    assert_eq!(subjects(&desk), [""; 0]);
    for (minute, name) in [(5, "1"), (10, "2"), (80, "3")] {
        skip(&desk, name);
        at(&desk, minute, &["fetch"]).exits(1);
        assert_eq!(subjects(&desk), ["[helpdesk-mail] alert: 1 skipped in one fetch, the threshold is 1"]);
    }
    let mail = left(&desk).remove(0);
    assert_eq!(
        (field(&mail, "To"), field(&mail, "From")),
        ("ops@example.net".into(), "\"helpdesk-mail\" <support@example.org>".into())
    );
    assert_eq!(field(&mail, "Auto-Submitted"), "auto-generated");
    at(&desk, 85, &["fetch"]).exits(0);
    at(&desk, 90, &["fetch"]).exits(0);
    let over = "[helpdesk-mail] alert is over: 0 skipped in one fetch, the threshold is 1";
    assert_eq!((subjects(&desk).len(), subjects(&desk)[1].as_str()), (2, over));
    let rows = desk.run(&["outbox", "list", "--json"]).exits(0).json();
    assert_eq!(
        (rows.len(), &rows[0]["template"], &rows[0]["ticket"]),
        (2, &"alert".into(), &serde_json::Value::Null)
    );
}

#[test]
fn what_comes_and_goes_gives_one_pair_of_mails_an_hour() {
    let desk = desk("skipped = 1\n");
    for (minute, name) in
        [(0, Some("1")), (5, None), (10, Some("2")), (15, None), (20, Some("3")), (25, None)]
    {
        name.iter().for_each(|name| skip(&desk, name));
        at(&desk, minute, &["fetch"]);
    }
    assert_eq!(subjects(&desk).len(), 2, "{:?}", subjects(&desk));
    skip(&desk, "4");
    at(&desk, 61, &["fetch"]).exits(1);
    assert_eq!(subjects(&desk).len(), 3, "{:?}", subjects(&desk));
}

#[test]
fn a_clock_that_was_ahead_silences_no_alert() {
    let desk = desk("skipped = 1\n");
    for (minute, name) in [(60 * 24 * 365, Some("1")), (60 * 24 * 365 + 5, None), (0, Some("2"))] {
        name.iter().for_each(|name| skip(&desk, name));
        at(&desk, minute, &["fetch"]);
    }
    let reached = "[helpdesk-mail] alert: 1 skipped in one fetch, the threshold is 1";
    let told = subjects(&desk).into_iter().filter(|subject| subject == reached).count();
    assert_eq!(told, 2, "{:?}", subjects(&desk));
}

#[test]
fn what_was_found_by_hand_is_over_after_a_day_where_that_command_never_runs_again() {
    const DAY: i64 = 24 * 60;
    let desk = desk("failed = 1\n");
    fs::write(desk.path("bad"), b"X-Nothing: of use\r\n\r\n \r\n").unwrap();
    at(&desk, 0, &["ingest", "--queue", "support", desk.path("bad").to_str().unwrap()]).exits(65);
    at(&desk, 1, &["quarantine", "retry", "--all"]).exits(1);
    at(&desk, 2, &["quarantine", "drop", "1"]).exits(0);
    at(&desk, 3, &["fetch"]).exits(0);
    assert!(at(&desk, 4, &["status"]).exits(1).stdout.contains("alert: 1 failed in one retry"));
    at(&desk, DAY + 5, &["status"]).exits(0);
    at(&desk, DAY + 5, &["fetch"]).exits(0);
    let told = |end: &str| subjects(&desk).into_iter().filter(|subject| subject.contains(end)).count();
    assert_eq!((told("alert: "), told("alert is over: ")), (2, 1), "{:?}", subjects(&desk));
    let over = left(&desk).into_iter().find(|mail| field(mail, "Subject").contains("over")).unwrap();
    for line in ["1 failed in one ingest", "1 failed in one retry"] {
        assert!(over.contains(&format!("- {line}, the threshold is 1")), "{over}");
    }
}

#[test]
fn mails_of_alerts_are_no_backlog() {
    let desk = desk("skipped = 1\nbacklog = 1\n");
    fs::remove_dir(desk.path("out")).unwrap();
    skip(&desk, "1");
    at(&desk, 0, &["fetch"]).exits(1);
    at(&desk, 1, &["send"]);
    let rows = desk.run(&["outbox", "list", "--json"]).exits(0).json();
    assert_eq!(rows.len(), 1, "{rows:?}");
    let status = desk.run(&["status", "--format", "json"]).exits(1).json().remove(0);
    assert_eq!(status["alerts"]["backlog"]["reached"], false, "{status}");
    assert_eq!(status["outbox"]["waiting"], 1, "{status}");
}

#[test]
fn who_is_told_of_alerts_and_is_suppressed_is_named_in_the_log() {
    let desk = desk("skipped = 1\n");
    at(&desk, 0, &["fetch"]).exits(0);
    desk.run(&["outbox", "suppressed", "add", "ops@example.net"]).exits(0);
    skip(&desk, "1");
    let run = at(&desk, 0, &["fetch"]).exits(1);
    assert_eq!(subjects(&desk), [""; 0]);
    let told = "ops@example.net is not told of an alert: the address is suppressed";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn a_mailbox_that_is_stale_is_told_of_once_with_why_and_a_fetch_ends_as_it_would_have() {
    let desk = desk("stale = \"1h\"\n");
    at(&desk, 0, &["fetch"]).exits(0);
    fs::rename(desk.path("mail"), desk.path("away")).unwrap();
    at(&desk, 30, &["fetch"]).exits(69);
    assert_eq!(subjects(&desk), [""; 0]);
    let run = at(&desk, 60, &["fetch"]).exits(69);
    assert!(
        run.stderr.contains("alert: mailbox \"support\": no successful fetch for 60 min"),
        "{}",
        run.stderr
    );
    let run = at(&desk, 150, &["fetch"]).exits(69);
    assert!(!run.stderr.contains("alert: "), "told again: {}", run.stderr);
    let mails = left(&desk);
    assert_eq!(mails.len(), 1);
    assert!(field(&mails[0], "Subject").contains("(mailbox.folder)"), "{}", mails[0]);
    fs::rename(desk.path("away"), desk.path("mail")).unwrap();
    let run = at(&desk, 155, &["fetch"]).exits(0);
    assert!(run.stderr.contains("alert is over: mailbox \"support\""), "{}", run.stderr);
    assert_eq!(left(&desk).len(), 2);
}

#[test]
fn all_that_changes_with_one_run_is_in_one_mail() {
    let desk = desk("skipped = 1\nfailed = 1\nquarantine = 1\nstale = \"1h\"\n");
    skip(&desk, "1");
    desk.deliver("2", b"X-Nothing: of use\r\n\r\n \r\n");
    desk.run(&["fetch"]).exits(1);
    let mails = left(&desk);
    assert_eq!(mails.len(), 1);
    assert!(field(&mails[0], "Subject").ends_with("(and 2 more)"), "{}", mails[0]);
    for line in ["1 skipped in one fetch", "1 failed in one fetch", "messages in quarantine: 1"] {
        assert!(mails[0].contains(&format!("- {line}, the threshold is 1")), "{}", mails[0]);
    }
    desk.run(&["fetch"]).exits(0);
    let over = &left(&desk)[1];
    assert!(over.contains("Still reached:\r\n- messages in quarantine: 1"), "{over}");
    desk.run(&["quarantine", "drop", "1"]).exits(0);
    desk.run(&["send"]).exits(0);
    desk.run(&["send"]).exits(0);
    assert!(field(&left(&desk)[2], "Subject").contains("alert is over: messages in quarantine: 0"));
}

#[test]
fn a_backlog_is_what_a_fetch_could_not_deliver() {
    let desk = Desk::with_maildir(&format!(
        "[outbox]\n{FILE}[alert]\nbacklog = 2\nto = [\"ops@example.net\", \"OPS@example.net\"]\n"
    ));
    desk.deliver("1", &crate::outbox::letter("1@x", "Printer").bytes());
    desk.run(&["fetch", "--no-send"]).exits(0);
    let status = desk.run(&["status", "--format", "json"]).exits(1).json().remove(0);
    assert_eq!(status["alerts"]["backlog"]["reached"], true);
    fs::create_dir(desk.path("out")).unwrap();
    desk.run(&["send"]).exits(0);
    desk.run(&["send"]).exits(0);
    let alerts: Vec<String> =
        subjects(&desk).into_iter().filter(|it| it.starts_with("[helpdesk-mail]")).collect();
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert!(alerts[0].contains("alert: notifications that wait: 2"), "{alerts:?}");
    assert!(alerts[1].contains("alert is over: notifications that wait: 0"), "{alerts:?}");
}

#[test]
fn an_alert_to_an_address_of_a_queue_is_known_for_our_own_and_opens_no_ticket() {
    let desk = Desk::with_maildir(&format!(
        "[outbox]\n{FILE}[alert]\nfailed = 1\nto = [\"support@example.org\"]\nfrom = \"helpdesk@example.org\"\n"
    ));
    fs::create_dir(desk.path("out")).unwrap();
    desk.deliver("1", b"X-Nothing: of use\r\n\r\n \r\n");
    desk.run(&["fetch"]).exits(1);
    let mail = left(&desk).remove(0);
    assert_eq!(field(&mail, "From"), "\"helpdesk-mail\" <helpdesk@example.org>");
    desk.deliver("2", mail.as_bytes());
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["ignored/own-message -"]);
}

#[test]
fn an_alert_that_bounces_is_told_in_the_log_and_leaves_its_address_alone() {
    let desk = desk("failed = 1\n");
    desk.deliver("1", b"X-Nothing: of use\r\n\r\n \r\n");
    desk.run(&["fetch"]).exits(1);
    let id = field(&left(&desk)[0], "Message-ID");
    let bounce = Letter::new("b@x", "Undelivered Mail Returned to Sender")
        .from("MAILER-DAEMON@mx.example.org")
        .with("Content-Type", "multipart/report; report-type=delivery-status; boundary=q")
        .body(&format!(
            "--q\r\n\r\nIt failed.\r\n--q\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; ops@example.net\r\n\
             Action: failed\r\nStatus: 5.1.1\r\n\r\n--q\r\nContent-Type: message/rfc822\r\n\r\n\
             Message-ID: {id}\r\nFrom: support@example.org\r\nTo: ops@example.net\r\nSubject: x\r\n\r\nx\r\n--q--\r\n"
        ));
    desk.deliver("2", &bounce.bytes());
    let run = desk.run(&["fetch"]);
    assert!(
        run.stderr.contains("alert: notification 1 to ops@example.net came back (5.1.1)"),
        "{}",
        run.stderr
    );
    let suppressed = desk.run(&["outbox", "suppressed", "list", "--json"]).exits(0).json();
    assert_eq!(suppressed[0]["address"], "ops@example.net");
}

#[test]
fn a_mailbox_that_is_due_too_seldom_for_its_threshold_is_warned_of() {
    let desk = Desk::with_maildir("interval = \"2h\"\n[alert]\nstale = \"1h\"\n");
    let run = desk.run(&["check"]).exits(0);
    assert!(run.stderr.contains("alert.stale: not longer than mailbox.support.interval"), "{}", run.stderr);
}

#[test]
fn what_cannot_be_told_is_said_by_check() {
    let desk = Desk::with_maildir("[alert]\nfailed = 1\nto = [\"ops@example.net\"]\n");
    let run = desk.run(&["check"]).exits(0);
    assert!(
        run.stderr.contains("alert.to: nobody is told of alerts: there is no [outbox]"),
        "{}",
        run.stderr
    );
    desk.deliver("1", b"X-Nothing: of use\r\n\r\n \r\n");
    desk.run(&["fetch"]).exits(1);
    assert_eq!(desk.run(&["outbox", "list"]).exits(0).stdout, "");
    for (lines, said) in [
        ("from = \"a@example.org\"\n", "alert.from: not used: \"to\" names nobody"),
        ("to = [\"ops\"]\n", "alert.to: expected a mail address"),
        ("stale = \"soon\"\n", "alert.stale: expected a duration"),
        ("backlog = 0\n", "alert.backlog: expected an integer of at least 1"),
    ] {
        let desk = Desk::with_maildir(&format!("[alert]\n{lines}"));
        let run = desk.run(&["check"]).exits(78);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn wherever_a_run_dies_a_threshold_is_told_of_once() {
    let begun = || {
        let desk = desk("quarantine = 1\n");
        desk.deliver("1", b"X-Nothing: of use\r\n\r\n \r\n");
        desk
    };
    let undisturbed = begun();
    dying(&undisturbed, &["fetch"], 0).output().unwrap();
    let all = steps(&undisturbed);
    assert!(all > 50, "only {all} steps");
    let mut died = 0;
    for at in (1..=all).step_by(19) {
        let desk = begun();
        died += usize::from(aborted(&dying(&desk, &["fetch"], at).output().unwrap()));
        desk.run(&["fetch"]);
        desk.run(&["fetch"]);
        let rows = desk.run(&["outbox", "list", "--json"]).exits(0).json();
        assert_eq!((rows.len(), &rows[0]["state"]), (1, &"sent".into()), "step {at} of {all}: {rows:?}");
    }
    assert!(died > 5, "only {died} runs died");
}
