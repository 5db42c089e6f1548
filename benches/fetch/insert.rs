//! The other yardstick: the rows that a fetch left, inserted into an empty store of the same schema in one transaction.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

/// All rows of a store, in memory.
pub struct Rows {
    schema: Vec<String>,
    tables: Vec<Table>,
}

struct Table {
    insert: String,
    rows: Vec<Vec<Value>>,
}

impl Rows {
    pub fn of(store: &Path) -> Result<Self> {
        let connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // Tables before their indexes; what SQLite makes itself has no text or such a name.
        let mut found = connection.prepare(
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
        )?;
        let things = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let things: Vec<(String, String, String)> = things.collect::<rusqlite::Result<_>>()?;
        let tables = things.iter().filter(|(kind, ..)| kind == "table");
        let tables = tables.map(|(_, name, _)| Table::of(&connection, name)).collect::<Result<_>>()?;
        Ok(Self { schema: things.into_iter().map(|(.., sql)| sql).collect(), tables })
    }

    /// Writes them as durably as the program does, and says how long that took.
    pub fn insert(&self, store: &Path) -> Result<Duration> {
        let mut connection = Connection::open(store)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", false)?;
        // Room for all of it, in KiB: what does not fit is written twice.
        connection.pragma_update(None, "cache_size", -1_000_000)?;
        for sql in &self.schema {
            connection.execute_batch(sql)?;
        }
        let started = Instant::now();
        let transaction = connection.transaction()?;
        for table in &self.tables {
            let mut insert = transaction.prepare(&table.insert)?;
            for row in &table.rows {
                insert.execute(params_from_iter(row))?;
            }
        }
        transaction.commit()?;
        Ok(started.elapsed())
    }
}

impl Table {
    fn of(connection: &Connection, name: &str) -> Result<Self> {
        let mut all = connection.prepare(&format!("SELECT * FROM \"{name}\""))?;
        let columns = all.column_count();
        let rows = all
            .query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?
            .collect::<rusqlite::Result<_>>()
            .with_context(|| format!("table {name} cannot be read"))?;
        let places = vec!["?"; columns].join(", ");
        Ok(Self { insert: format!("INSERT INTO \"{name}\" VALUES ({places})"), rows })
    }
}
