//! Bars in rows, each beneath its name and with its count at its end.

use super::super::element::{Element, element};
use super::super::words;
use super::{percent, picture};

/// From one row to the next, in pixels.
const PITCH: u32 = 42;
/// How far the longest bar goes, so that its count has room behind it.
const LONGEST: f64 = 0.8;
/// As many characters of a name as a phone has room for.
const NAME: usize = 40;

/// A bar.
pub(in crate::report) struct Row {
    /// What stands above it.
    pub(in crate::report) name: String,
    /// The class that colours it.
    pub(in crate::report) class: &'static str,
    /// How long it is.
    pub(in crate::report) count: u64,
    /// What is shown where a pointer rests on it.
    pub(in crate::report) title: String,
}

/// Draws the rows; `told` is read out instead of them.
#[allow(clippy::cast_precision_loss, reason = "a plot shows no more than three digits")]
pub(in crate::report) fn rows(told: &str, rows: &[Row]) -> Element {
    let most = rows.iter().map(|row| row.count).max().unwrap_or(0).max(1) as f64;
    let height = PITCH.saturating_mul(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    let places = (0..u32::MAX).map(|place| place * PITCH);
    let bars = places.zip(rows).map(|(top, row)| bar(top, row, row.count as f64 / most * LONGEST));
    picture("rows", height, told).all(bars)
}

fn bar(top: u32, row: &Row, part: f64) -> Element {
    let name = element("text").with("class", "name").with("x", "0").with("y", top + 13);
    let rect = element("rect").with("class", row.class).with("x", "0").with("y", top + 19).with("height", 14);
    let count = element("text").with("class", "count").with("x", percent(part)).with("y", top + 31);
    element("g")
        .add(element("title").text(&row.title))
        .add(name.text(words::cut(&row.name, NAME)))
        .add(rect.with("width", percent(part)))
        .add(count.with("dx", "6").text(words::number(row.count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_counts_and_long_names_are_cut() {
        let row =
            |name: &str, count| Row { name: name.to_owned(), class: "blue", count, title: name.to_owned() };
        let long = "x".repeat(60);
        let drawn = rows("told", &[row("alice", 40), row(&long, 10), row("nobody", 0)]).to_string();
        for width in ["80.000%", "20.000%", "0.000%"] {
            assert!(drawn.contains(&format!("height=\"14\" width=\"{width}\"")), "{width}: {drawn}");
        }
        assert!(drawn.contains(&format!("<title>{long}</title>")), "a pointer shows all of it");
        assert!(drawn.contains(&format!(">{}…</text>", "x".repeat(39))));
    }
}
