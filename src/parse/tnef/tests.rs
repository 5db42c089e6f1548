//! Files as Outlook writes them, built piece by piece.

use super::*;
use crate::parse::limits::Limits;

fn attribute(level: u8, name: u16, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap().to_le_bytes();
    let sum = value.iter().fold(0_u16, |sum, octet| sum.wrapping_add(u16::from(*octet)));
    [&[level], name.to_le_bytes().as_slice(), &[1, 0], &length, value, &sum.to_le_bytes()].concat()
}

fn properties(list: &[(u16, u16, &[u8])]) -> Vec<u8> {
    let mut out = u32::try_from(list.len()).unwrap().to_le_bytes().to_vec();
    for (kind, id, value) in list {
        out.extend([kind.to_le_bytes(), id.to_le_bytes()].concat());
        out.extend([1, 0, 0, 0]);
        out.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        out.extend(*value);
        out.extend(vec![0; value.len().wrapping_neg() % 4]);
    }
    out
}

fn winmail(attributes: &[Vec<u8>]) -> Vec<u8> {
    [&SIGNATURE, [1, 0].as_slice(), &attributes.concat()].concat()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn file(name: &str, content: &[u8]) -> File {
    File { name: Some(name.to_owned()), content: content.to_vec(), ..File::default() }
}

fn unpacked(data: &[u8]) -> Message {
    unpack(data, &mut Defects::default()).unwrap()
}

fn rich(text: &[u8]) -> Vec<u8> {
    let size = u32::try_from(text.len()).unwrap().to_le_bytes();
    [&[0; 4], size.as_slice(), b"MELA", &[0; 4], text].concat()
}

#[test]
fn bodies_and_files_are_unpacked() {
    let data = winmail(&[
        attribute(1, CODEPAGE, &[0xe4, 4, 0, 0, 0, 0, 0, 0]),
        attribute(1, BODY, b"Gr\xfc\xdfe\0"),
        attribute(2, ATTACH_BEGINS, &[0; 14]),
        attribute(2, ATTACH_TITLE, b"SHORT~1.PDF\0"),
        attribute(2, ATTACH_DATA, b"%PDF-"),
        attribute(2, ATTACH_PROPERTIES, &properties(&[(0x1f, LONG_NAME, &utf16("Long name ü.pdf"))])),
        attribute(2, ATTACH_BEGINS, &[0; 14]),
        attribute(2, ATTACH_TITLE, b"b.txt\0"),
        attribute(2, ATTACH_DATA, b"b"),
    ]);
    let expected = Message {
        text: "Grüße".to_owned(),
        files: vec![file("Long name ü.pdf", b"%PDF-"), file("b.txt", b"b")],
        is_cut: false,
    };
    assert_eq!(unpacked(&data), expected);
}

#[test]
fn the_plainest_body_that_says_anything_is_taken() {
    let rich = rich(b"{\\rtf1 rich}");
    let plain = (0x1f, PLAIN_BODY, utf16("plain"));
    let blank = (0x1e, PLAIN_BODY, b" \0".to_vec());
    let page = (0x102, HTML_BODY, b"<p>page</p>".to_vec());
    let rich = (0x102, RTF_BODY, rich);
    let table = [
        (vec![&rich, &page, &plain], "plain"),
        (vec![&rich, &page, &blank], "page"),
        (vec![&rich, &blank], "rich"),
        (vec![], ""),
    ];
    for (bodies, expected) in table {
        let list: Vec<(u16, u16, &[u8])> =
            bodies.iter().map(|(kind, id, value)| (*kind, *id, value.as_slice())).collect();
        let data = winmail(&[attribute(1, MESSAGE_PROPERTIES, &properties(&list))]);
        assert_eq!(unpacked(&data).text, expected);
    }
}

#[test]
fn a_message_within_is_a_file() {
    let inner = winmail(&[attribute(1, BODY, b"inner\0")]);
    let object = [vec![7; 16], inner.clone()].concat();
    let list = properties(&[(0x1e, DISPLAY_NAME, b"Re: x\0"), (0x0d, ATTACH_OBJECT, &object)]);
    let data = winmail(&[attribute(2, ATTACH_BEGINS, &[]), attribute(2, ATTACH_PROPERTIES, &list)]);
    let media = Some("application/ms-tnef".to_owned());
    assert_eq!(unpacked(&data).files, [File { media, ..file("Re: x", &inner) }]);
}

#[test]
fn what_is_cut_is_unpacked_as_far_as_it_goes() {
    let whole = winmail(&[attribute(1, BODY, b"text\0"), attribute(2, ATTACH_DATA, b"data")]);
    for end in 6..whole.len() - 2 {
        let message = unpacked(&whole[..end]);
        let boundary = [6, 20, 21, 22].contains(&end);
        assert_eq!(message.is_cut, !boundary, "{end}");
    }
    assert_eq!(unpack(b"no such thing", &mut Defects::default()), None);
    let lies = [&SIGNATURE, b"\x01\0\x01\x0c\x80\x01\0\xff\xff\xff\xff".as_slice()].concat();
    assert!(unpacked(&lies).is_cut);
}

#[test]
fn so_many_files_and_no_more() {
    let many = winmail(&vec![attribute(2, ATTACH_BEGINS, b""); 10]);
    let limits = Limits { parts: 3, ..Limits::default() };
    let with_data = [many, attribute(2, ATTACH_DATA, b"x")].concat();
    assert!(unpack(&with_data, &mut Defects::under(&limits)).unwrap().files.len() <= 4);
}
