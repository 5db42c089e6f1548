//! What a run has in hand: marked before it is fetched, let go of with its ledger row.
//!
//! A mark that is left when nobody works at the mailbox tells of a run that died with the item in hand, of the item's
//! doing or not. It is for a process that dies, and outlives that as it is written: none is flushed to the disk for a machine
//! that does, which is no message's doing.

use super::desk::source;
use super::engine::Value;
use super::{Source, Store, StoreError};
use crate::model::ids::RunId;
use crate::model::item::ItemKey;

pub(super) const UPSERT_IN_FLIGHT: &str = "
INSERT INTO in_flight (source, item, run, deaths)
VALUES (?1, ?2, ?3, 0)
ON CONFLICT (source, item) DO UPDATE
SET run = excluded.run,
    deaths = in_flight.deaths + 1";

pub(super) const TAKE_BACK: &str = "
UPDATE in_flight
SET deaths = deaths - 1
WHERE source = ?1
  AND item = ?2
  AND deaths > 0";

pub(super) const DELETE_IN_FLIGHT: &str = "
DELETE FROM in_flight
WHERE source = ?1
  AND item = ?2";

impl Store {
    /// Marks items as in hand; each one that was marked before has one death more to its name.
    pub fn mark(&mut self, of: &Source, run: RunId, keys: &[ItemKey]) -> Result<(), StoreError> {
        self.lightly(|engine| {
            let source = Value::Integer(source(engine, of)?);
            for key in keys {
                engine.execute(UPSERT_IN_FLIGHT, &[source, Value::Text(&key.0), Value::Integer(run.0)])?;
            }
            Ok(())
        })
    }

    /// Takes the last mark of each item back: the run ends its work at them, alive.
    pub fn take_back_marks(&mut self, of: &Source, keys: &[ItemKey]) -> Result<(), StoreError> {
        self.lightly(|engine| {
            let source = Value::Integer(source(engine, of)?);
            for key in keys {
                let values = [source, Value::Text(&key.0)];
                if engine.execute(TAKE_BACK, &values)? == 0 {
                    engine.execute(DELETE_IN_FLIGHT, &values)?;
                }
            }
            Ok(())
        })
    }

    /// Forgets all marks of items that are not there any more.
    pub fn unmark(&mut self, of: &Source, keys: &[ItemKey]) -> Result<(), StoreError> {
        self.lightly(|engine| {
            let source = Value::Integer(source(engine, of)?);
            for key in keys {
                engine.execute(DELETE_IN_FLIGHT, &[source, Value::Text(&key.0)])?;
            }
            Ok(())
        })
    }
}
