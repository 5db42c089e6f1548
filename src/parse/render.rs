//! A part's octets, and the text that they are to a person.

use std::borrow::Cow;

use super::armor;
use super::charset;
use super::defects::Defects;
use super::flowed;
use super::html;
use super::limits;
use super::meta;
use super::structure::Part;
use super::transfer;

/// The decoded octets of a part; what would be too much stays as it was sent.
pub(super) fn octets<'a>(part: &Part<'a>, defects: &mut Defects) -> Cow<'a, [u8]> {
    let octets = transfer::decode(part.body, &encoding(part), defects);
    if defects.may_decode(octets.len()) { octets } else { part.body.into() }
}

/// As much of a part's octets as its text may be made of, and whether that is all.
///
/// What is cut off is not decoded: a text of hundreds of megabytes is shown by its beginning and kept as a file.
pub(super) fn beginning<'a>(part: &Part<'a>, defects: &mut Defects) -> (Cow<'a, [u8]>, bool) {
    let most = limits::looked_at(&defects.limits);
    if part.body.len() <= most {
        return (octets(part, defects), true);
    }
    let body = part.body.get(..most).unwrap_or_default();
    // What is wrong with it is heard when the file is decoded; here the cut would be blamed.
    let octets = match transfer::decode(body, &encoding(part), &mut defects.unheard()) {
        Cow::Borrowed(octets) => Cow::Borrowed(to_line_end(octets)),
        Cow::Owned(mut octets) => {
            octets.truncate(to_line_end(&octets).len());
            Cow::Owned(octets)
        }
    };
    if defects.may_decode(octets.len()) { (octets, false) } else { (body.into(), false) }
}

/// Without the line that the cut went through, and with that without half a letter.
fn to_line_end(octets: &[u8]) -> &[u8] {
    let end = memchr::memrchr(b'\n', octets).map_or(octets.len(), |at| at + 1);
    // In UTF-16 of little-endian order the line end goes on.
    let end = if octets.get(end) == Some(&0) { end.next_multiple_of(2) } else { end };
    octets.get(..end).unwrap_or(octets)
}

fn encoding(part: &Part) -> String {
    part.fields.token("Content-Transfer-Encoding")
}

/// The letters of a part as far as [`beginning`] goes, and whether they are all.
pub(super) fn letters(part: &Part, defects: &mut Defects) -> (String, bool) {
    let (octets, whole) = beginning(part, defects);
    let declared = part.media.get("charset").filter(|label| !charset::says_nothing(label));
    let own = if declared.is_none() && part.is_html() { meta::charset(&octets) } else { None };
    (charset::decode(&octets, declared.or(own.as_deref()), defects), whole)
}

/// The text of a part, and whether it is the whole of it.
pub(super) fn text(part: &Part, defects: &mut Defects) -> (String, bool) {
    let (text, all) = letters(part, defects);
    if memchr::memchr(0, text.as_bytes()).is_some() {
        defects.add("nul-bytes");
    }
    if part.is_html() {
        let source = text.get(..text.floor_char_boundary(limits::HTML)).unwrap_or(&text);
        let most = defects.limits.text_size;
        let rendered = html::to_text(source, most);
        let whole = all && source.len() == text.len() && rendered.len() <= most;
        return (rendered, whole);
    }
    let set =
        |name: &str, value: &str| part.media.get(name).is_some_and(|got| got.eq_ignore_ascii_case(value));
    let text = if set("format", "flowed") {
        let blank = if set("delsp", "yes") { flowed::Blank::Deleted } else { flowed::Blank::Kept };
        flowed::unwrap(&text, blank)
    } else {
        text
    };
    match armor::unwrap(&text) {
        Some(bare) => {
            defects.add("signature-not-verified");
            (bare, all)
        }
        None => (text, all),
    }
}
