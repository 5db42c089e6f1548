//! How all is doing, from the store and the configuration alone: what `status` and metrics tell and thresholds are held to.
//!
//! Nothing is asked of a server, and nothing is held: a run beside it goes on. What a run learns of the world, such as when
//! a certificate expires, it leaves in the store.

mod mail;
mod threshold;
mod words;

#[cfg(test)]
mod tests;

pub use mail::{Written, watch};
pub use threshold::{AlertLine, Ran, Threshold};
pub use words::age;

use jiff::Timestamp;

use crate::store::{Health, Store, StoreError, StoreStatus};

use super::config::Plan;
use super::ingest::INGEST;

/// How all is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// When that was looked at.
    pub at: Timestamp,
    /// The mailboxes: those of the configuration in its order, then others that the store knows.
    pub mailboxes: Vec<Watched>,
    /// How the store stands; as an empty one where there is none yet. Its mailboxes stand above, and of its back ends those
    /// that are configured are here.
    pub store: StoreStatus,
    /// The thresholds that are configured.
    pub alerts: Vec<AlertLine>,
}

/// A mailbox with what it is to the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// How it is.
    pub health: Health,
    /// Whether it is fetched.
    pub membership: Membership,
}

/// What a mailbox is to the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// It is fetched.
    Configured,
    /// It is configured no more.
    Former,
    /// Messages that are handed over: no mailbox.
    Ingest,
}

impl Membership {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Former => "former",
            Self::Ingest => "ingest",
        }
    }
}

impl Status {
    /// The thresholds that are reached.
    pub fn reached(&self) -> impl Iterator<Item = &AlertLine> {
        self.alerts.iter().filter(|line| line.reached)
    }
}

/// How all is doing; `None` for a store that is not there yet.
pub fn status(plan: &Plan, store: Option<&mut Store>, now: Timestamp) -> Result<Status, StoreError> {
    let (standing, before) = match store {
        Some(store) => (store.status(now)?, store.alerts()?),
        None => (StoreStatus::default(), Vec::new()),
    };
    let mut status = seen(plan, standing, now);
    let last = threshold::remembered(&plan.alert, &before, now);
    status.alerts = last.chain(threshold::standing(&plan.alert, &status)).collect();
    for line in &mut status.alerts {
        let row = before.iter().find(|row| line.is_of(row) && row.reached == line.reached);
        line.since = row.map(|row| row.since);
    }
    Ok(status)
}

/// The store as the configuration sees it, no threshold looked at yet.
fn seen(plan: &Plan, mut store: StoreStatus, now: Timestamp) -> Status {
    // A back end that nobody writes by any more is nothing to look at.
    let ways = plan.outbox.iter().flat_map(|outbox| &outbox.voices).map(|voice| &voice.way);
    let ways: Vec<&String> = ways.collect();
    store.backends.retain(|(name, _)| ways.contains(&name));
    let mut known = std::mem::take(&mut store.mailboxes);
    let mut mailboxes = Vec::new();
    for name in plan.names() {
        let at = known.iter().position(|health| health.name == name);
        let health = at.map_or_else(|| Health::unknown(name), |at| known.remove(at));
        mailboxes.push(Watched { health, membership: Membership::Configured });
    }
    mailboxes.extend(known.into_iter().map(|health| {
        let membership = if health.name.as_str() == INGEST { Membership::Ingest } else { Membership::Former };
        Watched { health, membership }
    }));
    Status { at: now, mailboxes, store, alerts: Vec::new() }
}
