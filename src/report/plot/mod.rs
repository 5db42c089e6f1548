//! Plots in SVG: columns over an axis, and rows of bars.
//!
//! Widths are in per cent and heights in pixels, so that a plot takes whatever width there is and its letters keep their
//! size. The room for the letters around it is the padding of the `svg`, which overflows into it.

mod columns;
mod rows;
mod scale;

pub(super) use columns::{Column, Columns, Label, Mark};
pub(super) use rows::{Row, rows};

use super::element::{Element, element};

/// An `svg` that is read out as one picture.
fn picture(class: &str, height: u32, told: &str) -> Element {
    element("svg")
        .with("class", format!("plot {class}"))
        .with("role", "img")
        .with("aria-label", told)
        .with("height", height)
}

/// A part of the whole width.
fn percent(part: f64) -> String {
    format!("{:.3}%", part * 100.0)
}

/// What stands in the place of a plot without anything to show.
pub(super) fn nothing() -> Element {
    element("p").with("class", "nothing").text("nothing")
}
