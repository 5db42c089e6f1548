//! UIDs: item keys, watermarks and compressed sets of them.

use crate::model::item::{ItemKey, Watermark};

/// The longest set in one command. RFC 2683 section 3.2.1.5: at most about 1,000 octets a line.
const LONGEST: usize = 900;

/// The key of a message: `UIDVALIDITY:UID`.
pub(super) fn key(validity: u32, uid: u32) -> ItemKey {
    ItemKey(format!("{validity}:{uid}"))
}

/// Takes a key apart.
pub(super) fn parse_key(key: &ItemKey) -> Option<(u32, u32)> {
    pair(&key.0)
}

/// The watermark below which all is settled: `UIDVALIDITY:UID`.
pub(super) fn watermark(validity: u32, uid: u32) -> Watermark {
    Watermark(format!("{validity}:{uid}"))
}

/// Takes a watermark apart.
pub(super) fn parse_watermark(watermark: &Watermark) -> Option<(u32, u32)> {
    pair(&watermark.0)
}

fn pair(text: &str) -> Option<(u32, u32)> {
    let (validity, uid) = text.split_once(':')?;
    Some((validity.parse().ok()?, uid.parse().ok()?))
}

/// Writes UIDs as sets of ranges, each short enough for a command (RFC 3501 `sequence-set`).
pub(super) fn sets(uids: impl IntoIterator<Item = u32>) -> Vec<Set> {
    let mut uids: Vec<u32> = uids.into_iter().filter(|uid| *uid > 0).collect();
    uids.sort_unstable();
    uids.dedup();
    let mut sets: Vec<Set> = Vec::new();
    for range in uids.chunk_by(|one, next| one.checked_add(1) == Some(*next)) {
        let (Some(first), Some(last)) = (range.first(), range.last()) else { continue };
        let text = if first == last { first.to_string() } else { format!("{first}:{last}") };
        match sets.last_mut() {
            Some(set) if set.text.len() + text.len() < LONGEST => {
                set.text.push(',');
                set.text.push_str(&text);
                set.uids.extend_from_slice(range);
            }
            _ => sets.push(Set { text, uids: range.to_vec() }),
        }
    }
    sets
}

/// Some UIDs and how a command names them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Set {
    /// As it stands in a command.
    pub(super) text: String,
    /// The UIDs, ascending.
    pub(super) uids: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(uids: impl IntoIterator<Item = u32>) -> Vec<String> {
        sets(uids).into_iter().map(|set| set.text).collect()
    }

    #[test]
    fn neighbours_become_ranges() {
        assert_eq!(texts([7, 3, 1, 2, 9, 8, 3]), ["1:3,7:9"]);
        assert_eq!(texts([5]), ["5"]);
        assert_eq!(texts([u32::MAX, u32::MAX - 1]), ["4294967294:4294967295"]);
        assert_eq!(texts([]), Vec::<String>::new());
    }

    #[test]
    fn long_sets_are_split_and_none_is_lost() {
        let all: Vec<u32> = (1..5000).map(|n| n * 2).collect();
        let sets = sets(all.iter().copied());
        assert!(sets.len() > 1 && sets.iter().all(|set| set.text.len() <= LONGEST));
        assert_eq!(sets.into_iter().flat_map(|set| set.uids).collect::<Vec<_>>(), all);
    }

    #[test]
    fn keys_are_read_back() {
        assert_eq!(parse_key(&key(17, 42)), Some((17, 42)));
        assert_eq!(parse_watermark(&watermark(17, 42)), Some((17, 42)));
        for odd in ["", "17", "17:", ":4", "17:-1", "x:y", "99999999999:1"] {
            assert_eq!(parse_key(&ItemKey(odd.to_owned())), None);
        }
    }
}
