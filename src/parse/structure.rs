//! The parts of a message (RFC 2046 section 5), from the outside inwards.
//!
//! An outer boundary ends whatever is within, closed or not, so that no part can swallow the next. Only whole lines are
//! boundaries. Each level is one search: time is at most [`limits::Limits::depth`] times the length. Messages within the
//! message are not opened: they are files.

use memchr::memmem;

use super::clean;
use super::defects::Defects;
use super::fields::{self, Fields, Place};
use super::limits;
use super::params::{self, Params};

/// A part and what it is made of.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// Its header fields.
    pub(super) fields: Fields<'a>,
    /// Its media type; the default of its place if there is none.
    pub(super) media: Params,
    /// Its `Content-Disposition`.
    pub(super) disposition: Params,
    /// Its body, still encoded.
    pub(super) body: &'a [u8],
    /// The parts of a multipart; empty for all others.
    pub(super) children: Vec<Part<'a>>,
}

impl Part<'_> {
    /// The file name that the part gives itself, decoded but not yet safe.
    pub(super) fn name(&self) -> Option<&str> {
        let given = self.disposition.get("filename").or_else(|| self.media.get("name"));
        given.filter(|name| !name.trim().is_empty())
    }

    /// The file name as it was given, with what makes it unsafe.
    pub(super) fn given_name(&self) -> Option<&str> {
        match self.disposition.get("filename") {
            Some(_) => self.disposition.given("filename"),
            None => self.media.given("name"),
        }
    }

    /// Whether the media type is of this type, such as `multipart/`.
    pub(super) fn is(&self, prefix: &str) -> bool {
        self.media.value.starts_with(prefix)
    }

    /// Whether it is a page.
    pub(super) fn is_html(&self) -> bool {
        matches!(self.media.value.as_str(), "text/html" | "application/xhtml+xml")
    }

    /// The `Content-ID` without brackets.
    pub(super) fn content_id(&self) -> Option<String> {
        let id = self.fields.token("Content-ID");
        let bare = clean::line(id.trim_start_matches('<').trim_end_matches('>'));
        (!bare.is_empty() && bare.len() <= limits::TOKEN).then_some(bare)
    }
}

/// Reads the message; its header fields are those of the part that is returned.
pub(super) fn read<'a>(message: &'a [u8], defects: &mut Defects) -> Part<'a> {
    let mut left = defects.limits.parts;
    let (fields, body) = fields::split(message, Place::Message, defects);
    part(fields, body, Spot { depth: 0, default: "text/plain" }, &mut left, defects)
}

/// Reads an entity that was taken out of a part of the message.
pub(super) fn within<'a>(entity: &'a [u8], defects: &mut Defects) -> Part<'a> {
    let mut left = defects.limits.parts;
    let (fields, body) = fields::split(entity, Place::Part, defects);
    part(fields, body, Spot { depth: 0, default: "text/plain" }, &mut left, defects)
}

/// Reads the header fields only; the body is left as it is.
pub(super) fn unopened<'a>(message: &'a [u8], defects: &mut Defects) -> Part<'a> {
    let (fields, body) = fields::split(message, Place::Message, defects);
    let media = media(&fields, "text/plain", defects);
    Part { fields, media, ..rest(body) }
}

#[derive(Clone, Copy)]
struct Spot {
    depth: usize,
    default: &'static str,
}

fn part<'a>(
    fields: Fields<'a>,
    body: &'a [u8],
    spot: Spot,
    left: &mut usize,
    defects: &mut Defects,
) -> Part<'a> {
    let media = media(&fields, spot.default, defects);
    let disposition = fields.first("Content-Disposition").map(fields::unfolded).unwrap_or_default();
    let disposition = params::parse(&disposition, defects);
    let mut part = Part { fields, media, disposition, body, children: Vec::new() };
    if !part.is("multipart/") {
        return part;
    }
    if spot.depth >= defects.limits.depth {
        defects.add("too-deep");
        return part;
    }
    let bounds = part.media.get("boundary").map(|boundary| bounds(body, boundary)).unwrap_or_default();
    if !bounds.closed {
        defects.add("broken-mime");
    }
    if bounds.closed && bounds.ranges.is_empty() {
        part.body = &[];
    } else if bounds.ranges.is_empty() {
        part.media = Params::bare("text/plain");
        return part;
    }
    let default = if part.media.value == "multipart/digest" { "message/rfc822" } else { "text/plain" };
    for (start, end) in bounds.ranges {
        if *left == 0 {
            defects.add("too-many-parts");
            part.children.push(rest(body.get(start..).unwrap_or_default()));
            break;
        }
        *left -= 1;
        let (fields, inner) = fields::split(body.get(start..end).unwrap_or_default(), Place::Part, defects);
        let spot = Spot { depth: spot.depth + 1, default };
        part.children.push(self::part(fields, inner, spot, left, defects));
    }
    part
}

/// Octets that are not looked into, as one file.
pub(super) fn rest(body: &[u8]) -> Part<'_> {
    Part {
        fields: Fields::default(),
        media: Params::bare("application/octet-stream"),
        disposition: Params::bare("attachment"),
        body,
        children: Vec::new(),
    }
}

/// The media type; `text` alone and the like, which RFC 822 mailers wrote, count as plain text.
fn media(fields: &Fields, default: &str, defects: &mut Defects) -> Params {
    let Some(field) = fields.first("Content-Type") else {
        return Params::bare(default);
    };
    let mut media = params::parse(&fields::unfolded(field), defects);
    let (kind, subtype) = media.value.split_once('/').unwrap_or((&media.value, ""));
    let sound = media.value.len() <= limits::TOKEN && media.value.bytes().all(|byte| byte.is_ascii_graphic());
    if kind.is_empty() || subtype.is_empty() || !sound {
        // RFC 2045 section 5.2: what cannot be understood is text. With a name it is a file, of whatever type.
        let plain = media.get("name").is_none() || matches!(kind, "" | "text");
        media.value = if plain { "text/plain" } else { "application/octet-stream" }.to_owned();
    }
    media
}

/// Where the parts of a multipart lie in its body.
#[derive(Default)]
struct Bounds {
    ranges: Vec<(usize, usize)>,
    closed: bool,
    /// Whether parts follow after it was closed.
    resumed: bool,
}

fn bounds(body: &[u8], boundary: &str) -> Bounds {
    let mut bounds = Bounds::default();
    if boundary.is_empty() {
        return bounds;
    }
    let mark = [b"--", boundary.as_bytes()].concat();
    let mut open: Option<usize> = None;
    for at in memmem::find_iter(body, &mark) {
        let before = body.get(..at).unwrap_or_default();
        if !before.is_empty() && !before.ends_with(b"\n") {
            continue;
        }
        let (line, after) = fields::cut_line(body.get(at + mark.len()..).unwrap_or_default());
        let line = line.trim_ascii_end();
        if !line.is_empty() && line != b"--" {
            continue;
        }
        if let Some(start) = open {
            // The line end before a boundary belongs to it (section 5.1.1).
            let inner = before.strip_suffix(b"\n").unwrap_or(before);
            let inner = inner.strip_suffix(b"\r").unwrap_or(inner);
            bounds.ranges.push((start, inner.len().max(start)));
        }
        if line == b"--" {
            (bounds.closed, open) = (true, None);
            continue;
        }
        // After the end: an inner multipart had the same boundary, and what follows is not to be lost.
        bounds.resumed |= bounds.closed;
        open = Some(body.len() - after.len());
    }
    bounds.closed &= open.is_none() && !bounds.resumed;
    if let Some(start) = open {
        bounds.ranges.push((start, body.len()));
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::limits::Limits;

    /// The tree as `type[children]`, with the length of each leaf's body.
    fn outline(part: &Part) -> String {
        if part.children.is_empty() {
            return format!("{}:{}", part.media.value, String::from_utf8_lossy(part.body).escape_debug());
        }
        let children: Vec<String> = part.children.iter().map(outline).collect();
        format!("{}[{}]", part.media.value, children.join(", "))
    }

    fn shape(message: &str) -> (String, Vec<String>) {
        let mut defects = Defects::default();
        let tree = outline(&read(message.as_bytes(), &mut defects));
        (tree, defects.into_lines())
    }

    #[test]
    fn parts_are_found() {
        let mixed = "Content-Type: multipart/mixed; boundary=b\n\n";
        let inner = "Content-Type: multipart/alternative; boundary=bb\n\n";
        let table = [
            (
                format!("{mixed}pre\n--b\n\na\n--b \r\n\nb\n--b--\npost"),
                "multipart/mixed[text/plain:a, text/plain:b]",
                "",
            ),
            (format!("{mixed}--b\n\nx --b\n--bc\n--b--"), "multipart/mixed[text/plain:x --b\\n--bc]", ""),
            (format!("{mixed}--b\n\na\n"), "multipart/mixed[text/plain:a\\n]", "broken-mime"),
            (
                format!("{mixed}--b\n{inner}--bb\n\na\n--b\nContent-Type: a/b\n\nfile\n--b--"),
                "multipart/mixed[multipart/alternative[text/plain:a], a/b:file]",
                "broken-mime",
            ),
            (format!("{mixed}nothing\n"), "text/plain:nothing\\n", "broken-mime"),
            (format!("{mixed}--b--\n"), "multipart/mixed:", ""),
            (
                format!("{mixed}--b\n{mixed}--b\n\nx\n--b--\n--b\n\ny\n--b--\n"),
                "multipart/mixed[text/plain:, text/plain:x, text/plain:y]",
                "broken-mime",
            ),
            ("Content-Type: multipart/mixed\n\nx".to_owned(), "text/plain:x", "broken-mime"),
            (
                "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b--".to_owned(),
                "multipart/digest[message/rfc822:Subject: x\\n\\ny]",
                "",
            ),
            ("Content-Type: text\n\nx".to_owned(), "text/plain:x", ""),
            ("Content-Type: wrong\n\nx".to_owned(), "text/plain:x", ""),
            ("Content-Type: wrong; name=x\n\nx".to_owned(), "application/octet-stream:x", ""),
            (format!("{mixed}--b\nno header here\n--b--"), "multipart/mixed[text/plain:no header here]", ""),
            (format!("{mixed}--b\n--b\n\n\n--b--"), "multipart/mixed[text/plain:, text/plain:]", ""),
        ];
        for (message, expected, defect) in table {
            let (tree, defects) = shape(&message);
            assert_eq!(tree, expected, "{message}");
            assert_eq!(defects.join(" "), defect, "{message}");
        }
    }

    #[test]
    fn depth_ends_somewhere() {
        let mut message = String::new();
        for level in 0..5_000 {
            message.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
        }
        let (_, defects) = shape(&message);
        assert_eq!(defects, ["broken-mime", "too-deep"]);
    }

    #[test]
    fn too_many_parts_end_in_one_file() {
        let parts = "--b\n\nx\n".repeat(Limits::default().parts + 5);
        let message = format!("Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--");
        let mut defects = Defects::default();
        let root = read(message.as_bytes(), &mut defects);
        let most = Limits::default().parts;
        assert_eq!(root.children.len(), most + 1);
        assert!(root.children[most].body.starts_with(b"\nx\n--b\n"));
        assert_eq!(defects.into_lines(), ["too-many-parts"]);
    }
}
