//! Filling stores by SQL, the same text for both engines but for the series that it draws on.
//!
//! Indexes are there before the rows, so that their pages have the gaps of pages that grew: in those of an index that was made
//! at once the first messages would find no room. PostgreSQL leaves room in these, and makes them afterwards, which is faster.
//! It has its statistics in the end, as its autovacuum would have made them by then; SQLite has none, as no store has before
//! its first `prune`.

use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;
use postgres::{Client, NoTls};
use rusqlite::Connection;

const SQLITE: &str = include_str!("sqlite.sql");
const POSTGRESQL: &str = include_str!("postgresql.sql");
const FILL: &str = include_str!("fill.sql");

/// A text of the usual length.
const TEXT: &str = "The printer in the hall has been burning since Monday. We have tried turning it off and on again, \
                    and the smoke is somewhat less since then, but the pages come out black on both sides. ";

/// The span that the items came in.
const MONTHS: u64 = 36;
const SPAN: i64 = 3 * 365 * 86_400;

/// Which of the items, numbered from 1, are in a store; each fifth of all is a new ticket.
#[derive(Clone, Copy)]
pub struct Items {
    /// How far apart those before the last month are.
    pub old_step: u64,
    /// The first of the last month.
    pub recent: u64,
    /// How far apart those of the last month are.
    pub recent_step: u64,
    /// The last of all.
    pub last: u64,
}

impl Items {
    /// All of them.
    pub fn all(last: u64) -> Self {
        // Tickets come with each fifth item.
        let recent = (last - last / MONTHS) / 5 * 5;
        Self { old_step: 1, recent, recent_step: 1, last }
    }

    /// New tickets alone: so many old ones, and nine times as many of the last month where there are.
    pub fn some(self, old: u64) -> Self {
        let step = |items: u64, wanted: u64| (items / wanted / 5 * 5).max(5);
        let recent_step = step(self.last - self.recent, old * 9);
        Self { old_step: step(self.recent, old), recent_step, ..self }
    }

    fn fill(self, text: &str) -> String {
        let begin = Timestamp::now().as_second() - SPAN - 3600;
        let fields = [
            ("{old_step}", self.old_step.to_string()),
            ("{recent}", self.recent.to_string()),
            ("{recent_step}", self.recent_step.to_string()),
            ("{last}", self.last.to_string()),
            ("{begin}", begin.to_string()),
            ("{seconds}", (SPAN / i64::try_from(self.last).unwrap_or(i64::MAX)).to_string()),
            ("{text}", format!("'{}'", TEXT.repeat(3))),
        ];
        fields.iter().fold(text.to_owned(), |text, (field, value)| text.replace(field, value))
    }
}

/// Fills the file of a store that has been made.
pub fn sqlite(file: &Path, items: Items) -> Result<()> {
    let store = Connection::open(file)?;
    store.execute_batch(
        "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA foreign_keys = off; PRAGMA cache_size = -1000000;
         PRAGMA temp_store = memory",
    )?;
    store.execute_batch(&items.fill(SQLITE))?;
    store.execute_batch(&format!("BEGIN; {}; COMMIT", items.fill(FILL)))?;
    Ok(store.execute_batch("PRAGMA journal_mode = wal")?)
}

/// Fills the database of a store that has been made.
pub fn postgresql(url: &str, items: Items) -> Result<()> {
    let mut store = Client::connect(url, NoTls)?;
    // Foreign keys are triggers, which rest meanwhile.
    store.batch_execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")?;
    let select = "SELECT indexname::text, indexdef FROM pg_indexes
        WHERE schemaname = current_schema()
          AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = format('%I', indexname)::regclass)";
    let rows = store.query(select, &[])?;
    for row in &rows {
        store.batch_execute(&format!("DROP INDEX {}", row.get::<_, String>(0)))?;
    }
    store.batch_execute(&items.fill(POSTGRESQL))?;
    store.batch_execute(&items.fill(FILL))?;
    for row in &rows {
        store.batch_execute(row.get(1))?;
    }
    let numbered = "SELECT format('SELECT setval(pg_get_serial_sequence(%L, %L), (SELECT max(%I) FROM %I))',
          table_name, column_name, column_name, table_name)
        FROM information_schema.columns
        WHERE table_schema = current_schema() AND is_identity = 'YES'";
    for row in store.query(numbered, &[])? {
        store.batch_execute(row.get(0))?;
    }
    for rest in ["VACUUM ANALYZE", "CHECKPOINT"] {
        store.batch_execute(rest)?;
    }
    Ok(())
}
