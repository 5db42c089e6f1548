//! Tests of the ledger's listing, its reset, and the quarantine.

use crate::model::ids::RunId;
use crate::model::item::{Disposition, Extent, ItemKey, Watermark};
use crate::model::outcome::OutcomeWord;
use crate::store::sample::{Place, digest, entry, key, mail, source, ticket, time, whole};
use crate::store::{LedgerEntry, Lookup, OutcomeFilter, Store, StoreError, StoredError};

/// Three items: one on a ticket, one skipped, one failed and in quarantine.
fn filled(store: &mut Store) -> [ItemKey; 3] {
    let ticket = ticket(store, "support");
    let runs = [store.begin_run(time(0)).unwrap(), store.begin_run(time(5)).unwrap()];
    let keys = [key("1:1"), key("1:2"), key("1:3")];
    let (source, mail, notes) = (source(), mail("a@b.example"), ["subject named support-9".to_owned()]);
    store
        .transaction(|books| {
            books.record(&LedgerEntry {
                outcome: OutcomeWord::Created,
                reason: "new",
                ticket: Some(ticket),
                mail: Some(&mail),
                author: Some("Alice@Example.org"),
                notes: &notes,
                disposition: Disposition::Delete,
                ..entry(runs[0], &source, &keys[0])
            })?;
            books.record(&LedgerEntry { at: time(2), ..entry(runs[0], &source, &keys[1]) })?;
            books.record(&LedgerEntry {
                at: time(6),
                outcome: OutcomeWord::Failed,
                reason: "crashed",
                error: Some(StoredError {
                    code: "message.crashed".to_owned(),
                    message: "it crashed".to_owned(),
                    hint: Some("look".to_owned()),
                }),
                quarantined: Some(whole(b"octets")),
                ..entry(runs[1], &source, &keys[2])
            })
        })
        .unwrap();
    store.set_watermark(&source, &Watermark("1:3".to_owned()), None).unwrap();
    keys
}

fn items(store: &mut Store, filter: &OutcomeFilter) -> Vec<String> {
    store.outcomes(filter).unwrap().into_iter().map(|row| row.item).collect()
}

fn named(items: &[&str]) -> OutcomeFilter {
    OutcomeFilter { items: items.iter().map(|item| (*item).to_owned()).collect(), ..OutcomeFilter::default() }
}

#[test]
fn an_outcome_is_listed_with_all_that_is_known() {
    let place = Place::new();
    let mut store = place.open();
    filled(&mut store);
    let rows = store.outcomes(&OutcomeFilter::default()).unwrap();
    let first = &rows[0];
    assert_eq!((first.run, first.at, first.item.as_str()), (RunId(1), time(1), "1:1"));
    assert_eq!((first.mailbox.as_str(), first.folder.as_str()), ("support", "INBOX"));
    assert_eq!(first.message_id.as_deref(), Some("a@b.example"));
    assert_eq!(first.from.as_deref(), Some("Alice@Example.org"));
    assert_eq!(first.subject.as_deref(), Some("Printer on fire"));
    assert_eq!((first.outcome, first.reason.as_str()), (OutcomeWord::Created, "new"));
    assert_eq!(first.ticket.as_deref(), Some("support-1"));
    assert_eq!(first.notes, ["subject named support-9"]);
    assert_eq!(rows[1].message_id, None);
    assert_eq!(rows[2].error.as_ref().unwrap().hint.as_deref(), Some("look"));
}

#[test]
fn outcomes_are_chosen_by_every_filter() {
    let place = Place::new();
    let mut store = place.open();
    filled(&mut store);
    let any = OutcomeFilter::default;
    assert_eq!(items(&mut store, &any()), ["1:1", "1:2", "1:3"]);
    assert_eq!(items(&mut store, &OutcomeFilter { limit: Some(2), ..any() }), ["1:2", "1:3"]);
    assert_eq!(items(&mut store, &OutcomeFilter { run: Some(RunId(1)), ..any() }), ["1:1", "1:2"]);
    assert_eq!(items(&mut store, &OutcomeFilter { outcome: Some(OutcomeWord::Skipped), ..any() }), ["1:2"]);
    assert_eq!(items(&mut store, &OutcomeFilter { since: Some(time(2)), ..any() }), ["1:2", "1:3"]);
    let other = Some("sales".parse().unwrap());
    assert!(items(&mut store, &OutcomeFilter { mailbox: other, ..any() }).is_empty());
    assert_eq!(items(&mut store, &named(&["3", "1:1", "1"])), ["1:1", "1:3"]);
    assert_eq!(items(&mut store, &OutcomeFilter { limit: Some(1), ..named(&["1:1", "1:3"]) }), ["1:3"]);
    assert_eq!(items(&mut store, &OutcomeFilter { run: Some(RunId(2)), ..named(&["1:1"]) }), [""; 0]);
}

#[test]
fn a_reset_item_is_taken_again_and_its_copy_is_kept_until_it_was() {
    let place = Place::new();
    let mut store = place.open();
    let keys = filled(&mut store);
    assert_eq!(store.reset(&named(&["1:2", "3"])).unwrap(), 2);
    assert_eq!(store.settled(&source(), &keys).unwrap(), [keys[0].clone()].into());
    assert_eq!(store.watermark(&source()).unwrap(), None);
    assert_eq!(store.quarantined_raw(1).unwrap(), b"octets", "the mailbox may have lost the message");
    let source = source();
    for key in &keys[1..] {
        store.transaction(|books| books.record(&entry(RunId(2), &source, key))).unwrap();
    }
    assert!(store.quarantine().unwrap().is_empty());
    assert!(matches!(store.reset(&named(&["nothing"])), Err(StoreError::Missing { .. })));
}

#[test]
fn a_quarantined_message_is_shown_with_its_octets_and_its_place() {
    let place = Place::new();
    let mut store = place.open();
    let keys = filled(&mut store);
    let row = store.quarantine().unwrap().remove(0);
    assert_eq!((row.size, row.sha256, row.outcome.item.as_str()), (6, digest(b"octets"), "1:3"));
    assert_eq!(store.quarantined(row.id).unwrap(), row);
    assert_eq!(store.quarantined_raw(row.id).unwrap(), b"octets");
    assert_eq!(store.quarantined_source(row.id).unwrap(), (source(), keys[2].clone(), Extent::Whole));
}

#[test]
fn a_dropped_message_is_gone_and_its_row_stays_failed() {
    let place = Place::new();
    let mut store = place.open();
    let keys = filled(&mut store);
    store.drop_quarantined(1).unwrap();
    assert!(store.quarantine().unwrap().is_empty());
    assert_eq!(store.outcomes(&named(&["1:3"])).unwrap()[0].outcome, OutcomeWord::Failed);
    assert!(store.settled(&source(), &keys).unwrap().contains(&keys[2]));
    for gone in [
        store.drop_quarantined(1).unwrap_err(),
        store.quarantined(1).unwrap_err(),
        store.quarantined_raw(1).unwrap_err(),
        store.quarantined_source(1).unwrap_err(),
    ] {
        assert!(matches!(gone, StoreError::Missing { .. }), "{gone}");
    }
}
