//! A help desk and a mailbox of every kind, with mails that between them give every outcome: for tests that disturb a run
//! and compare what is left.

use helpdesk_mail::mailbox::Tls;

use super::database::Database;
use super::desk::Desk;
use super::dovecot::Dovecot;
use super::dump;
use super::letter::Letter;

const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\n[[rule]]\nname = \"news\"\n\
                     when = { from = \"*@news.example.org\" }\nthen = { ignore = true }\n";

/// Mails that between them give every outcome that one run can give; tickets 1 and 2 are there, 2 is closed.
pub fn mails() -> Vec<Vec<u8>> {
    let with_file = |id: &str, subject: &str| {
        let body = "--q\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--q\r\n\
                    Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\
                    Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--q--\r\n";
        let letter = Letter::new(id, subject).with("MIME-Version", "1.0");
        letter.with("Content-Type", "multipart/mixed; boundary=q").body(body).bytes()
    };
    let bounce = Letter::new("b@x", "Undelivered Mail Returned to Sender")
        .from("MAILER-DAEMON@mx.example.org")
        .with("Content-Type", "multipart/report; report-type=delivery-status; boundary=q")
        .body(
            "--q\r\n\r\nIt failed.\r\n--q\r\nContent-Type: message/delivery-status\r\n\r\n\
               Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; nobody@example.org\r\n\
               Action: failed\r\nStatus: 5.1.1\r\n\r\n--q--\r\n",
        );
    vec![
        with_file("new@x", "Printer on fire"),
        Letter::new("answer@x", "Re: Printer on fire").answers("new@x").bytes(),
        bounce.bytes(),
        Letter::new("tagged@x", "Re: [support-1] again").bytes(),
        Letter::new("reopens@x", "Re: [support-2] not done").bytes(),
        with_file("new@x", "Printer on fire"),
        Letter::new("n@news.example.org", "Buy").from("Sale <sale@news.example.org>").bytes(),
        b"X-Nothing: of use\r\n\r\n \r\n".to_vec(),
        Letter::new("unknown@x", "Re: [support-4711] hello").bytes(),
        Letter::new("stranger@x", "Re: [support-1] let me in").from("mallory@example.com").bytes(),
        with_file("same-file@x", "Another printer"),
        Letter::new("refers@x", "Re: Another printer").with("References", "<none@x> <same-file@x>").bytes(),
    ]
}

pub const OUTCOMES: [&str; 12] = [
    "created/new support-3",
    "updated/in-reply-to support-3",
    "skipped/bounce -",
    "updated/subject support-1",
    "reopened/subject support-2",
    "duplicate/message-id support-3",
    "ignored/rule:news -",
    "failed/unreadable -",
    "created/unknown-ticket support-4",
    "created/sender-not-participant support-5",
    "created/new support-6",
    "updated/references support-6",
];

/// A store with two tickets, the second closed.
pub fn begun() -> Desk {
    begun_in(Database::new())
}

/// The same in this store.
pub fn begun_in(database: Database) -> Desk {
    let desk = Desk::over(database);
    desk.configure(QUEUE);
    for id in ["first@x", "second@x"] {
        std::fs::write(desk.path("mail.eml"), Letter::new(id, "Before").bytes()).unwrap();
        desk.run(&["ingest", desk.path("mail.eml").to_str().unwrap()]).exits(0);
    }
    desk.run(&["ticket", "close", "2"]).exits(0);
    desk
}

/// A kind of mailbox: how a fresh one is filled, and what it holds.
pub trait Kind: Sync {
    /// Fills the mailbox of one desk and gives its configuration.
    fn fill(&self, desk: &Desk, number: u64) -> String;
    /// The port of the server, if there is one, as it stands in the configuration.
    fn port(&self) -> Option<u16> {
        None
    }
    /// What lies there.
    fn look(&self, desk: &Desk, number: u64) -> Vec<String>;
}

pub struct OnImap(pub Dovecot);
pub struct OnPop3(pub Dovecot);
pub struct InMaildir;
pub struct InMbox;

/// Users enough for every step.
const USERS: u64 = 6000;

pub fn server() -> Dovecot {
    let server = Dovecot::start();
    let users: Vec<String> = (0..USERS).map(|number| format!("u{number}")).collect();
    server.set_passwords(&users.iter().map(|user| (user.as_str(), "secret")).collect::<Vec<_>>());
    server
}

fn append(server: &Dovecot, user: &str) {
    let mut session = server.session(user);
    mails().iter().for_each(|mail| session.append("INBOX", "", mail));
}

impl Kind for OnImap {
    fn fill(&self, _: &Desk, number: u64) -> String {
        let user = format!("u{number}");
        append(&self.0, &user);
        ["Done", "Broken"].iter().for_each(|folder| self.0.create_folder(&user, folder));
        format!(
            "{}on_success = \"move:Done\"\non_ignore = \"delete\"\non_failure = \"move:Broken\"\non_skip = \"seen\"\n",
            self.0.mailbox_toml(&user, Tls::None)
        )
    }

    fn port(&self) -> Option<u16> {
        Some(self.0.port)
    }

    fn look(&self, _: &Desk, number: u64) -> Vec<String> {
        dump::maildir(&self.0.maildir(&format!("u{number}")))
    }
}

impl Kind for OnPop3 {
    fn fill(&self, _: &Desk, number: u64) -> String {
        let user = format!("u{number}");
        append(&self.0, &user);
        format!("{}on_success = \"delete\"\n", self.0.pop3_toml(&user, Tls::None))
    }

    fn port(&self) -> Option<u16> {
        Some(self.0.pop3_port)
    }

    fn look(&self, _: &Desk, number: u64) -> Vec<String> {
        dump::maildir(&self.0.maildir(&format!("u{number}")))
    }
}

impl Kind for InMaildir {
    fn fill(&self, desk: &Desk, _: u64) -> String {
        for part in ["new", "cur", "tmp", ".Done/new", ".Done/cur", ".Done/tmp"] {
            std::fs::create_dir_all(desk.path("mail").join(part)).unwrap();
        }
        mails().iter().enumerate().for_each(|(at, mail)| desk.deliver(&format!("{at:03}"), mail));
        "type = \"maildir\"\npath = \"mail\"\non_success = \"move:Done\"\non_ignore = \"delete\"\non_skip = \"seen\"\n"
            .to_owned()
    }

    fn look(&self, desk: &Desk, _: u64) -> Vec<String> {
        dump::maildir(&desk.path("mail"))
    }
}

impl Kind for InMbox {
    fn fill(&self, desk: &Desk, _: u64) -> String {
        let separated = |mail: &Vec<u8>| {
            let text = String::from_utf8(mail.clone()).unwrap().replace("\r\n", "\n");
            format!("From MAILER-DAEMON Fri Nov 20 10:00:00 2026\n{text}\n")
        };
        std::fs::write(desk.path("box"), mails().iter().map(separated).collect::<String>()).unwrap();
        "type = \"mbox\"\npath = \"box\"\non_success = \"delete\"\n".to_owned()
    }

    fn look(&self, desk: &Desk, _: u64) -> Vec<String> {
        vec![String::from_utf8(std::fs::read(desk.path("box")).unwrap()).unwrap()]
    }
}

/// A desk with its mailbox before the run.
pub fn fresh(kind: &dyn Kind, template: &Desk, number: u64) -> Desk {
    through(kind, template, number, None)
}

/// The same, with its server reached through another port.
pub fn through(kind: &dyn Kind, template: &Desk, number: u64, port: Option<u16>) -> Desk {
    let desk = template.with_copied_store();
    let mut mailbox = kind.fill(&desk, number);
    if let (Some(own), Some(other)) = (kind.port(), port) {
        mailbox = mailbox.replace(&format!("port = {own}\n"), &format!("port = {other}\n"));
    }
    desk.configure(&format!("{QUEUE}[mailbox.m]\nqueue = \"support\"\nbatch_size = 5\n{mailbox}"));
    desk
}

pub fn state(kind: &dyn Kind, desk: &Desk, number: u64) -> Vec<String> {
    let mut state = dump::store(desk);
    state.extend(kind.look(desk, number));
    state
}

/// What one state has and the other has not.
pub fn difference(expected: &[String], reached: &[String]) -> String {
    let lost = expected.iter().filter(|line| !reached.contains(line)).map(|line| format!("- {line}"));
    let new = reached.iter().filter(|line| !expected.contains(line)).map(|line| format!("+ {line}"));
    lost.chain(new).collect::<Vec<_>>().join("\n")
}
