//! `ingest` and `inspect`: messages that are handed over, by people and by mail servers.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::desk::{Desk, Run};
use crate::support::letter::Letter;

fn desk() -> Desk {
    Desk::new("")
}

fn with_stdin(desk: &Desk, arguments: &[&str], input: &[u8]) -> Run {
    let mut command = desk.command(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A wrong configuration is told without reading what stands on standard input.
    let _ = child.stdin.take().unwrap().write_all(input);
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn files_an_mbox_and_standard_input_walk_the_road() {
    let desk = desk();
    let file = desk.path("one.eml");
    fs::write(&file, Letter::new("a@x", "One").bytes()).unwrap();
    let mbox = desk.path("many.mbox");
    let text = |letter: Letter| String::from_utf8(letter.bytes()).unwrap().replace("\r\n", "\n");
    let first = text(Letter::new("b@x", "Two"));
    let second = text(Letter::new("c@x", "Re: One").answers("a@x").body(">From the start\n"));
    let from = "From alice@example.org Sat Nov 21 10:00:00 2026\n";
    fs::write(&mbox, format!("{from}{first}\n{from}{second}\n")).unwrap();
    let run = desk.run(&["ingest", "--json", file.to_str().unwrap(), mbox.to_str().unwrap()]).exits(0);
    let expected = ["created/new support-1", "created/new support-2", "updated/in-reply-to support-1"];
    assert_eq!(run.outcomes(), expected);
    let ticket = desk.run(&["ticket", "show", "1", "--json"]).exits(0).json().remove(0);
    assert_eq!(ticket["messages"][1]["text"].as_str().unwrap().trim(), "From the start");
    let run = with_stdin(&desk, &["ingest", "--json"], &Letter::new("d@x", "Three").bytes()).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-3"]);
}

#[test]
fn the_same_message_handed_over_twice_is_settled_already() {
    let desk = desk();
    let mail = Letter::new("a@x", "One").bytes();
    with_stdin(&desk, &["ingest", "--mta"], &mail).exits(0);
    let again = with_stdin(&desk, &["ingest", "--mta", "--json"], &mail).exits(0);
    assert_eq!(again.outcomes(), ["duplicate/already-settled support-1"]);
    assert_eq!(desk.run(&["ticket", "list", "--json"]).json().len(), 1);
}

#[test]
fn a_mail_server_hears_nothing_but_0_and_75() {
    let desk = desk();
    with_stdin(&desk, &["ingest", "--mta"], b"").exits(0);
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).json().len(), 1);
    desk.configure("[queue.support]\nadress = \"x\"\n");
    with_stdin(&desk, &["ingest", "--mta"], &Letter::new("a@x", "One").bytes()).exits(75);
    with_stdin(&desk, &["ingest", "--mta", "--nonsense"], b"x").exits(75);
    fs::remove_file(desk.path("desk.toml")).unwrap();
    with_stdin(&desk, &["ingest", "--mta"], b"x").exits(75);
}

#[test]
fn a_person_hears_what_is_wrong() {
    let desk = desk();
    with_stdin(&desk, &["ingest"], b"").exits(65);
    desk.run(&["ingest", "/nowhere/mail.eml"]).exits(66);
    desk.run(&["ingest", "--queue", "sales"]).exits(64);
    with_stdin(&desk, &["inspect", "-"], b"").exits(65);
    desk.run(&["inspect", "/nowhere/mail.eml"]).exits(66);
}

#[test]
fn several_queues_must_be_told_apart() {
    let desk = Desk::configured("[queue.support]\n[queue.sales]\n");
    let mail = Letter::new("a@x", "One").bytes();
    with_stdin(&desk, &["ingest"], &mail).exits(64);
    let run = with_stdin(&desk, &["ingest", "--queue", "Sales", "--json"], &mail).exits(0);
    assert_eq!(run.outcomes(), ["created/new sales-1"]);
}

#[test]
fn inspect_needs_no_configuration_and_tells_what_a_message_claims() {
    let desk = desk();
    fs::remove_file(desk.path("desk.toml")).unwrap();
    let mail = Letter::new("a@x", "[support-12] Hi").answers("b@x").with("Cc", "Bob <bob@example.net>");
    let run = with_stdin(&desk, &["inspect", "-"], &mail.bytes()).exits(0);
    let read = &run.json()[0];
    assert_eq!(read["cc"], serde_json::json!([{"name": "Bob", "address": "bob@example.net"}]));
    let expected = serde_json::json!([{"evidence": "subject", "queue": "support", "id": 12}]);
    assert_eq!(read["references_to_tickets"], expected);
    assert_eq!((&read["kind"], &read["bounce"]), (&"ordinary".into(), &serde_json::Value::Null));
}

#[test]
fn what_is_skipped_has_no_other_copy_and_can_be_retried() {
    let desk = Desk::configured("[queue.support]\nupdate_only = true\n");
    let mail = Letter::new("a@x", "No tag").bytes();
    let run = with_stdin(&desk, &["ingest", "--mta", "--json"], &mail).exits(0);
    assert_eq!(run.outcomes(), ["skipped/no-ticket-id -"]);
    assert_eq!(desk.command(&["quarantine", "export", "1"]).output().unwrap().stdout, mail);
    desk.configure("[queue.support]\n");
    assert_eq!(
        desk.run(&["quarantine", "retry", "--all", "--json"]).exits(0).outcomes(),
        ["created/new support-1"]
    );
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).json().len(), 0);
}

#[test]
fn equal_mails_without_a_message_id_are_two_mails() {
    let desk = Desk::with_maildir("");
    let alarm = b"From: cron@example.org\nSubject: disk full\n\nNo room is left.\n";
    desk.deliver("01", alarm);
    desk.deliver("02", alarm);
    let foretold = desk.run(&["fetch", "--dry-run", "--json"]).exits(0);
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-1", "created/new support-2"]);
    assert_eq!(foretold.outcomes(), run.outcomes());
}

#[test]
fn an_enormous_message_takes_little_more_memory_than_itself_and_its_file() {
    let desk = Desk::configured("[limits]\ntext_size = \"100KB\"\n[queue.support]\n");
    let line = b"Zw\xf6lf Boxk\xe4mpfer jagen Viktor quer \xfcber den gro\xdfen Sylter Deich.\r\n";
    let head = b"From: a@x.example\r\nContent-Type: text/plain; charset=iso-8859-1; format=flowed\r\n\r\n";
    fs::write(desk.path("large.eml"), [&head[..], &line.repeat(1_400_000)].concat()).unwrap();
    // 92 MB of mail; six and more copies of it would need 700 MB of address space, two need 450 with all the rest.
    let mut limited = Command::new("sh");
    limited.env_clear().args([
        "-c",
        "ulimit -v 580000; exec \"$@\"",
        "sh",
        env!("CARGO_BIN_EXE_helpdesk-mail"),
    ]);
    limited
        .arg("--config")
        .arg(desk.path("desk.toml"))
        .args(["ingest", "--json"])
        .arg(desk.path("large.eml"));
    let run = Run::of(limited.stdin(Stdio::null()).output().unwrap()).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    let ticket = desk.run(&["ticket", "show", "1", "--json"]).json().remove(0);
    assert_eq!(ticket["messages"][0]["attachments"][0]["size"], (line.len() - 1) * 1_400_000);
}
