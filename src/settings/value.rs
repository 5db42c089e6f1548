//! Reads single values: each function takes one from the file or says what is allowed instead.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use crate::model::address::is_plain;

/// Why a value is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// What is wrong; empty: told from `allowed` and what was found.
    pub(super) what: String,
    /// What is allowed.
    pub(super) allowed: String,
    /// What was probably meant.
    pub(super) suggestion: Option<String>,
    /// The part of the value that is meant, if it is not the whole.
    pub(super) found: Option<String>,
}

impl Wrong {
    /// A value that is not what was expected.
    pub(super) fn expected(allowed: impl Into<String>) -> Self {
        Self { what: String::new(), allowed: allowed.into(), suggestion: None, found: None }
    }

    /// Trouble told in other words; they must not show what may be secret.
    pub(super) fn because(what: impl Into<String>) -> Self {
        Self { what: what.into(), allowed: String::new(), suggestion: None, found: None }
    }

    /// Completes the sentence by what was found.
    pub(super) fn with_found(self, whole: &str) -> Self {
        if !self.what.is_empty() {
            return self;
        }
        let found = self.found.as_deref().unwrap_or(whole);
        Self { what: format!("expected {}, found {found}", self.allowed), ..self }
    }
}

type Reading<T> = Result<T, Wrong>;

/// A string with something in it and no control characters.
pub(super) fn string(value: &DeValue<'_>) -> Reading<String> {
    value
        .as_str()
        .filter(|text| !text.trim().is_empty() && !text.contains(char::is_control))
        .map(str::to_owned)
        .ok_or_else(|| Wrong::expected("a string that is not empty and has no control characters"))
}

/// The name or address of a server, without scheme and port.
pub(super) fn host(value: &DeValue<'_>) -> Reading<String> {
    let is_name = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
    string(value)
        .ok()
        .filter(|text| is_name(text) || unbracketed(text).parse::<IpAddr>().is_ok())
        .ok_or_else(|| Wrong::expected("a host name or an IP address, without a port"))
}

/// An IPv6 address without the brackets of a URL.
pub(super) fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// `true` or `false`.
pub(super) fn boolean(value: &DeValue<'_>) -> Reading<bool> {
    value.as_bool().ok_or_else(|| Wrong::expected("true or false"))
}

/// An integer of a range.
pub(super) fn integer(range: RangeInclusive<i64>) -> impl Fn(&DeValue<'_>) -> Reading<i64> {
    move |value| {
        value
            .as_integer()
            .and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                Wrong::expected(match *range.end() {
                    i64::MAX => format!("an integer of at least {}", range.start()),
                    end => format!("an integer from {} to {end}", range.start()),
                })
            })
    }
}

/// One of some words.
pub(super) fn word<T: Copy>(words: &[(&str, T)]) -> impl Fn(&DeValue<'_>) -> Reading<T> {
    move |value| {
        let given = value.as_str();
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        words.iter().find(|(word, _)| Some(*word) == given).map(|(_, meaning)| *meaning).ok_or_else(|| {
            Wrong {
                suggestion: given.and_then(|given| nearest(given, &known)),
                ..Wrong::expected(choice(&known))
            }
        })
    }
}

/// A list of what `item` reads; the first wrong one is told.
pub(super) fn list<T>(
    of: &str,
    item: impl Fn(&DeValue<'_>) -> Reading<T>,
) -> impl Fn(&DeValue<'_>) -> Reading<Vec<T>> {
    move |value| {
        let array = value.as_array().ok_or_else(|| Wrong::expected(format!("a list of {of}")))?;
        array
            .iter()
            .map(|entry| {
                item(entry.get_ref()).map_err(|wrong| Wrong { found: Some(found(entry.get_ref())), ..wrong })
            })
            .collect()
    }
}

/// A path; a relative one starts at the directory of the configuration.
pub(super) fn path(base: &Path) -> impl Fn(&DeValue<'_>) -> Reading<PathBuf> {
    move |value| match string(value) {
        // No shell has seen it; a directory named "~" is hardly meant.
        Ok(text) if text == "~" || text.starts_with("~/") => {
            Err(Wrong::expected("a path (\"~\" does not stand for the home directory here)"))
        }
        Ok(text) => Ok(base.join(text)),
        Err(_) => Err(Wrong::expected("a path")),
    }
}

/// A mail address without a name.
pub(super) fn address(value: &DeValue<'_>) -> Reading<String> {
    mail_word(value).filter(|text| !text.contains('*')).ok_or_else(|| Wrong::expected("a mail address"))
}

/// A mail address or a pattern of them.
pub(super) fn address_pattern(value: &DeValue<'_>) -> Reading<String> {
    mail_word(value).ok_or_else(|| Wrong::expected("a mail address or a pattern such as \"*@example.org\""))
}

fn mail_word(value: &DeValue<'_>) -> Option<String> {
    value.as_str().filter(|text| is_plain(text)).map(str::to_owned)
}

/// Quoted words as a sentence lists them: `"a", "b" or "c"`.
pub(super) fn choice(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

/// The known word that a wrong one is most like, if it is like any.
pub fn nearest(wrong: &str, known: &[&str]) -> Option<String> {
    // Nothing that long is a slip of the finger, and the distance costs the product of the lengths.
    if wrong.len() > 64 {
        return None;
    }
    let wrong = wrong.to_lowercase();
    known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&wrong, &word.to_lowercase()), *word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word.to_owned())
}

/// A value as an error shows it.
pub(super) fn found(value: &DeValue<'_>) -> String {
    if let Some(text) = value.as_str() {
        format!("{:?}", clipped(text))
    } else if let Some(integer) = value.as_integer() {
        clipped(integer.as_str())
    } else if let Some(boolean) = value.as_bool() {
        boolean.to_string()
    } else {
        type_of(value)
    }
}

/// The type of a value, for one that may not be shown.
pub(super) fn type_of(value: &DeValue<'_>) -> String {
    match value.type_str() {
        name @ ("integer" | "array") => format!("an {name}"),
        name => format!("a {name}"),
    }
}

/// The beginning of a text that may be very long.
pub(super) fn clipped(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
