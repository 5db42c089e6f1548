//! Dates by what their words look like: a month's name, a time of day, a year of four digits, a zone.
//!
//! `Tue Nov  3 10:00:00 2026` of asctime, `03-Nov-2026 10:00:00 +0100`, `2026/11/03 10:00`, `3 novembre 2026 10:00`,
//! `26.11.2026 9:00 PM`, `2026年11月26日`. What could be either of two days is none.

use jiff::Timestamp;

/// The instant; `None` unless day, month, year, time and zone can be made out.
pub(super) fn instant(value: &str) -> Option<Timestamp> {
    // 年, 월 and their like stand behind the number.
    let value = value.replace(['年', '月', '년', '월'], "-").replace(['日', '일'], " ");
    let mut found = Pieces::default();
    for word in value.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()) {
        found.word(word);
    }
    let (hour, minute, second) = found.time?;
    let hour = match found.half {
        Half::Before if hour == 12 => 0,
        Half::After if hour < 12 => hour + 12,
        Half::Before | Half::After | Half::None => hour,
    };
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
    half: Half,
    /// Seconds east of Greenwich.
    offset: Option<i32>,
}

/// The half of the day that hours up to twelve are of.
#[derive(Default, Clone, Copy)]
enum Half {
    #[default]
    None,
    Before,
    After,
}

impl Pieces {
    fn word(&mut self, word: &str) {
        if let Some(half) = half(word) {
            self.half = half;
            return;
        }
        if word.contains(':') && self.time.is_none() {
            self.clock(word);
            return;
        }
        if self.time.is_some() {
            // `GMT +0100`: the number is what counts.
            let zone = if self.offset.is_none_or(|known| known == 0) { zone(word) } else { None };
            if zone.is_some() {
                self.offset = zone;
                return;
            }
        }
        let numbers: Vec<&str> = word.split(['-', '/', '.']).collect();
        match numbers.as_slice() {
            [first, second, year] if is_number(first) && is_number(second) && is_year(year) => {
                self.numbers(first, second, year, word.contains('.'));
            }
            pieces => pieces.iter().for_each(|piece| self.piece(piece)),
        }
    }

    fn clock(&mut self, word: &str) {
        let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
        self.half = half(word.get(digits.len()..).unwrap_or_default()).unwrap_or(self.half);
        let mut parts = digits.split(':').map(|part| part.parse::<i8>().ok());
        if let (Some(Some(hour)), Some(Some(minute))) = (parts.next(), parts.next()) {
            self.time = Some((hour, minute, parts.next().flatten().unwrap_or(0)));
        }
    }

    /// `26.11.2026` has the day first; of others only a number that is no month is known to be the day.
    fn numbers(&mut self, first: &str, second: &str, year: &str, has_dots: bool) {
        let (Ok(first), Ok(second)) = (first.parse::<i8>(), second.parse::<i8>()) else { return };
        let pair = if has_dots || first > 12 || first == second {
            Some((first, second))
        } else {
            Some((second, first)).filter(|_| second > 12)
        };
        if let Some((day, month)) = pair {
            (self.day, self.month, self.year) = (Some(day), Some(month), full_year(year));
        }
    }

    fn piece(&mut self, piece: &str) {
        if let Ok(number) = piece.parse::<i16>() {
            match i8::try_from(number) {
                Ok(number @ 1..=12) if piece.len() <= 2 && self.year.is_some() && self.month.is_none() => {
                    self.month = Some(number);
                }
                Ok(number @ 1..=31) if piece.len() <= 2 && self.day.is_none() => self.day = Some(number),
                _ if piece.len() == 4 => self.year = Some(number),
                // Two or three digits are a year only in its place (RFC 5322 section 4.3).
                _ if self.year.is_none() && self.month.is_some() && self.time.is_none() => {
                    self.year = full_year(piece);
                }
                _ => {}
            }
        } else if self.time.is_none() {
            // The last one: Tuesday is `mar.` in French.
            self.month = month(piece).or(self.month);
        }
    }
}

fn is_number(text: &str) -> bool {
    matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_year(text: &str) -> bool {
    matches!(text.len(), 2 | 4) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A year, also of two or three digits (RFC 5322 section 4.3).
fn full_year(digits: &str) -> Option<i16> {
    let number: i16 = digits.parse().ok()?;
    match digits.len() {
        2 if number < 50 => Some(number + 2000),
        2 | 3 => Some(number + 1900),
        4 => Some(number),
        _ => None,
    }
}

fn half(word: &str) -> Option<Half> {
    match word.to_lowercase().as_str() {
        "am" | "a.m." | "上午" | "午前" | "오전" => Some(Half::Before),
        "pm" | "p.m." | "下午" | "午後" | "오후" => Some(Half::After),
        _ => None,
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

/// `+0100`, `+01:00`, `+1`, `Z`, the names of RFC 5322 section 4.3, and others that mean one zone only.
fn zone(word: &str) -> Option<i32> {
    let hours = match word {
        "Z" | "UT" | "UTC" | "GMT" | "WET" => 0,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        "CET" | "MEZ" | "MET" | "BST" | "WEST" => 1,
        "CEST" | "MESZ" | "MEST" | "EET" => 2,
        "EEST" | "MSK" => 3,
        "HKT" | "AWST" => 8,
        "JST" | "KST" => 9,
        "AEST" => 10,
        "AEDT" => 11,
        "NZST" => 12,
        "NZDT" => 13,
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
    let number: i32 = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number, 0),
        3 | 4 => (number / 100, number % 100),
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
