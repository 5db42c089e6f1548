//! Several queues and mailboxes: one mail in many places, tickets of other queues, folders that are not there.

use std::fs;

use crate::support::desk::Desk;
use crate::support::letter::Letter;

/// Queues and Maildirs `support` and `sales`.
fn desk() -> Desk {
    let part = |name: &str| {
        format!(
            "[queue.{name}]\naddress = \"{name}@example.org\"\n\
             [mailbox.{name}]\ntype = \"maildir\"\nqueue = \"{name}\"\npath = \"{name}\"\n"
        )
    };
    let desk = Desk::configured(&(part("sales") + &part("support")));
    for mailbox in ["sales", "support"] {
        for folder in ["new", "cur", "tmp"] {
            fs::create_dir_all(desk.path(mailbox).join(folder)).unwrap();
        }
    }
    desk
}

fn deliver(desk: &Desk, mailbox: &str, name: &str, letter: &Letter) {
    fs::write(desk.path(mailbox).join("new").join(name), letter.bytes()).unwrap();
}

#[test]
fn a_mail_to_two_queues_is_a_ticket_in_each_and_an_answer_that_reaches_both_is_on_its_ticket_once() {
    let desk = desk();
    let both = Letter::new("a@x", "Offer").with("Cc", "support@example.org");
    deliver(&desk, "sales", "01", &both);
    deliver(&desk, "support", "01", &both);
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new sales-1", "created/new support-2"]);

    let answer = Letter::new("b@x", "[SALES-1] more");
    deliver(&desk, "sales", "02", &answer);
    deliver(&desk, "support", "02", &answer);
    let foretold = desk.run(&["fetch", "--dry-run", "--json"]).exits(0).outcomes();
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["updated/subject sales-1", "duplicate/message-id sales-1"]);
    assert_eq!(foretold, run.outcomes());
    let messages = desk.run(&["ticket", "show", "1", "--json"]).json()[0]["messages"].clone();
    assert_eq!(messages.as_array().unwrap().len(), 2);
}

#[test]
fn the_same_answer_twice_in_a_mailbox_of_another_queue_is_on_its_ticket_once() {
    let desk = desk();
    deliver(&desk, "sales", "01", &Letter::new("a@x", "Offer"));
    desk.run(&["fetch"]).exits(0);
    let answer = Letter::new("b@x", "Re: Offer").answers("a@x");
    deliver(&desk, "support", "02", &answer);
    deliver(&desk, "support", "03", &answer);
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["updated/in-reply-to sales-1", "duplicate/message-id sales-1"]);
}

#[test]
fn a_baseline_settles_also_what_nobody_knows_the_age_of() {
    let desk = Desk::new("[mailbox.box]\ntype = \"mbox\"\nqueue = \"support\"\npath = \"box\"\n");
    let mail = String::from_utf8(Letter::new("a@x", "Old").bytes()).unwrap();
    fs::write(desk.path("box"), format!("From somebody\n{mail}\n")).unwrap();
    assert_eq!(desk.run(&["fetch", "--baseline", "--json"]).exits(0).outcomes(), ["ignored/baseline -"]);
}

#[test]
fn the_ledger_and_the_ticket_name_the_author_that_the_run_named() {
    let desk = desk();
    let group = Letter::new("a@x", "Printer").from("support@example.org");
    deliver(&desk, "support", "01", &group.with("X-Original-From", "Bob <bob@example.net>"));
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.lines("message")[0]["from"], "bob@example.net");
    assert_eq!(desk.run(&["outcomes", "--json"]).json()[0]["from"], "bob@example.net");
    let ticket = desk.run(&["ticket", "show", "1", "--json"]).json().remove(0);
    assert_eq!(ticket["messages"][0]["from"]["address"], "bob@example.net");
    assert_eq!(ticket["requester"]["address"], "bob@example.net");
}
