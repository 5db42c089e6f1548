//! The keeper of a run: one thread that renews the leases of all its workers, over a connection of its own.
//!
//! Workers take and end leases over their own connections, so that a taking that has to wait keeps no renewal from its
//! time. The thread is there before the first lease; it connects when the first renewal is due, which most runs do not
//! live to see. A renewal that fails is tried again at the next time: three in a row fail before a lease is lost.
//! A server that never answers holds up the thread and not the end of the run.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::term::{Term, now};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{Config, Fence, Store, StoreError};

/// So long a host may be silent until others take over what it works at.
pub(super) const LASTS: Duration = Duration::from_secs(60);

/// So often leases are renewed.
const RENEWED: Duration = Duration::from_secs(15);

/// So long a renewal that is under way is waited for at the end.
const PATIENCE: Duration = Duration::from_secs(3);

/// The leases that are held.
type Leases = Arc<Mutex<Vec<(Fence, Term)>>>;

pub(super) struct Keeper {
    config: Config,
    every: Duration,
    leases: Leases,
    thread: Mutex<Option<Running>>,
}

/// The thread ends when the sender is dropped, and drops the other one then.
struct Running {
    end: Sender<()>,
    gone: Receiver<()>,
    thread: JoinHandle<()>,
}

/// A lease that is renewed until this is dropped.
pub(in crate::run) struct Kept {
    pub(super) fence: Fence,
    pub(super) term: Term,
    leases: Leases,
}

impl Keeper {
    pub(super) fn new(config: &Config) -> Self {
        Self::every(config, RENEWED)
    }

    fn every(config: &Config, every: Duration) -> Self {
        Self { config: config.clone(), every, leases: Arc::default(), thread: Mutex::default() }
    }

    /// Renews a lease that was just taken, once started.
    pub(super) fn keep(&self, fence: Fence, term: Term) -> Kept {
        opened(&self.leases).push((fence.clone(), term.clone()));
        Kept { fence, term, leases: Arc::clone(&self.leases) }
    }

    /// Makes the thread, if it is not there.
    pub(super) fn start(&self) -> Result<(), Trouble> {
        let mut running = opened(&self.thread);
        if running.is_some() {
            return Ok(());
        }
        let (config, every, leases) = (self.config.clone(), self.every, Arc::clone(&self.leases));
        let ((end, ended), (going, gone)) = (channel(), channel());
        let renew = move || {
            let _going: Sender<()> = going;
            renew_all(&config, &leases, (every, &ended));
        };
        let thread = thread::Builder::new().name("leases".to_owned()).spawn(renew).map_err(|error| {
            Trouble::new(ErrorCode::StoreUnavailable, "no thread can be made to keep leases").because(error)
        })?;
        *running = Some(Running { end, gone, thread });
        Ok(())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(Running { end, gone, thread }) = opened(&self.thread).take() {
            drop(end);
            if gone.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Disconnected) {
                // A thread that gave up leaves the leases to their time.
                let _ = thread.join();
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        opened(&self.leases).retain(|(fence, _)| *fence != self.fence);
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

fn renew(config: &Config, store: &mut Option<Store>, held: &[(Fence, Term)]) -> Result<(), StoreError> {
    if held.is_empty() {
        return Ok(());
    }
    let store = match store {
        Some(store) => store,
        None => store.insert(Store::open(config)?),
    };
    for (fence, term) in held {
        let asked = now();
        if store.renew_lease(fence, LASTS)? {
            term.renew(asked);
        } else {
            term.end();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use jiff::Timestamp;

    use super::*;
    use crate::store::{Database, Lease, Server, Taking};

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
        keeper.start().unwrap();
        let [support, sales] =
            ["support", "sales"].map(|name| keeper.keep(taken(&mut store, name), Term::default()));
        wait_for(&mut store, &[&support, &sales]);
        let gone = sales.fence.lease.clone();
        store.end_lease(&sales.fence).unwrap();
        drop(sales);
        let ended = store.lease_until(&gone);
        store.renew_lease(&support.fence, Duration::ZERO).unwrap();
        wait_for(&mut store, &[&support]);
        assert_eq!(store.lease_until(&gone), ended);
    }

    #[test]
    fn a_renewal_prolongs_the_term_and_one_that_comes_too_late_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::of_file(folder.path().join("store.db"));
        let mut store = Store::open(&config).unwrap();
        let keeper = Keeper::every(&config, Duration::from_millis(1));
        let (fence, term) = (taken(&mut store, "support"), Term::since(now()));
        term.end();
        let kept = keeper.keep(fence, term.clone());
        keeper.start().unwrap();
        while term.is_over() {
            thread::sleep(Duration::from_millis(1));
        }
        store.end_lease(&kept.fence).unwrap();
        while !term.is_over() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_server_that_never_answers_does_not_hold_up_the_end() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let url = format!("postgresql://helpdesk@127.0.0.1:{port}/desk?sslmode=disable");
        let database = Database::Server(Server::parse(&url).unwrap());
        let config = Config { database, ..Config::of_file("") };
        let keeper = Keeper::every(&config, Duration::from_millis(1));
        let fence = Fence { lease: Lease::Delivery("a".to_owned()), number: 1 };
        let _kept = keeper.keep(fence, Term::since(now()));
        keeper.start().unwrap();
        let _client = silent.accept().unwrap();
        drop(keeper);
    }
}
