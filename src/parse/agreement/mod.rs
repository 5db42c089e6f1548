//! Holds our reading of well-formed messages to `mail-parser`'s own, which we do without only for the traps in it.
//!
//! Two thousand messages are put together as mail programs do: nested multiparts, charsets, encodings, names. What is
//! left out because the two differ on purpose: line ends of what is not binary (we give LF), names of what has none
//! (we make one up), the text of HTML (theirs glues words), encoded words cut inside a character (theirs are damaged),
//! and octets of text files that are not UTF-8 (theirs are lost).

mod letters;

use mail_parser::{Address, MessageParser, MessagePart, MimeHeaders as _, PartType};

use letters::{Dice, message};

use super::{Limits, clean, html, one};

#[test]
fn well_formed_messages_are_read_as_the_library_reads_them() {
    for seed in 1..=2000 {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let raw = message(&mut dice, 0);
        let raw = if seed % 2 == 0 { with_crlf(&raw) } else { raw };
        let shown = String::from_utf8_lossy(&raw);
        let (mail, theirs) =
            (one(raw.as_slice(), &Limits::default()).unwrap(), MessageParser::default().parse(&raw).unwrap());

        assert_eq!(mail.defects, Vec::<String>::new(), "{shown}");
        assert_eq!(Some(mail.subject.as_str()), theirs.subject(), "{shown}");
        assert_eq!(ours(&mail.from), addresses(theirs.from()), "{shown}");
        assert_eq!(ours(&mail.to), addresses(theirs.to()), "{shown}");
        assert_eq!(mail.date.unwrap().as_second(), theirs.date().unwrap().to_timestamp(), "{shown}");
        assert_eq!(mail.message_id.unwrap().as_str(), theirs.message_id().unwrap(), "{shown}");
        assert_eq!(mail.references.len(), 2);

        let texts: Vec<String> = theirs.text_bodies().map(text_of).filter(|text| !text.is_empty()).collect();
        assert_eq!(mail.text, texts.join("\n\n"), "{shown}");
        let files: Vec<&MessagePart> = theirs.attachments().collect();
        assert_eq!(mail.attachments.len(), files.len(), "{shown}");
        for (ours, theirs) in mail.attachments.iter().zip(files) {
            if let Some(name) = theirs.attachment_name() {
                assert_eq!(ours.filename, name, "{shown}");
            }
            let octets = match theirs.is_text() {
                true => String::from_utf8_lossy(&ours.content).into_owned().into_bytes(),
                false => ours.content.clone(),
            };
            assert_eq!(with_lf(&octets), with_lf(&octets_of(theirs, &raw)), "{shown}");
        }
    }
}

fn with_lf(octets: &[u8]) -> Vec<u8> {
    let next = octets.iter().skip(1).chain([&0]);
    octets.iter().zip(next).filter(|pair| *pair != (&b'\r', &b'\n')).map(|(octet, _)| *octet).collect()
}

/// As it comes over the wire.
fn with_crlf(octets: &[u8]) -> Vec<u8> {
    octets
        .iter()
        .flat_map(|octet| if *octet == b'\n' { &b"\r\n"[..] } else { std::slice::from_ref(octet) })
        .copied()
        .collect()
}

/// Addresses, one in a line.
fn addresses(found: Option<&Address>) -> Vec<String> {
    let all = found.into_iter().flat_map(|list| list.iter());
    all.map(|one| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    })
    .collect()
}

fn ours(found: &[crate::model::address::Address]) -> Vec<String> {
    found
        .iter()
        .map(|one| match &one.name {
            Some(name) => format!("{name} <{}>", one.address),
            None => one.address.clone(),
        })
        .collect()
}

fn text_of(part: &MessagePart) -> String {
    match &part.body {
        PartType::Text(text) => clean::text(text),
        PartType::Html(page) => clean::text(&html::to_text(page, usize::MAX)),
        PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => {
            String::new()
        }
    }
}

fn octets_of(part: &MessagePart, raw: &[u8]) -> Vec<u8> {
    match part.is_message() {
        true => raw[part.raw_body_offset() as usize..part.raw_end_offset() as usize].to_vec(),
        false => part.contents().to_vec(),
    }
}
