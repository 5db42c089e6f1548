//! In place of [`Postgres`] in a program that was built without it: no URL of a server is taken.

use std::path::Path;
use std::time::Duration;

use super::{Access, Engine};
use crate::store::StoreError;

const NONE: &str = "this program was built without PostgreSQL (feature \"postgresql\")";

/// What would lead to a database.
#[allow(dead_code, reason = "nothing reads it")]
pub struct Way<'a> {
    /// As libpq writes it.
    pub url: &'a str,
    /// In place of one in the URL.
    pub password: Option<&'a str>,
    /// Trusted besides the system's authorities (PEM).
    pub ca_file: Option<&'a Path>,
}

/// There is none.
pub struct Postgres;

impl Postgres {
    /// Refuses.
    pub fn open(_: &Way<'_>, _: Access, _: Duration) -> Result<Box<dyn Engine>, StoreError> {
        Err(StoreError::Misuse { what: NONE.to_owned() })
    }
}

/// Refuses.
pub fn shown(_: &str) -> Result<String, String> {
    Err(NONE.to_owned())
}
