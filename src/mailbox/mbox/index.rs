//! Where the messages of an mbox lie and what they are called; made by reading it once, in bounded memory.
//!
//! A message is known by the SHA-256 of what does not change when mail programs note its status, and by its ordinal among
//! equal messages, counted from the newest: what comes and goes in a mailbox goes from its beginning, and each of the
//! rest then keeps its name.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::split::{self, Lines, Part};
use crate::mailbox::files::{self, BEGINNING};
use crate::model::ids::Digest;
use crate::model::item::{Extent, ItemKey, Listed};

/// Headers that mail programs write into an mbox.
const STATUS: [&str; 9] = [
    "Status",
    "X-Status",
    "X-Keywords",
    "X-UID",
    "X-IMAP",
    "X-IMAPbase",
    "X-Mozilla-Status",
    "Content-Length",
    "Lines",
];

/// One message of an mbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// What the mailbox tells of it.
    pub listed: Listed,
    /// Where its `From ` line begins.
    pub start: u64,
    /// Where the line behind that begins.
    pub body: u64,
    /// Where the next message begins.
    pub end: u64,
    size: u64,
}

/// All messages of an mbox, in their order and by their keys.
#[derive(Debug)]
pub(super) struct Index {
    entries: Vec<Entry>,
    places: HashMap<ItemKey, usize>,
}

impl Index {
    fn new(entries: Vec<Entry>) -> Self {
        let places =
            entries.iter().enumerate().map(|(place, entry)| (entry.listed.key.clone(), place)).collect();
        Self { entries, places }
    }

    /// All, in the order of the file.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Those of the keys that are there, in the order of the file.
    pub(super) fn find<'a>(&self, keys: impl Iterator<Item = &'a ItemKey>) -> Vec<&Entry> {
        let mut places: Vec<usize> = keys.filter_map(|key| self.places.get(key).copied()).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| self.entries.get(place)).collect()
    }

    /// What stays where it then lies, under the names it has, once `gone` are taken out.
    pub(super) fn without(&self, gone: &[&Entry]) -> Self {
        let mut shift = 0;
        let mut stay = Vec::with_capacity(self.entries.len().saturating_sub(gone.len()));
        let mut gone = gone.iter().peekable();
        for entry in &self.entries {
            if gone.next_if(|next| next.start == entry.start).is_some() {
                shift += entry.end.saturating_sub(entry.start);
            } else {
                let [start, body, end] =
                    [entry.start, entry.body, entry.end].map(|offset| offset.saturating_sub(shift));
                stay.push(Entry { start, body, end, ..entry.clone() });
            }
        }
        Self::new(stay)
    }
}

/// Reads an mbox; `None` if it is none.
pub(super) fn read_all(file: &File) -> io::Result<Option<Index>> {
    (&*file).seek(SeekFrom::Start(0))?;
    let mut lines = Lines::of_file(BufReader::with_capacity(128 * 1024, file), file);
    let mut drafts: Vec<Entry> = Vec::new();
    let mut digests = Vec::new();
    let mut message = Hashed::new();
    let mut offset = 0;
    while let Some(line) = lines.next_line()? {
        let start = offset;
        offset += files::length(line.raw);
        if line.part == Part::Separator {
            finish(&mut drafts, std::mem::replace(&mut message, Hashed::new()), &mut digests);
            drafts.push(draft(line.raw, start));
        }
        let Some(entry) = drafts.last_mut() else { return Ok(None) };
        entry.end = offset;
        match line.part {
            Part::Separator | Part::SeparatorRest => entry.body = offset,
            Part::Empty => message.empty_line(line.raw),
            Part::Text => message.line(line.unquoted()),
            Part::TextRest => message.more(line.raw),
        }
    }
    finish(&mut drafts, message, &mut digests);
    name(&mut drafts, &digests);
    if let Some(first) = drafts.first().filter(|first| first.size < BEGINNING)
        && split::is_internal_data(&read(file, first, BEGINNING)?.0)
    {
        drafts.remove(0);
    }
    Ok(Some(Index::new(drafts)))
}

fn draft(separator: &[u8], start: u64) -> Entry {
    let listed = Listed { key: ItemKey(String::new()), size: None, arrived: arrived(separator) };
    Entry { listed, start, body: start, end: start, size: 0 }
}

fn finish(drafts: &mut [Entry], message: Hashed, digests: &mut Vec<Digest>) {
    if let Some(entry) = drafts.last_mut() {
        entry.size = message.size;
        entry.listed.size = Some(message.size);
        digests.push(Digest(message.hasher.finalize().into()));
    }
}

/// Names each message by its digest and its ordinal among equal ones, the newest first.
fn name(drafts: &mut [Entry], digests: &[Digest]) {
    let mut met: HashMap<Digest, u64> = HashMap::new();
    for (entry, digest) in drafts.iter_mut().zip(digests).rev() {
        let ordinal = met.entry(*digest).or_insert(0);
        *ordinal += 1;
        entry.listed.key = ItemKey(format!("{digest}:{ordinal}"));
    }
}

/// Reads one message: all of it, or the beginning if it is larger than `max`.
pub(super) fn read(mut file: &File, entry: &Entry, max: u64) -> io::Result<(Vec<u8>, Extent)> {
    file.seek(SeekFrom::Start(entry.body))?;
    let (extent, wanted) =
        if entry.size > max { (Extent::Beginning, BEGINNING) } else { (Extent::Whole, u64::MAX) };
    let mut lines = Lines::of_message(BufReader::new(file.take(entry.end.saturating_sub(entry.body))));
    let mut bytes = Vec::new();
    while let Some(line) = lines.next_line()? {
        bytes.extend_from_slice(line.unquoted());
        if files::length(&bytes) > wanted {
            break;
        }
    }
    if extent == Extent::Whole {
        split::strip_final_empty_line(&mut bytes);
    } else {
        bytes.truncate(usize::try_from(BEGINNING).unwrap_or(usize::MAX));
    }
    Ok((bytes, extent))
}

/// A message as it goes by.
struct Hashed {
    hasher: Sha256,
    size: u64,
    /// An empty line that belongs to the message only if more of it follows.
    held: Vec<u8>,
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Header,
    StatusHeader,
    Body,
}

impl Hashed {
    fn new() -> Self {
        Self { hasher: Sha256::new(), size: 0, held: Vec::new(), at: At::Header }
    }

    fn empty_line(&mut self, raw: &[u8]) {
        self.release();
        self.held.extend_from_slice(raw);
        self.at = At::Body;
    }

    fn line(&mut self, line: &[u8]) {
        self.release();
        self.at = match self.at {
            At::Body => At::Body,
            At::Header | At::StatusHeader
                if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) =>
            {
                self.at
            }
            At::Header | At::StatusHeader if is_status(line) => At::StatusHeader,
            At::Header | At::StatusHeader => At::Header,
        };
        self.more(line);
    }

    fn more(&mut self, bytes: &[u8]) {
        self.size += files::length(bytes);
        if self.at != At::StatusHeader {
            self.hasher.update(bytes);
        }
    }

    fn release(&mut self) {
        self.size += files::length(&self.held);
        self.hasher.update(&self.held);
        self.held.clear();
    }
}

/// Whether a line begins a header that mail programs write into an mbox.
pub(in crate::mailbox) fn is_status(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii_end();
    STATUS.iter().any(|status| name.eq_ignore_ascii_case(status.as_bytes()))
}

/// The time in a `From ` line: `Sat Jan  3 01:05:34 2026`, in UTC as RFC 4155 has it, though many write local time.
fn arrived(separator: &[u8]) -> Option<Timestamp> {
    let text = str::from_utf8(separator.get(..separator.len().min(400))?).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let parse = |words: &[&str]| DateTime::strptime("%a %b %d %H:%M:%S %Y", words.join(" ")).ok();
    let time = words.windows(5).rev().find_map(parse)?;
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_from_line_is_read() {
        for (line, time) in [
            ("From a@b.example Sat Jan  3 01:05:34 2026\n", Some("2026-01-03T01:05:34Z")),
            ("From - Sat Jan 03 01:05:34 2026\r\n", Some("2026-01-03T01:05:34Z")),
            ("From a Sat Jan  3 01:05:34 2026 remote from b\n", Some("2026-01-03T01:05:34Z")),
            ("From a@b.example\n", None),
            ("From a Sat Feb 30 01:05:34 2026\n", None),
        ] {
            assert_eq!(arrived(line.as_bytes()).map(|at| at.to_string()).as_deref(), time, "{line:?}");
        }
    }
}
