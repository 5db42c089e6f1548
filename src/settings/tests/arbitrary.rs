//! Whatever stands in the file, there are settings or problems, never a panic.

use proptest::prelude::*;

use super::super::document;
use super::super::keys::KEYS;
use super::super::source::{Readers, Source};
use super::empty;
use crate::settings::template as template_text;

fn outcome(bytes: &[u8]) -> Result<(), TestCaseError> {
    let source = Source { bytes: bytes.to_owned(), readers: Readers::Everyone };
    match document::settings(std::path::Path::new("f.toml"), &source, &empty) {
        Ok(_) => Ok(()),
        Err(invalid) => {
            prop_assert!(!invalid.problems.is_empty());
            // A problem is a line of its own.
            prop_assert_eq!(invalid.to_string().lines().count(), invalid.problems.len());
            Ok(())
        }
    }
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        any::<String>().prop_map(|text| format!("{text:?}")),
        "[0-9]{1,20}[smhdKMGB]{1,2}".prop_map(|text| format!("'{text}'")),
        "(move|sqlite|keep|imap|mbox|directory|none)?:?[a-z/*@]{0,5}".prop_map(|text| format!("'{text}'")),
        Just("['a@b', 1, [], {}]".to_owned()),
        Just("{ a = 1 }".to_owned()),
        Just("9999-12-31".to_owned()),
        Just("0000-01-01T00:00:00-23:59".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_octets(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        outcome(&bytes)?;
    }

    #[test]
    fn arbitrary_text(text in any::<String>()) {
        outcome(text.as_bytes())?;
    }

    #[test]
    fn known_keys_with_arbitrary_values(lines in proptest::collection::vec((0..KEYS.len(), value()), 0..30)) {
        let mut text = String::new();
        for (i, (key, value)) in lines.iter().enumerate() {
            let key = KEYS[*key];
            let name = match key.section.name() {
                name @ ("queue" | "mailbox") => format!("{name}.x{}", i % 2),
                "backend" => format!("outbox.backend.x{}", i % 2),
                name => name.to_owned(),
            };
            text.push_str(&format!("{name}.{} = {value}\n", key.name));
        }
        outcome(text.as_bytes())?;
    }

    #[test]
    fn the_template_with_a_hole(at in 0..template_text().len(), length in 0usize..40, filling in "[\"'\\[\\]=#. \n{}]{0,3}") {
        let mut bytes = template_text().as_bytes().to_owned();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, filling.bytes());
        outcome(&bytes)?;
    }
}
