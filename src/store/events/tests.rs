//! The road of an event through the store: waiting, in hand, ended, in whatever way.

use std::time::Duration;

use super::*;
use crate::model::event::{EventId, EventKind, EventState, Undelivered};
use crate::store::sample::{Place, time};
use crate::store::{AttemptResult, Lease, Store, Taking};

fn write(store: &mut Store, number: u8, hook: &str) {
    let event = NewEvent {
        id: EventId::of([number; 16]),
        kind: EventKind::PostProcess,
        hook: hook.to_owned(),
        payload: format!("{{\"n\":{number}}}"),
        at: time(number.into()),
    };
    store.transaction(|books| books.announce(&event)).unwrap();
}

fn end(begun: &BegunEvent, fate: EventFate, second: i64) -> EventEnd<'_> {
    EventEnd {
        row: begun.row,
        attempt: begun.attempt,
        result: if fate == EventFate::Delivered { AttemptResult::Accepted } else { AttemptResult::Later },
        answer: "said",
        took: Duration::from_millis(3),
        at: time(second),
        fate,
    }
}

/// `state/reason attempts` of each row.
fn states(store: &mut Store) -> Vec<String> {
    let rows = store.events(&EventFilter::default()).unwrap();
    let shown = |row: &EventRow| {
        format!("{}/{} {}", row.state, row.reason.map_or("-", Undelivered::as_str), row.attempts)
    };
    rows.iter().map(shown).collect()
}

#[test]
fn an_event_is_due_once_put_off_and_delivered() {
    let place = Place::new();
    let mut store = place.open();
    write(&mut store, 1, "crm");
    write(&mut store, 2, "crm");
    let due = store.due_events(time(9), None, 1).unwrap();
    assert_eq!((due.len(), due[0].row), (1, 1));
    assert_eq!(store.due_events(time(9), due.last(), 9).unwrap()[0].row, 2, "the list goes on behind it");
    let begun = store.begin_event("one", 1, time(9)).unwrap().unwrap();
    assert_eq!((begun.attempts, begun.payload.as_str()), (1, "{\"n\":1}"));
    assert_eq!(store.begin_event("one", 1, time(9)).unwrap(), None, "it is in hand");
    store.end_event("one", &end(&begun, EventFate::Again(time(60)), 10)).unwrap();
    assert_eq!(store.due_events(time(59), None, 9).unwrap().len(), 1);
    let begun = store.begin_event("one", 1, time(60)).unwrap().unwrap();
    store.end_event("one", &end(&begun, EventFate::Delivered, 61)).unwrap();
    assert_eq!(states(&mut store), ["delivered/- 2", "queued/- 0"]);
    let attempts = store.attempts_of_event(1).unwrap();
    assert_eq!(
        attempts.iter().map(|it| it.result.as_deref().unwrap()).collect::<Vec<_>>(),
        ["later", "accepted"]
    );
    let backlog = store.event_backlog().unwrap();
    assert_eq!((backlog.waiting, backlog.oldest, backlog.failed), (1, Some(time(2)), 0));
}

#[test]
fn what_a_dead_program_had_in_hand_comes_once_more_and_is_given_up_the_second_time() {
    let place = Place::new();
    let mut store = place.open();
    write(&mut store, 1, "crm");
    for expected in ["queued/- 1", "failed/uncertain 2"] {
        store.begin_event("one", 1, time(5)).unwrap().unwrap();
        store.take_back_events(time(6)).unwrap();
        assert_eq!(states(&mut store), [expected]);
    }
    assert_eq!(store.event(1).unwrap().last_error.unwrap(), "the program ended before the hook answered");
}

#[test]
fn what_a_living_delivery_has_in_hand_is_left_to_it() {
    let place = Place::new();
    let mut store = place.open();
    (1..=2).for_each(|number| write(&mut store, number, "crm"));
    let [living, silent] = ["living", "silent"].map(|name| Lease::Delivery(name.to_owned()));
    for (row, lease, lasts) in [(1, &living, 60), (2, &silent, 0)] {
        let taking = store.take_lease(lease, "host", Duration::from_secs(lasts)).unwrap();
        assert!(matches!(taking, Taking::Ours(_)));
        store.begin_event(&lease.to_string(), row, time(5)).unwrap().unwrap();
    }
    store.take_back_events(time(6)).unwrap();
    assert_eq!(states(&mut store), ["delivering/- 1", "queued/- 1"]);
}

#[test]
fn a_hook_is_gone_until_a_person_deals_with_it() {
    let place = Place::new();
    let mut store = place.open();
    (1..=3).for_each(|number| write(&mut store, number, "crm"));
    write(&mut store, 4, "other");
    let begun = store.begin_event("one", 1, time(5)).unwrap().unwrap();
    store.end_event("one", &end(&begun, EventFate::Failed(Undelivered::Gone), 5)).unwrap();
    assert_eq!(store.give_up_events(EventKind::PostProcess, "crm", Undelivered::Gone, time(5)).unwrap(), 2);
    assert_eq!(states(&mut store), ["failed/gone 1", "failed/gone 0", "failed/gone 0", "queued/- 0"]);
    assert!(store.hook_is_gone(EventKind::PostProcess, "crm").unwrap());
    assert!(!store.hook_is_gone(EventKind::PostProcess, "other").unwrap());
    store.retry_events(&[1, 2], time(6)).unwrap();
    store.drop_events(&[3], time(6)).unwrap();
    assert!(!store.hook_is_gone(EventKind::PostProcess, "crm").unwrap());
    assert_eq!(states(&mut store), ["queued/- 0", "queued/- 0", "dropped/- 0", "queued/- 0"]);
}

#[test]
fn people_change_all_that_they_name_or_none() {
    let place = Place::new();
    let mut store = place.open();
    (1..=2).for_each(|number| write(&mut store, number, "crm"));
    store.begin_event("one", 2, time(5)).unwrap().unwrap();
    let error = store.drop_events(&[1, 2], time(6)).unwrap_err().to_string();
    assert_eq!(error, "event 2 is delivering and cannot be dropped");
    assert_eq!(store.retry_events(&[1, 9], time(6)).unwrap_err().to_string(), "there is no event 9");
    assert_eq!(states(&mut store), ["queued/- 0", "delivering/- 1"]);
    assert_eq!(store.event(2).unwrap().state, EventState::Delivering);
}
