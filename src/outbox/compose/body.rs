//! The parts: text and HTML as alternatives, the pictures related to the HTML; behind them the files that go along.

use data_encoding::HEXLOWER;
use lettre::message::header::{ContentDisposition, ContentId, ContentTransferEncoding, ContentType};
use lettre::message::{MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use crate::model::ids::MessageId;
use crate::model::notification::{File, Notification};
use crate::outbox::template::{Image, Rendered};
use crate::parse::clean_line;

/// The body with the header fields that describe it.
pub(super) fn of(rendered: &Rendered, notification: &Notification) -> MultiPart {
    let id = &notification.message_id;
    let words = words(rendered, id);
    let mut files = notification.files.iter().filter_map(file).peekable();
    if files.peek().is_none() {
        return words;
    }
    let mixed = MultiPart::mixed().boundary(boundary(id, "mixed")).multipart(words);
    files.fold(mixed, MultiPart::singlepart)
}

/// What the notification says.
fn words(rendered: &Rendered, id: &MessageId) -> MultiPart {
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

/// A file with all of its octets, if it goes along.
fn file(file: &File) -> Option<SinglePart> {
    let content = file.content.as_deref()?;
    let part = SinglePart::builder()
        .header(media(&file.content_type, content))
        .header(ContentTransferEncoding::Base64)
        .header(ContentDisposition::attachment(&clean_line(&file.name)));
    Some(part.body(content.to_vec()))
}

/// The media type of a file as its part may say it.
///
/// A message or multipart would have to stand there bare (RFC 2046 sections 5.1 and 5.2.1), and be read as a part of this
/// mail: it is a file like any other. The charset of a text is not kept; UTF-8 can be told.
fn media(kept: &str, content: &[u8]) -> ContentType {
    let is_whole = kept.starts_with("message/") || kept.starts_with("multipart/");
    let is_utf8 = || !content.is_ascii() && std::str::from_utf8(content).is_ok();
    let kind = match kept {
        _ if is_whole || kept.len() > LONGEST_TYPE => OCTETS.to_owned(),
        text if text.starts_with("text/") && is_utf8() => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    };
    [kind.as_str(), OCTETS]
        .into_iter()
        .find_map(|kind| ContentType::parse(kind).ok())
        .unwrap_or(ContentType::TEXT_PLAIN)
}

/// What is known of a file of which nothing is (RFC 2046 section 4.5.1).
const OCTETS: &str = "application/octet-stream";

/// The longest media type (RFC 6838 section 4.2): two names of 127 octets.
const LONGEST_TYPE: usize = 255;

/// A boundary that is the same whenever the mail is made, and that neither encoding can produce (RFC 2045 section 6.7).
fn boundary(id: &MessageId, kind: &str) -> String {
    let hash = Sha256::digest(format!("{kind} {id}"));
    format!("=_{}", HEXLOWER.encode(hash.get(..16).unwrap_or_default()))
}
