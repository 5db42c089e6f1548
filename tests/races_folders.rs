//! People and servers change folders while runs read them and between runs: nothing is lost, nothing is taken twice.

use std::process::{Child, Stdio};

use helpdesk_mail::mailbox::Tls;

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::Dovecot;
use crate::support::gate::Gate;
use crate::support::letter::Letter;

const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\n";

/// A server, a gate before it, and a desk that fetches through the gate.
struct Scene {
    server: Dovecot,
    gate: Gate,
    desk: Desk,
}

impl Scene {
    fn with(keys: &str) -> Self {
        let server = Dovecot::start();
        ["Desk", "Junk", "Spare", "Done"].iter().for_each(|folder| server.create_folder("support", folder));
        let gate = Gate::before(server.port);
        let scene = Self { server, gate, desk: Desk::configured(QUEUE) };
        scene.configure(keys);
        scene
    }

    fn configure(&self, keys: &str) {
        let toml = self
            .server
            .mailbox_toml("support", Tls::None)
            .replace(&self.server.port.to_string(), &self.gate.port.to_string());
        self.desk.configure(&format!("{QUEUE}[mailbox.support]\nqueue = \"support\"\n{toml}{keys}\n"));
    }

    fn deliver(&self, folder: &str, titles: &[&str]) {
        titles.iter().for_each(|title| self.server.deliver("support", folder, &mail(title)));
    }

    /// Lets a person act while a run stands before a command; gives the finished run.
    fn meanwhile(&self, command: &str, act: &[&str]) -> Run {
        let stop = self.gate.stop_before(command);
        let run = start(&self.desk);
        stop.meanwhile(|| {
            let mut person = self.server.session("support");
            act.iter().for_each(|command| drop(person.run(command)));
        });
        Run::of(run.wait_with_output().unwrap())
    }

    fn fetch(&self) -> Run {
        self.desk.run(&["fetch", "--json"])
    }

    fn tickets(&self) -> Vec<String> {
        let rows = self.desk.run(&["ticket", "list", "--json"]).exits(0).json();
        let mut titles: Vec<String> =
            rows.iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect();
        titles.sort();
        titles
    }
}

fn start(desk: &Desk) -> Child {
    let mut command = desk.command(&["fetch", "--json"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// A mail with this title; without a Message-ID if it says so.
fn mail(title: &str) -> Vec<u8> {
    let letter = Letter::new(&format!("{title}@x"), title).bytes();
    if !title.starts_with("nameless") {
        return letter;
    }
    let text = String::from_utf8(letter).unwrap();
    text.split_inclusive("\r\n")
        .filter(|line| !line.starts_with("Message-ID"))
        .collect::<String>()
        .into_bytes()
}

#[test]
fn what_a_person_deletes_moves_or_flags_while_a_run_reads_is_no_trouble() {
    let scene = Scene::with("batch_size = 2");
    scene.deliver("INBOX", &["1", "2", "3", "4", "5", "6"]);
    let act = [
        "SELECT INBOX",
        "UID STORE 3 +FLAGS (\\Deleted)",
        "EXPUNGE",
        "UID MOVE 4:5 Junk",
        "UID STORE 6 +FLAGS (\\Deleted)",
    ];
    let run = scene.meanwhile("UID FETCH 3:4", &act).exits(0);
    assert_eq!(run.stderr, "");
    assert_eq!(scene.tickets(), ["1", "2", "6"], "the last was listed before it was flagged");
    let again = scene.fetch().exits(0);
    assert_eq!(again.outcomes(), [""; 0]);
    scene.configure("folders = [\"INBOX\", \"Junk\"]");
    scene.fetch().exits(0);
    assert_eq!(scene.tickets(), ["1", "2", "4", "5", "6"], "what was moved is found where it went");
    scene.desk.run(&["outcomes", "--reconcile"]).exits(0);
}

#[test]
fn what_a_person_takes_away_before_the_server_is_told_is_told_of_no_more() {
    for keys in ["on_success = \"seen\"", "on_success = \"delete\"", "on_success = \"move:Done\""] {
        let scene = Scene::with(keys);
        scene.deliver("INBOX", &["1", "2"]);
        let command = if keys.contains("move") { "UID MOVE" } else { "UID STORE" };
        let run = scene.meanwhile(command, &["SELECT INBOX", "UID MOVE 1:2 Junk"]).exits(0);
        assert_eq!((run.outcomes().len(), run.stderr.as_str()), (2, ""), "{keys}");
        assert_eq!(scene.fetch().exits(0).outcomes(), [""; 0]);
        assert_eq!(scene.server.flags("support", "Junk"), ["1", "2"], "{keys}");
    }
}

#[test]
fn what_a_person_moves_away_and_back_is_a_duplicate_with_a_message_id() {
    let scene = Scene::with("");
    scene.deliver("INBOX", &["1"]);
    scene.fetch().exits(0);
    let mut person = scene.server.session("support");
    for command in ["SELECT INBOX", "UID MOVE 1 Junk", "SELECT Junk", "UID MOVE 1 INBOX"] {
        person.run(command);
    }
    assert_eq!(scene.fetch().exits(0).outcomes(), ["duplicate/message-id support-1"]);
}

#[test]
fn a_folder_that_is_renamed_and_replaced_is_another_folder() {
    let scene = Scene::with("folder = \"Desk\"");
    scene.deliver("Desk", &["1", "nameless 2"]);
    scene.fetch().exits(0);
    let mut person = scene.server.session("support");
    // A new one in its place, in which one of the old mails lies again, under a UID that was given before.
    for command in ["RENAME Desk Old", "CREATE Desk", "SELECT Old", "UID COPY 2 Desk", "SELECT INBOX"] {
        person.run(command);
    }
    scene.deliver("Desk", &["3"]);
    assert_eq!(
        scene.fetch().exits(0).outcomes(),
        ["duplicate/already-settled support-2", "created/new support-3"]
    );
    // Another that was there before.
    scene.deliver("Spare", &["4", "nameless 5", "1"]);
    person.run("RENAME Desk Older");
    person.run("RENAME Spare Desk");
    assert_eq!(
        scene.fetch().exits(0).outcomes(),
        ["created/new support-4", "created/new support-5", "duplicate/message-id support-1"]
    );
    // And the first one back, with its numbering of old.
    person.run("RENAME Desk Oldest");
    person.run("RENAME Old Desk");
    assert_eq!(scene.fetch().exits(0).outcomes(), [""; 0]);
    scene.deliver("Desk", &["6"]);
    assert_eq!(scene.fetch().exits(0).outcomes(), ["created/new support-6"]);
    scene.desk.run(&["outcomes", "--reconcile"]).exits(0);
}

#[test]
fn a_folder_that_is_made_anew_between_two_batches_costs_no_message_and_doubles_none() {
    for keys in ["on_success = \"keep\"", "on_success = \"seen\"", "on_success = \"delete\""] {
        let scene = Scene::with(&format!("folder = \"Desk\"\nbatch_size = 1\n{keys}"));
        scene.deliver("Desk", &["1", "nameless 2", "3", "nameless 4"]);
        // All of it is put back into the new folder: under other UIDs than before, and what was settled among it.
        let act = [
            "SELECT Desk",
            "UID COPY 1:* Spare",
            "SELECT INBOX",
            "DELETE Desk",
            "CREATE Desk",
            "SELECT Spare",
            "UID COPY 1:* Desk",
        ];
        let run = scene.meanwhile("UID FETCH 3 (UID BODY", &act);
        // What a server says of a folder that is gone is its own affair.
        assert!([0, 69, 75].contains(&run.code), "{keys}: {} {} {}", run.code, run.stdout, run.stderr);
        for _ in 0..2 {
            scene.fetch().exits(0);
        }
        assert_eq!(scene.tickets(), ["1", "3", "nameless 2", "nameless 4"], "{keys}");
        scene.desk.run(&["outcomes", "--reconcile"]).exits(0);
    }
}
