//! The schema: numbered scripts, each applied once and in a transaction of its own.
//!
//! Scripts are only ever added. The version stands in a table of one row, not in a pragma, so that PostgreSQL can keep
//! it the same way.

#[cfg(test)]
mod manual;
#[cfg(test)]
mod upgrade;

use super::StoreError;
use super::engine::{Dialect, Engine, References, Value, first};

/// The scripts for SQLite and for PostgreSQL, one where both understand it; the first brings version 1.
const MIGRATIONS: [[&str; 2]; 14] = [
    [include_str!("0001_first.sql"), include_str!("postgresql/0001_first.sql")],
    [include_str!("0002_files.sql"), include_str!("postgresql/0002_files.sql")],
    [include_str!("0003_rules.sql"), include_str!("postgresql/0003_rules.sql")],
    [include_str!("0004_in_flight.sql"), include_str!("postgresql/0004_in_flight.sql")],
    [include_str!("0005_references.sql"), include_str!("postgresql/0005_references.sql")],
    [include_str!("0006_outbox.sql"), include_str!("postgresql/0006_outbox.sql")],
    [include_str!("0007_watch.sql"), include_str!("postgresql/0007_watch.sql")],
    [include_str!("0008_report.sql"), include_str!("postgresql/0008_report.sql")],
    [include_str!("0009_events.sql"), include_str!("postgresql/0009_events.sql")],
    [include_str!("0010_leases.sql"), include_str!("postgresql/0010_leases.sql")],
    [include_str!("0011_claims.sql"), include_str!("postgresql/0011_claims.sql")],
    [include_str!("0012_size.sql"), include_str!("0012_size.sql")],
    [include_str!("0013_outbox.sql"), include_str!("0013_outbox.sql")],
    [include_str!("0014_once.sql"), include_str!("postgresql/0014_once.sql")],
];

/// The version that this program reads and writes.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

const SELECT_VERSION: &str = "
SELECT version
FROM schema_version";

const UPDATE_VERSION: &str = "
UPDATE schema_version
SET version = ?1";

/// Brings an older or empty database to this program's version; a newer one is refused.
pub(super) fn migrate(engine: &mut dyn Engine) -> Result<(), StoreError> {
    if due(engine)?.is_none() {
        return Ok(());
    }
    // SQLite takes the rows of a dropped table for rows that are removed.
    engine.references(References::Unchecked)?;
    let migrated = all(engine);
    engine.references(References::Checked)?;
    migrated
}

fn all(engine: &mut dyn Engine) -> Result<(), StoreError> {
    while due(engine)?.is_some() {
        engine.begin()?;
        let applied = step(engine).and_then(|()| engine.commit());
        if let Err(error) = applied {
            engine.rollback()?;
            return Err(error);
        }
    }
    Ok(())
}

/// Refuses every version but this program's.
pub(super) fn require_current(engine: &mut dyn Engine) -> Result<(), StoreError> {
    match due(engine)? {
        None => Ok(()),
        Some(Due { found, .. }) => {
            Err(StoreError::Older { place: engine.place().to_owned(), found, reads: MIGRATIONS.len() })
        }
    }
}

/// One migration, whichever is due now that no one else can write.
fn step(engine: &mut dyn Engine) -> Result<(), StoreError> {
    let Some(Due { found, script }) = due(engine)? else {
        return Ok(());
    };
    engine.script(script)?;
    match engine.orphans()? {
        0 => {}
        orphans => {
            return Err(StoreError::Schema {
                place: engine.place().to_owned(),
                what: format!("{orphans} of its rows refer to what is not there; it was not upgraded"),
            });
        }
    }
    engine.sign()?;
    set_version(engine, found + 1)
}

/// Writes down which version the database has; the negative of one while a copy is written there.
pub(super) fn set_version(engine: &mut dyn Engine, version: i64) -> Result<(), StoreError> {
    engine.execute(UPDATE_VERSION, &[Value::Integer(version)]).map(drop)
}

struct Due {
    found: i64,
    script: &'static str,
}

/// The next migration; `None` if there is nothing to do.
fn due(engine: &mut dyn Engine) -> Result<Option<Due>, StoreError> {
    let found = version(engine)?;
    match usize::try_from(found) {
        Ok(applied) if applied <= MIGRATIONS.len() => {
            Ok(MIGRATIONS.get(applied).map(|[sqlite, postgresql]| {
                let script = match engine.dialect() {
                    Dialect::Sqlite => sqlite,
                    Dialect::Postgresql => postgresql,
                };
                Due { found, script }
            }))
        }
        Err(_) => Err(StoreError::Unfinished { place: engine.place().to_owned() }),
        Ok(_) => Err(StoreError::Schema {
            place: engine.place().to_owned(),
            what: format!(
                "it has schema version {found}, this program knows none above {}",
                MIGRATIONS.len()
            ),
        }),
    }
}

/// The number of the last script that was applied.
pub(super) fn version(engine: &mut dyn Engine) -> Result<i64, StoreError> {
    if engine.is_fresh()? {
        return Ok(0);
    }
    match first(engine.query(SELECT_VERSION, &[])?) {
        Some(mut row) => row.take(0),
        None => Err(StoreError::Schema {
            place: engine.place().to_owned(),
            what: "its schema version is gone".to_owned(),
        }),
    }
}
