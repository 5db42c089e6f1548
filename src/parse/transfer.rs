//! Content-Transfer-Encoding (RFC 2045 section 6), decoded leniently: what cannot be decoded is skipped or kept as it is.
//!
//! Line ends of what is not binary become LF, so that a mail read from IMAP (CRLF) and from a file (LF) is the same.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD as STANDARD_ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::defects::Defects;
use super::uuencode;

/// The octets of a part.
pub(super) fn decode<'a>(body: &'a [u8], encoding: &str, defects: &mut Defects) -> Cow<'a, [u8]> {
    let word = encoding.split([';', ' ', '(']).next().unwrap_or_default().to_ascii_lowercase();
    // Some write quotes around it, or its hyphen elsewhere.
    let bare: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    match bare.as_str() {
        "base64" => {
            let (octets, clean) = base64(body);
            if !clean {
                defects.add("broken-base64");
            }
            octets.into()
        }
        "quotedprintable" => {
            let (octets, clean) = quoted_printable(body);
            if !clean {
                defects.add("broken-quoted-printable");
            }
            octets.into()
        }
        "xuuencode" | "uuencode" | "xuue" | "uue" => {
            let (octets, clean) = uuencode::decode(body);
            if !clean {
                defects.add("broken-uuencode");
            }
            octets.map_or_else(|| lf(body), Cow::from)
        }
        "binary" => body.into(),
        "" | "7bit" | "8bit" | "7bits" | "8bits" => lf(body),
        _ => {
            defects.with("unknown-encoding", &word);
            lf(body)
        }
    }
}

/// CRLF becomes LF.
fn lf(body: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\r', body).is_none() {
        return body.into();
    }
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memchr(b'\r', rest) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        rest = from.get(1..).unwrap_or_default();
        if rest.first() != Some(&b'\n') {
            out.push(b'\r');
        }
    }
    out.extend_from_slice(rest);
    out.into()
}

/// The six bits of a letter of base64 (RFC 4648 section 4).
pub(super) fn sextet(byte: u8) -> Option<u32> {
    match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// The decoded octets, and whether there was nothing foreign. What is mostly foreign is no base64 and kept as it is.
pub(super) fn base64(body: &[u8]) -> (Vec<u8>, bool) {
    if let Some(out) = sound_base64(body) {
        return (out, true);
    }
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let (mut group, mut filled, mut foreign) = (0_u32, 0_u8, 0_usize);
    let body = body.trim_ascii();
    if memchr::memchr2(b' ', b'-', body).is_some() {
        match words_begin(body) {
            Some(0) => return (lf(body).into_owned(), false),
            Some(at) => return (base64(body.get(..at).unwrap_or_default()).0, false),
            None => {}
        }
    }
    let last_foreign = body.iter().rposition(|byte| *byte != b'=' && !is_base64(*byte));
    for (at, byte) in body.iter().enumerate() {
        if let Some(six) = sextet(*byte) {
            group = group << 6 | six;
            filled += 1;
            if filled == 4 {
                let [_, a, b, c] = group.to_be_bytes();
                out.extend([a, b, c]);
                (group, filled) = (0, 0);
            }
        } else if *byte == b'=' {
            finish(&mut out, group, filled);
            (group, filled) = (0, 0);
            // Some mailers encode in pieces, each padded; some lists append a footer in plain text.
            if last_foreign.is_some_and(|last| at < last) {
                return (out, false);
            }
        } else if !byte.is_ascii_whitespace() {
            foreign += 1;
        }
    }
    if foreign > body.len() / 4 {
        return (lf(body).into_owned(), false);
    }
    finish(&mut out, group, filled);
    (out, foreign == 0 && filled != 1)
}

/// What is right from beginning to end, which nearly all is, decoded fast.
fn sound_base64(body: &[u8]) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD_ALPHABET,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    /// So many characters are decoded at once, a multiple of four: the code is not held a second time.
    const PIECE: usize = 64 * 1024;
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let mut code = Vec::with_capacity(2 * PIECE);
    let mut rest = body;
    let mut padded = false;
    while !rest.is_empty() {
        let (line, after) = super::fields::cut_line(rest);
        rest = after;
        for part in line.trim_ascii().chunks(PIECE) {
            code.extend_from_slice(part);
            // Padding is the end; what follows it is for the engine to refuse.
            padded |= memchr::memchr(b'=', part).is_some();
            if !padded && code.len() >= PIECE {
                let whole = code.len() / 4 * 4;
                ENGINE.decode_vec(code.get(..whole)?, &mut out).ok()?;
                code.drain(..whole);
            }
        }
    }
    ENGINE.decode_vec(&code, &mut out).ok()?;
    Some(out)
}

/// Where lines of words begin, which are no base64: a list's footer, or all of what is not encoded in truth.
fn words_begin(body: &[u8]) -> Option<usize> {
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.trim_ascii();
        let foreign = bare.iter().any(|byte| !is_base64(*byte) && !matches!(byte, b' ' | b'=' | b'\t'));
        let words = bare.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).count();
        let rule = bare.len() > 1 && bare.iter().all(|byte| matches!(byte, b'-' | b'_'));
        if rule || (foreign && words > 2) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

fn is_base64(byte: u8) -> bool {
    sextet(byte).is_some() || matches!(byte, b'\r' | b'\n')
}

/// The octets of an unfilled group.
fn finish(out: &mut Vec<u8>, group: u32, filled: u8) {
    let octets = (group << (6 * (4 - u32::from(filled.min(4))))).to_be_bytes();
    out.extend(octets.iter().skip(1).take(usize::from(filled.saturating_sub(1))));
}

/// The decoded octets, and whether there was nothing foreign.
fn quoted_printable(body: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(body.len());
    let mut clean = true;
    let mut rest = body;
    while !rest.is_empty() {
        let ended = memchr::memchr(b'\n', rest).is_some();
        let (line, after) = super::fields::cut_line(rest);
        rest = after;
        // Blanks at the end of a line were added in transport (section 6.7 rule 3).
        let line = line.trim_ascii_end();
        let (line, soft) = match line.strip_suffix(b"=") {
            Some(line) => (line, true),
            None => (line, false),
        };
        clean &= escapes(line, &mut out);
        if ended && !soft {
            out.push(b'\n');
        }
    }
    (out, clean)
}

/// The octets of a Q encoded word (RFC 2047 section 4.2).
pub(super) fn q_word(data: &[u8]) -> Vec<u8> {
    let blanks: Vec<u8> = data.iter().map(|byte| if *byte == b'_' { b' ' } else { *byte }).collect();
    let mut out = Vec::with_capacity(data.len());
    escapes(&blanks, &mut out);
    out
}

/// Decodes `=XX` on one line; other `=` stay, and are reported.
fn escapes(line: &[u8], out: &mut Vec<u8>) -> bool {
    let mut clean = true;
    let mut rest = line;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        match (from.get(1).and_then(hex), from.get(2).and_then(hex)) {
            (Some(high), Some(low)) => {
                out.push(high << 4 | low);
                rest = from.get(3..).unwrap_or_default();
            }
            _ => {
                clean = false;
                out.push(b'=');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
    clean
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: &u8) -> Option<u8> {
    char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (&'static str, &'static [u8], &'static [u8], &'static [&'static str]);

    #[test]
    fn parts_are_decoded() {
        let table: [Row; 22] = [
            ("\"base64\"", b"aGFsbG8=", b"hallo", &[]),
            ("base-64", b"aGFsbG8=", b"hallo", &[]),
            ("QuotedPrintable", b"=41", b"A", &[]),
            ("", b"a\r\nb\rc", b"a\nb\rc", &[]),
            ("binary", b"a\r\nb", b"a\r\nb", &[]),
            ("x-foo", b"a", b"a", &["unknown-encoding: x-foo"]),
            ("BASE64", b"aGFs\r\nbG8=\r\n", b"hallo", &[]),
            ("base64", b"aGFsbG8", b"hallo", &[]),
            ("base64", b"aGFs!!bG8=", b"hallo", &["broken-base64"]),
            ("base64", b"aGFsbG8=aGFsbG8=", b"hallohallo", &[]),
            ("base64", b"aGFsbG8=\n--\nlist mailing list\n", b"hallo", &["broken-base64"]),
            ("base64", b"aGFs\nbG8x\n\n--\nlist footer in plain text\n", b"hallo1", &["broken-base64"]),
            ("base64", b"This is no base64 at all!", b"This is no base64 at all!", &["broken-base64"]),
            ("base64", b"aGFsb", b"hal", &["broken-base64"]),
            ("base64", b"%%%% $$$$ this", b"%%%% $$$$ this", &["broken-base64"]),
            ("base64", b"", b"", &[]),
            ("quoted-printable", b"a=20b=\r\nc \t\r\nd=C3=BC\r\n", "a bc\ndü\n".as_bytes(), &[]),
            ("quoted-printable", b"a= \r\nb", b"ab", &[]),
            ("quoted-printable", b"a=0D=0Ab", b"a\r\nb", &[]),
            ("quoted-printable", b"1=2 =zz", b"1=2 =zz", &["broken-quoted-printable"]),
            ("quoted-printable", b"x=", b"x", &[]),
            ("quoted-printable (why)", b"=41", b"A", &[]),
        ];
        for (encoding, body, expected, lines) in table {
            let mut defects = Defects::default();
            let got = decode(body, encoding, &mut defects);
            assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(expected), "{encoding}");
            assert_eq!(defects.into_lines(), lines, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn long_base64_is_decoded_however_it_is_wrapped_and_padded() {
        let octets: Vec<u8> = (0..200_000_u32).map(|at| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
        let code = base64::engine::general_purpose::STANDARD.encode(&octets);
        let wrapped: String =
            code.as_bytes().chunks(75).map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect();
        for text in [&code, &wrapped] {
            assert!(base64(text.as_bytes()) == (octets.clone(), true), "{}", text.len());
        }
        // Each piece is padded; the engine refuses that, and the other way of reading does not.
        assert!(
            base64(format!("{wrapped}{wrapped}").as_bytes()) == ([octets.clone(), octets].concat(), true)
        );
    }
}
