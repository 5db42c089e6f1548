//! Columns over an axis of counts, each of one part or of several that are stacked.

use super::super::element::{Element, element};
use super::super::words;
use super::scale::Scale;
use super::{percent, picture};

/// The height of the axis, in pixels.
const HEIGHT: f64 = 180.0;
/// Which part of its place a column fills.
const FILLED: f64 = 0.78;

/// A plot of columns.
pub(in crate::report) struct Columns {
    /// What is read out instead of it.
    pub(in crate::report) told: String,
    /// From left to right.
    pub(in crate::report) columns: Vec<Column>,
    /// What is written beneath the axis.
    pub(in crate::report) labels: Vec<Label>,
    /// Lines across it, from the right to the left.
    pub(in crate::report) marks: Vec<Mark>,
}

/// One column.
pub(in crate::report) struct Column {
    /// What is shown where a pointer rests on it.
    pub(in crate::report) title: String,
    /// Its parts from below, each with the class that colours it.
    pub(in crate::report) parts: Vec<(&'static str, u64)>,
}

impl Column {
    fn total(&self) -> u64 {
        self.parts.iter().map(|(_, count)| count).sum()
    }
}

/// Something written beneath the axis.
pub(in crate::report) struct Label {
    /// Where, counted in columns from the left.
    pub(in crate::report) at: f64,
    /// What.
    pub(in crate::report) text: String,
    /// Whether a phone has no room for it.
    pub(in crate::report) spare: bool,
}

/// A line across the plot.
pub(in crate::report) struct Mark {
    /// Where, counted in columns from the left.
    pub(in crate::report) at: f64,
    /// What it says.
    pub(in crate::report) text: String,
}

impl Columns {
    /// Draws it.
    pub(in crate::report) fn draw(&self) -> Element {
        let scale = Scale::up_to(self.columns.iter().map(Column::total).max().unwrap_or(0));
        let class = if self.marks.is_empty() { "columns" } else { "columns marked" };
        // The padding of the class is a part of the height.
        let height = if self.marks.is_empty() { 222 } else { 266 };
        picture(class, height, &self.told)
            .all(scale.ticks().map(|tick| grid(scale, tick)))
            .all(self.columns.iter().enumerate().map(|(place, column)| self.column(scale, place, column)))
            .all(self.marks.iter().enumerate().map(|(row, mark)| self.mark(row, mark)))
            .all(self.labels.iter().map(|label| self.label(label)))
    }

    #[allow(clippy::cast_precision_loss, reason = "there are at most some hundred columns")]
    fn part(&self, columns: f64) -> f64 {
        columns / self.columns.len().max(1) as f64
    }

    fn x(&self, columns: f64) -> String {
        percent(self.part(columns))
    }

    #[allow(clippy::cast_precision_loss, reason = "there are at most some hundred columns")]
    fn column(&self, scale: Scale, place: usize, column: &Column) -> Element {
        let place = place as f64;
        let area = element("rect").with("class", "area").with("x", self.x(place)).with("y", "0");
        let area = area.with("width", self.x(1.0)).with("height", HEIGHT);
        let mut below = 0;
        let parts = column.parts.iter().filter(|(_, count)| *count > 0).map(|(class, count)| {
            below += count;
            let height = scale.part(*count) * HEIGHT;
            // A hair between the parts, where it does not eat them.
            let gap = if height > 3.0 && below > *count { 1.0 } else { 0.0 };
            element("rect")
                .with("class", class)
                .with("x", self.x(place + (1.0 - FILLED) / 2.0))
                .with("width", self.x(FILLED))
                .with("y", format!("{:.2}", HEIGHT - scale.part(below) * HEIGHT))
                .with("height", format!("{:.2}", height - gap))
        });
        element("g").add(element("title").text(&column.title)).add(area).all(parts)
    }

    fn label(&self, label: &Label) -> Element {
        let class = if label.spare { "tick spare" } else { "tick" };
        // At the end half of it would stand beyond the plot, where a phone has no room.
        let is_last = self.part(label.at) > 0.97;
        let (x, anchor) = if is_last { (percent(1.0), "end") } else { (self.x(label.at), "middle") };
        let text = element("text").with("class", class).with("x", x).with("y", HEIGHT + 18.0);
        text.with("text-anchor", anchor).text(&label.text)
    }

    /// The first is written highest; each goes on beneath what is written on those before it.
    #[allow(clippy::cast_precision_loss, reason = "there are two")]
    fn mark(&self, row: usize, mark: &Mark) -> Element {
        let (x, y) = (self.x(mark.at), row as f64 * 18.0 - 34.0);
        let line = element("line").with("class", "mark").with("x1", &x).with("x2", &x);
        let line = line.with("y1", y - 10.0).with("y2", HEIGHT);
        // On a phone there is room for the words from here on, with what the axis has at its left.
        let has_room_before = self.part(mark.at) > 0.3;
        let (anchor, aside) = if has_room_before { ("end", -6) } else { ("start", 6) };
        let text = element("text").with("class", "note").with("x", &x).with("y", y).with("dx", aside);
        element("g").add(line).add(text.with("text-anchor", anchor).text(&mark.text))
    }
}

fn grid(scale: Scale, tick: u64) -> Element {
    let y = HEIGHT - scale.part(tick) * HEIGHT;
    let class = if tick == 0 { "base" } else { "grid" };
    let line = element("line").with("class", class).with("x1", "0").with("x2", "100%");
    let line = line.with("y1", format!("{y:.2}")).with("y2", format!("{y:.2}"));
    let text = element("text").with("class", "tick").with("x", "-8").with("y", format!("{:.2}", y + 4.0));
    element("g").add(line).add(text.with("text-anchor", "end").text(words::tick(tick)))
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    /// `class x width y height` of every bar.
    fn bars(plot: &Element) -> Vec<String> {
        let bar = r#"<rect class="([a-z]+)" x="([^"]*)%" width="([^"]*)%" y="([^"]*)" height="([^"]*)">"#;
        let bar = Regex::new(bar).unwrap();
        let plot = plot.to_string();
        bar.captures_iter(&plot)
            .map(|found| (1..=5).map(|part| &found[part]).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn no_label_stands_beyond_the_end_of_the_axis() {
        let label = |at| Label { at, text: "30 Nov".to_owned(), spare: false };
        let columns = (0..31).map(|_| Column { title: String::new(), parts: Vec::new() }).collect();
        let plot = Columns {
            told: String::new(),
            columns,
            labels: vec![label(1.5), label(30.5)],
            marks: Vec::new(),
        };
        let plot = plot.draw().to_string();
        assert!(plot.contains(r#"x="4.839%" y="198" text-anchor="middle">30 Nov"#), "{plot}");
        assert!(plot.contains(r#"x="100.000%" y="198" text-anchor="end">30 Nov"#), "{plot}");
    }

    #[test]
    fn parts_are_stacked_from_zero_as_high_as_their_counts() {
        let column = |parts: &[(&'static str, u64)]| Column { title: String::new(), parts: parts.to_vec() };
        let plot = Columns {
            told: String::new(),
            columns: vec![
                column(&[("blue", 30), ("sky", 0), ("red", 20)]),
                column(&[]),
                column(&[("blue", 1)]),
            ],
            labels: Vec::new(),
            marks: Vec::new(),
        };
        let expected = [
            "blue 3.667 26.000 72.00 108.00",
            "red 3.667 26.000 0.00 71.00",
            "blue 70.333 26.000 176.40 3.60",
        ];
        assert_eq!(bars(&plot.draw()), expected);
    }
}
