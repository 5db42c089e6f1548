//! The one door to the database: statements with `?1` places, values that are borrowed, rows that are read by type.
//!
//! SQLite and PostgreSQL answer the same statements (`?1` is written as `$1` for the latter), so whatever the two do
//! differently is a method of [`Engine`]: how a transaction begins, what number comes next, whether anything is there at
//! all. The schema alone is written twice, side by side.

mod bulk;
#[cfg(feature = "postgresql")]
mod postgres;
#[cfg(not(feature = "postgresql"))]
#[path = "no_postgres.rs"]
mod postgres;
mod row;
mod sqlite;

pub use bulk::{Bulk, Range, Shape, Table, columns};
#[cfg(all(test, feature = "postgresql"))]
pub use postgres::own_schema;
pub use postgres::{Postgres, shown};
pub use row::{Cell, FromCell, Row};
pub use sqlite::{Access, Sqlite};

use std::borrow::Cow;
use std::path::Path;

use jiff::Timestamp;

use super::StoreError;

/// A database connection.
pub trait Engine: Bulk + Send {
    /// The database as errors name it.
    fn place(&self) -> &str;

    /// Whether what is written is still where the next run looks for it.
    fn in_place(&self) -> Result<(), StoreError>;

    /// Runs a statement that gives no rows and tells how many it changed.
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError>;

    /// Runs a statement and gives all of its rows.
    fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError>;

    /// Inserts one row into a numbered table and gives its number. (`RETURNING` would have SQLite look in each table that
    /// refers to this one for rows that waited for it.)
    fn insert(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<i64, StoreError>;

    /// Writes the octets that [`Value::Room`] left room for into a row, by its `id`.
    fn fill(&mut self, column: Column, row: i64, octets: &[u8]) -> Result<(), StoreError>;

    /// Runs several statements, for migrations.
    fn script(&mut self, sql: &'static str) -> Result<(), StoreError>;

    /// Which database it is.
    fn dialect(&self) -> Dialect;

    /// What time it is, for the database.
    fn now(&mut self) -> Result<Timestamp, StoreError>;

    /// How what is committed from now on is kept; surely, unless it was asked for otherwise.
    fn keep(&mut self, keeping: Keeping) -> Result<(), StoreError>;

    /// Begins a transaction that writes, waiting for other writers.
    fn begin(&mut self) -> Result<(), StoreError>;

    /// Begins a transaction that only reads, all of it at one moment, and keeps nobody from writing.
    fn begin_reading(&mut self) -> Result<(), StoreError>;

    /// Keeps the transaction. When it fails the transaction still has to be taken back.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Takes back the transaction, also one that the database has ended by itself.
    fn rollback(&mut self) -> Result<(), StoreError>;

    /// Whether the database holds no table at all.
    fn is_fresh(&mut self) -> Result<bool, StoreError>;

    /// Marks a fresh database as ours, so that a later run tells it from a stranger's.
    fn sign(&mut self) -> Result<(), StoreError>;

    /// The number that the next new row of a numbered table gets.
    fn next_number(&mut self, table: &'static str) -> Result<i64, StoreError>;

    /// Whether a change of one row is held to what other tables say of it; not within a transaction.
    fn references(&mut self, references: References) -> Result<(), StoreError>;

    /// How many rows refer to what is not there; reads all tables.
    fn orphans(&mut self) -> Result<u64, StoreError>;

    /// How many octets the database takes.
    fn size(&mut self) -> Result<u64, StoreError>;

    /// Lets the database look after its indexes; cheap where there is nothing to do.
    fn tidy(&mut self) -> Result<(), StoreError>;
}

/// How a commit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// It is on the disk when it is over.
    Surely,
    /// It is on the disk with the next one that surely is, or a little later: of what is not needed to go on after a loss of
    /// power, such as when a run began. The death of this program takes nothing from it.
    Lightly,
}

/// Whether references between tables are held to at every change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum References {
    /// They are.
    Checked,
    /// They are not: a migration makes a table anew that others refer to.
    Unchecked,
}

/// What leads to a database on a server.
#[cfg_attr(not(feature = "postgresql"), allow(dead_code, reason = "no server is reached then"))]
pub struct Way<'a> {
    /// As libpq writes it.
    pub url: &'a str,
    /// In place of one in the URL.
    pub password: Option<&'a str>,
    /// Trusted besides the system's authorities (PEM).
    pub ca_file: Option<&'a Path>,
}

/// What may be told of a URL.
pub struct Shown {
    /// Host and database.
    pub place: String,
    /// Whether a password stands there.
    pub has_password: bool,
}

/// The databases that answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    #[cfg_attr(not(feature = "postgresql"), allow(dead_code, reason = "nothing speaks it then"))]
    Postgresql,
}

/// A column of a table whose key is `id`.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub name: &'static str,
}

/// A value for a place in a statement.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A number.
    Integer(i64),
    /// Text; NUL characters are left out, PostgreSQL does not take them.
    Text(&'a str),
    /// Octets.
    Blob(&'a [u8]),
    /// So many octets, which [`Engine::fill`] writes next: a bound value is held twice over in memory.
    Room(usize),
    /// A point in time, to the microsecond.
    Time(Timestamp),
    /// Yes or no.
    Boolean(bool),
}

impl<'a> Value<'a> {
    /// The text, or nothing.
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    /// The number, or nothing.
    pub fn integer(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Integer)
    }

    /// The octets, or nothing.
    pub fn blob(octets: Option<&'a [u8]>) -> Self {
        octets.map_or(Self::Null, Self::Blob)
    }

    /// The time, or nothing.
    pub fn time(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Null, Self::Time)
    }
}

/// The text without NUL characters.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// The one row of an answer that has at most one.
pub fn first(rows: Vec<Row>) -> Option<Row> {
    rows.into_iter().next()
}
