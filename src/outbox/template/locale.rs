//! Languages as BCP 47 writes them, and which are tried for one that there is no template in.

use std::fmt;

/// A language tag in its usual case: `de-AT`, `zh-Hant`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locale(String);

/// What is tried last.
pub(super) const LAST: &str = "en";

impl Locale {
    /// Reads a tag in any case, also as POSIX writes it (`de_AT.UTF-8`); `None` if it is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bare = text.split(['.', '@']).next().unwrap_or_default();
        let words: Vec<&str> = bare.split(['-', '_']).collect();
        let is_word = |word: &&str| {
            (1..=8).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let first = words.first()?;
        let is_tag = (2..=8).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !is_tag || !words.iter().all(is_word) || words.len() > 8 {
            return None;
        }
        let written: Vec<String> = words.iter().enumerate().map(|(at, word)| cased(at, word)).collect();
        Some(Self(written.join("-")))
    }

    /// The tag.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The tags to try, the nearest first (RFC 4647 section 3.4), English at the end.
    ///
    /// Chinese is told by its script: Taiwan, Hong Kong and Macao write the traditional one, all others the simplified.
    pub(super) fn chain(text: &str) -> Vec<Self> {
        let mut chain = Vec::new();
        if let Some(tag) = Self::read(text) {
            let mut words: Vec<&str> = tag.0.split('-').collect();
            while !words.is_empty() {
                chain.push(Self(words.join("-")));
                words.pop();
            }
            if let Some(script) = script(&tag) {
                // Whoever asks for Chinese alone has perhaps named a template so.
                chain.insert(1, Self(format!("zh-{script}")));
            }
            if chain.iter().any(|one| one.0 == "zh-Hant") {
                chain.retain(|one| one.0 != "zh");
            }
        }
        let last = Self(LAST.to_owned());
        if !chain.contains(&last) {
            chain.push(last);
        }
        chain
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 5646 section 2.1.1: languages small, scripts with a capital, regions in capitals.
fn cased(at: usize, word: &str) -> String {
    let small = word.to_ascii_lowercase();
    match (at, word.len()) {
        (1.., 2) => word.to_ascii_uppercase(),
        (1.., 4) => {
            let (first, rest) = small.split_at(1);
            first.to_ascii_uppercase() + rest
        }
        (_, _) => small,
    }
}

/// The script of a Chinese tag that names none.
fn script(tag: &Locale) -> Option<&'static str> {
    let mut words = tag.0.split('-');
    if words.next() != Some("zh") {
        return None;
    }
    match words.next() {
        Some("Hans" | "Hant") => None,
        Some("TW" | "HK" | "MO") => Some("Hant"),
        Some(_) | None => Some("Hans"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_language_is_tried_first_and_english_last() {
        let table: [(&str, &[&str]); 15] = [
            ("de-AT", &["de-AT", "de", "en"]),
            ("de_at.UTF-8", &["de-AT", "de", "en"]),
            ("EN", &["en"]),
            ("en-GB", &["en-GB", "en"]),
            ("pt-BR", &["pt-BR", "pt", "en"]),
            ("zh-TW", &["zh-TW", "zh-Hant", "en"]),
            ("zh-HK", &["zh-HK", "zh-Hant", "en"]),
            ("zh-hant-hk", &["zh-Hant-HK", "zh-Hant", "en"]),
            ("zh-CN", &["zh-CN", "zh-Hans", "zh", "en"]),
            ("zh", &["zh", "zh-Hans", "en"]),
            ("zh-Hans", &["zh-Hans", "zh", "en"]),
            ("sr-latn-rs", &["sr-Latn-RS", "sr-Latn", "sr", "en"]),
            ("", &["en"]),
            ("../../etc", &["en"]),
            ("de/../x", &["en"]),
        ];
        for (text, expected) in table {
            let found: Vec<String> = Locale::chain(text).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
