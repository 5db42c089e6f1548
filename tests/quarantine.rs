//! The quarantine: what failed waits as it came, walks the whole road again by hand alone, and goes by its number alone.

use helpdesk_mail::mailbox::Tls;
use sha2::{Digest as _, Sha256};

use crate::support::desk::Desk;
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;

/// Nothing can be made out in it, and it has all that is easily damaged: NULs, bare CRs and LFs, octets of no charset,
/// blanks at ends of lines, and no end of its last line.
const ODD: &[u8] = b"X-Odd: a\0b \xff\xfe\x80\r\nX-Bare: c\rd\nX-Last: \r\n\r\n \r \n\r\n  \r  ";

/// The row of the one message in quarantine, and its octets.
fn kept(desk: &Desk) -> (serde_json::Value, Vec<u8>) {
    let mut rows = desk.run(&["quarantine", "list", "--json"]).exits(0).json();
    assert_eq!(rows.len(), 1);
    let row = rows.remove(0);
    let output = desk.command(&["quarantine", "export", &row["id"].to_string()]).output().unwrap();
    assert!(output.status.success());
    (row, output.stdout)
}

/// The message in quarantine is this one, to the octet.
fn is_kept(desk: &Desk, octets: &[u8]) {
    let (row, exported) = kept(desk);
    assert_eq!(exported.escape_ascii().to_string(), octets.escape_ascii().to_string());
    let sha256: String = Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!((&row["sha256"], &row["size"]), (&sha256.into(), &octets.len().into()));
    let file = desk.path("kept.eml");
    desk.run(&["quarantine", "export", &row["id"].to_string(), "--output", file.to_str().unwrap()]).exits(0);
    assert!(std::fs::read(file).unwrap() == octets);
}

#[test]
fn an_odd_message_of_a_maildir_is_exported_as_the_file_is() {
    let desk = Desk::with_maildir("");
    let odd = [ODD, b"\0\0 \0"].concat();
    desk.deliver("01", &odd);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(1).outcomes(), ["failed/unreadable -"]);
    is_kept(&desk, &odd);
}

#[test]
fn an_odd_message_of_a_server_is_exported_as_the_server_gives_it() {
    let server = Dovecot::start();
    let toml = server.mailbox_toml("support", Tls::Implicit);
    let desk = Desk::new(&format!("[mailbox.support]\nqueue = \"support\"\n{toml}"));
    server.place("support", "odd", ODD);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(1).outcomes(), ["failed/unreadable -"]);
    let mut session = server.session("support");
    session.run("EXAMINE INBOX");
    let given = session.literal("UID FETCH 1 (BODY.PEEK[])");
    assert!(given.len() >= ODD.len() && given.contains(&0xff), "{}", given.escape_ascii());
    is_kept(&desk, &given);
}

/// A message whose From and In-Reply-To stand behind more fields than are read.
fn behind_many_fields(id: &str, answers: &str) -> Vec<u8> {
    let fields: String = (0..120).map(|n| format!("X-Field-{n}: x\r\n")).collect();
    let letter = String::from_utf8(Letter::new(id, "Late").answers(answers).body("").bytes()).unwrap();
    (fields + &letter).into_bytes()
}

#[test]
fn a_retry_walks_the_whole_road_again_by_hand_alone_and_the_mailbox_is_told() {
    let desk = Desk::with_maildir("on_success = \"delete\"");
    let roomy = std::fs::read_to_string(desk.path("desk.toml")).unwrap();
    let strict = format!("{roomy}\n[limits]\nheader_fields = 100\n");
    desk.deliver("01", &Letter::new("first@x", "Printer").bytes());
    desk.run(&["fetch"]).exits(0);
    desk.deliver("02", &behind_many_fields("second@x", "first@x"));
    std::fs::write(desk.path("desk.toml"), strict).unwrap();
    assert_eq!(desk.run(&["fetch", "--json"]).exits(1).outcomes(), ["failed/unreadable -"]);
    let (row, _) = kept(&desk);
    let id = row["id"].to_string();
    assert_eq!(
        desk.run(&["quarantine", "retry", &id, "--json"]).exits(1).outcomes(),
        ["failed/unreadable -"],
        "it waits on where nothing has changed"
    );

    std::fs::write(desk.path("desk.toml"), roomy).unwrap();
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0], "no run takes it by itself");
    assert_eq!(kept(&desk).0["id"], row["id"]);
    assert_eq!(
        desk.run(&["quarantine", "retry", &id, "--json"]).exits(0).outcomes(),
        ["updated/in-reply-to support-1"]
    );
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).json().len(), 0);
    desk.run(&["quarantine", "retry", &id]).exits(66);
    let outcomes = desk.run(&["outcomes", "--json"]).exits(0).outcomes();
    assert_eq!(outcomes, ["created/new support-1", "updated/in-reply-to support-1"], "one row for each item");
    assert_eq!(desk.snapshot("mail").len(), 1);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
    assert_eq!(desk.snapshot("mail").len(), 0, "the next fetch tells the mailbox");
}

#[test]
fn a_message_is_dropped_by_its_number_alone_and_is_not_taken_again() {
    let desk = Desk::with_maildir("");
    desk.deliver("01", b"\r\n");
    desk.deliver("02", b"\r\n\r\n");
    desk.run(&["fetch"]).exits(1);
    for wrong in
        [&["quarantine", "drop"][..], &["quarantine", "drop", "--all"], &["quarantine", "drop", "1x"]]
    {
        desk.run(wrong).exits(64);
    }
    desk.run(&["quarantine", "drop", "99"]).exits(66);
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).json().len(), 2);
    desk.run(&["quarantine", "drop", "1"]).exits(0);
    assert_eq!(kept(&desk).1, b"\r\n\r\n");
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
    let outcomes = desk.run(&["outcomes", "--json"]).exits(0).outcomes();
    assert_eq!(outcomes, ["failed/unreadable -"; 2], "its outcome stays");
}

#[test]
fn a_failed_message_that_was_deleted_is_retried_as_one_and_the_same() {
    let desk = Desk::new(
        "[mailbox.box]\ntype = \"mbox\"\nqueue = \"support\"\npath = \"box\"\non_failure = \"delete\"\n",
    );
    std::fs::write(desk.path("box"), "From x Fri Nov 20 10:00:00 2026\nX-Nothing: of use\n\n \n\n").unwrap();
    desk.run(&["fetch"]).exits(1);
    assert_eq!(std::fs::read(desk.path("box")).unwrap(), b"");
    for _ in 0..2 {
        let again = desk.run(&["quarantine", "retry", "--all", "--json"]).exits(1);
        assert_eq!(again.outcomes(), ["failed/unreadable -"]);
        assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).json().len(), 1);
        assert_eq!(desk.run(&["outcomes", "--json"]).exits(0).json().len(), 1);
    }
}

#[test]
fn what_is_asked_for_no_more_makes_nothing_new() {
    let keys = "type = \"directory\"\nqueue = \"support\"\npath = \"in\"\n";
    let desk = Desk::new(&format!("[mailbox.in]\n{keys}on_success = \"move:nowhere\"\n"));
    std::fs::create_dir(desk.path("in")).unwrap();
    std::fs::write(desk.path("in/a.eml"), "From: a@b.example\n\nno Message-ID\n").unwrap();
    let run = desk.run(&["fetch", "--json"]).exits(69);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    desk.configure(&format!("[queue.support]\n[mailbox.in]\n{keys}"));
    for _ in 0..2 {
        assert_eq!(desk.run(&["fetch", "--dry-run", "--json"]).exits(0).outcomes(), [""; 0]);
        assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
    }
}
