//! A home with a configuration and a store in it, for the tests of the commands.

use assert_cmd::Command;
use helpdesk_mail::model::address::Address;
use helpdesk_mail::model::ids::{Digest, MessageId, TicketId};
use helpdesk_mail::model::item::{Disposition, ItemKey};
use helpdesk_mail::model::mail::{Attachment, Kind, Mail};
use helpdesk_mail::model::notification::Occasion;
use helpdesk_mail::model::outbox::{Told, Untold, Urgency};
use helpdesk_mail::model::outcome::OutcomeWord;
use helpdesk_mail::store::{
    Books, Config, KeptCopy, LedgerEntry, NewMessage, NewNotification, NewTicket, Source, Store, StoreError,
    StoredError,
};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

const CONFIG: &str = r#"
[store]
url = "sqlite:helpdesk-mail.db"
[queue.support]
title = "Support"
[queue.sales]
title = "Sales"
[mailbox.support]
type = "maildir"
queue = "support"
path = "mail"
"#;

/// The raw message that is in quarantine.
pub const RAW: &[u8] = b"From: x\r\n\r\n\xff\x00";

/// A directory of its own, which is the home of the commands.
pub struct Place {
    /// The directory.
    pub directory: TempDir,
}

impl Place {
    /// A home with a configuration and no store.
    pub fn configured() -> Self {
        let place = Self { directory: TempDir::new().unwrap() };
        place.write("helpdesk-mail.toml", CONFIG);
        place
    }

    /// A home whose store has two tickets, two outcomes and a message in quarantine.
    pub fn filled() -> Self {
        let place = Self::configured();
        let path = place.directory.path().join("helpdesk-mail.db");
        fill(&Config::of_file(path));
        place
    }

    /// Writes a file that only its owner may write.
    pub fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let file = self.directory.path().join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The program, in this home, with nothing else in its environment.
    pub fn command(&self, line: &str) -> Command {
        let mut command = bare(self.directory.path());
        command.env("HELPDESK_MAIL_CONFIG", self.directory.path().join("helpdesk-mail.toml"));
        command.args(line.split_whitespace());
        command
    }

    /// What the command writes to standard output, after it ended as expected.
    pub fn output(&self, line: &str, code: i32) -> String {
        let output = self.command(line).assert().code(code).get_output().clone();
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON lines of the command.
    pub fn json(&self, line: &str, code: i32) -> Vec<serde_json::Value> {
        self.output(line, code).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The program in a home without a configuration.
pub fn bare(home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_helpdesk-mail"));
    command.env_clear().env("HOME", home).env("TZ", "UTC").current_dir(home);
    command
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// Puts two notifications of ticket 1 into the outbox: one that waits and one that may not be sent.
pub fn notify(place: &Place) {
    let path = place.directory.path().join("helpdesk-mail.db");
    let config = Config::of_file(path);
    let enqueue = |to: &Address, id: &str, untold| {
        let message_id = MessageId::new(id).unwrap();
        let new = NewNotification {
            ticket: TicketId(1),
            message: 1,
            other: None,
            occasion: Occasion::Created,
            to,
            told: Told::Requester,
            subject: "printer",
            message_id: &message_id,
            urgency: Urgency::Medium,
            at: time(0),
            due_at: time(0),
            expires_at: None,
            untold,
        };
        let mut store = Store::open(&config).unwrap();
        store.transaction(|books| books.outgoing().unwrap().enqueue(&new)).unwrap();
    };
    enqueue(&alice(), "n1@x", None);
    let odd = Address::bare("b\u{1b}[2J@example.org");
    enqueue(&odd, "n2@x", Some(Untold::Dmarc));
}

fn alice() -> Address {
    Address { name: Some("Alice".to_owned()), address: "alice@example.org".to_owned() }
}

fn mail(id: &str, subject: &str) -> Mail {
    let content = b"abc".to_vec();
    Mail {
        message_id: MessageId::new(id),
        in_reply_to: vec![],
        references: vec![],
        date: Some(time(-60)),
        from: vec![alice()],
        sender: None,
        reply_to: vec![],
        original_from: vec![],
        received: None,
        to: vec![],
        cc: vec![],
        delivered_to: vec![],
        subject: subject.to_owned(),
        text: "It burns.\nReally.\u{1b}[2J".to_owned(),
        reply: "It burns.".to_owned(),
        html: false,
        attachments: vec![Attachment {
            filename: "a.txt".to_owned(),
            given_name: None,
            content_type: "text/plain".to_owned(),
            content,
            sha256: Digest([1; 32]),
            inline: false,
            content_id: None,
        }],
        kind: Kind::Ordinary,
        bounce: None,
        ticket_headers: vec![],
        defects: vec!["no-date".to_owned()],
        digest: Digest([2; 32]),
    }
}

fn unreadable() -> StoredError {
    StoredError {
        code: "message.unreadable".to_owned(),
        message: "nothing could be made out".to_owned(),
        hint: Some("look at it".to_owned()),
    }
}

fn fill(config: &Config) {
    let mut store = Store::open(config).unwrap();
    let run = store.begin_run(time(0)).unwrap();
    let source = Source {
        mailbox: "support".parse().unwrap(),
        account: "maildir:mail".to_owned(),
        folder: "mail".to_owned(),
    };
    let first = mail("a@b.example", "Printer\u{1b}[2J on fire");
    let (first_key, second_key) = (ItemKey("one".to_owned()), ItemKey("two".to_owned()));
    let entry = LedgerEntry {
        run,
        source: &source,
        key: &first_key,
        at: time(1),
        outcome: OutcomeWord::Created,
        reason: "new",
        ticket: Some(TicketId(1)),
        mail: Some(&first),
        author: first.author().map(|author| author.address.as_str()),
        raw_sha256: None,
        disposition: Disposition::Keep,
        notes: &[],
        error: None,
        quarantined: None,
    };
    let notes = ["odd \u{1b}[2J".to_owned()];
    let failed = LedgerEntry {
        notes: &notes,
        key: &second_key,
        at: time(2),
        outcome: OutcomeWord::Failed,
        reason: "unreadable",
        ticket: None,
        mail: None,
        author: None,
        raw_sha256: Some(Digest([3; 32])),
        error: Some(unreadable()),
        quarantined: Some(raw()),
        ..entry.clone()
    };
    let opened = store.transaction(|books| {
        open_ticket(books, "support", &first.subject)?;
        open_ticket(books, "sales", "Price list")?;
        books.append(&NewMessage {
            ticket: TicketId(1),
            mail: &first,
            author: first.author(),
            raw: None,
            raw_sha256: Digest([4; 32]),
            received_at: time(0),
            at: time(1),
            item: None,
        })?;
        books.record(&entry)?;
        books.record(&failed)
    });
    opened.unwrap();
}

fn raw() -> KeptCopy<'static> {
    KeptCopy { octets: RAW, sha256: Digest(Sha256::digest(RAW).into()), is_whole: true }
}

fn open_ticket(books: &mut dyn Books, queue: &str, title: &str) -> Result<TicketId, StoreError> {
    books.open_ticket(&NewTicket {
        queue: &queue.parse().unwrap(),
        title,
        priority: 3,
        tags: &[],
        notify: true,
        requester: Some(&alice()),
        at: time(0),
    })
}
