//! Who sent a notice: a mail system, somebody whose name a mail system might bear too, or a person.
//!
//! The return path says most, the author's name alone least: postmasters and administrators write letters themselves.

use crate::model::address::Address;

use super::super::defects::Defects;
use super::super::fields::{self, Fields};
use super::super::headers;

/// Where what cannot be delivered goes back to (RFC 5321 section 4.5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Envelope {
    /// Nowhere: nobody wrote it.
    Null,
    /// To somebody.
    Named,
    /// Nobody noted it.
    Unknown,
}

/// What the author's address and name say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Author {
    /// A mail system: no person has that address.
    Daemon,
    /// What mail systems call themselves, and people too; or nobody.
    Role,
    Person,
}

/// How far a message can be taken for a mail system's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// A person's.
    Person,
    /// Perhaps a mail system's: only marks that people do not make count.
    Doubtful,
    /// Nobody's, but the author is no mail system.
    Unsigned,
    /// A mail system's by all that it says of itself.
    Likely,
    /// A mail daemon's, whatever it says.
    Certain,
}

/// Tells who sent it.
pub(super) fn of(fields: &Fields) -> Origin {
    match (envelope(fields), author(fields)) {
        (Envelope::Null | Envelope::Unknown, Author::Daemon) => Origin::Certain,
        (Envelope::Null, Author::Role) | (Envelope::Named, Author::Daemon) => Origin::Likely,
        (Envelope::Null, Author::Person) => Origin::Unsigned,
        (Envelope::Unknown, Author::Role) if !answers(fields) => Origin::Doubtful,
        (Envelope::Named | Envelope::Unknown, Author::Role | Author::Person) => Origin::Person,
    }
}

/// RFC 5321 section 4.5.5: what reports on mail has no return path.
pub(super) fn has_null_sender(fields: &Fields) -> bool {
    envelope(fields) == Envelope::Null
}

/// Whether it is known that what cannot be delivered goes back to somebody.
pub(super) fn has_named_sender(fields: &Fields) -> bool {
    envelope(fields) == Envelope::Named
}

fn envelope(fields: &Fields) -> Envelope {
    let Some(raw) = fields.first("Return-Path") else { return Envelope::Unknown };
    let path = fields::unfolded(raw).to_ascii_lowercase();
    let path = path.trim().trim_start_matches('<').trim_end_matches('>').trim();
    if path.is_empty() || path.split('@').next() == Some("mailer-daemon") {
        Envelope::Null
    } else {
        Envelope::Named
    }
}

fn author(fields: &Fields) -> Author {
    const ROLES: [&str; 3] = ["postmaster", "mailadmin", "mail-admin"];
    const NAMES: [&str; 7] = [
        "mail delivery subsystem",
        "mail delivery system",
        "mail administrator",
        "system administrator",
        "mail delivery service",
        "postmaster",
        "internet mail delivery",
    ];
    let authors = headers::first_addresses(fields, "From", &mut Defects::default());
    let Some(author) = authors.first() else { return Author::Role };
    let name = author.name.as_deref().unwrap_or_default().to_lowercase();
    let key = author.key();
    let local = key.split('@').next().unwrap_or_default();
    if is_daemon(author) {
        Author::Daemon
    } else if ROLES.contains(&local) || local.starts_with("postmaster+") || NAMES.contains(&name.as_str()) {
        Author::Role
    } else {
        Author::Person
    }
}

/// Whether an address is a mail system's, which no person has.
pub(in crate::parse) fn is_daemon(author: &Address) -> bool {
    const LOCALS: [&str; 9] = [
        "mail-daemon",
        "mailerdaemon",
        "maildaemon",
        "mailer_daemon",
        "mailsystem",
        "mail-system",
        "maildelivery",
        "double-bounce",
        "mdaemon",
    ];
    const STARTS: [&str; 3] = ["mailer-daemon", "mail-delivery", "microsoftexchange"];
    let key = author.key();
    let local = key.split('@').next().unwrap_or_default();
    LOCALS.contains(&local) || STARTS.iter().any(|start| local.starts_with(start))
}

/// Whether it belongs to a conversation: an answer, or the mail of a list.
fn answers(fields: &Fields) -> bool {
    fields.has("In-Reply-To") || fields.has("List-Id") || fields.has("List-Post")
}
