//! One table: rows that the other store has, has not, or has otherwise, in the order of their keys.

use std::cmp::Ordering;

use sha2::{Digest as _, Sha256};

use crate::model::ids::Digest;
use crate::store::StoreError;
use crate::store::engine::{Cell, Engine, Range, Row, Shape};

use super::target::Claim;

/// So many rows are read at once, unless they are heavy.
const ROWS: usize = 2000;

/// So many octets of heavy rows are read at once, or one row.
const OCTETS: u64 = 16 * 1024 * 1024;

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) rows: u64,
    /// Of all cells of all rows, in the order of their keys.
    pub(super) sha256: Digest,
}

/// Makes the rows of the target those of the source; `heard` is told after each part how many are through. Gives what the
/// source holds and how many rows were written.
pub(super) fn copy<E: From<StoreError>>(
    (shape, claim): (&Shape, &Claim),
    (from, to): (&mut dyn Engine, &mut dyn Engine),
    heard: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<(Sum, u64), E> {
    let (mut source, mut target) = (Rows::of(shape), Rows::of(shape));
    let (mut adder, mut change) = (Adder::default(), Change::default());
    let mut written = 0;
    while let Some(row) = source.next(from)? {
        adder.add(&row);
        change.hold_against(shape, row, &mut target, to)?;
        if source.part.as_slice().is_empty() || change.wrong.len() >= ROWS {
            written += change.make(shape, claim, to)?;
            heard(adder.rows)?;
        }
    }
    // Behind the last row of the source there is nothing.
    while let Some(other) = target.next(to)? {
        change.wrong.push(shape.key(&other));
        if change.wrong.len() >= ROWS {
            written += change.make(shape, claim, to)?;
        }
    }
    written += change.make(shape, claim, to)?;
    Ok((adder.sum(), written))
}

/// Reads a table once more.
pub(super) fn sum<E: From<StoreError>>(
    shape: &Shape,
    engine: &mut dyn Engine,
    heard: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<Sum, E> {
    let (mut rows, mut adder) = (Rows::of(shape), Adder::default());
    while let Some(row) = rows.next(engine)? {
        adder.add(&row);
        if rows.part.as_slice().is_empty() {
            heard(adder.rows)?;
        }
    }
    Ok(adder.sum())
}

/// The rows of a table, no more of them in memory than a part.
struct Rows<'s> {
    shape: &'s Shape,
    part: std::vec::IntoIter<Row>,
    after: Option<Row>,
    is_over: bool,
}

impl<'s> Rows<'s> {
    fn of(shape: &'s Shape) -> Self {
        Self { shape, part: Vec::new().into_iter(), after: None, is_over: false }
    }

    fn next(&mut self, engine: &mut dyn Engine) -> Result<Option<Row>, StoreError> {
        self.peek(engine)?;
        Ok(self.part.next())
    }

    fn peek(&mut self, engine: &mut dyn Engine) -> Result<Option<&Row>, StoreError> {
        if self.part.as_slice().is_empty() && !self.is_over {
            let rows = part(self.shape, engine, self.after.as_ref())?;
            self.is_over = rows.is_empty();
            self.after = rows.last().map(|row| self.shape.key(row));
            self.part = rows.into_iter();
        }
        Ok(self.part.as_slice().first())
    }
}

/// The next rows, as many as memory is to hold.
fn part(shape: &Shape, engine: &mut dyn Engine, after: Option<&Row>) -> Result<Vec<Row>, StoreError> {
    let weights = shape.weights(engine, Range { after, most: ROWS })?;
    let mut octets: u64 = 0;
    let light = weights.iter().take_while(|weight| {
        octets = octets.saturating_add(**weight);
        octets <= OCTETS
    });
    let most = if shape.table.weight.is_some() { light.count().max(1) } else { ROWS };
    shape.rows(engine, Range { after, most })
}

/// What is to be done to the target.
#[derive(Default)]
struct Change {
    /// The keys of rows that are not the source's.
    wrong: Vec<Row>,
    missing: Vec<Row>,
}

impl Change {
    /// Holds a row of the source against the target's rows up to its key.
    fn hold_against(
        &mut self,
        shape: &Shape,
        row: Row,
        target: &mut Rows<'_>,
        to: &mut dyn Engine,
    ) -> Result<(), StoreError> {
        let key = shape.key(&row);
        while let Some(other) = target.peek(to)? {
            match order(&shape.key(other), &key) {
                Ordering::Less => self.wrong.push(shape.key(other)),
                Ordering::Equal if *other == row => return target.next(to).map(drop),
                Ordering::Equal => self.wrong.push(shape.key(other)),
                Ordering::Greater => break,
            }
            target.next(to)?;
        }
        self.missing.push(row);
        Ok(())
    }

    /// Does it in one transaction; tells how many rows it wrote.
    fn make(&mut self, shape: &Shape, claim: &Claim, to: &mut dyn Engine) -> Result<u64, StoreError> {
        let Self { wrong, missing } = std::mem::take(self);
        if wrong.is_empty() && missing.is_empty() {
            return Ok(0);
        }
        claim.in_one(to, |to| {
            wrong.iter().try_for_each(|key| shape.remove(to, key))?;
            to.write(shape, &missing)?;
            Ok(missing.len() as u64)
        })
    }
}

/// As both databases order keys: numbers by their value, text by its octets.
fn order(one: &Row, two: &Row) -> Ordering {
    let of = |cells: (&Cell, &Cell)| match cells {
        (Cell::Integer(one), Cell::Integer(two)) => one.cmp(two),
        (Cell::Text(one), Cell::Text(two)) => one.as_bytes().cmp(two.as_bytes()),
        // No key holds anything else.
        _ => Ordering::Equal,
    };
    one.0.iter().zip(&two.0).map(of).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
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
