//! A look at a store leaves no trace: not a byte of the store, not a file beside it.

use std::collections::BTreeMap;
use std::path::Path;

use helpdesk_mail::model::ids::TicketId;
use helpdesk_mail::store::{Config, Lookup, NewTicket, Store};
use jiff::Timestamp;
use tempfile::TempDir;

fn config(directory: &Path) -> Config {
    Config::of_file(directory.join("store.db"))
}

fn open_ticket(store: &mut Store) -> TicketId {
    let queue = "support".parse().unwrap();
    let ticket = NewTicket {
        queue: &queue,
        title: "Printer on fire",
        priority: 3,
        tags: &[],
        notify: true,
        requester: None,
        at: Timestamp::UNIX_EPOCH,
    };
    store.transaction(|books| books.open_ticket(&ticket)).unwrap()
}

/// Every file with its octets; of the shared memory, which holds only locks and an index, the name.
fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(directory).unwrap().map(|file| {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        let octets = if name.ends_with("-shm") { Vec::new() } else { std::fs::read(file.path()).unwrap() };
        (name, octets)
    });
    files.collect()
}

fn look_everywhere(directory: &Path) {
    let mut store = Store::look(&config(directory)).unwrap().unwrap();
    assert_eq!(store.next_ticket().unwrap(), TicketId(2), "what stands in the log is read, too");
    assert!(store.ticket(TicketId(1)).unwrap().is_some());
    assert_eq!(store.ticket_row(TicketId(1)).unwrap().title, "Printer on fire");
    store.token_secret().unwrap();
}

#[test]
fn a_look_at_a_store_that_nobody_has_open_leaves_no_trace() {
    let directory = TempDir::new().unwrap();
    open_ticket(&mut Store::open(&config(directory.path())).unwrap());
    let before = contents(directory.path());
    assert_eq!(before.keys().collect::<Vec<_>>(), ["store.db"]);
    look_everywhere(directory.path());
    assert_eq!(contents(directory.path()), before);
}

#[test]
fn a_look_at_a_store_whose_last_run_was_killed_leaves_its_log() {
    let killed = TempDir::new().unwrap();
    let mut store = Store::open(&config(killed.path())).unwrap();
    open_ticket(&mut store);
    for with_shared_memory in [true, false] {
        let copy = TempDir::new().unwrap();
        for name in ["store.db", "store.db-wal", "store.db-shm"] {
            if with_shared_memory || !name.ends_with("-shm") {
                std::fs::copy(killed.path().join(name), copy.path().join(name)).unwrap();
            }
        }
        let before = contents(copy.path());
        assert!(!before["store.db-wal"].is_empty());
        look_everywhere(copy.path());
        assert_eq!(contents(copy.path()), before, "shared memory: {with_shared_memory}");
    }
}

#[test]
fn a_look_goes_on_beside_a_writer_and_leaves_the_log_to_it() {
    let directory = TempDir::new().unwrap();
    let mut writer = Store::open(&config(directory.path())).unwrap();
    open_ticket(&mut writer);
    let before = contents(directory.path());
    let mut look = Store::look(&config(directory.path())).unwrap().unwrap();
    assert!(look.ticket(TicketId(1)).unwrap().is_some());
    open_ticket(&mut writer);
    assert!(look.ticket(TicketId(2)).unwrap().is_some());
    drop(look);
    let after = contents(directory.path());
    assert_eq!(after["store.db"], before["store.db"]);
    assert_eq!(open_ticket(&mut writer), TicketId(3));
}

#[test]
fn a_look_where_no_store_is_makes_none() {
    let directory = TempDir::new().unwrap();
    assert!(Store::look(&config(directory.path())).unwrap().is_none());
    assert!(contents(directory.path()).is_empty());
}
