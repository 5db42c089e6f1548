//! `[mailbox.NAME]`.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::disposition;
use super::keys::{self, Key, Kind, MailboxType, Section};
use super::login;
use super::measure;
use super::queue;
use super::source::Readers;
use super::table::Table;
use super::value::{self, Wrong};
use crate::mailbox::oauth::Tokens;
use crate::mailbox::{Config, Place, Server};
use crate::model::ids::{MailboxName, QueueSlug};
use crate::run::{Headers, MailboxPlan};

/// What the keys of a mailbox are read against.
pub(super) struct Context<'a> {
    /// Where relative paths start.
    pub(super) base: &'a Path,
    /// The queues that there are, right or wrong.
    pub(super) queues: &'a [QueueSlug],
    /// The environment.
    pub(super) environment: &'a dyn Fn(&str) -> Option<OsString>,
    /// Who may read the configuration.
    pub(super) readers: Readers,
    /// The sources of tokens so far.
    pub(super) tokens: RefCell<Vec<Tokens>>,
}

impl Context<'_> {
    /// Notes a file of secrets that everyone may read; one that is not there is told of when it is used.
    pub(super) fn warn_of_readers(&self, table: &Table<'_>, key: &str, file: &Path) {
        if fs::metadata(file).is_ok_and(|metadata| Readers::of(&metadata) == Readers::Everyone) {
            table.warn(key, format!("everyone on this machine may read {}", file.display()));
        }
    }
}

/// Reads one mailbox; `None` if something it cannot do without is missing or wrong.
pub(super) fn mailbox(name: MailboxName, table: &Table<'_>, context: &Context<'_>) -> Option<MailboxPlan> {
    let kind = table.required("type", mailbox_type);
    table.check_keys(kind.map(Kind::Mailbox));
    let queue = table.required("queue", |value| known_queue(value, context.queues));
    // Without its type, what else is wrong is told as of the type that it probably is.
    let place = kind.or_else(|| probable_type(table)).and_then(|kind| place(table, kind, context));
    let max_message_size = table.read("max_message_size", measure::size).unwrap_or(50_000_000);
    let run_timeout = table.read("run_timeout", measure::duration).unwrap_or(Duration::from_secs(600));
    let dispositions = kind.map(|kind| disposition::dispositions(table, kind));
    if kind.is_none() {
        disposition::check_words(table);
    }
    let entry = queue::entry(table);
    let headers = match table.read("trust_headers", value::boolean) {
        Some(true) => Headers::Trusted,
        Some(false) | None => Headers::Untrusted,
    };
    let authserv_id = table.read("authserv_id", authserv_id);
    let interval = table.read("interval", measure::duration);
    let since = table.read("since", measure::instant);
    let batch_size = table.read("batch_size", value::integer(1..=10_000)).unwrap_or(200);
    let max_attempts = table.read("max_attempts", value::integer(1..=1_000)).unwrap_or(10);
    let (place, dispositions) = (place?, dispositions?);
    disposition::check_targets(table, &place, &dispositions);
    Some(MailboxPlan {
        mailbox: Config { name, place, max_message_size, run_timeout },
        dispositions,
        queue: queue?,
        entry,
        headers,
        authserv_id,
        interval,
        since,
        batch_size: usize::try_from(batch_size).ok()?,
        max_attempts: u32::try_from(max_attempts).ok()?,
    })
}

/// Whether a file lies where a local mailbox looks for mail: it would be taken for a message.
pub(super) fn holds(place: &Place, file: &Path) -> bool {
    // As far as they are there, links are followed: two names may mean one place.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match place {
        Place::Directory(directory) => file.parent().is_some_and(|parent| real(parent) == real(directory)),
        Place::Maildir(directory) => file.parent().is_some_and(|parent| {
            ["new", "cur"].iter().any(|part| real(parent) == real(&directory.join(part)))
        }),
        Place::Mbox(mbox) => real(file) == real(mbox),
        Place::Imap(_) | Place::Pop3(_) => false,
    }
}

/// Whether two mailboxes fetch the same mail, so that each message would be taken twice.
pub(super) fn overlap(one: &Place, other: &Place) -> bool {
    match (one, other) {
        (Place::Imap(one), Place::Imap(other)) => {
            same_account(&one.server, &other.server)
                && one
                    .folders
                    .iter()
                    .any(|folder| other.folders.iter().any(|second| disposition::same_folder(folder, second)))
        }
        (Place::Pop3(one), Place::Pop3(other)) => same_account(one, other),
        (Place::Maildir(one), Place::Maildir(other))
        | (Place::Mbox(one), Place::Mbox(other))
        | (Place::Directory(one), Place::Directory(other)) => one.components().eq(other.components()),
        (Place::Imap(_) | Place::Pop3(_) | Place::Maildir(_) | Place::Mbox(_) | Place::Directory(_), _) => {
            false
        }
    }
}

/// One word, as it stands first in the field; `-` where the server writes none.
fn authserv_id(value: &toml::de::DeValue<'_>) -> Result<String, Wrong> {
    value::string(value)
        .ok()
        .filter(|text| !text.contains(|c: char| c.is_whitespace() || c == ';'))
        .ok_or_else(|| {
            Wrong::expected("the name that the mail server gives itself, or \"-\" if it gives none")
        })
}

fn same_account(one: &Server, other: &Server) -> bool {
    one.host.eq_ignore_ascii_case(&other.host) && one.port == other.port && one.username == other.username
}

fn mailbox_type(value: &toml::de::DeValue<'_>) -> Result<MailboxType, Wrong> {
    value::word(&MailboxType::ALL.map(|kind| (kind.as_str(), kind)))(value)
}

/// The type that a wrong one was probably meant to be, else one that has the keys that are given.
fn probable_type(table: &Table<'_>) -> Option<MailboxType> {
    let words = MailboxType::ALL.map(MailboxType::as_str);
    let near = table.text("type").and_then(|given| value::nearest(given, &words));
    let meant = MailboxType::ALL.into_iter().find(|kind| near.as_deref() == Some(kind.as_str()));
    let has_keys_of = |kind, other| {
        let only = |key: &Key| key.types.contains(&kind) && !key.types.contains(&other);
        keys::of(Section::Mailbox).any(|key| only(key) && table.has(key.name))
    };
    meant
        .or_else(|| has_keys_of(MailboxType::Imap, MailboxType::Maildir).then_some(MailboxType::Imap))
        .or_else(|| has_keys_of(MailboxType::Maildir, MailboxType::Imap).then_some(MailboxType::Maildir))
}

pub(super) fn known_queue(value: &toml::de::DeValue<'_>, queues: &[QueueSlug]) -> Result<QueueSlug, Wrong> {
    let known: Vec<&str> = queues.iter().map(QueueSlug::as_str).collect();
    let given = value.as_str();
    // As the queue itself writes it, whatever the case here.
    given
        .and_then(|given| queues.iter().find(|slug| slug.as_str().eq_ignore_ascii_case(given)))
        .cloned()
        .ok_or_else(|| Wrong {
            suggestion: given.and_then(|given| value::nearest(given, &known)),
            ..Wrong::expected(match known.as_slice() {
                [] => "the slug of a queue".to_owned(),
                known => format!("the slug of a queue ({})", value::choice(known)),
            })
        })
}

fn place(table: &Table<'_>, kind: MailboxType, context: &Context<'_>) -> Option<Place> {
    let path = || table.required("path", value::path(context.base));
    match kind {
        MailboxType::Imap => login::imap(table, context).map(Place::Imap),
        MailboxType::Pop3 => login::pop3(table, context).map(Place::Pop3),
        MailboxType::Maildir => path().map(Place::Maildir),
        MailboxType::Mbox => path().map(Place::Mbox),
        MailboxType::Directory => path().map(Place::Directory),
    }
}
