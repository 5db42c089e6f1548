//! The store that is written: nobody's but one program's until the copy is whole.
//!
//! Its version is negative meanwhile, so that no program takes it for a store; the claim of the program that writes there
//! stands in a table of its own, and each transaction asks for it. References between tables are not held to: rows come table by table.

use crate::store::engine::{Dialect, Engine, References, Value, first};
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

/// Which program writes there.
const CREATE_CLAIM: &str = "CREATE TABLE IF NOT EXISTS claim (claim TEXT NOT NULL)";

const DROP_CLAIM: &str = "DROP TABLE claim";

const DELETE_CLAIM: &str = "DELETE FROM claim";

const INSERT_CLAIM: &str = "INSERT INTO claim (claim) VALUES (?1)";

const SELECT_CLAIM: &str = "SELECT claim FROM claim";

const FULL: &str = "a store with tickets or runs in it";

/// The right to write to a target.
pub(super) struct Claim(String);

impl Claim {
    /// Begins a copy, or goes on with one from a store with this secret, which is the first that is copied.
    pub(super) fn take(engine: &mut dyn Engine, source: &[u8]) -> Result<Self, StoreError> {
        let mut octets = [0; 16];
        getrandom::fill(&mut octets).map_err(|error| StoreError::Unavailable {
            place: engine.place().to_owned(),
            source: error.to_string().into(),
        })?;
        let claim = Self(data_encoding::HEXLOWER.encode(&octets));
        // Also one that a program died making; a store that is in use is upgraded by those who use it alone.
        if (0..VERSION).contains(&schema::version(engine)?) && is_unused(engine)? {
            schema::migrate(engine)?;
        }
        // Before waiting for whoever writes there, which may be we ourselves as the source.
        refuse_others(engine, source)?;
        in_one(engine, |engine| {
            refuse_others(engine, source)?;
            if schema::version(engine)? == VERSION {
                if engine.dialect() == Dialect::Postgresql {
                    engine.script(DETACH)?;
                }
                secret::forget(engine)?;
                schema::set_version(engine, -VERSION)?;
            }
            engine.script(CREATE_CLAIM)?;
            engine.execute(DELETE_CLAIM, &[])?;
            engine.execute(INSERT_CLAIM, &[Value::Text(&claim.0)]).map(drop)
        })?;
        engine.references(References::Unchecked)?;
        Ok(claim)
    }

    /// One transaction, which is refused once another program has claimed the target.
    pub(super) fn in_one<T, E: From<StoreError>>(
        &self,
        engine: &mut dyn Engine,
        work: impl FnOnce(&mut dyn Engine) -> Result<T, E>,
    ) -> Result<T, E> {
        in_one(engine, |engine| {
            if schema::version(engine)? == -VERSION
                && let Some(mut row) = first(engine.query(SELECT_CLAIM, &[])?)
                && row.take::<String>(0)? == self.0
            {
                return work(engine);
            }
            Err(taken(engine, "a copy that another program goes on with").into())
        })
    }

    /// Makes it a store, once `check` has held it against its source: references are held to, numbers go on from the
    /// source's.
    pub(super) fn finish<E: From<StoreError>>(
        self,
        engine: &mut dyn Engine,
        numbers: &[(&'static str, i64)],
        check: impl FnOnce(&mut dyn Engine) -> Result<(), E>,
    ) -> Result<(), E> {
        self.in_one::<_, E>(engine, |engine| {
            engine.script(DROP_CLAIM)?;
            check(engine)?;
            numbers.iter().try_for_each(|(table, next)| engine.number_from(table, *next))?;
            if engine.dialect() == Dialect::Postgresql {
                engine.script(ATTACH)?;
            }
            let orphans = engine.orphans()?;
            if orphans > 0 {
                let what = format!("{orphans} of its rows refer to what is not there");
                return Err(StoreError::Schema { place: engine.place().to_owned(), what }.into());
            }
            engine.in_place()?;
            Ok(schema::set_version(engine, VERSION)?)
        })?;
        engine.references(References::Checked)?;
        // What the database knows of its new rows, for the first run.
        if let Err(error) = engine.script("ANALYZE") {
            log::warn!("the copy is whole, but its statistics are not made: {error}");
        }
        Ok(())
    }
}

fn in_one<T, E: From<StoreError>>(
    engine: &mut dyn Engine,
    work: impl FnOnce(&mut dyn Engine) -> Result<T, E>,
) -> Result<T, E> {
    engine.begin()?;
    let done = work(engine).and_then(|done| engine.commit().map(|()| done).map_err(E::from));
    if done.is_err() {
        // The error that led here is the one to tell; what cannot be taken back is never kept either.
        let _ = engine.rollback();
    }
    done
}

/// Refuses what is neither an empty store nor an unfinished copy of this source.
fn refuse_others(engine: &mut dyn Engine, source: &[u8]) -> Result<(), StoreError> {
    match schema::version(engine)? {
        found if found == -VERSION && secret::kept(engine)?.is_none_or(|kept| kept == source) => Ok(()),
        found if found == -VERSION => Err(taken(engine, "an unfinished copy of another store")),
        found if found < 0 => {
            Err(taken(engine, "a copy that another version of the program began and cannot go on with"))
        }
        VERSION if is_empty(engine)? => Ok(()),
        VERSION => Err(taken(engine, FULL)),
        _ => schema::require_current(engine),
    }
}

fn is_empty(engine: &mut dyn Engine) -> Result<bool, StoreError> {
    none_in(engine, TABLES.iter().map(|table| table.name).filter(|name| *name != "meta"))
}

/// As [`is_empty`], by what every version of the schema has.
fn is_unused(engine: &mut dyn Engine) -> Result<bool, StoreError> {
    Ok(engine.is_fresh()? || none_in(engine, ["run", "ticket", "outcome"].into_iter())?)
}

fn none_in(engine: &mut dyn Engine, tables: impl Iterator<Item = &'static str>) -> Result<bool, StoreError> {
    for table in tables {
        if first(engine.read(&format!("SELECT 1 FROM {table} LIMIT 1"), &[])?).is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn taken(engine: &mut dyn Engine, what: &str) -> StoreError {
    StoreError::Taken { place: engine.place().to_owned(), what: what.to_owned() }
}
