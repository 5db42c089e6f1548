//! Durations, sizes and points in time as the configuration writes them.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use toml::de::DeValue;

use super::value::Wrong;

const DAY: u64 = 86_400;
/// A hundred years, so that no sum with a date can overflow.
const LONGEST: u64 = 36_500 * DAY;
/// The most that SQLite keeps in one value; quarantine keeps whole messages.
const LARGEST: u64 = 1_000_000_000;

/// A duration such as `90s`, `5m`, `12h` or `30d`; at least a second, at most `36500d`.
pub(super) fn duration(value: &DeValue<'_>) -> Result<Duration, Wrong> {
    value
        .as_str()
        .and_then(|text| measured(text, &[("s", 1), ("m", 60), ("h", 3600), ("d", DAY)]))
        .filter(|seconds| (1..=LONGEST).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| {
            Wrong::expected("a duration such as \"90s\", \"5m\", \"12h\" or \"30d\", at most \"36500d\"")
        })
}

/// As [`signed_duration`], of so many days or more.
pub(super) fn at_least(days: u64) -> impl Fn(&DeValue<'_>) -> Result<SignedDuration, Wrong> {
    move |value| {
        if duration(value)?.as_secs() >= days * DAY {
            signed_duration(value)
        } else {
            Err(Wrong::expected(format!("a duration of at least \"{days}d\"")))
        }
    }
}

/// As [`duration`], for sums with points in time.
pub(super) fn signed_duration(value: &DeValue<'_>) -> Result<SignedDuration, Wrong> {
    duration(value)
        .map(|length| SignedDuration::from_secs(i64::try_from(length.as_secs()).unwrap_or(i64::MAX)))
}

/// A size such as `500KB`, `25MB` or `1GB`, in octets; a KB is 1000 of them. At most `1GB`.
pub(super) fn size(value: &DeValue<'_>) -> Result<u64, Wrong> {
    value
        .as_str()
        .and_then(|text| measured(text, &[("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)]))
        .filter(|octets| (1..=LARGEST).contains(octets))
        .ok_or_else(|| Wrong::expected("a size such as \"500KB\" or \"25MB\", at most \"1GB\""))
}

/// A date, which begins at midnight UTC, or a time with its offset; as a string or as TOML's own.
pub(super) fn instant(value: &DeValue<'_>) -> Result<Timestamp, Wrong> {
    let text = match value.as_datetime() {
        Some(datetime) => Some(datetime.to_string()),
        None => value.as_str().map(str::to_owned),
    };
    text.and_then(|text| text.parse().ok().or_else(|| midnight(&text))).ok_or_else(|| {
        Wrong::expected("a date such as 2026-01-31 or a time such as 2026-01-31T08:00:00+01:00")
    })
}

fn midnight(text: &str) -> Option<Timestamp> {
    // Nothing but a date: a time of day without an offset would be taken for one too.
    if text.len() != "2026-01-31".len() {
        return None;
    }
    let date: Date = text.parse().ok()?;
    date.in_tz("UTC").ok().map(|day| day.timestamp())
}

fn measured(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at_checked(split)?;
    let number: u64 = digits.parse().ok()?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> DeValue<'_> {
        DeValue::String(text.into())
    }

    #[test]
    fn durations_and_sizes_have_a_number_and_a_unit() {
        for (written, seconds) in [("90s", 90), ("5m", 300), ("12h", 43_200), ("30d", 2_592_000)] {
            assert_eq!(duration(&text(written)), Ok(Duration::from_secs(seconds)), "{written}");
        }
        for (written, octets) in [("500KB", 500_000), ("25MB", 25_000_000), ("1GB", 1_000_000_000)] {
            assert_eq!(size(&text(written)), Ok(octets), "{written}");
        }
        for wrong in
            ["", "5", "m", "5 m", "-5m", "0s", "1.5h", "5M", "36501d", "99999999999999999999d", "5ms"]
        {
            assert!(duration(&text(wrong)).is_err(), "{wrong:?}");
        }
        for wrong in ["", "5", "KB", "0KB", "5kb", "5MiB", "2GB", "18446744073709551615GB"] {
            assert!(size(&text(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_instant_is_a_date_or_has_an_offset() {
        let table = [
            ("2026-01-31", Some("2026-01-31T00:00:00Z")),
            ("2026-01-31T08:00:00+01:00", Some("2026-01-31T07:00:00Z")),
            ("2026-01-31T08:00:00Z", Some("2026-01-31T08:00:00Z")),
            ("2026-01-31T08:00:00", None),
            ("2026-01-32", None),
            ("31.01.2026", None),
            ("yesterday", None),
        ];
        for (written, expected) in table {
            let read = instant(&text(written)).ok().map(|at| at.to_string());
            assert_eq!(read.as_deref(), expected, "{written}");
            // The same without quotation marks, where TOML knows it.
            if let Ok(value) = DeValue::parse(written) {
                let read = instant(value.get_ref()).ok().map(|at| at.to_string());
                assert_eq!(read.as_deref(), expected, "{written} as TOML's own");
            }
        }
    }
}
