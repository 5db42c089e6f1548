//! The whole road over a real POP3 server, through the program itself.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use helpdesk_mail::mailbox::Tls;

use crate::support::desk::Desk;
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;
use crate::support::script::{Script, Step};

const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\n";

fn mailbox(server: &Dovecot, tls: Tls, keys: &str) -> String {
    format!("{QUEUE}[mailbox.support]\nqueue = \"support\"\n{}{keys}\n", server.pop3_toml("support", tls))
}

fn deliver(server: &Dovecot, letter: &Letter) {
    server.deliver("support", "INBOX", &letter.bytes());
}

fn there(server: &Dovecot) -> usize {
    server.flags("support", "INBOX").len()
}

/// How many messages the watermark passes.
fn mark(desk: &Desk) -> String {
    let store = rusqlite::Connection::open(desk.path("desk.db")).unwrap();
    let select = "SELECT substr(watermark, 1, instr(watermark, ':')) FROM source";
    store.query_row(select, [], |row| row.get(0)).unwrap()
}

#[test]
fn mail_that_is_left_on_the_server_is_fetched_once() {
    let server = Dovecot::start();
    let desk = Desk::configured(&mailbox(&server, Tls::Implicit, ""));
    for n in 0..5 {
        deliver(&server, &Letter::new(&format!("{n}@x"), "Mail"));
    }
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes().len(), 5);
    assert_eq!(there(&server), 5);

    server.forget_commands();
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), [""; 0]);
    let line = &run.lines("mailbox")[0];
    assert_eq!((line["listed"].as_u64(), line["new"].as_u64()), (Some(5), Some(0)));
    assert_eq!(server.pop3_commands(), ["CAPA", "STAT", "LIST", "UIDL", "QUIT"]);

    deliver(&server, &Letter::new("new@x", "New"));
    server.forget_commands();
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-6"]);
    assert_eq!(server.pop3_commands(), ["CAPA", "STAT", "LIST", "UIDL", "RETR 6", "QUIT"]);
}

#[test]
fn what_stands_where_it_stood_is_not_looked_for_and_what_moved_or_was_reset_is() {
    let server = Dovecot::start();
    let desk = Desk::configured(&mailbox(&server, Tls::None, ""));
    for n in 1..=3 {
        deliver(&server, &Letter::new(&format!("{n}@x"), "Mail"));
    }
    let store = || rusqlite::Connection::open(desk.path("desk.db")).unwrap();
    let mark = || mark(&desk);
    let fetched =
        |arguments: &[&str]| desk.run(&[&["fetch", "--json"], arguments].concat()).exits(0).outcomes();
    assert_eq!(fetched(&["--limit", "2"]).len(), 2);
    assert_eq!(mark(), "2:");
    assert_eq!(fetched(&[]), ["created/new support-3"]);
    assert_eq!(mark(), "3:");

    // Nothing is asked of the ledger for what stands there: without its row nobody misses it.
    store().execute("DELETE FROM outcome WHERE id = 1", []).unwrap();
    assert_eq!(fetched(&[]), [""; 0]);
    let audit = desk.run(&["outcomes", "--reconcile", "--json"]).exits(1).lines("mailbox").remove(0);
    assert_eq!(audit["counts"]["unknown"], 1, "{audit}");
    desk.run(&["outcomes", "reset", "--unknown"]).exits(0);
    assert_eq!(mark(), "3:");
    assert_eq!(fetched(&[]), ["duplicate/message-id support-1"]);

    // One goes from the middle, one comes: the others are looked for and found.
    let mut session = server.session("support");
    for command in ["SELECT INBOX", "STORE 2 +FLAGS (\\Deleted)", "EXPUNGE"] {
        session.run(command);
    }
    deliver(&server, &Letter::new("4@x", "Mail"));
    assert_eq!(fetched(&[]), ["created/new support-4"]);
    assert_eq!(mark(), "3:");

    // What a person wants to have taken again is taken.
    desk.run(&["outcomes", "reset", "3"]).exits(0);
    assert_eq!(fetched(&[]), ["duplicate/message-id support-3"]);
}

#[test]
fn update_only_settles_all_and_deletes_what_it_was_told_to() {
    let server = Dovecot::start();
    let desk = Desk::configured(&mailbox(&server, Tls::StartTls, "on_success = \"delete\""));
    deliver(&server, &Letter::new("first@x", "Printer"));
    desk.run(&["fetch"]).exits(0);
    assert_eq!(there(&server), 0);
    desk.configure(&mailbox(&server, Tls::StartTls, "on_success = \"delete\"\nupdate_only = true"));
    deliver(&server, &Letter::new("1@x", "no id at all"));
    deliver(&server, &Letter::new("2@x", "Re: Printer").answers("first@x"));
    deliver(&server, &Letter::new("3@x", "[support-4711] unknown"));
    let run = desk.run(&["fetch", "--json"]).exits(0);
    let expected = ["skipped/no-ticket-id -", "updated/in-reply-to support-1", "skipped/unknown-ticket -"];
    assert_eq!(run.outcomes(), expected);
    assert_eq!(there(&server), 2);
    assert_eq!(mark(&desk), "2:", "of what is deleted no watermark speaks");
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
}

#[test]
fn a_dry_run_changes_nothing() {
    let server = Dovecot::start();
    let desk = Desk::configured(&mailbox(&server, Tls::None, "on_success = \"delete\""));
    deliver(&server, &Letter::new("a@x", "Mail"));
    let run = desk.run(&["fetch", "--dry-run", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    assert_eq!(server.flags("support", "INBOX"), ["1"]);
    let check = desk.run(&["check", "--connect", "--json"]).exits(0);
    assert!(check.lines("mailbox")[0]["capabilities"].to_string().contains("UIDL"));
    assert!(!server.pop3_commands().iter().any(|line| line == "QUIT" || line.starts_with("DELE")));
    desk.run(&["fetch"]).exits(0);
    assert_eq!(there(&server), 0);
}

#[test]
fn a_baseline_settles_what_is_there_unread() {
    let server = Dovecot::start();
    let desk = Desk::configured(&mailbox(&server, Tls::None, "on_success = \"delete\""));
    deliver(&server, &Letter::new("old@x", "Old"));
    let run = desk.run(&["fetch", "--baseline", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["ignored/baseline -"]);
    deliver(&server, &Letter::new("new@x", "New"));
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-1"]);
    assert_eq!(there(&server), 1);
    assert!(!server.pop3_commands().contains(&"RETR 1".to_owned()), "the old one is never read");
}

#[test]
fn an_oversize_message_becomes_a_ticket_and_stays_where_it_is() {
    let server = Dovecot::start();
    let keys = "on_success = \"delete\"\nmax_message_size = \"300KB\"";
    let desk = Desk::configured(&mailbox(&server, Tls::Implicit, keys));
    let large = "a line of text that is long enough\r\n".repeat(20_000);
    deliver(&server, &Letter::new("a@x", "Large").body(&large));
    deliver(&server, &Letter::new("b@x", "Small"));
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-1", "created/new support-2"]);
    assert_eq!(there(&server), 1);
    let row = desk.run(&["outcomes", "--json"]).exits(0).json().remove(0);
    assert!(row["notes"].to_string().contains("truncated"), "{row}");
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
}

/// Passes one connection after the other on to a server; each ends when the program says its word, `""` for never.
fn relay(server: u16, words: Vec<&'static str>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for word in words {
            let (mut client, _) = listener.accept().unwrap();
            let mut upstream = TcpStream::connect(("127.0.0.1", server)).unwrap();
            let (mut answers, mut back) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
            let answers = std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
            let mut block = [0; 4096];
            let mut said = Vec::new();
            while let Ok(octets @ 1..) = client.read(&mut block) {
                said.extend_from_slice(&block[..octets]);
                if !word.is_empty() && said.windows(word.len()).any(|part| part == word.as_bytes()) {
                    break;
                }
                upstream.write_all(&block[..octets]).unwrap();
            }
            let _ = client.shutdown(std::net::Shutdown::Both);
            let _ = upstream.shutdown(std::net::Shutdown::Both);
            let _ = answers.join();
        }
    });
    port
}

/// The configuration with the port of a relay.
fn relayed(server: &Dovecot, port: u16) -> String {
    mailbox(server, Tls::None, "on_success = \"delete\"")
        .replace(&format!("port = {}\n", server.pop3_port), &format!("port = {port}\n"))
}

#[test]
fn a_connection_that_dies_at_any_word_costs_nothing() {
    for word in ["CAPA", "STAT", "LIST", "UIDL", "RETR", "DELE", "QUIT"] {
        let server = Dovecot::start();
        deliver(&server, &Letter::new("a@x", "One"));
        deliver(&server, &Letter::new("b@x", "Two"));
        let desk = Desk::configured(&relayed(&server, relay(server.pop3_port, vec![word, "", ""])));
        // In the middle of a message the same run comes back.
        let run = desk.run(&["fetch", "--json"]).exits(if word == "RETR" { 0 } else { 69 });
        let settled = if ["RETR", "DELE", "QUIT"].contains(&word) { 2 } else { 0 };
        assert_eq!(run.outcomes().len(), settled, "{word}");
        let left = if word == "RETR" { 0 } else { 2 };
        assert_eq!(there(&server), left, "{word}: nothing is deleted before QUIT");
        let run = desk.run(&["fetch", "--json"]).exits(0);
        assert_eq!(run.outcomes().len(), 2 - settled, "{word}");
        assert_eq!(desk.run(&["ticket", "list", "--json"]).json().len(), 2, "{word}");
        assert_eq!(there(&server), 0, "{word}");
    }
}

#[test]
fn what_is_owed_is_paid_by_the_next_run_without_reading_it_again() {
    let server = Dovecot::start();
    let desk = Desk::configured(&relayed(&server, relay(server.pop3_port, vec!["QUIT", "", ""])));
    deliver(&server, &Letter::new("a@x", "One"));
    assert_eq!(desk.run(&["fetch", "--json"]).exits(69).outcomes(), ["created/new support-1"]);
    assert_eq!(there(&server), 1);
    server.forget_commands();
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
    assert_eq!(there(&server), 0);
    assert_eq!(server.pop3_commands(), ["CAPA", "STAT", "LIST", "UIDL", "DELE 1", "QUIT"]);
    server.forget_commands();
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
    assert_eq!(server.pop3_commands(), ["CAPA", "STAT", "LIST", "UIDL", "QUIT"], "nothing is owed any more");
}

#[test]
fn without_unique_ids_the_content_tells_what_was_seen() {
    use Step::{Line, Send};
    let mail = |status: &str, n: u32| {
        let text = format!("From: a@x\r\nMessage-ID: <{n}@x>\r\nSubject: {n}\r\n{status}\r\n.dot\r\n");
        Step::SendOwned(format!("+OK\r\n{}.\r\n", text.replace("\r\n.", "\r\n..")).into_bytes())
    };
    let session = |status: &'static str| {
        vec![
            Send("+OK\r\n"),
            Line("CAPA"),
            Send("-ERR\r\n"),
            Line("USER"),
            Send("+OK\r\n"),
            Line("PASS"),
            Send("+OK\r\n"),
            Line("STAT"),
            Send("+OK 2 200\r\n"),
            Line("LIST"),
            Send("+OK\r\n1 100\r\n2 100\r\n.\r\n"),
            Line("UIDL"),
            Send("-ERR\r\n"),
            Line("RETR 2"),
            mail(status, 2),
            Line("RETR 1"),
            mail(status, 1),
            Line("QUIT"),
            Send("+OK\r\n"),
        ]
    };
    let script = Script::start_each(vec![session(""), session("Status: RO\r\n")]);
    let desk = Desk::configured(&format!(
        "{QUEUE}[mailbox.support]\ntype = \"pop3\"\nqueue = \"support\"\nhost = \"127.0.0.1\"\nport = {}\n\
         tls = \"none\"\nusername = \"support\"\npassword = \"secret\"\n",
        script.port
    ));
    let first = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(first.outcomes(), ["created/new support-1", "created/new support-2"]);
    let second = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(second.outcomes(), [""; 0]);
    assert_eq!(second.lines("mailbox")[0]["listed"], 2);
    script.finish();
}
