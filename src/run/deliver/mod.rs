//! Delivery: what is due leaves, under a lock or lease of its own.
//!
//! `send` does it, and a fetch at its end. Couriers work side by side, each with back ends of its own, and a commit holds
//! how some attempts ended and that the next ones begin, so that a row knows of every attempt before it is made. Whatever
//! ends the program, of at most [`WINDOW`] notifications nobody knows whether they were taken: they are sent once more,
//! with the same Message-ID and each alone, and one that ends so a second time is given up.
//!
//! A back end has one notification in hand until it has taken one, and is left alone for the rest of the run once it gives
//! out, or breaks off with a notification in hand, twice in a row: else a server that takes mail and never answers would
//! make the whole outbox uncertain in one run.

mod attachments;
mod crew;
mod end;
mod health;
mod letter;
mod line;
mod office;
mod post;
mod round;

#[cfg(test)]
mod tests;

pub use attachments::Attachments;
pub(super) use end::pause;
pub use end::{Carried, Courier};
pub use letter::Voice;
pub use line::{Hearer, NotificationLine, Sent, SentCounts};
pub use office::MailOffice;
pub use post::{Office, Post, Way};

use std::time::{Duration, Instant};

use crate::hook::Hook;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{Config, Lease, Store};

use super::lock::{Locks, Term};
use super::notices::nonce;
use super::stop::Stop;

/// The most attempts that are begun and not ended at one time; a commit costs as much for many as for one.
pub const WINDOW: usize = 32;

/// What is asked of one delivery.
#[derive(Debug, Clone)]
pub struct Errand {
    /// After so many attempts a notification is given up.
    pub max_attempts: u32,
    /// The most notifications.
    pub limit: Option<u64>,
    /// No notification is begun later than this.
    pub time_limit: Option<Duration>,
    /// Ends it early.
    pub stop: Stop,
}

/// The outbox that is delivered from.
pub struct Outbox<'a> {
    /// The store.
    pub store: &'a mut Store,
    /// What leads to it, for the lock or lease.
    pub config: &'a Config,
    /// The queues that write.
    pub voices: &'a [Voice],
    /// Who is told of what is given up.
    pub hooks: &'a [Hook],
}

/// Delivers what is due, with as many couriers as are given.
///
/// # Errors
/// `outbox.locked` where another program delivers from a file, or has taken this delivery over, and trouble of the store.
/// Trouble of back ends stands in the sum.
pub fn deliver(
    errand: &Errand,
    outbox: Outbox<'_>,
    couriers: Vec<Box<dyn Courier + Send + '_>>,
    hearer: &mut dyn Hearer,
) -> Result<Sent, Trouble> {
    let started = Instant::now();
    let Outbox { store, config, voices, hooks } = outbox;
    delivering((store, config), |store, (lease, term)| {
        let outbox = Outbox { store, config, voices, hooks };
        crew::work(couriers, term, |desk| {
            round::Round::new(errand, outbox, lease, desk, hearer).work(started)
        })
    })
}

/// Delivers notifications or events, with what must be held for that. The work is given the name that its rows are to
/// carry, and until when it may begin something.
pub(super) fn delivering<T>(
    (store, config): (&mut Store, &Config),
    work: impl FnOnce(&mut Store, (&str, Term)) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let none = || Trouble::new(ErrorCode::Internal, "the system gives no random numbers");
    let lease = Lease::Delivery(nonce().ok_or_else(none)?);
    let name = lease.to_string();
    let locks = Locks::new(config);
    let held = locks.hold_outbox(store, lease)?;
    store.set_fence(held.fence().cloned());
    let done = work(store, (&name, held.term()));
    store.set_fence(None);
    held.let_go(store);
    done
}
