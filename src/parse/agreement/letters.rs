//! Builds well-formed messages as mail programs do, each from a seed: the same seed gives the same message.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;

const TEXTS: [(&str, &str); 8] = [
    ("us-ascii", "Hello,\n\nit burns = again.  \nFrom here on: 100%?\n.\n-- \nAlice"),
    (
        "utf-8",
        "Grüße aus Köln, 日本語, \u{1f525}\n\n> quoted ünd long long long long long long long long long long ü",
    ),
    ("iso-8859-1", "Grüße, naïve façade\nzweite Zeile"),
    ("windows-1252", "„Anführung“ – 5 €"),
    ("koi8-r", "Принтер горит\nснова"),
    ("iso-2022-jp", "プリンタが燃えています\n二行目"),
    ("gb18030", "打印机着火了"),
    ("shift_jis", "プリンタ\nabc"),
];

const NAMES: [&str; 5] =
    ["report.pdf", "Grüße aus Köln.txt", "日本語の長い名前のファイル.png", "a b; c=d.log", "it's 100%.csv"];

/// A sequence of choices that is the same for the same seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        // Xorshift: Marsaglia 2003.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn octets(&mut self) -> Vec<u8> {
        (0..self.below(300)).map(|_| self.below(256) as u8).collect()
    }
}

fn encode(text: &str, charset: &str) -> Vec<u8> {
    Encoding::for_label(charset.as_bytes()).unwrap().encode(text).0.into_owned()
}

fn base64(octets: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(octets);
    text.as_bytes().chunks(76).flat_map(|line| [line, b"\n"].concat()).collect()
}

fn quoted_printable(octets: &[u8]) -> Vec<u8> {
    let (mut out, mut column) = (String::new(), 0);
    for (at, octet) in octets.iter().enumerate() {
        let ends = matches!(octets.get(at + 1), None | Some(b'\n'));
        let written = match octet {
            b'\n' => "\n".to_owned(),
            b' ' if ends => "=20".to_owned(),
            b'=' => "=3D".to_owned(),
            b' '..=b'~' => char::from(*octet).to_string(),
            _ => format!("={octet:02X}"),
        };
        if column + written.len() > 75 && *octet != b'\n' {
            out.push_str("=\n");
            column = 0;
        }
        column = if *octet == b'\n' { 0 } else { column + written.len() };
        out.push_str(&written);
    }
    out.into_bytes()
}

/// Encodes a text for the body; some octets cannot travel as they are.
fn part(head: &str, octets: &[u8], dice: &mut Dice) -> Vec<u8> {
    let plain = octets.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\n' | 0x1b | 0x80..));
    let (encoding, body) = match dice.below(3) {
        0 if plain => ("8bit", octets.to_vec()),
        1 if plain => ("quoted-printable", quoted_printable(octets)),
        _ => ("base64", base64(octets)),
    };
    [format!("{head}\nContent-Transfer-Encoding: {encoding}\n\n").as_bytes(), &body].concat()
}

fn text(kind: &str, dice: &mut Dice) -> Vec<u8> {
    let (charset, text) = dice.pick(&TEXTS);
    let text =
        if kind == "html" { format!("<p>{}</p>", text.replace('\n', "<br>")) } else { text.to_owned() };
    let quote = dice.pick(&["", "\""]);
    part(
        &format!("Content-Type: text/{kind}; charset={quote}{charset}{quote}"),
        &encode(&text, charset),
        dice,
    )
}

/// RFC 2231, whole or in sections, RFC 2047 as many write it, or plain.
fn parameter(key: &str, name: &str, dice: &mut Dice) -> String {
    let percent = |text: &str| {
        text.bytes().fold(String::new(), |mut out, octet| {
            let _ = if octet.is_ascii_alphanumeric() {
                write!(out, "{}", char::from(octet))
            } else {
                write!(out, "%{octet:02X}")
            };
            out
        })
    };
    match dice.below(4) {
        0 => format!("{key}*=utf-8''{}", percent(name)),
        1 => {
            let (first, second) = name.split_at(name.floor_char_boundary(name.len() / 2));
            format!("{key}*0*=UTF-8''{};\n {key}*1*={}", percent(first), percent(second))
        }
        2 if !name.is_ascii() => format!("{key}=\"=?utf-8?B?{}?=\"", STANDARD.encode(name)),
        _ if name.is_ascii() => format!("{key}=\"{name}\""),
        _ => format!("{key}*=utf-8'de'{}", percent(name)),
    }
}

fn file(dice: &mut Dice) -> Vec<u8> {
    if dice.below(6) == 0 {
        return [b"Content-Type: message/rfc822\n\n".as_slice(), &message(dice, 2)].concat();
    }
    let kind =
        dice.pick(&["application/pdf", "image/png", "application/octet-stream", "text/csv", "text/calendar"]);
    let name = dice.pick(&NAMES);
    let head = match dice.below(4) {
        0 => format!("Content-Type: {kind};\n {}", parameter("name", name, dice)),
        1 => format!(
            "Content-Type: {kind}\nContent-Disposition: inline; {}",
            parameter("filename", name, dice)
        ),
        2 => format!("Content-Type: {kind}\nContent-Disposition: attachment"),
        _ => format!(
            "Content-Type: {kind}\nContent-Disposition: attachment;\n\t{}",
            parameter("filename", name, dice)
        ),
    };
    let octets = dice.octets();
    part(&head, &octets, dice)
}

fn multi(kind: &str, parts: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let boundary = format!("=_{}/{}", dice.below(1 << 30), dice.below(1 << 30));
    let preamble = dice.pick(&["", "This is a message in several parts.\n"]);
    let mut out =
        format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\n\n{preamble}").into_bytes();
    for part in parts {
        out.extend([b"--", boundary.as_bytes(), b"\n", part, b"\n"].concat());
    }
    out.extend(format!("--{boundary}--\n{}", dice.pick(&["", "epilogue\n"])).into_bytes());
    out
}

/// What a person wrote, in one of its usual forms.
fn writing(dice: &mut Dice) -> Vec<u8> {
    match dice.below(5) {
        0 => text("html", dice),
        1 => {
            let parts = [text("plain", dice), text("html", dice)];
            multi("alternative", &parts, dice)
        }
        2 => {
            let shown = [text("html", dice), file(dice)];
            let parts = [text("plain", dice), multi("related", &shown, dice)];
            multi("alternative", &parts, dice)
        }
        _ => text("plain", dice),
    }
}

fn entity(dice: &mut Dice, depth: usize) -> Vec<u8> {
    match dice.below(5) {
        0 | 1 if depth < 3 => {
            let mut parts = vec![entity(dice, depth + 1)];
            parts.extend((0..dice.below(4)).map(|_| file(dice)));
            multi("mixed", &parts, dice)
        }
        2 if depth < 3 => {
            let parts =
                [entity(dice, depth + 1), b"Content-Type: application/pgp-signature\n\nsigned".to_vec()];
            multi("signed; micalg=pgp-sha256", &parts, dice)
        }
        3 if depth < 3 => {
            let status =
                b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nAction: failed".to_vec();
            let parts = [text("plain", dice), status, file(dice)];
            multi("report; report-type=delivery-status", &parts, dice)
        }
        _ => writing(dice),
    }
}

/// A display name or subject, as encoded words where it must be.
fn words(text: &str, charset: &str, dice: &mut Dice) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let word = |text: &str, b64: bool| {
        let octets = encode(text, charset);
        if b64 {
            return format!("=?{charset}?B?{}?=", STANDARD.encode(octets));
        }
        let quoted: String = octets
            .iter()
            .map(|octet| match octet {
                b' ' => "_".to_owned(),
                octet if octet.is_ascii_alphanumeric() => char::from(*octet).to_string(),
                octet => format!("={octet:02X}"),
            })
            .collect();
        format!("=?{charset}?q?{quoted}?=")
    };
    let (first, second) = text.split_at(text.floor_char_boundary(text.len() / 2));
    [first, second].map(|half| word(half, dice.below(2) == 0)).join("\n ")
}

fn address(dice: &mut Dice) -> String {
    let (charset, name) = dice.pick(&[
        ("utf-8", "Jürgen Müller"),
        ("iso-8859-1", "François"),
        ("us-ascii", "Alice"),
        ("us-ascii", "\"Miller, Bob \\\"B\\\"\""),
        ("us-ascii", ""),
    ]);
    match dice.below(3) {
        0 => "bob@example.org".to_owned(),
        _ => format!("{} <alice+{}@example.org>", words(name, charset, dice), dice.below(100)),
    }
}

/// A message with all its header fields.
pub(super) fn message(dice: &mut Dice, depth: usize) -> Vec<u8> {
    let (charset, subject) = dice.pick(&TEXTS);
    let subject = words(
        &subject.replace(['\n', '='], " ").split_whitespace().collect::<Vec<_>>().join(" "),
        charset,
        dice,
    );
    let to: Vec<String> = (0..=dice.below(4)).map(|_| address(dice)).collect();
    let to = if dice.below(5) == 0 { format!("friends: {};", to.join(", ")) } else { to.join(",\n ") };
    let head = format!(
        "Received: from x.example by y.example; Tue, 3 Nov 2026 10:00:00 +0100\nFrom: {}\nTo: {to}\nSubject: {subject}\n\
         Date: Tue, 3 Nov 2026 {:02}:00:00 {}\nMessage-ID: <{}@example.org>\nReferences: <a@b.example>\n <c@d.example>\n\
         MIME-Version: 1.0\n",
        address(dice),
        dice.below(24),
        dice.pick(&["+0100", "GMT", "-0530"]),
        dice.below(1 << 30),
    );
    [head.into_bytes(), entity(dice, depth)].concat()
}
