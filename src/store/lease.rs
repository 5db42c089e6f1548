//! Leases: who works at a mailbox, or delivers, where several hosts share one store, and the fence that keeps out who came
//! too late.
//!
//! A lease ends by the database's clock. Whoever takes it next gets a higher number, and every transaction of its holder
//! asks first whether his is still the last one: a host that was frozen and wakes up commits nothing. Taking waits for
//! whoever writes, so that no transaction of the former holder is open then; renewing and ending wait for nobody, since
//! a statement for one row is whole by itself.

use std::fmt;
use std::time::Duration;

use super::engine::{Engine, Value, first};
use super::{Store, StoreError};
use crate::model::ids::MailboxName;

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

/// A mailbox's row stays, for its number must grow; the new one keeps a renewal that is under way from reviving it.
pub(super) const END: &str = "
UPDATE lease
SET until = ?3,
    number = number + 1
WHERE name = ?1
  AND number = ?2";

/// A delivery's name is never used again.
pub(super) const DELETE: &str = "
DELETE FROM lease
WHERE name = ?1
  AND number = ?2";

/// The names of deliveries begin with a word and a blank, behind which "!" is next.
pub(super) const DELETE_DEAD: &str = "
DELETE FROM lease
WHERE name >= 'delivery '
  AND name < 'delivery!'
  AND until <= ?1";

pub(super) const SELECT_OWNER: &str = "
SELECT owner
FROM lease
WHERE name = ?1";

pub(super) const SELECT_FENCE: &str = "
SELECT 1
FROM lease
WHERE name = ?1
  AND number = ?2";

/// What is done under a lease; shown as the name of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// A mailbox is worked at.
    Mailbox(MailboxName),
    /// Notifications or events are delivered, by the delivery of that name, which no other has.
    Delivery(String),
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mailbox(mailbox) => write!(f, "mailbox \"{mailbox}\""),
            Self::Delivery(name) => write!(f, "delivery {name}"),
        }
    }
}

/// A lease that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// For what.
    pub lease: Lease,
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
    pub fn take_lease(&mut self, lease: &Lease, owner: &str, lasts: Duration) -> Result<Taking, StoreError> {
        let name = lease.to_string();
        self.atomically(|engine| {
            let now = engine.now()?;
            let until = now.saturating_add(lasts).unwrap_or(now);
            let values = [Value::Text(&name), Value::Text(owner), Value::Time(until), Value::Time(now)];
            if let Some(mut row) = first(engine.query(TAKE, &values)?) {
                return Ok(Taking::Ours(Fence { lease: lease.clone(), number: row.take(0)? }));
            }
            let owner = first(engine.query(SELECT_OWNER, &[Value::Text(&name)])?);
            owner.map_or(Ok(String::new()), |mut row| row.take(0)).map(Taking::Theirs)
        })
    }

    /// Makes a lease last so long from now; `false` where another has taken it, or it was ended.
    pub fn renew_lease(&mut self, fence: &Fence, lasts: Duration) -> Result<bool, StoreError> {
        let now = self.engine.now()?;
        let until = now.saturating_add(lasts).unwrap_or(now);
        let values = [Value::Text(&fence.name()), Value::Integer(fence.number), Value::Time(until)];
        Ok(self.engine.execute(RENEW, &values)? == 1)
    }

    /// Ends a lease, unless another has taken it.
    pub fn end_lease(&mut self, fence: &Fence) -> Result<(), StoreError> {
        let (name, number) = (fence.name(), Value::Integer(fence.number));
        match fence.lease {
            Lease::Mailbox(_) => {
                let now = self.engine.now()?;
                self.engine.execute(END, &[Value::Text(&name), number, Value::Time(now)]).map(drop)
            }
            Lease::Delivery(_) => self.engine.execute(DELETE, &[Value::Text(&name), number]).map(drop),
        }
    }

    /// Lets every later transaction be one of the lease's holder, or of nobody's.
    pub fn set_fence(&mut self, fence: Option<Fence>) {
        self.fence = fence;
    }
}

impl Fence {
    fn name(&self) -> String {
        self.lease.to_string()
    }
}

/// Asks whether the lease is still ours; the first thing in a transaction.
pub(super) fn check(engine: &mut dyn Engine, fence: &Fence) -> Result<(), StoreError> {
    let values = [Value::Text(&fence.name()), Value::Integer(fence.number)];
    match first(engine.query(SELECT_FENCE, &values)?) {
        Some(_) => Ok(()),
        None => Err(StoreError::Lost { lease: fence.lease.clone() }),
    }
}

/// Ends the leases of deliveries that were silent for too long: what rows name a lease that is not there were a dead
/// program's. Beside an embedded store, where a lock file is held, none has a lease.
pub(super) fn bury(engine: &mut dyn Engine) -> Result<(), StoreError> {
    let now = engine.now()?;
    engine.execute(DELETE_DEAD, &[Value::Time(now)]).map(drop)
}

#[cfg(test)]
impl Store {
    /// Until when a lease is held.
    pub(crate) fn lease_until(&mut self, lease: &Lease) -> jiff::Timestamp {
        let name = lease.to_string();
        let rows = self.engine.query("SELECT until FROM lease WHERE name = ?1", &[Value::Text(&name)]);
        first(rows.unwrap()).unwrap().take(0).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{Place, ticket};

    const LONG: Duration = Duration::from_secs(3600);

    fn mailbox(name: &str) -> Lease {
        Lease::Mailbox(name.parse().unwrap())
    }

    fn ours(store: &mut Store, owner: &str) -> Fence {
        match store.take_lease(&mailbox("support"), owner, LONG).unwrap() {
            Taking::Ours(fence) => fence,
            Taking::Theirs(owner) => panic!("{owner} has it"),
        }
    }

    #[test]
    fn a_lease_is_held_by_one_until_it_ends() {
        let place = Place::new();
        let (mut one, mut two) = (place.open(), place.open());
        let fence = ours(&mut one, "one");
        let taking = two.take_lease(&mailbox("support"), "two", LONG).unwrap();
        assert_eq!(taking, Taking::Theirs("one".to_owned()));
        assert!(one.renew_lease(&fence, LONG).unwrap());
        one.end_lease(&fence).unwrap();
        assert_eq!(ours(&mut two, "two").number, fence.number + 2);
        assert!(!one.renew_lease(&fence, LONG).unwrap());
        assert!(matches!(two.take_lease(&mailbox("sales"), "two", LONG).unwrap(), Taking::Ours(_)));
    }

    #[test]
    fn a_delivery_leaves_no_row_however_it_ends() {
        let place = Place::new();
        let mut store = place.open();
        let [ended, silent, living] =
            ["ended", "silent", "living"].map(|name| Lease::Delivery(name.to_owned()));
        for (lease, lasts) in [(&ended, LONG), (&silent, Duration::ZERO), (&living, LONG)] {
            let Taking::Ours(fence) = store.take_lease(lease, "host", lasts).unwrap() else {
                panic!("{lease} is taken");
            };
            if *lease == ended {
                store.end_lease(&fence).unwrap();
            }
        }
        let mailbox = ours(&mut store, "host");
        store.end_lease(&mailbox).unwrap();
        store.atomically(bury).unwrap();
        let rows = store.engine.query("SELECT name FROM lease ORDER BY name", &[]).unwrap();
        let names: Vec<String> = rows.into_iter().map(|mut row| row.take(0).unwrap()).collect();
        assert_eq!(names, ["delivery living", "mailbox \"support\""]);
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
