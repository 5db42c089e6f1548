//! Numbers of a period as one page that needs nothing else: no network, no script, no image.
//!
//! A page is read on a screen of any width, in the dark, on paper, and by a screen reader: what a plot shows stands in a
//! table, too, and each figure of a table bears in `data-key` where [`json`] has it (a JSON Pointer, RFC 6901). Whatever
//! comes from mails or the configuration goes through `element`, which escapes all it is given; the page forbids itself
//! everything but its own style (Content-Security-Policy), should that fail.

mod element;
mod numbers;
mod page;
mod plot;
#[cfg(test)]
mod sample;
mod table;
mod words;

pub use numbers::json;
pub use page::page;
