//! HTML elements, which cannot be written without escaping what is in them.

use std::fmt::{self, Display, Write as _};

/// An element with its attributes and what is within it.
#[derive(Debug, Clone)]
pub(super) struct Element {
    name: &'static str,
    attributes: String,
    content: String,
}

/// An empty element.
pub(super) fn element(name: &'static str) -> Element {
    Element { name, attributes: String::new(), content: String::new() }
}

impl Element {
    /// Gives it an attribute.
    pub(super) fn with(mut self, attribute: &str, value: impl Display) -> Self {
        // A String takes whatever is written to it.
        let _ = write!(self.attributes, " {attribute}=\"{}\"", escaped(&value.to_string()));
        self
    }

    /// Puts text behind what is in it.
    pub(super) fn text(mut self, text: impl Display) -> Self {
        self.content.push_str(&escaped(&text.to_string()));
        self
    }

    /// Puts an element behind what is in it.
    pub(super) fn add(mut self, child: Self) -> Self {
        let _ = write!(self.content, "{child}");
        self
    }

    /// Puts elements behind what is in it.
    pub(super) fn all(self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().fold(self, Self::add)
    }

    /// Makes it a style sheet, in which nothing is escaped and which is ours.
    pub(super) fn style(mut self, sheet: &'static str) -> Self {
        self.content.push_str(sheet);
        self
    }
}

impl Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, attributes, content } = self;
        match *name {
            // These have neither content nor an end (HTML, section 13.1.2).
            "meta" | "link" => writeln!(f, "<{name}{attributes}>"),
            "wbr" => write!(f, "<{name}>"),
            "body" | "head" | "main" | "section" | "table" | "tr" | "g" | "li" | "div" => {
                writeln!(f, "<{name}{attributes}>{content}</{name}>")
            }
            _ => write!(f, "<{name}{attributes}>{content}</{name}>"),
        }
    }
}

/// Harmless within an element and within the quotes of an attribute.
///
/// What has no shape or turns text around is shown as a replacement character, so that an address cannot pass for another.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                out.push('\u{FFFD}');
            }
            c if c.is_control() => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_put_in_gets_out() {
        let hostile = "\"><script>alert('x')</script>&\u{202e}\u{0}";
        let shown = "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;\u{FFFD}\u{FFFD}";
        let made = element("td").with("title", hostile).text(hostile).add(element("b").text("<"));
        assert_eq!(made.to_string(), format!("<td title=\"{shown}\">{shown}<b>&lt;</b></td>"));
    }
}
