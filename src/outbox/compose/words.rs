//! Text in header fields: encoded words (RFC 2047) where it is not plain ASCII, folded lines.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Where lines are folded (RFC 5322 section 2.1.1), and the octets of text in an encoded word of such a line.
const LINE: usize = 76;
const CHUNK: usize = 39;

/// Text as the value of an unstructured field whose name takes up so many columns.
pub(super) fn folded(text: &str, column: usize) -> String {
    if !is_plain(text) {
        return encoded(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut column = column;
    for word in text.split(' ') {
        if !out.is_empty() {
            if column + 1 + word.len() > LINE {
                out.push_str("\r\n ");
                column = 1;
            } else {
                out.push(' ');
                column += 1;
            }
        }
        out.push_str(word);
        column += word.len();
    }
    out
}

/// Text as a phrase (RFC 5322 section 3.2.5): the name before an address.
pub(super) fn phrase(text: &str) -> String {
    if !is_plain(text) || text.len() > LINE - 12 {
        return encoded(text);
    }
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ') {
        return text.to_owned();
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// Printable ASCII that says what it seems to say, without words that are too long for a line.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
        && !text.contains("=?")
        && !text.contains("  ")
        && text.split(' ').all(|word| word.len() < LINE - 12)
        && text.trim() == text
}

/// Text as encoded words, a line each, no character cut.
pub(super) fn encoded(text: &str) -> String {
    let mut chunks: Vec<String> = vec![String::new()];
    for letter in text.chars() {
        match chunks.last_mut() {
            Some(last) if last.len() + letter.len_utf8() <= CHUNK => last.push(letter),
            Some(_) | None => chunks.push(letter.to_string()),
        }
    }
    let word = |chunk: String| format!("=?utf-8?B?{}?=", STANDARD.encode(chunk));
    chunks.into_iter().map(word).collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_folded_at_blanks() {
        let text = "word ".repeat(40);
        let folded = folded(text.trim(), 9);
        assert!(folded.lines().all(|line| line.len() <= LINE), "{folded}");
        assert_eq!(folded.replace("\r\n", ""), text.trim());
    }

    #[test]
    fn what_is_not_plain_is_encoded() {
        assert_eq!(folded("Drucker", 9), "Drucker");
        assert_eq!(folded("grün", 9), "=?utf-8?B?Z3LDvG4=?=");
        for other in ["=?utf-8?Q?x?=", "a  b", &"x".repeat(100), "\u{7f}"] {
            assert!(folded(other, 9).starts_with("=?utf-8?B?"), "{other}");
        }
        let long = "ü".repeat(100);
        assert!(encoded(&long).lines().all(|line| line.len() <= LINE));
    }

    #[test]
    fn a_phrase_is_quoted_where_it_must() {
        let table = [
            ("Alice Smith", "Alice Smith"),
            ("Smith, Alice", "\"Smith, Alice\""),
            ("a \"b\" \\", "\"a \\\"b\\\" \\\\\""),
            ("山田", "=?utf-8?B?5bGx55Sw?="),
        ];
        for (text, expected) in table {
            assert_eq!(phrase(text), expected);
        }
    }
}
