//! Desks whose mail makes notifications of every kind, and the ways that those leave by: for tests that disturb runs.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::arrivals::{Copy, Row, rows};
use super::desk::Desk;
use super::dump;
use super::letter::Letter;
use super::scene;
use super::smtpd::{Options, Smtpd};
use super::taker::Taker;

/// Bob is on ticket 1 and hears of what comes in for it; Anna works here.
const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\nagents = [\"anna@example.org\"]\n\
                     [[rule]]\nname = \"news\"\nwhen = { from = \"*@news.example.org\" }\nthen = { ignore = true }\n";

/// The fixtures' dates never grow too old.
const OUTBOX: &str = "[outbox]\nmax_age = \"9999d\"\n";

/// A store with three tickets of whose notifications none waits, and the mails that come next.
pub struct Begun {
    desk: Desk,
    mails: Vec<Vec<u8>>,
    /// So many notifications are over and done with.
    pub sent: usize,
}

impl Begun {
    pub fn new() -> Self {
        let desk = Desk::configured(&format!("{QUEUE}{OUTBOX}backend = \"null\"\n"));
        let about =
            [("first@x", "bob@example.org"), ("second@x", "bob@example.org"), ("third@x", "eve@example.org")];
        for (id, copied) in about {
            fs::write(desk.path("mail.eml"), Letter::new(id, "Before").with("Cc", copied).bytes()).unwrap();
            desk.run(&["ingest", desk.path("mail.eml").to_str().unwrap()]).exits(0);
        }
        fs::write(desk.path("mail.eml"), Letter::new("more@x", "Re: [support-3] more").bytes()).unwrap();
        desk.run(&["ingest", desk.path("mail.eml").to_str().unwrap()]).exits(0);
        desk.run(&["send"]).exits(0);
        desk.run(&["ticket", "close", "2"]).exits(0);
        let rows = desk.run(&["outbox", "list", "--json"]).exits(0).json();
        let to_eve = rows.iter().find(|row| row["to"] == "eve@example.org").expect("Eve heard of it");
        let mut mails = scene::mails();
        mails.insert(3, came_back(to_eve["message_id"].as_str().unwrap()).bytes());
        mails.push(Letter::new("late@x", "Re: [support-3] and more").bytes());
        Self { desk, mails, sent: rows.len() }
    }

    /// A desk with the mails in a Maildir, before its run; its notifications leave that way.
    pub fn fresh(&self, way: &dyn Way) -> Desk {
        let desk = self.desk.with_copied_store();
        desk.configure(&format!(
            "{QUEUE}[mailbox.m]\nqueue = \"support\"\nbatch_size = 5\ntype = \"maildir\"\npath = \"mail\"\n\
             on_success = \"move:Done\"\non_ignore = \"delete\"\n{OUTBOX}{}",
            way.toml()
        ));
        for part in ["new", "cur", "tmp", ".Done/new", ".Done/cur", ".Done/tmp"] {
            fs::create_dir_all(desk.path("mail").join(part)).unwrap();
        }
        self.mails.iter().enumerate().for_each(|(at, mail)| desk.deliver(&format!("{at:03}"), mail));
        desk
    }

    /// What two desks must have in common once all is sent.
    pub fn state(&self, desk: &Desk) -> Vec<String> {
        let mut state = dump::store(desk);
        state.extend(dump::maildir(&desk.path("mail")));
        state
    }

    /// The notifications of the mails.
    pub fn rows(&self, desk: &Desk) -> Vec<Row> {
        rows(desk, self.sent)
    }
}

/// The bounce of a notification to Eve.
fn came_back(message_id: &str) -> Letter {
    Letter::new("bounce@x", "Undelivered Mail Returned to Sender")
        .from("MAILER-DAEMON@mx.example.org")
        .with("Content-Type", "multipart/report; report-type=delivery-status; boundary=q")
        .body(&format!(
            "--q\r\n\r\nIt failed.\r\n--q\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; eve@example.org\r\n\
             Action: failed\r\nStatus: 5.1.1\r\n\r\n--q\r\nContent-Type: message/rfc822\r\n\r\n\
             Message-ID: <{}>\r\nTo: eve@example.org\r\n\r\nhello\r\n--q--\r\n",
            message_id.trim_matches(['<', '>'])
        ))
}

/// A way that notifications leave by, for many desks.
pub trait Way: Sync {
    /// The lines below `[outbox]`.
    fn toml(&self) -> String;

    /// All that arrived of all desks.
    fn arrived(&self) -> Vec<Copy>;
}

impl Way for Taker {
    fn toml(&self) -> String {
        Self::toml(self)
    }

    fn arrived(&self) -> Vec<Copy> {
        self.taken()
    }
}

/// The back end `file`, with one directory for all desks.
pub struct ToFiles(TempDir);

impl ToFiles {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Panics if anything but whole mails lies there.
    pub fn hold_nothing_else(&self) {
        let names = fs::read_dir(self.0.path()).unwrap().map(|file| file.unwrap().file_name());
        let other: Vec<_> = names.filter(|name| !name.to_str().unwrap().ends_with(".eml")).collect();
        assert!(other.is_empty(), "{other:?}");
    }
}

impl Way for ToFiles {
    fn toml(&self) -> String {
        format!("backend = \"file\"\npath = {:?}\n", self.0.path())
    }

    fn arrived(&self) -> Vec<Copy> {
        kept(self.0.path())
    }
}

/// The back end `sendmail`, with a program that keeps what it is given.
pub struct BySendmail(TempDir);

/// As Postfix's does: whatever comes until the end of its input is the mail, whoever still lives.
const PROGRAM: &str = "#!/bin/sh\nfor to; do :; done\nnew=$(mktemp DIR/XXXXXX)\n\
                       { printf 'Delivered-To: %s\\n' \"$to\"; cat; } >$new && mv $new $new.eml\n";

impl BySendmail {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let text = PROGRAM.replace("DIR", directory.path().to_str().unwrap());
        // By a process of its own: another thread that starts one would hold the file open for writing, and it is busy then.
        let written = Command::new("/bin/sh")
            .args(["-c", "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"", "sh", &text])
            .arg(directory.path().join("sendmail"))
            .status();
        assert!(written.unwrap().success());
        Self(directory)
    }
}

impl Way for BySendmail {
    fn toml(&self) -> String {
        format!("backend = \"sendmail\"\npath = {:?}\n", self.0.path().join("sendmail"))
    }

    fn arrived(&self) -> Vec<Copy> {
        // A program may outlive who started it.
        let deadline = Instant::now() + Duration::from_secs(30);
        while fs::read_dir(self.0.path()).unwrap().any(|file| !is_done(&file.unwrap().path())) {
            assert!(Instant::now() < deadline, "a program does not end");
            sleep(Duration::from_millis(10));
        }
        kept(self.0.path())
    }
}

fn is_done(file: &Path) -> bool {
    file.ends_with("sendmail") || file.extension().is_some()
}

/// The mails of a directory.
fn kept(directory: &Path) -> Vec<Copy> {
    let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    let mails = files.filter(|file| file.extension().is_some_and(|end| end == "eml"));
    let mails = mails.map(|file| fs::read_to_string(file).unwrap());
    mails.map(|mail| Copy::new(&delivered_to(&mail), &mail)).collect()
}

/// A real Postfix; whomever a mail is for, it lies in one Maildir.
pub struct ByPostfix(pub Smtpd);

impl ByPostfix {
    pub fn start() -> Self {
        let lines = "virtual_mailbox_domains = example.org, example.com\n\
                     virtual_mailbox_maps = static:anna/Maildir/";
        Self(Smtpd::start_with(Options { lines, ..Options::default() }))
    }
}

impl Way for ByPostfix {
    fn toml(&self) -> String {
        format!(
            "host = \"127.0.0.1\"\nport = {}\ntls = \"starttls\"\nca_file = {:?}\nusername = \"support\"\n\
             password = \"secret\"\n",
            self.0.port,
            self.0.dovecot.ca_file()
        )
    }

    fn arrived(&self) -> Vec<Copy> {
        self.0.settled();
        self.0.mails("anna").iter().map(|mail| Copy::new(&delivered_to(mail), mail)).collect()
    }
}

/// Whom the envelope named.
fn delivered_to(mail: &str) -> String {
    let line = mail.lines().find_map(|line| line.strip_prefix("Delivered-To: "));
    line.unwrap_or_else(|| panic!("no Delivered-To in {mail}")).to_owned()
}
