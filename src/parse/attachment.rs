//! The files of a message: decoded octets under a name that is safe, with the type that they are.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use crate::model::ids::Digest;
use crate::model::mail::Attachment;

use super::body::File;
use super::clean;
use super::defects::Defects;
use super::fields::{self, Place};
use super::headers;
use super::limits;
use super::magic;
use super::names;
use super::render;
use super::structure::Part;
use super::tnef;

/// The files of a body. `shown` holds the content ids that the HTML refers to.
pub(super) fn all(files: Vec<File>, shown: &HashSet<String>, defects: &mut Defects) -> Vec<Attachment> {
    let mut unnamed = 0;
    let attachment = |file| match file {
        File::Part(part) => file_of(part, shown, &mut unnamed, defects),
        File::Unpacked(file) => file,
    };
    files.into_iter().map(attachment).collect()
}

/// A part as a file that the text does not show.
pub(super) fn of_part(part: &Part, defects: &mut Defects) -> Attachment {
    file_of(part, &HashSet::new(), &mut 0, defects)
}

fn file_of(part: &Part, shown: &HashSet<String>, unnamed: &mut usize, defects: &mut Defects) -> Attachment {
    let content = render::octets(part, defects).into_owned();
    let content_id = part.content_id();
    let inline = part.disposition.value == "inline"
        || (part.disposition.value != "attachment"
            && content_id.as_ref().is_some_and(|id| shown.contains(id)));
    let content_type = typed(&part.media.value, &content, defects);
    let given = part.name();
    let filename =
        given.and_then(names::safe).or_else(|| subject_name(part, &content)).unwrap_or_else(|| {
            *unnamed += 1;
            let stem = if part.is("message/rfc822") { "message" } else { "unnamed" };
            format!("{stem}-{unnamed}.{}", names::extension(&content_type))
        });
    let given = part.given_name().or(given).map(str::to_owned);
    finished(Attachment {
        given_name: changed(given, &filename, defects),
        filename,
        content_type,
        content,
        sha256: Digest([0; 32]),
        inline,
        content_id,
    })
}

/// A file out of a `winmail.dat`, the `number`th.
pub(super) fn of_container(file: tnef::File, number: usize, defects: &mut Defects) -> Attachment {
    let given = file.media.map(|media| clean::line(&media).to_ascii_lowercase());
    let given = given.filter(|media| media.contains('/') && media.len() <= limits::TOKEN);
    let content_type = typed(given.as_deref().unwrap_or("application/octet-stream"), &file.content, defects);
    let unnamed = || format!("unnamed-{number}.{}", names::extension(&content_type));
    let filename = file.name.as_deref().and_then(names::safe).unwrap_or_else(unnamed);
    let content_id = file.content_id.map(|id| clean::line(&id)).filter(|id| id.len() <= limits::TOKEN);
    finished(Attachment {
        given_name: changed(file.name, &filename, defects),
        filename,
        inline: content_id.is_some(),
        content_type,
        content: file.content,
        sha256: Digest([0; 32]),
        content_id,
    })
}

fn finished(file: Attachment) -> Attachment {
    Attachment { sha256: Digest(Sha256::digest(&file.content).into()), ..file }
}

/// The declared type, or the one that the content shows where that is another.
fn typed(claimed: &str, content: &[u8], defects: &mut Defects) -> String {
    match magic::correction(claimed, content) {
        Some(found) => {
            if !magic::is_vague(claimed) {
                defects.with("wrong-type", &format!("{claimed} is {found}"));
            }
            found.to_owned()
        }
        None => claimed.to_owned(),
    }
}

/// The given name where the file has another for its safety; blanks at the ends are no matter.
fn changed(given: Option<String>, filename: &str, defects: &mut Defects) -> Option<String> {
    let given = given?.replace('\0', "");
    if clean::composed(given.trim().to_owned()) == filename {
        return None;
    }
    defects.with("unsafe-name", filename);
    Some(given.chars().take(limits::GIVEN_NAME).collect())
}

/// A message within the message is named after its subject.
fn subject_name(part: &Part, content: &[u8]) -> Option<String> {
    if !matches!(part.media.value.as_str(), "message/rfc822" | "message/global") {
        return None;
    }
    let (inner, _) = fields::split(content, Place::Message, &mut Defects::default());
    let subject = headers::subject(&inner, &mut Defects::default());
    // In a subject a slash is no path.
    names::safe(&format!("{}.eml", subject.replace(['/', '\\'], "_"))).filter(|name| name != "eml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::structure;

    fn files(message: &str) -> Vec<Attachment> {
        let mut defects = Defects::default();
        let root = structure::read(message.as_bytes(), &mut defects);
        let body = crate::parse::body::read(&root, &mut defects);
        all(body.files, &body.shown, &mut defects)
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
