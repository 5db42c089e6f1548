//! What templates may write: the values of a notification, each made harmless.

use minijinja::value::Value;

use crate::model::address::Address;
use crate::model::notification::Notification;
use crate::parse::{clean_line, clean_text};

use super::builtin::Builtin;
use super::config::Marker;
use super::files;
use super::locale::Locale;

/// The most characters of a follow-up that are passed on; the whole stands on the ticket.
const LONGEST_TEXT: usize = 20_000;

/// The most characters of a title or name.
const LONGEST_LINE: usize = 200;

/// The values of one rendering by their names; a list that others are added to.
pub(super) type Values = Vec<(&'static str, Value)>;

/// The language of a rendering.
pub(super) struct Words<'a> {
    /// That of the text first, then those that stand in for it.
    pub(super) spoken: &'a [Locale],
    /// Whether there is a reply marker.
    pub(super) marker: Marker,
}

/// The values that every template has, as helpdesk-mail.toml(5) lists them.
pub(super) fn of(notification: &Notification, words: &Words<'_>) -> Values {
    let language = Builtin::nearest(words.spoken);
    let locale = words.spoken.first().map_or(language.locale, Locale::as_str);
    let author = notification.author.as_ref();
    vec![
        ("occasion", Value::from(notification.occasion.as_str())),
        ("locale", Value::from(locale)),
        ("ticket", Value::from(notification.ticket.to_string())),
        ("number", Value::from(notification.ticket.id.0)),
        ("title", Value::from(title(notification, language))),
        ("queue", Value::from(line(&notification.queue_title))),
        ("queue_slug", Value::from(notification.queue.as_str())),
        ("queue_address", Value::from(line(&notification.from.address))),
        ("name", optional(greeted(&notification.to))),
        ("address", Value::from(line(&notification.to.address))),
        ("author", optional(author.map(short))),
        ("author_address", optional(author.map(|author| line(&author.address)))),
        ("sender", optional(author.map(full))),
        ("text", optional(notification.text.as_deref().and_then(|text| quotable(text, language)))),
        ("other", optional(notification.other.as_ref().map(ToString::to_string))),
        ("files", files::along(notification, language)),
        ("files_left_out", files::behind(notification, language)),
        ("left_out", optional(files::sentence(notification, language))),
        ("marker", optional(self::marker(language, words.marker))),
    ]
}

/// The line above which people are asked to write; the parser knows it by its marks.
fn marker(language: &Builtin, marker: Marker) -> Option<String> {
    match marker {
        Marker::Written => Some(format!("##- {} -##", language.marker)),
        Marker::Left => None,
    }
}

/// A single line of at most so many characters, without control characters and runs of blanks.
pub(in crate::outbox) fn line(text: &str) -> String {
    let clean = clean_line(text);
    let words: Vec<&str> = clean.split_whitespace().collect();
    cut(&words.join(" "), LONGEST_LINE)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

pub(super) fn optional(text: Option<String>) -> Value {
    text.map_or(Value::from(()), Value::from)
}

fn title(notification: &Notification, language: &Builtin) -> String {
    let title = line(&notification.title);
    if title.is_empty() { language.no_title.to_owned() } else { title }
}

/// The name by which somebody is greeted: what looks like a name, because anybody may have written it into a mail to us.
fn greeted(address: &Address) -> Option<String> {
    let name = line(address.name.as_deref()?);
    let is_link = |word: &str| word.trim_end_matches('.').contains('.') || word.contains("//");
    let is_name = !name.is_empty()
        && name.chars().count() <= 60
        && name.chars().any(char::is_alphabetic)
        && !name.chars().any(|letter| letter.is_numeric() || "@<>[]{}:/\\".contains(letter))
        && !name.split_whitespace().any(is_link);
    is_name.then_some(name)
}

fn short(author: &Address) -> String {
    let name = author.name.as_deref().map(line).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| line(&author.address))
}

fn full(author: &Address) -> String {
    let (name, address) = (short(author), line(&author.address));
    if name == address { address } else { format!("{name} <{address}>") }
}

fn quotable(text: &str, language: &Builtin) -> Option<String> {
    let clean = clean_text(text);
    let kept = cut(&clean, LONGEST_TEXT);
    match kept.len() {
        0 => None,
        _ if kept == clean => Some(kept),
        _ => Some(format!("{kept}\n\n{}", language.cut)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_name_is_greeted() {
        let greeted = |name: &str| {
            greeted(&Address { name: Some(name.to_owned()), address: "alice@example.org".to_owned() })
        };
        for name in ["Alice", "Dr. Alice Smith", "Jean-Luc d’Arc", "山田太郎", "Smith, Alice"] {
            assert_eq!(greeted(name).as_deref(), Some(name));
        }
        for other in ["alice@example.org", "pills.example", "http://x", "0800 123", "", "--", "a <b>"] {
            assert_eq!(greeted(other), None, "{other}");
        }
    }
}
