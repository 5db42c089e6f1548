//! Tests of the ledger's listing, its reset, and the quarantine.

use crate::model::ids::RunId;
use crate::model::item::{Disposition, Extent, ItemKey, Watermark};
use crate::model::outcome::OutcomeWord;
use crate::store::sample::{Place, digest, entry, key, mail, source, ticket, time, whole};
use crate::store::{LedgerEntry, Lookup, OutcomeFilter, Source, Store, StoreError, StoredError};

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
    assert_eq!(store.watermark(&source()).unwrap(), Some(Watermark("1:3?".to_owned())), "nobody's");
    assert_eq!(store.quarantined_raw(1).unwrap(), b"octets", "the mailbox may have lost the message");
    let source = source();
    for key in &keys[1..] {
        store.transaction(|books| books.record(&entry(RunId(2), &source, key))).unwrap();
    }
    assert!(store.quarantine().unwrap().is_empty());
    assert!(matches!(store.reset(&named(&["nothing"])), Err(StoreError::Missing { .. })));
}

#[test]
fn rows_are_held_against_items_with_what_is_open_and_what_is_of_older_numberings() {
    let place = Place::new();
    let mut store = place.open();
    let keys = filled(&mut store);
    assert_eq!(store.open_items(&source()).unwrap(), [keys[0].clone()], "the first is to be deleted");
    store.reset(&named(&["1:2"])).unwrap();
    assert_eq!(store.open_items(&source()).unwrap(), [keys[0].clone(), keys[1].clone()]);
    let many: Vec<ItemKey> = (0..100).map(|n| key(&format!("1:{n}"))).collect();
    let held = store.held_rows(&source(), &many).unwrap();
    assert_eq!(held.len(), 3);
    let first = &held[&keys[0]];
    assert_eq!((first.settled, &first.owed), (true, &Some(Disposition::Delete)));
    assert_eq!(
        (first.ticket.as_deref(), first.from.as_deref()),
        (Some("support-1"), Some("Alice@Example.org"))
    );
    assert_eq!((held[&keys[1]].settled, &held[&keys[1]].owed), (false, &None));
    let count = |store: &mut Store, numbering| {
        let count = store.count_rows(&source(), numbering).unwrap();
        (count.present, count.older)
    };
    assert_eq!(count(&mut store, None), (3, 0));
    assert_eq!(count(&mut store, Some("1")), (3, 0));
    assert_eq!(count(&mut store, Some("11")), (0, 3));
    let elsewhere = Source { folder: "Junk".to_owned(), ..source() };
    assert!(store.held_rows(&elsewhere, &keys).unwrap().is_empty());
}

#[test]
fn looking_anew_forgets_the_marks_of_one_mailbox_and_changes_no_row() {
    let place = Place::new();
    let mut store = place.open();
    let keys = filled(&mut store);
    let other = Source { mailbox: "sales".parse().unwrap(), ..source() };
    store.set_watermark(&other, &Watermark("1:9".to_owned()), None).unwrap();
    assert_eq!(store.look_anew(Some(&source().mailbox)).unwrap(), 1);
    assert_eq!(store.watermark(&source()).unwrap(), Some(Watermark("1:3?".to_owned())));
    assert_eq!(store.watermark(&other).unwrap(), Some(Watermark("1:9".to_owned())));
    assert_eq!(store.settled(&source(), &keys).unwrap().len(), 3);
    assert_eq!(store.look_anew(None).unwrap(), 2);
    assert_eq!(store.watermark(&other).unwrap(), Some(Watermark("1:9?".to_owned())));
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

#[test]
fn a_reset_during_a_run_stands_whatever_watermark_there_was() {
    let place = Place::new();
    let mut store = place.open();
    let run = store.begin_run(time(0)).unwrap();
    let (here, item) = (source(), key("1:5"));
    store.transaction(|books| books.record(&entry(run, &here, &item))).unwrap();
    for _ in 0..3 {
        let before = store.watermark(&here).unwrap();
        let filter = OutcomeFilter { items: vec!["1:5".to_owned()], ..OutcomeFilter::default() };
        assert_eq!(store.reset(&filter).unwrap(), 1);
        store.set_watermark(&here, &Watermark("1:6".to_owned()), before.as_ref()).unwrap();
        assert_ne!(store.watermark(&here).unwrap(), Some(Watermark("1:6".to_owned())));
    }
}
