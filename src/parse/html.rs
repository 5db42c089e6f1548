//! HTML to plain text, as a person would read it aloud to a colleague: paragraphs, bullets, quotes, link addresses.
//!
//! One pass over the tokens, no tree: time and memory are linear, whatever is nested or never closed. Style sheets are
//! not applied; only what is hidden by its own attributes is left out.

use std::convert::Infallible;

use html5gum::{DefaultEmitter, Error, StartTag, Token, Tokenizer};

use super::cells::Tables;
use super::limits;
use super::quotation::Quotation;
use super::sight::Sight;
use super::unclosed;

/// The text of an HTML document or fragment, a little more than `most` octets of it.
///
/// Something hidden that is never closed would swallow the rest, and a page of which nothing is seen is not what its
/// author wanted: in these all is shown.
pub(super) fn to_text(html: &str, most: usize) -> String {
    let page = walk(html, Hidden::Dropped, most);
    if page.is_closed() && !page.out.is_empty() {
        return page.out;
    }
    let html = unclosed::mended(html, &DROPPED);
    let page = walk(&html, Hidden::Dropped, most);
    if page.is_closed() && !page.out.is_empty() { page.out } else { walk(&html, Hidden::Shown, most).out }
}

/// The text before the first quotation, as mail programs mark it; `None` if there is none or something stands behind it.
pub(super) fn before_quote(html: &str, most: usize) -> Option<String> {
    let page = walk(html, Hidden::Dropped, most);
    let end = page.quotation.begins().filter(|_| page.is_closed())?;
    page.out.get(..end).map(str::to_owned)
}

/// Line ends in a row that preformatted text may hold.
const BLANK_LINES: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hidden {
    Dropped,
    Shown,
}

fn walk(html: &str, hidden: Hidden, most: usize) -> Page {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut page = Page::new(hidden);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let token: Result<Token, Infallible> = token;
        match token {
            Ok(Token::StartTag(tag)) => page.start(&tag),
            Ok(Token::EndTag(tag)) => page.end(&String::from_utf8_lossy(&tag.name)),
            Ok(Token::String(text)) => page.text(&String::from_utf8_lossy(&text)),
            Ok(Token::Error(error)) => page.cut |= *error == Error::EofInComment,
            Ok(Token::Comment(_) | Token::Doctype(_)) | Err(_) => {}
        }
        if page.out.len() > most {
            break;
        }
    }
    page.close_link();
    page
}

/// What stands between two pieces of text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    Blank,
    /// So many cells of a table begin.
    Cells(usize),
}

struct Page {
    out: String,
    hidden: Hidden,
    /// The element that is left out whatever it holds, and how many of its name are open.
    skipped: Option<(String, usize)>,
    sight: Sight,
    /// Whether a comment swallowed the end.
    cut: bool,
    /// Line ends owed before the next text, at most two.
    breaks: usize,
    gap: Gap,
    quotes: usize,
    /// The depth of the line that is written.
    quoted: usize,
    /// The open lists; a number for each ordered one.
    lists: Vec<Option<i32>>,
    tables: Tables,
    marker: Option<String>,
    link: Option<(String, usize)>,
    preformatted: usize,
    quotation: Quotation,
}

impl Page {
    fn new(hidden: Hidden) -> Self {
        Self {
            out: String::new(),
            hidden,
            skipped: None,
            sight: Sight::default(),
            cut: false,
            breaks: 0,
            gap: Gap::None,
            quotes: 0,
            quoted: 0,
            lists: Vec::new(),
            tables: Tables::default(),
            marker: None,
            link: None,
            preformatted: 0,
            quotation: Quotation::default(),
        }
    }

    /// Whether all that was left out was also closed.
    fn is_closed(&self) -> bool {
        self.skipped.is_none() && !self.sight.hides() && !self.cut
    }

    fn start(&mut self, tag: &StartTag<()>) {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        if let Some((skipped, open)) = &mut self.skipped {
            *open += usize::from(*skipped == name);
            return;
        }
        if DROPPED.contains(&name.as_str()) && !(name == "svg" && tag.self_closing) {
            self.skipped = Some((name, 1));
            return;
        }
        if self.hidden == Hidden::Dropped && !is_void(&name) {
            self.sight.start(&name, tag);
        }
        if self.sight.is_gone() {
            return;
        }
        self.quotation.start(&name, tag, self.out.len());
        self.owe(self.breaks_around(&name));
        match name.as_str() {
            "br" => self.breaks = (self.breaks + 1).min(2),
            "hr" => self.text("----------"),
            "blockquote" => self.quotes += 1,
            "pre" => self.preformatted += 1,
            "ul" | "menu" => self.lists.push(None),
            "ol" => self.lists.push(Some(number(tag, b"start").unwrap_or(1))),
            "li" => self.bullet(number(tag, b"value")),
            "table" => self.tables.open(tag),
            "tr" => self.tables.row(),
            "td" | "th" => self.cell(&name),
            "img" => match attribute(tag, b"alt").trim() {
                "" => {}
                // A picture has its own size.
                alternative => self.words(&format!("[{alternative}]")),
            },
            "a" => {
                self.close_link();
                self.link = Some((attribute(tag, b"href"), self.out.len()));
            }
            _ => {}
        }
        if name == "hr" {
            self.owe(1);
        }
    }

    fn end(&mut self, name: &str) {
        if let Some((skipped, open)) = &mut self.skipped {
            if skipped == name {
                *open -= 1;
            }
            if *open == 0 {
                self.skipped = None;
            }
            return;
        }
        if self.sight.end(name) {
            return;
        }
        self.quotation.end(name);
        match name {
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "pre" => self.preformatted = self.preformatted.saturating_sub(1),
            "ul" | "ol" | "menu" => {
                self.lists.pop();
                self.marker = None;
            }
            "a" => self.close_link(),
            "table" => self.tables.close(),
            // A lone </p> is an empty paragraph, a lone </br> a break, to browsers; mails hold both by mistake.
            _ => {}
        }
        self.owe(self.breaks_around(name));
    }

    /// A list within a list is a part of its point.
    fn breaks_around(&self, name: &str) -> usize {
        let within = matches!(name, "ul" | "ol" | "menu") && !self.lists.is_empty();
        if within { 1 } else { breaks_around(name) }
    }

    fn owe(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }

    fn bullet(&mut self, value: Option<i32>) {
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(4));
        self.marker = Some(match self.lists.last_mut() {
            Some(Some(next)) => {
                let number = value.unwrap_or(*next);
                *next = number.saturating_add(1);
                format!("{indent}{number}. ")
            }
            Some(None) | None => format!("{indent}- "),
        });
    }

    fn cell(&mut self, name: &str) {
        if self.tables.cell(name) {
            let before = if let Gap::Cells(cells) = self.gap { cells } else { 0 };
            self.gap = Gap::Cells(before + 1);
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipped.is_none() && !self.sight.is_hidden() {
            self.words(text);
        }
    }

    fn words(&mut self, text: &str) {
        if self.preformatted > 0 {
            for (at, line) in text.split('\n').enumerate() {
                self.breaks = (self.breaks + usize::from(at > 0)).min(BLANK_LINES);
                self.word(line.trim_end_matches('\r'));
            }
            return;
        }
        let mut words = text.split([' ', '\t', '\n', '\r', '\u{c}']);
        if let Some(first) = words.next() {
            self.word(first);
        }
        for word in words {
            if self.gap == Gap::None {
                self.gap = Gap::Blank;
            }
            self.word(word);
        }
    }

    /// Writes what has no blanks to collapse, after what is owed before it.
    fn word(&mut self, word: &str) {
        let word: String = word.chars().filter_map(visible).collect();
        // A paragraph of nothing but a fixed blank is how Outlook writes an empty line.
        let opens = self.breaks > 0 || self.out.is_empty();
        let begins = opens || matches!(self.gap, Gap::Cells(_));
        if word.is_empty() || (begins && self.preformatted == 0 && word.trim().is_empty()) {
            return;
        }
        self.quotation.word();
        if opens {
            let columns = self.tables.lead();
            self.open_line();
            self.out.extend(std::iter::repeat_n('\t', columns));
        } else {
            match self.gap {
                Gap::None => {}
                Gap::Blank => self.out.push(' '),
                Gap::Cells(cells) => self.out.extend(std::iter::repeat_n('\t', cells)),
            }
        }
        self.gap = Gap::None;
        self.out.push_str(&word);
    }

    fn open_line(&mut self) {
        let depth = self.quotes.min(limits::QUOTE_DEPTH);
        let quotes = "> ".repeat(depth);
        if !self.out.is_empty() {
            // A blank line between two depths belongs to the shallower.
            let between = "> ".repeat(depth.min(self.quoted));
            for _ in 1..self.breaks {
                self.out.push('\n');
                self.out.push_str(between.trim_end());
            }
            self.out.push('\n');
        }
        self.breaks = 0;
        self.quoted = depth;
        self.out.push_str(&quotes);
        if let Some(marker) = self.marker.take() {
            self.out.push_str(&marker);
        }
    }

    /// Adds the address of a link that its text does not already give.
    fn close_link(&mut self) {
        let Some((href, start)) = self.link.take() else { return };
        let href: String =
            href.chars().filter(|c| !c.is_control() && !c.is_whitespace()).take(limits::LINK).collect();
        let known = ["http://", "https://", "ftp://", "mailto:", "tel:"];
        let written = self.out.get(start..).unwrap_or_default().trim();
        let lower = href.to_ascii_lowercase();
        if !known.iter().any(|scheme| lower.starts_with(scheme)) || written.is_empty() {
            return;
        }
        if core(written) != core(&href) {
            self.out.push_str(&format!(" <{href}>"));
        }
    }
}

/// What is compared of a link and its text.
fn core(link: &str) -> String {
    let lower = link.to_lowercase();
    let mut rest = lower.trim_matches(|c: char| c.is_whitespace() || c == '<' || c == '>');
    for prefix in ["http://", "https://", "mailto:", "tel:", "www."] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    rest.trim_end_matches('/').to_owned()
}

/// Fixed blanks become blanks, marks that only shape lines or pad previews go.
fn visible(letter: char) -> Option<char> {
    match letter {
        '\u{a0}' | '\u{202f}' | '\u{2007}' => Some(' '),
        '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{34f}' => None,
        _ => Some(letter),
    }
}

/// Elements whose content is no text.
const DROPPED: [&str; 9] =
    ["script", "style", "title", "template", "noscript", "iframe", "object", "svg", "select"];

fn is_void(name: &str) -> bool {
    matches!(name, "br" | "hr" | "img" | "input" | "meta" | "link" | "col" | "wbr" | "base" | "body" | "html")
}

fn number(tag: &StartTag<()>, name: &[u8]) -> Option<i32> {
    attribute(tag, name).trim().parse().ok()
}

/// The value of an attribute; empty if there is none.
pub(super) fn attribute(tag: &StartTag<()>, name: &[u8]) -> String {
    tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

/// The line ends that an element wants before and after itself.
fn breaks_around(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "table" | "blockquote" | "pre" => 2,
        "div" | "li" | "tr" | "hr" | "section" | "article" | "header" | "footer" | "address" | "dl"
        | "dt" | "dd" | "center" | "form" | "fieldset" | "figure" | "figcaption" | "main" | "nav"
        | "aside" | "tbody" | "thead" | "tfoot" | "caption" | "body" | "details" | "summary" => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_reads_as_text() {
        let table = [
            ("<p>one</p><p>two</p>", "one\n\ntwo"),
            ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
            ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
            ("a<br><br><br><br><br>b", "a\n\nb"),
            ("  a \n\t b <b>c</b>d  ", "a b cd"),
            ("<h1>T</h1>text", "T\n\ntext"),
            ("<ul><li>a<li>b<ul><li>c</ul></ul>x", "- a\n- b\n  - c\n\nx"),
            ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
            ("<ol start=5><li>a<li value=9>b<li>c</ol><ol start=x><li>d</ol>", "5. a\n9. b\n10. c\n\n1. d"),
            ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a\tb\nc\td"),
            ("a &amp; b&nbsp;&lt;c&gt; &#252; &euro;", "a & b <c> ü €"),
            ("<a href='https://x.example/'>here</a>.", "here <https://x.example/>."),
            ("<a href='https://x.example/'>x.example</a>", "x.example"),
            ("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example"),
            ("<a href='javascript:x()'>a</a> <a href='#t'>b</a> <a href='https://x.example'></a>", "a b"),
            (
                "<a href=https://x.example>one<a href=https://y.example>two",
                "one <https://x.example>two <https://y.example>",
            ),
            ("<head><title>T</title><style>p{}</style></head><body>x<script>y()</script></body>", "x"),
            ("<!-- c --><!DOCTYPE html><!--[if mso]>no<![endif]-->yes", "yes"),
            ("<span style='Display : none'>pre<span>view</span></span>seen", "seen"),
            ("<p hidden>no</p>yes", "yes"),
            ("<div style='display:none'>never closed", "never closed"),
            ("<blockquote><p>q1</p><p>q2</p></blockquote>answer", "> q1\n>\n> q2\n\nanswer"),
            ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n> > b"),
            ("<pre>a\n  b\n</pre>c", "a\n  b\n\nc"),
            ("a<hr>b", "a\n----------\nb"),
            ("<img alt='Logo'><img src=x>", "[Logo]"),
            ("a\u{200b}b\u{ad}c", "abc"),
            ("</div></blockquote></ul></a>x", "x"),
            ("plain < text > here", "plain < text > here"),
            ("", ""),
        ];
        for (html, expected) in table {
            assert_eq!(to_text(html, usize::MAX), expected, "{html}");
        }
    }

    #[test]
    fn hostile_html_is_read_in_linear_time() {
        for piece in [
            "<div>",
            "<blockquote>x",
            "<a href=x>",
            "<ul><li>x",
            "</p>",
            "<!--",
            "<p hidden>",
            "&amp",
            "<x a=1 ",
        ] {
            to_text(&piece.repeat(200_000 / piece.len()), usize::MAX);
        }
    }
}
