//! Makes text from mails harmless on a terminal.
//!
//! A subject may hold escape sequences that retitle the window, answer the shell or hide text, and bidirectional
//! marks that turn a file name around (CVE-2021-42574). All of it is shown as `\u{…}`.

/// One line: line feeds and tabs are escaped too.
pub fn line(text: &str) -> String {
    escaped(text, &[])
}

/// A text of several lines: line feeds and tabs stay.
pub fn lines(text: &str) -> String {
    escaped(&text.replace("\r\n", "\n"), &['\n', '\t'])
}

fn escaped(text: &str, kept: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_dangerous(c) && !kept.contains(&c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' // directions
            | '\u{2028}' | '\u{2029}' // line and paragraph separators
            | '\u{FEFF}' | '\u{E0001}' | '\u{E0020}'..='\u{E007F}') // tags that are not seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_terminal_is_shown_instead() {
        let table = [
            ("plain Grüße 火", "plain Grüße 火"),
            ("a\u{1b}]0;x\u{7}b", "a\\u{1b}]0;x\\u{7}b"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("x\u{202e}gpj.exe", "x\\u{202e}gpj.exe"),
            ("\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"),
        ];
        for (text, expected) in table {
            assert_eq!(line(text), expected);
        }
    }

    #[test]
    fn lines_keep_their_ends_and_tabs() {
        assert_eq!(lines("a\r\n\tb\n\u{1b}c\rd"), "a\n\tb\n\\u{1b}c\\rd");
    }
}
