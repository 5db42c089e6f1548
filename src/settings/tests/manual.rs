//! helpdesk-mail.toml(5) is held to the table of keys, both ways.

use super::super::keys::{KEYS, Section};

const PAGE: &str = include_str!("../../../man/helpdesk-mail.toml.5");

/// Every documented key with its section and the line below it, which tells type and default.
fn documented() -> Vec<(Section, &'static str, &'static str)> {
    let mut section = None;
    let mut found = Vec::new();
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix(".Ss ") {
            section = Section::ALL.into_iter().find(|section| section.heading() == heading);
        } else if line.starts_with(".Sh ") {
            section = None;
        } else if let (Some(section), Some(key)) = (section, line.strip_prefix(".It Ic ")) {
            found.push((section, key, lines.next().unwrap_or_default()));
        }
    }
    found
}

#[test]
fn every_key_is_documented_and_nothing_else() {
    let expected: Vec<(Section, &str)> = KEYS.iter().map(|key| (key.section, key.name)).collect();
    let found: Vec<(Section, &str)> = documented().iter().map(|(section, key, _)| (*section, *key)).collect();
    assert_eq!(found, expected);
}

#[test]
fn type_and_default_are_those_of_the_table() {
    for (key, (_, _, line)) in KEYS.iter().zip(documented()) {
        let default = match key.default {
            "required" => "Required.".to_owned(),
            default => format!("Default: {default}."),
        };
        assert_eq!(line, format!("({}) {default}", key.kind), "{}", key.name);
    }
}

#[test]
fn the_examples_are_valid() {
    let examples: Vec<&str> = PAGE
        .split("\n.Bd -literal -offset indent\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("\n.Ed\n"))
        .map(|(example, _)| example)
        .collect();
    assert_eq!(examples.len(), 4);
    let settings = super::read(&examples.join("\n")).unwrap_or_else(|invalid| panic!("{invalid}"));
    assert_eq!((settings.plan.mailboxes.len(), settings.warnings.len()), (2, 0));
}

#[test]
fn every_line_is_readable_roff() {
    for (i, line) in PAGE.lines().enumerate() {
        assert!(line.is_ascii() && line == line.trim_end(), "line {}: {line:?}", i + 1);
        assert!(!line.starts_with('\''), "line {} would be taken for a request", i + 1);
    }
}
