//! Leases: who works at a mailbox where several hosts share one store, and the fence that keeps out who came too late.
//!
//! A lease ends by the database's clock. Whoever takes it next gets a higher number, and every transaction of its holder
//! asks first whether his is still the last one: a host that was frozen and wakes up commits nothing.

use std::time::Duration;

use super::engine::{Engine, Value, first};
use super::{Store, StoreError};

/// Over one whose time is up; the time is the database's.
pub(super) const TAKE: &str = "
INSERT INTO lease (name, owner, number, until)
VALUES (?1, ?2, 1, ?3)
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner,
    number = lease.number + 1,
    until = excluded.until
WHERE lease.until <= ?4
RETURNING number";

pub(super) const RENEW: &str = "
UPDATE lease
SET until = ?3
WHERE name = ?1
  AND number = ?2";

pub(super) const SELECT_OWNER: &str = "
SELECT owner
FROM lease
WHERE name = ?1";

pub(super) const SELECT_FENCE: &str = "
SELECT 1
FROM lease
WHERE name = ?1
  AND number = ?2";

/// A lease that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// What is worked at.
    pub name: String,
    /// Which taking of it this is.
    pub number: i64,
}

/// What became of an attempt to take a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taking {
    /// It is ours.
    Ours(Fence),
    /// Somebody else has it, who is called so.
    Theirs(String),
}

impl Store {
    /// Takes a lease that nobody has, or whose time is up.
    pub fn take_lease(&mut self, name: &str, owner: &str, lasts: Duration) -> Result<Taking, StoreError> {
        self.atomically(|engine| {
            let now = engine.now()?;
            let until = now.saturating_add(lasts).unwrap_or(now);
            let values = [Value::Text(name), Value::Text(owner), Value::Time(until), Value::Time(now)];
            if let Some(mut row) = first(engine.query(TAKE, &values)?) {
                return Ok(Taking::Ours(Fence { name: name.to_owned(), number: row.take(0)? }));
            }
            let owner = first(engine.query(SELECT_OWNER, &[Value::Text(name)])?);
            owner.map_or(Ok(String::new()), |mut row| row.take(0)).map(Taking::Theirs)
        })
    }

    /// Makes a lease last so long from now; `false` where another has taken it.
    pub fn renew_lease(&mut self, fence: &Fence, lasts: Duration) -> Result<bool, StoreError> {
        self.atomically(|engine| {
            let now = engine.now()?;
            let until = now.saturating_add(lasts).unwrap_or(now);
            let values = [Value::Text(&fence.name), Value::Integer(fence.number), Value::Time(until)];
            Ok(engine.execute(RENEW, &values)? == 1)
        })
    }

    /// Ends a lease, unless another has taken it.
    pub fn end_lease(&mut self, fence: &Fence) -> Result<(), StoreError> {
        self.renew_lease(fence, Duration::ZERO).map(drop)
    }

    /// Lets every later transaction be one of the lease's holder, or of nobody's.
    pub fn set_fence(&mut self, fence: Option<Fence>) {
        self.fence = fence;
    }
}

/// Asks whether the lease is still ours; the first thing in a transaction.
pub(super) fn check(engine: &mut dyn Engine, fence: &Fence) -> Result<(), StoreError> {
    let values = [Value::Text(&fence.name), Value::Integer(fence.number)];
    match first(engine.query(SELECT_FENCE, &values)?) {
        Some(_) => Ok(()),
        None => Err(StoreError::Lost { what: fence.name.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{Place, ticket};

    const LONG: Duration = Duration::from_secs(3600);

    fn ours(store: &mut Store, owner: &str) -> Fence {
        match store.take_lease("mailbox support", owner, LONG).unwrap() {
            Taking::Ours(fence) => fence,
            Taking::Theirs(owner) => panic!("{owner} has it"),
        }
    }

    #[test]
    fn a_lease_is_held_by_one_until_it_ends() {
        let place = Place::new();
        let (mut one, mut two) = (place.open(), place.open());
        let fence = ours(&mut one, "one");
        let taking = two.take_lease("mailbox support", "two", LONG).unwrap();
        assert_eq!(taking, Taking::Theirs("one".to_owned()));
        assert!(one.renew_lease(&fence, LONG).unwrap());
        one.end_lease(&fence).unwrap();
        assert_eq!(ours(&mut two, "two").number, fence.number + 1);
        assert!(!one.renew_lease(&fence, LONG).unwrap());
        assert!(matches!(two.take_lease("mailbox sales", "two", LONG).unwrap(), Taking::Ours(_)));
    }

    #[test]
    fn who_lost_his_lease_commits_nothing() {
        let place = Place::new();
        let (mut frozen, mut next) = (place.open(), place.open());
        let fence = ours(&mut frozen, "frozen");
        frozen.set_fence(Some(fence.clone()));
        ticket(&mut frozen, "support");
        frozen.renew_lease(&fence, Duration::ZERO).unwrap();
        let fence = ours(&mut next, "next");
        next.set_fence(Some(fence));
        let lost = frozen.atomically(|_| Ok(())).unwrap_err();
        assert!(matches!(lost, StoreError::Lost { .. }), "{lost}");
        ticket(&mut next, "support");
        frozen.set_fence(None);
        ticket(&mut frozen, "support");
    }
}
