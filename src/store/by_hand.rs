//! What people do to notifications and events: to all that they name, or to none.

use jiff::Timestamp;

use super::engine::{Engine, Value, first};
use super::{Store, StoreError};

/// A change that a row may refuse by its state.
pub(super) struct Change {
    /// What the rows are called.
    pub(super) what: &'static str,
    /// What was not done, as in "cannot be requeued".
    pub(super) done: &'static str,
    /// The statement, by number and time; it changes no row that refuses.
    pub(super) sql: &'static str,
    /// Asks for the state of a row, by its number.
    pub(super) state: &'static str,
}

impl Store {
    /// # Errors
    /// `Refused` with the state of the first row that refuses, `Missing` for one that is not there; nothing is changed then.
    pub(super) fn change(&mut self, change: &Change, rows: &[i64], now: Timestamp) -> Result<(), StoreError> {
        self.atomically(|engine| {
            for row in rows {
                if engine.execute(change.sql, &[Value::Integer(*row), Value::Time(now)])? == 0 {
                    return Err(refused(engine, change, *row)?);
                }
            }
            Ok(())
        })
    }
}

fn refused(engine: &mut dyn Engine, change: &Change, row: i64) -> Result<StoreError, StoreError> {
    let what = format!("{} {row}", change.what);
    let Some(mut found) = first(engine.query(change.state, &[Value::Integer(row)])?) else {
        return Ok(StoreError::Missing { what });
    };
    let state: String = found.take(0)?;
    Ok(StoreError::Refused { what: format!("{what} is {state} and cannot be {}", change.done) })
}
