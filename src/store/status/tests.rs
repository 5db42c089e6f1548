//! How the store stands, read as it was written.

use super::*;
use crate::model::exit::Exit;
use crate::model::item::{Disposition, ItemKey};
use crate::model::outcome::OutcomeWord;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::sample::{Place, entry, key, source, time, whole};
use crate::store::{LedgerEntry, Lookup};

fn record(store: &mut Store, entry: &LedgerEntry<'_>) {
    store.transaction(|books| books.record(entry)).unwrap();
}

#[test]
fn a_store_in_which_nothing_happened_has_nothing_to_tell() {
    let mut store = Place::new().open();
    let status = store.status(time(0)).unwrap();
    let told = StoreStatus { size: status.size, schema: status.schema, ..StoreStatus::default() };
    assert_eq!(status, told);
    assert!(status.size > 10_000 && status.schema > 5, "{} {}", status.size, status.schema);
}

#[test]
fn a_mailbox_tells_since_when_and_why_it_fails_until_it_is_fetched_again() {
    let mut store = Place::new().open();
    let name = source().mailbox;
    let expiry = Expiry { certificate: Some(time(900)), token: Some(time(800)) };
    store.fetched(&name, time(1), expiry).unwrap();
    let trouble = |what: &str| Trouble::new(ErrorCode::MailboxConnect, what);
    store.failed(&name, time(2), &trouble("first"), &[]).unwrap();
    store.failed(&name, time(3), &trouble("second"), &[]).unwrap();
    let failing = store.status(time(4)).unwrap().mailboxes.remove(0);
    let expected = Vitals {
        last_success: Some(time(1)),
        last_failure: Some(time(3)),
        failures: 2,
        failing_since: Some(time(2)),
        error: Some(("mailbox.connect".to_owned(), "second".to_owned())),
        certificate_expires: Some(time(900)),
        token_expires: Some(time(800)),
    };
    assert_eq!((&failing.name, failing.vitals), (&name, expected));
    store.fetched(&name, time(5), Expiry::default()).unwrap();
    let well = store.status(time(6)).unwrap().mailboxes.remove(0).vitals;
    assert_eq!((well.failures, well.failing_since, well.error), (0, None, None));
    assert_eq!((well.certificate_expires, well.token_expires), (None, None), "it has none any more");
}

#[test]
fn what_waits_waits_since_it_was_first_taken() {
    let mut store = Place::new().open();
    let run = store.begin_run(time(0)).unwrap();
    let (source, keys): (_, [ItemKey; 2]) = (source(), [key("1:1"), key("1:2")]);
    let deferred = |at: i64, key| LedgerEntry {
        at: time(at),
        outcome: OutcomeWord::Deferred,
        reason: "hook",
        ..entry(run, &source, key)
    };
    for at in [10, 70, 130] {
        record(&mut store, &deferred(at, &keys[0]));
    }
    record(&mut store, &deferred(60, &keys[1]));
    let waiting = store.status(time(200)).unwrap().mailboxes.remove(0).waiting;
    assert_eq!(waiting, Pile { count: 2, oldest: Some(time(10)) });
    record(&mut store, &LedgerEntry { at: time(210), ..entry(run, &source, &keys[0]) });
    let waiting = store.status(time(220)).unwrap().mailboxes.remove(0).waiting;
    assert_eq!(waiting, Pile { count: 1, oldest: Some(time(60)) });
}

#[test]
fn outcomes_are_counted_by_run_by_time_and_in_all() {
    let mut store = Place::new().open();
    let (source, keys) = (source(), [key("1:1"), key("1:2"), key("1:3")]);
    let first = store.begin_run(time(0)).unwrap();
    store.end_run(first, time(1), Exit::Ok).unwrap();
    let second = store.begin_run(time(7200)).unwrap();
    let failed = |run, at: i64, key| LedgerEntry {
        at: time(at),
        outcome: OutcomeWord::Failed,
        reason: "unreadable",
        quarantined: Some(whole(b"octets")),
        ..entry(run, &source, key)
    };
    record(&mut store, &LedgerEntry { at: time(0), ..entry(first, &source, &keys[0]) });
    record(&mut store, &failed(first, 0, &keys[1]));
    let owing = LedgerEntry { disposition: Disposition::Seen, ..entry(second, &source, &keys[2]) };
    record(&mut store, &LedgerEntry { at: time(7201), ..owing });
    // What failed is taken again.
    record(&mut store, &failed(second, 7202, &keys[1]));

    let status = store.status(time(7203)).unwrap();
    let (skipped, failed) = ((OutcomeWord::Skipped, 1), (OutcomeWord::Failed, 1));
    let run = status.last_run.unwrap();
    assert_eq!((run.run, run.started_at, run.ended_at, run.exit_code), (second, time(7200), None, None));
    assert_eq!((run.outcomes, status.hour), (vec![skipped, failed], vec![skipped, failed]));
    assert_eq!(status.day, [(OutcomeWord::Skipped, 2), failed]);
    let total = |word, count| (source.mailbox.clone(), word, count);
    assert_eq!(status.totals, [total(OutcomeWord::Failed, 2), total(OutcomeWord::Skipped, 2)]);
    assert_eq!(status.quarantine, Pile { count: 1, oldest: Some(time(7202)) });
    assert_eq!(status.mailboxes[0].owed, 1);
    assert_eq!(store.owed(&source).unwrap().len(), 1);
}

#[test]
fn addresses_are_counted_that_get_nothing_now() {
    let mut store = Place::new().open();
    store.suppress("a@example.org", time(0), Some(time(10))).unwrap();
    store.suppress("b@example.org", time(0), None).unwrap();
    assert_eq!(store.status(time(9)).unwrap().suppressed, 2);
    assert_eq!(store.status(time(10)).unwrap().suppressed, 1);
}

#[test]
fn a_back_end_tells_since_when_and_why_it_gives_out_until_it_serves_again() {
    let mut store = Place::new().open();
    let trouble = Trouble::new(ErrorCode::OutboxConnect, "no connection");
    store.delivered("default", time(1), Err(&trouble)).unwrap();
    store.delivered("default", time(2), Err(&trouble)).unwrap();
    let (name, failing) = store.status(time(3)).unwrap().backends.remove(0);
    assert_eq!((name.as_str(), failing.failures, failing.failing_since), ("default", 2, Some(time(1))));
    assert_eq!(failing.error, Some(("outbox.connect".to_owned(), "no connection".to_owned())));
    let expiry = Expiry { certificate: Some(time(900)), token: None };
    store.delivered("default", time(4), Ok(expiry)).unwrap();
    let (_, well) = store.status(time(5)).unwrap().backends.remove(0);
    let expected = Vitals {
        last_success: Some(time(4)),
        last_failure: Some(time(2)),
        certificate_expires: Some(time(900)),
        ..Vitals::default()
    };
    assert_eq!(well, expected);
}
