//! What can be odd about a message: the stable words, in one table, and their collector.

use super::clean;
use super::limits::{self, Limits};

/// Every word that a line of `Mail::defects` may begin with, and what it means; detail follows after `: `.
pub const DEFECTS: &[(&str, &str)] = &[
    ("no-headers", "the message does not begin with a header field; all of it is taken as text"),
    ("binary", "the message has no header field and is no text: nothing of it was read"),
    ("lone-cr", "the lines end in CR alone, which was taken for line ends"),
    ("broken-header", "a line among the header fields is none and was left out"),
    ("no-blank-line", "no blank line stands between header and body"),
    ("too-many-headers", "further header fields were left out"),
    ("header-truncated", "a header field is too long and was cut"),
    ("duplicate-header", "a field that may stand once stands several times; the first counts"),
    ("8-bit-header", "a header field holds octets that are not UTF-8; their charset was guessed"),
    ("no-message-id", "there is no usable Message-ID"),
    ("no-date", "there is no Date"),
    ("invalid-date", "the Date names no instant"),
    ("date-without-zone", "the Date has no time zone; it was read as UTC"),
    ("no-from", "there is no usable address in From; the field that took its place is named"),
    ("broken-address", "an address is not written by the rules; it was made out all the same"),
    ("too-many-addresses", "further addresses of a field were left out"),
    ("too-many-references", "older ids of References were left out"),
    ("subject-truncated", "the subject is too long and was cut"),
    ("broken-mime", "a multipart has no boundary, does not contain it or is never closed"),
    ("broken-base64", "base64 holds foreign characters or breaks off; what can be decoded is kept"),
    ("broken-quoted-printable", "quoted-printable holds foreign sequences, which were kept as they are"),
    ("broken-uuencode", "uuencoded data breaks off or has no beginning; what can be decoded is kept"),
    ("unknown-encoding", "an unknown Content-Transfer-Encoding; the part is kept undecoded"),
    ("unknown-charset", "a charset nobody knows; it was guessed"),
    (
        "invalid-charset",
        "a text is not in the charset it claims; it was guessed or holds replacement characters",
    ),
    ("attached-text", "the only text is declared a file; it was taken for the text of the message"),
    ("nul-bytes", "the text holds NUL octets, which were removed"),
    ("text-truncated", "the text is too long and was cut; the whole is kept as a file"),
    ("broken-tnef", "a winmail.dat is damaged; what can be read of it is shown, and it is kept as a file"),
    ("encrypted", "the message or a part of it is encrypted and was not read"),
    (
        "signature-not-verified",
        "signed text was taken out of its wrapping; nobody has verified the signature",
    ),
    ("wrong-type", "a file is not of the media type that it claims; its content decided"),
    ("unsafe-name", "a file has a name that could do harm, and was given another"),
    ("date-in-future", "the Date lies after the message came; the time of its arrival counts"),
    ("too-deep", "parts or files within files are nested too deeply; the innermost are kept as files"),
    ("too-many-parts", "there are too many parts, or files to open; the rest is kept unopened"),
    ("too-much-decoded", "the parts decode to too many octets; the last ones are kept as they were sent"),
    ("truncated", "only the beginning of the message was read"),
    ("structure-timeout", "reading took too long; only the header fields are known"),
    ("structure-crashed", "reading failed for a fault of ours; only the header fields are known"),
];

/// Collects the defects of one message, each line once, and knows the limits that it is read under.
#[derive(Debug, Default)]
pub(super) struct Defects {
    lines: Vec<String>,
    /// The limits of this reading.
    pub(super) limits: Limits,
    /// Octets decoded so far.
    decoded: usize,
    /// How many files within files are open.
    opened: usize,
    /// How many were opened in all.
    containers: usize,
}

impl Defects {
    /// A collector for a reading under these limits.
    pub(super) fn under(limits: &Limits) -> Self {
        Self { limits: *limits, ..Self::default() }
    }

    /// A collector of the same limits for a second look, whose findings nobody needs.
    pub(super) fn unheard(&self) -> Self {
        Self { limits: self.limits, opened: self.opened, ..Self::default() }
    }

    /// Whether so many more octets may be decoded; if not, that is noted.
    pub(super) fn may_decode(&mut self, octets: usize) -> bool {
        let sum = self.decoded.saturating_add(octets);
        if sum > self.limits.decoded_size {
            self.add("too-much-decoded");
            return false;
        }
        self.decoded = sum;
        true
    }

    /// Goes into a file within the message; `None` if that would be too deep.
    pub(super) fn open<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.opened >= limits::OPENED {
            self.add("too-deep");
            return None;
        }
        if self.containers >= limits::CONTAINERS {
            self.add("too-many-parts");
            return None;
        }
        self.containers += 1;
        self.opened += 1;
        let done = work(self);
        self.opened -= 1;
        Some(done)
    }

    /// Notes a word of the table.
    pub(super) fn add(&mut self, word: &'static str) {
        self.push(word, word.to_owned());
    }

    /// Notes a word of the table with its detail, which may come from the mail.
    pub(super) fn with(&mut self, word: &'static str, detail: &str) {
        let detail: String = clean::line(detail).chars().take(limits::NAME).collect();
        self.push(word, format!("{word}: {detail}"));
    }

    /// Whether a word without detail was noted.
    pub(super) fn has(&self, word: &str) -> bool {
        self.lines.iter().any(|line| line == word)
    }

    /// The lines, in the order they were noticed.
    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines
    }

    fn push(&mut self, word: &'static str, line: String) {
        debug_assert!(DEFECTS.iter().any(|(known, _)| *known == word), "{word} is not in the table");
        if self.lines.len() < limits::DEFECTS && !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_unique_and_explained() {
        for (at, (word, meaning)) in DEFECTS.iter().enumerate() {
            assert!(!meaning.is_empty());
            assert!(!DEFECTS.iter().skip(at + 1).any(|(other, _)| other == word), "{word} stands twice");
        }
    }

    #[test]
    fn detail_from_the_mail_is_cleaned_and_cut() {
        let mut defects = Defects::default();
        defects.with("unknown-charset", &format!("x\r\n\u{1b}[2J{}", "y".repeat(1000)));
        let lines = defects.into_lines();
        assert!(lines[0].starts_with("unknown-charset: x [2Jyyy"), "{lines:?}");
        assert!(lines[0].len() < 250);
    }

    #[test]
    fn a_line_is_noted_once() {
        let mut defects = Defects::default();
        defects.add("no-date");
        defects.add("no-date");
        assert_eq!(defects.into_lines(), ["no-date"]);
    }
}
