//! Splits an entity into its header fields and its body (RFC 5322 section 2.2, RFC 2045 section 3), linearly.
//!
//! Values stay raw. What is no field is left out or begins the body, whichever loses less.

use memchr::{memchr, memchr3};

use super::charset;
use super::defects::Defects;

/// Where an entity stands: only a message may be preceded by rubbish, only a part may lack headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Message,
    Part,
}

/// The header fields of an entity, in order.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Fields<'a> {
    /// The raw value of the first field of that name.
    pub(super) fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The raw values of all fields of that name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |field| field.0.eq_ignore_ascii_case(name.as_bytes())).map(|field| field.1)
    }

    /// The first field of that name as unfolded, undecoded, trimmed text; empty if there is none.
    pub(super) fn token(&self, name: &str) -> String {
        self.first(name).map(|raw| unfolded(raw).trim().to_owned()).unwrap_or_default()
    }

    /// Whether there is no field at all.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is such a field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// Notes which of the fields read here hold octets that are not UTF-8.
    pub(super) fn note_8_bit(&self, names: &[&str], defects: &mut Defects) {
        for name in names {
            if self.all(name).any(|raw| std::str::from_utf8(raw).is_err()) {
                defects.with("8-bit-header", name);
            }
        }
    }
}

/// The text of a raw value: unfolded (RFC 5322 section 2.2.3), NUL removed, in UTF-8 or a guessed charset.
pub(super) fn unfolded(raw: &[u8]) -> String {
    let goes = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
    // Most fields are one line, of which only the end goes.
    let end = raw.iter().rposition(|byte| !goes(byte)).map_or(0, |last| last + 1);
    let raw = raw.get(..end).unwrap_or(raw);
    if memchr3(b'\r', b'\n', 0, raw).is_none() {
        return charset::guess(raw);
    }
    let mut kept = Vec::with_capacity(raw.len());
    raw.split(goes).for_each(|piece| kept.extend_from_slice(piece));
    charset::guess(&kept)
}

/// The fields and the body of an entity.
pub(super) fn split<'a>(entity: &'a [u8], place: Place, defects: &mut Defects) -> (Fields<'a>, &'a [u8]) {
    let mut rest = match place {
        Place::Message => beginning(entity),
        Place::Part => entity,
    };
    let mut fields = Fields::default();
    let mut last_known: Option<usize> = None;
    while !rest.is_empty() {
        let (line, after) = cut_line(rest);
        if line.is_empty() {
            return (fields, after);
        }
        if let Some(name) = field_name(line) {
            let (field, after) = cut_field(rest);
            fields.push(name, field, defects);
            rest = after;
            continue;
        }
        if fields.0.is_empty() {
            if place == Place::Message {
                defects.add("no-headers");
            }
            return (fields, if place == Place::Message { entity } else { rest });
        }
        // Measured from the end, so that the look ahead is made once however many such lines there are.
        let known = *last_known.get_or_insert_with(|| octets_after_last_known(rest));
        if rest.len() <= known {
            defects.add("no-blank-line");
            return (fields, rest);
        }
        defects.add("broken-header");
        rest = cut_field(rest).1;
    }
    if fields.0.is_empty() && place == Place::Message {
        defects.add("no-headers");
    }
    (fields, rest)
}

impl<'a> Fields<'a> {
    fn push(&mut self, name: &'a [u8], field: &'a [u8], defects: &mut Defects) {
        if self.0.len() >= defects.limits.header_fields {
            defects.add("too-many-headers");
            return;
        }
        let value = memchr(b':', field).and_then(|colon| field.get(colon + 1..)).unwrap_or_default();
        let most = defects.limits.header_size;
        if value.len() > most {
            defects.with("header-truncated", &String::from_utf8_lossy(name));
        }
        self.0.push((name, value.get(..most).unwrap_or(value)));
    }
}

/// Skips a byte order mark, blank lines and the `From ` line of an mbox.
fn beginning(message: &[u8]) -> &[u8] {
    let mut rest = message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message);
    loop {
        let (line, after) = cut_line(rest);
        // `From : a@b.example` is a field all the same.
        let separates = |line: &[u8]| line.starts_with(b"From ") && field_name(line).is_none();
        let skipped = line.is_empty() || separates(line) || line.strip_prefix(b">").is_some_and(separates);
        if !skipped || rest.is_empty() {
            return rest;
        }
        rest = after;
    }
}

/// The octets that are left after the last field of a well-known name in this header.
fn octets_after_last_known(header: &[u8]) -> usize {
    const KNOWN: [&[u8]; 9] = [
        b"content-type",
        b"content-transfer-encoding",
        b"mime-version",
        b"from",
        b"to",
        b"subject",
        b"date",
        b"message-id",
        b"received",
    ];
    let (mut rest, mut left) = (header, header.len());
    while !rest.is_empty() {
        let (line, after) = cut_line(rest);
        if line.is_empty() {
            break;
        }
        if field_name(line).is_some_and(|name| KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))) {
            left = after.len();
        }
        rest = after;
    }
    left
}

/// The name before the colon, if the line begins a field; blanks before the colon are obsolete but allowed.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let name = line.get(..memchr(b':', line)?)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(name)
}

/// The first line without its end, and what follows.
pub(super) fn cut_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (line, after) = match memchr(b'\n', bytes) {
        Some(end) => bytes.split_at(end + 1),
        None => (bytes, &[][..]),
    };
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    (line.strip_suffix(b"\r").unwrap_or(line), after)
}

/// The first line with those that continue it, and what follows.
fn cut_field(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    loop {
        let rest = bytes.get(end..).unwrap_or_default();
        end += memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        if !matches!(bytes.get(end), Some(b' ' | b'\t')) {
            return bytes.split_at(end);
        }
    }
}

/// What is read from a header, and what was odd about it.
#[cfg(test)]
pub(super) fn with<T>(header: &[u8], read: impl Fn(&Fields, &mut Defects) -> T) -> (T, Vec<String>) {
    let mut defects = Defects::default();
    let (fields, _) = split(header, Place::Message, &mut defects);
    let value = read(&fields, &mut defects);
    (value, defects.into_lines())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::limits::Limits;

    fn read(entity: &[u8], place: Place) -> (Vec<(String, String)>, String, Vec<String>) {
        let mut defects = Defects::default();
        let (fields, body) = split(entity, place, &mut defects);
        let fields = fields.0.iter().map(|(name, value)| {
            (String::from_utf8_lossy(name).into_owned(), unfolded(value).trim().to_owned())
        });
        (fields.collect(), String::from_utf8_lossy(body).into_owned(), defects.into_lines())
    }

    fn field(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    type Row = (&'static [u8], Place, usize, &'static str, &'static [&'static str]);

    #[test]
    fn fields_are_split_at_colons_and_unfolded() {
        let (fields, body, defects) = read(b"A: 1\r\n 2\r\nB : x: y\r\nC:\r\n\r\nbody\r\n", Place::Message);
        assert_eq!(fields, [field("A", "1 2"), field("B", "x: y"), field("C", "")]);
        assert_eq!((body.as_str(), defects.is_empty()), ("body\r\n", true));
    }

    #[test]
    fn rubbish_is_treated_as_loses_least() {
        let table: [Row; 9] = [
            (b"", Place::Message, 0, "", &["no-headers"]),
            (b"Hello,\nworld", Place::Message, 0, "Hello,\nworld", &["no-headers"]),
            (b"Hello,\nworld", Place::Part, 0, "Hello,\nworld", &[]),
            (b"\ntext", Place::Part, 0, "text", &[]),
            (b"From a@b.example Mon\n\xef\xbb\xbfA: 1\n\nx", Place::Message, 0, "", &["no-headers"]),
            (b"\r\n\nFrom a@b.example Mon\nA: 1\n\nx", Place::Message, 1, "x", &[]),
            (
                b"A: 1\nHello there\nB: 2\n\nx",
                Place::Message,
                1,
                "Hello there\nB: 2\n\nx",
                &["no-blank-line"],
            ),
            (b"A: 1\njunk\n more\nSubject: 2\njunk\nTo: x\n\nx", Place::Message, 3, "x", &["broken-header"]),
            (b"A: 1", Place::Message, 1, "", &[]),
        ];
        for (entity, place, count, body, expected) in table {
            let (fields, rest, defects) = read(entity, place);
            let name = String::from_utf8_lossy(entity);
            assert_eq!(
                (fields.len(), defects),
                (count, expected.iter().map(|s| s.to_string()).collect()),
                "{name}"
            );
            assert!(body.is_empty() || rest == body, "{name}: {rest}");
        }
    }

    #[test]
    fn a_header_without_end_is_read_in_linear_time() {
        let mut junk = b"A: 1\n".to_vec();
        junk.extend(b"x y\n".repeat(300_000));
        junk.extend(b"To: x\n");
        assert_eq!(read(&junk, Place::Message).0.len(), 2);
    }

    #[test]
    fn too_long_a_field_is_cut() {
        let mut entity = b"A: ".to_vec();
        entity.resize(2 * Limits::default().header_size, b'x');
        assert_eq!(read(&entity, Place::Message).2, ["header-truncated: A"]);
    }
}
