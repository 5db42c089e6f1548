//! The store that is written: nobody else's until the copy is whole.
//!
//! Its version is negative meanwhile, so that no program takes it for a store, and references between tables are not held
//! to: rows come table by table.

use crate::store::engine::{Dialect, Engine, References, first};
use crate::store::schema::{self, VERSION};
use crate::store::{StoreError, secret};

use super::tables::TABLES;

/// Takes the references away and remembers them.
const DETACH: &str = "
CREATE TABLE copying AS
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS reference
FROM pg_constraint
WHERE contype = 'f'
  AND connamespace = current_schema()::regnamespace;
DO $$
DECLARE
  held record;
BEGIN
  FOR held IN
    SELECT conrelid::regclass AS holder, conname
    FROM pg_constraint
    WHERE contype = 'f'
      AND connamespace = current_schema()::regnamespace
  LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', held.holder, held.conname);
  END LOOP;
END
$$";

/// Puts them back, which reads all that they speak of.
const ATTACH: &str = "
DO $$
DECLARE
  held text;
BEGIN
  FOR held IN SELECT reference FROM copying
  LOOP
    EXECUTE held;
  END LOOP;
END
$$;
DROP TABLE copying";

const FULL: &str = "a store with tickets or runs in it";

/// Begins a copy, or goes on with one from a store with this secret.
pub(super) fn begin(engine: &mut dyn Engine, source: Option<&[u8]>) -> Result<(), StoreError> {
    let found = schema::version(engine)?;
    if found == -VERSION {
        let kept = secret::kept(engine)?;
        if kept.is_some() && kept.as_deref() != source {
            return Err(taken(engine, "an unfinished copy of another store"));
        }
    } else {
        schema::migrate(engine)?;
        // Before waiting for whoever writes there, which may be we ourselves as the source.
        if !is_empty(engine)? {
            return Err(taken(engine, FULL));
        }
        in_one(engine, |engine| {
            if !is_empty(engine)? {
                return Err(taken(engine, FULL));
            }
            if engine.dialect() == Dialect::Postgresql {
                engine.script(DETACH)?;
            }
            schema::set_version(engine, -VERSION)
        })?;
    }
    engine.references(References::Unchecked)
}

/// Makes it a store: numbers go on from the source's, references are held to.
pub(super) fn finish(engine: &mut dyn Engine, numbers: &[(&'static str, i64)]) -> Result<(), StoreError> {
    in_one(engine, |engine| {
        still_ours(engine)?;
        numbers.iter().try_for_each(|(table, next)| engine.number_from(table, *next))?;
        if engine.dialect() == Dialect::Postgresql {
            engine.script(ATTACH)?;
        }
        let orphans = engine.orphans()?;
        if orphans > 0 {
            let what = format!("{orphans} of its rows refer to what is not there");
            return Err(StoreError::Schema { place: engine.place().to_owned(), what });
        }
        engine.in_place()?;
        schema::set_version(engine, VERSION)
    })?;
    engine.references(References::Checked)?;
    // What the database knows of its new rows, for the first run.
    engine.script("ANALYZE")
}

/// One transaction.
pub(super) fn in_one<T>(
    engine: &mut dyn Engine,
    work: impl FnOnce(&mut dyn Engine) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    engine.begin()?;
    let done = work(engine).and_then(|done| engine.commit().map(|()| done));
    done.or_else(|error| {
        engine.rollback()?;
        Err(error)
    })
}

/// Refuses once another program has made a store of it.
pub(super) fn still_ours(engine: &mut dyn Engine) -> Result<(), StoreError> {
    if schema::version(engine)? == -VERSION {
        return Ok(());
    }
    Err(taken(engine, "a copy that another program has finished"))
}

fn is_empty(engine: &mut dyn Engine) -> Result<bool, StoreError> {
    for table in TABLES.iter().filter(|table| table.name != "meta") {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", table.name);
        if first(engine.read(&sql, &[])?).is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn taken(engine: &mut dyn Engine, what: &str) -> StoreError {
    StoreError::Taken { place: engine.place().to_owned(), what: what.to_owned() }
}
