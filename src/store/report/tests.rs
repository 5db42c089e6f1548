//! Tests of a report's numbers.

use super::*;
use crate::model::ids::RunId;
use crate::model::outbox::OutboxState;
use crate::store::LedgerEntry;
use crate::store::sample::{Place, digest, entry, key, mail, message, source, ticket, time};

fn day_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

const DAY: i64 = 86_400;

/// A ticket by Alice on the first day, a skipped mail of hers on the third.
fn filled(store: &mut Store) {
    let ticket = ticket(store, "Support");
    let run = store.begin_run(time(0)).unwrap();
    assert_eq!(run, RunId(1));
    let (source, mail, keys) = (source(), mail("a@b.example"), [key("1:1"), key("1:2")]);
    store
        .transaction(|books| {
            let mut message = message(ticket, &mail);
            (message.raw_sha256, message.received_at) = (digest(b"1"), time(-99));
            books.append(&message)?;
            books.record(&LedgerEntry {
                outcome: OutcomeWord::Created,
                reason: "new",
                ticket: Some(ticket),
                author: Some("Alice@Example.org"),
                ..entry(run, &source, &keys[0])
            })?;
            let author = Some("alice@example.org");
            books.record(&LedgerEntry { at: time(2 * DAY), author, ..entry(run, &source, &keys[1]) })
        })
        .unwrap();
}

#[test]
fn every_day_is_there_and_each_row_counts_once() {
    let place = Place::new();
    let mut store = place.open();
    filled(&mut store);
    let report = store.report(day_of(time(0)), time(2 * DAY + 1)).unwrap();
    let per_day: Vec<u64> = report.days.iter().map(|day| day.outcomes.total()).collect();
    assert_eq!(per_day, [1, 0, 1]);
    assert_eq!(report.days[0].date, day_of(time(0)));
    let reasons: Vec<_> =
        report.reasons.iter().map(|one| (one.outcome, one.reason.as_str(), one.count)).collect();
    assert_eq!(reasons, [(OutcomeWord::Created, "new", 1), (OutcomeWord::Skipped, "no-ticket-id", 1)]);
    let alice = Busy { name: Some("alice@example.org".to_owned()), messages: 2, tickets: 1 };
    assert_eq!(report.senders, [alice]);
    let support = Busy { name: Some("support".to_owned()), messages: 1, tickets: 1 };
    assert_eq!(report.queues, [support]);
    assert_eq!((report.to_ticket.count, report.to_ticket.median), (1, 100));
}

#[test]
fn the_period_begins_with_its_first_day_and_ends_before_its_last_moment() {
    let place = Place::new();
    let mut store = place.open();
    filled(&mut store);
    let later = store.report(day_of(time(DAY)), time(2 * DAY)).unwrap();
    assert_eq!(later.days.len(), 2);
    assert_eq!(later.outcomes().total(), 0, "what is of the very moment belongs to the next report");
    assert!(later.senders.is_empty() && later.to_ticket.count == 0);
    let alone = store.report(day_of(time(0)), time(1)).unwrap();
    assert_eq!((alone.days.len(), alone.outcomes().total()), (1, 0));
}

const INSERT_SENT: &str = "
INSERT INTO outbox
  (ticket, template, role, key, address, subject, message_id, priority, state, created_at, state_since, due_at,
   attempts, uncertain)
VALUES (1, 'created', 'requester', 'a@x', 'a@x', 's', 'm@x', 1, 'bounced', ?1, ?2, ?1, 2, 0)";

const INSERT_TRY: &str = "
INSERT INTO outbox_attempt (outbox, began_at, ended_at, result)
VALUES (1, ?1, ?1, ?2)";

#[test]
fn a_notification_counts_by_its_day_and_its_time_to_the_server_by_what_took_it() {
    let place = Place::new();
    let mut store = place.open();
    ticket(&mut store, "support");
    let times = [Value::Time(time(10)), Value::Time(time(DAY))];
    store.engine.execute(INSERT_SENT, &times).unwrap();
    for (at, result) in [(20, "later"), (50, "accepted")] {
        store.engine.execute(INSERT_TRY, &[Value::Time(time(at)), Value::Text(result)]).unwrap();
    }
    let report = store.report(day_of(time(0)), time(2 * DAY)).unwrap();
    assert_eq!(report.days[0].outbox.of(OutboxState::Bounced), 1);
    assert_eq!(report.outbox().total(), 1);
    assert_eq!((report.to_delivery.count, report.to_delivery.median), (1, 40));
}

#[test]
fn a_report_is_of_one_moment_and_keeps_nobody_from_writing() {
    let place = Place::new();
    let mut writer = place.open();
    let mut reader = Store::look(&place.config).unwrap().unwrap();
    let counts = |engine: &mut dyn Engine| {
        let rows = engine.query(COUNT_OUTCOMES, &within(time(0), time(9 * DAY)))?;
        Ok::<_, StoreError>(rows.len())
    };
    let seen = reader.at_one_moment(|engine| {
        let before = counts(engine)?;
        filled(&mut writer);
        Ok((before, counts(engine)?))
    });
    assert_eq!(seen.unwrap(), (0, 0));
    assert_eq!(reader.at_one_moment(|engine| counts(engine)).unwrap(), 2);
}
