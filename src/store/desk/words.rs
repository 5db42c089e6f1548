//! Words and texts as the database holds them.

use crate::store::StoreError;

/// The longest title, in characters.
const TITLE: usize = 255;

/// The text, cut with an ellipsis where it is longer than a title may be.
pub(super) fn title(text: &str) -> String {
    match text.char_indices().nth(TITLE) {
        None => text.to_owned(),
        Some(_) => text.chars().take(TITLE - 1).chain(['…']).collect(),
    }
}

/// Lines as one JSON array.
pub(super) fn list(lines: &[String]) -> Result<String, StoreError> {
    let clean: Vec<_> = lines.iter().map(|line| line.replace('\0', "")).collect();
    serde_json::to_string(&clean).map_err(|error| StoreError::Misuse { what: error.to_string() })
}

/// A size as the database counts.
pub(super) fn size(octets: usize) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_cut_between_characters() {
        let fits = "ö".repeat(255);
        assert_eq!(title(&fits), fits);
        let cut = title(&"ö".repeat(256));
        assert_eq!(cut.chars().count(), 255);
        assert!(cut.ends_with("ö…"));
    }
}
