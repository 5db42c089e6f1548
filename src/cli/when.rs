//! Points and spans of time that are typed: RFC 3339, a date, or an age.

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A point in time, as it was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A fixed one.
    At(Timestamp),
    /// The beginning of a date, local time.
    Date(Date, Timestamp),
    /// So long before now.
    Ago(SignedDuration),
}

const ALLOWED: &str =
    "write a time as 2026-11-21T08:00:00Z, a date as 2026-11-21, or an age as 90s, 5m, 24h, 7d";

impl When {
    /// The point in time, seen from `now`; ages beyond all time are the beginning of it.
    pub fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) | Self::Date(_, at) => at,
            Self::Ago(age) => now.checked_sub(age).unwrap_or(Timestamp::MIN),
        }
    }

    /// The day, UTC, seen from `now`; a date is that date, wherever it was typed.
    pub fn day(self, now: Timestamp) -> Date {
        match self {
            Self::Date(date, _) => date,
            Self::At(_) | Self::Ago(_) => TimeZone::UTC.to_datetime(self.at(now)).date(),
        }
    }

    fn date(text: &str) -> Option<Self> {
        let date = text.parse::<Date>().ok().filter(|_| text.len() == 10)?;
        Some(Self::Date(date, date.to_zoned(TimeZone::system()).ok()?.timestamp()))
    }

    fn age(text: &str) -> Option<Self> {
        seconds(text).map(|seconds| Self::Ago(SignedDuration::from_secs(seconds)))
    }
}

/// A span of time such as `90s`, `5m`, `12h` or `30d`.
pub fn span(text: &str) -> Result<Duration, String> {
    let seconds = seconds(text).and_then(|seconds| u64::try_from(seconds).ok());
    seconds.map(Duration::from_secs).ok_or_else(|| "write a time as 90s, 5m, 12h or 30d".to_owned())
}

fn seconds(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number = text.strip_suffix(unit)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse::<i64>().ok())??;
    number.checked_mul(seconds)
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fixed = || text.parse::<Timestamp>().ok().map(Self::At);
        Self::age(text).or_else(|| Self::date(text)).or_else(fixed).ok_or_else(|| ALLOWED.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<When>().unwrap().at("2026-11-21T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn times_and_ages_are_read() {
        assert_eq!(at("2026-11-20T08:00:00+01:00").to_string(), "2026-11-20T07:00:00Z");
        assert_eq!(at("24h").to_string(), "2026-11-20T12:00:00Z");
        assert_eq!(at("7d").to_string(), "2026-11-14T12:00:00Z");
        assert_eq!(at("90s").to_string(), "2026-11-21T11:58:30Z");
        assert!(at("2026-11-01") < at("2026-11-02"));
        assert_eq!(at("9999999999999d"), Timestamp::MIN);
        assert_eq!(span("5m"), Ok(Duration::from_secs(300)));
    }

    #[test]
    fn a_day_is_one_of_utc_and_a_date_is_itself() {
        let now = "2026-11-21T23:00:00Z".parse().unwrap();
        let day = |text: &str| text.parse::<When>().unwrap().day(now).to_string();
        assert_eq!(day("2026-11-21T00:30:00+02:00"), "2026-11-20");
        assert_eq!(day("2026-11-21"), "2026-11-21");
        assert_eq!(day("24h"), "2026-11-20");
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in ["", "d", "-1d", "7w", "yesterday", "2026-13-01", "99999999999999999999d"] {
            assert!(bad.parse::<When>().is_err(), "{bad:?} was accepted");
            assert!(span(bad).is_err(), "{bad:?} was accepted");
        }
    }
}
