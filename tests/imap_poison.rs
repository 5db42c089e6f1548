//! One message that a server stumbles over in every session never blocks its neighbours for more than a run.

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
fn a_message_at_which_the_server_breaks_off_is_taken_last_and_alone_and_given_up() {
    let desk = desk(Oddity::BreaksAt(3));
    let first = desk.run(&["fetch", "--json"]).exits(69);
    assert_eq!(first.outcomes(), ["created/new support-1", "created/new support-2", "deferred/temporary -"]);
    assert_eq!(first.lines("message")[2]["item"], "77:3");

    let foretold = desk.run(&["fetch", "--dry-run", "--json"]);
    let second = desk.run(&["fetch", "--json"]).exits(69);
    let expected = ["created/new support-3", "created/new support-4", "deferred/temporary -"];
    assert_eq!(second.outcomes(), expected);
    assert_eq!(foretold.outcomes(), expected);

    let third = desk.run(&["fetch", "--json"]).exits(69);
    assert_eq!(third.outcomes(), ["failed/too-many-attempts -"]);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
}

#[test]
fn a_message_that_is_left_out_of_an_answer_is_asked_for_alone() {
    let desk = desk(Oddity::LeavesOut(2));
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes().len(), 5);
    assert!(run.outcomes().iter().all(|outcome| outcome.starts_with("created/new ")));
}
