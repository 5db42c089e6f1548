//! Numbers, times and dates as the page writes them.

use jiff::civil::Date;

use crate::model::outbox::OutboxState;
use crate::model::outcome::OutcomeWord;

/// `12,345`.
pub(super) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number on an axis, where a phone has room for five characters: `500`, `5,000`, `15k`, `2M`, `1.5M`.
pub(super) fn tick(count: u64) -> String {
    const THOUSAND: u64 = 1_000;
    const MILLION: u64 = 1_000_000;
    match count {
        // Above the first few, ticks are round.
        MILLION.. if count.is_multiple_of(MILLION) => format!("{}M", number(count / MILLION)),
        MILLION.. if count.is_multiple_of(MILLION / 10) => {
            format!("{}.{}M", count / MILLION, count % MILLION / (MILLION / 10))
        }
        10_000.. if count.is_multiple_of(THOUSAND) => format!("{}k", number(count / THOUSAND)),
        _ => number(count),
    }
}

/// `1 message`, `2 messages`.
pub(super) fn counted(count: u64, thing: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{} {thing}{end}", number(count))
}

/// The two largest units: `45 s`, `2 min 10 s`, `1 h 5 min`, `3 d`.
pub(super) fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let place = units.iter().position(|(size, _)| seconds >= *size).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let parts = units.iter().skip(place).take(2).filter_map(|(size, unit)| {
        let count = rest / size;
        rest %= size;
        (count > 0 || seconds == 0).then(|| format!("{count} {unit}"))
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// As short as it can be: `30s`, `5m`, `6h`, `1d`.
pub(super) fn edge(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        86_400.. => format!("{}d", seconds / 86_400),
    }
}

/// `3 Nov 2026`.
pub(super) fn date(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

/// `3 Nov`.
pub(super) fn day(date: Date) -> String {
    date.strftime("%-d %b").to_string()
}

/// The text, cut to so many characters with an ellipsis.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// A word that has a column in tables and a colour in plots.
pub(super) trait Word: Copy + PartialEq + 'static {
    /// All of them, as they are stacked.
    const ALL: &'static [Self];
    /// The word of the contract.
    fn as_str(self) -> &'static str;
    /// The class of the style sheet that colours it.
    fn class(self) -> &'static str;
}

impl Word for OutcomeWord {
    const ALL: &'static [Self] = &OutcomeWord::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }

    fn class(self) -> &'static str {
        match self {
            Self::Created => "blue",
            Self::Updated => "sky",
            Self::Reopened => "green",
            Self::Duplicate => "slate",
            Self::Skipped => "amber",
            Self::Ignored => "grey",
            Self::Deferred => "pink",
            Self::Failed => "red",
        }
    }
}

impl Word for OutboxState {
    const ALL: &'static [Self] = &[
        Self::Sent,
        Self::Bounced,
        Self::Failed,
        Self::Expired,
        Self::Queued,
        Self::Sending,
        Self::Cancelled,
        Self::Suppressed,
    ];

    fn as_str(self) -> &'static str {
        self.as_str()
    }

    fn class(self) -> &'static str {
        match self {
            Self::Sent => "blue",
            Self::Bounced => "amber",
            Self::Failed => "red",
            Self::Expired => "pink",
            Self::Queued => "sky",
            Self::Sending => "green",
            Self::Cancelled => "slate",
            Self::Suppressed => "grey",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_written_for_people() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 500, 9_000, 10_000, 15_000].map(tick), ["0", "500", "9,000", "10k", "15k"]);
        assert_eq!([500_000, 1_000_000, 1_500_000].map(tick), ["500k", "1M", "1.5M"]);
        assert_eq!([10_001, 1_000_001].map(tick), ["10,001", "1,000,001"]);
        assert_eq!(
            (counted(1, "ticket"), counted(2, "ticket")),
            ("1 ticket".to_owned(), "2 tickets".to_owned())
        );
        let spans = [0, 45, 60, 130, 3_600, 3_905, 86_399, 259_200, 100_000];
        let written =
            ["0 s", "45 s", "1 min", "2 min 10 s", "1 h", "1 h 5 min", "23 h 59 min", "3 d", "1 d 3 h"];
        assert_eq!(spans.map(span), written);
        assert_eq!([30, 300, 21_600, 86_400].map(edge), ["30s", "5m", "6h", "1d"]);
        assert_eq!(date(jiff::civil::date(2026, 11, 3)), "3 Nov 2026");
        assert_eq!((cut("Grüße", 4), cut("Grüße", 5)), ("Grü…".to_owned(), "Grüße".to_owned()));
    }

    #[test]
    fn every_word_has_a_colour_of_its_own() {
        fn colours<T: Word>() -> usize {
            let mut classes: Vec<&str> = T::ALL.iter().map(|word| word.class()).collect();
            classes.sort_unstable();
            classes.dedup();
            classes.len()
        }
        assert_eq!((colours::<OutcomeWord>(), colours::<OutboxState>()), (8, 8));
        assert!(OutboxState::ALL.iter().all(|state| <OutboxState as Word>::ALL.contains(state)));
    }
}
