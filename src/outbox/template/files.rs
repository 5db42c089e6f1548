//! The files of the message that is told of, as templates see them: which go along, and which stay behind.

use minijinja::value::Value;

use crate::model::notification::{File, Notification};

use super::builtin::Builtin;
use super::values::{line, optional};

/// The most files that the built-in sentence names.
const MOST: usize = 20;

/// The files that go along.
pub(super) fn along(notification: &Notification, language: &Builtin) -> Value {
    notification
        .files
        .iter()
        .filter(|file| file.content.is_some())
        .map(|file| value(file, language))
        .collect()
}

/// The files that stay behind.
pub(super) fn behind(notification: &Notification, language: &Builtin) -> Value {
    left_out(notification).map(|file| value(file, language)).collect()
}

/// The sentence that names the files that stay behind; `None` if there are none.
pub(super) fn sentence(notification: &Notification, language: &Builtin) -> Option<String> {
    let mut names: Vec<String> =
        left_out(notification).take(MOST).map(|file| named(file, language)).collect();
    if left_out(notification).nth(MOST).is_some() {
        names.push("…".to_owned());
    }
    (!names.is_empty()).then(|| format!("{}{}", language.left_out, names.join(", ")))
}

fn left_out(notification: &Notification) -> impl Iterator<Item = &File> {
    notification.files.iter().filter(|file| file.content.is_none())
}

fn value(file: &File, language: &Builtin) -> Value {
    let size = file.size.map(|octets| size(octets, language));
    Value::from_pairs([("name", Value::from(line(&file.name))), ("size", optional(size))])
}

fn named(file: &File, language: &Builtin) -> String {
    let name = line(&file.name);
    match file.size {
        Some(octets) => format!("{name} ({})", size(octets, language)),
        None => name,
    }
}

/// A size for people, in the unit that leaves it two digits.
fn size(octets: u64, language: &Builtin) -> String {
    let [b, kb, mb, gb] = language.units;
    let (unit, name) = match octets {
        0..10_000 => (1, b),
        10_000..10_000_000 => (1_000, kb),
        10_000_000..10_000_000_000 => (1_000_000, mb),
        10_000_000_000.. => (1_000_000_000, gb),
    };
    format!("{} {name}", octets / unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::notification::Occasion;
    use crate::outbox::sample;

    fn told(locale: &str, files: &[(&str, Option<u64>)]) -> Option<String> {
        let file = |(name, size): &(&str, Option<u64>)| File {
            name: (*name).to_owned(),
            content_type: "application/zip".to_owned(),
            size: *size,
            content: None,
        };
        let files = files.iter().map(file).collect();
        let sample = sample(Occasion::Updated, locale, &"support".parse().unwrap());
        let language = Builtin::ALL.iter().find(|language| language.locale == locale).unwrap();
        sentence(&Notification { files, ..sample }, language)
    }

    #[test]
    fn what_stays_behind_is_named_with_its_size() {
        let files = [("big.zip", Some(12_345_678)), ("a\u{202e}\nb", Some(9_999)), ("gone.pdf", None)];
        let english = "Not attached: big.zip (12 MB), a b (9999 B), gone.pdf";
        assert_eq!(told("en", &files).as_deref(), Some(english));
        assert_eq!(told("fr", &files[..1]).as_deref(), Some("Non joint\u{a0}: big.zip (12 Mo)"));
        assert_eq!(told("ru", &[("x", Some(10_000))]).as_deref(), Some("Не приложено: x (10 КБ)"));
        assert_eq!(
            told("ja", &[("x", Some(10_500_000_000))]).as_deref(),
            Some("添付されていないファイル：x (10 GB)")
        );
        assert_eq!(told("en", &[]), None);
    }

    #[test]
    fn of_very_many_the_first_are_named() {
        let sentence = told("en", &[("x", None); 10_000]).unwrap();
        assert_eq!(sentence, format!("Not attached: {}…", "x, ".repeat(MOST)));
    }
}
