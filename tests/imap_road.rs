//! The whole road over a real IMAP server, through the program itself.

use helpdesk_mail::mailbox::Tls;

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::{Dovecot, Options};
use crate::support::letter::Letter;

const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\n";

fn mailbox(server: &Dovecot, name: &str, tls: Tls, keys: &str) -> String {
    format!("[mailbox.{name}]\nqueue = \"support\"\n{}{keys}\n", server.mailbox_toml("support", tls))
}

fn desk(server: &Dovecot, keys: &str) -> Desk {
    Desk::configured(&format!("{QUEUE}{}", mailbox(server, "support", Tls::Implicit, keys)))
}

fn deliver(server: &Dovecot, letter: &Letter) {
    server.deliver("support", "INBOX", &letter.bytes());
}

/// The case that this program was begun for: django-helpdesk stopped at the first of the two.
#[test]
fn update_only_settles_mail_without_and_with_unknown_ids_and_never_stops_at_them() {
    let server = Dovecot::start();
    let open = desk(&server, "");
    deliver(&server, &Letter::new("first@x", "Printer"));
    open.run(&["fetch"]).exits(0);

    let limited = mailbox(&server, "support", Tls::Implicit, "update_only = true");
    open.configure(&format!("{QUEUE}{limited}"));
    deliver(&server, &Letter::new("1@x", "[support-1] valid before"));
    deliver(&server, &Letter::new("2@x", "no id at all"));
    deliver(&server, &Letter::new("3@x", "Re: valid between").answers("first@x"));
    deliver(&server, &Letter::new("4@x", "[support-4711] unknown"));
    deliver(&server, &Letter::new("5@x", "[support-1] valid after"));
    let run = open.run(&["fetch", "--json"]).exits(0);
    assert_eq!(
        run.outcomes(),
        [
            "updated/subject support-1",
            "skipped/no-ticket-id -",
            "updated/in-reply-to support-1",
            "skipped/unknown-ticket -",
            "updated/subject support-1",
        ]
    );
    assert_eq!(run.lines("summary")[0]["counts"], serde_json::json!({"updated": 3, "skipped": 2}));
    assert_eq!(run.stderr.matches("WARN").count(), 2, "{}", run.stderr);
    let flags = server.flags("support", "INBOX");
    assert_eq!(flags, ["1 \\Seen", "2 \\Seen", "3", "4 \\Seen", "5", "6 \\Seen"]);

    open.configure(&format!("{QUEUE}{limited}[alert]\nskipped = 1\n"));
    deliver(&server, &Letter::new("6@x", "again no id"));
    let run = open.run(&["fetch", "--json"]).exits(1);
    assert_eq!(run.outcomes(), ["skipped/no-ticket-id -"]);
}

#[test]
fn a_second_fetch_lists_nothing_and_a_third_fetches_only_what_was_added() {
    let server = Dovecot::start();
    let desk = desk(&server, "");
    for n in 0..5 {
        deliver(&server, &Letter::new(&format!("{n}@x"), "Mail"));
    }
    desk.run(&["fetch"]).exits(0);
    let bodies =
        || server.commands().into_iter().filter(|line| line.contains("BODY.PEEK")).collect::<Vec<_>>();
    let listings = || server.commands().iter().filter(|line| line.contains("RFC822.SIZE")).count();

    server.forget_commands();
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), [""; 0]);
    assert_eq!(run.lines("mailbox")[0]["listed"], 5);
    assert_eq!((bodies().len(), listings()), (0, 0), "{:?}", server.commands());

    deliver(&server, &Letter::new("new@x", "New"));
    server.forget_commands();
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-6"]);
    assert_eq!(bodies(), ["UID FETCH 6 (UID BODY.PEEK[])"]);
}

#[test]
fn a_dry_run_examines_and_leaves_no_trace() {
    let server = Dovecot::start();
    let desk = desk(&server, "on_success = \"delete\"");
    deliver(&server, &Letter::new("a@x", "Mail"));
    server.forget_commands();
    let run = desk.run(&["fetch", "--dry-run", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    assert_eq!(run.lines("summary")[0]["dry_run"], true);
    assert!(!desk.path("desk.db").exists());
    assert_eq!(server.flags("support", "INBOX"), ["1"]);
    let commands = server.commands();
    assert!(commands.iter().any(|line| line.starts_with("EXAMINE")), "{commands:?}");
    let changes =
        |line: &&String| ["SELECT", "UID STORE", "UID MOVE"].iter().any(|word| line.starts_with(word));
    assert_eq!(commands.iter().find(changes), None);
    desk.run(&["fetch"]).exits(0);
    assert_eq!(server.flags("support", "INBOX"), [""; 0]);
}

#[test]
fn what_is_owed_to_a_mailbox_is_paid_by_the_next_run_without_a_second_ticket() {
    let server = Dovecot::start();
    let desk = desk(&server, "on_success = \"move:Done\"");
    deliver(&server, &Letter::new("a@x", "Mail"));
    let run = desk.run(&["fetch", "--json"]).exits(69);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    assert_eq!(run.lines("mailbox")[0]["error"]["error_code"], "mailbox.folder");
    assert_eq!(server.flags("support", "INBOX").len(), 1);
    server.create_folder("support", "Done");
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
    assert_eq!(server.flags("support", "INBOX").len(), 0);
    assert_eq!(server.flags("support", "Done").len(), 1);
    assert_eq!(desk.run(&["ticket", "list", "--json"]).json().len(), 1);
}

#[test]
fn a_refused_login_or_certificate_stops_its_mailbox_and_no_other() {
    let server = Dovecot::start();
    let wrong = mailbox(&server, "wrong", Tls::Implicit, "").replace("\"secret\"", "\"Tr0ub4dor\"");
    let ca_file = format!("ca_file = {:?}\n", server.ca_file());
    let stranger = mailbox(&server, "stranger", Tls::StartTls, "").replace(&ca_file, "");
    let good = mailbox(&server, "good", Tls::StartTls, "");
    let desk = Desk::configured(&format!("{QUEUE}{wrong}{stranger}{good}"));
    deliver(&server, &Letter::new("a@x", "Mail"));
    let run = desk.run(&["-vv", "fetch", "--json"]).exits(77);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    let ends: Vec<String> = run
        .lines("mailbox")
        .iter()
        .map(|line| format!("{} {}", line["status"], line["error"]["error_code"]))
        .collect();
    assert_eq!(ends, ["\"failed\" \"mailbox.auth\"", "\"failed\" \"mailbox.tls\"", "\"ok\" null"]);
    assert!(run.lines("mailbox")[1]["error"]["hint"].as_str().unwrap().contains("ca_file"));
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("Tr0ub4dor"));
}

#[test]
fn a_server_without_starttls_gets_no_password() {
    let server = Dovecot::start_with(Options { no_tls: true, ..Options::default() });
    let desk = Desk::configured(&format!("{QUEUE}{}", mailbox(&server, "support", Tls::StartTls, "")));
    let run = desk.run(&["fetch", "--json"]).exits(69);
    assert_eq!(run.lines("mailbox")[0]["error"]["error_code"], "mailbox.tls");
    assert_eq!(server.commands(), [""; 0]);
}

#[test]
fn check_connect_logs_in_everywhere_and_changes_nothing() {
    let server = Dovecot::start();
    let desk = desk(&server, "");
    deliver(&server, &Letter::new("a@x", "Mail"));
    let check = desk.run(&["check", "--connect", "--json"]).exits(0);
    let line = check.lines("mailbox").remove(0);
    assert_eq!(line["status"], "ok");
    assert!(line["capabilities"].to_string().contains("UIDPLUS"), "{line}");
    assert!(!desk.path("desk.db").exists());
    assert_eq!(server.flags("support", "INBOX"), ["1"]);
    let wrong = mailbox(&server, "support", Tls::Implicit, "").replace("\"secret\"", "\"Tr0ub4dor\"");
    desk.configure(&format!("{QUEUE}{wrong}"));
    desk.run(&["check", "--connect"]).exits(77);
    desk.run(&["check"]).exits(0);
}

#[test]
fn an_oversize_message_becomes_a_ticket_and_stays_where_it_is() {
    let server = Dovecot::start();
    let desk = desk(&server, "on_success = \"delete\"\nmax_message_size = \"300KB\"");
    let large = "a line of text that is long enough\r\n".repeat(20_000);
    deliver(&server, &Letter::new("a@x", "Large").body(&large));
    deliver(&server, &Letter::new("b@x", "Small"));
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-1", "created/new support-2"]);
    assert_eq!(server.flags("support", "INBOX").len(), 1, "the large one is kept, the small one deleted");
    let row = desk.run(&["outcomes", "--json"]).exits(0).json().remove(0);
    assert!(row["notes"].to_string().contains("truncated"), "{row}");
}

#[test]
fn a_changed_uidvalidity_makes_no_second_tickets() {
    let server = Dovecot::start();
    let desk = desk(&server, "");
    server.create_folder("support", "Old");
    deliver(&server, &Letter::new("a@x", "Mail"));
    desk.run(&["fetch"]).exits(0);
    let mut session = server.session("support");
    session.run("CREATE Spare");
    session.run("SELECT INBOX");
    session.run("UID COPY 1:* Spare");
    let renamed = mailbox(&server, "support", Tls::Implicit, "folder = \"Spare\"");
    desk.configure(&format!("{QUEUE}{renamed}"));
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["duplicate/message-id support-1"]);
    session.run("SELECT INBOX");
    session.run("DELETE Spare");
    session.run("CREATE Spare");
    session.run("UID COPY 1:* Spare");
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["duplicate/message-id support-1"]);
}

#[test]
fn several_folders_are_one_mailbox_with_one_limit_and_a_watermark_each() {
    let server = Dovecot::start();
    let desk = desk(&server, "folders = [\"INBOX\", \"Käse\"]");
    server.create_folder("support", "K&AOQ-se");
    for n in 0..3 {
        server.deliver("support", "INBOX", &Letter::new(&format!("{n}@inbox"), "Mail").bytes());
        server.deliver("support", "K&AOQ-se", &Letter::new(&format!("{n}@second"), "Mail").bytes());
    }
    let folders = |run: &Run| -> Vec<String> {
        run.lines("message").iter().map(|line| line["folder"].as_str().unwrap().to_owned()).collect()
    };
    let first = desk.run(&["fetch", "--json", "--limit", "4"]).exits(0);
    assert_eq!(folders(&first), ["INBOX", "INBOX", "INBOX", "Käse"]);
    let line = &first.lines("mailbox")[0];
    assert_eq!((line["listed"].as_u64(), line["new"].as_u64()), (Some(6), Some(6)));
    let second = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(folders(&second), ["Käse", "Käse"]);
    server.forget_commands();
    desk.run(&["fetch"]).exits(0);
    assert!(!server.commands().iter().any(|line| line.starts_with("UID")), "{:?}", server.commands());
}

#[test]
fn the_same_mail_in_two_mailboxes_of_a_queue_is_one_ticket() {
    let server = Dovecot::start();
    server.create_folder("support", "Copies");
    let mailboxes = mailbox(&server, "first", Tls::Implicit, "")
        + &mailbox(&server, "second", Tls::Implicit, "folder = \"Copies\"\non_success = \"delete\"");
    let desk = Desk::configured(&format!("{QUEUE}{mailboxes}"));
    let mail = Letter::new("a@x", "Mail");
    deliver(&server, &mail);
    server.deliver("support", "Copies", &mail.bytes());
    server.deliver(
        "support",
        "Copies",
        &mail.clone().body("Other words under a used Message-ID.\r\n").bytes(),
    );
    let foretold = desk.run(&["fetch", "--dry-run", "--json"]).exits(0);
    let run = desk.run(&["fetch", "--json", "--jobs", "1"]).exits(0);
    let expected = ["created/new support-1", "duplicate/message-id support-1", "created/new support-2"];
    assert_eq!(run.outcomes(), expected);
    assert_eq!(foretold.outcomes(), expected);
    assert_eq!(server.flags("support", "Copies").len(), 0, "a duplicate is told what it repeats");
}

#[test]
fn a_folder_that_is_not_there_blocks_neither_the_others_nor_what_is_new() {
    let server = Dovecot::start();
    let keys = "on_success = \"move:Done\"";
    let toml = mailbox(&server, "support", Tls::Implicit, keys)
        .lines()
        .filter(|line| !line.starts_with("folder"))
        .fold("folders = [\"Nowhere\", \"INBOX\"]".to_owned(), |folders, line| {
            if line.starts_with('[') { format!("{line}\n{folders}") } else { format!("{folders}\n{line}") }
        });
    let desk = Desk::configured(&format!("{QUEUE}{toml}\n"));
    deliver(&server, &Letter::new("a@x", "One"));
    let run = desk.run(&["fetch", "--json"]).exits(69);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    deliver(&server, &Letter::new("b@x", "Two"));
    let run = desk.run(&["fetch", "--json"]).exits(69);
    assert_eq!(run.outcomes(), ["created/new support-2"], "although the first cannot be moved yet");
    assert!(run.lines("mailbox")[0]["error"]["msg"].to_string().contains("Nowhere"));
    server.create_folder("support", "Done");
    desk.run(&["fetch"]).exits(69);
    assert_eq!((server.flags("support", "INBOX").len(), server.flags("support", "Done").len()), (0, 2));
}

#[test]
fn a_baseline_outlives_a_changed_uidvalidity_and_later_mail_counts_however_old_it_is() {
    let server = Dovecot::start();
    let desk = desk(&server, "folder = \"Desk\"");
    let mut session = server.session("support");
    let renumber = |session: &mut crate::support::raw::Raw| {
        for command in ["CREATE Spare", "SELECT Desk", "UID COPY 1:* Spare", "SELECT INBOX", "DELETE Desk"] {
            session.run(command);
        }
        for command in ["CREATE Desk", "SELECT Spare", "UID COPY 1:* Desk", "SELECT INBOX", "DELETE Spare"] {
            session.run(command);
        }
    };
    server.create_folder("support", "Desk");
    for n in 0..3 {
        server.deliver("support", "Desk", &Letter::new(&format!("old{n}@x"), "Old").bytes());
    }
    std::thread::sleep(std::time::Duration::from_millis(1100)); // INTERNALDATE counts seconds
    assert_eq!(desk.run(&["fetch", "--baseline", "--json"]).exits(0).outcomes(), ["ignored/baseline -"; 3]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    server.deliver("support", "Desk", &Letter::new("new@x", "New").bytes());
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-1"]);

    renumber(&mut session);
    let expected =
        ["ignored/baseline -", "ignored/baseline -", "ignored/baseline -", "duplicate/message-id support-1"];
    let foretold = desk.run(&["fetch", "--dry-run", "--json"]).exits(0).outcomes();
    assert_eq!(foretold, expected);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), expected);

    // Somebody moves an old mail in: that is meant.
    session.run("SELECT Desk");
    session.run("UID COPY 1 Desk");
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-2"]);
}

#[test]
fn the_fullest_log_holds_neither_the_password_nor_mail() {
    const PASSWORD: &str = "s3cret-word";
    let server = Dovecot::start();
    server.set_passwords(&[("support", PASSWORD)]);
    for tls in [Tls::Implicit, Tls::None] {
        let open = Desk::configured(&format!("{QUEUE}{}", mailbox(&server, "support", tls, "")));
        deliver(&server, &Letter::new("1@x", "Very-private-subject"));
        for arguments in
            [&["-vvv", "fetch", "--dry-run"][..], &["-vvv", "check", "--connect"], &["-vvv", "fetch"]]
        {
            let log = open.run(arguments).exits(0).stderr;
            assert!(log.contains("LOGIN"), "{log}");
            assert!(!log.contains(PASSWORD) && !log.contains("Very-private"), "{log}");
        }
    }
}
