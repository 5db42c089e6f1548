//! A mailbox that is renamed in the configuration goes on where it was, and one that is another begins anew.

use std::process::Stdio;

use helpdesk_mail::mailbox::Tls;

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::Dovecot;
use crate::support::gate::Gate;
use crate::support::letter::Letter;

const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\n";
const NAMELESS: &[u8] = b"From: a@b.example\r\nSubject: nameless\r\n\r\nWithout a Message-ID\r\n";

fn mailboxes(server: &Dovecot, names: &[&str], keys: &str) -> String {
    let toml = server.mailbox_toml("support", Tls::None);
    let section = |name: &&str| format!("[mailbox.{name}]\nqueue = \"support\"\n{toml}{keys}\n");
    QUEUE.to_owned() + &names.iter().map(section).collect::<String>()
}

fn desk(server: &Dovecot, names: &[&str], keys: &str) -> Desk {
    Desk::configured(&mailboxes(server, names, keys))
}

fn deliver(server: &Dovecot, id: &str) {
    server.deliver("support", "INBOX", &Letter::new(id, id).bytes());
}

fn fetched(desk: &Desk) -> Vec<String> {
    desk.run(&["fetch", "--json", "--jobs", "1"]).exits(0).outcomes()
}

#[test]
fn a_renamed_mailbox_takes_nothing_again_and_goes_on() {
    let server = Dovecot::start();
    let desk = desk(&server, &["old"], "");
    deliver(&server, "before@x");
    desk.run(&["fetch", "--baseline"]).exits(0);
    deliver(&server, "1@x");
    server.deliver("support", "INBOX", NAMELESS);
    desk.run(&["fetch"]).exits(0);

    desk.configure(&mailboxes(&server, &["new"], ""));
    let before = desk.snapshot(".");
    let foretold = desk.run(&["fetch", "--dry-run", "--json"]).exits(0);
    assert_eq!(foretold.outcomes(), [""; 0]);
    let audit = desk.run(&["outcomes", "--reconcile", "--json"]).exits(0);
    let items: Vec<String> = audit
        .lines("item")
        .iter()
        .map(|line| format!("{} {}", line["mailbox"].as_str().unwrap(), line["state"].as_str().unwrap()))
        .collect();
    assert_eq!(items, ["new settled"; 3]);
    assert_eq!(desk.snapshot("."), before);

    deliver(&server, "2@x");
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-3"]);
    assert!(run.stderr.contains("mailbox \"old\" is called \"new\" now"), "{}", run.stderr);
    let all = desk.run(&["outcomes", "--mailbox", "new", "--json"]).exits(0);
    assert_eq!(all.outcomes().len(), 4);
    let again = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!((again.outcomes(), again.stderr), (Vec::new(), String::new()));
}

#[test]
fn what_is_owed_and_what_is_in_quarantine_go_along_with_the_name() {
    let server = Dovecot::start();
    let keys = "on_success = \"move:Done\"";
    let desk = desk(&server, &["old"], keys);
    deliver(&server, "1@x");
    server.deliver("support", "INBOX", b"\r\n\r\n");
    desk.run(&["fetch"]).exits(69);
    server.create_folder("support", "Done");
    desk.configure(&mailboxes(&server, &["new"], keys));
    desk.run(&["quarantine", "retry", "--all"]).exits(66);
    assert_eq!(fetched(&desk), [""; 0]);
    assert_eq!(server.flags("support", "Done").len(), 1);
    assert_eq!(
        desk.run(&["quarantine", "retry", "--all", "--json"]).exits(1).outcomes(),
        ["failed/unreadable -"]
    );
}

#[test]
fn a_folder_that_is_fetched_under_another_name_too_is_no_renamed_one() {
    let server = Dovecot::start();
    let desk = desk(&server, &["first"], "");
    deliver(&server, "1@x");
    desk.run(&["fetch"]).exits(0);
    desk.configure(&mailboxes(&server, &["first", "second"], ""));
    assert_eq!(fetched(&desk), ["duplicate/message-id support-1"]);
    // Of two names that are left nobody can say which it was.
    desk.configure(&mailboxes(&server, &["third"], ""));
    assert_eq!(fetched(&desk), ["duplicate/message-id support-1"]);
    assert_eq!(desk.run(&["ticket", "list", "--json"]).json().len(), 1);
}

#[test]
fn a_run_that_still_goes_on_under_the_former_name_is_let_finish() {
    let server = Dovecot::start();
    let gate = Gate::before(server.port);
    let through = |name: &str| {
        mailboxes(&server, &[name], "").replace(&server.port.to_string(), &gate.port.to_string())
    };
    let desk = Desk::configured(&through("old"));
    deliver(&server, "1@x");
    desk.run(&["fetch"]).exits(0);
    server.deliver("support", "INBOX", NAMELESS);
    let stop = gate.stop_before("BODY.PEEK");
    let mut command = desk.command(&["fetch", "--json"]);
    let run = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    stop.meanwhile(|| {
        desk.configure(&through("new"));
        let early = desk.run(&["fetch", "--json"]).exits(75);
        assert_eq!(early.lines("mailbox")[0]["error"]["error_code"], "mailbox.locked");
    });
    assert_eq!(Run::of(run.wait_with_output().unwrap()).exits(0).outcomes(), ["created/new support-2"]);
    assert_eq!(fetched(&desk), [""; 0]);
    assert_eq!(desk.run(&["ticket", "list", "--json"]).json().len(), 2);
}
