//! Where the quotation begins: behind an introduction, at quoted lines at the end, or below our own marker line.

use super::attribution;
use super::backing;
use super::header_block;
use super::separator;
use super::signature;
use super::{is_own, is_quoted};

/// What the line of our own mails begins and ends with above which people are asked to write, in every language:
/// `##- Please write your reply above this line -##`.
const MARKS: (&str, &str) = ("##-", "-##");

/// What introduces a quotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Introduction {
    /// How many lines it takes.
    pub(super) length: usize,
    /// Whether it says what no one but a mail program writes there.
    pub(super) backed: bool,
}

/// Where a text was cut, and how sure that is.
pub(super) struct Cut<'l, 't> {
    /// What is new.
    pub(super) head: &'l [&'t str],
    /// What told.
    pub(super) by: Sign,
}

/// What told where the quotation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Words that introduce a quotation or a mail that is passed on.
    Words,
    /// The marks in front of the last lines, or nothing at all.
    Marks,
}

/// Cuts at the first introduction of a quote below which nothing is written, else the quoted lines at the end.
///
/// In a mail that is no answer, people quote what is no mail: there an introduction must be backed.
pub(super) fn without<'l, 't>(lines: &'l [&'t str], is_answer: bool) -> Cut<'l, 't> {
    let lines = above_marker(lines);
    let last_own = lines.iter().rposition(|line| is_own(line));
    let by_words = |head| Cut { head, by: Sign::Words };
    for at in 0..lines.len() {
        let rest = lines.get(at..).unwrap_or_default();
        // What is forwarded is news to the reader, its header block included.
        let passed_on = rest.first().is_some_and(|line| separator::is_forward(line));
        if passed_on || separator::is_quoted_forward(lines, at) {
            return by_words(lines);
        }
        let Some(Introduction { length, backed }) = introduction(rest) else { continue };
        let quote = rest.get(length..).unwrap_or_default();
        let marked = quote.iter().find(|line| !line.trim().is_empty()).is_some_and(|line| is_quoted(line));
        if !(backed || marked && is_answer) {
            continue;
        }
        let head = lines.get(..at).unwrap_or_default();
        // Below a marked quote anything unmarked is an answer; an unmarked quote goes on to the end.
        let answered = marked && last_own.is_some_and(|own| own >= at + length && !is_only_signature(quote));
        return by_words(if !answered && head.iter().any(|line| is_own(line)) { head } else { lines });
    }
    let head = lines.get(..last_own.map_or(0, |at| at + 1)).unwrap_or_default();
    let interleaved = head.iter().any(|line| is_quoted(line));
    let is_old = is_answer && !interleaved && !last_own.is_some_and(|at| introduces(lines, at));
    Cut { head: if is_old { head } else { lines }, by: Sign::Marks }
}

/// Whether somebody quotes what belongs to the question, `The manual says:`; programs add a date, an address or at least
/// a word of writing.
fn introduces(lines: &[&str], at: usize) -> bool {
    lines.get(at).is_some_and(|line| {
        let by_program =
            backing::has_address(line) || backing::has_full_date(line) || attribution::ends(line);
        line.trim_end().ends_with([':', '：']) && !by_program
    })
}

/// Whether all that is unmarked below a quote is a signature.
fn is_only_signature(quote: &[&str]) -> bool {
    let first_own = quote.iter().position(|line| is_own(line));
    first_own.and_then(|at| quote.get(at..)).is_some_and(signature::is_marked)
}

/// What introduces a quote here, if anything does.
fn introduction(lines: &[&str]) -> Option<Introduction> {
    let first = lines.first()?.trim();
    if first.is_empty() || is_quoted(first) {
        return None;
    }
    attribution::find(lines)
        .or_else(|| separator::is_original(first).then_some(Introduction { length: 1, backed: true }))
        .or_else(|| header_block::find(lines))
}

/// The lines above our marker, unless somebody wrote between the quoted lines below it.
fn above_marker<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let is_marker = |line: &&str| {
        let bare = line.trim_start_matches([' ', '>', '\t']).trim_end();
        bare.len() > MARKS.0.len() + MARKS.1.len() && bare.starts_with(MARKS.0) && bare.ends_with(MARKS.1)
    };
    let Some(at) = lines.iter().position(is_marker) else { return lines };
    let (head, below) = lines.split_at(at);
    let quoted = below.first().is_some_and(|line| is_quoted(line));
    let answered = quoted && below.iter().any(|line| is_own(line)) && !signature::is_all_of(below);
    if answered || !head.iter().any(|line| is_own(line)) { lines } else { head }
}
