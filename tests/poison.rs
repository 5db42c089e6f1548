//! A message that ends the process is found by a child, and its neighbours wait one run at most.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use helpdesk_mail::mailbox::Tls;

use crate::support::desk::{Desk, Run};
use crate::support::dies::{Poison, choking};
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;

/// Runs the program that chokes; it must have come to an end of its own.
fn survives(desk: &Desk, arguments: &[&str]) -> Run {
    Run::of(choking(desk, arguments).output().unwrap())
}

/// The signal that the program died of.
fn dies(desk: &Desk, arguments: &[&str]) -> i32 {
    let output = choking(desk, arguments).output().unwrap();
    desk.after_death();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.signal().unwrap_or_else(|| panic!("it lives: {}\n{told}", output.status))
}

fn poisoned(kind: Poison) -> Vec<u8> {
    Letter::new("poison@x", "Do not read").body(&kind.body()).bytes()
}

/// Five mails of which the third is deadly.
fn desk(kind: Poison) -> Desk {
    let desk = Desk::with_maildir("on_success = \"seen\"\nmax_attempts = 2");
    for n in 1..=5 {
        let mail = Letter::new(&format!("{n}@x"), "Mail").bytes();
        desk.deliver(&format!("00{n}"), &if n == 3 { poisoned(kind) } else { mail });
    }
    desk
}

#[test]
fn a_deadly_message_is_found_by_a_child_and_its_neighbours_wait_one_run() {
    for kind in [Poison::Abort, Poison::Stack, Poison::Memory] {
        let desk = desk(kind);
        dies(&desk, &["fetch"]);
        assert_eq!(desk.run(&["outcomes", "--json"]).exits(0).outcomes(), [""; 0], "{kind:?}");

        let foretold = survives(&desk, &["fetch", "--dry-run", "--json"]).exits(1).outcomes();
        let run = survives(&desk, &["fetch", "--json"]).exits(1);
        let expected = [
            "created/new support-1",
            "created/new support-2",
            "failed/crashed -",
            "created/new support-3",
            "created/new support-4",
        ];
        assert_eq!(run.outcomes(), expected, "{kind:?}");
        assert_eq!(foretold, expected, "{kind:?}");
        let error = &run.lines("message")[2]["error"];
        assert_eq!(error["error_code"], "message.crashed");
        assert!(
            error["msg"].as_str().unwrap().contains("the process that read it ended with signal"),
            "{error}"
        );
        assert!(survives(&desk, &["fetch", "--json"]).exits(0).outcomes().is_empty());

        desk.run(&["quarantine", "export", "1", "--output", desk.path("kept").to_str().unwrap()]).exits(0);
        assert!(std::fs::read(desk.path("kept")).unwrap() == poisoned(kind), "{kind:?}");
    }
}

#[test]
fn a_deadly_message_in_quarantine_is_tried_out_again_and_read_once_it_does_not_kill() {
    let desk = desk(Poison::Abort);
    dies(&desk, &["fetch"]);
    survives(&desk, &["fetch"]).exits(1);
    let again = survives(&desk, &["quarantine", "retry", "1", "--json"]).exits(1);
    assert_eq!(again.outcomes(), ["failed/crashed -"]);
    let mended = desk.run(&["quarantine", "retry", "1", "--json"]).exits(0);
    assert_eq!(mended.outcomes(), ["created/new support-5"]);
}

#[test]
fn a_message_that_ends_who_fetches_it_is_found_as_well() {
    let desk = desk(Poison::Fetch);
    dies(&desk, &["fetch"]);
    // Its neighbours are in the same batch once more, and then no longer.
    dies(&desk, &["fetch"]);
    let run = survives(&desk, &["fetch", "--json"]).exits(1);
    let expected = [
        "created/new support-1",
        "created/new support-2",
        "failed/crashed -",
        "created/new support-3",
        "created/new support-4",
    ];
    assert_eq!(run.outcomes(), expected);
    assert!(desk.path("mail/new/003").exists(), "it stays where it is");
    assert!(survives(&desk, &["fetch", "--json"]).exits(0).outcomes().is_empty());
    desk.run(&["outcomes", "reset", "--outcome", "failed"]).exits(0);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-5"]);
}

#[test]
fn a_deadly_message_that_is_reset_is_handled_with_care() {
    let desk = desk(Poison::Abort);
    dies(&desk, &["fetch"]);
    survives(&desk, &["fetch"]).exits(1);
    desk.run(&["outcomes", "reset", "--outcome", "failed"]).exits(0);
    assert_eq!(survives(&desk, &["fetch", "--json"]).exits(1).outcomes(), ["failed/crashed -"]);
}

#[test]
fn a_retry_that_is_killed_from_outside_leaves_the_message_in_quarantine() {
    let desk = desk(Poison::Kill);
    // Of no use to a reader who lives, and too long for one who does not.
    desk.deliver("000", format!("X-Nothing: of use\n\n{}", " \n".repeat(330_500 / 2)).as_bytes());
    desk.run(&["fetch"]).exits(1);
    let kept = desk.run(&["quarantine", "list", "--json"]).exits(0).json();
    let id = kept[0]["id"].to_string();
    survives(&desk, &["quarantine", "retry", &id, "--json"]).exits(75);
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).json(), kept);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
}

#[test]
fn a_kill_from_outside_is_never_held_against_a_message() {
    let desk = desk(Poison::Kill);
    assert_eq!(dies(&desk, &["fetch"]), 9);
    let run = survives(&desk, &["fetch", "--json"]).exits(75);
    let mut outcomes = run.outcomes();
    assert_eq!(outcomes.remove(2), "deferred/temporary -");
    assert_eq!(outcomes.len(), 4);
    assert!(outcomes.iter().all(|outcome| outcome.starts_with("created/new ")), "{outcomes:?}");
    for _ in 0..4 {
        assert_eq!(survives(&desk, &["fetch", "--json"]).exits(75).outcomes(), ["deferred/temporary -"]);
    }
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-5"]);
}

#[test]
fn a_mail_server_that_hands_over_a_deadly_message_twice_is_rid_of_it() {
    let desk = Desk::new("");
    let ingest = |kind| {
        let mut command = choking(&desk, &["ingest", "--mta"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // A process that dies may not have read all.
        drop(child.stdin.take().unwrap().write_all(&poisoned(kind)));
        let status = child.wait().unwrap();
        desk.after_death();
        status
    };
    assert!(ingest(Poison::Stack).signal().is_some());
    assert_eq!(ingest(Poison::Stack).code(), Some(0));
    assert_eq!(desk.run(&["outcomes", "--json"]).exits(0).outcomes(), ["failed/crashed -"]);
}

#[test]
fn a_deadly_message_on_a_server_stays_there_whole() {
    let server = Dovecot::start();
    let mailbox = server.mailbox_toml("support", Tls::None);
    let keys = "queue = \"support\"\non_success = \"delete\"\non_failure = \"seen\"\n";
    let desk = Desk::new(&format!("[mailbox.support]\n{mailbox}{keys}"));
    for n in 1..=3 {
        server.deliver("support", "INBOX", &Letter::new(&format!("{n}@x"), "Mail").bytes());
    }
    server.deliver("support", "INBOX", &poisoned(Poison::Abort));
    dies(&desk, &["fetch"]);
    assert_eq!(server.flags("support", "INBOX").len(), 4);
    let run = survives(&desk, &["fetch", "--json"]).exits(1);
    assert_eq!(run.outcomes().last().unwrap(), "failed/crashed -");
    assert_eq!(server.flags("support", "INBOX"), ["4 \\Seen"]);
}
