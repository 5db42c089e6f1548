//! Identifiers, each a type of its own, so that a ticket is never mistaken for a run.

use std::fmt;
use std::str::FromStr;

/// The number of a ticket, unique over all queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketId(pub i64);

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of one `fetch`, `ingest` or `quarantine retry`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A word that is not fit to be an identifier, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}: {allowed}")]
pub struct InvalidId {
    /// What was given.
    pub text: String,
    /// What it should have been.
    pub what: &'static str,
    /// Which characters are allowed.
    pub allowed: &'static str,
}

/// The short name of a queue, as it stands in `[support-12]`; compared without regard to case.
#[derive(Debug, Clone)]
pub struct QueueSlug(String);

impl QueueSlug {
    /// The slug as the configuration writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for QueueSlug {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for QueueSlug {}

impl std::hash::Hash for QueueSlug {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl fmt::Display for QueueSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for QueueSlug {
    type Err = InvalidId;

    /// Accepts letters, digits and `.`, `+`, `_`, `-` of ASCII, beginning with a letter or digit, at most 64.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        word(text, b".+_-").then(|| Self(text.to_owned())).ok_or_else(|| InvalidId {
            text: text.to_owned(),
            what: "queue slug",
            allowed: "use letters, digits, \".\", \"+\", \"_\" and \"-\", beginning with a letter or digit, at most 64",
        })
    }
}

/// The name of a configured mailbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxName(String);

impl MailboxName {
    /// The name as the configuration writes it; safe as a file name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MailboxName {
    type Err = InvalidId;

    /// Accepts letters, digits and `.`, `_`, `-` of ASCII, beginning with a letter or digit, at most 64.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        word(text, b"._-").then(|| Self(text.to_owned())).ok_or_else(|| InvalidId {
            text: text.to_owned(),
            what: "mailbox name",
            allowed: "use letters, digits, \".\", \"_\" and \"-\", beginning with a letter or digit, at most 64",
        })
    }
}

fn word(text: &str, marks: &[u8]) -> bool {
    text.len() <= 64
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
}

/// A ticket as people write it: `support-12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRef {
    /// The queue that the ticket belongs to.
    pub queue: QueueSlug,
    /// Its number.
    pub id: TicketId,
}

impl fmt::Display for TicketRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.queue, self.id)
    }
}

/// A Message-ID without its angle brackets (RFC 5322 section 3.6.4), never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// Takes what stands in a header, with or without brackets; `None` if nothing is left.
    pub fn new(text: &str) -> Option<Self> {
        let bare: String = text
            .trim()
            .trim_start_matches('<')
            .trim_end_matches('>')
            .chars()
            .filter(|c| !c.is_control() && !c.is_whitespace())
            .collect();
        (!bare.is_empty()).then_some(Self(bare))
    }

    /// The id without brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_may_hold_the_marks_of_the_contract() {
        for slug in ["support", "c++", "a.b_c-d", "2nd-level"] {
            assert_eq!(slug.parse::<QueueSlug>().unwrap().as_str(), slug);
        }
        for bad in ["", "-a", "a b", "a]", "größe", &"a".repeat(65)] {
            assert!(bad.parse::<QueueSlug>().is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn slugs_are_the_same_in_any_case() {
        assert_eq!("Support".parse::<QueueSlug>(), "support".parse::<QueueSlug>());
    }

    #[test]
    fn a_message_id_loses_its_brackets_and_blanks() {
        assert_eq!(MessageId::new(" <a b@c.example> ").unwrap().as_str(), "ab@c.example");
        assert_eq!(MessageId::new("<>"), None);
    }
}
