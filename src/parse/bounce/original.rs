//! Which mail bounced: the Message-ID of what the notice encloses or quotes, and the subject of what it encloses.

use crate::model::ids::MessageId;

use super::super::defects::Defects;
use super::super::fields::{self, Fields, Place};
use super::super::headers;
use super::super::render;
use super::super::structure::Part;

/// The Message-ID of the enclosed message, else the first that the notice quotes anywhere but in its own header.
pub(super) fn message_id(root: &Part, text: &str) -> Option<MessageId> {
    let own = headers::message_id(&root.fields, &mut Defects::default());
    enclosed(root, &|fields| headers::message_id(fields, &mut Defects::default()))
        .or_else(|| quoted(root.body, own.as_ref()))
        .or_else(|| quoted(text.as_bytes(), own.as_ref()))
        .or_else(|| headers::message_ids(&root.fields, "In-Reply-To", &mut Defects::default()).pop())
        .or_else(|| headers::message_ids(&root.fields, "References", &mut Defects::default()).pop())
}

/// The subject of the enclosed message.
pub(super) fn subject(root: &Part) -> Option<String> {
    enclosed(root, &|fields| fields.has("Subject").then(|| headers::subject(fields, &mut Defects::default())))
}

/// What is told by the fields of `message/rfc822`, `text/rfc822-headers` (RFC 6522) and their like for SMTPUTF8 (RFC 6533).
fn enclosed<T>(part: &Part, told: &impl Fn(&Fields) -> Option<T>) -> Option<T> {
    let encloses = matches!(
        part.media.value.as_str(),
        "message/rfc822"
            | "text/rfc822-headers"
            | "message/rfc822-headers"
            | "message/global"
            | "message/global-headers"
    );
    if encloses {
        let mut defects = Defects::default();
        let octets = render::octets(part, &mut defects);
        let (fields, _) = fields::split(&octets, Place::Message, &mut defects);
        if let Some(found) = told(&fields) {
            return Some(found);
        }
    }
    part.children.iter().find_map(|child| enclosed(child, told))
}

/// A line that begins `Message-ID:`, behind blanks or marks of quotation; the id may stand on the next line.
fn quoted(octets: &[u8], own: Option<&MessageId>) -> Option<MessageId> {
    const NAME: &[u8] = b"message-id:";
    let mut lines = octets.split(|octet| *octet == b'\n').peekable();
    while let Some(line) = lines.next() {
        let start = line.iter().position(|octet| !b" \t>|*".contains(octet)).unwrap_or(line.len());
        let line = line.get(start..).unwrap_or_default();
        let Some((name, value)) = line.split_at_checked(NAME.len()) else { continue };
        if !name.eq_ignore_ascii_case(NAME) {
            continue;
        }
        let folded = lines.peek().copied().filter(|_| value.trim_ascii().is_empty()).unwrap_or_default();
        let found = [value, folded].into_iter().find_map(bracketed);
        if let Some(id) = found.filter(|id| own != Some(id)) {
            return Some(id);
        }
    }
    None
}

fn bracketed(line: &[u8]) -> Option<MessageId> {
    let line = String::from_utf8_lossy(line);
    let inner = line.split_once('<')?.1.split_once('>')?.0;
    MessageId::new(inner)
}
