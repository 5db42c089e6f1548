//! Tests of lookups and books.

use crate::model::address::Address;
use crate::model::found::{Earlier, Standing};
use crate::model::ids::{Digest, MessageId, RunId, TicketId};
use crate::model::item::{Disposition, ItemKey, Telling};
use crate::model::mail::{Attachment, MAX_NAMES, Mail};
use crate::model::outcome::OutcomeWord;
use crate::model::ticket::{Role, Status, TicketFacts};
use crate::store::engine::{Value, first};
use crate::store::sample::{Place, digest, entry, key, mail, message, queue, source, ticket, time, whole};
use crate::store::{
    Fingerprint, LedgerEntry, Lookup, NewMessage, NewParticipant, SEVERAL, Source, Store, StoreError,
    StoredError,
};

fn count(store: &mut Store, sql: &'static str) -> i64 {
    first(store.engine.query(sql, &[]).unwrap()).unwrap().take(0).unwrap()
}

fn ids(tickets: &[TicketFacts]) -> Vec<TicketId> {
    tickets.iter().map(|ticket| ticket.id).collect()
}

fn append(store: &mut Store, on: TicketId, mail: &Mail) {
    store.transaction(|books| books.append(&message(on, mail))).unwrap();
}

fn record(store: &mut Store, entry: &LedgerEntry<'_>) -> Result<(), StoreError> {
    store.transaction(|books| books.record(entry))
}

fn run(store: &mut Store) -> RunId {
    store.begin_run(time(0)).unwrap()
}

fn own_error() -> Option<StoredError> {
    Some(StoredError { code: "message.crashed".to_owned(), message: "it crashed".to_owned(), hint: None })
}

fn print<'a>(source: &'a Source, key: &'a ItemKey, mail: &'a Mail, raw_sha256: Digest) -> Fingerprint<'a> {
    Fingerprint { source, key, message_id: mail.message_id.as_ref(), digest: mail.digest, raw_sha256 }
}

#[test]
fn a_new_ticket_is_open_and_its_requester_stands_on_it() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    let facts = store.ticket(id).unwrap().unwrap();
    assert_eq!((facts.id, facts.queue, facts.status), (id, queue("SUPPORT"), Status::Open));
    assert_eq!(store.standing(id, "alice@example.org").unwrap(), Standing::Participant);
    assert_eq!(store.standing(id, "mallory@example.org").unwrap(), Standing::Stranger);
    assert_eq!(store.standing(TicketId(9), "alice@example.org").unwrap(), Standing::Stranger);
}

#[test]
fn a_participant_is_known_by_either_spelling_of_the_domain_also_in_an_older_row() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    let anna = Address::bare("Anna@München.example");
    store
        .transaction(|books| books.join(id, &NewParticipant { address: &anna, role: Role::Cc, at: time(1) }))
        .unwrap();
    let sent = Address::bare("anna@xn--mnchen-3ya.example").key();
    assert_eq!(store.standing(id, &sent).unwrap(), Standing::Participant);
    store
        .engine
        .execute("UPDATE participant SET key = 'anna@münchen.example' WHERE key = ?1", &[Value::Text(&sent)])
        .unwrap();
    assert_eq!(count(&mut store, "SELECT count(*) FROM participant WHERE key LIKE '%xn--%'"), 0);
    assert_eq!(store.standing(id, &sent).unwrap(), Standing::Participant);
    assert_eq!(store.standing(id, "anna@munchen.example").unwrap(), Standing::Stranger);
}

#[test]
fn octets_of_any_size_are_kept_as_they_are_and_taken_back_with_the_rest() {
    let place = Place::new();
    let mut store = place.open();
    let run = run(&mut store);
    let large: Vec<u8> = (0..3_000_000_u32).map(|at| at.to_le_bytes()[1]).collect();
    for (at, octets) in [&b"small"[..], &large, b""].into_iter().enumerate() {
        let (source, key) = (source(), key(&at.to_string()));
        let entry = LedgerEntry {
            outcome: OutcomeWord::Failed,
            quarantined: Some(whole(octets)),
            ..entry(run, &source, &key)
        };
        record(&mut store, &entry).unwrap();
        let id = store.quarantine().unwrap().last().unwrap().id;
        assert!(store.quarantined_raw(id).unwrap() == octets, "{at}");
    }
    let failed: Result<(), StoreError> = store.transaction(|books| {
        let (source, key) = (source(), key("last"));
        let other = [&large[..], b"more"].concat();
        let entry = LedgerEntry {
            outcome: OutcomeWord::Failed,
            quarantined: Some(whole(&other)),
            ..entry(run, &source, &key)
        };
        books.record(&entry)?;
        Err(StoreError::Settled)
    });
    failed.unwrap_err();
    assert_eq!(count(&mut store, "SELECT count(*) FROM blob"), 3);
}

#[test]
fn a_participant_joins_once_and_keeps_the_first_role() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    let address = Address::bare(" ALICE@example.org ");
    store
        .transaction(|books| {
            books.join(id, &NewParticipant { address: &address, role: Role::Cc, at: time(1) })
        })
        .unwrap();
    let row = store.ticket_row(id).unwrap();
    assert_eq!(row.participants, [row.requester.unwrap()]);
}

#[test]
fn a_message_leads_to_the_tickets_that_it_is_on_newest_first_and_no_more_than_several() {
    let place = Place::new();
    let mut store = place.open();
    let (first, second) = (ticket(&mut store, "support"), ticket(&mut store, "sales"));
    for on in [second, first, first] {
        append(&mut store, on, &mail("a@b.example"));
    }
    let id = MessageId::new("a@b.example").unwrap();
    assert_eq!(ids(&store.holding(&id).unwrap()), [second, first]);
    assert!(store.holding(&MessageId::new("x@y.example").unwrap()).unwrap().is_empty());
    for _ in 0..SEVERAL {
        let next = ticket(&mut store, "support");
        append(&mut store, next, &mail("a@b.example"));
    }
    assert_eq!(store.holding(&id).unwrap().len(), SEVERAL);
}

#[test]
fn what_messages_on_tickets_name_is_remembered_once_for_each_ticket() {
    let place = Place::new();
    let mut store = place.open();
    let (first, second) = (ticket(&mut store, "support"), ticket(&mut store, "sales"));
    let id = |text: &str| MessageId::new(text).unwrap();
    let reply = Mail {
        in_reply_to: vec![id("b@x")],
        references: vec![id("a@x"), id("b@x"), id("c@x")],
        ..mail("c@x")
    };
    for on in [first, second, first] {
        append(&mut store, on, &reply);
    }
    for named in ["a@x", "b@x"] {
        assert_eq!(ids(&store.naming(&id(named)).unwrap()), [second, first], "{named}");
    }
    assert!(store.naming(&id("c@x")).unwrap().is_empty(), "a mail does not answer itself");
    assert_eq!(count(&mut store, "SELECT count(*) FROM message_reference"), 4);
}

#[test]
fn of_thousands_of_names_the_nearest_are_remembered() {
    let place = Place::new();
    let mut store = place.open();
    let on = ticket(&mut store, "support");
    let id = |n: usize| MessageId::new(&format!("{n}@x")).unwrap();
    append(&mut store, on, &Mail { references: (0..5_000).map(id).collect(), ..mail("last@x") });
    assert_eq!(store.naming(&id(5_000 - MAX_NAMES)).unwrap().len(), 1);
    assert!(store.naming(&id(5_000 - MAX_NAMES - 1)).unwrap().is_empty());
}

#[test]
fn octets_are_kept_once_however_often_they_come() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    let mut mail = mail("a@b.example");
    let file = Attachment {
        filename: "logo.png".to_owned(),
        given_name: None,
        content_type: "image/png".to_owned(),
        content: b"octets".to_vec(),
        sha256: digest(b"octets"),
        inline: true,
        content_id: Some("logo".to_owned()),
    };
    mail.attachments = vec![file.clone(), file];
    store
        .transaction(|books| {
            let message = message(id, &mail);
            books.append(&message)?;
            books.append(&NewMessage { raw: Some(b"octets"), raw_sha256: digest(b"octets"), ..message })
        })
        .unwrap();
    assert_eq!(count(&mut store, "SELECT count(*) FROM attachment"), 4);
    assert_eq!(count(&mut store, "SELECT count(*) FROM blob"), 1);
    // Twice in one message is not yet repeated.
    let rows = store.messages(id).unwrap();
    let repeated = |at: usize| rows[at].attachments.iter().map(|file| file.repeated).collect::<Vec<_>>();
    assert_eq!((repeated(0), repeated(1)), (vec![false, false], vec![true, true]));
}

#[test]
fn nul_characters_are_left_out_of_text() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    let mut mail = mail("a@b.example");
    mail.text = "a\0b".to_owned();
    mail.defects = vec!["c\0d".to_owned()];
    append(&mut store, id, &mail);
    let row = store.messages(id).unwrap().remove(0);
    assert_eq!((row.text.as_str(), row.defects[0].as_str()), ("ab", "cd"));
}

#[test]
fn the_state_of_a_ticket_counts_from_its_change() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    for (status, at) in [(Status::Closed, 5), (Status::Closed, 6)] {
        store.transaction(|books| books.set_status(id, status, time(at))).unwrap();
    }
    let facts = store.ticket(id).unwrap().unwrap();
    assert_eq!((facts.status, facts.status_since), (Status::Closed, time(5)));
    let missing = store.transaction(|books| books.set_status(TicketId(9), Status::Open, time(7)));
    assert!(matches!(missing, Err(StoreError::Missing { .. })));
}

#[test]
fn the_same_mail_is_known_by_id_and_digest_in_every_queue() {
    let place = Place::new();
    let mut store = place.open();
    let id = ticket(&mut store, "support");
    let (known, here, raw) = (mail("a@b.example"), key("1:2"), digest(b"Printer on fire"));
    append(&mut store, id, &known);
    let other = ticket(&mut store, "sales");
    append(&mut store, other, &known);
    let source = source();
    let same = print(&source, &here, &known, raw);
    assert_eq!(ids(&store.copies(&same).unwrap()), [other, id]);
    let other_content = Fingerprint { digest: digest(b"other"), ..same };
    assert!(store.copies(&other_content).unwrap().is_empty());

    let mut nameless = mail("");
    nameless.digest = digest(b"whatever");
    let octets = print(&source, &here, &nameless, raw);
    append(&mut store, id, &nameless);
    assert!(store.copies(&octets).unwrap().is_empty(), "equal alarms are two mails");
}

#[test]
fn what_was_settled_before_uidvalidity_changed_is_known() {
    let place = Place::new();
    let mut store = place.open();
    let run = run(&mut store);
    let (mut source, mail, raw) = (source(), mail("a@b.example"), digest(b"raw"));
    let (before, same, after) = (key("1:7"), key("1:8"), key("2:1"));
    let settled = LedgerEntry { mail: Some(&mail), raw_sha256: Some(raw), ..entry(run, &source, &before) };
    record(&mut store, &settled).unwrap();
    let found = store.settled_before(&print(&source, &after, &mail, raw)).unwrap();
    assert_eq!(found, Some(Earlier::Settled { outcome: OutcomeWord::Skipped, ticket: None }));
    assert_eq!(store.settled_before(&print(&source, &same, &mail, raw)).unwrap(), None);

    source.account = "directory:/var/spool/mail".to_owned();
    let elsewhere = LedgerEntry { mail: Some(&mail), ..entry(run, &source, &before) };
    record(&mut store, &elsewhere).unwrap();
    assert_eq!(store.settled_before(&print(&source, &after, &mail, raw)).unwrap(), None);
}

#[test]
fn a_message_on_a_ticket_is_known_by_its_own_row_after_uidvalidity_changed() {
    let place = Place::new();
    let mut store = place.open();
    let run = run(&mut store);
    let ticket = ticket(&mut store, "support");
    let (source, mail, raw) = (source(), mail("a@b.example"), digest(b"raw"));
    let (before, same, after, last) = (key("1:7"), key("1:8"), key("2:1"), key("3:1"));
    let look =
        |store: &mut Store, key: &ItemKey| store.settled_before(&print(&source, key, &mail, raw)).unwrap();
    let settled = |outcome, key| LedgerEntry {
        outcome,
        ticket: Some(ticket),
        mail: Some(&mail),
        ..entry(run, &source, key)
    };
    store
        .transaction(|books| {
            books.append(&NewMessage { item: Some((&source, &before)), ..message(ticket, &mail) })?;
            assert_eq!(
                books.settled_before(&print(&source, &after, &mail, raw))?,
                None,
                "no row settles it yet"
            );
            books.record(&settled(OutcomeWord::Created, &before))
        })
        .unwrap();
    assert_eq!(count(&mut store, "SELECT count(*) FROM outcome WHERE listed"), 0);
    let known = |outcome| Some(Earlier::Settled { outcome, ticket: Some(ticket) });
    assert_eq!(look(&mut store, &after), known(OutcomeWord::Created));
    assert_eq!(look(&mut store, &same), None, "it has the same UIDVALIDITY");
    record(&mut store, &settled(OutcomeWord::Duplicate, &after)).unwrap();
    assert_eq!(look(&mut store, &last), known(OutcomeWord::Duplicate), "the newest counts");
    for sql in [
        "DELETE FROM outcome WHERE outcome = 'duplicate'",
        "UPDATE message SET source = NULL, item = NULL",
        "UPDATE outcome SET listed = NOT listed",
    ] {
        store.engine.execute(sql, &[]).unwrap();
    }
    assert_eq!(look(&mut store, &last), known(OutcomeWord::Created), "a row of an older program is listed");
    let other = Source { folder: "Other".to_owned(), ..source.clone() };
    assert_eq!(store.settled_before(&print(&other, &last, &mail, raw)).unwrap(), None);
}

#[test]
fn a_mail_without_an_id_is_known_by_its_octets_after_uidvalidity_changed() {
    let place = Place::new();
    let mut store = place.open();
    let run = run(&mut store);
    let (source, mail, raw) = (source(), mail(""), digest(b"raw"));
    let (before, after) = (key("1:7"), key("2:1"));
    let settled = LedgerEntry { mail: Some(&mail), raw_sha256: Some(raw), ..entry(run, &source, &before) };
    record(&mut store, &settled).unwrap();
    let look =
        |store: &mut Store, raw| store.settled_before(&print(&source, &after, &mail, raw)).unwrap().is_some();
    assert!(look(&mut store, raw));
    assert!(!look(&mut store, digest(b"other")));
}

#[test]
fn a_settled_row_stands_and_a_deferred_one_is_written_over() {
    let place = Place::new();
    let mut store = place.open();
    let run = run(&mut store);
    let (source, item) = (source(), key("1:1"));
    let base = entry(run, &source, &item);
    let deferred = LedgerEntry { outcome: OutcomeWord::Deferred, reason: "temporary", ..base.clone() };
    record(&mut store, &deferred).unwrap();
    assert_eq!(store.attempts(&source, &item).unwrap(), 0, "a server's trouble is not the item's");
    for attempt in [1, 2] {
        record(&mut store, &LedgerEntry { error: own_error(), ..deferred.clone() }).unwrap();
        assert_eq!(store.attempts(&source, &item).unwrap(), attempt);
    }
    assert!(store.settled(&source, std::slice::from_ref(&item)).unwrap().is_empty());
    record(&mut store, &base).unwrap();
    assert_eq!(store.settled(&source, std::slice::from_ref(&item)).unwrap(), [item.clone()].into());
    assert!(matches!(record(&mut store, &base), Err(StoreError::Settled)));
    assert!(matches!(record(&mut store, &deferred), Err(StoreError::Settled)));
}

#[test]
fn a_retry_writes_over_a_failed_row_and_lets_the_copy_go_when_it_is_settled() {
    let place = Place::new();
    let mut store = place.open();
    let run = run(&mut store);
    let (source, item) = (source(), key("1:1"));
    let base = entry(run, &source, &item);
    let failed = LedgerEntry {
        outcome: OutcomeWord::Failed,
        reason: "crashed",
        error: own_error(),
        quarantined: Some(whole(b"octets")),
        ..base.clone()
    };
    record(&mut store, &failed).unwrap();
    record(&mut store, &LedgerEntry { quarantined: Some(whole(b"octets, whole")), ..failed.clone() })
        .unwrap();
    assert_eq!(count(&mut store, "SELECT count(*) FROM blob"), 1);
    let deferred = LedgerEntry { outcome: OutcomeWord::Deferred, ..base.clone() };
    record(&mut store, &deferred).unwrap();
    assert_eq!(store.quarantined_raw(1).unwrap(), b"octets, whole", "a retry that is put off keeps it");
    record(&mut store, &base).unwrap();
    assert!(store.quarantine().unwrap().is_empty());
    assert_eq!(count(&mut store, "SELECT count(*) FROM blob"), 0);
    assert!(matches!(record(&mut store, &failed), Err(StoreError::Settled)));
}

#[test]
fn a_failed_row_without_a_copy_stands() {
    let place = Place::new();
    let mut store = place.open();
    let run = run(&mut store);
    let (source, item) = (source(), key("1:1"));
    let failed = LedgerEntry { outcome: OutcomeWord::Failed, ..entry(run, &source, &item) };
    record(&mut store, &failed).unwrap();
    assert!(matches!(record(&mut store, &failed), Err(StoreError::Settled)));
}

#[test]
fn what_is_settled_is_owed_until_it_is_told() {
    let place = Place::new();
    let mut store = place.open();
    let run = run(&mut store);
    let (source, mail) = (source(), mail("a@b.example"));
    let keys = [key("1:1"), key("1:2"), key("1:3"), key("1:4")];
    let dispositions = [
        (OutcomeWord::Created, Disposition::Move("Done".to_owned())),
        (OutcomeWord::Skipped, Disposition::Keep),
        (OutcomeWord::Deferred, Disposition::Seen),
        (OutcomeWord::Ignored, Disposition::Delete),
    ];
    for (key, (outcome, disposition)) in keys.iter().zip(dispositions) {
        let row = LedgerEntry { outcome, disposition, mail: Some(&mail), ..entry(run, &source, key) };
        record(&mut store, &row).unwrap();
    }
    let owed = store.owed(&source).unwrap();
    assert_eq!(owed.iter().map(|it| it.key.0.as_str()).collect::<Vec<_>>(), ["1:1", "1:4"]);
    assert_eq!(owed[0].disposition, Disposition::Move("Done".to_owned()));
    assert_eq!(owed[0].message_id, mail.message_id);
    assert_eq!(owed[0].telling, Telling::Again);
    store.told(&source, &keys[..1]).unwrap();
    store.told(&source, &[]).unwrap();
    assert_eq!(store.owed(&source).unwrap().len(), 1);
    assert!(store.owed(&Source { folder: "Junk".to_owned(), ..source }).unwrap().is_empty());
}

#[test]
fn a_folder_left_by_one_name_is_found_and_goes_on_under_another() {
    let place = Place::new();
    let mut store = place.open();
    let run = run(&mut store);
    let (key, old) = (key("1:1"), source());
    let new = Source { mailbox: "new".parse().unwrap(), ..source() };
    record(&mut store, &entry(run, &old, &key)).unwrap();
    let configured = [new.mailbox.clone()];
    assert_eq!(store.former(&new, &configured).unwrap(), Some(old.clone()));
    assert_eq!(
        store.former(&new, &[old.mailbox.clone(), new.mailbox.clone()]).unwrap(),
        None,
        "still configured"
    );
    for other in [
        Source { account: "imap:else@imap.example.org".to_owned(), ..new.clone() },
        Source { folder: "Junk".to_owned(), ..new.clone() },
        old.clone(),
    ] {
        assert_eq!(store.former(&other, &configured).unwrap(), None, "{other:?}");
    }
    store.rename_source(&old, &new.mailbox).unwrap();
    assert_eq!(store.settled(&new, std::slice::from_ref(&key)).unwrap(), [key.clone()].into());
    assert!(store.settled(&old, &[key]).unwrap().is_empty());

    let second = Source { mailbox: "second".parse().unwrap(), ..source() };
    record(&mut store, &entry(run, &second, &ItemKey("1:2".to_owned()))).unwrap();
    assert_eq!(store.former(&old, std::slice::from_ref(&old.mailbox)).unwrap(), None, "left by two");
}

#[test]
fn a_value_that_does_not_fit_is_the_messages_trouble() {
    let place = Place::new();
    let mut store = place.open();
    let queue = queue("support");
    let refused = store.transaction(|books| {
        books.open_ticket(&crate::store::NewTicket {
            queue: &queue,
            title: "private words",
            priority: 6,
            tags: &[],
            notify: true,
            requester: None,
            at: time(0),
        })
    });
    let refused = refused.unwrap_err();
    assert!(refused.is_of_the_message());
    let told = crate::model::trouble::Trouble::from(refused).with_causes();
    assert!(!told.contains("private"), "{told}");
}
