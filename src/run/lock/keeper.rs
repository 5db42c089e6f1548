//! The keeper of a run: one thread that renews the leases of all its workers, over a connection of its own.
//!
//! Workers take and end leases over their own connections, so that a taking that has to wait keeps no renewal from its
//! time. The thread is there from the first lease on; it connects when the first renewal is due, which most runs do not
//! live to see. A renewal that fails is tried again at the next time: three in a row fail before a lease is lost.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{Config, Fence, Store, StoreError};

/// So long a host may be silent until others take over what it works at.
pub(super) const LASTS: Duration = Duration::from_secs(60);

/// So often leases are renewed.
const RENEWED: Duration = Duration::from_secs(15);

/// The leases that are held.
type Leases = Arc<Mutex<Vec<Fence>>>;

pub(super) struct Keeper {
    config: Config,
    every: Duration,
    leases: Leases,
    thread: Mutex<Option<Running>>,
}

/// The thread ends when the sender is dropped.
struct Running {
    end: Sender<()>,
    thread: JoinHandle<()>,
}

/// A lease that is renewed until this is dropped.
pub(in crate::run) struct Kept {
    pub(super) fence: Fence,
    leases: Leases,
}

impl Keeper {
    pub(super) fn new(config: &Config) -> Self {
        Self::every(config, RENEWED)
    }

    fn every(config: &Config, every: Duration) -> Self {
        Self { config: config.clone(), every, leases: Arc::default(), thread: Mutex::default() }
    }

    /// Renews a lease that was just taken.
    pub(super) fn keep(&self, fence: Fence) -> Result<Kept, Trouble> {
        self.start()?;
        opened(&self.leases).push(fence.clone());
        Ok(Kept { fence, leases: Arc::clone(&self.leases) })
    }

    fn start(&self) -> Result<(), Trouble> {
        let mut running = opened(&self.thread);
        if running.is_some() {
            return Ok(());
        }
        let (config, every, leases) = (self.config.clone(), self.every, Arc::clone(&self.leases));
        let (end, ended) = channel();
        let renew = move || renew_all(&config, &leases, (every, &ended));
        let thread = thread::Builder::new().name("leases".to_owned()).spawn(renew).map_err(|error| {
            Trouble::new(ErrorCode::StoreUnavailable, "no thread can be made to keep leases").because(error)
        })?;
        *running = Some(Running { end, thread });
        Ok(())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(Running { end, thread }) = opened(&self.thread).take() {
            drop(end);
            // A thread that gave up leaves the leases to their time.
            let _ = thread.join();
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        opened(&self.leases).retain(|fence| *fence != self.fence);
    }
}

fn opened<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn renew_all(config: &Config, leases: &Leases, (every, ended): (Duration, &Receiver<()>)) {
    let mut store = None;
    while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        let held = opened(leases).clone();
        // The first attempt may be the one that finds that the connection broke.
        let renewed = renew(config, &mut store, &held).or_else(|_| renew(config, &mut store, &held));
        if let Err(error) = renewed {
            log::warn!("leases cannot be renewed: {error}");
        }
    }
}

fn renew(config: &Config, store: &mut Option<Store>, held: &[Fence]) -> Result<(), StoreError> {
    if held.is_empty() {
        return Ok(());
    }
    let store = match store {
        Some(store) => store,
        None => store.insert(Store::open(config)?),
    };
    for fence in held {
        // Whose lease was taken by another finds that out in his next transaction.
        store.renew_lease(fence, LASTS)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::{Lease, Taking};

    fn taken(store: &mut Store, name: &str) -> Fence {
        let lease = Lease::Mailbox(name.parse().unwrap());
        match store.take_lease(&lease, "host", Duration::ZERO).unwrap() {
            Taking::Ours(fence) => fence,
            Taking::Theirs(owner) => panic!("{owner} has it"),
        }
    }

    /// Waits until they are renewed; their time was up.
    fn wait_for(store: &mut Store, kept: &[&Kept]) {
        let now = Timestamp::now();
        while kept.iter().any(|kept| store.lease_until(&kept.fence.lease) <= now) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn the_leases_of_all_workers_are_renewed_until_they_are_let_go_of() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::of_file(folder.path().join("store.db"));
        let mut store = Store::open(&config).unwrap();
        let keeper = Keeper::every(&config, Duration::from_millis(1));
        let [support, sales] = ["support", "sales"].map(|name| keeper.keep(taken(&mut store, name)).unwrap());
        wait_for(&mut store, &[&support, &sales]);
        let gone = sales.fence.lease.clone();
        store.end_lease(&sales.fence).unwrap();
        drop(sales);
        let ended = store.lease_until(&gone);
        store.renew_lease(&support.fence, Duration::ZERO).unwrap();
        wait_for(&mut store, &[&support]);
        assert_eq!(store.lease_until(&gone), ended);
    }
}
