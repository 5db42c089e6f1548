//! A message that a server stumbles over never blocks its neighbours, and a session that breaks keeps their order.

use crate::support::desk::Desk;
use crate::support::odd::{self, Oddity};

fn desk(oddity: Oddity) -> Desk {
    Desk::configured(&format!(
        "[queue.support]\n[mailbox.odd]\nqueue = \"support\"\ntype = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\n\
         tls = \"none\"\nusername = \"u\"\npassword = \"p\"\nmax_attempts = 2\n",
        odd::start(oddity)
    ))
}

#[test]
fn a_message_at_which_the_server_breaks_off_costs_its_neighbours_nothing_and_is_given_up() {
    let desk = desk(Oddity::BreaksAt(3));
    let first = desk.run(&["fetch", "--json"]).exits(75);
    let expected = [
        "created/new support-1",
        "created/new support-2",
        "deferred/temporary -",
        "created/new support-3",
        "created/new support-4",
    ];
    assert_eq!(first.outcomes(), expected);
    assert_eq!(first.lines("message")[2]["item"], "77:3");

    let foretold = desk.run(&["fetch", "--dry-run", "--json"]).exits(1);
    let second = desk.run(&["fetch", "--json"]).exits(1);
    assert_eq!(second.outcomes(), ["failed/too-many-attempts -"]);
    assert_eq!(foretold.outcomes(), second.outcomes());
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
}

#[test]
fn a_session_that_breaks_once_costs_nothing() {
    let desk = desk(Oddity::BreaksOnceAt(3));
    let run = desk.run(&["fetch", "--json"]).exits(0);
    let expected: Vec<String> = (1..=5).map(|number| format!("created/new support-{number}")).collect();
    assert_eq!(run.outcomes(), expected);
    assert_eq!(run.stderr.matches("is being connected to again").count(), 1, "{}", run.stderr);
}

#[test]
fn a_server_that_takes_nobody_back_is_gone_on_with_in_the_same_order() {
    let desk = desk(Oddity::BreaksOnceAtAndIsAway(3));
    let run = desk.run(&["fetch", "--json"]).exits(69);
    assert_eq!(run.outcomes(), ["created/new support-1", "created/new support-2", "deferred/temporary -"]);
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-3", "created/new support-4", "created/new support-5"]);
    let subjects: Vec<String> = run.lines("message").iter().map(|line| line["subject"].to_string()).collect();
    assert_eq!(subjects, ["\"Mail 3\"", "\"Mail 4\"", "\"Mail 5\""]);
}

#[test]
fn a_message_that_is_left_out_of_an_answer_is_asked_for_alone() {
    let desk = desk(Oddity::LeavesOut(2));
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes().len(), 5);
    assert!(run.outcomes().iter().all(|outcome| outcome.starts_with("created/new ")));
}
