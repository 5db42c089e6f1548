//! Samples for tests that have a store.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{Config, Database, KeepRaw, KeptCopy, LedgerEntry, NewMessage, NewTicket, Source, Store};
use crate::model::address::Address;
use crate::model::ids::{Digest, MessageId, QueueSlug, RunId, TicketId};
use crate::model::item::{Disposition, ItemKey};
use crate::model::mail::{Kind, Mail};
use crate::model::outcome::OutcomeWord;

/// A directory with a store in it.
pub(crate) struct Place {
    pub(crate) directory: TempDir,
    pub(crate) config: Config,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("store.db");
        let database = server().unwrap_or(Database::File(file));
        Self::of(directory, database)
    }

    /// For what is so of a file alone.
    pub(crate) fn embedded() -> Self {
        let directory = TempDir::new().unwrap();
        let database = Database::File(directory.path().join("store.db"));
        Self::of(directory, database)
    }

    fn of(directory: TempDir, database: Database) -> Self {
        Self { directory, config: Config { database, keep_raw: KeepRaw::Failed, token_secret_file: None } }
    }

    pub(crate) fn file(&self) -> &Path {
        self.config.file().unwrap()
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&self.config).unwrap()
    }

    pub(crate) fn open_impatient(&self) -> Store {
        Store::open_waiting(&self.config, Duration::from_millis(50)).unwrap()
    }
}

/// Where `cargo xtask test` asks for it, the tests of the store run against a server, too.
#[cfg(feature = "postgresql")]
fn server() -> Option<Database> {
    let url = std::env::var("HELPDESK_MAIL_TEST_POSTGRESQL").ok()?;
    Some(Database::Server(super::Server::parse(&super::engine::own_schema(&url)).unwrap()))
}

#[cfg(not(feature = "postgresql"))]
fn server() -> Option<Database> {
    None
}

pub(crate) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(crate) fn digest(of: &[u8]) -> Digest {
    Digest(Sha256::digest(of).into())
}

pub(crate) fn queue(slug: &str) -> QueueSlug {
    slug.parse().unwrap()
}

pub(crate) fn key(text: &str) -> ItemKey {
    ItemKey(text.to_owned())
}

pub(crate) fn source() -> Source {
    Source {
        mailbox: "support".parse().unwrap(),
        account: "imap:support@imap.example.org".to_owned(),
        folder: "INBOX".to_owned(),
    }
}

pub(crate) fn mail(id: &str) -> Mail {
    Mail {
        message_id: MessageId::new(id),
        in_reply_to: Vec::new(),
        references: Vec::new(),
        date: Some(time(-60)),
        received: None,
        from: vec![Address { name: Some("Alice".to_owned()), address: "Alice@Example.org".to_owned() }],
        sender: None,
        reply_to: Vec::new(),
        original_from: Vec::new(),
        to: Vec::new(),
        cc: Vec::new(),
        delivered_to: Vec::new(),
        subject: "Printer on fire".to_owned(),
        text: "It burns.\n> quoted".to_owned(),
        reply: "It burns.".to_owned(),
        html: false,
        attachments: Vec::new(),
        kind: Kind::Ordinary,
        bounce: None,
        ticket_headers: Vec::new(),
        defects: vec!["no-date".to_owned()],
        digest: digest(id.as_bytes()),
    }
}

pub(crate) fn ticket(store: &mut Store, slug: &str) -> TicketId {
    let (queue, alice) = (queue(slug), mail("").from.remove(0));
    store
        .transaction(|books| {
            books.open_ticket(&NewTicket {
                queue: &queue,
                title: "Printer on fire",
                priority: 3,
                tags: &[],
                notify: true,
                requester: Some(&alice),
                at: time(0),
            })
        })
        .unwrap()
}

pub(crate) fn message(ticket: TicketId, mail: &Mail) -> NewMessage<'_> {
    NewMessage {
        ticket,
        mail,
        author: mail.author(),
        raw: None,
        raw_sha256: digest(mail.subject.as_bytes()),
        received_at: time(0),
        at: time(1),
        item: None,
    }
}

pub(crate) fn whole(octets: &[u8]) -> KeptCopy<'_> {
    KeptCopy { octets, sha256: digest(octets), is_whole: true }
}

/// A settled row that owes nothing.
pub(crate) fn entry<'a>(run: RunId, source: &'a Source, key: &'a ItemKey) -> LedgerEntry<'a> {
    LedgerEntry {
        run,
        source,
        key,
        at: time(1),
        outcome: OutcomeWord::Skipped,
        reason: "no-ticket-id",
        ticket: None,
        mail: None,
        author: None,
        raw_sha256: None,
        disposition: Disposition::Keep,
        notes: &[],
        error: None,
        quarantined: None,
    }
}
