//! One table: rows that the other store has, has not, or has otherwise, in the order of their keys.

use std::cmp::Ordering;

use sha2::{Digest as _, Sha256};

use crate::model::ids::Digest;
use crate::store::StoreError;
use crate::store::engine::{Cell, Engine, Range, Row, Shape};

use super::target;

/// So many rows are read at once, unless they are heavy.
const ROWS: i64 = 2000;

/// So many octets of heavy rows are read at once, or one row.
const OCTETS: u64 = 16 * 1024 * 1024;

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) rows: u64,
    /// Of all cells of all rows, in the order of their keys.
    pub(super) sha256: Digest,
}

/// Copies a table; `heard` is told after each part how many rows are through. Gives what the source holds and how many rows
/// were written.
pub(super) fn copy<E: From<StoreError>>(
    shape: &Shape,
    (from, to): (&mut dyn Engine, &mut dyn Engine),
    heard: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<(Sum, u64), E> {
    // What an earlier try left, or nothing.
    let is_new = shape.rows(to, Range { most: Some(1), ..Range::default() })?.is_empty();
    let (mut adder, mut written) = (Adder::default(), 0);
    let mut after: Option<Row> = None;
    loop {
        let rows = part(shape, from, after.as_ref())?;
        let last = rows.last().map(|row| shape.key(row));
        rows.iter().for_each(|row| adder.add(row));
        if !is_new {
            // Behind the last row of the source nothing may be left.
            let range = Range { after: after.as_ref(), up_to: last.as_ref(), most: None };
            written += mend(shape, to, rows, range)?;
        } else if last.is_some() {
            written += rows.len() as u64;
            target::in_one(to, |to| {
                target::still_ours(to)?;
                to.write(shape, &rows)
            })?;
        }
        if last.is_none() {
            return Ok((adder.sum(), written));
        }
        heard(adder.rows)?;
        after = last;
    }
}

/// Reads a table once more.
pub(super) fn sum<E: From<StoreError>>(
    shape: &Shape,
    engine: &mut dyn Engine,
    heard: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<Sum, E> {
    let mut adder = Adder::default();
    let mut after: Option<Row> = None;
    loop {
        let rows = part(shape, engine, after.as_ref())?;
        rows.iter().for_each(|row| adder.add(row));
        heard(adder.rows)?;
        match rows.last() {
            Some(last) => after = Some(shape.key(last)),
            None => return Ok(adder.sum()),
        }
    }
}

/// The next rows, as many as memory is to hold.
fn part(shape: &Shape, engine: &mut dyn Engine, after: Option<&Row>) -> Result<Vec<Row>, StoreError> {
    let range = Range { after, up_to: None, most: Some(ROWS) };
    let weights = shape.weights(engine, range)?;
    let mut octets: u64 = 0;
    let light = weights.iter().take_while(|weight| {
        octets = octets.saturating_add(**weight);
        octets <= OCTETS
    });
    let most = match i64::try_from(light.count()) {
        Ok(light) if shape.table.weight.is_some() => light.max(1),
        Ok(_) | Err(_) => ROWS,
    };
    shape.rows(engine, Range { most: Some(most), ..range })
}

/// Makes the rows of a range those of the source; tells how many it wrote.
fn mend(shape: &Shape, to: &mut dyn Engine, rows: Vec<Row>, range: Range<'_>) -> Result<u64, StoreError> {
    target::in_one(to, |to| {
        target::still_ours(to)?;
        let mut others = shape.rows(to, range)?.into_iter().peekable();
        let (mut missing, mut wrong) = (Vec::new(), Vec::new());
        for row in rows {
            let key = shape.key(&row);
            while let Some(other) = others.next_if(|other| order(&shape.key(other), &key) == Ordering::Less) {
                wrong.push(shape.key(&other));
            }
            match others.next_if(|other| shape.key(other) == key) {
                Some(other) if other == row => {}
                Some(_) => {
                    wrong.push(key);
                    missing.push(row);
                }
                None => missing.push(row),
            }
        }
        wrong.extend(others.map(|other| shape.key(&other)));
        wrong.iter().try_for_each(|key| shape.remove(to, key))?;
        to.write(shape, &missing)?;
        Ok(missing.len() as u64)
    })
}

/// As both databases order keys: numbers by their value, text by its octets.
fn order(one: &Row, two: &Row) -> Ordering {
    one.0
        .iter()
        .zip(&two.0)
        .map(|cells| match cells {
            (Cell::Integer(one), Cell::Integer(two)) => one.cmp(two),
            (Cell::Text(one), Cell::Text(two)) => one.as_bytes().cmp(two.as_bytes()),
            // No key holds anything else.
            _ => Ordering::Equal,
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[derive(Default)]
struct Adder {
    rows: u64,
    hasher: Sha256,
}

impl Adder {
    fn add(&mut self, row: &Row) {
        self.rows += 1;
        for cell in &row.0 {
            let (sort, octets) = match cell {
                Cell::Null => (0, &[] as &[u8]),
                Cell::Integer(number) => (1, &number.to_be_bytes() as &[u8]),
                Cell::Text(text) => (2, text.as_bytes()),
                Cell::Blob(octets) => (3, octets.as_slice()),
            };
            self.hasher.update([sort]);
            self.hasher.update((octets.len() as u64).to_be_bytes());
            self.hasher.update(octets);
        }
    }

    fn sum(self) -> Sum {
        Sum { rows: self.rows, sha256: Digest(self.hasher.finalize().into()) }
    }
}
