//! `on_success`, `on_skip`, `on_ignore`, `on_failure`: what a mailbox is told, as far as its type can be told it.

use toml::de::DeValue;

use super::keys::MailboxType;
use super::table::Table;
use super::value::{self, Wrong};
use crate::mailbox::{Dispositions, Place};
use crate::model::item::Disposition;

/// Reads the four dispositions of a mailbox.
pub(super) fn dispositions(table: &Table<'_>, kind: MailboxType) -> Dispositions {
    let read = |key| table.read(key, disposition(kind));
    Dispositions {
        on_success: read("on_success").unwrap_or_else(|| of_success(kind)),
        on_skip: read("on_skip").unwrap_or(Disposition::Keep),
        on_ignore: read("on_ignore").unwrap_or_else(|| of_success(kind)),
        on_failure: read("on_failure").unwrap_or(Disposition::Keep),
    }
}

/// Notes dispositions that no type of mailbox has, for one whose type is not known.
pub(super) fn check_words(table: &Table<'_>) {
    for key in ["on_success", "on_skip", "on_ignore", "on_failure"] {
        table.read(key, |value| {
            let given = value.as_str();
            let wrong = || Wrong {
                suggestion: given.and_then(|given| value::nearest(given, words(MailboxType::Imap))),
                ..Wrong::expected("\"keep\", \"seen\", \"delete\" or \"move:FOLDER\"")
            };
            given.and_then(|text| text.parse::<Disposition>().ok()).ok_or_else(wrong)
        });
    }
}

/// Notes a move into the very place that is fetched: each run would take the mail again, under a new key.
pub(super) fn check_targets(table: &Table<'_>, place: &Place, chosen: &Dispositions) {
    let each = [
        ("on_success", &chosen.on_success),
        ("on_skip", &chosen.on_skip),
        ("on_ignore", &chosen.on_ignore),
        ("on_failure", &chosen.on_failure),
    ];
    for (key, disposition) in each {
        let Disposition::Move(target) = disposition else { continue };
        let fetched = match place {
            Place::Imap(imap) => imap.folders.iter().any(|folder| same_folder(folder, target)),
            Place::Pop3(_) | Place::Maildir(_) | Place::Mbox(_) | Place::Directory(_) => false,
        };
        if fetched {
            table.report(key, Wrong::because(format!("{target:?} is itself fetched by this mailbox")));
        }
    }
}

/// Whether two names are of one folder; `INBOX` alone has no case (RFC 9051 section 5.1).
pub(super) fn same_folder(one: &str, other: &str) -> bool {
    one == other || (one.eq_ignore_ascii_case("INBOX") && other.eq_ignore_ascii_case("INBOX"))
}

fn of_success(kind: MailboxType) -> Disposition {
    match kind {
        MailboxType::Imap | MailboxType::Maildir => Disposition::Seen,
        MailboxType::Pop3 | MailboxType::Mbox | MailboxType::Directory => Disposition::Keep,
    }
}

fn disposition(kind: MailboxType) -> impl Fn(&DeValue<'_>) -> Result<Disposition, Wrong> {
    move |value| {
        let given = value.as_str().filter(|text| !text.contains(char::is_control));
        let wrong = || Wrong {
            suggestion: given.and_then(|given| value::nearest(given, words(kind))),
            ..Wrong::expected(allowed(kind))
        };
        let read: Disposition = given.and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
        match read {
            Disposition::Keep | Disposition::Delete => Ok(read),
            Disposition::Seen if words(kind).contains(&"seen") => Ok(read),
            Disposition::Seen => Err(wrong()),
            Disposition::Move(target) => match kind {
                MailboxType::Imap | MailboxType::Maildir => Ok(Disposition::Move(target)),
                MailboxType::Pop3 | MailboxType::Mbox => Err(wrong()),
                MailboxType::Directory if is_name(&target) => Ok(Disposition::Move(target)),
                MailboxType::Directory => Err(Wrong::expected("\"move:\" and the name of a sub-directory")),
            },
        }
    }
}

/// A sub-directory cannot be fetched itself, and a rename into it crosses no file system.
fn is_name(target: &str) -> bool {
    !matches!(target, "." | "..") && !target.contains('/')
}

fn words(kind: MailboxType) -> &'static [&'static str] {
    match kind {
        MailboxType::Imap | MailboxType::Maildir => &["keep", "seen", "delete"],
        MailboxType::Pop3 | MailboxType::Mbox | MailboxType::Directory => &["keep", "delete"],
    }
}

fn allowed(kind: MailboxType) -> String {
    let target = match kind {
        MailboxType::Imap | MailboxType::Maildir => Some("move:FOLDER"),
        MailboxType::Pop3 | MailboxType::Mbox => None,
        MailboxType::Directory => Some("move:DIR"),
    };
    let all: Vec<&str> = words(kind).iter().copied().chain(target).collect();
    format!("{} (type = {:?})", value::choice(&all), kind.as_str())
}
