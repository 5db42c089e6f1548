//! Parts that hold a message of their own: `winmail.dat` and opaque S/MIME. What is in them takes their place.

use crate::model::mail::Attachment;

use super::attachment;
use super::body;
use super::clean;
use super::defects::Defects;
use super::opaque::{self, Opaque};
use super::render;
use super::structure::{self, Part};
use super::tnef;

/// What was in a part.
#[derive(Debug)]
pub(super) struct Contents {
    /// Its text, cleaned.
    pub(super) text: String,
    /// What that text is to the message.
    pub(super) rank: Rank,
    /// Whether there is an HTML body in it.
    pub(super) html: bool,
    /// The files in it.
    pub(super) files: Vec<Attachment>,
}

/// What the text of a container is to the message that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    /// What the author wrote; text beside it comes after it.
    Text,
    /// The same as the text beside it, which comes first where it says anything.
    Copy,
}

/// Opens a part; `None` if it is a file as any other.
pub(super) fn open(part: &Part, defects: &mut Defects) -> Option<Contents> {
    let media = part.media.value.as_str();
    let name = part.name().unwrap_or_default().to_ascii_lowercase();
    let unspecific = media == "application/octet-stream";
    if matches!(media, "application/ms-tnef" | "application/vnd.ms-tnef")
        || (unspecific && name == "winmail.dat")
    {
        return defects.open(|defects| unpack(part, defects)).flatten();
    }
    if matches!(media, "application/pkcs7-mime" | "application/x-pkcs7-mime")
        || (unspecific && name.ends_with(".p7m"))
    {
        return defects.open(|defects| take_out(part, defects)).flatten();
    }
    None
}

fn unpack(part: &Part, defects: &mut Defects) -> Option<Contents> {
    let octets = render::octets(part, defects);
    let message = match tnef::unpack(&octets, defects) {
        Some(message) if !message.is_cut => message,
        found => {
            defects.add("broken-tnef");
            // What is there is shown, but the file stays with it.
            let message = found?;
            let mut contents = contents(message, defects);
            contents.files.push(attachment::of_part(part, defects));
            return Some(contents);
        }
    };
    Some(contents(message, defects))
}

fn contents(message: tnef::Message, defects: &mut Defects) -> Contents {
    let text = clean::text(&message.text);
    let files = message.files.into_iter().enumerate();
    let files = files.map(|(at, file)| attachment::of_container(file, at + 1, defects)).collect();
    Contents { text, rank: Rank::Copy, html: false, files }
}

fn take_out(part: &Part, defects: &mut Defects) -> Option<Contents> {
    let octets = render::octets(part, defects);
    let entity = match opaque::open(&octets)? {
        Opaque::Signed(entity) => entity,
        Opaque::Encrypted => {
            defects.add("encrypted");
            return None;
        }
    };
    defects.add("signature-not-verified");
    let root = structure::within(&entity, defects);
    let body = body::read(&root, defects);
    let files = attachment::all(body.files, &body.shown, defects);
    Some(Contents { text: body.text, rank: Rank::Text, html: body.html, files })
}
