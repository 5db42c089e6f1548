//! Whole tables: how a copy of a store reads and writes them. The statements are made of the schema's own names.

#[cfg(feature = "postgresql")]
mod postgres;
mod sqlite;

use super::{Cell, Engine, Row, Value, first};
use crate::store::StoreError;

/// What a copy does with a database besides what every transaction does.
pub trait Bulk {
    /// The statement that gives the columns of a table, in their order.
    fn select_columns(&self) -> &'static str;

    /// Runs a statement and gives all of its rows.
    fn read(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError>;

    /// Writes rows that are not there yet, in the order of the shape's columns.
    fn write(&mut self, shape: &Shape, rows: &[Row]) -> Result<(), StoreError>;

    /// Lets the next new row of a numbered table have this number.
    fn number_from(&mut self, table: &'static str, next: i64) -> Result<(), StoreError>;
}

/// A table that is copied.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What its rows are known and ordered by.
    pub key: &'static [&'static str],
    /// Whether new rows are numbered, in the column `id`.
    pub is_numbered: bool,
    /// An expression that tells how many octets a row may take, where that can be many.
    pub weight: Option<&'static str>,
}

/// A table and its columns, those of its key first.
#[derive(Debug)]
pub struct Shape {
    /// The table.
    pub table: Table,
    columns: Vec<String>,
}

/// Which rows of a table are read, in the order of their keys.
#[derive(Debug, Clone, Copy)]
pub struct Range<'a> {
    /// Those behind this key.
    pub after: Option<&'a Row>,
    /// So many.
    pub most: usize,
}

/// The columns of a table, in their order.
pub fn columns(engine: &mut dyn Engine, table: Table) -> Result<Vec<String>, StoreError> {
    let rows = engine.query(engine.select_columns(), &[Value::Text(table.name)])?;
    rows.into_iter().map(|mut row| row.take(0)).collect()
}

impl Shape {
    /// The shape of a table with these columns.
    pub fn new(table: Table, columns: Vec<String>) -> Self {
        let (mut first, others): (Vec<_>, Vec<_>) =
            columns.into_iter().partition(|column| table.key.contains(&column.as_str()));
        first.sort_by_key(|column| table.key.iter().position(|key| key == column));
        first.extend(others);
        Self { table, columns: first }
    }

    /// The columns, as a statement names them.
    pub fn names(&self) -> String {
        let quoted: Vec<String> = self.columns.iter().map(|column| format!("\"{column}\"")).collect();
        quoted.join(", ")
    }

    /// The columns, those of the key first.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What a row is known by.
    pub fn key(&self, row: &Row) -> Row {
        Row(row.0.iter().take(self.table.key.len()).cloned().collect())
    }

    /// Reads rows of the range.
    pub fn rows(&self, engine: &mut (impl Bulk + ?Sized), range: Range<'_>) -> Result<Vec<Row>, StoreError> {
        self.select(engine, &self.names(), range)
    }

    /// How many rows there are.
    pub fn count(&self, engine: &mut (impl Bulk + ?Sized)) -> Result<u64, StoreError> {
        let counted = engine.read(&format!("SELECT count(*) FROM {}", self.table.name), &[])?;
        first(counted).map_or(Ok(0), |mut row| row.take(0))
    }

    /// How many octets each row of the range may take; none where they are small.
    pub fn weights(
        &self,
        engine: &mut (impl Bulk + ?Sized),
        range: Range<'_>,
    ) -> Result<Vec<u64>, StoreError> {
        let Some(weight) = self.table.weight else { return Ok(Vec::new()) };
        self.select(engine, weight, range)?.into_iter().map(|mut row| row.take(0)).collect()
    }

    fn select(
        &self,
        engine: &mut (impl Bulk + ?Sized),
        what: &str,
        range: Range<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let key = self.table.key.join(", ");
        let mut values: Vec<Value<'_>> = range.after.iter().flat_map(|row| &row.0).map(Cell::value).collect();
        let places: Vec<String> = (1..=values.len()).map(|number| format!("?{number}")).collect();
        let after = match range.after {
            Some(_) => format!(" WHERE ({key}) > ({})", places.join(", ")),
            None => String::new(),
        };
        values.push(Value::Integer(i64::try_from(range.most).unwrap_or(i64::MAX)));
        let sql =
            format!("SELECT {what} FROM {}{after} ORDER BY {key} LIMIT ?{}", self.table.name, values.len());
        engine.read(&sql, &values)
    }

    /// Removes the row of a key.
    pub fn remove(&self, engine: &mut (impl Bulk + ?Sized), key: &Row) -> Result<(), StoreError> {
        let is: Vec<String> =
            self.table.key.iter().enumerate().map(|(at, column)| format!("{column} = ?{}", at + 1)).collect();
        let values: Vec<Value<'_>> = key.0.iter().map(Cell::value).collect();
        engine.read(&format!("DELETE FROM {} WHERE {}", self.table.name, is.join(" AND ")), &values).map(drop)
    }
}
