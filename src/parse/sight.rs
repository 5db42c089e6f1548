//! Which text of an HTML page is seen: the elements that are open, and what their own attributes hide.
//!
//! What an element hides is hidden in all that it holds; the size of letters and their visibility are what the nearest
//! element says that says anything.

use std::collections::HashMap;

use html5gum::StartTag;

use super::html::attribute;

/// How many open elements are searched for the one that an end tag within a line may close.
const SEARCHED: usize = 100;

/// The open elements.
#[derive(Debug, Default)]
pub(super) struct Sight {
    open: Vec<Element>,
    /// How many elements of each name are open: an end tag without one is not searched for.
    named: HashMap<String, usize>,
}

#[derive(Debug)]
struct Element {
    name: String,
    seen: Seen,
}

/// How the text of an element is seen.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    /// It or an element around it is not there at all.
    gone: bool,
    /// Its letters have no size.
    tiny: bool,
    /// It keeps its place but does not show.
    invisible: bool,
}

impl Sight {
    /// Whether nothing here can be seen, whatever is still to be opened.
    pub(super) fn is_gone(&self) -> bool {
        self.seen().gone
    }

    /// Whether text here is not seen.
    pub(super) fn is_hidden(&self) -> bool {
        let seen = self.seen();
        seen.gone || seen.tiny || seen.invisible
    }

    /// Whether any open element hides its text.
    pub(super) fn hides(&self) -> bool {
        self.open.iter().any(|Element { seen, .. }| seen.gone || seen.tiny || seen.invisible)
    }

    /// An element begins that will have an end.
    pub(super) fn start(&mut self, name: &str, tag: &StartTag<()>) {
        // Elements whose end may be left out.
        match name {
            "td" | "th" => self.close(&["td", "th"], &["table", "tr"]),
            "tr" => self.close(&["tr"], &["table"]),
            "li" => self.close(&["li"], &["ul", "ol", "menu"]),
            "p" => self.close(&["p"], &["td", "th", "div", "blockquote", "li"]),
            _ => {}
        }
        let seen = self.seen().within(tag);
        *self.named.entry(name.to_owned()).or_default() += 1;
        self.open.push(Element { name: name.to_owned(), seen });
    }

    /// The element of that name that was opened last ends, with all that is open in it; whether it was gone.
    pub(super) fn end(&mut self, name: &str) -> bool {
        let was_gone = self.is_gone();
        if self.named.get(name).is_none_or(|open| *open == 0) {
            return was_gone;
        }
        if is_within_line(name) {
            // It ends nothing that holds lines, such as the cell in which it stands by mistake.
            self.close_if(|open| open == name, |open| !is_within_line(open));
            return was_gone;
        }
        while let Some(closed) = self.open.pop() {
            self.forget(&closed.name);
            if closed.name == name {
                return closed.seen.gone;
            }
        }
        was_gone
    }

    fn close(&mut self, names: &[&str], bounds: &[&str]) {
        self.close_if(|open| names.contains(&open), |open| bounds.contains(&open));
    }

    /// Closes the innermost element that is wanted, unless a bound stands before it.
    fn close_if(&mut self, wanted: impl Fn(&str) -> bool, bound: impl Fn(&str) -> bool) {
        let names = self.open.iter().rev().map(|element| element.name.as_str()).take(SEARCHED);
        let Some(at) = names.take_while(|name| wanted(name) || !bound(name)).position(&wanted) else {
            return;
        };
        for closed in self.open.split_off(self.open.len() - 1 - at) {
            self.forget(&closed.name);
        }
    }

    fn forget(&mut self, name: &str) {
        if let Some(open) = self.named.get_mut(name) {
            *open -= 1;
        }
    }

    fn seen(&self) -> Seen {
        self.open.last().map(|element| element.seen).unwrap_or_default()
    }
}

impl Seen {
    /// How the text of an element with this tag is seen that stands in one that is seen so.
    fn within(self, tag: &StartTag<()>) -> Self {
        let mut seen = self;
        seen.gone |= tag.attributes.contains_key(b"hidden".as_slice());
        let style: String = attribute(tag, b"style").to_ascii_lowercase();
        let (mut flat, mut clipped) = (false, false);
        for declaration in style.split(';') {
            let Some((name, value)) = declaration.split_once(':') else { continue };
            let value: String = value.split_whitespace().collect::<Vec<_>>().join(" ");
            let value = value.trim_end_matches("!important").trim_end();
            match name.trim() {
                "display" => seen.gone |= value == "none",
                // How the preview line of a newsletter is hidden. What only Outlook hides (mso-hide) all others show.
                "max-height" | "opacity" => seen.gone |= is_nothing(value),
                "height" => flat = is_nothing(value),
                "overflow" | "overflow-y" => clipped = matches!(value, "hidden" | "clip"),
                "visibility" if value != "inherit" => {
                    seen.invisible = matches!(value, "hidden" | "collapse");
                }
                "font-size" => seen.size(value),
                "font" => {
                    value.split(' ').map(|word| word.split('/').next().unwrap_or(word)).for_each(|word| {
                        if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
                            // A lone number is the weight.
                            if !word.ends_with(|c: char| c.is_ascii_digit()) || is_nothing(word) {
                                seen.size(word);
                            }
                        }
                    })
                }
                _ => {}
            }
        }
        seen.gone |= flat && clipped;
        seen
    }

    /// A part of nothing is nothing.
    fn size(&mut self, value: &str) {
        let is_part = (value.ends_with("em") && !value.ends_with("rem")) || value.ends_with('%');
        if value != "inherit" && !(self.tiny && is_part) {
            self.tiny = is_nothing(value);
        }
    }
}

/// Zero, in whatever unit.
fn is_nothing(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    number.parse::<f32>().is_ok_and(|number| number == 0.0)
}

/// Elements that hold words, not lines.
fn is_within_line(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "b"
            | "big"
            | "cite"
            | "code"
            | "em"
            | "font"
            | "i"
            | "label"
            | "q"
            | "s"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "tt"
            | "u"
    ) || name.contains(':')
}

#[cfg(test)]
mod tests {
    use crate::parse::html::to_text;

    #[test]
    fn what_is_hidden_is_left_out_and_no_more() {
        let table = [
            // Every mail of MJML.
            ("<td style='font-size:0px;padding:10px'><div style='font-size:13px'>Hello</div></td>", "Hello"),
            (
                "<div style='font-size:0'>no<p style='font-size:1rem'>yes<b>yes</b></p>no</div>yes",
                "yesyes\n\nyes",
            ),
            ("<div style='font-size:0'><p style='font-size:100%'>no</p></div>yes", "yes"),
            ("<div style='font:0/0 a'>no</div>yes", "yes"),
            ("<div style='font:bold 12px/0 a'>yes</div>", "yes"),
            ("<div style='visibility:hidden'>no<i style='visibility:visible'>yes</i></div>", "yes"),
            ("<div style='display:none'><b style='font-size:12px'>no</b></div>yes", "yes"),
            ("<div style='mso-hide:all'>yes</div>", "yes"),
            ("<div style='height:0;overflow:hidden'>no</div>yes", "yes"),
            ("<div style='height:0px'>yes</div>", "yes"),
            ("<div style='max-height:0;overflow:hidden'>no</div>yes", "yes"),
            ("<div style='MAX-HEIGHT: 0px !important'>no</div>yes", "yes"),
            ("<div style='opacity:0.9'>yes</div>", "yes"),
            // Ends that are left out or misplaced.
            ("<table><tr><td style='font-size:0'>no<td>yes</table>", "yes"),
            ("<p style='display:none'>no<p>yes", "yes"),
            ("<td><span style='display:none'>no</td><td>yes</td>", "yes"),
            ("<b><div style='display:none'>no</b>no</div>yes", "yes"),
            // Nothing would remain.
            ("<div style='font-size:0'>all of it</div>", "all of it"),
            ("<div style='display:none'>all of it</div>", "all of it"),
        ];
        for (html, expected) in table {
            assert_eq!(to_text(html, usize::MAX), expected, "{html}");
        }
    }

    #[test]
    fn elements_that_are_never_closed_are_read_in_linear_time() {
        for piece in ["<p style=font-size:0>", "<span></b>", "<b><div><i>", "<td></table>", "<x></p>"] {
            let page = piece.repeat(1_000_000 / piece.len());
            to_text(&format!("{page}{}", "</b></div>".repeat(50_000)), usize::MAX);
        }
    }
}
