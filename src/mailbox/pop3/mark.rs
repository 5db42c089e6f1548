//! The watermark: how many messages at the front of the maildrop are settled, and the SHA-256 of their names.
//!
//! Unique-ids have no order, but a maildrop grows at its end and is listed in one order (RFC 1939 section 5). Where it is
//! not so, or a message has gone from the front, the digests differ, and each message is looked for in the ledger.

use sha2::{Digest as _, Sha256};

use super::maildrop::Maildrop;
use crate::model::ids::Digest;
use crate::model::item::{ItemKey, Watermark};

impl Maildrop {
    /// The watermark of what stands before the first that is open, and before the first that was not given.
    pub(super) fn mark(&self, first_open: Option<&ItemKey>, not_given: Option<u32>) -> Option<Watermark> {
        let open = first_open.map_or(Some(u32::MAX), |open| Some(self.place_of(open)?.number))?;
        let end = not_given.unwrap_or(u32::MAX).min(open);
        let settled = self.standing().take_while(|(place, _)| place.number < end);
        Some(watermark(settled.map(|(_, key)| key)))
    }

    /// The number of the last message that a watermark passes; 0 if it passes none.
    pub(super) fn passed(&self, mark: &Watermark) -> u32 {
        let (of, last) = self.passed.get_or_init(|| (mark.clone(), self.last_before(mark)));
        if of == mark { *last } else { self.last_before(mark) }
    }

    fn last_before(&self, mark: &Watermark) -> u32 {
        let count = mark.0.split_once(':').and_then(|(count, _)| count.parse::<usize>().ok()).unwrap_or(0);
        let front = || self.standing().take(count);
        if watermark(front().map(|(_, key)| key)) != *mark {
            return 0;
        }
        front().last().map_or(0, |(place, _)| place.number)
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

    fn key(name: &str) -> ItemKey {
        ItemKey(name.to_owned())
    }

    /// A maildrop whose messages have these names and every second number.
    fn maildrop(names: &str) -> Maildrop {
        Maildrop::named(names.split(' ').map(key).zip((2..).step_by(2)))
    }

    #[test]
    fn what_stands_at_the_front_as_it_was_is_passed_and_nothing_else() {
        let mark = maildrop("a b c").mark(None, None).unwrap();
        let passed = |names: &str| maildrop(names).passed(&mark);
        assert_eq!(["a b c", "a b c d"].map(passed), [6, 6]);
        assert_eq!(["a b", "b a c d", "a c d e", "ab c d", "x a b c"].map(passed), [0; 5]);
        for odd in ["", "?", "3:", "9:00", "-1:", &format!("{}?", mark.0), "18446744073709551616:"] {
            assert_eq!(maildrop("a b c").passed(&Watermark(odd.to_owned())), 0, "{odd}");
        }
    }

    #[test]
    fn what_is_open_and_what_leaves_is_no_part_of_the_front() {
        let whole = maildrop("a b c d");
        assert_eq!(whole.mark(Some(&key("c")), None), maildrop("a b").mark(None, None));
        assert_eq!(whole.mark(None, Some(4)), maildrop("a").mark(None, None));
        assert_eq!(whole.mark(Some(&key("a")), Some(4)), whole.mark(None, Some(2)));
        assert_eq!(whole.mark(Some(&key("x")), None), None);
        let mut leaving = maildrop("a b c d");
        leaving.doom(4);
        assert_eq!(leaving.mark(None, None), maildrop("a c d").mark(None, None));
        assert_eq!(leaving.passed(&maildrop("a c").mark(None, None).unwrap()), 6);
        assert_eq!(leaving.listed(6).map(|item| item.key).collect::<Vec<_>>(), [key("d")]);
    }

    #[test]
    fn a_message_is_found_by_its_name_and_by_its_number() {
        let there = maildrop("d a c b");
        let number = |name: &str| there.place_of(&key(name)).map(|place| place.number);
        assert_eq!(
            ["a", "b", "c", "d", "e", ""].map(number),
            [Some(4), Some(8), Some(6), Some(2), None, None]
        );
        assert_eq!(
            [2, 3, 8, 9].map(|number| there.key_of(number).cloned()),
            [Some(key("d")), None, Some(key("b")), None]
        );
    }
}
