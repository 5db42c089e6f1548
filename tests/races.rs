//! Two runs at one store, and two programs at one mailbox: nothing is lost, nothing is taken twice, nobody is blocked.

use std::fs;
use std::process::{Child, Stdio};

use helpdesk_mail::mailbox::Tls;

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::{Dovecot, Options};
use crate::support::gate::Gate;
use crate::support::letter::Letter;

const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\n";

fn section(name: &str, toml: &str) -> String {
    format!("[mailbox.{name}]\nqueue = \"support\"\n{toml}\n")
}

/// A desk of its own, with a store of its own, at this port of the server.
fn desk(server: &Dovecot, port: u16, keys: &str) -> Desk {
    let toml = server.mailbox_toml("support", Tls::None).replace(&server.port.to_string(), &port.to_string());
    Desk::configured(&format!("{QUEUE}{}", section("support", &format!("{toml}{keys}\n"))))
}

fn deliver(server: &Dovecot, count: u32) {
    for n in 1..=count {
        server.deliver("support", "INBOX", &Letter::new(&format!("{n}@x"), &format!("Mail {n}")).bytes());
    }
}

fn start(desk: &Desk, arguments: &[&str]) -> Child {
    let mut command = desk.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(run: Child) -> Run {
    Run::of(run.wait_with_output().unwrap())
}

/// The titles of a desk's tickets.
fn tickets(desk: &Desk) -> Vec<String> {
    let rows = desk.run(&["ticket", "list", "--json"]).exits(0).json();
    let mut titles: Vec<String> = rows.iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect();
    titles.sort();
    titles
}

#[test]
fn of_two_runs_at_one_mailbox_the_second_leaves_with_75_at_once_and_fetches_its_others() {
    let server = Dovecot::start();
    let gate = Gate::before(server.port);
    let toml =
        server.mailbox_toml("support", Tls::None).replace(&server.port.to_string(), &gate.port.to_string());
    let maildir = "type = \"maildir\"\npath = \"mail\"\n";
    let desk = Desk::configured(&format!("{QUEUE}{}{}", section("server", &toml), section("local", maildir)));
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(desk.path("mail").join(part)).unwrap();
    }
    deliver(&server, 3);
    let stop = gate.stop_before("BODY.PEEK");
    let first = start(&desk, &["fetch", "--mailbox", "server", "--json"]);
    stop.meanwhile(|| {
        desk.deliver("1", &Letter::new("local@x", "Local").bytes());
        let second = desk.run(&["fetch", "--json"]).exits(75);
        assert_eq!(second.outcomes(), ["created/new support-1"]);
        let lines = second.lines("mailbox");
        assert_eq!((&lines[0]["status"], &lines[1]["status"]), (&"locked".into(), &"ok".into()));
        assert_eq!(lines[0]["error"]["error_code"], "mailbox.locked");
        desk.run(&["fetch", "--dry-run"]).exits(0);
        desk.run(&["outcomes", "--reconcile"]).exits(0);
    });
    assert_eq!(end(first).exits(0).outcomes().len(), 3);
    assert_eq!(tickets(&desk), ["Local", "Mail 1", "Mail 2", "Mail 3"]);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
}

/// What each of two programs with stores of their own took, where the second ran wholly while the first stood before
/// `command`; both end with 0.
fn two_programs(options: Options, keys: &str, command: &str) -> (Dovecot, [usize; 2]) {
    let server = Dovecot::start_with(options);
    server.create_folder("support", "Done");
    let gate = Gate::before(server.port);
    let (one, other) = (desk(&server, gate.port, keys), desk(&server, server.port, keys));
    deliver(&server, 3);
    let stop = gate.stop_before(command);
    let first = start(&one, &["fetch", "--json"]);
    stop.meanwhile(|| other.run(&["fetch", "--json"]).exits(0));
    let first = end(first).exits(0);
    assert_eq!(first.stderr, "");
    for desk in [&one, &other] {
        let run = desk.run(&["fetch", "--json"]).exits(0);
        assert_eq!((run.outcomes(), run.stderr), (Vec::new(), String::new()));
        desk.run(&["outcomes", "--reconcile"]).exits(0);
        let all = tickets(desk);
        assert!(all.is_empty() || all == ["Mail 1", "Mail 2", "Mail 3"], "{all:?}");
    }
    assert_eq!(server.flags("support", "INBOX"), [""; 0]);
    (server, [tickets(&one).len(), tickets(&other).len()])
}

#[test]
fn two_programs_that_delete_take_each_message_once_each_or_once_in_all() {
    let delete = |command: &str| two_programs(Options::default(), "on_success = \"delete\"", command).1;
    assert_eq!(delete("BODY.PEEK"), [0, 3], "listed by the first, gone when it wants to read");
    assert_eq!(delete("UID STORE"), [3, 3], "read by both before it was gone");
    assert_eq!(delete("UID EXPUNGE"), [3, 0], "flagged by the first, so that the second leaves it alone");
}

#[test]
fn two_programs_that_move_leave_one_copy_of_each_message() {
    let at = |command: &str| {
        let (server, taken) = two_programs(Options::default(), "on_success = \"move:Done\"", command);
        (taken, server.flags("support", "Done").len())
    };
    assert_eq!(at("BODY.PEEK"), ([0, 3], 3));
    assert_eq!(at("UID MOVE"), ([3, 3], 3));
}

#[test]
fn two_programs_that_copy_and_remove_lose_nothing() {
    let copying = || Options { capability: Some("IMAP4rev1 UIDPLUS"), ..Options::default() };
    let at = |command: &str| {
        let (server, taken) = two_programs(copying(), "on_success = \"move:Done\"", command);
        (taken, server.flags("support", "Done").len())
    };
    assert_eq!(at("UID COPY"), ([3, 3], 3), "what is gone is not copied");
    assert_eq!(at("UID EXPUNGE"), ([3, 0], 3));
}

/// POP3 has one session at a time (RFC 1939 section 3), which Dovecot does not insist on.
#[test]
fn two_programs_at_one_pop3_account_take_each_message_once_each_or_once_in_all() {
    // What is gone is still listed in the session that stands at the gate, so that it is put off once.
    for (command, code, expected) in [("RETR 1", 75, [0, 3]), ("DELE 1", 0, [3, 3]), ("QUIT", 0, [3, 3])] {
        let server = Dovecot::start();
        let gate = Gate::before(server.pop3_port);
        let at = |port: u16| {
            let toml = server
                .pop3_toml("support", Tls::None)
                .replace(&server.pop3_port.to_string(), &port.to_string());
            let toml = format!("{toml}on_success = \"delete\"\n");
            Desk::configured(&format!("{QUEUE}{}", section("support", &toml)))
        };
        let (one, other) = (at(gate.port), at(server.pop3_port));
        deliver(&server, 3);
        let stop = gate.stop_before(command);
        let first = start(&one, &["fetch", "--json"]);
        stop.meanwhile(|| other.run(&["fetch", "--json"]).exits(0));
        end(first).exits(code);
        for desk in [&one, &other] {
            desk.run(&["fetch"]).exits(0);
        }
        assert_eq!([tickets(&one).len(), tickets(&other).len()], expected, "{command}");
        assert_eq!(server.flags("support", "INBOX"), [""; 0]);
    }
}

#[test]
fn programs_that_run_freely_side_by_side_lose_nothing_and_take_nothing_twice() {
    const MAILS: u32 = 40;
    let server = Dovecot::start();
    server.create_folder("support", "Done");
    for keys in ["on_success = \"delete\"\nbatch_size = 1", "on_success = \"move:Done\"\nbatch_size = 3"] {
        let desks = [desk(&server, server.port, keys), desk(&server, server.port, keys)];
        deliver(&server, MAILS);
        let runs = [start(&desks[0], &["fetch", "--json"]), start(&desks[1], &["fetch", "--json"])];
        runs.into_iter().for_each(|run| drop(end(run).exits(0)));
        let mut all: Vec<String> = Vec::new();
        for desk in &desks {
            let mut titles = tickets(desk);
            let count = titles.len();
            titles.dedup();
            assert_eq!(titles.len(), count, "taken twice");
            all.extend(titles);
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), MAILS as usize);
        assert_eq!(server.flags("support", "INBOX"), [""; 0]);
    }
    // Two MOVEs at once may copy a message twice on a server; at least once it must be there.
    let done = desk(&server, server.port, "folder = \"Done\"");
    done.run(&["fetch"]).exits(0);
    assert_eq!(tickets(&done).len(), MAILS as usize);
}

#[test]
fn a_message_that_a_person_removes_while_others_are_moved_is_no_trouble() {
    let server = Dovecot::start();
    server.create_folder("support", "Done");
    let gate = Gate::before(server.port);
    let desk = desk(&server, gate.port, "on_success = \"move:Done\"");
    deliver(&server, 3);
    let stop = gate.stop_before("UID MOVE");
    let run = start(&desk, &["fetch", "--json"]);
    stop.meanwhile(|| {
        let mut person = server.session("support");
        person.run("SELECT INBOX");
        person.run("UID STORE 2 +FLAGS (\\Deleted)");
        person.run("UID EXPUNGE 2");
    });
    let run = end(run).exits(0);
    assert_eq!((run.outcomes().len(), run.stderr.as_str()), (3, ""));
    assert_eq!(server.flags("support", "INBOX"), [""; 0]);
    assert_eq!(server.flags("support", "Done").len(), 2);
}

/// A backup is put in the place of the store while cron is at work.
#[test]
fn of_what_is_written_to_a_store_that_was_taken_away_no_mailbox_is_told() {
    let server = Dovecot::start();
    let gate = Gate::before(server.port);
    let desk = desk(&server, gate.port, "on_success = \"delete\"\nbatch_size = 1");
    deliver(&server, 3);
    let stop = gate.stop_before("BODY.PEEK");
    let run = start(&desk, &["fetch", "--json"]);
    stop.meanwhile(|| fs::rename(desk.path("desk.db"), desk.path("away.db")).unwrap());
    let run = end(run).exits(74);
    assert_eq!(run.lines("mailbox")[0]["error"]["error_code"], "store.unavailable");
    assert_eq!(server.flags("support", "INBOX").len(), 3);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes().len(), 3);
}
