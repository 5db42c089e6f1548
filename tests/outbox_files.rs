//! The files of a mail go along with the notifications that quote it, as far as the configuration and the server allow.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use helpdesk_mail::model::mail::Mail;
use helpdesk_mail::parse::{self, Limits};
use helpdesk_mail::transport::Tls;
use sha2::{Digest, Sha256};

use crate::outbox::{FILE, fetch, left, letter, told};
use crate::support::desk::Desk;
use crate::support::letter::Letter;
use crate::support::smtpd::{Options, Smtpd};

/// Octets that do not compress and are all there are.
fn octets(count: usize) -> Vec<u8> {
    (0..count.div_ceil(32)).flat_map(|n| Sha256::digest(n.to_le_bytes())).take(count).collect()
}

/// A mail whose text shows a picture of 1000 octets, with a PDF of 40000 and an archive of 300000.
fn with_files(letter: Letter) -> Letter {
    let part = |head: &str, content: &[u8]| {
        let lines: Vec<String> = STANDARD
            .encode(content)
            .as_bytes()
            .chunks(76)
            .map(|line| String::from_utf8_lossy(line).into())
            .collect();
        format!("--q\r\n{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n", lines.join("\r\n"))
    };
    let body = [
        "--q\r\nContent-Type: text/html\r\n\r\n<p>It burns: <img src=\"cid:pic@x\"></p>\r\n".to_owned(),
        part(
            "Content-Type: image/png\r\nContent-ID: <pic@x>\r\nContent-Disposition: inline; filename=pic.png",
            &png(),
        ),
        part(
            "Content-Type: application/zip\r\nContent-Disposition: attachment; filename=big.zip",
            &octets(300_000),
        ),
        part(
            "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''Rechnung%20f%C3%BCr%20M%C3%A4rz.pdf",
            &pdf(),
        ),
        "--q--\r\n".to_owned(),
    ];
    letter
        .with("MIME-Version", "1.0")
        .with("Content-Type", "multipart/mixed; boundary=q")
        .body(&body.concat())
}

fn png() -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n", octets(992).as_slice()].concat()
}

fn pdf() -> Vec<u8> {
    [b"%PDF-1.7\n", octets(39_991).as_slice()].concat()
}

fn read(mail: &str) -> Mail {
    parse::one(mail.as_bytes(), &Limits::default()).unwrap()
}

/// Name, type and hash of each file of a mail.
fn files(mail: &Mail) -> Vec<(String, String, [u8; 32])> {
    let file = |file: &helpdesk_mail::model::mail::Attachment| {
        (file.filename.clone(), file.content_type.clone(), file.sha256.0)
    };
    mail.attachments.iter().map(file).collect()
}

/// The picture and the PDF, as the mail had them.
fn small_ones() -> [(String, String, [u8; 32]); 2] {
    let file = |name: &str, kind: &str, content: Vec<u8>| {
        (name.to_owned(), kind.to_owned(), Sha256::digest(content).into())
    };
    [file("pic.png", "image/png", png()), file("Rechnung für März.pdf", "application/pdf", pdf())]
}

/// The mail that left to somebody about something.
fn to(desk: &Desk, address: &str, words: &str) -> Mail {
    let mails: Vec<Mail> = left(desk).iter().map(|mail| read(mail)).collect();
    let is_it = |mail: &Mail| mail.to[0].address == address && mail.text.contains(words);
    mails.into_iter().find(is_it).unwrap_or_else(|| panic!("nobody told {address}: {words}"))
}

/// A desk with a Maildir that writes to files, and these lines of `[outbox]` and of the queue.
fn desk(outbox: &str, queue: &str) -> Desk {
    let desk = Desk::with_maildir(&format!("[outbox]\n{FILE}{outbox}\n"));
    let config = fs::read_to_string(desk.path("desk.toml")).unwrap();
    fs::write(
        desk.path("desk.toml"),
        config.replace("[mailbox.support]", &format!("{queue}\n[mailbox.support]")),
    )
    .unwrap();
    fs::create_dir(desk.path("out")).unwrap();
    desk
}

/// Posts a mail with files that opens a ticket, with Bob in copy.
fn open_ticket(desk: &Desk) {
    desk.deliver(
        "1",
        &with_files(letter("first@example.org", "Printer").with("Cc", "bob@example.org")).bytes(),
    );
    assert_eq!(fetch(desk).outcomes(), ["created/new support-1"]);
}

/// A desk whose mail goes through this server, to agents alone.
fn through(server: &Smtpd, keys: &str) -> Desk {
    let mailbox = server.dovecot.mailbox_toml("support", Tls::Implicit);
    Desk::configured(&format!(
        "[queue.support]\naddress = \"support@example.org\"\nagents = [\"anna@example.org\"]\nnotify = [\"agents\"]\n\
         [mailbox.support]\nqueue = \"support\"\n{mailbox}[outbox]\nhost = \"127.0.0.1\"\nport = {}\n\
         ca_file = {:?}\nusername = \"support\"\npassword = \"secret\"\n{keys}\n",
        server.tls_port,
        server.dovecot.ca_file()
    ))
}

#[test]
fn through_real_servers_files_arrive_octet_for_octet_and_what_is_too_large_is_named() {
    let server = Smtpd::start();
    let desk = through(&server, "attach_files = \"100KB\"");
    server.dovecot.deliver("support", "INBOX", &with_files(letter("first@example.org", "Printer")).bytes());
    assert_eq!(fetch(&desk).outcomes(), ["created/new support-1"]);
    assert_eq!(told(&desk), ["support-1 announced anna@example.org sent"]);
    let mail = read(&server.delivered("anna", 1)[0]);
    assert_eq!(files(&mail), small_ones());
    assert!(mail.attachments.iter().all(|file| !file.inline), "they are no part of our own text");
    assert!(mail.text.contains("\nNot attached: big.zip (300 KB)\n"), "{}", mail.text);
    assert!(mail.text.contains("> It burns:"), "{}", mail.text);
    assert_eq!(mail.defects, [""; 0]);
}

#[test]
fn a_server_that_takes_no_mail_so_large_gets_it_without_files() {
    let server = Smtpd::start_with(Options { lines: "message_size_limit = 30000", ..Options::default() });
    let desk = through(&server, "attach_files = \"1MB\"");
    server.dovecot.deliver("support", "INBOX", &with_files(letter("first@example.org", "Printer")).bytes());
    assert_eq!(fetch(&desk).outcomes(), ["created/new support-1"]);
    let mail = read(&server.delivered("anna", 1)[0]);
    assert_eq!(files(&mail), []);
    let named = "Not attached: pic.png (1000 B), big.zip (300 KB), Rechnung für März.pdf (40 KB)";
    assert!(mail.text.contains(named), "{}", mail.text);
    let row = &desk.run(&["outbox", "show", "1", "--json"]).exits(0).json()[0];
    let note = "without its files, since the server takes mails of at most 30000 octets";
    assert_eq!(
        (row["state"].as_str(), row["tries"][0]["note"].as_str()),
        (Some("sent"), Some(note)),
        "{row}"
    );
}

#[test]
fn files_go_along_with_what_quotes_their_mail_and_with_nothing_else() {
    let desk = desk("attach_files = \"1MB\"", "");
    open_ticket(&desk);
    let names = |mail: &Mail| mail.attachments.iter().map(|file| file.filename.clone()).collect::<Vec<_>>();
    let all = ["pic.png", "big.zip", "Rechnung für März.pdf"];
    let announced = to(&desk, "anna@example.org", "has opened ticket");
    assert_eq!(names(&announced), all);
    assert!(!announced.text.contains("Not attached"), "{}", announced.text);
    assert_eq!(
        names(&to(&desk, "alice@example.org", "support-1")),
        [""; 0],
        "an acknowledgement quotes nothing"
    );

    let answer = |id: &str| {
        letter(id, "Re: [support-1] Printer").from("anna@example.org").answers("first@example.org")
    };
    desk.deliver("2", &with_files(answer("second@example.org")).bytes());
    assert_eq!(fetch(&desk).outcomes(), ["updated/in-reply-to support-1"]);
    assert_eq!(names(&to(&desk, "bob@example.org", "has written on ticket")), all);
    desk.run(&["ticket", "close", "1"]).exits(0);
    desk.deliver("3", &answer("third@example.org").bytes());
    assert_eq!(fetch(&desk).outcomes(), ["reopened/in-reply-to support-1"]);
    assert_eq!(
        names(&to(&desk, "bob@example.org", "now open again")),
        [""; 0],
        "those of that mail, not of others"
    );
}

#[test]
fn without_the_key_nothing_is_said_of_files_and_a_queue_has_its_own_word() {
    for (outbox, queue, along) in [
        ("", "", false),
        ("attach_files = \"none\"", "", false),
        ("attach_files = \"1MB\"", "attach_files = \"none\"", false),
        ("", "attach_files = \"1MB\"", true),
    ] {
        let desk = desk(outbox, queue);
        open_ticket(&desk);
        let mail = to(&desk, "anna@example.org", "has opened ticket");
        assert_eq!(mail.attachments.len(), if along { 3 } else { 0 }, "{outbox} {queue}");
        assert!(!mail.text.contains("ttached"), "{}", mail.text);
        let preview = desk.run(&["outbox", "preview", "announced"]).exits(0).stdout;
        assert_eq!(preview.contains("Not attached: smoke & fire.mp4 (48 MB)"), along, "{preview}");
    }
}

#[test]
fn own_templates_say_of_files_what_they_like() {
    let desk = desk("attach_files = \"100KB\"\ntemplates = \"templates\"", "");
    fs::create_dir(desk.path("templates")).unwrap();
    let text = "{% for file in files %}+{{ file.name }} {{ file.size }}\n{% endfor %}\
                {% for file in files_left_out %}-{{ file.name }} {{ file.size }}\n{% endfor %}has opened ticket";
    fs::write(desk.path("templates/announced.en.txt"), text).unwrap();
    desk.run(&["check"]).exits(0);
    open_ticket(&desk);
    let mail = to(&desk, "anna@example.org", "has opened ticket");
    assert!(
        mail.text.contains("+pic.png 1000 B\n+Rechnung für März.pdf 40 KB\n-big.zip 300 KB\n"),
        "{}",
        mail.text
    );
    assert_eq!(files(&mail), small_ones());
}

#[test]
fn a_file_that_the_store_has_lost_is_named_and_the_rest_goes_along() {
    // What no run does: somebody changed the store by hand.
    for harm in
        ["DELETE FROM blob WHERE size = 300000", "UPDATE blob SET content = x'00' WHERE size = 300000"]
    {
        let desk = desk("attach_files = \"1MB\"\ndeliver = \"separately\"", "");
        open_ticket(&desk);
        let store = rusqlite::Connection::open(desk.path("desk.db")).unwrap();
        store.execute_batch(&format!("PRAGMA foreign_keys = OFF; {harm}")).unwrap();
        drop(store);
        let run = desk.run(&["send"]).exits(0);
        let note = "without a file of the mail that is gone from the store or damaged";
        assert!(run.stderr.contains(note), "{harm}: {}", run.stderr);
        let mail = to(&desk, "anna@example.org", "has opened ticket");
        assert_eq!(files(&mail), small_ones());
        assert!(mail.text.contains("\nNot attached: big.zip\n"), "{}", mail.text);
    }
}
