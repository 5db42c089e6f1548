//! Tests of tickets as the commands see them.

use crate::model::address::Address;
use crate::model::ids::TicketId;
use crate::model::mail::Attachment;
use crate::model::ticket::{Role, Status};
use crate::store::sample::{Place, digest, mail, message, queue, ticket, time};
use crate::store::{Lookup, NewParticipant, Store, StoreError, TicketFilter};

fn join(store: &mut Store, id: TicketId, address: &str, role: Role) {
    let address = Address::bare(address);
    store
        .transaction(|books| books.join(id, &NewParticipant { address: &address, role, at: time(1) }))
        .unwrap();
}

#[test]
fn a_ticket_is_shown_with_everybody_on_it() {
    let place = Place::new();
    let mut store = place.open();
    let (first, second) = (ticket(&mut store, "support"), ticket(&mut store, "sales"));
    join(&mut store, second, "bob@example.org", Role::Cc);
    store.transaction(|books| books.link(second, first, time(2))).unwrap();
    let row = store.ticket_row(second).unwrap();
    assert_eq!((row.title.as_str(), row.status, row.priority), ("Printer on fire", Status::Open, 3));
    let alice = Address { name: Some("Alice".to_owned()), address: "Alice@Example.org".to_owned() };
    assert_eq!(row.requester.as_ref(), Some(&alice));
    assert_eq!(row.participants, [alice, Address::bare("bob@example.org")]);
    assert_eq!(row.linked_to, ["support-1"]);
    store.transaction(|books| books.link(first, second, time(3))).unwrap();
    assert_eq!(store.ticket_row(first).unwrap().linked_to, ["sales-2"], "a link leads both ways, once");
    assert_eq!((row.created_at, row.merged_into), (time(0), None));
    assert!(matches!(store.ticket_row(TicketId(9)), Err(StoreError::Missing { .. })));
}

fn file(given_name: Option<&str>) -> Attachment {
    Attachment {
        filename: "a.txt".to_owned(),
        given_name: given_name.map(str::to_owned),
        content_type: "text/plain".to_owned(),
        content: b"abc".to_vec(),
        sha256: digest(b"abc"),
        inline: false,
        content_id: None,
    }
}

#[test]
fn a_message_is_shown_with_its_files() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    let mut mail = mail("a@b.example");
    mail.attachments = vec![file(Some("../a.txt"))];
    store.transaction(|books| books.append(&message(id, &mail))).unwrap();
    let row = store.messages(id).unwrap().remove(0);
    assert_eq!((row.direction.as_str(), &row.message_id), ("in", &mail.message_id));
    assert_eq!((row.date, row.from.as_ref()), (time(-60), mail.author()));
    assert_eq!((row.text, row.reply, row.defects), (mail.text, mail.reply, mail.defects));
    assert_eq!((row.attachments[0].size, row.attachments[0].sha256), (3, digest(b"abc")));
    assert_eq!(row.attachments[0].given_name.as_deref(), Some("../a.txt"));
    assert_eq!(store.ticket_row(id).unwrap().updated_at, time(1));
}

#[test]
fn files_of_the_first_schema_are_shown_after_the_upgrade() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    let mut mail = mail("a@b.example");
    mail.attachments = vec![file(None)];
    store.transaction(|books| books.append(&message(id, &mail))).unwrap();
    let back = "ALTER TABLE attachment DROP COLUMN given_name; ALTER TABLE attachment DROP COLUMN repeated;
        ALTER TABLE ticket DROP COLUMN notify; DROP TABLE in_flight; DROP TABLE message_reference;
        DROP TABLE ticket_note; DROP TABLE suppressed; DROP TABLE outbox_attempt; DROP TABLE outbox;
        DROP TABLE event_attempt; DROP TABLE event;
        UPDATE schema_version SET version = 1";
    store.engine.script(back).unwrap();
    drop(store);
    let files = place.open().messages(id).unwrap().remove(0).attachments;
    assert_eq!(
        (files[0].filename.as_str(), &files[0].given_name, files[0].repeated),
        ("a.txt", &None, false)
    );
}

#[test]
fn tickets_are_listed_by_queue_state_and_number() {
    let place = Place::new();
    let mut store = place.open();
    for slug in ["support", "sales", "Support"] {
        ticket(&mut store, slug);
    }
    store.close(TicketId(1), time(1)).unwrap();
    let mut numbers =
        |filter| store.tickets(&filter).unwrap().into_iter().map(|row| row.id.0).collect::<Vec<_>>();
    assert_eq!(numbers(TicketFilter::default()), [1, 2, 3]);
    assert_eq!(numbers(TicketFilter { limit: Some(2), ..TicketFilter::default() }), [2, 3]);
    assert_eq!(numbers(TicketFilter { queue: Some(queue("SUPPORT")), ..TicketFilter::default() }), [1, 3]);
    assert_eq!(numbers(TicketFilter { status: Some(Status::Closed), ..TicketFilter::default() }), [1]);
}

#[test]
fn a_ticket_is_closed_and_reopened_and_stays_so_when_told_again() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    store.reopen(id, time(1)).unwrap();
    assert_eq!(store.ticket(id).unwrap().unwrap().status, Status::Open);
    for at in [2, 3] {
        store.close(id, time(at)).unwrap();
    }
    let facts = store.ticket(id).unwrap().unwrap();
    assert_eq!((facts.status, facts.status_since), (Status::Closed, time(2)));
    store.reopen(id, time(4)).unwrap();
    assert_eq!(store.ticket(id).unwrap().unwrap().status, Status::Reopened);
    assert!(matches!(store.close(TicketId(9), time(5)), Err(StoreError::Missing { .. })));
}

#[test]
fn a_merged_ticket_leads_to_its_target_which_gets_its_people() {
    let place = Place::new();
    let mut store = place.open();
    let (first, second, third) =
        (ticket(&mut store, "support"), ticket(&mut store, "support"), ticket(&mut store, "sales"));
    join(&mut store, first, "bob@example.org", Role::Cc);
    store.merge(second, third, time(1)).unwrap();
    store.merge(first, second, time(2)).unwrap();
    let facts = store.ticket(first).unwrap().unwrap();
    assert_eq!((facts.status, facts.merged_into), (Status::Merged, Some(third)));
    assert_eq!(store.ticket_row(first).unwrap().merged_into.as_deref(), Some("sales-3"));
    let row = store.ticket_row(third).unwrap();
    assert_eq!(row.participants.len(), 2);
    assert_eq!(row.requester.unwrap().key(), "alice@example.org");
    assert_eq!(row.updated_at, time(2));
}

#[test]
fn what_would_go_round_in_a_circle_is_refused() {
    let place = Place::new();
    let mut store = place.open();
    let (first, second) = (ticket(&mut store, "support"), ticket(&mut store, "support"));
    let refusal = |result: Result<(), StoreError>| match result {
        Err(StoreError::Refused { what }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(store.merge(first, first, time(1))), "support-1 cannot be merged into itself");
    store.merge(first, second, time(1)).unwrap();
    assert_eq!(refusal(store.merge(second, first, time(2))), "support-2 cannot be merged into itself");
    assert_eq!(refusal(store.merge(first, second, time(2))), "support-1 was merged into support-2");
    assert_eq!(refusal(store.close(first, time(2))), "support-1 was merged into support-2");
    assert_eq!(refusal(store.reopen(first, time(2))), "support-1 was merged into support-2");
    assert!(matches!(store.merge(second, TicketId(9), time(2)), Err(StoreError::Missing { .. })));
}
