//! Where one message of an mbox ends and the next begins.
//!
//! A `From ` line separates at the start of the file, and after an empty line if it looks like one that a program wrote:
//! a word of it is a time of day (RFC 4155 demands one). So a sentence that begins with "From" in mail of a careless
//! writer splits nothing, nor does one of a careful writer, which is quoted.
//! `>From `, `>>From `… lose one `>` (mboxrd). Mail written as mboxo loses a `>` that was its own: the file does not tell.
//! The empty line before a separator or the end belongs to the file, not to the message. A `Content-Length` that holds
//! keeps `From ` lines in the message that nobody quoted, see `length`. Lines end in LF or CRLF, and octets stay what they are.

use std::io::{self, BufRead, Read};

use super::length::{Length, Octets};

/// A longer line is handled in pieces; only the beginning of a line decides anything.
const PIECE: u64 = 64 * 1024;

/// A line of an mbox, or a piece of a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// As it stands in the file, with its line end.
    pub raw: &'a [u8],
    /// What it is.
    pub part: Part,
}

/// What a line is to an mbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A `From ` line, which begins a message.
    Separator,
    /// An empty line, of the message unless a separator or the end follows.
    Empty,
    /// Any other line of the message, or the beginning of a long one.
    Text,
    /// The rest of a long line of the message.
    TextRest,
    /// The rest of a long `From ` line.
    SeparatorRest,
}

impl<'a> Line<'a> {
    /// The line as the message has it.
    pub(super) fn unquoted(&self) -> &'a [u8] {
        match self.part {
            Part::Text => unquoted(self.raw),
            Part::Separator | Part::Empty | Part::TextRest | Part::SeparatorRest => self.raw,
        }
    }
}

fn unquoted(line: &[u8]) -> &[u8] {
    let quotes = line.iter().take_while(|byte| **byte == b'>').count();
    match line.split_first() {
        Some((b'>', shorter)) if line.get(quotes..).is_some_and(|rest| rest.starts_with(b"From ")) => shorter,
        _ => line,
    }
}

/// Reads an mbox, or a part of one, line by line in bounded memory.
pub(super) struct Lines<'a, R> {
    input: R,
    buffer: Vec<u8>,
    at: At,
    /// Where the next line begins.
    offset: u64,
    length: Length<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    FileStart,
    AfterEmpty,
    AfterText,
    InText,
    InSeparator,
}

impl<'a, R: BufRead> Lines<'a, R> {
    /// Reads from the start of a file, which is at hand whole besides.
    pub(super) fn of_file(input: R, file: &'a dyn Octets) -> Self {
        Self { input, buffer: Vec::new(), at: At::FileStart, offset: 0, length: Length::of(Some(file)) }
    }

    /// Reads from behind a `From ` line to the known end of the message.
    pub(super) fn of_message(input: R) -> Self {
        Self { input, buffer: Vec::new(), at: At::AfterText, offset: 0, length: Length::of(None) }
    }

    /// The next line; `None` at the end.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        if self.input.by_ref().take(PIECE).read_until(b'\n', &mut self.buffer)? == 0 {
            return Ok(None);
        }
        let raw = self.buffer.as_slice();
        let ended = raw.ends_with(b"\n");
        let start = self.offset;
        self.offset += raw.len() as u64;
        let plain = part(raw, self.at);
        let is_next = self.length.ends_at(start);
        let part = if plain == Part::Separator && ended && !is_next && self.length.holds(self.offset)? {
            Part::Text
        } else if plain == Part::Text && is_next && separates(raw) {
            Part::Separator
        } else {
            plain
        };
        match part {
            Part::Separator => self.length.begin(),
            Part::Empty => self.length.empty_line(self.offset)?,
            Part::Text if ended => self.length.line(raw),
            Part::Text | Part::TextRest | Part::SeparatorRest => {}
        }
        self.at = match part {
            Part::Empty => At::AfterEmpty,
            Part::Separator | Part::SeparatorRest if !ended => At::InSeparator,
            Part::Text | Part::TextRest if !ended => At::InText,
            Part::Separator | Part::SeparatorRest | Part::Text | Part::TextRest => At::AfterText,
        };
        Ok(Some(Line { raw, part }))
    }
}

fn part(line: &[u8], at: At) -> Part {
    match at {
        At::InText => Part::TextRest,
        At::InSeparator => Part::SeparatorRest,
        At::FileStart if line.starts_with(b"From ") => Part::Separator,
        At::AfterEmpty if separates(line) => Part::Separator,
        At::FileStart | At::AfterEmpty | At::AfterText if matches!(line, b"\n" | b"\r\n") => Part::Empty,
        At::FileStart | At::AfterEmpty | At::AfterText => Part::Text,
    }
}

pub(super) fn separates(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    rest.split(u8::is_ascii_whitespace).any(is_time)
}

/// `9:41`, `09:41` or `09:41:00`.
fn is_time(word: &[u8]) -> bool {
    let mut parts =
        word.split(|byte| *byte == b':').map(|part| (part.len(), part.iter().all(u8::is_ascii_digit)));
    let hour = parts.next();
    let rest: Vec<_> = parts.collect();
    matches!(hour, Some((1 | 2, true))) && matches!(rest.as_slice(), [(2, true)] | [(2, true), (2, true)])
}

/// Takes the messages of an mbox apart; `None` if it does not begin with `From `.
///
/// The internal data of mail programs is left out: the first message, if it is known by subject and header as theirs.
pub fn split(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut lines = Lines::of_file(bytes, &bytes);
    // Reading from memory does not fail.
    while let Ok(Some(line)) = lines.next_line() {
        match line.part {
            Part::Separator => {
                messages.last_mut().map(strip_final_empty_line);
                messages.push(Vec::new());
            }
            Part::SeparatorRest => {}
            Part::Empty | Part::Text | Part::TextRest => {
                messages.last_mut()?.extend_from_slice(line.unquoted())
            }
        }
    }
    messages.last_mut().map(strip_final_empty_line)?;
    if messages.first().is_some_and(|first| is_internal_data(first)) {
        messages.remove(0);
    }
    Some(messages)
}

/// A single message without the `From ` line that a delivery may have put before it.
pub fn without_separator(mut message: Vec<u8>) -> Vec<u8> {
    if message.starts_with(b"From ") {
        let end = memchr::memchr(b'\n', &message).map_or(message.len(), |end| end + 1);
        message.drain(..end);
    }
    message
}

/// Takes off the empty line that ends a message in an mbox.
pub(super) fn strip_final_empty_line(message: &mut Vec<u8>) {
    let bytes = message.as_slice();
    let rest = bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n"));
    let rest = rest.filter(|rest| rest.is_empty() || rest.ends_with(b"\n")).map(<[u8]>::len);
    message.truncate(rest.unwrap_or(message.len()));
}

/// Whether the first message of an mbox is no mail, but where UW IMAP, Alpine and Dovecot keep their own data.
pub(super) fn is_internal_data(message: &[u8]) -> bool {
    let mut headers =
        message.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).take_while(|line| !line.is_empty());
    let begins = |line: &[u8], name: &[u8]| {
        line.split_at_checked(name.len()).is_some_and(|(start, _)| start.eq_ignore_ascii_case(name))
    };
    let subject = b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";
    // Both are asked for, so that no mail is passed over for its subject alone.
    headers.clone().any(|line| line.eq_ignore_ascii_case(subject))
        && headers.any(|line| begins(line, b"X-IMAP:") || begins(line, b"X-IMAPbase:"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FROM: &str = "From a@b.example Sat Jan  3 01:05:34 2026\n";

    /// Writes an mbox as mboxrd says.
    fn written(messages: &[Vec<u8>], line_end: &str) -> Vec<u8> {
        let mut mbox = Vec::new();
        for message in messages {
            mbox.extend_from_slice(FROM.trim_end().as_bytes());
            mbox.extend_from_slice(line_end.as_bytes());
            for line in message.split_inclusive(|byte| *byte == b'\n') {
                let bare = line.iter().position(|byte| *byte != b'>').map_or(line, |at| &line[at..]);
                if bare.starts_with(b"From ") {
                    mbox.push(b'>');
                }
                mbox.extend_from_slice(line);
            }
            mbox.extend_from_slice(line_end.as_bytes());
        }
        mbox
    }

    #[test]
    fn an_mbox_is_split_as_documented() {
        let table: [(&str, Option<&[&str]>); 22] = [
            ("", None),
            ("\n", None),
            ("Subject: a\n\nFrom a\n", None),
            (" From a\n", None),
            ("From a\n", Some(&[""])),
            ("From anything goes at the start\nA: b\n", Some(&["A: b\n"])),
            ("From a\nA: b\n\ntext\n\n", Some(&["A: b\n\ntext\n"])),
            ("From a\nA: b\n\ntext\n", Some(&["A: b\n\ntext\n"])),
            ("From a\nA: b\n\ntext", Some(&["A: b\n\ntext"])),
            ("From a\nA: b\n\ntext\n\n\n\n", Some(&["A: b\n\ntext\n\n\n"])),
            ("From a\nA: 1\n\nFrom b 10:00:01\nA: 2\n\n", Some(&["A: 1\n", "A: 2\n"])),
            ("From a\nA: 1\n\nFrom me\n", Some(&["A: 1\n\nFrom me\n"])),
            ("From a\nA: 1\n\nFrom 2:1 to 3:100 at 1:2:3\n", Some(&["A: 1\n\nFrom 2:1 to 3:100 at 1:2:3\n"])),
            ("From a\nA: 1\n\nFrom b Sat Jan  3 01:05:34 +0100 2026\n\n", Some(&["A: 1\n", ""])),
            (
                "From a\r\nA: 1\r\n\r\nx\r\n\r\nFrom b 9:41\r\nA: 2\r\n",
                Some(&["A: 1\r\n\r\nx\r\n", "A: 2\r\n"]),
            ),
            ("From a\nA: 1\n\nx\nFrom b 10:00\n", Some(&["A: 1\n\nx\nFrom b 10:00\n"])),
            ("From a\nA: 1\n\nFrom here on we go\n", Some(&["A: 1\n\nFrom here on we go\n"])),
            ("From a\nA: 1\n\nx\n\nFrom - Sat Jan  3 01:05:34 2026\n", Some(&["A: 1\n\nx\n", ""])),
            ("From a\n\n>From b 10:00\n>>From c\n>>x\n", Some(&["\nFrom b 10:00\n>From c\n>>x\n"])),
            ("From a\nA: 1\n\nFrom:\nFromage 10:00\n", Some(&["A: 1\n\nFrom:\nFromage 10:00\n"])),
            ("From a\n\nFrom b 1:00\n\nFrom c 1:00\n\n", Some(&["", "", ""])),
            (
                "From M 1:00\nSubject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\nx\n\nFrom b 1:00\nA: 2\n",
                Some(&["A: 2\n"]),
            ),
        ];
        for (mbox, messages) in table {
            let found = split(mbox.as_bytes());
            let messages = messages.map(|all| all.iter().map(|one| one.as_bytes().to_vec()).collect());
            assert_eq!(found, messages, "{mbox:?}");
        }
    }

    /// An mbox of three messages, the first with this length and body, and what its messages hold of the bodies.
    fn with_length(length: &str, body: &str) -> Vec<String> {
        let mbox =
            format!("{FROM}A: 1\nContent-Length: {length}\n\n{body}{FROM}A: 2\n\nx\n\n{FROM}A: 3\n\ny\n");
        let body = |message: Vec<u8>| {
            let message = String::from_utf8(message).unwrap();
            message.split_once("\n\n").map_or(message.as_str(), |(_, body)| body).to_owned()
        };
        split(mbox.as_bytes()).unwrap().into_iter().map(body).collect()
    }

    #[test]
    fn a_length_that_holds_keeps_lines_in_a_message_that_nobody_quoted() {
        let body = "one\n\nFrom what he said at 10:30 it burns.\ntwo\n";
        let right = body.len().to_string();
        let expected = [body, "x\n", "y\n"];
        assert_eq!(with_length(&right, &format!("{body}\n")), expected);
        // The empty line counted in; the last line end left out; two fields that agree.
        assert_eq!(with_length(&(body.len() + 1).to_string(), &format!("{body}\n")), expected);
        assert_eq!(with_length(&(body.len() - 1).to_string(), &format!("{body}\n")), expected);
        assert_eq!(
            with_length(&format!("{right}\ncontent-length : {right}"), &format!("{body}\n")),
            expected
        );
        // No empty line at all.
        assert_eq!(with_length(&right, body), expected);
        assert_eq!(with_length("0", "\n"), ["", "x\n", "y\n"]);
        // To the end of the file.
        let last = format!("{FROM}A: 1\nContent-Length: {right}\n\n{body}");
        for end in ["", "\n"] {
            assert_eq!(split(format!("{last}{end}").as_bytes()).unwrap().len(), 1, "{end:?}");
        }
        let crlf = format!("{last}\n{FROM}A: 2\n").replace('\n', "\r\n");
        let crlf =
            crlf.replace(&format!(": {right}\r"), &format!(": {}\r", body.replace('\n', "\r\n").len()));
        assert_eq!(split(crlf.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn a_wrong_length_changes_nothing() {
        let body = "one\n\nFrom what he said at 10:30 it burns.\n\ntwo\n\n";
        let right = body.len() - 1;
        let wrong = [0, 1, 3, 5, right - 2, right + 2, right + 3, right + 40, 10_000_000];
        let odd = ["", "-1", "1e3", "0x10", "99999999999999999999999", "\n 50"].map(str::to_owned);
        let two = format!("{right}\nContent-Length: {}", right - 1);
        for length in wrong.map(|wrong: usize| wrong.to_string()).into_iter().chain(odd).chain([two]) {
            assert_eq!(with_length(&length, body), ["one\n", "\ntwo\n", "x\n", "y\n"], "{length:?}");
        }
        assert_eq!(with_length(&right.to_string(), body).len(), 3);
    }

    #[test]
    fn a_length_never_hides_a_message() {
        let body = "one\n\n";
        let rest = format!("{FROM}A: 2\n\nx\n");
        for length in [body.len() + rest.len(), body.len() + rest.len() + 1] {
            assert_eq!(with_length(&length.to_string(), body), ["one\n", "x\n", "y\n"], "{length}");
        }
        let all = format!("{body}{rest}\n{FROM}A: 3\n\ny\n");
        assert_eq!(with_length(&all.len().to_string(), body), ["one\n", "x\n", "y\n"]);
    }

    #[test]
    fn a_mail_is_not_passed_over_for_its_subject_alone() {
        let mail = b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n\nX-IMAP: 1\n";
        assert_eq!(split(&written(&[mail.to_vec()], "\n")), Some(vec![mail.to_vec()]));
    }

    #[test]
    fn a_line_longer_than_memory_allows_is_text() {
        let mut long = b"A: b\n\n".to_vec();
        long.resize(200_000, b'x');
        let cut = usize::try_from(PIECE).unwrap();
        long[cut + 6..cut + 12].copy_from_slice(b"From a");
        long.push(b'\n');
        let messages = vec![long, b"A: c\n".to_vec()];
        assert_eq!(split(&written(&messages, "\n")), Some(messages));
    }

    fn line() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(b"".to_vec()),
            Just(b"From b@c.example Sat Jan  3 01:05:34 2026".to_vec()),
            Just(b"From ".to_vec()),
            Just(b">From me".to_vec()),
            Just(b">>From ".to_vec()),
            Just(b"Subject: x".to_vec()),
            proptest::collection::vec(any::<u8>().prop_filter("a line", |byte| *byte != b'\n'), 0..20),
        ]
    }

    proptest! {
        #[test]
        fn what_was_written_as_mboxrd_is_read_back(
            messages in proptest::collection::vec(proptest::collection::vec(line(), 1..8), 1..5),
            line_end in prop_oneof![Just("\n"), Just("\r\n")],
        ) {
            let end = |mut line: Vec<u8>| { line.extend_from_slice(line_end.as_bytes()); line };
            let messages: Vec<Vec<u8>> =
                messages.into_iter().map(|lines| lines.into_iter().flat_map(end).collect()).collect();
            prop_assert_eq!(split(&written(&messages, line_end)), Some(messages));
        }

        #[test]
        fn any_octets_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut mbox = b"From a\n".to_vec();
            mbox.extend_from_slice(&bytes);
            prop_assert!(split(&mbox).is_some_and(|messages| !messages.is_empty()));
        }
    }
}
