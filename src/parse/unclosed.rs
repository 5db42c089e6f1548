//! HTML in which something is opened that is never closed and would swallow the rest: what opens it is taken away.

use std::borrow::Cow;

use memchr::memmem;

/// The page, in which an opening of one of these elements, or of a comment, that no end follows opens nothing.
pub(super) fn mended<'a>(html: &'a str, elements: &[&str]) -> Cow<'a, str> {
    let lower = html.to_ascii_lowercase();
    let mut spots = Vec::new();
    for name in elements {
        let ended = memmem::rfind(lower.as_bytes(), format!("</{name}").as_bytes()).unwrap_or(0);
        spots.extend(starts(&lower, ended, &format!("<{name}")));
    }
    let ended = memmem::rfind(lower.as_bytes(), b"-->").unwrap_or(0);
    spots.extend(starts(&lower, ended, "<!--"));
    if spots.is_empty() {
        return html.into();
    }
    spots.sort_unstable();
    let mut out = String::with_capacity(html.len());
    let mut done = 0;
    for (start, end) in spots {
        // What follows the name are attributes, of an element that means nothing.
        out.push_str(html.get(done..start).unwrap_or_default());
        out.push_str(if html.get(start..end) == Some("<!--") { "" } else { "<b" });
        done = end;
    }
    out.push_str(html.get(done..).unwrap_or_default());
    out.into()
}

/// Where the mark stands as a whole word behind that place.
fn starts<'a>(lower: &'a str, from: usize, mark: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let behind = lower.as_bytes().get(from..).unwrap_or_default();
    let is_whole = move |end: usize| {
        mark == "<!--"
            || lower.as_bytes().get(end).is_none_or(|next| !next.is_ascii_alphanumeric() && *next != b'-')
    };
    let found: Vec<usize> = memmem::find_iter(behind, mark).collect();
    found
        .into_iter()
        .map(move |at| (from + at, from + at + mark.len()))
        .filter(move |(_, end)| is_whole(*end))
}

#[cfg(test)]
mod tests {
    use crate::parse::html::to_text;

    #[test]
    fn what_is_never_closed_swallows_nothing() {
        let table = [
            ("<title>Printer<body><p>Hello</p>", "Printer\n\nHello"),
            ("<title>a</title><TITLE class=x>b<p>Hello", "b\n\nHello"),
            ("<select><option>1<p>Hello</p>", "1\n\nHello"),
            ("<svg><g><p>Hello</p>", "Hello"),
            ("<svg width=1 /><p>Hello</p>", "Hello"),
            ("<!-- <p>Hello</p>", "Hello"),
            ("<!-- a --><p>Hello</p><!-- <p>more</p>", "Hello\n\nmore"),
            ("<style>p{}<body><p>Hello</p>", "p{}\n\nHello"),
            // What was hidden stays hidden.
            ("<p hidden>no</p>Hello<select>more", "Hellomore"),
            ("<styles>Hello", "Hello"),
        ];
        for (html, expected) in table {
            assert_eq!(to_text(html, usize::MAX), expected, "{html}");
        }
    }
}
