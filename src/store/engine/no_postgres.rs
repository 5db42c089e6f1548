//! In place of [`Postgres`] in a program that was built without it: no URL of a server is taken.

use std::time::Duration;

use super::{Access, Engine, Shown, Way};
use crate::store::StoreError;

const NONE: &str = "this program was built without PostgreSQL (feature \"postgresql\")";

/// There is none.
pub struct Postgres;

impl Postgres {
    /// Refuses.
    pub fn open(_: &Way<'_>, _: Access, _: Duration) -> Result<Box<dyn Engine>, StoreError> {
        Err(StoreError::Misuse { what: NONE.to_owned() })
    }
}

/// Refuses.
pub fn shown(_: &str) -> Result<Shown, String> {
    Err(NONE.to_owned())
}
