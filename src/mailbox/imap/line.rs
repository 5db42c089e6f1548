//! One line of a server: what is repaired in it, and what is read from it without the crate.

use std::panic::catch_unwind;

/// The literal that a line ends with: what stands before it, and its size (RFC 3501 section 4.3, RFC 3516).
pub(super) fn literal(line: &[u8]) -> Option<(&[u8], u64)> {
    let open = line.iter().rposition(|octet| *octet == b'{')?;
    let (before, braces) = line.split_at(open);
    let digits = braces.strip_prefix(b"{")?.strip_suffix(b"}")?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((before.strip_suffix(b"~").unwrap_or(before), size))
}

/// Makes a line one that the parser reads: ASCII, single blanks outside strings, none at ends, no `(MODSEQ n)`.
pub(super) fn repaired(line: &[u8]) -> Vec<u8> {
    let mut repaired: Vec<u8> = Vec::with_capacity(line.len());
    let (mut inside, mut escaped) = (false, false);
    for octet in line {
        let octet = if matches!(octet, b' '..=b'~') { *octet } else { b'?' };
        if !inside && octet == b' ' && matches!(repaired.last(), Some(b' ' | b'(')) {
            continue;
        }
        if !inside && octet == b')' && repaired.last() == Some(&b' ') {
            repaired.pop();
        }
        inside ^= octet == b'"' && !escaped;
        escaped = inside && octet == b'\\' && !escaped;
        repaired.push(octet);
    }
    let mut kept = repaired.trim_ascii_end();
    if kept.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"* SEARCH"))
        && let Some(open) = kept.iter().position(|octet| *octet == b'(')
    {
        kept = kept.split_at(open).0.trim_ascii_end();
    }
    let length = kept.len();
    repaired.truncate(length);
    // The grammar wants a text after the word; servers leave it out.
    if repaired.split(|octet| *octet == b' ').count() == 2 && !repaired.starts_with(b"* SEARCH") {
        repaired.extend_from_slice(b" -");
    }
    repaired
}

/// Makes a tagged line without its code and text; `None` if it is no tagged line.
pub(super) fn bare(line: &[u8]) -> Option<Vec<u8>> {
    let mut words = line.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
    let (tag, word) = (words.next()?, words.next()?);
    let word = [&b"OK"[..], b"NO", b"BAD"].into_iter().find(|known| word.eq_ignore_ascii_case(known))?;
    Some([tag, b" ", word, b" -"].concat())
}

/// A `+` line, its text kept only if it is base64 (RFC 3501 section 6.2.2): some servers greet with words.
pub(super) fn continuation(line: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let text = line.strip_prefix(b"+").unwrap_or(line).trim_ascii();
    let fits = base64::engine::general_purpose::STANDARD.decode(text).is_ok();
    if fits { [&b"+ "[..], text].concat() } else { b"+ ".to_vec() }
}

/// Whether the crate's parser reads the whole line, without a panic.
pub(super) fn parses(line: &[u8]) -> bool {
    if line.starts_with(b"+ ") {
        return true;
    }
    let whole = [line, b"\r\n"].concat();
    catch_unwind(|| matches!(imap_proto::parser::parse_response(&whole), Ok((rest, _)) if rest.is_empty()))
        .unwrap_or(false)
}

/// The words of a line in capitals, behind the first `skip`.
pub(super) fn words(line: &[u8], skip: usize) -> Vec<String> {
    line.split(|octet| octet.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
        .skip(skip)
        .map(|word| String::from_utf8_lossy(word).to_ascii_uppercase())
        .collect()
}

/// The code and the text of a status answer, tagged or not.
pub(super) struct Status<'a> {
    /// What stood in brackets, in capitals; empty if nothing did.
    pub(super) code: String,
    /// The text for a person.
    pub(super) text: &'a [u8],
}

/// Reads `TAG OK [CODE] text`.
pub(super) fn status(line: &[u8]) -> Status<'_> {
    let mut text = line;
    for _ in 0..2 {
        text = text.trim_ascii_start();
        text = text.split_at(text.iter().position(|octet| *octet == b' ').unwrap_or(text.len())).1;
    }
    text = text.trim_ascii();
    let inside = text.strip_prefix(b"[").and_then(|rest| {
        let end = rest.iter().position(|octet| *octet == b']')?;
        Some((rest.split_at(end).0, rest.split_at(end + 1).1))
    });
    match inside {
        Some((code, text)) => {
            Status { code: String::from_utf8_lossy(code).to_ascii_uppercase(), text: text.trim_ascii() }
        }
        None => Status { code: String::new(), text },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_seen_at_the_end_of_a_line_alone() {
        assert_eq!(literal(b"* 1 FETCH (BODY[] {12}"), Some((&b"* 1 FETCH (BODY[] "[..], 12)));
        assert_eq!(literal(b"x ~{0}"), Some((&b"x "[..], 0)));
        assert_eq!(literal(b"x {3+}"), Some((&b"x "[..], 3)));
        for none in ["x {12} ", "x {}", "x {-1}", "x {1a}", "x 12}", "x {99999999999999999999999}"] {
            assert_eq!(literal(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn a_status_is_taken_apart() {
        let status = status(b"a3 NO  [TRYCREATE] no d\xc3\xa9j\xc3\xa0 ");
        assert_eq!((status.code.as_str(), status.text), ("TRYCREATE", &b"no d\xc3\xa9j\xc3\xa0"[..]));
        assert_eq!(super::status(b"a3 NO").text, b"");
    }
}
