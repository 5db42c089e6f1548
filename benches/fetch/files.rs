//! The files that mails bring: photographs, scans, sheets, and the pictures of signatures, which come again and again.

use crate::dice::Dice;
use crate::words::lines_of_base64;

/// Name, type and first octets, as they are of a true one.
const TYPES: [(&str, &str, &[u8]); 6] = [
    ("photo.jpg", "image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
    ("scan.pdf", "application/pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("screenshot.png", "image/png", b"\x89PNG\r\n\x1a\n"),
    (
        "figures.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        b"PK\x03\x04\x14\0\x06\0",
    ),
    (
        "letter.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        b"PK\x03\x04\x14\0\x06\0",
    ),
    ("trace.log", "application/octet-stream", b"2026-11-02 10:00:00 started\n"),
];

/// A body with some files beside it.
pub fn beside(dice: &mut Dice, body: &[u8]) -> Vec<u8> {
    let mut parts = vec![body.to_vec()];
    if dice.below(3) == 0 {
        // The logo of one of forty companies.
        let logo = Dice::new(dice.below(40)).octets(9_000);
        parts.push(file("logo.png", "image/png", &[b"\x89PNG\r\n\x1a\n", logo.as_slice()].concat()));
    }
    for _ in 0..1 + dice.below(5) / 3 {
        let (name, media, magic) = TYPES.get(dice.below(6) as usize).copied().unwrap_or(TYPES[0]);
        let size = size(dice);
        parts.push(file(name, media, &[magic, &dice.octets(size)].concat()));
    }
    multipart("mixed", "=_mixed", &parts)
}

/// 8 KB to 800 KB, each order of magnitude as often as any other.
fn size(dice: &mut Dice) -> usize {
    let share = dice.below(1 << 20) as f64 / f64::from(1 << 20);
    (8_000.0 * 100.0_f64.powf(share)) as usize
}

fn file(name: &str, media: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "Content-Type: {media}; name=\"{name}\"\nContent-Disposition: attachment; filename=\"{name}\"\n\
         Content-Transfer-Encoding: base64\n\n"
    );
    [head.as_bytes(), &lines_of_base64(content)].concat()
}

/// Parts, each with its headers, as one.
pub fn multipart(kind: &str, boundary: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut all = format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\n\n").into_bytes();
    for part in parts {
        all.extend_from_slice(format!("--{boundary}\n").as_bytes());
        all.extend_from_slice(part);
        all.push(b'\n');
    }
    all.extend_from_slice(format!("--{boundary}--\n").as_bytes());
    all
}

/// Octets in lines, as text.
pub fn base64(octets: &[u8]) -> String {
    String::from_utf8_lossy(&lines_of_base64(octets)).into_owned()
}
