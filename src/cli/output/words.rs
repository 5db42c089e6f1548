//! Small things said in the same way everywhere.

use std::time::Duration;

use super::escape;
use crate::model::address::Address;
use crate::run::Counts;
use crate::store::AttemptRow;

pub use crate::model::json::time;

/// A span of time for people.
pub fn duration(span: Duration) -> String {
    if span < Duration::from_secs(10) {
        format!("{} ms", span.as_millis())
    } else {
        format!("{} s", span.as_secs())
    }
}

/// `2 created, 1 skipped`, or `nothing new`.
pub fn counts(counts: &Counts) -> String {
    let some: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    if some.is_empty() { "nothing new".to_owned() } else { some.join(", ") }
}

/// An attempt to deliver something.
pub fn attempt(attempt: &AttemptRow) -> String {
    let result = attempt.result.as_deref().unwrap_or("not ended");
    let took = attempt.duration_ms.map(|took| format!(" after {took} ms")).unwrap_or_default();
    let answer = attempt.answer.as_deref().filter(|answer| !answer.is_empty());
    let answer = answer.map(|answer| format!(": {answer}")).unwrap_or_default();
    format!("{} {result}{took}{answer}", time(attempt.began_at))
}

/// The addresses, separated by commas.
pub fn addresses(addresses: &[Address]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The text, or a dash where there is none.
pub fn or_dash(text: Option<&str>) -> &str {
    text.filter(|text| !text.is_empty()).unwrap_or("-")
}

/// A size for people.
pub fn size(octets: u64) -> String {
    match octets {
        0..1_000 => format!("{octets} B"),
        1_000..1_000_000 => format!("{} KB", octets / 1_000),
        1_000_000.. => format!("{} MB", octets / 1_000_000),
    }
}

/// The text, cut to so many characters with an ellipsis.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// ` (reason: error)`, or nothing where neither is known.
pub(crate) fn why(reason: Option<&str>, error: Option<&str>) -> String {
    let why: Vec<String> = reason.into_iter().chain(error).map(escape::line).collect();
    if why.is_empty() { String::new() } else { format!(" ({})", why.join(": ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::OutcomeWord;

    #[test]
    fn counts_hold_what_there_is() {
        let mut two = Counts::default();
        assert_eq!(counts(&two), "nothing new");
        two.add(OutcomeWord::Created);
        two.add(OutcomeWord::Created);
        two.add(OutcomeWord::Failed);
        assert_eq!(counts(&two), "2 created, 1 failed");
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(cut("Grüße", 4), "Grü…");
        assert_eq!(cut("Grüße", 5), "Grüße");
    }
}
