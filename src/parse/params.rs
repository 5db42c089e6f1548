//! `Content-Type` and `Content-Disposition`: a value and its parameters (RFC 2045 section 5.1, RFC 2231).

use std::collections::BTreeMap;

use super::charset;
use super::clean;
use super::defects::Defects;
use super::transfer;
use super::words;

/// A value such as `text/plain` in lower case, and its parameters by lower-case name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Params {
    /// The value before the first semicolon, in lower case, without comments.
    pub(super) value: String,
    named: BTreeMap<String, String>,
    /// Those that cleaning changed, as they were given.
    given: BTreeMap<String, String>,
}

impl Params {
    /// The decoded parameter of that name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(String::as_str)
    }

    /// The parameter with the characters that make it unsafe, if it has any.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    fn insert(&mut self, name: String, value: String) {
        let clean = clean::line(&value);
        self.given.remove(&name);
        if clean != value.trim() {
            self.given.insert(name.clone(), value);
        }
        self.named.insert(name, clean);
    }

    /// A value without parameters.
    pub(super) fn bare(value: &str) -> Self {
        Self { value: value.to_owned(), ..Self::default() }
    }
}

/// A section of a parameter that is written in several (RFC 2231 section 3).
type Sections = BTreeMap<u32, (bool, String)>;

/// Reads an unfolded field value.
pub(super) fn parse(field: &str, defects: &mut Defects) -> Params {
    let mut pieces = pieces(field).into_iter();
    let first = pieces.next().unwrap_or_default();
    let (value, forgotten) = first_value(&first);
    let mut params = Params::bare(&clean::line(&value).to_ascii_lowercase());
    let mut split: BTreeMap<String, Sections> = BTreeMap::new();
    for piece in std::iter::once(forgotten.to_owned()).chain(pieces) {
        let Some((name, value)) = piece.split_once('=') else { continue };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        match sectioned(&name) {
            Some((base, section, encoded)) => {
                let sections = split.entry(base.to_owned()).or_default();
                sections.entry(section).or_insert_with(|| (encoded, value.to_owned()));
            }
            None => {
                if !params.named.contains_key(&name) {
                    params.insert(name, words::decode(value, defects));
                }
            }
        }
    }
    for (name, sections) in split {
        // The extended form is there for those who can read it, beside a plain one for others.
        let value = join(&sections, defects);
        // Some mailers write encoded words into the sections, against RFC 2231.
        let value = if value.contains("=?") { words::decode(&value, defects) } else { value };
        params.insert(name, value);
    }
    params
}

/// The value, in which blanks stand around the slash at most, and what follows a semicolon that was forgotten.
fn first_value(first: &str) -> (String, &str) {
    let mut value = String::new();
    let mut rest = first.trim();
    // `Content-Type: charset=utf-8`: the type itself was forgotten.
    if rest.contains('=') && !rest.contains('/') && !rest.contains(char::is_whitespace) {
        return (value, rest);
    }
    loop {
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        value.push_str(word);
        rest = after.trim_start();
        if rest.is_empty() || !(value.ends_with('/') || rest.starts_with('/')) {
            return (value, rest);
        }
    }
}

/// `filename*1*` is section 1 of `filename`, percent-encoded.
fn sectioned(name: &str) -> Option<(&str, u32, bool)> {
    let (base, rest) = name.split_once('*')?;
    let encoded = rest.is_empty() || rest.ends_with('*');
    let number = rest.trim_end_matches('*');
    if number.is_empty() { Some((base, 0, encoded)) } else { Some((base, number.parse().ok()?, encoded)) }
}

/// Joins the octets of all sections before they are decoded: a character may be cut between two.
fn join(sections: &Sections, defects: &mut Defects) -> String {
    let mut octets = Vec::new();
    let mut charset: Option<&str> = None;
    for (at, (encoded, value)) in sections.values().enumerate() {
        let mut value = value.as_str();
        if !encoded {
            octets.extend_from_slice(value.as_bytes());
            continue;
        }
        if at == 0 {
            let mut quoted = value.splitn(3, '\'');
            if let (Some(name), Some(_), Some(rest)) = (quoted.next(), quoted.next(), quoted.next()) {
                (charset, value) = (Some(name), rest);
            }
        }
        percent(value.as_bytes(), &mut octets);
    }
    charset::decode(&octets, charset, defects)
}

fn percent(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some((first, after)) = rest.split_first() {
        match (first, after.first().and_then(transfer::hex), after.get(1).and_then(transfer::hex)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
}

/// Splits at semicolons outside of quotes, and takes quotes, their escapes and comments away.
fn pieces(field: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    let mut letters = field.chars();
    while let Some(letter) = letters.next() {
        let Some(piece) = out.last_mut() else { break };
        match letter {
            '"' => quoted = !quoted,
            // Windows paths are sent unescaped: only what must be escaped is.
            '\\' if quoted => match letters.clone().next() {
                Some(escaped @ ('"' | '\\')) => {
                    letters.next();
                    piece.push(escaped);
                }
                Some(_) | None => piece.push(letter),
            },
            _ if quoted => piece.push(letter),
            '(' => match after_comment(letters.as_str()) {
                Some(rest) => letters = rest.chars(),
                None => piece.push(letter),
            },
            ';' => out.push(String::new()),
            _ => piece.push(letter),
        }
    }
    out
}

/// What follows a comment that ends its piece. Other brackets are letters: file names hold them unquoted.
fn after_comment(rest: &str) -> Option<&str> {
    const LONGEST: usize = 200;
    let end = memchr::memchr(b')', rest.as_bytes().get(..LONGEST).unwrap_or(rest.as_bytes()))?;
    let after = rest.get(end + 1..)?.trim_start();
    (after.is_empty() || after.starts_with(';')).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let table = [
            ("Text/Plain; charset=UTF-8", "text/plain", "charset", Some("UTF-8")),
            ("text/plain (a comment); charset=utf-8 (b)", "text/plain", "charset", Some("utf-8")),
            ("a/b; name=\"x; y\\\"z\"", "a/b", "name", Some("x; y\"z")),
            ("a/b; name=\"C:\\dir\\x.txt\"", "a/b", "name", Some("C:\\dir\\x.txt")),
            ("a/b; NAME=\"first\"; name=second", "a/b", "name", Some("first")),
            ("a/b; name=\"=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9.txt?=\"", "a/b", "name", Some("café.txt")),
            ("a/b; name==?utf-8?Q?=C3=BC.txt?=", "a/b", "name", Some("ü.txt")),
            ("a; filename*=UTF-8''na%C3%AFve.txt; filename=x", "a", "filename", Some("naïve.txt")),
            (
                "a; filename*0*=utf-8''caf%C3; filename*1*=%A9; filename*2=.txt",
                "a",
                "filename",
                Some("café.txt"),
            ),
            ("a; filename*1=b.txt; filename*0=a", "a", "filename", Some("ab.txt")),
            ("a; filename*=iso-8859-1'de'%FC%zz", "a", "filename", Some("ü%zz")),
            ("a; filename=report (1).pdf", "a", "filename", Some("report (1).pdf")),
            ("a; filename=\"report (1).pdf\"", "a", "filename", Some("report (1).pdf")),
            ("text/plain charset=utf-8; x=y", "text/plain", "charset", Some("utf-8")),
            ("attachment filename=\"a b.pdf\"", "attachment", "filename", Some("a b.pdf")),
            ("text / plain ; charset=utf-8", "text/plain", "charset", Some("utf-8")),
            ("charset=utf-8; x=y", "", "charset", Some("utf-8")),
            ("a; x", "a", "x", None),
            ("", "", "x", None),
        ];
        for (field, value, name, expected) in table {
            let params = parse(field, &mut Defects::default());
            assert_eq!((params.value.as_str(), params.get(name)), (value, expected), "{field}");
        }
    }
}
