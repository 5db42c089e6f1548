//! Addresses that are not written by the rules (RFC 5322 section 3.4), as people and programs write them all the same.

/// Puts brackets around an address with a quoted local part that stands alone, `"b o b"@example.org`: the parser of the
/// library takes the quotes for a name.
pub(super) fn bracketed(value: &str) -> String {
    if !value.contains("\"@") {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len() + 2);
    let mut rest = value;
    let mut within = false;
    // Where one quote is never closed, none is looked for again: time stays linear.
    let mut all_closed = true;
    while let Some(first) = rest.chars().next() {
        let quoted = if first == '"' && all_closed { quoted(rest) } else { None };
        all_closed &= first != '"' || quoted.is_some();
        let (word, after) = rest.split_at(quoted.unwrap_or(first.len_utf8()));
        within = first == '<' || (within && first != '>');
        match after.strip_prefix('@').filter(|_| quoted.is_some() && !within) {
            Some(domain) => {
                let end = domain.find(|c: char| !is_of_domain(c)).unwrap_or(domain.len());
                let (domain, after) = domain.split_at(end);
                out.push_str(&format!("<{word}@{domain}>"));
                rest = after;
            }
            None => {
                out.push_str(word);
                rest = after;
            }
        }
    }
    out
}

/// How long the quoted string is that the text begins with.
fn quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Whether an address has a local part and a domain, both of letters that may stand in them.
pub(super) fn is_sound(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let is_quoted = quoted(local).is_some_and(|end| end == local.len());
    let is_literal = domain.starts_with('[') && domain.ends_with(']');
    !local.is_empty()
        && !domain.is_empty()
        && (is_quoted && local.starts_with('"') || !local.contains(is_foreign))
        && (is_literal || domain.chars().all(is_of_domain))
}

/// What stands in no local part without quotes.
fn is_foreign(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "<>()[]:;,\\\"@".contains(letter)
}

fn is_of_domain(letter: char) -> bool {
    letter.is_alphanumeric()
        || matches!(letter, '.' | '-' | '_')
        || (!letter.is_ascii() && !letter.is_whitespace())
}

/// The address in a text in which the parser saw none, and the name before it. One behind a bracket comes first.
pub(super) fn made_out(text: &str) -> Option<(String, String)> {
    let bracket = text.rfind('<').and_then(|at| first(text, at + 1));
    let (start, address) = bracket.or_else(|| first(text, 0))?;
    let name = text.get(..start).unwrap_or_default();
    let name = name.strip_suffix("mailto:").unwrap_or(name);
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '(' | ')' | ',' | ';' | ':');
    Some((name.trim_matches(ends).to_owned(), address.to_owned()))
}

/// The first word from there on that is an address, and where it begins.
fn first(text: &str, from: usize) -> Option<(usize, &str)> {
    let is_between = |c: char| c != '@' && is_foreign(c);
    let mut start = from;
    for word in text.get(from..)?.split(is_between) {
        let bare = word.trim_start_matches('\'');
        let at = start + word.len() - bare.len();
        let bare = bare.trim_end_matches(['\'', '.']);
        if is_sound(bare) {
            return Some((at, bare));
        }
        start += word.len() + text.get(start + word.len()..)?.chars().next().map_or(0, char::len_utf8);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_looks_like_them() {
        let sound = ["a@b", "o'brien@b.example", "\"a b\"@b.example", "ü@bücher.example", "a@[192.0.2.1]"];
        let odd = ["a", "@b", "a@", "a b@c", "mailto:a@b", "'a@b'", "a@b@c", "a@b c", "a\"@b", "\"a@b"];
        assert_eq!(sound.map(is_sound), [true; 5]);
        assert_eq!(odd.map(is_sound), [false; 10]);
    }

    #[test]
    fn quotes_that_are_never_closed_are_read_in_linear_time() {
        let value = format!("\"@{}", "\"\\".repeat(500_000));
        assert_eq!(bracketed(&value).len(), value.len());
        assert_eq!(made_out(&"\"<'".repeat(300_000)), None);
    }

    #[test]
    fn quoted_local_parts_get_brackets() {
        let table = [
            ("\"b o b\"@c.example", "<\"b o b\"@c.example>"),
            ("a@b.example, \"b o b\"@c.example, x", "a@b.example, <\"b o b\"@c.example>, x"),
            ("\"B\" <\"b o b\"@c.example>", "\"B\" <\"b o b\"@c.example>"),
            ("\"B\"@", "<\"B\"@>"),
            ("\"B\\\"@x\" <a@b>", "\"B\\\"@x\" <a@b>"),
            ("\"B <a@b>\"@", "<\"B <a@b>\"@>"),
        ];
        for (value, expected) in table {
            assert_eq!(bracketed(value), expected, "{value}");
        }
    }
}
