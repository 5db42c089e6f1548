//! The files of a message: decoded octets under a name that is safe to write on any file system.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use crate::model::ids::Digest;
use crate::model::mail::Attachment;

use super::body;
use super::clean;
use super::defects::Defects;
use super::fields::{self, Place};
use super::headers;
use super::limits;
use super::structure::Part;

/// The files of these parts. `shown` holds the content ids that the HTML refers to.
pub(super) fn all(parts: &[&Part], shown: &HashSet<String>, defects: &mut Defects) -> Vec<Attachment> {
    let mut unnamed = 0;
    parts.iter().map(|part| file(part, shown, &mut unnamed, defects)).collect()
}

fn file(part: &Part, shown: &HashSet<String>, unnamed: &mut usize, defects: &mut Defects) -> Attachment {
    let content = body::octets(part, defects).into_owned();
    let content_id = part.content_id();
    let inline = part.disposition.value == "inline"
        || (part.disposition.value != "attachment"
            && content_id.as_ref().is_some_and(|id| shown.contains(id)));
    let filename =
        part.name().and_then(safe_name).or_else(|| subject_name(part, &content)).unwrap_or_else(|| {
            *unnamed += 1;
            let stem = if part.is("message/rfc822") { "message" } else { "unnamed" };
            format!("{stem}-{unnamed}.{}", extension(&part.media.value))
        });
    let sha256 = Digest(Sha256::digest(&content).into());
    Attachment { filename, content_type: part.media.value.clone(), content, sha256, inline, content_id }
}

/// A message within the message is named after its subject.
fn subject_name(part: &Part, content: &[u8]) -> Option<String> {
    if !matches!(part.media.value.as_str(), "message/rfc822" | "message/global") {
        return None;
    }
    let (inner, _) = fields::split(content, Place::Message, &mut Defects::default());
    let subject = headers::subject(&inner, &mut Defects::default());
    // In a subject a slash is no path.
    safe_name(&format!("{}.eml", subject.replace(['/', '\\'], "_"))).filter(|name| name != "eml")
}

/// A name without path, control characters, marks that some file system refuses, and reserved words; `None` if nothing
/// is left of it.
fn safe_name(given: &str) -> Option<String> {
    let name = clean::line(given);
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let marked: String = last
        .chars()
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    let bare = marked.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if bare.is_empty() {
        return None;
    }
    let name = if is_reserved(bare) { format!("_{bare}") } else { bare.to_owned() };
    Some(shorten(&name))
}

/// The device names of Windows, which no extension makes harmless.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered =
        |prefix: &str| stem.strip_prefix(prefix).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']));
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// Cuts the stem, keeping a usual extension.
fn shorten(name: &str) -> String {
    const LONGEST_EXTENSION: usize = 16;
    if name.len() <= limits::FILE_NAME {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= LONGEST_EXTENSION => (stem, format!(".{extension}")),
        Some(_) | None => (name, String::new()),
    };
    let end = stem.floor_char_boundary(limits::FILE_NAME - extension.len());
    format!("{}{extension}", stem.get(..end).unwrap_or_default().trim_end_matches([' ', '.']))
}

fn extension(media: &str) -> &'static str {
    match media {
        "message/delivery-status" | "message/feedback-report" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "text/csv" => "csv",
        "text/vcard" | "text/x-vcard" => "vcf",
        "message/rfc822" | "message/global" => "eml",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "application/json" => "json",
        "application/xml" | "text/xml" => "xml",
        "application/ms-tnef" => "dat",
        "application/pgp-signature" | "application/pgp-encrypted" => "asc",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "p7s",
        "image/jpeg" | "image/jpg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/svg+xml" => "svg",
        _ if media.starts_with("text/") => "txt",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::structure;

    #[test]
    fn names_are_safe() {
        let long = "ü".repeat(300);
        let table = [
            ("report.pdf", Some("report.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\x\\a b.txt", Some("a b.txt")),
            ("a\0b\r\nc\u{202e}txt.exe", Some("ab ctxt.exe")),
            ("..", None),
            ("  ", None),
            ("/", None),
            (".htaccess", Some("htaccess")),
            ("x. .", Some("x")),
            ("con", Some("_con")),
            ("Aux.txt", Some("_Aux.txt")),
            ("COM1.log", Some("_COM1.log")),
            ("COM10", Some("COM10")),
            ("a<b>:c?.txt", Some("a_b__c_.txt")),
        ];
        for (given, expected) in table {
            assert_eq!(safe_name(given).as_deref(), expected, "{given:?}");
        }
        let name = safe_name(&format!("{long}.pdf")).unwrap();
        assert!(name.len() <= 255 && name.len() > 250 && name.ends_with("ü.pdf"), "{name}");
        assert!(safe_name(&long).unwrap().len() <= 255);
    }

    fn files(message: &str) -> Vec<Attachment> {
        let mut defects = Defects::default();
        let root = structure::read(message.as_bytes(), &mut defects);
        let body = body::read(&root, &mut defects);
        all(&body.files, &body.shown, &mut defects)
    }

    #[test]
    fn files_are_decoded_named_and_marked() {
        let message = "Content-Type: multipart/mixed; boundary=b\n\n\
            --b\nContent-Type: text/html\n\n<img src=\"cid:pic@x\">\n\
            --b\nContent-Type: image/PNG; name=\"pic.png\"\nContent-ID: <pic@x>\nContent-Transfer-Encoding: base64\n\nUE5H\n\
            --b\nContent-Type: image/png\nContent-ID: <other@x>\n\nPNG\n\
            --b\nContent-Type: application/pdf; name=wrong\nContent-Disposition: attachment; filename*=utf-8''%C3%BC.pdf\n\nPDF\n\
            --b\nContent-Type: message/rfc822\n\nSubject: Re: a/b\n\ninner\n\
            --b\nContent-Type: message/rfc822\n\nX: y\n\ninner\n\
            --b--\n";
        let files = files(message);
        let seen: Vec<(&str, &str, bool)> = files
            .iter()
            .map(|file| (file.filename.as_str(), file.content_type.as_str(), file.inline))
            .collect();
        let expected = [
            ("pic.png", "image/png", true),
            ("unnamed-1.png", "image/png", false),
            ("ü.pdf", "application/pdf", false),
            ("Re_ a_b.eml", "message/rfc822", false),
            ("message-2.eml", "message/rfc822", false),
        ];
        assert_eq!(seen, expected);
        assert_eq!(files[0].content, b"PNG");
        assert_eq!(files[0].content_id.as_deref(), Some("pic@x"));
        assert_eq!(files[0].sha256, Digest(Sha256::digest(b"PNG").into()));
        assert_eq!(files[3].content, b"Subject: Re: a/b\n\ninner");
    }

    #[test]
    fn broken_base64_stays_a_file() {
        let message =
            "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\naGFs!bG8";
        let files = files(message);
        assert_eq!((files[0].filename.as_str(), files[0].content.as_slice()), ("a.pdf", b"hallo".as_slice()));
    }
}
