//! Whole tables of SQLite.

use super::super::{Cell, Engine as _, Row, Sqlite, Value};
use super::{Bulk, Shape};
use crate::store::StoreError;

const SELECT_COLUMNS: &str = "
SELECT name
FROM pragma_table_info(?1)
ORDER BY cid";

const FORGET_NUMBER: &str = "
DELETE FROM sqlite_sequence
WHERE name = ?1";

const INSERT_NUMBER: &str = "
INSERT INTO sqlite_sequence (name, seq)
VALUES (?1, ?2)";

impl Bulk for Sqlite {
    fn select_columns(&self) -> &'static str {
        SELECT_COLUMNS
    }

    fn read(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.answer(sql, values)
    }

    fn write(&mut self, shape: &Shape, rows: &[Row]) -> Result<(), StoreError> {
        let places: Vec<String> = (1..=shape.columns().len()).map(|number| format!("?{number}")).collect();
        let sql =
            format!("INSERT INTO {} ({}) VALUES ({})", shape.table.name, shape.names(), places.join(", "));
        rows.iter().try_for_each(|row| {
            let values: Vec<Value<'_>> = row.0.iter().map(Cell::value).collect();
            self.answer(&sql, &values).map(drop)
        })
    }

    fn number_from(&mut self, table: &'static str, next: i64) -> Result<(), StoreError> {
        self.execute(FORGET_NUMBER, &[Value::Text(table)])?;
        self.execute(INSERT_NUMBER, &[Value::Text(table), Value::Integer(next - 1)]).map(drop)
    }
}
