//! Stores of older schemas keep what is in them.

use std::time::Duration;

use super::*;
use crate::model::event::EventState;
use crate::model::outbox::OutboxState;
use crate::store::engine::{Access, Sqlite};
use crate::store::sample::{Place, time};
use crate::store::{OutboxFilter, Store};

/// The file of a store, opened by whoever may do anything to it.
fn engine(place: &Place) -> Sqlite {
    Sqlite::open(place.file(), Access::Work, Duration::from_secs(1)).unwrap()
}

/// A store as a program left it that knew so many scripts.
fn old(place: &Place, known: usize, rows: &'static str) {
    let mut engine = engine(place);
    engine.begin().unwrap();
    MIGRATIONS[..known].iter().for_each(|[script, _]| engine.script(script).unwrap());
    engine.sign().unwrap();
    engine.execute(UPDATE_VERSION, &[Value::Integer(known.try_into().unwrap())]).unwrap();
    engine.script(rows).unwrap();
    engine.commit().unwrap();
}

const NOTIFIED: &str = "
INSERT INTO ticket (queue, title, status, status_since, priority, created_at, updated_at)
VALUES ('support', 't', 'open', '2023-11-14T22:13:20.000000Z', 3, '2023-11-14T22:13:20.000000Z',
  '2023-11-14T22:13:20.000000Z');
INSERT INTO outbox (ticket, template, role, key, address, subject, message_id, priority, state, created_at, state_since,
  due_at, attempts, uncertain)
VALUES (1, 'created', 'requester', 'a@x', 'a@x', 's', 'n1@x', 1, 'bounced', '2023-11-14T22:13:20.000000Z',
  '2023-11-14T22:13:20.000000Z', '2023-11-14T22:13:20.000000Z', 1, 0);
INSERT INTO outbox_attempt (outbox, began_at) VALUES (1, '2023-11-14T22:13:20.000000Z');
INSERT INTO suppressed (key, address, reason, since, outbox)
VALUES ('a@x', 'a@x', 'hard-bounce', '2023-11-14T22:13:20.000000Z', 1);";

#[test]
fn notifications_survive_that_their_table_is_made_anew() {
    let place = Place::embedded();
    old(&place, 6, NOTIFIED);
    let mut store: Store = place.open();
    let rows = store.notifications(&OutboxFilter::default()).unwrap();
    assert_eq!((rows.len(), rows[0].state, rows[0].created_at), (1, OutboxState::Bounced, time(0)));
    assert_eq!(store.attempts_of(1).unwrap().len(), 1);
    assert_eq!(store.suppressed(time(9)).unwrap().len(), 1);
    assert_eq!(store.engine.next_number("outbox").unwrap(), 2, "numbers are never used again");
    // What refers to the table refers to the new one.
    assert!(store.engine.script("DELETE FROM outbox").is_err());
    assert_eq!(store.engine.orphans().unwrap(), 0);
}

const CLAIMED: &str = "
INSERT INTO event (event_id, type, hook, payload, state, created_at, state_since, due_at, attempts, uncertain, lease,
  leased_until)
VALUES ('msg_e', 'post-process', 'crm', '{}', 'delivering', '2023-11-14T22:13:20.000000Z', '2023-11-14T22:13:20.000000Z',
  '2023-11-14T22:13:20.000000Z', 1, 0, 'dead', '2023-11-14T23:13:20.000000Z');
INSERT INTO event_attempt (event, began_at) VALUES (1, '2023-11-14T22:13:20.000000Z');
UPDATE sqlite_sequence SET seq = 7 WHERE name = 'event';
INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', 9);";

#[test]
fn what_was_in_hand_before_deliveries_had_leases_is_taken_back_and_no_number_is_used_again() {
    let place = Place::embedded();
    old(&place, 10, CLAIMED);
    let mut store: Store = place.open();
    assert_eq!(store.engine.orphans().unwrap(), 0);
    let numbers = ["event", "outbox"].map(|table| store.engine.next_number(table).unwrap());
    assert_eq!(numbers, [8, 10], "those of rows that were pruned neither");
    assert_eq!(store.take_back_events(time(9)).unwrap(), [0; 0]);
    let event = store.event(1).unwrap();
    assert_eq!((event.state, event.attempts), (EventState::Queued, 1));
}

#[test]
fn a_store_whose_rows_refer_to_nothing_is_left_as_it_is() {
    let place = Place::embedded();
    old(&place, 6, "");
    let mut engine = engine(&place);
    engine.references(References::Unchecked).unwrap();
    engine.script("INSERT INTO tag (ticket, tag) VALUES (9, 'x')").unwrap();
    drop(engine);
    match Store::open(&place.config) {
        Err(StoreError::Schema { what, .. }) => {
            assert!(what.contains("refer to what is not there"), "{what}")
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was upgraded"),
    }
}
