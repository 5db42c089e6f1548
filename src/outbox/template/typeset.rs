//! From the words of a notification to paragraphs and quotations.
//!
//! Text and HTML always say the same because the HTML is made of the text: paragraphs are parted by empty lines, lines
//! that begin with `>` are a quotation.

use minijinja::HtmlEscape;
use minijinja::value::{Rest, Value};

/// A paragraph or a quotation.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    is_quote: bool,
    lines: Vec<String>,
}

/// The text as a quotation.
pub(super) fn quoted(text: &str) -> String {
    let lines = text.lines().map(|line| if line.is_empty() { ">".to_owned() } else { format!("> {line}") });
    lines.collect::<Vec<_>>().join("\n")
}

/// The blocks of a text, as the layout sees them: `quote` and `lines`.
pub(super) fn blocks(text: &str) -> Value {
    let value = |block: Block| {
        Value::from_pairs([
            ("quote", Value::from(block.is_quote)),
            ("lines", block.lines.into_iter().map(Value::from).collect()),
        ])
    };
    split(text).into_iter().map(value).collect()
}

/// What no line is broken in, besides the names of tickets.
const WHOLE: [&str; 3] = ["E-Mail", "e-mail", "E-mail"];

/// A line as HTML in which these words are not broken at their hyphens.
pub(super) fn unbroken(line: &str, words: Rest<Value>) -> Value {
    let given: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    let mut html = HtmlEscape(line).to_string();
    for word in given.into_iter().chain(WHOLE) {
        // Neither slugs nor those words hold what is escaped.
        html = html.replace(word, &format!("<span style=\"white-space:nowrap\">{word}</span>"));
    }
    Value::from_safe_string(html)
}

fn split(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            goes_on = false;
            continue;
        }
        let (is_quote, bare) = match line.strip_prefix('>') {
            Some(bare) => (true, bare.strip_prefix(' ').unwrap_or(bare)),
            None => (false, line),
        };
        match blocks.last_mut() {
            Some(last) if goes_on && last.is_quote == is_quote => last.lines.push(bare.to_owned()),
            Some(_) | None => blocks.push(Block { is_quote, lines: vec![bare.to_owned()] }),
        }
        goes_on = true;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tickets_stay_whole_and_the_rest_is_escaped() {
        let words = Rest(vec![Value::from("a-1"), Value::from(())]);
        let html = unbroken("<b> a-1", words).to_string();
        assert_eq!(html, "&lt;b&gt; <span style=\"white-space:nowrap\">a-1</span>");
    }

    #[test]
    fn empty_lines_part_paragraphs_and_quotations_keep_theirs() {
        let text = format!("one\ntwo\n\nthree\n{}\nfour\n", quoted("a\n\n  b\n> c"));
        let shown: Vec<(bool, Vec<String>)> =
            split(&text).into_iter().map(|block| (block.is_quote, block.lines)).collect();
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            shown,
            [
                (false, lines(&["one", "two"])),
                (false, lines(&["three"])),
                (true, lines(&["a", "", "  b", "> c"])),
                (false, lines(&["four"])),
            ]
        );
    }
}
