//! A run that is killed leaves all of its committed transactions and nothing of the open one.

use std::path::Path;

use helpdesk_mail::model::ids::TicketId;
use helpdesk_mail::store::{Books, Config, Lookup, NewTicket, Store, StoreError};
use jiff::Timestamp;
use tempfile::TempDir;

fn config(directory: &Path) -> Config {
    Config::of_file(directory.join("store.db"))
}

fn open_ticket(books: &mut dyn Books) -> Result<TicketId, StoreError> {
    let queue = "support".parse().unwrap();
    let title = "Printer on fire";
    let at = Timestamp::UNIX_EPOCH;
    books.open_ticket(&NewTicket {
        queue: &queue,
        title,
        priority: 3,
        tags: &[],
        notify: true,
        requester: None,
        at,
    })
}

/// What a machine finds that stops at this instant: the files, without the locks and caches of the process.
fn as_if_killed_now(directory: &Path) -> TempDir {
    let left = TempDir::new().unwrap();
    for name in ["store.db", "store.db-wal"] {
        std::fs::copy(directory.join(name), left.path().join(name)).unwrap();
    }
    left
}

#[test]
fn a_killed_run_leaves_what_it_committed_and_nothing_else() {
    let directory = TempDir::new().unwrap();
    let mut store = Store::open(&config(directory.path())).unwrap();
    store.transaction(open_ticket).unwrap();
    let mut logs = Vec::new();
    for part in 1..=4 {
        let killed = store.transaction(|books| {
            // So many that pages leave the cache for the log before the commit.
            for _ in 0..part * 20_000 {
                open_ticket(books)?;
            }
            Ok(as_if_killed_now(directory.path()))
        });
        let killed = killed.unwrap();
        logs.push(killed.path().join("store.db-wal").metadata().unwrap().len());
        let before = store.next_ticket().unwrap().0 - part * 20_000;
        let mut left = Store::open(&config(killed.path())).unwrap();
        assert_eq!(left.next_ticket().unwrap(), TicketId(before));
        assert_eq!(left.transaction(open_ticket).unwrap(), TicketId(before));
    }
    assert!(logs.iter().any(|log| *log > 1_000_000), "no uncommitted page was in a log: {logs:?}");
}
