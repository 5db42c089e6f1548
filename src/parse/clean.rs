//! Makes decoded strings harmless: what reaches a terminal, a database or a header of ours passes here first.

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A single line without control, bidirectional override and invisible marks, trimmed.
///
/// Line breaks and tabs become blanks. Encoded words may hold anything, so this comes after all decoding.
pub(super) fn line(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.trim().to_owned();
    }
    let kept: String = text.chars().filter_map(in_line).collect();
    kept.trim().to_owned()
}

fn in_line(letter: char) -> Option<char> {
    match letter {
        '\r' => None,
        '\n' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        _ if is_override(letter) || letter.is_control() || letter == '\u{feff}' => None,
        _ => Some(letter),
    }
}

/// The text in the composed form of Unicode (NFC), so that what looks the same is the same to a comparison.
pub(super) fn composed(text: String) -> String {
    if text.is_ascii() || is_nfc(&text) { text } else { text.nfc().collect() }
}

/// Embeddings, overrides and isolates (Unicode TR 9), which make `exe.txt` out of `txt.exe`.
pub(super) fn is_override(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text with LF ends, no control characters but tab, no blanks at line ends, no blank lines at either end.
///
/// The signature mark `-- ` of RFC 3676 section 4.3 keeps its blank.
pub(super) fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for line in raw.split('\n').flat_map(|line| line.trim_end_matches('\r').split('\r')) {
        let start = out.len();
        // Controls beyond ASCII begin with 0xC2 in UTF-8; most lines have neither.
        let is_control = |byte: u8| (byte.is_ascii_control() && byte != b'\t') || byte == 0xc2;
        if line.bytes().any(is_control) {
            out.extend(line.chars().filter(|letter| *letter == '\t' || !letter.is_control()));
        } else {
            out.push_str(line);
        }
        if out.get(start..) != Some("-- ") {
            let kept = out.get(start..).unwrap_or_default().trim_end().len();
            out.truncate(start + kept);
        }
        out.push('\n');
    }
    let blank_lines = out.len() - out.trim_start_matches('\n').len();
    out.drain(..blank_lines);
    out.truncate(out.trim_end_matches('\n').len());
    out
}

/// Whether a text says nothing: blanks, also fixed ones, and what has no width.
pub(super) fn is_blank(text: &str) -> bool {
    let says_nothing = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || is_override(letter)
            || matches!(letter, '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
            || matches!(letter, '\u{2060}'..='\u{2064}' | '\u{feff}')
    };
    text.chars().all(says_nothing)
}

/// Whether the text had to be cut to so many octets, at the end of a character.
pub(super) fn cut(text: &mut String, most: usize) -> bool {
    if text.len() <= most {
        return false;
    }
    text.truncate(text.floor_char_boundary(most));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        let table = [
            (" a\r\n b\tc\0 ", "a  b c"),
            ("x\u{1b}[31m\u{7f}\u{9b}", "x[31m"),
            ("cod\u{202e}gpj.exe\u{2069}", "codgpj.exe"),
            ("\u{feff}a\u{2028}b", "a b"),
            ("\r\n\0", ""),
        ];
        for (raw, expected) in table {
            assert_eq!(line(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn what_looks_the_same_is_the_same() {
        let table =
            [("u\u{308}", "ü"), ("ü", "ü"), ("\u{1112}\u{1161}\u{11ab}", "한"), ("\u{1f525}", "\u{1f525}")];
        for (text, expected) in table {
            assert_eq!(composed(text.to_owned()), expected);
        }
    }

    #[test]
    fn text_has_lf_ends_and_no_loose_blanks() {
        let table = [
            ("a \r\nb\r\n\r\n", "a\nb"),
            ("\n\n  a\rb", "  a\nb"),
            ("a\n-- \nsig", "a\n-- \nsig"),
            ("a\0b\u{8}c\td", "abc\td"),
            ("", ""),
            (" \r\n \n", ""),
        ];
        for (raw, expected) in table {
            assert_eq!(text(raw), expected, "{raw:?}");
        }
    }
}
