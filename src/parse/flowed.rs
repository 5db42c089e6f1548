//! Plain text that was wrapped to travel (`format=flowed`, RFC 3676), with its paragraphs whole again.

/// What a blank at the end of a wrapped line is: part of the text, or only the mark of the wrapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blank {
    Kept,
    Deleted,
}

/// Joins the lines that end in a blank with the next one of the same quote depth.
pub(super) fn unwrap(text: &str, blank: Blank) -> String {
    let mut out = String::with_capacity(text.len());
    // The quote depth of a line that goes on.
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (depth, content) = unquoted(line);
        let signature = content == "-- ";
        let goes_on = open == Some(depth) && !signature;
        if !goes_on {
            if !out.is_empty() {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n('>', depth));
            out.push_str(if depth > 0 && !content.is_empty() { " " } else { "" });
        }
        let flows = content.ends_with(' ') && !signature;
        let cut = flows && blank == Blank::Deleted;
        out.push_str(if cut { content.strip_suffix(' ').unwrap_or(content) } else { content });
        open = flows.then_some(depth);
    }
    out
}

/// The quote depth of a line, and the line without quote marks and stuffing (section 4.4).
fn unquoted(line: &str) -> (usize, &str) {
    let content = line.trim_start_matches('>');
    let depth = line.len() - content.len();
    (depth, content.strip_prefix(' ').unwrap_or(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_lines_are_joined() {
        let table = [
            ("one \ntwo\nthree", Blank::Kept, "one two\nthree"),
            ("one \ntwo", Blank::Deleted, "onetwo"),
            ("> one \n> two\nanswer \nhere", Blank::Kept, "> one two\nanswer here"),
            (">> a \n> b", Blank::Kept, ">> a \n> b"),
            (" From me\n >no quote", Blank::Kept, "From me\n>no quote"),
            ("a \n-- \nAlice", Blank::Kept, "a \n-- \nAlice"),
            ("a \r\nb\r\n\r\nc", Blank::Kept, "a b\n\nc"),
            ("\n\nx", Blank::Kept, "x"),
            (">\n> a", Blank::Kept, ">\n> a"),
        ];
        for (text, blank, expected) in table {
            assert_eq!(unwrap(text, blank), expected, "{text:?}");
        }
    }
}
