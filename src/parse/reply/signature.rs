//! Signatures: below their mark (RFC 3676 section 4.3), and the footers that telephones add.

use super::backing;
use super::footer::is_footer;
use super::{is_own, is_quoted};

/// The longest signature, in lines.
const LONGEST: usize = 20;

/// Cuts the signature and the footer, if something stands above.
pub(super) fn without<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    // The network's footer may stand above the program's.
    without_footer(without_footer(without_marked(lines)))
}

/// Whether the first of these lines marks a signature: `-- `, and `--` where its blank was lost.
pub(super) fn is_marked(lines: &[&str]) -> bool {
    match lines.first() {
        Some(&"-- ") => true,
        Some(&"--") => is_contact(lines.get(1..).unwrap_or_default()),
        Some(_) | None => false,
    }
}

/// A name and how to reach somebody, in one paragraph: people part their own words with `--`, too.
fn is_contact(lines: &[&str]) -> bool {
    const LINES: usize = 10;
    const LINE: usize = 80;
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    let lines = lines.get(..end).unwrap_or_default();
    let reaches = |line: &&str| {
        let is_link = line.contains("://") || line.contains("www.");
        is_link || backing::has_address(line) || line.chars().filter(|c| c.is_numeric()).count() >= 7
    };
    let is_short = |line: &&str| !line.is_empty() && line.len() <= LINE && !line.ends_with(['?', '!', ':']);
    lines.len() <= LINES
        && lines.iter().all(is_short)
        && lines.first().is_some_and(|line| !reaches(line))
        && lines.iter().any(reaches)
}

/// Whether all that is unmarked among these lines is a signature.
pub(super) fn is_all_of(quote: &[&str]) -> bool {
    let first_own = quote.iter().position(|line| is_own(line));
    let Some(below) = first_own.and_then(|at| quote.get(at..)) else { return false };
    is_marked(below) || below.first().is_some_and(|line| is_footer(line))
}

fn without_marked<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    let written = lines.get(..end).unwrap_or_default();
    let Some(at) = (0..end).rev().find(|at| written.get(*at..).is_some_and(is_marked)) else { return lines };
    let (head, signature) = lines.split_at(at);
    let sound = signature.len() <= LONGEST
        && !signature.iter().any(|line| is_quoted(line))
        && head.iter().any(|line| !line.trim().is_empty());
    if sound { head } else { lines }
}

/// The last line that says anything, and a rule above it.
fn without_footer<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let Some(last) = lines.iter().rposition(|line| !line.trim().is_empty()) else { return lines };
    if !lines.get(last).is_some_and(|line| is_footer(line)) {
        return lines;
    }
    let head = lines.get(..last).unwrap_or_default();
    let ruled = head.iter().rposition(|line| !line.trim().is_empty()).filter(|at| {
        head.get(*at)
            .is_some_and(|line| line.trim().len() >= 3 && line.trim().chars().all(|c| "-_—".contains(c)))
    });
    let head = ruled.and_then(|at| head.get(..at)).unwrap_or(head);
    if head.iter().any(|line| !line.trim().is_empty()) { head } else { lines }
}
