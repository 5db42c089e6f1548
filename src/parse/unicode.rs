//! Forms of Unicode beside UTF-8: UTF-7 (RFC 2152), UTF-32, and what is marked as UTF-16 or UTF-32 by its first octets.

use encoding_rs::{UTF_16BE, UTF_16LE};

use super::transfer::sextet;

/// The text, and whether all of it was UTF-7. A `+` that begins no letters is itself.
///
/// What ends a shift is a letter of its own, save `-`.
pub(super) fn utf_7(bytes: &[u8]) -> (String, bool) {
    let (mut out, mut well) = (Vec::with_capacity(bytes.len()), true);
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'+', rest) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let code = from.get(1..).unwrap_or_default();
        let end = code.iter().position(|byte| sextet(*byte).is_none()).unwrap_or(code.len());
        let (code, after) = code.split_at(end);
        match shifted(code) {
            Some(letters) => out.extend_from_slice(letters.as_bytes()),
            None if code.is_empty() && after.starts_with(b"-") => out.push(b'+'),
            None => {
                well = false;
                out.push(b'+');
                out.extend_from_slice(code);
                rest = after;
                continue;
            }
        }
        rest = after.strip_prefix(b"-").unwrap_or(after);
    }
    out.extend_from_slice(rest);
    let text = String::from_utf8_lossy(&out).into_owned();
    (text, well && std::str::from_utf8(&out).is_ok())
}

/// The letters of UTF-16 in base64 without padding; `None` if it is not that.
fn shifted(code: &[u8]) -> Option<String> {
    let mut units = Vec::with_capacity(code.len() / 2);
    let (mut bits, mut filled) = (0_u32, 0_u32);
    for six in code.iter().filter_map(|byte| sextet(*byte)) {
        bits = bits << 6 | six;
        filled += 6;
        if filled >= 16 {
            filled -= 16;
            units.push(u16::try_from(bits >> filled).ok()?);
            bits &= (1 << filled) - 1;
        }
    }
    let is_whole = !units.is_empty() && filled < 6 && bits == 0;
    if is_whole { String::from_utf16(&units).ok() } else { None }
}

/// The text, and whether all of it was UTF-32; without a mark and without a name of its order it is big-endian.
pub(super) fn utf_32(bytes: &[u8], label: &str) -> (String, bool) {
    let little = label.eq_ignore_ascii_case("utf-32le") || bytes.starts_with(&LITTLE_32);
    let (groups, rest) = bytes.as_chunks::<4>();
    let number =
        |group: &[u8; 4]| if little { u32::from_le_bytes(*group) } else { u32::from_be_bytes(*group) };
    let letters =
        groups.iter().map(|group| char::from_u32(number(group)).unwrap_or(char::REPLACEMENT_CHARACTER));
    let text: String = letters.skip_while(|letter| *letter == '\u{feff}').collect();
    let well = rest.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER);
    (text, well)
}

const LITTLE_32: [u8; 4] = [0xff, 0xfe, 0, 0];

/// The text of octets that begin with the mark of UTF-16 or UTF-32 and are that.
pub(super) fn marked(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(&LITTLE_32) || bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Some(utf_32(bytes, "utf-32")).filter(|(_, well)| *well).map(|(text, _)| text);
    }
    let encoding = match bytes {
        [0xff, 0xfe, ..] => UTF_16LE,
        [0xfe, 0xff, ..] => UTF_16BE,
        _ => return None,
    };
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes.get(2..)?)
        .map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hyphen_is_lost_at_the_end_of_a_shift() {
        let table = [
            ("+AOQ.", "ä.", true),
            ("+AOQ x", "ä x", true),
            ("+AOQ-x", "äx", true),
            ("+AOQ--x", "ä-x", true),
            ("+AOQ", "ä", true),
            ("1+1=2", "1+1=2", false),
            ("+-", "+", true),
            ("a +- b", "a + b", true),
            ("a + b", "a + b", false),
            ("+ZeVnLIqe-", "日本語", true),
            ("+2D3eAA-", "\u{1f600}", true),
            ("+2D0-x", "+2D0-x", false),
            ("+", "+", false),
            ("plain", "plain", true),
        ];
        for (code, text, well) in table {
            assert_eq!(utf_7(code.as_bytes()), (text.to_owned(), well), "{code}");
        }
    }
}
