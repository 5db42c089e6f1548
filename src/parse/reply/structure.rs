//! Holds what the HTML of a message says of its quotation against the text of the same message.

/// The lines before the quotation, if the text begins as `own` does, whatever blanks and marks shape either.
pub(super) fn head<'l, 't>(lines: &'l [&'t str], own: &str) -> Option<&'l [&'t str]> {
    let mut wanted = own.chars().filter(|c| c.is_alphanumeric()).peekable();
    wanted.peek()?;
    let mut end = None;
    for (at, line) in lines.iter().enumerate() {
        for letter in line.chars().filter(|c| c.is_alphanumeric()) {
            match wanted.next() {
                Some(next) if next == letter => {}
                // All was met at the end of a line: here begins the quotation.
                None if end.is_some() => return lines.get(..end?),
                Some(_) | None => return None,
            }
        }
        if wanted.peek().is_none() {
            end.get_or_insert(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_the_html_quotes() {
        let lines = ["Thank you,", "  *it* works.", "", "From: x", "old"];
        for (own, expected) in [
            ("Thank you, it works.", Some(2)),
            ("Thank you,\n\nit works", Some(2)),
            ("Thank you", Some(1)),
            ("Thank", None),
            ("Thank you, it works. From: x old", None),
            ("Something else", None),
            ("", None),
        ] {
            let head = head(&lines, own).map(|head| head.iter().filter(|line| !line.is_empty()).count());
            assert_eq!(head, expected, "{own}");
        }
    }
}
