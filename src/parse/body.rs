//! Which parts are the text of a message, and that text; all other parts are its files.
//!
//! Of alternatives the plain one is read where it says anything, else the HTML one is rendered.

use std::collections::HashSet;

use memchr::memmem;

use crate::model::mail::Attachment;

use super::armor;
use super::clean;
use super::container::{self, Rank};
use super::defects::Defects;
use super::html;
use super::limits;
use super::render;
use super::structure::{self, Part};

/// The text and what is left over as files.
#[derive(Debug)]
pub(super) struct Body<'p, 'a> {
    /// The whole text, cleaned.
    pub(super) text: String,
    /// Whether there is an HTML body.
    pub(super) html: bool,
    /// The files, in order.
    pub(super) files: Vec<File<'p, 'a>>,
    /// The content ids that the HTML shows; none where there are no files.
    pub(super) shown: HashSet<String>,
    /// The first HTML part.
    page: Option<&'p Part<'a>>,
}

/// A file of a message.
#[derive(Debug)]
pub(super) enum File<'p, 'a> {
    /// A part of it.
    Part(&'p Part<'a>),
    /// Taken out of a part that was opened.
    Unpacked(Attachment),
}

/// The parts of a subtree by what they are for.
#[derive(Debug, Default)]
struct Found<'p, 'a> {
    texts: Vec<&'p Part<'a>>,
    html: Vec<&'p Part<'a>>,
    files: Vec<&'p Part<'a>>,
}

/// What stands in the place of a text that nobody but its addressee can read.
const ENCRYPTED: &str =
    "[This message is encrypted. It cannot be read here; what was sent is kept as a file.]";

/// Reads the text of a message.
pub(super) fn read<'p, 'a>(root: &'p Part<'a>, defects: &mut Defects) -> Body<'p, 'a> {
    let mut found = match root.children.is_empty() {
        true => sole(root),
        false => walk(root, Spot::First),
    };
    heed_attached(&mut found, defects);
    let (text, cut_at) = join(&found.texts, defects);
    let has_files = !found.files.is_empty() || cut_at < found.texts.len();
    let shown = if has_files { shown_by(&found.html, defects) } else { HashSet::new() };
    let mut body = Body {
        text,
        html: !found.html.is_empty(),
        files: Vec::new(),
        shown,
        page: found.html.first().copied(),
    };
    for part in found.files {
        body.file(part, defects);
    }
    if let Some((text, html)) = enclosed(root, defects) {
        (body.text, body.html) = (text, html);
    }
    // What the text does not show whole is kept whole as a file.
    body.files.extend(found.texts.iter().skip(cut_at).map(|part| File::Part(part)));
    if is_encrypted(root) || armor::is_encrypted(&body.text) {
        defects.add("encrypted");
    }
    if body.text.is_empty() && defects.has("encrypted") {
        body.text = ENCRYPTED.to_owned();
    }
    body
}

impl<'p, 'a> Body<'p, 'a> {
    /// What stands before the quotation in the HTML, if its structure tells.
    pub(super) fn before_quote(&self, defects: &Defects) -> Option<String> {
        let (source, _) = render::letters(self.page?, &mut defects.unheard());
        let most = source.floor_char_boundary(limits::HTML);
        html::before_quote(source.get(..most)?, defects.limits.text_size)
    }

    /// Adds a file, or what is in it.
    fn file(&mut self, part: &'p Part<'a>, defects: &mut Defects) {
        let Some(contents) = container::open(part, defects) else {
            self.files.push(File::Part(part));
            return;
        };
        self.html |= contents.html;
        self.files.extend(contents.files.into_iter().map(File::Unpacked));
        let pieces = match contents.rank {
            Rank::Text => [contents.text.as_str(), self.text.as_str()],
            Rank::Copy if self.text.is_empty() => [contents.text.as_str(), ""],
            Rank::Copy => return,
        };
        let mut text =
            pieces.iter().filter(|piece| !piece.is_empty()).copied().collect::<Vec<_>>().join("\n\n");
        if clean::cut(&mut text, defects.limits.text_size) {
            defects.add("text-truncated");
            self.files.push(File::Part(part));
        }
        self.text = text;
    }
}

/// Recursion ends at the depth of the structure.
fn is_encrypted(part: &Part) -> bool {
    part.media.value == "multipart/encrypted" || part.children.iter().any(is_encrypted)
}

/// The text of these parts, and how many of them it shows whole.
fn join(parts: &[&Part], defects: &mut Defects) -> (String, usize) {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        let (rendered, whole) = render::text(part, defects);
        let piece = clean::text(&rendered);
        if !piece.is_empty() && !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&piece);
        if clean::cut(&mut text, defects.limits.text_size) || !whole {
            defects.add("text-truncated");
            return (text, at);
        }
    }
    (text, parts.len())
}

/// A message of one part: any text is its body, even with a name, unless it is declared an attachment.
fn sole<'p, 'a>(root: &'p Part<'a>) -> Found<'p, 'a> {
    let mut found = Found::default();
    if (root.is("text/") || root.is_html()) && root.disposition.value != "attachment" {
        take(root, &mut found);
    } else if !root.is("multipart/") || !root.body.trim_ascii().is_empty() {
        found.files.push(root);
    }
    found
}

fn take<'p, 'a>(part: &'p Part<'a>, found: &mut Found<'p, 'a>) {
    found.texts.push(part);
    if part.is_html() {
        found.html.push(part);
    }
}

fn is_readable(part: &Part) -> bool {
    part.media.value == "text/plain" || part.is_html()
}

/// Where nothing is the text, the one part that can be read is, though it is declared a file; one with a name stays a
/// file besides.
fn heed_attached<'p, 'a>(found: &mut Found<'p, 'a>, defects: &mut Defects) {
    let readable = |part: &&&Part<'a>| is_readable(part);
    let mut candidates = found.files.iter().filter(readable);
    let (Some(part), None) = (candidates.next().copied(), candidates.next()) else { return };
    if !found.texts.is_empty() || is_blank(part) {
        return;
    }
    defects.add("attached-text");
    take(part, found);
    if part.name().is_none() {
        found.files.retain(|file| !std::ptr::eq(*file, part));
    }
}

/// The text of a message that is nothing but another message; that one stays a file.
fn enclosed(root: &Part, defects: &mut Defects) -> Option<(String, bool)> {
    if !root.children.is_empty() || !matches!(root.media.value.as_str(), "message/rfc822" | "message/global")
    {
        return None;
    }
    let mut unheard = defects.unheard();
    let octets = render::octets(root, &mut unheard);
    unheard.open(|unheard| {
        let inner = structure::within(&octets, unheard);
        let body = read(&inner, unheard);
        (body.text, body.html)
    })
}

/// Where a part stands: the first one is the text even if it has a name (RFC 8621 section 4.1.4).
#[derive(Clone, Copy)]
enum Spot {
    First,
    Later,
}

/// Recursion ends at the depth of the structure.
fn walk<'p, 'a>(part: &'p Part<'a>, spot: Spot) -> Found<'p, 'a> {
    match part.media.value.as_str() {
        "multipart/alternative" => alternative(part),
        "multipart/related" => main_and_files(part, root_of_related(part)),
        // The first part is for people (RFC 6522 section 3), or what is signed (RFC 1847 section 2.1).
        "multipart/report" | "multipart/signed" => main_and_files(part, 0),
        _ if part.children.is_empty() => leaf(part, spot),
        _ => {
            let mut found = Found::default();
            for (at, child) in part.children.iter().enumerate() {
                found.merge(walk(child, if at == 0 { spot } else { Spot::Later }));
            }
            found
        }
    }
}

/// The part that the others belong to: the one that is named, else the first that can be text.
fn root_of_related(part: &Part) -> usize {
    let start = part.media.get("start").map(|id| id.trim_matches(['<', '>']).to_owned());
    let is_start = |child: &Part| start.is_some() && child.content_id() == start;
    let can_be = |child: &Part| {
        (is_readable(child) && child.disposition.value != "attachment") || child.is("multipart/")
    };
    let named = part.children.iter().position(is_start);
    named.or_else(|| part.children.iter().position(can_be)).unwrap_or(0)
}

impl<'p, 'a> Found<'p, 'a> {
    fn merge(&mut self, other: Self) {
        self.texts.extend(other.texts);
        self.html.extend(other.html);
        self.files.extend(other.files);
    }
}

fn leaf<'p, 'a>(part: &'p Part<'a>, spot: Spot) -> Found<'p, 'a> {
    let mut found = Found::default();
    let is_text = match spot {
        Spot::First => part.disposition.value != "attachment",
        Spot::Later => part.disposition.value != "attachment" && part.name().is_none(),
    };
    if is_readable(part) && is_text {
        take(part, &mut found);
    } else if !part.is("multipart/") || !part.body.trim_ascii().is_empty() {
        found.files.push(part);
    }
    found
}

fn main_and_files<'p, 'a>(part: &'p Part<'a>, main: usize) -> Found<'p, 'a> {
    let mut found = Found::default();
    for (at, child) in part.children.iter().enumerate() {
        if at == main {
            found.merge(walk(child, Spot::First));
        } else {
            leaves(child, &mut found.files);
        }
    }
    found
}

fn leaves<'p, 'a>(part: &'p Part<'a>, files: &mut Vec<&'p Part<'a>>) {
    if part.children.is_empty() {
        files.push(part);
    }
    part.children.iter().for_each(|child| leaves(child, files));
}

/// Of several forms of one text (RFC 2046 section 5.1.4): the first plain one that is not blank, else the last
/// that is not, else the last.
fn alternative<'p, 'a>(part: &'p Part<'a>) -> Found<'p, 'a> {
    let mut found = Found::default();
    let mut forms: Vec<Vec<&'p Part<'a>>> = Vec::new();
    for child in &part.children {
        let form = walk(child, Spot::First);
        found.html.extend(form.html);
        found.files.extend(form.files);
        forms.push(form.texts);
    }
    forms.retain(|form| !form.is_empty());
    let says = |form: &Vec<&Part>| form.iter().any(|part| !is_blank(part));
    let is_plain = |form: &Vec<&Part>| form.iter().all(|part| !part.is_html());
    let plain = forms.iter().position(|form| is_plain(form) && says(form));
    if let Some(at) = plain.or_else(|| forms.iter().rposition(says)).or(forms.len().checked_sub(1)) {
        found.texts = forms.swap_remove(at);
    }
    found
}

/// Without a mark of US-ASCII its letters decide: fixed blanks and what has no width say nothing either.
fn is_blank(part: &Part) -> bool {
    let octets = render::beginning(part, &mut Defects::default()).0;
    let is_plain_blank = !octets.iter().any(u8::is_ascii_graphic);
    is_plain_blank && clean::is_blank(&render::letters(part, &mut Defects::default()).0)
}

/// The content ids that pages refer to.
fn shown_by(pages: &[&Part], defects: &Defects) -> HashSet<String> {
    let mut shown = HashSet::new();
    for page in pages {
        collect_shown(&render::letters(page, &mut defects.unheard()).0, &mut shown);
    }
    shown
}

/// The ids behind `cid:` in the HTML (RFC 2392).
fn collect_shown(html: &str, shown: &mut HashSet<String>) {
    for at in memmem::find_iter(html.as_bytes(), b"cid:").take(limits::SHOWN) {
        let id = html.get(at + 4..).unwrap_or_default();
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '>' | ')' | '&');
        let id: String = id.chars().take(limits::NAME).take_while(|c| !ends(*c)).collect();
        shown.insert(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::limits::Limits;
    use crate::parse::structure;

    fn body(message: &str) -> (String, bool, Vec<String>) {
        let mut defects = Defects::default();
        let root = structure::read(message.as_bytes(), &mut defects);
        let body = read(&root, &mut defects);
        let media = |file: &File| match file {
            File::Part(part) => part.media.value.clone(),
            File::Unpacked(file) => file.content_type.clone(),
        };
        (body.text, body.html, body.files.iter().map(media).collect())
    }

    fn multi(kind: &str, parts: &[&str]) -> String {
        let boundary = kind.replace(';', "");
        let parts: String = parts.iter().map(|part| format!("--{boundary}\n{part}\n")).collect();
        format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\n\n{parts}--{boundary}--\n")
    }

    const PLAIN: &str = "\nplain";
    const HTML: &str = "Content-Type: text/html\n\n<p>html <img src='cid:a@b'></p>";
    const IMAGE: &str = "Content-Type: image/png\nContent-ID: <a@b>\n\nPNG";
    const BLANK: &str = "Content-Transfer-Encoding: base64\n\nICAK";
    const NAMED: &str = "Content-Type: text/plain; name=x.log\nContent-Disposition: inline\n\nlog";
    const NAMED_FILE: &str = "Content-Type: text/plain; name=x.log\nContent-Disposition: attachment\n\nlog";
    const INVISIBLE: &str = "Content-Type: text/plain; charset=utf-8\n\n\u{a0}\u{200b}\n\u{feff}";
    const XHTML: &str = "Content-Type: application/xhtml+xml\n\n<p>html</p>";
    const DSN: &str = "Content-Type: message/delivery-status\n\nAction: failed";
    const MAIL: &str = "Content-Type: message/rfc822\n\nSubject: x\n\ninner";
    const TO_FILE: &str = "Content-Type: text/plain\nContent-Disposition: attachment\n\nfile";

    #[test]
    fn the_text_is_found_and_the_rest_are_files() {
        let related = multi("related", &[HTML, IMAGE]);
        let table: [(String, &str, bool, &[&str]); 30] = [
            (PLAIN.to_owned(), "plain", false, &[]),
            (format!("A: b\n{HTML}"), "html", true, &[]),
            (multi("mixed", &[PLAIN, "\nsecond"]), "plain\n\nsecond", false, &[]),
            (multi("mixed", &[PLAIN, IMAGE]), "plain", false, &["image/png"]),
            (multi("mixed", &[PLAIN, NAMED, TO_FILE]), "plain", false, &["text/plain", "text/plain"]),
            (multi("mixed", &[NAMED, IMAGE]), "log", false, &["image/png"]),
            (multi("mixed", &[TO_FILE, IMAGE]), "file", false, &["image/png"]),
            (multi("mixed", &[NAMED_FILE, IMAGE]), "log", false, &["text/plain", "image/png"]),
            (multi("mixed", &[NAMED_FILE, TO_FILE]), "", false, &["text/plain", "text/plain"]),
            (multi("mixed", &[BLANK, TO_FILE]), "", false, &["text/plain"]),
            (multi("related", &[IMAGE, HTML]), "html", true, &["image/png"]),
            (multi("alternative", &[INVISIBLE, HTML]), "html", true, &[]),
            (format!("A: b\n{XHTML}"), "html", true, &[]),
            (multi("alternative", &[BLANK, XHTML]), "html", true, &[]),
            (format!("A: b\n{MAIL}"), "inner", false, &["message/rfc822"]),
            (format!("A: b\nContent-Type: message/rfc822\n\n{MAIL}"), "inner", false, &["message/rfc822"]),
            (multi("mixed", &[&multi("alternative", &[PLAIN, HTML]), NAMED]), "plain", true, &["text/plain"]),
            (multi("mixed", &[PLAIN, MAIL]), "plain", false, &["message/rfc822"]),
            (multi("alternative", &[PLAIN, HTML]), "plain", true, &[]),
            (multi("alternative", &[HTML, PLAIN]), "plain", true, &[]),
            (multi("alternative", &[BLANK, HTML]), "html", true, &[]),
            (multi("alternative", &[HTML, BLANK]), "html", true, &[]),
            (multi("alternative", &[]), "", false, &[]),
            (
                multi("alternative", &[PLAIN, "Content-Type: text/calendar\n\nX"]),
                "plain",
                false,
                &["text/calendar"],
            ),
            (multi("alternative", &[PLAIN, &related]), "plain", true, &["image/png"]),
            (related, "html", true, &["image/png"]),
            (
                multi("report", &[PLAIN, DSN, MAIL]),
                "plain",
                false,
                &["message/delivery-status", "message/rfc822"],
            ),
            (NAMED.to_owned(), "log", false, &[]),
            (format!("A: b\n{IMAGE}"), "", false, &["image/png"]),
            (format!("A: b\n{TO_FILE}"), "file", false, &[]),
        ];
        for (message, text, html, files) in table {
            let (got_text, got_html, got_files) = body(&message);
            assert_eq!((got_text.as_str(), got_html), (text, html), "{message}");
            assert_eq!(got_files, files, "{message}");
        }
    }

    #[test]
    fn the_start_of_a_related_multipart_may_be_named() {
        let message = "Content-Type: multipart/related; start=\"<root>\"; boundary=b\n\n\
                       --b\nContent-Type: image/png\n\nPNG\n--b\nContent-Type: text/html\nContent-ID: <root>\n\nroot\n--b--";
        assert_eq!(body(message), ("root".to_owned(), true, vec!["image/png".to_owned()]));
    }

    #[test]
    fn long_text_is_cut() {
        let mut defects = Defects::default();
        let message = format!("A: b\n\n{}", "ü".repeat(defects.limits.text_size));
        let root = structure::read(message.as_bytes(), &mut defects);
        assert_eq!(read(&root, &mut defects).text.len(), Limits::default().text_size);
        assert_eq!(defects.into_lines(), ["text-truncated"]);
    }
}
