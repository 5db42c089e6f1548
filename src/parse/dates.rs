//! Dates of header fields as instants: by the standard, in its obsolete forms, and as programs write them all the same.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::clean;
use super::defects::Defects;
use super::fields::{self, Fields};
use super::pieces;

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
    let mut value = Cow::Borrowed(value);
    for zone in ["GMT+", "UTC+", "GMT-", "UTC-"] {
        if value.contains(zone) {
            value = value.replace(zone, zone.get(3..).unwrap_or_default()).into();
        }
    }
    let value = value.as_ref();
    standard(value).or_else(|| value.parse().ok()).or_else(|| pieces::instant(value))
}

/// By RFC 5322. A zone with a name is not left to the library, which takes those that it does not know for UTC.
fn standard(value: &str) -> Option<Timestamp> {
    let bare = value.split('(').next().unwrap_or_default().trim_end();
    let parser = DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(value).ok().filter(|_| !bare.ends_with(char::is_alphabetic))
}

/// When the topmost server took the message: the date behind the last semicolon of its `Received` (RFC 5321 section
/// 4.4).
pub(super) fn received(fields: &Fields) -> Option<Timestamp> {
    let value = clean::line(&fields::unfolded(fields.first("Received")?));
    let (_, date) = value.rsplit_once(';')?;
    instant(date.trim())
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
            ("26.11.2026 09:00:00 +0100", Some("2026-11-26T08:00:00Z")),
            ("05.11.2026 09:00:00 +0100", Some("2026-11-05T08:00:00Z")),
            ("11/26/2026 09:00 +0000", Some("2026-11-26T09:00:00Z")),
            ("26/11/2026 09:00 +0000", Some("2026-11-26T09:00:00Z")),
            ("26.11.26 09:00 +0000", Some("2026-11-26T09:00:00Z")),
            ("2026年11月26日 09:00:00 +0900", Some("2026-11-26T00:00:00Z")),
            ("2026년 11월 26일 오후 9:00:00 +0900", Some("2026-11-26T12:00:00Z")),
            ("Tue, 3 Nov 2026 10:00:00 GMT+1", Some("2026-11-03T09:00:00Z")),
            ("Tue, 3 Nov 2026 10:00:00 GMT +0100", Some("2026-11-03T09:00:00Z")),
            ("Tue, 3 Nov 2026 10:00:00 UTC-10", Some("2026-11-03T20:00:00Z")),
            ("Tue, 3 Nov 2026 10:00:00 JST", Some("2026-11-03T01:00:00Z")),
            ("Tue, 3 Nov 2026 9:00 PM +0000", Some("2026-11-03T21:00:00Z")),
            ("Tue, 3 Nov 2026 9:00:00PM +0000", Some("2026-11-03T21:00:00Z")),
            ("Nov 3, 2026 12:30 a.m. +0000", Some("2026-11-03T00:30:00Z")),
            ("Tue, 3 Nov 126 10:00:00 EST", Some("2026-11-03T15:00:00Z")),
            ("Tue, 3 Nov 99 10:00:00 EST", Some("1999-11-03T15:00:00Z")),
            // Whether the day or the month comes first, nobody knows.
            ("03/11/2026 09:00:00 +0100", None),
            ("Tue, > Nov 2026 10:00:00 +0100", None),
            ("Tue, 3 2026 10:00:00 +0100", None),
            ("Tue, 3 Nov 10:00:00 +0100", None),
            ("Tue, 3 Nov 2026 13:00 PM +0000", Some("2026-11-03T13:00:00Z")),
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
            "Tue, 3 Nov 2026 10:00:00 XYZ",
            "Tue, 3 Nov 2026 10:00:00 +9999",
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
