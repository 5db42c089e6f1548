//! `ingest` and `quarantine retry`: messages in hand walk the same road, once, and the exit code tells their giver.

use std::io::Write;
use std::process::{Child, Stdio};

use crate::support::desk::{Desk, Run};
use crate::support::letter::Letter;

fn desk() -> Desk {
    Desk::new("")
}

fn hand(desk: &Desk, arguments: &[&str], bytes: &[u8]) -> Child {
    let mut command = desk.command(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    child
}

fn finish(child: Child) -> Run {
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn a_mail_server_that_tries_again_makes_no_second_ticket() {
    let desk = desk();
    let mail = Letter::new("a@x", "Printer").bytes();
    let first = finish(hand(&desk, &["ingest", "--mta", "--json"], &mail)).exits(0);
    assert_eq!(first.outcomes(), ["created/new support-1"]);
    let again = finish(hand(&desk, &["ingest", "--mta", "--json"], &mail)).exits(0);
    assert_eq!(again.outcomes(), ["duplicate/already-settled support-1"]);
    assert_eq!(again.lines("message")[0]["from"], "alice@example.org");
    assert_eq!(
        desk.run(&["ticket", "show", "1", "--json"]).json()[0]["messages"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn the_same_message_handed_over_by_many_at_once_is_one_ticket_and_each_hears_what_became_of_it() {
    let desk = desk();
    let mail = Letter::new("a@x", "Printer").bytes();
    let children: Vec<Child> = (0..6).map(|_| hand(&desk, &["ingest", "--mta", "--json"], &mail)).collect();
    let mut outcomes: Vec<String> =
        children.into_iter().flat_map(|child| finish(child).exits(0).outcomes()).collect();
    outcomes.sort();
    assert_eq!(outcomes.len(), 6, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "created/new support-1").count(), 1);
    assert!(outcomes.iter().skip(1).all(|outcome| outcome == "duplicate/already-settled support-1"));
    assert_eq!(desk.run(&["ticket", "list", "--json"]).json().len(), 1);
}

#[test]
fn the_summary_and_the_ledger_tell_the_exit_code_that_is_given() {
    let desk = desk();
    let exit_code = |run: &Run| run.lines("summary")[0]["exit_code"].clone();
    let person = finish(hand(&desk, &["ingest", "--json"], b"")).exits(65);
    assert_eq!(exit_code(&person), 65);
    let server = finish(hand(&desk, &["ingest", "--json", "--mta"], b"\r\n")).exits(0);
    assert_eq!(exit_code(&server), 0);
    assert!(server.stderr.contains("failed: unreadable (mailbox \"ingest\", item "), "{}", server.stderr);
}

#[test]
fn one_copy_without_a_mailbox_does_not_keep_the_others_from_being_retried() {
    let desk = Desk::with_maildir("");
    desk.deliver("01", b"\r\n\r\n");
    desk.run(&["fetch"]).exits(1);
    finish(hand(&desk, &["ingest"], b"\r\n")).exits(65);
    desk.configure("[queue.SUPPORT]\naddress = \"support@example.org\"\n");
    let run = desk.run(&["quarantine", "retry", "--all", "--json"]).exits(66);
    assert_eq!(run.outcomes(), ["failed/unreadable -"]);
    assert!(run.stderr.contains("mailbox \"support\", folder \"mail\" is not configured any more"));
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).json().len(), 2);
}

#[test]
fn what_is_dropped_after_a_reset_is_told_where_it_is_left() {
    let desk = Desk::with_maildir("");
    desk.deliver("01", b"\r\n\r\n");
    desk.deliver("02", b"\r\n");
    desk.run(&["fetch"]).exits(1);
    finish(hand(&desk, &["ingest"], b"\n")).exits(65);
    assert_eq!(desk.run(&["quarantine", "drop", "1"]).exits(0).stdout, "dropped message 1\n");
    desk.run(&["outcomes", "reset", "--outcome", "failed"]).exits(0);
    let told = desk.run(&["quarantine", "drop", "2"]).exits(0).stdout;
    let fetched = "dropped message 2, which was reset: the next fetch takes it again if it is still in mailbox \"support\"\n";
    assert_eq!(told, fetched);
    let told = desk.run(&["quarantine", "drop", "3"]).exits(0).stdout;
    assert!(told.contains("taken again only if it is handed over again"), "{told}");
    assert_eq!(desk.run(&["fetch", "--json"]).exits(1).outcomes(), ["failed/unreadable -"; 2]);
}

#[test]
fn what_was_handed_over_and_failed_outlives_a_reset() {
    let desk = desk();
    finish(hand(&desk, &["ingest"], b"\r\n")).exits(65);
    desk.run(&["outcomes", "reset", "--outcome", "failed"]).exits(0);
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).json().len(), 1);
    finish(hand(&desk, &["ingest"], b"\r\n")).exits(65);
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).json().len(), 1);
}

#[test]
fn what_was_not_fetched_whole_stays_in_the_mailbox_also_after_a_retry() {
    let desk = Desk::with_maildir("max_message_size = \"100KB\"\non_failure = \"delete\"");
    desk.deliver("01", &b"\r\n".repeat(200_000));
    desk.run(&["fetch"]).exits(1);
    desk.run(&["quarantine", "retry", "--all"]).exits(1);
    desk.run(&["fetch"]).exits(0);
    assert_eq!(desk.snapshot("mail").len(), 1, "only its beginning is in quarantine");
}

#[test]
fn an_mbox_is_taken_in_its_order_and_again_without_second_tickets() {
    let desk = desk();
    let mbox = |numbers: std::ops::Range<usize>| {
        numbers
            .map(|n| {
                let mail = Letter::new(&format!("{n}@x"), &format!("Mail {n}")).bytes();
                format!("From a Thu Nov 19 10:00:00 2026\n{}\n", String::from_utf8(mail).unwrap())
            })
            .collect::<String>()
    };
    let first = finish(hand(&desk, &["ingest", "--json"], mbox(0..250).as_bytes())).exits(0).outcomes();
    assert_eq!(first, (1..=250).map(|n| format!("created/new support-{n}")).collect::<Vec<_>>());
    let more = finish(hand(&desk, &["ingest", "--json"], mbox(248..252).as_bytes())).exits(0).outcomes();
    assert_eq!(
        more,
        [
            "duplicate/already-settled support-249",
            "duplicate/already-settled support-250",
            "created/new support-251",
            "created/new support-252",
        ]
    );
}
