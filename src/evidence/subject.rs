//! Tags in a subject: `[support-12]`.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::ids::{TicketId, TicketRef};

/// A tag: no brackets or blanks inside, so that two tags are never taken for one.
static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[\s*([^\[\]\s]+-[0-9]+)\s*\]").expect("a constant pattern"));

/// The tags of a subject, leftmost first. Which queues there are is not known here.
pub(super) fn tags(subject: &str) -> impl Iterator<Item = TicketRef> {
    TAG.captures_iter(subject).filter_map(|found| ticket(found.get(1)?.as_str()))
}

/// Reads `support-12`; the slug may hold `-` itself.
///
/// A number too large for a ticket names one that cannot be there, which is not the same as naming none.
pub(super) fn ticket(text: &str) -> Option<TicketRef> {
    let (slug, number) = text.rsplit_once('-')?;
    Some(TicketRef { queue: slug.parse().ok()?, id: number_of(number)? })
}

/// Reads ASCII digits; what does not fit becomes the largest number.
pub(super) fn number_of(digits: &str) -> Option<TicketId> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| TicketId(digits.parse().unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_leftmost_first() {
        let table: [(&str, &[&str]); 9] = [
            ("Re: [support-12] Printer", &["support-12"]),
            ("[sales-3] Fwd: [support-12]", &["sales-3", "support-12"]),
            ("[c++-7] [a.b_c-d-8]", &["c++-7", "a.b_c-d-8"]),
            ("[ support-12 ]", &["support-12"]),
            ("support-12 (support-12) [support 12] [support-]", &[]),
            ("[support-１２]", &[]),
            ("[[support-12]]", &["support-12"]),
            ("[support-0012]", &["support-12"]),
            ("[support-99999999999999999999]", &["support-9223372036854775807"]),
        ];
        for (subject, expected) in table {
            let found: Vec<String> = tags(subject).map(|tag| tag.to_string()).collect();
            assert_eq!(found, expected, "{subject}");
        }
    }
}
