//! `winmail.dat`: the Transport Neutral Encapsulation Format of Exchange and Outlook ([MS-OXTNEF]).
//!
//! One pass over the attributes. Lengths are believed only as far as there are octets, nothing is copied but what
//! becomes text or a file, and a message within is a file that is not opened.

use super::charset;
use super::defects::Defects;
use super::html;
use super::mapi::{self, Property};
use super::rtf;

/// What is unpacked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    /// The body as plain text; empty if there is none.
    pub(super) text: String,
    /// The files.
    pub(super) files: Vec<File>,
    /// Whether the data breaks off.
    pub(super) is_cut: bool,
}

/// A file of a `winmail.dat`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    /// The name it is given.
    pub(super) name: Option<String>,
    /// The media type it is given.
    pub(super) media: Option<String>,
    /// Its Content-ID.
    pub(super) content_id: Option<String>,
    /// Its octets.
    pub(super) content: Vec<u8>,
}

const SIGNATURE: [u8; 4] = 0x223e_9f78_u32.to_le_bytes();

// Attributes by the lower half of their names; the upper half repeats their types.
const BODY: u16 = 0x800c;
const ATTACH_DATA: u16 = 0x800f;
const ATTACH_TITLE: u16 = 0x8010;
const ATTACH_BEGINS: u16 = 0x9002;
const MESSAGE_PROPERTIES: u16 = 0x9003;
const ATTACH_PROPERTIES: u16 = 0x9005;
const CODEPAGE: u16 = 0x9007;

// Properties ([MS-OXPROPS]).
const PLAIN_BODY: u16 = 0x1000;
const RTF_BODY: u16 = 0x1009;
const HTML_BODY: u16 = 0x1013;
const DISPLAY_NAME: u16 = 0x3001;
const ATTACH_OBJECT: u16 = 0x3701;
const SHORT_NAME: u16 = 0x3704;
const LONG_NAME: u16 = 0x3707;
const MEDIA_TYPE: u16 = 0x370e;
const CONTENT_ID: u16 = 0x3712;

/// Unpacks the data; `None` if it is no TNEF.
pub(super) fn unpack(data: &[u8], defects: &mut Defects) -> Option<Message> {
    let mut rest = data.strip_prefix(&SIGNATURE)?.get(2..)?;
    let mut reader =
        Reader { bodies: Bodies::default(), files: Vec::new(), codepage: "windows-1252".to_owned() };
    let mut is_cut = false;
    while !rest.is_empty() && reader.files.len() <= defects.limits.parts {
        let Some((name, value, after)) = attribute(rest) else {
            is_cut = true;
            break;
        };
        is_cut |= !reader.take(name, value);
        rest = after;
    }
    let text = reader.bodies.text(&reader.codepage, defects);
    // An attachment that was announced and never came.
    reader.files.retain(|file| !file.content.is_empty() || file.name.is_some());
    Some(Message { text, files: reader.files, is_cut })
}

/// Level, name, type, length, value, checksum; the value, and what follows.
fn attribute(octets: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let name = u16::from_le_bytes(octets.get(1..3)?.try_into().ok()?);
    let length = u32::from_le_bytes(octets.get(5..9)?.try_into().ok()?);
    let end = usize::try_from(length).ok()?.checked_add(9)?;
    let value = octets.get(9..end)?;
    // The last checksum is missing from what some gateways write.
    Some((name, value, octets.get(end + 2..).unwrap_or_default()))
}

struct Reader<'a> {
    bodies: Bodies<'a>,
    files: Vec<File>,
    codepage: String,
}

/// The forms of the body that were met.
#[derive(Default)]
struct Bodies<'a> {
    plain: Option<String>,
    html: Option<&'a [u8]>,
    rtf: Option<&'a [u8]>,
}

impl<'a> Reader<'a> {
    /// Takes an attribute; whether it was whole.
    fn take(&mut self, name: u16, value: &'a [u8]) -> bool {
        match name {
            CODEPAGE => {
                if let Some(number) = value.first_chunk::<4>() {
                    self.codepage = charset::of_codepage(u32::from_le_bytes(*number));
                }
            }
            BODY => self.bodies.plain = Some(self.string(value)),
            MESSAGE_PROPERTIES => {
                let (properties, whole) = mapi::properties(value);
                properties.iter().for_each(|property| self.message_property(property));
                return whole;
            }
            ATTACH_BEGINS => self.files.push(File::default()),
            ATTACH_TITLE => {
                let title = self.string(value);
                self.with_file(|file| {
                    file.name.get_or_insert(title);
                });
            }
            ATTACH_DATA => self.with_file(|file| file.content = value.to_vec()),
            ATTACH_PROPERTIES => {
                let (properties, whole) = mapi::properties(value);
                properties.iter().for_each(|property| self.file_property(property));
                return whole;
            }
            _ => {}
        }
        true
    }

    fn message_property(&mut self, property: &Property<'a>) {
        match property.id {
            PLAIN_BODY => self.bodies.plain = Some(property.text(&self.codepage)),
            HTML_BODY => self.bodies.html = Some(property.value),
            RTF_BODY => self.bodies.rtf = Some(property.value),
            _ => {}
        }
    }

    fn file_property(&mut self, property: &Property<'_>) {
        let text = |codepage: &str| Some(property.text(codepage)).filter(|text| !text.trim().is_empty());
        let codepage = self.codepage.clone();
        self.with_file(|file| match property.id {
            LONG_NAME => file.name = text(&codepage).or(file.name.take()),
            SHORT_NAME | DISPLAY_NAME if file.name.is_none() => file.name = text(&codepage),
            MEDIA_TYPE => file.media = text(&codepage),
            CONTENT_ID => file.content_id = text(&codepage),
            ATTACH_OBJECT if file.content.is_empty() => {
                file.content = property.object().to_vec();
                if file.content.starts_with(&SIGNATURE) {
                    file.media = Some("application/ms-tnef".to_owned());
                }
            }
            _ => {}
        });
    }

    fn with_file(&mut self, work: impl FnOnce(&mut File)) {
        if self.files.is_empty() {
            self.files.push(File::default());
        }
        if let Some(file) = self.files.last_mut() {
            work(file);
        }
    }

    fn string(&self, value: &[u8]) -> String {
        mapi::string(value, &self.codepage)
    }
}

impl Bodies<'_> {
    /// The plain body where it says anything, else the HTML one, else the rich text.
    fn text(&self, codepage: &str, defects: &mut Defects) -> String {
        if let Some(plain) = self.plain.as_ref().filter(|text| !text.trim().is_empty()) {
            return plain.clone();
        }
        if let Some(page) = self.html {
            let page = charset::decode(page, Some(codepage), &mut defects.unheard());
            let text = html::to_text(&page, defects.limits.text_size);
            if !text.trim().is_empty() {
                return text;
            }
        }
        let most = defects.limits.text_size;
        self.rtf
            .and_then(|packed| rtf::unpack(packed, most))
            .map(|rich| rtf::to_text(&rich))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
