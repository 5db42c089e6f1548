//! Where a mail that is passed on begins in the text, and what its header block says.

use super::attribution;
use super::header_block;
use super::separator;

/// The header block of what is passed on.
pub(in crate::parse) struct Forwarded {
    /// What it says of the author.
    pub(in crate::parse) author: String,
    /// The subject, if it says one.
    pub(in crate::parse) subject: Option<String>,
    /// The line at which the text begins.
    pub(in crate::parse) body: usize,
    /// What told.
    pub(in crate::parse) by: Mark,
}

/// What tells that something is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parse) enum Mark {
    /// A line that says so.
    Line,
    /// A header block alone, which Outlook writes above what is answered, too.
    Block,
}

/// The most lines of a header block, and of what may stand before it.
const BLOCK: usize = 20;

/// Finds it behind the line that introduces it; without one a whole header block counts.
pub(in crate::parse) fn find(lines: &[&str]) -> Option<Forwarded> {
    let mut answers = false;
    for at in 0..lines.len() {
        let rest = lines.get(at..).unwrap_or_default();
        let passed_on = rest.first().is_some_and(|line| separator::is_forward(line));
        // Within what is answered it was passed on before.
        if passed_on || (!answers && separator::is_quoted_forward(lines, at)) {
            return block(lines, at + 1, Mark::Line);
        }
        if let Some(found) = header_block::find(rest) {
            // The length goes up to the first field.
            return block(lines, at + found.length - 1, Mark::Block);
        }
        answers |= attribution::find(rest).is_some();
    }
    None
}

/// Reads the block that begins at a line, behind blank ones.
fn block(lines: &[&str], from: usize, by: Mark) -> Option<Forwarded> {
    let bare = |line: &str| line.trim_start_matches(['>', ' ', '\t']).trim_end().to_owned();
    let (mut author, mut subject) = (None, None);
    let mut begun = false;
    for (at, line) in lines.iter().enumerate().skip(from).take(BLOCK) {
        let line = bare(line);
        if line.is_empty() {
            if begun {
                return Some(Forwarded { author: author?, subject, body: at + 1, by });
            }
            continue;
        }
        let field = header_block::field(&line);
        if field.is_none() && !begun {
            return None;
        }
        begun = true;
        match field {
            Some((header_block::Field::From, value)) => author = author.or(Some(value)),
            Some((header_block::Field::Subject, value)) => subject = subject.or(Some(value)),
            Some((header_block::Field::Other, _)) | None => {}
        }
    }
    None
}
