//! The parts: text and HTML as alternatives, the pictures related to the HTML.

use data_encoding::HEXLOWER;
use lettre::message::header::{ContentDisposition, ContentId, ContentTransferEncoding, ContentType};
use lettre::message::{MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use crate::model::ids::MessageId;
use crate::outbox::template::{Image, Rendered};

/// The body with the header fields that describe it.
pub(super) fn of(rendered: &Rendered, id: &MessageId) -> MultiPart {
    let text = part(ContentType::TEXT_PLAIN, &rendered.text);
    let html = part(ContentType::TEXT_HTML, &rendered.html);
    let alternative = MultiPart::alternative().boundary(boundary(id, "alternative")).singlepart(text);
    if rendered.images.is_empty() {
        return alternative.singlepart(html);
    }
    let related = MultiPart::related().boundary(boundary(id, "related")).singlepart(html);
    alternative
        .multipart(rendered.images.iter().fold(related, |related, image| related.singlepart(picture(image))))
}

/// The body of a mail of text alone, with the header fields that describe it.
pub(super) fn plain(text: &str) -> SinglePart {
    part(ContentType::TEXT_PLAIN, text.trim_end())
}

/// A text in quoted-printable, or in base64 where most of it is beyond ASCII; never bare, so that no server changes it.
fn part(kind: ContentType, text: &str) -> SinglePart {
    let beyond = text.bytes().filter(|byte| !byte.is_ascii()).count();
    let encoding = if beyond * 6 > text.len() {
        ContentTransferEncoding::Base64
    } else {
        ContentTransferEncoding::QuotedPrintable
    };
    SinglePart::builder().header(kind).header(encoding).body(format!("{text}\n"))
}

fn picture(image: &Image) -> SinglePart {
    let kind = ContentType::parse(image.media).unwrap_or(ContentType::TEXT_PLAIN);
    SinglePart::builder()
        .header(kind)
        .header(ContentTransferEncoding::Base64)
        .header(ContentDisposition::inline_with_name(&image.name))
        .header(ContentId::from(format!("<{}>", image.content_id)))
        .body(image.octets.to_vec())
}

/// A boundary that is the same whenever the mail is made, and that neither encoding can produce (RFC 2045 section 6.7).
fn boundary(id: &MessageId, kind: &str) -> String {
    let hash = Sha256::digest(format!("{kind} {id}"));
    format!("=_{}", HEXLOWER.encode(hash.get(..16).unwrap_or_default()))
}
