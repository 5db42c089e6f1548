//! `[limits]`.

use std::ops::RangeInclusive;

use toml::de::DeValue;

use super::measure;
use super::table::Table;
use super::value::{self, Wrong};
use crate::parse::Limits;
use crate::parse::limits::DEEPEST;

/// No limit in octets is smaller.
const LEAST: u64 = 1_000;
/// The program itself needs so much.
const LEAST_MEMORY: u64 = 200_000_000;

/// Reads `[limits]`; what it leaves out is as it is without it.
pub(super) fn limits(table: &Table<'_>) -> Limits {
    table.check_keys(None);
    let usual = Limits::default();
    let number = |key, usual, most: usize| table.read(key, count(most)).unwrap_or(usual);
    let octets = |key, usual, most: u64| table.read(key, size(LEAST..=most)).unwrap_or(usual);
    Limits {
        time: table.read("time", measure::duration).unwrap_or(usual.time),
        depth: number("depth", usual.depth, DEEPEST),
        parts: number("parts", usual.parts, 100_000),
        header_fields: number("header_fields", usual.header_fields, 1_000_000),
        header_size: octets("header_size", usual.header_size, 100_000_000),
        text_size: octets("text_size", usual.text_size, 100_000_000),
        decoded_size: octets("decoded_size", usual.decoded_size, 1_000_000_000),
        memory: table.read("memory", size(LEAST_MEMORY..=1_000_000_000)).unwrap_or(usual.memory),
    }
}

/// A number from 1 to `most`.
fn count(most: usize) -> impl FnOnce(&DeValue<'_>) -> Result<usize, Wrong> {
    move |written| {
        let number = value::integer(1..=i64::try_from(most).unwrap_or(i64::MAX))(written)?;
        Ok(usize::try_from(number).unwrap_or(most))
    }
}

/// A size in octets.
fn size(range: RangeInclusive<u64>) -> impl FnOnce(&DeValue<'_>) -> Result<usize, Wrong> {
    move |written| {
        let octets = measure::size(written)?;
        let allowed =
            format!("a size from \"{}KB\" to \"{}MB\"", range.start() / 1_000, range.end() / 1_000_000);
        match usize::try_from(octets) {
            Ok(size) if range.contains(&octets) => Ok(size),
            Ok(_) | Err(_) => Err(Wrong::expected(allowed)),
        }
    }
}
