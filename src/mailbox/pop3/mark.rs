//! The watermark: how many messages at the front of the listing are settled, and the SHA-256 of their names.
//!
//! Unique-ids have no order, but a maildrop grows at its end and is listed in one order (RFC 1939 section 5). Where it is
//! not so, or a message has gone from the front, the digests differ, and each message is looked for in the ledger.

use std::cell::OnceCell;
use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use super::Pop3Mailbox;
use crate::model::ids::Digest;
use crate::model::item::{ItemKey, Watermark};

/// The names of a listing in their order.
#[derive(Debug, Default)]
pub(super) struct Front {
    keys: Vec<ItemKey>,
    /// Those that a watermark passes.
    passed: OnceCell<(Watermark, HashSet<ItemKey>)>,
}

impl Front {
    /// The front of a listing.
    pub(super) fn of(keys: Vec<ItemKey>) -> Self {
        Self { keys, passed: OnceCell::new() }
    }

    /// How many messages a watermark passes: its own count, or none.
    pub(super) fn passed(&self, mark: &Watermark) -> usize {
        let count = mark.0.split_once(':').and_then(|(count, _)| count.parse().ok());
        let front = count.and_then(|count: usize| self.keys.get(..count));
        front.filter(|front| watermark(front.iter()) == *mark).map_or(0, <[_]>::len)
    }

    /// Whether the message is one of those.
    pub(super) fn has_passed(&self, mark: &Watermark, key: &ItemKey) -> bool {
        let keys = || self.keys.iter().take(self.passed(mark)).cloned().collect();
        let (of, passed) = self.passed.get_or_init(|| (mark.clone(), keys()));
        if of == mark { passed.contains(key) } else { keys().contains(key) }
    }
}

impl Pop3Mailbox {
    /// Tells of what was listed before the first that is open, without what is removed at QUIT.
    pub(super) fn mark(&self, first_open: Option<&ItemKey>) -> Option<Watermark> {
        let keys = &self.front.as_ref()?.keys;
        let end = first_open.map_or(Some(keys.len()), |open| keys.iter().position(|key| key == open))?;
        let leaving: HashSet<&ItemKey> = self.condemned.iter().chain(&self.doomed).collect();
        Some(watermark(keys.iter().take(end).filter(|key| !leaving.contains(key))))
    }
}

fn watermark<'k>(keys: impl Iterator<Item = &'k ItemKey>) -> Watermark {
    let mut hasher = Sha256::new();
    let mut count = 0_usize;
    for key in keys {
        hasher.update(key.0.as_bytes());
        // No name holds one.
        hasher.update(b"\n");
        count = count.saturating_add(1);
    }
    Watermark(format!("{count}:{}", Digest(hasher.finalize().into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<ItemKey> {
        text.split(' ').map(|key| ItemKey(key.to_owned())).collect()
    }

    #[test]
    fn what_stands_at_the_front_as_it_was_is_passed_and_nothing_else() {
        let mark = watermark(keys("a b c").iter());
        let passed = |text: &str| Front::of(keys(text)).passed(&mark);
        assert_eq!(["a b c", "a b c d"].map(passed), [3, 3]);
        assert_eq!(["a b", "b a c d", "a c d e", "ab c d", "x a b c"].map(passed), [0; 5]);
        for odd in ["", "?", "3:", "9:00", "-1:", &format!("{}?", mark.0), "18446744073709551616:"] {
            assert_eq!(Front::of(keys("a b c")).passed(&Watermark(odd.to_owned())), 0, "{odd}");
        }
        let front = Front::of(keys("a b c d"));
        let other = watermark(keys("a").iter());
        let has = |mark: &Watermark| {
            keys("a c d e").iter().map(|key| front.has_passed(mark, key)).collect::<Vec<_>>()
        };
        assert_eq!(has(&mark), [true, true, false, false]);
        assert_eq!(has(&other), [true, false, false, false]);
    }
}
