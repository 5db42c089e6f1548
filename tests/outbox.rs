//! The outbox in one piece: a mail comes in, an answer goes out, and the answer to that lands where it belongs.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use helpdesk_mail::model::notification::Parcel;
use helpdesk_mail::transport::Tls;
use jiff::Timestamp;

use crate::support::desk::{Desk, Run};
use crate::support::letter::Letter;
use crate::support::parcel::given;
use crate::support::ports;
use crate::support::smtpd::Smtpd;

/// A mail of today: nobody is told of older ones.
pub fn letter(id: &str, subject: &str) -> Letter {
    let now = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    Letter::new(id, subject).with("Date", &now)
}

/// The value of a field of a mail's header, unfolded.
pub fn field(mail: &str, name: &str) -> String {
    let head = mail.replace("\r\n", "\n");
    let head = head.split("\n\n").next().unwrap().replace("\n ", " ");
    let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).map(str::to_owned);
    line.unwrap_or_else(|| panic!("no {name} in {head}"))
}

/// Who was told what, and what became of it.
pub fn told(desk: &Desk) -> Vec<String> {
    let rows = desk.run(&["outbox", "list", "--json"]).exits(0).json();
    let word = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter().map(|row| ["ticket", "template", "to", "state"].map(|key| word(row, key)).join(" ")).collect()
}

pub fn fetch(desk: &Desk) -> Run {
    desk.run(&["fetch", "--json"]).exits(0)
}

/// A desk with a Maildir, and these lines below `[outbox]`; `out` is a directory.
fn with_outbox(lines: &str) -> Desk {
    let desk = Desk::with_maildir(&format!("[outbox]\n{lines}"));
    fs::create_dir(desk.path("out")).unwrap();
    desk
}

pub const FILE: &str = "backend = \"file\"\npath = \"out\"\n";

/// The mails that left by the back end `file`, in their order.
pub fn left(desk: &Desk) -> Vec<String> {
    let files = fs::read_dir(desk.path("out")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn more_jobs_than_anybody_has_use_for_do_no_harm() {
    let desk = with_outbox(FILE);
    desk.deliver("1", &letter("a@example.org", "Printer").bytes());
    desk.run(&["fetch", "--no-send", "--jobs", "4294967295"]).exits(0);
    desk.run(&["send", "--jobs", "4294967295"]).exits(0);
    assert_eq!(left(&desk).len(), 2);
}

#[test]
fn through_real_servers_an_acknowledgement_goes_out_and_answers_to_it_land_on_its_ticket() {
    let server = Smtpd::start();
    let (mailbox, smtp) = (server.dovecot.mailbox_toml("support", Tls::Implicit), server.smtp(Tls::Implicit));
    let desk = Desk::configured(&format!(
        "[queue.support]\naddress = \"support@example.org\"\nplus_addressing = true\n\
         [mailbox.support]\nqueue = \"support\"\n{mailbox}[outbox]\nhost = \"127.0.0.1\"\nport = {}\n\
         ca_file = {:?}\nusername = \"support\"\npassword = \"secret\"\n",
        server.tls_port,
        server.dovecot.ca_file()
    ));
    let first = letter("first@example.org", "Printer").from("Anna <anna@example.org>");
    server.dovecot.deliver("support", "INBOX", &first.bytes());
    assert_eq!(fetch(&desk).outcomes(), ["created/new support-1"]);
    assert_eq!(told(&desk), ["support-1 created anna@example.org sent"]);

    let answer = server.delivered("anna", 1).remove(0);
    assert_eq!(field(&answer, "Return-Path"), "<support@example.org>");
    assert_eq!(field(&answer, "Auto-Submitted"), "auto-replied");
    assert_eq!(field(&answer, "In-Reply-To"), "<first@example.org>");
    let (id, subject) = (field(&answer, "Message-ID"), field(&answer, "Subject"));
    assert!(subject.starts_with("[support-1] "), "{subject}");
    let reply_to = field(&answer, "Reply-To");
    assert!(reply_to.starts_with("support <support+1-"), "{reply_to}");

    // One client threads and has no tag, one keeps the tag alone, one knows nothing but where answers go.
    let again = |name: &str, subject: &str| {
        let mail =
            letter(&format!("{name}@example.org"), subject).from("anna@example.org").body("Thank you.\r\n");
        if name == "plus" { mail.with("To", &reply_to) } else { mail }
    };
    let thread = again("thread", "Re: Something else").with("In-Reply-To", &id);
    let tag = again("tag", &format!("Re: {subject}"));
    for mail in [thread, tag, again("plus", "Yet another thing")] {
        let parcel = Parcel {
            sender: Some("anna@example.org".to_owned()),
            recipient: "support@example.org".to_owned(),
            octets: mail.bytes(),
        };
        assert_eq!(given(&smtp, &[parcel])[0].0, "accepted");
        server.delivered("support", 1);
        let outcomes = fetch(&desk).outcomes();
        assert!(outcomes.len() == 1 && outcomes[0].starts_with("updated/"), "{outcomes:?}");
        assert!(outcomes[0].ends_with(" support-1"), "{outcomes:?}");
    }
    assert_eq!(told(&desk).len(), 1, "who writes is not told of it");
    assert_eq!(server.mails("anna").len(), 1);
}

#[test]
fn from_a_maildir_to_files_everybody_else_hears_of_each_mail() {
    let desk = with_outbox(FILE);
    desk.deliver("1", &letter("first@example.org", "Printer").with("Cc", "bob@example.org").bytes());
    assert_eq!(fetch(&desk).outcomes(), ["created/new support-1"]);
    let mails = left(&desk);
    let to: Vec<String> = mails.iter().map(|mail| field(mail, "To")).collect();
    assert_eq!((mails.len(), to.contains(&"Alice <alice@example.org>".to_owned())), (2, true), "{to:?}");
    let created = mails.iter().find(|mail| field(mail, "To").contains("alice")).unwrap();

    let answer =
        letter("second@example.org", "Re: Printer").with("In-Reply-To", &field(created, "Message-ID"));
    desk.deliver("2", &answer.body("It still burns.\r\n").bytes());
    assert_eq!(fetch(&desk).outcomes(), ["updated/token support-1"]);
    let mut rows = told(&desk);
    rows.sort();
    let expected = [
        "support-1 announced anna@example.org sent",
        "support-1 created alice@example.org sent",
        "support-1 updated anna@example.org sent",
        "support-1 updated bob@example.org sent",
    ];
    assert_eq!(rows, expected);
    let mails = left(&desk);
    let updated = mails.iter().find(|mail| field(mail, "To").contains("bob")).unwrap();
    assert!(updated.contains("It still burns."), "{updated}");
    assert_eq!(field(updated, "Auto-Submitted"), "auto-generated");
    assert_eq!(fetch(&desk).outcomes(), [""; 0]);
    assert_eq!(left(&desk).len(), 4, "nothing is sent twice");
}

#[test]
fn what_is_not_sent_at_the_end_of_a_fetch_waits_for_send() {
    let desk = with_outbox(FILE);
    desk.deliver("1", &letter("first@example.org", "Printer").bytes());
    desk.run(&["fetch", "--no-send"]).exits(0);
    assert_eq!(left(&desk).len(), 0);
    let sent = desk.run(&["send", "--json"]).exits(0);
    assert_eq!((sent.lines("notification").len(), left(&desk).len()), (2, 2));

    let desk = with_outbox(&format!("deliver = \"separately\"\n{FILE}"));
    desk.deliver("1", &letter("first@example.org", "Printer").bytes());
    fetch(&desk);
    assert_eq!(left(&desk).len(), 0);
    desk.run(&["send"]).exits(0);
    assert_eq!(left(&desk).len(), 2);
}

#[test]
fn a_dry_run_writes_and_sends_nothing() {
    let desk = with_outbox(FILE);
    desk.deliver("1", &letter("first@example.org", "Printer").bytes());
    assert_eq!(desk.run(&["fetch", "--dry-run", "--json"]).exits(0).outcomes(), ["created/new support-1"]);
    assert_eq!((left(&desk).len(), told(&desk).len()), (0, 0));
}

#[test]
fn a_mail_server_that_is_away_or_silent_costs_no_ticket_and_a_later_run_sends() {
    // One that nobody listens at, and one where nobody says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let away = ports::free();
    for port in [away, silent.local_addr().unwrap().port()] {
        let server = format!("host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\ntimeout = \"1s\"\n");
        let desk = with_outbox(&server);
        desk.deliver("1", &letter("first@example.org", "Printer").bytes());
        desk.deliver("2", &letter("second@example.org", "Fire").from("bob@example.org").bytes());
        let run = fetch(&desk);
        assert_eq!(run.outcomes(), ["created/new support-1", "created/new support-2"]);
        let rows = desk.run(&["outbox", "list", "--json"]).exits(0).json();
        assert_eq!(rows.len(), 4);
        assert!(rows.iter().all(|row| row["state"] == "queued"), "{rows:?}");
        assert!(rows.iter().any(|row| row["last_error"].is_string()), "{rows:?}");
        assert_eq!(desk.run(&["send"]).code, 69);

        let config = fs::read_to_string(desk.path("desk.toml")).unwrap();
        fs::write(desk.path("desk.toml"), config.replace(&server, FILE)).unwrap();
        desk.run(&["outbox", "requeue", "1", "2", "3", "4"]).exits(0);
        fetch(&desk);
        assert!(told(&desk).iter().all(|row| row.ends_with(" sent")), "{:?}", told(&desk));
        assert_eq!(left(&desk).len(), 4);
    }
}

#[test]
fn without_an_outbox_nobody_is_told_and_nothing_is_written_down() {
    let desk = Desk::with_maildir("");
    desk.deliver("1", &letter("first@example.org", "Printer").bytes());
    assert_eq!(fetch(&desk).outcomes(), ["created/new support-1"]);
    assert_eq!(told(&desk), [""; 0]);
    assert!(desk.run(&["check"]).exits(0).stdout.contains("nobody is notified: there is no [outbox]\n"));
}

#[test]
fn own_templates_are_used_and_without_them_nothing_leaves_yet() {
    let desk = with_outbox(&format!("templates = \"templates\"\n{FILE}"));
    desk.deliver("1", &letter("first@example.org", "Printer").bytes());
    let run = fetch(&desk);
    assert_eq!(run.outcomes(), ["created/new support-1"], "a ticket does not wait for templates");
    assert!(run.stderr.contains("no templates can be read in"), "{}", run.stderr);
    assert!(desk.run(&["send"]).exits(78).stderr.contains("no templates can be read in"));

    fs::create_dir(desk.path("templates")).unwrap();
    fs::write(desk.path("templates/created.en.txt"), "We are on our way to {{ name }}.\n").unwrap();
    fs::write(desk.path("templates/announced.en.txt"), "{{ no_such_thing }}\n").unwrap();
    desk.run(&["send"]).exits(0);
    let mails = left(&desk);
    assert!(mails.iter().any(|mail| mail.contains("We are on our way to Alice.")), "{mails:?}");
    let rows = desk.run(&["outbox", "list", "--json"]).exits(0).json();
    let announced = rows.iter().find(|row| row["template"] == "announced").unwrap()["id"].to_string();
    let tries = &desk.run(&["outbox", "show", &announced, "--json"]).exits(0).json()[0]["tries"];
    assert!(tries[0]["note"].as_str().unwrap().contains("announced.en.txt"), "{tries}");
}

#[test]
fn a_queue_whose_domain_is_not_ascii_is_answered_like_any_other() {
    let desk = with_outbox(FILE);
    let config = fs::read_to_string(desk.path("desk.toml")).unwrap();
    let other = config.replace("support@example.org\"", "support@bücher.example\"\nplus_addressing = true");
    fs::write(desk.path("desk.toml"), other).unwrap();
    desk.deliver("1", &letter("first@example.org", "Printer").bytes());
    fetch(&desk);
    let mails = left(&desk);
    let created = mails.iter().find(|mail| field(mail, "To").contains("alice")).unwrap();
    assert!(created.is_ascii(), "{created}");
    let (id, reply_to) = (field(created, "Message-ID"), field(created, "Reply-To"));
    assert!(id.ends_with("@xn--bcher-kva.example>"), "{id}");
    desk.deliver("2", &letter("second@example.org", "Something").with("In-Reply-To", &id).bytes());
    desk.deliver("3", &letter("third@example.org", "Another").with("To", &reply_to).bytes());
    assert_eq!(fetch(&desk).outcomes(), ["updated/token support-1", "updated/token support-1"]);
}
