//! Names for messages: their unique-ids, or what they are made of.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::memchr;
use sha2::{Digest as _, Sha256};

use crate::mailbox::mbox::is_status;
use crate::model::ids::Digest;
use crate::model::item::ItemKey;

/// Gives each message of a listing a name of its own; asked for the newest first, so that each keeps its name when older
/// ones are deleted.
#[derive(Debug, Default)]
pub(super) struct Names<'a>(HashMap<Cow<'a, str>, u64>);

impl<'a> Names<'a> {
    /// The name of a message with a unique-id.
    ///
    /// Servers may give equal messages one unique-id (RFC 1939 section 7): those before the newest have an ordinal, set
    /// off by a blank, which no unique-id holds.
    pub(super) fn of_unique_id(&mut self, id: &'a str) -> ItemKey {
        match self.ordinal(Cow::Borrowed(id)) {
            1 => ItemKey(id.to_owned()),
            ordinal => ItemKey(format!("{id} {ordinal}")),
        }
    }

    /// The name of a message without one.
    pub(super) fn of_content(&mut self, content: Digest) -> ItemKey {
        let digest = content.to_string();
        let ordinal = self.ordinal(Cow::Owned(digest.clone()));
        ItemKey(format!("{digest}:{ordinal}"))
    }

    fn ordinal(&mut self, text: Cow<'a, str>) -> u64 {
        let count = self.0.entry(text).or_insert(0);
        *count = count.saturating_add(1);
        *count
    }
}

/// The SHA-256 of a message without the headers in which servers note its status.
pub(super) fn digest(message: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    let mut rest = message;
    let mut skipped = false;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).map_or(rest.len(), |at| at.saturating_add(1));
        let (line, after) = rest.split_at(end);
        if line.trim_ascii().is_empty() {
            break;
        }
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            skipped = is_status(line);
        }
        if !skipped {
            hasher.update(line);
        }
        rest = after;
    }
    hasher.update(rest);
    Digest(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_unique_ids_are_told_apart() {
        let mut names = Names::default();
        let keys = ["a", "b", "a", "a"].map(|id| names.of_unique_id(id).0);
        assert_eq!(keys, ["a", "b", "a 2", "a 3"]);
    }

    #[test]
    fn status_headers_do_not_change_a_name_and_all_else_does() {
        let plain = digest(b"A: 1\r\nB: 2\r\n\r\nStatus: x\r\n");
        assert_eq!(digest(b"A: 1\r\nStatus: RO\r\n more\r\nB: 2\r\nX-UID: 7\r\n\r\nStatus: x\r\n"), plain);
        for other in [&b"A: 1\r\nB: 2\r\n\r\nStatus: y\r\n"[..], b"A: 1\r\n\r\nStatus: x\r\n", b""] {
            assert_ne!(digest(other), plain, "{}", other.escape_ascii());
        }
        let mut names = Names::default();
        let keys = [names.of_content(plain).0, names.of_content(plain).0];
        assert_eq!(keys, [format!("{plain}:1"), format!("{plain}:2")]);
    }
}
