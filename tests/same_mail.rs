//! A mail that went to several queues is a ticket in each, or in one of them, whoever is first; no other mail is taken
//! for it.

use std::fs;

use helpdesk_mail::mailbox::Tls;
use serde_json::{Value, json};

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;

/// Queues `sales` and `support` with these keys and a Maildir for each.
fn desk(keys: &str) -> Desk {
    let part = |name: &str| {
        format!(
            "[queue.{name}]\naddress = \"{name}@example.org\"\n{keys}\n\
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

fn to_both(desk: &Desk, name: &str, letter: &Letter) {
    deliver(desk, "sales", name, letter);
    deliver(desk, "support", name, letter);
}

/// Fetches after a dry run has foretold the same.
fn fetch(desk: &Desk) -> Run {
    let foretold = desk.run(&["fetch", "--dry-run", "--json"]).exits(0).outcomes();
    let run = desk.run(&["fetch", "--json", "--jobs", "1"]).exits(0);
    assert_eq!(foretold, run.outcomes());
    run
}

fn ticket(desk: &Desk, id: &str) -> Value {
    desk.run(&["ticket", "show", id, "--json"]).exits(0).json().remove(0)
}

fn ids(ticket: &Value) -> Vec<&str> {
    let messages = ticket["messages"].as_array().unwrap().iter();
    messages.map(|message| message["message_id"].as_str().unwrap()).collect()
}

fn offer() -> Letter {
    Letter::new("offer@x", "Offer").with("Cc", "sales@example.org")
}

fn answer() -> Letter {
    Letter::new("answer@x", "Re: Offer").answers("offer@x").with("Cc", "sales@example.org")
}

#[test]
fn with_one_per_queue_each_has_a_linked_ticket_and_each_answer_once() {
    let desk = desk("same_mail = \"one-per-queue\"");
    to_both(&desk, "1", &offer());
    to_both(&desk, "2", &answer());
    let run = fetch(&desk);
    let expected = ["created/new sales-1", "updated/in-reply-to sales-1"];
    assert_eq!(run.outcomes()[..2], expected);
    assert_eq!(run.outcomes()[2..], ["created/new support-2", "updated/in-reply-to support-2"]);
    let ledger = desk.run(&["outcomes", "--json"]).stdout;
    assert!(ledger.contains("the same mail is on sales-1"), "{ledger}");
    for (id, other) in [("1", "support-2"), ("2", "sales-1")] {
        let ticket = ticket(&desk, id);
        assert_eq!((&ticket["linked_to"], ids(&ticket)), (&json!([other]), vec!["offer@x", "answer@x"]));
    }
    to_both(&desk, "3", &answer());
    assert_eq!(fetch(&desk).outcomes(), ["duplicate/message-id sales-1", "duplicate/message-id support-2"]);
}

#[test]
fn what_reaches_one_queue_goes_to_the_ticket_of_that_queue() {
    let desk = desk("");
    to_both(&desk, "1", &offer());
    fetch(&desk);
    deliver(&desk, "sales", "2", &answer());
    assert_eq!(fetch(&desk).outcomes(), ["updated/in-reply-to sales-1"]);
    deliver(&desk, "support", "3", &Letter::new("again@x", "Re: Offer").answers("answer@x"));
    assert_eq!(fetch(&desk).outcomes(), ["updated/in-reply-to sales-1"], "nothing else holds that answer");
}

#[test]
fn with_one_the_first_queue_has_the_ticket_and_the_other_a_duplicate() {
    let desk = desk("same_mail = \"one\"");
    to_both(&desk, "1", &offer());
    to_both(&desk, "2", &answer());
    let expected = [
        "created/new sales-1",
        "updated/in-reply-to sales-1",
        "duplicate/message-id sales-1",
        "duplicate/message-id sales-1",
    ];
    assert_eq!(fetch(&desk).outcomes(), expected);
    assert_eq!(ids(&ticket(&desk, "1")), ["offer@x", "answer@x"]);
    let flags: Vec<_> = desk.snapshot("support").into_keys().collect();
    assert!(flags.iter().all(|path| path.to_string_lossy().ends_with(",S")), "{flags:?}");
}

#[test]
fn with_one_it_does_not_matter_which_queue_is_first_nor_whether_the_answer_is() {
    let desk = desk("same_mail = \"one\"");
    deliver(&desk, "support", "1", &answer());
    fetch(&desk);
    deliver(&desk, "sales", "1", &answer());
    to_both(&desk, "2", &offer());
    let expected = [
        "duplicate/message-id support-1",
        "updated/referenced-by support-1",
        "duplicate/message-id support-1",
    ];
    assert_eq!(fetch(&desk).outcomes(), expected);
}

#[test]
fn with_one_per_queue_what_an_answer_in_each_names_joins_each() {
    let desk = desk("");
    to_both(&desk, "1", &answer());
    assert_eq!(fetch(&desk).outcomes(), ["created/new sales-1", "created/new support-2"]);
    to_both(&desk, "2", &offer());
    let expected = ["updated/referenced-by sales-1", "updated/referenced-by support-2"];
    assert_eq!(fetch(&desk).outcomes(), expected);
    deliver(&desk, "sales", "3", &offer().body("Other words.\r\n"));
    assert_eq!(fetch(&desk).outcomes(), ["created/new sales-3"], "that id has come");
}

#[test]
fn a_message_id_with_other_content_is_another_mail_everywhere() {
    for same_mail in ["one", "one-per-queue"] {
        let desk = desk(&format!("same_mail = \"{same_mail}\""));
        deliver(&desk, "sales", "1", &offer());
        deliver(&desk, "sales", "2", &offer().body("Other words.\r\n"));
        deliver(&desk, "support", "3", &offer().body("More words.\r\n"));
        let expected = ["created/new sales-1", "created/new sales-2", "created/new support-3"];
        assert_eq!(fetch(&desk).outcomes(), expected, "{same_mail}");
        assert_eq!(ticket(&desk, "3")["linked_to"], json!([]), "{same_mail}");
    }
}

#[test]
fn a_mail_without_an_id_is_taken_for_no_other() {
    let desk = desk("same_mail = \"one\"");
    let text = String::from_utf8(offer().bytes()).unwrap().replace("Message-ID: <offer@x>\r\n", "");
    for mailbox in ["sales", "support"] {
        fs::write(desk.path(mailbox).join("new/1"), &text).unwrap();
    }
    assert_eq!(fetch(&desk).outcomes(), ["created/new sales-1", "created/new support-2"]);
}

#[test]
fn a_merged_ticket_holds_its_mail_for_both_queues() {
    let desk = desk("");
    to_both(&desk, "1", &offer());
    deliver(&desk, "sales", "2", &answer());
    fetch(&desk);
    desk.run(&["ticket", "merge", "1", "2"]).exits(0);
    deliver(&desk, "support", "2", &answer());
    to_both(&desk, "3", &Letter::new("again@x", "Re: Offer").answers("offer@x"));
    let expected =
        ["updated/in-reply-to support-2", "duplicate/message-id support-2", "duplicate/message-id support-2"];
    assert_eq!(fetch(&desk).outcomes(), expected);
}

#[test]
fn a_rule_that_moves_mail_to_another_queue_moves_it_under_its_setting() {
    let rule = "[[rule]]\nname = \"moved\"\nmailboxes = [\"support\"]\nwhen = { subject = \"Offer\" }\n\
                then = { queue = \"sales\" }\n";
    let desk = desk("");
    let config = fs::read_to_string(desk.path("desk.toml")).unwrap();
    fs::write(desk.path("desk.toml"), config + rule).unwrap();
    to_both(&desk, "1", &offer());
    assert_eq!(fetch(&desk).outcomes(), ["created/new sales-1", "duplicate/message-id sales-1"]);
}

/// Two queues that are folders of one account, each with these mails and an answer to each.
fn served(server: &Dovecot, same_mail: &str, mails: usize) -> Desk {
    server.create_folder("support", "Sales");
    let account = server.mailbox_toml("support", Tls::None);
    let part = |name: &str, folder: &str| {
        format!(
            "[queue.{name}]\nsame_mail = \"{same_mail}\"\n\
             [mailbox.{name}]\nqueue = \"{name}\"\n{account}folder = \"{folder}\"\nbatch_size = 2\n"
        )
    };
    for n in 0..mails {
        let mail = Letter::new(&format!("{n}@x"), &format!("Mail {n}"));
        let answer = Letter::new(&format!("re{n}@x"), &format!("Re: Mail {n}")).answers(&format!("{n}@x"));
        for letter in [mail, answer] {
            ["Sales", "INBOX"].iter().for_each(|folder| server.deliver("support", folder, &letter.bytes()));
        }
    }
    Desk::configured(&(part("sales", "Sales") + &part("support", "INBOX")))
}

#[test]
fn with_several_workers_at_once_each_mail_is_on_one_ticket_or_on_one_of_each_queue() {
    const MAILS: usize = 12;
    for (same_mail, each) in [("one", 1), ("one-per-queue", 2)] {
        let server = Dovecot::start();
        let desk = served(&server, same_mail, MAILS);
        let run = desk.run(&["fetch", "--json", "--jobs", "2"]).exits(0);
        let counts = run.lines("summary")[0]["counts"].clone();
        let count = |word: &str| counts[word].as_u64().unwrap_or(0);
        let expected = (MAILS * each) as u64;
        assert_eq!((count("created"), count("updated")), (expected, expected), "{same_mail}");
        assert_eq!(count("duplicate"), 4 * MAILS as u64 - 2 * expected, "{same_mail}");
        let mut titles = Vec::new();
        for number in 1..=MAILS * each {
            let ticket = ticket(&desk, &number.to_string());
            assert_eq!(ids(&ticket).len(), 2, "{ticket}");
            assert_eq!(ticket["linked_to"].as_array().unwrap().len(), each - 1, "{ticket}");
            titles.push(format!(
                "{} {}",
                ticket["title"],
                if each == 1 { &Value::Null } else { &ticket["queue"] }
            ));
        }
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), MAILS * each, "{same_mail}");
    }
}
