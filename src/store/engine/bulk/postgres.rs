//! Whole tables of PostgreSQL, written by its COPY.

use super::super::{Engine as _, Postgres, Row, Value};
use super::{Bulk, Shape};
use crate::store::StoreError;

/// The number that SQLite gives rows by itself is nobody's.
const SELECT_COLUMNS: &str = "
SELECT CAST(column_name AS TEXT)
FROM information_schema.columns
WHERE table_schema = current_schema()
  AND table_name = ?1
  AND column_name <> 'rowid'
ORDER BY ordinal_position";

const SET_NUMBER: &str = "
SELECT setval(CAST(pg_get_serial_sequence(?1, 'id') AS regclass), ?2)";

impl Bulk for Postgres {
    fn select_columns(&self) -> &'static str {
        SELECT_COLUMNS
    }

    fn read(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.answer(sql, values)
    }

    fn write(&mut self, shape: &Shape, rows: &[Row]) -> Result<(), StoreError> {
        self.copy_in(shape.table.name, &shape.names(), rows)
    }

    fn number_from(&mut self, table: &'static str, next: i64) -> Result<(), StoreError> {
        if next <= 1 {
            return Ok(());
        }
        self.query(SET_NUMBER, &[Value::Text(table), Value::Integer(next - 1)]).map(drop)
    }
}
