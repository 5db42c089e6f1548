//! Reads one FETCH answer (RFC 3501 section 7.4.2) leniently: unknown items are passed over, blanks are free.
//!
//! Works on the answer's octets, in which each literal that was taken out is marked by [`TAKEN`]. Linear, and
//! never fails: what cannot be read is missing from the record.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// Stands where a literal was taken out; it cannot stand in a line.
pub(super) const TAKEN: u8 = 0;

/// What a FETCH answer told of one message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Its UID; an answer without one is of no use.
    pub(super) uid: Option<u32>,
    /// Its size in octets.
    pub(super) size: Option<u64>,
    /// When it came.
    pub(super) arrived: Option<Timestamp>,
    /// Whether it is flagged `\Deleted`; `None` if no flags were told.
    pub(super) deleted: Option<bool>,
    /// Its octets.
    pub(super) body: Option<Body>,
}

/// A literal, or a string in its place.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    /// What was kept.
    pub(super) bytes: Vec<u8>,
    /// Whether something had to be left out.
    pub(super) cut: bool,
    /// Whether the server had nothing to give (`NIL`).
    pub(super) absent: bool,
}

/// Reads an answer; `taken` are its literals in order.
pub(super) fn read(answer: &[u8], taken: Vec<Body>) -> Record {
    let mut scanner = Scanner { rest: answer, taken: taken.into_iter() };
    let mut record = Record::default();
    while !matches!(scanner.rest.first(), None | Some(b'(')) {
        scanner.advance();
    }
    scanner.advance();
    loop {
        let name = scanner.name();
        if name.is_empty() {
            return record;
        }
        let value = scanner.value();
        match name.as_str() {
            "UID" => record.uid = value.number().and_then(|uid| u32::try_from(uid).ok()),
            "RFC822.SIZE" => record.size = value.number(),
            "INTERNALDATE" => record.arrived = value.date(),
            "FLAGS" => record.deleted = Some(value.has_flag(b"\\Deleted")),
            // The section and the offset, BODY[]<0>, are known from the question.
            body if body.starts_with("BODY[") => record.body = Some(value.into_body()),
            _ => {}
        }
    }
}

struct Scanner<'a> {
    rest: &'a [u8],
    taken: std::vec::IntoIter<Body>,
}

enum Value<'a> {
    /// An atom, or a list with its parentheses.
    Raw(&'a [u8]),
    Quoted(Vec<u8>),
    Literal(Body),
}

impl<'a> Scanner<'a> {
    fn advance(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, octets: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(octets.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn blanks(&mut self) {
        let blanks = self.rest.iter().take_while(|octet| **octet == b' ').count();
        self.take(blanks);
    }

    /// The next item's name in capitals, with its section; empty at the end of the list.
    fn name(&mut self) -> String {
        self.blanks();
        let mut depth = 0_usize;
        let length = self
            .rest
            .iter()
            .take_while(|octet| {
                match octet {
                    b'[' => depth += 1,
                    b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth > 0 && **octet != TAKEN || !matches!(**octet, b' ' | b'(' | b')' | b'"' | TAKEN)
            })
            .count();
        String::from_utf8_lossy(self.take(length)).to_ascii_uppercase()
    }

    fn value(&mut self) -> Value<'a> {
        self.blanks();
        match self.rest.first() {
            Some(&TAKEN) => {
                self.advance();
                Value::Literal(self.taken.next().unwrap_or_default())
            }
            Some(b'"') => Value::Quoted(self.quoted()),
            Some(b'(') => Value::Raw(self.list()),
            Some(_) | None => {
                let length =
                    self.rest.iter().take_while(|octet| !matches!(**octet, b' ' | b')' | TAKEN)).count();
                Value::Raw(self.take(length))
            }
        }
    }

    fn quoted(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        self.advance();
        loop {
            match self.advance() {
                None | Some(b'"') => return text,
                Some(b'\\') => text.extend(self.advance()),
                Some(octet) => text.push(octet),
            }
        }
    }

    fn list(&mut self) -> &'a [u8] {
        let whole = self.rest;
        let mut depth = 0_usize;
        loop {
            match self.rest.first() {
                None => break,
                Some(b'"') => drop(self.quoted()),
                Some(octet) => {
                    match octet {
                        b'(' => depth += 1,
                        b')' => depth -= 1,
                        &TAKEN => drop(self.taken.next()),
                        _ => {}
                    }
                    self.advance();
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
        let length = whole.len() - self.rest.len();
        whole.get(..length).unwrap_or(whole)
    }
}

impl Value<'_> {
    fn number(&self) -> Option<u64> {
        match self {
            Self::Raw(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
            Self::Quoted(_) | Self::Literal(_) => None,
        }
    }

    /// `"17-Jul-1996 02:44:25 -0700"`, the day also with a blank; `NIL` and nonsense are no date.
    fn date(&self) -> Option<Timestamp> {
        let text = match self {
            Self::Quoted(text) => std::str::from_utf8(text).ok()?.trim(),
            Self::Raw(_) | Self::Literal(_) => return None,
        };
        strtime::parse("%d-%b-%Y %H:%M:%S %z", text).ok()?.to_timestamp().ok()
    }

    fn has_flag(&self, flag: &[u8]) -> bool {
        match self {
            Self::Raw(list) => list
                .split(|octet| matches!(octet, b' ' | b'(' | b')'))
                .any(|word| word.eq_ignore_ascii_case(flag)),
            Self::Quoted(_) | Self::Literal(_) => false,
        }
    }

    fn into_body(self) -> Body {
        match self {
            Self::Literal(body) => body,
            Self::Quoted(bytes) => Body { bytes, cut: false, absent: false },
            Self::Raw(_) => Body { bytes: Vec::new(), cut: false, absent: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Body {
        Body { bytes: text.as_bytes().to_vec(), cut: false, absent: false }
    }

    #[test]
    fn a_listing_is_read_in_any_order_and_with_unknown_items() {
        let expected = Record {
            uid: Some(7),
            size: Some(5_000_000_000),
            arrived: Some("1996-07-17T09:44:25Z".parse().unwrap()),
            deleted: Some(true),
            body: None,
        };
        for answer in [
            r#"* 1 FETCH (UID 7 RFC822.SIZE 5000000000 INTERNALDATE "17-Jul-1996 02:44:25 -0700" FLAGS (\Seen \Deleted))"#,
            r#"* 1 FETCH  (FLAGS (\DELETED  $x)  EMAILID (M6d") internaldate "17-Jul-1996 02:44:25 -0700" X-GM-LABELS ("a)\"" b) rfc822.size 5000000000 UID 7 )"#,
        ] {
            let answer = answer.replace("(M6d\")", "(M6d)");
            assert_eq!(read(answer.as_bytes(), Vec::new()), expected, "{answer}");
        }
    }

    #[test]
    fn a_date_may_be_padded_or_missing() {
        let arrived =
            |date: &str| read(format!("* 1 FETCH (INTERNALDATE {date} UID 1)").as_bytes(), Vec::new());
        assert_eq!(arrived("\" 7-Jul-1996 02:44:25 +0000\"").arrived, "1996-07-07T02:44:25Z".parse().ok());
        for odd in ["NIL", "\"\"", "\"32-Foo-1996 99:44:25\""] {
            assert_eq!(arrived(odd), Record { uid: Some(1), ..Record::default() }, "{odd}");
        }
    }

    #[test]
    fn a_body_may_be_a_literal_a_string_or_nil() {
        let read = |answer: &str, taken| read(answer.as_bytes(), taken).body;
        assert_eq!(read("* 1 FETCH (UID 7 BODY[] \0)", vec![body("x")]), Some(body("x")));
        assert_eq!(read("* 1 FETCH (BODY[]<0> \0 UID 7)", vec![body("x")]), Some(body("x")));
        assert_eq!(
            read("* 1 FETCH (BODY[HEADER.FIELDS (\"A)\" B)] \"a\\\"b\" UID 7)", vec![]),
            Some(body("a\"b"))
        );
        assert_eq!(read("* 1 FETCH (BODY[] NIL)", vec![]), Some(Body { absent: true, ..Body::default() }));
        assert_eq!(read("* 1 FETCH (FLAGS (\\Seen))", vec![]), None);
    }

    #[test]
    fn broken_answers_are_read_as_far_as_they_go() {
        for odd in [
            "",
            "* 1 FETCH",
            "* 1 FETCH (",
            "* 1 FETCH ()",
            "* 1 FETCH (UID",
            "* 1 FETCH ((((",
            "* 1 FETCH (\"",
        ] {
            assert_eq!(read(odd.as_bytes(), Vec::new()), Record::default(), "{odd}");
        }
    }
}
