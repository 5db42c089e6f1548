//! `outcomes --reconcile`: every state occurs, on real servers and in local mailboxes, and nothing is changed.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use helpdesk_mail::mailbox::Tls;
use helpdesk_mail::model::item::Watermark;
use helpdesk_mail::store::{Config, Lookup as _, Source, Store};

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::Dovecot;
use crate::support::gate::Gate;
use crate::support::letter::Letter;

const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\n";

fn imap(server: &Dovecot, name: &str, keys: &str) -> String {
    format!(
        "[mailbox.{name}]\nqueue = \"support\"\n{}{keys}\n",
        server.mailbox_toml("support", Tls::Implicit)
    )
}

fn desk(server: &Dovecot, keys: &str) -> Desk {
    Desk::configured(&format!("{QUEUE}{}", imap(server, "support", keys)))
}

fn deliver(server: &Dovecot, folder: &str, n: u32) {
    server.deliver("support", folder, &Letter::new(&format!("{n}@{folder}"), &format!("Mail {n}")).bytes());
}

/// `state outcome/reason` of every item, each behind what ends its key: the UID, or a name.
fn states(run: &Run) -> Vec<String> {
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    run.lines("item")
        .iter()
        .map(|line| {
            let item = word(&line["item"]);
            let end = item.rsplit(':').next().unwrap().to_owned();
            format!("{end} {} {}/{}", word(&line["state"]), word(&line["outcome"]), word(&line["reason"]))
        })
        .collect()
}

fn reconcile(desk: &Desk, code: i32) -> Run {
    desk.run(&["outcomes", "--reconcile", "--json"]).exits(code)
}

/// Sets the mark below which fetches list nothing, as only a fault would.
fn set_mark(desk: &Desk, source: &Source, mark: &str) {
    let config = Config::of_file(desk.path("desk.db"));
    let mut store = Store::open(&config).unwrap();
    let before = store.watermark(source).unwrap();
    store.set_watermark(source, &Watermark(mark.to_owned()), before.as_ref()).unwrap();
}

fn source(account: &str, folder: &str) -> Source {
    Source { mailbox: "support".parse().unwrap(), account: account.to_owned(), folder: folder.to_owned() }
}

/// Moves the mark of a folder of an IMAP mailbox to this UID.
fn pass(desk: &Desk, server: &Dovecot, folder: &str, uid: u32) {
    let source = source(&format!("imap:support@127.0.0.1:{}", server.tls_port), folder);
    let row = desk.run(&["outcomes", "--json"]).exits(0).json().remove(0);
    let validity = row["item"].as_str().unwrap().split(':').next().unwrap().to_owned();
    set_mark(desk, &source, &format!("{validity}:{uid}"));
}

#[test]
fn every_state_occurs_on_an_imap_server_and_nothing_is_changed() {
    let server = Dovecot::start();
    let desk = desk(&server, "on_success = \"keep\"");
    (1..=5).for_each(|n| deliver(&server, "INBOX", n));
    desk.run(&["fetch"]).exits(0);
    let rows = desk.run(&["outcomes", "--json"]).exits(0).json();
    let id = |n: usize| rows[n]["id"].to_string();
    desk.run(&["outcomes", "reset", &id(1), &id(2)]).exits(0); // 2 is taken again, 3 is lost
    let mut person = server.session("support");
    person.run("SELECT INBOX");
    person.run("UID STORE 3,4 +FLAGS.SILENT (\\Deleted)");
    person.run("UID EXPUNGE 3,4"); // 4 was settled
    (6..=8).for_each(|n| deliver(&server, "INBOX", n));
    person.run("NOOP");
    person.run("UID STORE 7 +FLAGS.SILENT (\\Deleted \\Flagged)");

    let all = || (desk.snapshot("."), server.flags("support", "INBOX"));
    let before = all();
    assert!(before.0.len() >= 2 && before.1.len() == 6, "{:?}", before.1);
    server.forget_commands();
    let run = reconcile(&desk, 1);
    let commands = server.commands();
    assert_eq!(all(), before);
    assert_eq!(
        states(&run),
        [
            "1 settled created/new",
            "2 waiting created/new",
            "5 settled created/new",
            "6 waiting -/-",
            "8 waiting -/-",
            "7 deleted -/-",
            "3 gone created/new",
        ]
    );
    let line = &run.lines("mailbox")[0];
    assert_eq!(
        line["counts"],
        serde_json::json!({"settled": 2, "waiting": 3, "deleted": 1, "gone": 1}),
        "{line}"
    );
    assert_eq!((&line["listed"], &line["past"], &line["unaccounted"]), (&6.into(), &1.into(), &1.into()));
    assert_eq!((&line["renumbered"], &line["status"]), (&0.into(), &"ok".into()));
    assert_eq!(run.lines("summary")[0]["exit_code"], 1);
    assert_eq!(
        commands[Dovecot::HELLO.len()..],
        ["EXAMINE \"INBOX\"", "UID FETCH 1:* (UID RFC822.SIZE INTERNALDATE FLAGS)"]
    );

    pass(&desk, &server, "INBOX", 8);
    let told = desk.run(&["outcomes", "--reconcile"]).exits(1).stdout;
    let unknown: Vec<&str> = told.lines().filter(|line| line.contains(" unknown ")).collect();
    assert_eq!(unknown.len(), 3, "2, 6 and 7, but not 8: {told}");
    assert!(told.contains("6 there, 2 settled, 1 waiting, 3 unknown, 1 gone, 1 past"), "{told}");
    assert!(told.contains("outcomes reset --unknown"), "{told}");
}

#[test]
fn what_is_unknown_is_taken_by_the_fetch_after_reset_unknown_and_nothing_twice() {
    let server = Dovecot::start();
    let desk = desk(&server, "");
    deliver(&server, "INBOX", 1);
    server.deliver("support", "INBOX", b"From: a@b.example\r\n\r\nWithout a Message-ID\r\n");
    desk.run(&["fetch"]).exits(0);
    deliver(&server, "INBOX", 3);
    pass(&desk, &server, "INBOX", 4);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
    assert_eq!(states(&reconcile(&desk, 1))[2], "3 unknown -/-");
    let reset = desk.run(&["outcomes", "reset", "--unknown", "--mailbox", "support"]).exits(0);
    assert_eq!(reset.stdout, "folders that the next fetch looks through for what it does not know: 1\n");
    assert_eq!(states(&reconcile(&desk, 0))[2], "3 waiting -/-");
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-3"]);
    assert_eq!(states(&reconcile(&desk, 0))[2], "3 settled created/new");
}

#[test]
fn what_is_settled_and_owed_may_be_gone_and_is_accounted_for() {
    let server = Dovecot::start();
    let desk = desk(&server, "on_success = \"move:Done\"");
    (1..=2).for_each(|n| deliver(&server, "INBOX", n));
    desk.run(&["fetch"]).exits(69);
    let mut person = server.session("support");
    person.run("SELECT INBOX");
    person.run("UID STORE 1 +FLAGS.SILENT (\\Deleted)");
    person.run("UID EXPUNGE 1");
    let run = reconcile(&desk, 0);
    assert_eq!(states(&run), ["2 settled created/new", "1 gone created/new"]);
    assert_eq!(run.lines("item")[0]["owed"], "move:Done");
    assert_eq!(run.lines("item")[1]["accounted_for"], true);
    server.create_folder("support", "Done");
    desk.run(&["fetch"]).exits(0);
    let run = reconcile(&desk, 0);
    assert_eq!(states(&run), [""; 0]);
    assert_eq!(run.lines("mailbox")[0]["past"], 2);
}

#[test]
fn rows_of_an_older_numbering_are_counted_apart() {
    let server = Dovecot::start();
    let desk = desk(&server, "folder = \"Desk\"\non_success = \"move:Done\"");
    server.create_folder("support", "Desk");
    (1..=2).for_each(|n| deliver(&server, "Desk", n));
    desk.run(&["fetch"]).exits(69);
    let mut person = server.session("support");
    person.run("DELETE Desk");
    person.run("CREATE Desk");
    let run = reconcile(&desk, 0);
    let line = &run.lines("mailbox")[0];
    assert_eq!((states(&run).len(), &line["renumbered"], &line["past"]), (0, &2.into(), &0.into()), "{line}");
    deliver(&server, "Desk", 3);
    assert_eq!(states(&reconcile(&desk, 0)), ["1 waiting -/-"]);
}

#[test]
fn folders_are_looked_at_one_by_one_and_a_mailbox_that_fails_stops_no_other() {
    let server = Dovecot::start();
    server.create_folder("support", "K&AOQ-se");
    let two = imap(&server, "two", "folders = [\"Nowhere\", \"Käse\", \"INBOX\"]");
    let refused = imap(&server, "refused", "").replace("\"secret\"", "\"Tr0ub4dor\"");
    let nobody = "[mailbox.nobody]\ntype = \"maildir\"\nqueue = \"support\"\npath = \"nowhere\"\n";
    let desk = Desk::configured(&format!("{QUEUE}{nobody}{refused}{two}"));
    deliver(&server, "INBOX", 1);
    server.deliver("support", "K&AOQ-se", &Letter::new("k@x", "Mail").bytes());
    let run = reconcile(&desk, 77);
    assert_eq!(states(&run), ["1 waiting -/-", "1 waiting -/-"], "no store yet is an empty one");
    assert!(!desk.path("desk.db").exists());
    let folders: Vec<String> = run.lines("item").iter().map(|line| line["folder"].to_string()).collect();
    assert_eq!(folders, ["\"Käse\"", "\"INBOX\""]);
    let ends: Vec<String> = run
        .lines("mailbox")
        .iter()
        .map(|line| format!("{} {} {}", line["status"], line["listed"], line["error"]["error_code"]))
        .collect();
    let expected = [
        "\"failed\" 0 \"mailbox.folder\"",
        "\"failed\" 0 \"mailbox.auth\"",
        "\"failed\" 2 \"mailbox.folder\"",
    ];
    assert_eq!(ends, expected);
    let one = desk.run(&["outcomes", "--reconcile", "--mailbox", "two"]).exits(69);
    assert_eq!(
        one.stdout.lines().filter(|line| line.starts_with("two ")).count(),
        4,
        "an item and a count for each folder that there is: {}",
        one.stdout
    );
    assert!(one.stdout.contains("two Käse: 1 there, 1 waiting, 0 past\n"), "{}", one.stdout);
    assert!(!one.stdout.contains("refused"));
}

#[test]
fn a_pop3_server_is_asked_for_its_list_alone() {
    let server = Dovecot::start();
    let pop3 = server.pop3_toml("support", Tls::Implicit);
    let desk = Desk::configured(&format!("{QUEUE}[mailbox.support]\nqueue = \"support\"\n{pop3}"));
    (1..=3).for_each(|n| deliver(&server, "INBOX", n));
    desk.run(&["fetch"]).exits(0);
    let rows = desk.run(&["outcomes", "--json"]).exits(0).json();
    desk.run(&["outcomes", "reset", &rows[0]["id"].to_string(), &rows[1]["id"].to_string()]).exits(0);
    let mut person = server.session("support");
    person.run("SELECT INBOX");
    person.run("UID STORE 2 +FLAGS.SILENT (\\Deleted)");
    person.run("EXPUNGE");
    deliver(&server, "INBOX", 4);
    let all = || (desk.snapshot("."), server.flags("support", "INBOX"));
    let before = all();
    server.forget_commands();
    let run = reconcile(&desk, 1);
    let words: Vec<String> =
        states(&run).iter().map(|state| state.split_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(words, ["waiting created/new", "settled created/new", "waiting -/-", "gone created/new"]);
    assert_eq!(server.pop3_commands(), ["CAPA", "STAT", "LIST", "UIDL"]);
    assert_eq!(all(), before);
}

/// Three local mailboxes, each with the messages `names`; what a mail is called in them is told.
fn local(names: &[&str]) -> Desk {
    let mailbox =
        |kind: &str| format!("[mailbox.{kind}]\ntype = \"{kind}\"\nqueue = \"support\"\npath = \"{kind}\"\n");
    let toml: String = ["maildir", "mbox", "directory"].map(mailbox).concat();
    let desk = Desk::configured(&format!("{QUEUE}{toml}"));
    for part in ["maildir/new", "maildir/cur", "maildir/tmp", "directory"] {
        fs::create_dir_all(desk.path(part)).unwrap();
    }
    fs::write(desk.path("mbox"), "").unwrap();
    names.iter().for_each(|name| put(&desk, name));
    desk
}

fn put(desk: &Desk, name: &str) {
    for (kind, path) in [("maildir", "maildir/new"), ("directory", "directory")] {
        let letter = Letter::new(&format!("{name}@{kind}"), name).bytes();
        fs::write(desk.path(path).join(name), letter).unwrap();
    }
    let letter = String::from_utf8(Letter::new(&format!("{name}@mbox"), name).bytes()).unwrap();
    let mut mbox = fs::read_to_string(desk.path("mbox")).unwrap();
    mbox.push_str(&format!("From a@b.example Fri Nov 20 10:00:00 2026\n{}\n", letter.replace('\r', "")));
    fs::write(desk.path("mbox"), mbox).unwrap();
}

/// Takes the message away by hand.
fn lose(desk: &Desk, name: &str) {
    fs::remove_file(desk.path("directory").join(name)).unwrap();
    for part in ["new", "cur"] {
        let files = fs::read_dir(desk.path("maildir").join(part)).unwrap();
        files
            .map(|file| file.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(name))
            .for_each(|path| fs::remove_file(path).unwrap());
    }
    let mbox = fs::read_to_string(desk.path("mbox")).unwrap();
    let parts: Vec<&str> = mbox.split_inclusive("\n\n").collect();
    let kept: String = parts
        .chunks(2)
        .filter(|mail| !mail[0].contains(&format!("<{name}@mbox>")))
        .map(|mail| mail.concat())
        .collect();
    assert_ne!(kept, mbox);
    fs::write(desk.path("mbox"), kept).unwrap();
}

#[test]
fn local_mailboxes_have_the_same_states_and_not_a_byte_is_changed() {
    let desk = local(&["1", "2", "3", "4"]);
    desk.run(&["fetch"]).exits(0);
    for row in desk.run(&["outcomes", "--json"]).exits(0).json() {
        if ["2", "3"].contains(&row["subject"].as_str().unwrap()) {
            desk.run(&["outcomes", "reset", &row["id"].to_string()]).exits(0);
        }
    }
    lose(&desk, "3"); // reset, and never taken again
    lose(&desk, "4"); // settled
    put(&desk, "5");
    fs::write(desk.path("maildir/cur/6:2,ST"), Letter::new("6@maildir", "6").bytes()).unwrap();
    let before = desk.snapshot(".");
    let run = reconcile(&desk, 1);
    assert_eq!(desk.snapshot("."), before);
    let told = |mailbox: &str| -> Vec<String> {
        let lines = run.lines("item").into_iter().filter(|line| line["mailbox"] == mailbox);
        lines
            .map(|line| {
                format!("{} {}", line["subject"].as_str().unwrap_or("-"), line["state"].as_str().unwrap())
            })
            .collect()
    };
    let expected = ["1 settled", "2 waiting", "- waiting", "3 gone"];
    assert_eq!(told("mbox"), expected);
    assert_eq!(told("directory"), expected);
    assert_eq!(told("maildir"), ["1 settled", "2 waiting", "- waiting", "- deleted", "3 gone"]);
    for line in run.lines("mailbox") {
        assert_eq!((&line["past"], &line["unaccounted"]), (&1.into(), &1.into()), "{line}");
    }
}

#[test]
fn an_mbox_whose_mark_says_that_all_is_settled_shows_what_is_not() {
    let desk = local(&["1"]);
    desk.run(&["fetch"]).exits(0);
    put(&desk, "2");
    let root: &Path = &desk.path("mbox");
    let metadata = fs::metadata(root).unwrap();
    let mark = {
        use std::os::unix::fs::MetadataExt as _;
        format!("{}:{}.{:09}:{}:2", metadata.len(), metadata.mtime(), metadata.mtime_nsec(), metadata.ino())
    };
    let source =
        Source { mailbox: "mbox".parse().unwrap(), ..source(&format!("mbox:{}", root.display()), "mbox") };
    set_mark(&desk, &source, &mark);
    assert_eq!(desk.run(&["fetch", "--mailbox", "mbox", "--json"]).exits(0).outcomes(), [""; 0]);
    let run = desk.run(&["outcomes", "--reconcile", "--mailbox", "mbox", "--json"]).exits(1);
    let words: Vec<_> = run.lines("item").iter().map(|line| line["state"].clone()).collect();
    assert_eq!(words, ["settled", "unknown"]);
}

#[test]
fn without_v_only_what_waits_or_is_missing_is_told_one_by_one() {
    let desk = local(&["1", "2"]);
    desk.run(&["fetch"]).exits(0);
    put(&desk, "3");
    let lines = |arguments: &[&str]| desk.run(arguments).exits(0).stdout.lines().count();
    assert_eq!(lines(&["outcomes", "--reconcile"]), 3 + 3 + 1);
    assert_eq!(lines(&["-v", "outcomes", "--reconcile"]), 3 * 3 + 3 + 1);
    let fields: Vec<String> =
        reconcile(&desk, 0).lines("item")[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields[..8], ["type", "mailbox", "folder", "item", "state", "outcome", "reason", "ticket"]);
}

#[test]
fn a_fetch_that_goes_on_beside_it_is_never_told_as_a_loss() {
    let server = Dovecot::start();
    let gate = Gate::before(server.port);
    let toml =
        server.mailbox_toml("support", Tls::None).replace(&server.port.to_string(), &gate.port.to_string());
    let desk = Desk::configured(&format!(
        "{QUEUE}[mailbox.support]\nqueue = \"support\"\n{toml}on_success = \"move:Done\"\n"
    ));
    deliver(&server, "INBOX", 1);
    desk.run(&["fetch"]).exits(69); // owed: the folder is not there yet
    desk.run(&["outcomes", "reset", "1"]).exits(0);
    let stop = gate.stop_before("UID FETCH 1:*");
    let mut command = desk.command(&["outcomes", "--reconcile", "--json"]);
    let audit = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    stop.meanwhile(|| {
        server.create_folder("support", "Done");
        deliver(&server, "INBOX", 2);
        desk.run(&["fetch"]).exits(0);
        deliver(&server, "INBOX", 3);
    });
    let audit = Run::of(audit.wait_with_output().unwrap()).exits(0);
    let states = states(&audit);
    assert!(!states.iter().any(|state| state.contains("gone") || state.contains("unknown")), "{states:?}");
    assert_eq!(audit.lines("mailbox")[0]["unaccounted"], 0);
}
