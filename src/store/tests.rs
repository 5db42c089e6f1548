//! Tests of the store as a file: opening it, sharing it, transactions, and what it refuses.

use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::engine::first;
use super::sample::{self, Place, entry, key, mail, message, source, ticket, time};
use super::{Books, Database, Expiry, LedgerEntry, Lookup, MailboxState, NewTicket, Store, StoreError};
use crate::model::exit::Exit;
use crate::model::ids::TicketId;
use crate::model::outcome::OutcomeWord;
use crate::model::trouble::{ErrorCode, Trouble};

fn open_ticket(books: &mut dyn Books) -> Result<TicketId, StoreError> {
    let queue = sample::queue("support");
    books.open_ticket(&NewTicket {
        queue: &queue,
        title: "t",
        priority: 3,
        tags: &[],
        notify: true,
        requester: None,
        at: time(0),
    })
}

fn count(store: &mut Store, sql: &'static str) -> i64 {
    first(store.engine.query(sql, &[]).unwrap()).unwrap().take(0).unwrap()
}

/// A server's store whose patience is a wink.
fn impatient(place: &Place) -> Store {
    let mut store = place.open_impatient();
    if place.config.file().is_none() {
        store.engine.script("SET lock_timeout = '50ms'").unwrap();
    }
    store
}

#[test]
fn a_store_that_was_busy_for_too_long_can_be_used_afterwards() {
    let place = Place::new();
    let (mut one, mut two) = (place.open(), impatient(&place));
    one.transaction(|books| {
        let refused = two.transaction(|_| Ok(()));
        assert!(matches!(refused, Err(StoreError::Busy { .. } | StoreError::Away { .. })), "{refused:?}");
        open_ticket(books)
    })
    .unwrap();
    two.transaction(|books| open_ticket(books).map(drop)).unwrap();
    assert_eq!(count(&mut two, "SELECT count(*) FROM ticket"), 2);
}

#[test]
fn the_store_and_its_log_are_its_owners_alone() {
    let place = Place::embedded();
    let mut store = place.open();
    ticket(&mut store, "support");
    let mut seen = Vec::new();
    for file in std::fs::read_dir(place.directory.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        seen.push(file.file_name().into_string().unwrap());
    }
    seen.sort();
    assert_eq!(seen, ["store.db", "store.db-shm", "store.db-wal"]);
}

#[test]
fn what_is_committed_is_there_after_reopening() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    drop(store);
    assert_eq!(place.open().ticket(id).unwrap().unwrap().status_since, time(0));
}

#[test]
fn the_connection_is_as_durable_and_distrustful_as_it_should_be() {
    let place = Place::embedded();
    let mut store = place.open();
    assert_eq!(count(&mut store, "PRAGMA synchronous"), 2);
    assert_eq!(count(&mut store, "PRAGMA foreign_keys"), 1);
    assert_eq!(count(&mut store, "PRAGMA trusted_schema"), 0);
    let mode: String =
        first(store.engine.query("PRAGMA journal_mode", &[]).unwrap()).unwrap().take(0).unwrap();
    assert_eq!(mode, "wal");
}

#[test]
fn a_directory_that_is_not_there_is_unavailable() {
    let mut place = Place::embedded();
    place.config.database = Database::File(place.directory.path().join("no/store.db"));
    assert!(matches!(Store::open(&place.config), Err(StoreError::Unavailable { .. })));
}

#[test]
fn a_damaged_store_is_told_with_what_to_do() {
    for from in [0, 100] {
        let place = Place::embedded();
        drop(Store::open(&place.config).unwrap());
        let mut octets = std::fs::read(place.file()).unwrap();
        octets[from..4000].fill(b'x');
        std::fs::write(place.file(), octets).unwrap();
        let error = Store::open(&place.config).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{from}: {error:?}");
        let trouble = Trouble::from(error);
        assert_eq!(trouble.code, ErrorCode::StoreUnavailable);
        assert!(trouble.hint.unwrap().contains(".recover"));
    }
}

#[test]
fn a_strangers_database_is_refused_and_left_as_it_is() {
    let place = Place::embedded();
    let stranger = strange_database(&place);
    for opened in [Store::open(&place.config).map(Some), Store::look(&place.config)] {
        match opened {
            Err(StoreError::Schema { what, .. }) => assert_eq!(what, "it is not a store of helpdesk-mail"),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("a strange database was taken"),
        }
    }
    assert_eq!(std::fs::read(place.file()).unwrap(), stranger);
}

/// A store whose mark is taken away is a database like any other.
fn strange_database(place: &Place) -> Vec<u8> {
    let mut store = place.open();
    store.engine.script("PRAGMA application_id = 7").unwrap();
    store.engine.script("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(store);
    std::fs::read(place.file()).unwrap()
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let place = Place::embedded();
    std::fs::write(place.file(), "From: alice@example.org\n".repeat(400)).unwrap();
    assert!(matches!(Store::open(&place.config), Err(StoreError::Damaged { .. })));
    assert!(matches!(Store::look(&place.config), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_newer_schema_is_refused_and_an_older_one_is_not_upgraded_by_a_look() {
    let place = Place::new();
    place.open().engine.script("UPDATE schema_version SET version = 99").unwrap();
    assert!(matches!(Store::open(&place.config), Err(StoreError::Schema { .. })));
    assert!(matches!(Store::look(&place.config), Err(StoreError::Schema { .. })));

    let place = Place::new();
    place.open().engine.script("UPDATE schema_version SET version = 0").unwrap();
    match Store::look(&place.config) {
        Err(StoreError::Older { found: 0, .. }) => {}
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("an old schema was read"),
    }
}

#[test]
fn an_error_or_a_panic_takes_the_whole_transaction_back() {
    let place = Place::new();
    let mut store = place.open();
    let failed: Result<(), _> = store.transaction(|books| {
        open_ticket(books)?;
        Err(StoreError::Settled)
    });
    assert!(matches!(failed, Err(StoreError::Settled)));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.transaction(|books| -> Result<(), StoreError> {
            open_ticket(books)?;
            panic!("a library gave up")
        })
    }));
    assert!(panicked.is_err());
    let next = store.transaction(open_ticket).unwrap();
    // A server gives a number away once, whatever becomes of it.
    assert!(next == TicketId(1) || place.config.file().is_none(), "{next}");
    assert!((1..next.0).all(|id| store.ticket(TicketId(id)).unwrap().is_none()));
}

#[test]
fn a_savepoint_takes_back_one_message_and_keeps_its_neighbours() {
    let place = Place::new();
    let mut store = place.open();
    let run = store.begin_run(time(0)).unwrap();
    let (source, keys) = (source(), [key("1:1"), key("1:2"), key("1:3")]);
    store
        .transaction(|books| {
            for item in &keys {
                books.savepoint()?;
                let ticket = open_ticket(books)?;
                let bad = *item == keys[1];
                let mut mail = mail(&item.0);
                mail.attachments = Vec::new();
                let on = if bad { TicketId(77) } else { ticket };
                match books.append(&message(on, &mail)).and_then(|_| books.record(&entry(run, &source, item)))
                {
                    Ok(()) => books.release()?,
                    Err(error) => {
                        assert!(error.is_of_the_message(), "{error}");
                        books.rollback()?;
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    let settled = store.settled(&source, &keys).unwrap();
    assert!(settled.contains(&keys[0]) && !settled.contains(&keys[1]) && settled.contains(&keys[2]));
    assert_eq!(count(&mut store, "SELECT count(*) FROM ticket"), 2);
}

#[test]
fn the_next_ticket_is_foretold_also_after_one_was_taken_back() {
    let place = Place::new();
    let mut store = place.open();
    for number in 1..4 {
        let first = store.next_ticket().unwrap();
        let (given, foretold) = store
            .transaction(|books| {
                books.savepoint()?;
                assert_eq!(open_ticket(books)?, first);
                assert_eq!(books.next_ticket()?, TicketId(first.0 + 1));
                books.rollback()?;
                let foretold = books.next_ticket()?;
                Ok((open_ticket(books)?, foretold))
            })
            .unwrap();
        assert_eq!(given, foretold);
        // A server gives a number away once, whatever becomes of it.
        assert!(given == TicketId(number) || place.config.file().is_none(), "{given}");
    }
}

#[test]
fn a_second_writer_waits_and_then_finds_the_store_busy_but_may_read() {
    let place = Place::embedded();
    let (mut first, mut second) = (place.open(), place.open_impatient());
    first
        .transaction(|books| {
            let id = open_ticket(books)?;
            assert!(matches!(second.transaction(open_ticket), Err(StoreError::Busy { .. })));
            assert!(matches!(second.begin_run(time(0)), Err(StoreError::Busy { .. })));
            assert_eq!(second.ticket(id)?, None);
            Ok(())
        })
        .unwrap();
    assert_eq!(second.transaction(open_ticket).unwrap(), TicketId(2));
}

#[test]
fn a_full_disk_ends_the_batch_and_leaves_the_store_as_it_was() {
    let place = Place::embedded();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    count(&mut store, "PRAGMA max_page_count = 70");
    let mut mail = mail("big@example.org");
    mail.text = "x".repeat(1_000_000);
    let full = store.transaction(|books| {
        let appended = books.append(&message(id, &mail));
        assert!(matches!(appended, Err(StoreError::Full { .. })), "{appended:?}");
        appended
    });
    assert!(matches!(full, Err(StoreError::Full { .. })), "{full:?}");
    assert!(store.messages(id).unwrap().is_empty());
    count(&mut store, "PRAGMA max_page_count = 1000000");
    store.transaction(|books| books.append(&message(id, &mail))).unwrap();
}

#[test]
fn nothing_is_kept_behind_a_transaction_that_the_database_has_ended() {
    let place = Place::embedded();
    let mut store = place.open();
    let ended = store.transaction(|books| open_ticket(books)).and_then(|_| {
        store.atomically(|engine| {
            engine.script("ROLLBACK")?;
            engine.execute("INSERT INTO run (started_at) VALUES ('now')", &[]).map(drop)
        })
    });
    assert!(matches!(ended, Err(StoreError::Unavailable { .. })), "{ended:?}");
    assert_eq!(count(&mut store, "SELECT count(*) FROM run"), 0);
}

#[test]
fn a_look_writes_nothing_and_finds_nothing_where_nothing_is() {
    let place = Place::embedded();
    assert!(Store::look(&place.config).unwrap().is_none());
    std::fs::write(place.file(), "").unwrap();
    assert!(Store::look(&place.config).unwrap().is_none());
    drop(place.open());
    let mut look = Store::look(&place.config).unwrap().unwrap();
    assert!(matches!(look.begin_run(time(0)), Err(StoreError::Unavailable { .. })));
    assert!(matches!(look.transaction(open_ticket), Err(StoreError::Unavailable { .. })));
}

#[test]
fn a_run_has_a_beginning_and_an_end() {
    let place = Place::new();
    let mut store = place.open();
    let first = store.begin_run(time(0)).unwrap();
    let second = store.begin_run(time(1)).unwrap();
    store.end_run(first, time(2), Exit::Unavailable).unwrap();
    assert!(second > first);
    assert_eq!(count(&mut store, "SELECT count(*) FROM run WHERE exit_code = 69"), 1);
    assert_eq!(count(&mut store, "SELECT count(*) FROM run WHERE ended_at IS NULL"), 1);
}

#[test]
fn a_mailbox_keeps_its_last_success_and_a_source_its_watermark() {
    let place = Place::new();
    let mut store = place.open();
    let (source, mark) = (source(), crate::model::item::Watermark("1:42".to_owned()));
    assert_eq!(store.mailbox_state(&source.mailbox).unwrap(), MailboxState::default());
    assert_eq!(store.watermark(&source).unwrap(), None);
    for second in [1, 2] {
        store.fetched(&source.mailbox, time(second), Expiry::default()).unwrap();
        let before = store.watermark(&source).unwrap();
        store.set_watermark(&source, &mark, before.as_ref()).unwrap();
    }
    let state = |last_failure, failures| MailboxState { last_success: Some(time(2)), last_failure, failures };
    assert_eq!(store.mailbox_state(&source.mailbox).unwrap(), state(None, 0));
    let trouble = Trouble::new(ErrorCode::MailboxConnect, "no connection");
    store.failed(&source.mailbox, time(3), &trouble, &[]).unwrap();
    store.failed(&source.mailbox, time(4), &trouble, &[]).unwrap();
    assert_eq!(store.mailbox_state(&source.mailbox).unwrap(), state(Some(time(4)), 2));
    store.fetched(&source.mailbox, time(2), Expiry::default()).unwrap();
    assert_eq!(store.mailbox_state(&source.mailbox).unwrap(), state(Some(time(4)), 0));
    assert_eq!(store.watermark(&source).unwrap(), Some(mark));
}

#[test]
fn a_watermark_that_was_taken_away_in_mid_run_is_not_put_back() {
    let place = Place::new();
    let mut store = place.open();
    let (source, mark) = (source(), |text: &str| crate::model::item::Watermark(text.to_owned()));
    let key = sample::key("1:7");
    let run = store.begin_run(time(0)).unwrap();
    store.transaction(|books| books.record(&sample::entry(run, &source, &key))).unwrap();
    store.set_watermark(&source, &mark("1:42"), None).unwrap();
    store.reset(&crate::store::OutcomeFilter::default()).unwrap();
    store.set_watermark(&source, &mark("1:43"), Some(&mark("1:42"))).unwrap();
    assert_eq!(store.watermark(&source).unwrap(), Some(mark("1:42?")), "the next run looks for 1:7");
}

#[test]
fn what_is_settled_is_told_of_any_number_of_items() {
    let place = Place::new();
    let mut store = place.open();
    let (source, run) = (source(), store.begin_run(time(0)).unwrap());
    let keys: Vec<_> = (0..100).map(|n| sample::key(&format!("1:{n}"))).collect();
    store
        .transaction(|books| {
            keys.iter().step_by(2).try_for_each(|key| books.record(&sample::entry(run, &source, key)))
        })
        .unwrap();
    for count in [0, 1, 2, 31, 32, 33, 64, 65, 100] {
        let expected = keys.iter().take(count).step_by(2).cloned().collect();
        assert_eq!(store.settled(&source, &keys[..count]).unwrap(), expected, "{count}");
    }
}

#[test]
fn a_look_reads_a_store_that_may_not_be_written() {
    let place = Place::embedded();
    let id = ticket(&mut place.open(), "support");
    let mode = |mode, of| std::fs::set_permissions(of, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o400, place.file());
    mode(0o500, place.directory.path());
    let mut look = Store::look(&place.config).unwrap().unwrap();
    assert!(look.ticket(id).unwrap().is_some());
    drop(look);
    let files = std::fs::read_dir(place.directory.path()).unwrap().count();
    mode(0o700, place.directory.path());
    assert_eq!(files, 1);
}

#[test]
fn many_programs_may_make_the_store_at_once() {
    for _ in 0..20 {
        let place = Place::new();
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let open = || place.open().token_secret().unwrap();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
    }
}

#[test]
fn the_store_may_be_handed_to_another_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<Store>();
}

#[test]
fn marks_count_the_runs_that_died_and_go_with_the_row() {
    let place = Place::new();
    let mut store = place.open();
    let (run, here, a, b) = (store.begin_run(time(0)).unwrap(), source(), key("a"), key("b"));
    let marks = |store: &mut Store| store.in_flight(&source()).unwrap();
    store.mark(&source(), run, &[a.clone(), b.clone()]).unwrap();
    assert_eq!(marks(&mut store), [(a.clone(), 1), (b.clone(), 1)]);
    store.mark(&source(), run, std::slice::from_ref(&b)).unwrap();
    assert_eq!(marks(&mut store), [(a.clone(), 1), (b.clone(), 2)]);
    store.take_back_marks(&source(), &[a.clone(), b.clone()]).unwrap();
    assert_eq!(marks(&mut store), [(b.clone(), 1)]);

    let deferred = LedgerEntry { outcome: OutcomeWord::Deferred, ..entry(run, &here, &b) };
    store.transaction(|books| books.record(&deferred)).unwrap();
    assert_eq!(marks(&mut store), [(b.clone(), 1)], "what is put off stays suspect");
    store.transaction(|books| books.record(&entry(run, &here, &b))).unwrap();
    assert_eq!(marks(&mut store), []);
    store.mark(&source(), run, &[a.clone(), a.clone(), a.clone()]).unwrap();
    store.unmark(&source(), &[a]).unwrap();
    assert_eq!(marks(&mut store), []);
}
