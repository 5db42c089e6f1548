//! A whole store into another database, of the same kind or the other.
//!
//! The source is one transaction, until all of it is over, in which nobody else writes there. The rows of each table
//! go over in the order of their keys; where an earlier try left some, both are held against each other and what differs is
//! written again, so that a copy goes on where it stopped. At the end the target is read once more: it becomes a store only
//! if each table has as many rows as the source's, with the same SHA-256.

mod table;
mod tables;
mod target;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::model::ids::Digest;

use super::engine::{Access, Dialect, Engine, Shape, columns};
use super::{Config, StoreError, handle, secret};
use table::Sum;
use target::Claim;

/// How long another program's transaction is waited for, and a server that does not answer.
const WAIT: Duration = Duration::from_secs(30);

/// So long the source waits for a part to be written, and keeps others from writing, until its server misses us.
const A_PART: &str = "SET LOCAL idle_in_transaction_session_timeout = '2min'";

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The table.
    pub table: &'static str,
    /// Whether it is read once more, to hold it against the source.
    pub is_checked: bool,
    /// How many of its rows are through.
    pub rows: u64,
    /// How many it has.
    pub of: u64,
}

/// A table that was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// The table.
    pub table: &'static str,
    /// How many rows it has, in both stores.
    pub rows: u64,
    /// How many were written now; the others an earlier try had left.
    pub written: u64,
    /// Of all its cells, in both stores.
    pub sha256: Digest,
}

/// Copies a store into a database that holds none, or an unfinished copy of it; `heard` is told how far it is, and ends it
/// between two parts.
///
/// # Errors
/// `Missing` without a source, `Taken` for a target that holds something else, `Differs` for one that is not the same
/// in the end, trouble of either store, and what `heard` gives.
pub fn copy<E: From<StoreError>>(
    (from, to): (&Config, &Config),
    heard: &mut dyn FnMut(Progress) -> Result<(), E>,
) -> Result<Vec<Copied>, E> {
    if from.names_the_same(to) {
        return Err(
            StoreError::Refused { what: format!("{} is both source and target", from.shown()) }.into()
        );
    }
    let mut from = source(from)?;
    let mut to = to.connect(Access::Work, WAIT)?;
    let to = to.as_mut();
    let secret = secret::kept(from.as_mut())?
        .ok_or_else(|| StoreError::Missing { what: "signing secret in the source".to_owned() })?;
    let claim = Claim::take(to, &secret)?;
    let mut copied = Vec::new();
    for table in tables::TABLES {
        let shape = Shape::new(table, columns(from.as_mut(), table)?);
        let mut progress =
            Progress { table: table.name, is_checked: false, rows: 0, of: shape.count(from.as_mut())? };
        heard(progress)?;
        let (sum, written) = table::copy((&shape, &claim), (from.as_mut(), &mut *to), &mut |rows| {
            progress.rows = rows;
            heard(progress)
        })?;
        copied.push((shape, sum, written));
    }
    let numbered = tables::TABLES.iter().filter(|table| table.is_numbered);
    let numbers: Vec<(&str, i64)> = numbered
        .map(|table| from.next_number(table.name).map(|next| (table.name, next)))
        .collect::<Result<_, _>>()?;
    drop(from);
    claim.finish(to, &numbers, |to| {
        copied.iter().try_for_each(|(shape, sum, _)| check(shape, sum, to, heard))
    })?;
    let line = |(shape, sum, written): (Shape, Sum, u64)| Copied {
        table: shape.table.name,
        rows: sum.rows,
        written,
        sha256: sum.sha256,
    };
    Ok(copied.into_iter().map(line).collect())
}

/// Reads a table of the target once more, while nobody writes there.
fn check<E: From<StoreError>>(
    shape: &Shape,
    sum: &Sum,
    to: &mut dyn Engine,
    heard: &mut dyn FnMut(Progress) -> Result<(), E>,
) -> Result<(), E> {
    let table = shape.table.name;
    let again =
        table::sum(shape, to, &mut |rows| heard(Progress { table, is_checked: true, rows, of: sum.rows }))?;
    if again == *sum {
        Ok(())
    } else {
        Err(StoreError::Differs { place: to.place().to_owned(), table }.into())
    }
}

/// The source, which nobody writes to until it is dropped.
fn source(config: &Config) -> Result<Box<dyn Engine>, StoreError> {
    let missing = || StoreError::Missing { what: format!("store {}", config.shown()) };
    let mut engine = handle::existing(config, Access::Work, WAIT)?.ok_or_else(missing)?;
    engine.begin()?;
    if engine.dialect() == Dialect::Postgresql {
        engine.script(A_PART)?;
    }
    Ok(engine)
}
