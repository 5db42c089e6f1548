//! Dates of header fields as instants: by the standard, in its obsolete forms, and as programs write them all the same.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::clean;
use super::defects::Defects;
use super::fields::{self, Fields};

/// The `Date`; what is no instant is noted.
pub(super) fn date(fields: &Fields, defects: &mut Defects) -> Option<Timestamp> {
    let Some(raw) = fields.first("Date") else {
        defects.add("no-date");
        return None;
    };
    let value = clean::line(&fields::unfolded(raw));
    if let Some(date) = instant(&value) {
        return Some(date);
    }
    // A day alone is no instant.
    let date = Some(&value).filter(|value| value.contains(':')).and_then(|value| without_zone(value));
    match date {
        Some(_) => defects.add("date-without-zone"),
        None => defects.with("invalid-date", &value),
    }
    date
}

/// RFC 5322 section 4.3 reads zones that nobody knows as UTC, too.
fn without_zone(value: &str) -> Option<Timestamp> {
    instant(&format!("{value} +0000")).or_else(|| instant(&format!("{value}Z")))
}

fn instant(value: &str) -> Option<Timestamp> {
    // `GMT+0100`, as programs write that know their zone by name.
    let value = &["GMT+", "UTC+", "GMT-", "UTC-"]
        .iter()
        .fold(value.to_owned(), |value, zone| value.replace(zone, zone.get(3..).unwrap_or_default()));
    // By the standard first, then in pieces; the library reads obsolete forms, and some that it takes for others.
    let relaxed = DateTimeParser::new().relaxed_weekday(true);
    let standard = relaxed.parse_timestamp(value).or_else(|_| value.parse()).ok().or_else(|| pieced(value));
    if standard.is_some() || value.as_bytes().first().is_some_and(|first| !is_day(*first)) {
        return standard;
    }
    let mut line = value.as_bytes().to_vec();
    line.push(b'\n');
    let HeaderValue::DateTime(date) = MessageStream::new(&line).parse_date() else { return None };
    let day = jiff::civil::Date::new(
        i16::try_from(date.year).ok()?,
        i8::try_from(date.month).ok()?,
        i8::try_from(date.day).ok()?,
    );
    (day.is_ok() && date.is_valid()).then(|| Timestamp::from_second(date.to_timestamp()).ok())?
}

/// Whether a date may begin so: with the day of the week or of the month.
fn is_day(first: u8) -> bool {
    first.is_ascii_alphabetic() || first.is_ascii_digit()
}

/// When the topmost server took the message: the date behind the last semicolon of its `Received` (RFC 5321 section
/// 4.4).
pub(super) fn received(fields: &Fields) -> Option<Timestamp> {
    let value = clean::line(&fields::unfolded(fields.first("Received")?));
    let (_, date) = value.rsplit_once(';')?;
    instant(date.trim())
}

/// A date by what its words look like: a month's name, a time of day, a year of four digits, a zone.
///
/// `Tue Nov  3 10:00:00 2026` of asctime, `03-Nov-2026 10:00:00 +0100`, `2026/11/03 10:00`, `3 novembre 2026 10:00`.
fn pieced(value: &str) -> Option<Timestamp> {
    let mut found = Pieces::default();
    for word in value.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()) {
        found.word(word);
    }
    let (hour, minute, second) = found.time?;
    let date = jiff::civil::Date::new(found.year?, found.month?, found.day?).ok()?;
    let time = jiff::civil::Time::new(hour, minute, second.min(59), 0).ok()?;
    let offset = jiff::tz::Offset::from_seconds(found.offset?).ok()?;
    offset.to_timestamp(date.to_datetime(time)).ok()
}

#[derive(Default)]
struct Pieces {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    time: Option<(i8, i8, i8)>,
    /// Seconds east of Greenwich.
    offset: Option<i32>,
}

impl Pieces {
    fn word(&mut self, word: &str) {
        if word.contains(':') && self.time.is_none() {
            let mut parts = word.split(':').map(|part| part.parse::<i8>().ok());
            if let (Some(Some(hour)), Some(Some(minute))) = (parts.next(), parts.next()) {
                self.time = Some((hour, minute, parts.next().flatten().unwrap_or(0)));
            }
            return;
        }
        if self.time.is_some() && self.offset.is_none() {
            self.offset = zone(word);
            if self.offset.is_some() {
                return;
            }
        }
        word.split(['-', '/', '.']).for_each(|piece| self.piece(piece));
    }

    fn piece(&mut self, piece: &str) {
        if let Ok(number) = piece.parse::<i16>() {
            match i8::try_from(number) {
                Ok(number @ 1..=12) if piece.len() <= 2 && self.year.is_some() && self.month.is_none() => {
                    self.month = Some(number);
                }
                Ok(number @ 1..=31) if piece.len() <= 2 && self.day.is_none() => self.day = Some(number),
                _ if piece.len() == 4 => self.year = Some(number),
                _ => {}
            }
        } else if self.time.is_none() {
            // The last one: Tuesday is `mar.` in French.
            self.month = month(piece).or(self.month);
        }
    }
}

/// A month by the beginning of its name in the languages that programs write it in.
fn month(word: &str) -> Option<i8> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "ene", "gen"],
        &["feb", "fév", "fev"],
        &["mar", "mär", "mrz", "maa"],
        &["apr", "avr", "abr"],
        &["may", "mai", "mei", "mag"],
        &["jun", "juin", "giu"],
        &["jul", "juil", "lug"],
        &["aug", "aoû", "ago"],
        &["sep", "set"],
        &["oct", "okt", "ott", "out"],
        &["nov"],
        &["dec", "dez", "déc", "dic"],
    ];
    let lower = word.to_lowercase();
    let at = MONTHS.iter().position(|names| names.iter().any(|name| lower.starts_with(name)))?;
    i8::try_from(at + 1).ok()
}

/// `+0100`, `+01:00`, `Z`, and the names of RFC 5322 section 4.3.
fn zone(word: &str) -> Option<i32> {
    let word =
        word.strip_prefix("GMT").or(word.strip_prefix("UTC")).filter(|rest| !rest.is_empty()).unwrap_or(word);
    let hours = match word {
        "Z" | "UT" | "UTC" | "GMT" => 0,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        "CET" | "MEZ" | "BST" => 1,
        "CEST" | "MESZ" => 2,
        _ => return numeric_zone(word),
    };
    Some(hours * 3600)
}

fn numeric_zone(word: &str) -> Option<i32> {
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let number: i32 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    Some(sign * (number / 100 * 3600 + number % 100 * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::fields::with;

    #[test]
    fn dates_are_instants_or_none() {
        let table = [
            ("Tue, 3 Nov 2026 10:00:00 +0100", Some("2026-11-03T09:00:00Z")),
            ("3 Nov 2026 10:00:00 -0500", Some("2026-11-03T15:00:00Z")),
            ("Tue, 3 Nov 2026 10:00:00 GMT", Some("2026-11-03T10:00:00Z")),
            ("Mon, 3 Nov 2026 10:00:00 +0000 (wrong day)", Some("2026-11-03T10:00:00Z")),
            ("Tue, 3 Nov 2026 10:00 +0100", Some("2026-11-03T09:00:00Z")),
            ("2026-11-03T10:00:00Z", Some("2026-11-03T10:00:00Z")),
            ("Tue, 3 Nov 26 10:00:00 EST", Some("2026-11-03T15:00:00Z")),
            ("Tue, 03 Nov 2026 10:00:00 +0100 (CET)", Some("2026-11-03T09:00:00Z")),
            ("Tue Nov  3 10:00:00 GMT 2026", Some("2026-11-03T10:00:00Z")),
            ("03-Nov-2026 10:00:00 +0100", Some("2026-11-03T09:00:00Z")),
            ("2026-11-03 10:00:00 +0100", Some("2026-11-03T09:00:00Z")),
            ("2026/11/03 10:00:00 +01:00", Some("2026-11-03T09:00:00Z")),
            ("Di, 3 Dez 2026 10:00:00 +0100", Some("2026-12-03T09:00:00Z")),
            ("mar., 3 nov. 2026 10:00:00 +0100", Some("2026-11-03T09:00:00Z")),
            ("Tue, 3 Nov 2026 10:00:00 GMT+0100", Some("2026-11-03T09:00:00Z")),
            ("Tue Nov  3 10:00:00 2026 +0100", Some("2026-11-03T09:00:00Z")),
            ("Tue, 3 Nov 2026 25:61:00 +0000", None),
            ("Mon, 30 Feb 2026 10:00:00 +0000", None),
            ("yesterday", None),
            ("3 Nov 2026", None),
            ("", None),
        ];
        for (value, expected) in table {
            let (found, defects) = with(format!("Date: {value}\n\n").as_bytes(), date);
            assert_eq!(found.map(|at| at.to_string()).as_deref(), expected, "{value}");
            assert_eq!(defects.is_empty(), expected.is_some(), "{value}");
        }
        assert_eq!(with(b"A: b\n\n", date).1, ["no-date"]);
    }

    #[test]
    fn a_date_without_a_zone_is_read_as_utc_and_noted() {
        for value in [
            "Tue, 3 Nov 2026 10:00:00",
            "Tue Nov  3 10:00:00 2026",
            "3 Nov 2026 10:00",
            "2026-11-03T10:00:00",
        ] {
            let (found, defects) = with(format!("Date: {value}\n\n").as_bytes(), date);
            assert_eq!(found.map(|at| at.to_string()).as_deref(), Some("2026-11-03T10:00:00Z"), "{value}");
            assert_eq!(defects, ["date-without-zone"], "{value}");
        }
    }

    #[test]
    fn the_topmost_server_tells_when_the_message_came() {
        let header = b"Received: from a by b; id 1;\n Tue, 3 Nov 2026 10:00:05 +0100 (CET)\nReceived: from c; Mon, 2 Nov 2026 10:00:00 +0000\n\n";
        let (found, _) = with(header, |fields, _| received(fields));
        assert_eq!(found.map(|at| at.to_string()).as_deref(), Some("2026-11-03T09:00:05Z"));
        assert_eq!(with(b"Received: from a by b\n\n", |fields, _| received(fields)).0, None);
    }
}
