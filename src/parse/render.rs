//! A part's octets, and the text that they are to a person.

use std::borrow::Cow;

use super::armor;
use super::charset;
use super::defects::Defects;
use super::flowed;
use super::html;
use super::limits;
use super::structure::Part;
use super::transfer;

/// The decoded octets of a part; what would be too much stays as it was sent.
pub(super) fn octets<'a>(part: &Part<'a>, defects: &mut Defects) -> Cow<'a, [u8]> {
    let octets = transfer::decode(part.body, &part.fields.token("Content-Transfer-Encoding"), defects);
    if defects.may_decode(octets.len()) { octets } else { part.body.into() }
}

/// The octets of a part as letters.
pub(super) fn decoded(part: &Part, defects: &mut Defects) -> String {
    let octets = octets(part, defects);
    charset::decode(&octets, part.media.get("charset"), defects)
}

/// The text of a part, and whether it is the whole of it.
pub(super) fn text(part: &Part, defects: &mut Defects) -> (String, bool) {
    let text = decoded(part, defects);
    if memchr::memchr(0, text.as_bytes()).is_some() {
        defects.add("nul-bytes");
    }
    if part.is("text/html") {
        let source = text.get(..text.floor_char_boundary(limits::HTML)).unwrap_or(&text);
        let most = defects.limits.text_size;
        let rendered = html::to_text(source, most);
        let whole = source.len() == text.len() && rendered.len() <= most;
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
            (bare, true)
        }
        None => (text, true),
    }
}
