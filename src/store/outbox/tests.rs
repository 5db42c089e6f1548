//! The outbox: claims, attempts, ends, bounces.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::model::address::Address;
use crate::model::ids::{MessageId, TicketRef};
use crate::model::notification::{About, Occasion};
use crate::model::outbox::{BounceKind, GivenUp, OutboxState, Told, Untold, Urgency};
use crate::model::ticket::Role;
use crate::store::sample::{self, Place, mail, message, ticket, time};
use crate::store::{Lease, Store, StoreError, Taking};

/// No hook listens.
fn nobody(_: &OutboxRow) -> Result<Vec<crate::store::NewEvent>, crate::store::StoreError> {
    Ok(Vec::new())
}

/// A store with a ticket of two messages; notifications tell of the second.
struct Desk {
    store: Store,
    ticket: TicketId,
    message: i64,
    _place: Place,
}

impl Desk {
    fn new() -> Self {
        let place = Place::new();
        let mut store = place.open();
        let id = ticket(&mut store, "support");
        let (first, second) = (mail("a@x"), mail("b@x"));
        store.transaction(|books| books.append(&message(id, &first))).unwrap();
        let message = store.transaction(|books| books.append(&message(id, &second))).unwrap();
        Self { store, ticket: id, message, _place: place }
    }

    /// Writes a notification to `to`, changed by `with`.
    fn tell(&mut self, to: &str, with: impl FnOnce(NewNotification<'_>) -> NewNotification<'_>) -> i64 {
        let count = self.store.notifications(&OutboxFilter::default()).unwrap().len();
        let (to, id) = (Address::bare(to), MessageId::new(&format!("n{count}@x")).unwrap());
        let new = NewNotification {
            ticket: self.ticket,
            message: self.message,
            other: None,
            occasion: Occasion::Updated,
            to: &to,
            told: Told::Cc,
            subject: "printer on fire",
            message_id: &id,
            urgency: Urgency::Medium,
            at: time(0),
            due_at: time(0),
            expires_at: Some(time(86_400)),
            untold: None,
        };
        let new = with(new);
        self.store.transaction(|books| books.outgoing().unwrap().enqueue(&new)).unwrap()
    }

    fn claim(&mut self, name: &str, at: i64) -> Vec<i64> {
        self.store.claim(name, time(at), 10).unwrap().into_iter().map(|one| one.id).collect()
    }

    fn begin(&mut self, name: &str, id: i64, at: i64) -> Begun {
        self.store.resolve_and_begin(name, &[], &[id], time(at)).unwrap().remove(0)
    }

    fn attempt(&mut self, name: &str, id: i64, at: i64) -> i64 {
        match self.begin(name, id, at) {
            Begun::Attempt(attempt) => attempt,
            Begun::Suppressed | Begun::Lost => panic!("no attempt was begun"),
        }
    }

    fn end(&mut self, (name, id, attempt): (&str, i64, i64), result: AttemptResult, fate: Fate, at: i64) {
        let ended = Resolution {
            id,
            attempt,
            result,
            answer: "the answer".to_owned(),
            took: Duration::from_millis(12),
            note: None,
            at: time(at),
            fate,
            events: Vec::new(),
        };
        let begun = self.store.resolve_and_begin(name, &[ended], &[], time(at)).unwrap();
        assert_eq!(begun, []);
    }

    fn row(&mut self, id: i64) -> OutboxRow {
        self.store.notification(id).unwrap()
    }

    fn state(&mut self, id: i64) -> (OutboxState, Option<String>) {
        let row = self.row(id);
        (row.state, row.reason)
    }
}

#[test]
fn a_claimed_row_has_all_that_its_mail_is_made_of() {
    let mut desk = Desk::new();
    let id = desk.tell("Bob@Example.org", |new| new);
    let claimed = desk.store.claim("a", time(1), 10).unwrap().remove(0);
    let ids = |ids: &[&str]| ids.iter().map(|id| MessageId::new(id).unwrap()).collect::<Vec<_>>();
    let expected = Claimed {
        id,
        about: About::Ticket(
            TicketRef { queue: "support".parse().unwrap(), id: desk.ticket },
            Occasion::Updated,
        ),
        title: "Printer on fire".to_owned(),
        to: Address::bare("Bob@Example.org"),
        message_id: MessageId::new("n0@x").unwrap(),
        message: Some(desk.message),
        in_reply_to: MessageId::new("b@x"),
        references: ids(&["a@x"]),
        author: Some(mail("").from.remove(0)),
        text: Some("It burns.".to_owned()),
        other: None,
        attempts: 0,
        uncertain: 0,
    };
    assert_eq!(claimed, expected);
}

#[test]
fn the_thread_of_a_long_ticket_is_its_first_message_and_the_last_few() {
    let mut desk = Desk::new();
    for n in 0..20 {
        let more = mail(&format!("m{n}@x"));
        desk.message = desk.store.transaction(|books| books.append(&message(desk.ticket, &more))).unwrap();
    }
    desk.tell("bob@x", |new| new);
    let claimed = desk.store.claim("a", time(1), 1).unwrap().remove(0);
    let ids: Vec<&str> = claimed.references.iter().map(MessageId::as_str).collect();
    let expected = ["a@x", "m10@x", "m11@x", "m12@x", "m13@x", "m14@x", "m15@x", "m16@x", "m17@x", "m18@x"];
    assert_eq!(ids, expected);
    assert_eq!(claimed.in_reply_to.unwrap().as_str(), "m19@x");
}

#[test]
fn the_urgent_and_the_old_go_first_and_what_is_not_due_waits() {
    let mut desk = Desk::new();
    let low = desk.tell("a@x", |new| NewNotification { urgency: Urgency::Low, ..new });
    let later = desk.tell("b@x", |new| NewNotification { due_at: time(100), ..new });
    let second = desk.tell("c@x", |new| NewNotification { due_at: time(2), ..new });
    let first = desk.tell("d@x", |new| NewNotification { due_at: time(1), ..new });
    let high = desk.tell("e@x", |new| NewNotification { urgency: Urgency::High, ..new });
    desk.tell("f@x", |new| NewNotification { untold: Some(Untold::Dmarc), ..new });
    assert_eq!(desk.claim("a", 10), [high, first, second, low]);
    assert_eq!(desk.claim("b", 10), [0; 0], "what one has no other gets");
    assert_eq!(desk.claim("b", 100), [later]);
}

#[test]
fn an_attempt_is_written_down_before_it_is_made_and_ends_once() {
    let mut desk = Desk::new();
    let id = desk.tell("a@x", |new| new);
    desk.claim("a", 1);
    let attempt = desk.attempt("a", id, 2);
    let open = desk.store.attempts_of(id).unwrap();
    assert_eq!((open.len(), open[0].began_at, open[0].ended_at), (1, time(2), None));
    assert_eq!((desk.row(id).state, desk.row(id).attempts), (OutboxState::Sending, 1));
    desk.end(("a", id, attempt), AttemptResult::Later, Fate::Again(time(60)), 3);
    let row = desk.row(id);
    assert_eq!((row.state, row.next_attempt_at), (OutboxState::Queued, Some(time(60))));
    assert_eq!(row.last_error.as_deref(), Some("the answer"));
    assert_eq!(desk.claim("a", 59), [0; 0]);
    assert_eq!(desk.claim("a", 60), [id]);
    let attempt = desk.attempt("a", id, 61);
    desk.end(("a", id, attempt), AttemptResult::Accepted, Fate::Sent, 62);
    let row = desk.row(id);
    assert_eq!((row.state, row.attempts, row.last_error), (OutboxState::Sent, 2, None));
    let results: Vec<_> =
        desk.store.attempts_of(id).unwrap().into_iter().map(|one| one.result.unwrap()).collect();
    assert_eq!(results, ["later", "accepted"]);
}

#[test]
fn who_lost_a_row_cannot_resolve_it() {
    let mut desk = Desk::new();
    let id = desk.tell("a@x", |new| new);
    let lease = Lease::Delivery("dead".to_owned());
    let Taking::Ours(fence) = desk.store.take_lease(&lease, "host", Duration::from_secs(60)).unwrap() else {
        panic!("nobody has it");
    };
    let dead = lease.to_string();
    desk.claim(&dead, 1);
    let attempt = desk.attempt(&dead, id, 1);
    assert_eq!(desk.store.take_back(time(600), &nobody).unwrap(), TakenBack::default());
    // Its lease runs out, and another takes the row over.
    assert!(desk.store.renew_lease(&fence, Duration::ZERO).unwrap());
    let back = desk.store.take_back(time(601), &nobody).unwrap();
    assert_eq!(back, TakenBack { queued: 1, failed: 0 });
    assert!(!desk.store.renew_lease(&fence, Duration::from_secs(60)).unwrap());
    assert_eq!(desk.claim("other", 602), [id]);
    assert_eq!(desk.begin(&dead, id, 603), Begun::Lost);
    desk.end((&dead, id, attempt), AttemptResult::Accepted, Fate::Sent, 603);
    assert_eq!(desk.row(id).state, OutboxState::Sending);
    let second = desk.attempt("other", id, 604);
    desk.end(("other", id, second), AttemptResult::Accepted, Fate::Sent, 605);
    assert_eq!(desk.row(id).state, OutboxState::Sent);
}

#[test]
fn two_ends_that_nobody_knows_are_enough() {
    let mut desk = Desk::new();
    let (begun, claimed) = (desk.tell("a@x", |new| new), desk.tell("b@x", |new| new));
    for round in [OutboxState::Queued, OutboxState::Failed] {
        assert!(desk.claim("a", 1).contains(&begun));
        desk.attempt("a", begun, 1);
        desk.store.take_back(time(2), &nobody).unwrap();
        assert_eq!(desk.row(begun).state, round);
        assert_eq!(desk.state(claimed), (OutboxState::Queued, None), "what was not begun is certain");
    }
    assert_eq!(desk.state(begun), (OutboxState::Failed, Some(GivenUp::Uncertain.to_string())));
    let attempts = desk.store.attempts_of(begun).unwrap();
    assert!(attempts.iter().all(|one| one.result.as_deref() == Some("uncertain")), "{attempts:?}");
    desk.store.requeue(&[begun], time(3)).unwrap();
    assert_eq!(desk.claim("a", 4), [begun, claimed], "who asks for it by hand gets it first");
}

#[test]
fn what_was_claimed_and_not_begun_is_let_go() {
    let mut desk = Desk::new();
    let (done, left) = (desk.tell("a@x", |new| new), desk.tell("b@x", |new| new));
    desk.claim("a", 1);
    let attempt = desk.attempt("a", done, 1);
    desk.end(("a", done, attempt), AttemptResult::Refused, Fate::Failed(GivenUp::Rejected), 2);
    desk.store.release("a", time(3)).unwrap();
    assert_eq!(desk.state(done), (OutboxState::Failed, Some("rejected".to_owned())));
    assert_eq!((desk.row(left).state, desk.row(left).attempts), (OutboxState::Queued, 0));
}

#[test]
fn a_suppressed_address_gets_nothing_that_waits_either() {
    let mut desk = Desk::new();
    let id = desk.tell("Bob@x", |new| new);
    desk.store.suppress("bob@X", time(0), Some(time(100))).unwrap();
    desk.claim("a", 1);
    assert_eq!(desk.begin("a", id, 1), Begun::Suppressed);
    assert_eq!(desk.state(id), (OutboxState::Suppressed, Some("address".to_owned())));
    assert_eq!((desk.row(id).attempts, desk.store.attempts_of(id).unwrap().len()), (0, 0));
    assert_eq!(desk.store.suppressed(time(99)).unwrap().len(), 1);
    assert_eq!(desk.store.suppressed(time(100)).unwrap().len(), 0);
    desk.store.unsuppress("BOB@x").unwrap();
    assert!(matches!(desk.store.unsuppress("bob@x"), Err(StoreError::Missing { .. })));
}

#[test]
fn what_is_no_news_any_more_expires() {
    let mut desk = Desk::new();
    let id = desk.tell("a@x", |new| NewNotification { expires_at: Some(time(10)), ..new });
    let lasting = desk.tell("b@x", |new| NewNotification { expires_at: None, ..new });
    assert_eq!(desk.store.expire(time(9), &nobody).unwrap(), 0);
    assert_eq!(desk.store.expire(time(10), &nobody).unwrap(), 1);
    assert_eq!(desk.row(id).state, OutboxState::Expired);
    assert_eq!(desk.row(lasting).state, OutboxState::Queued);
}

#[test]
fn what_a_clock_that_ran_ahead_put_off_is_due_once_it_is_right() {
    let mut desk = Desk::new();
    let usual = desk.tell("a@x", |new| NewNotification { due_at: time(7 * 60 * 60), ..new });
    let ahead = desk.tell("b@x", |new| NewNotification { due_at: time(10 * 365 * 24 * 60 * 60), ..new });
    desk.store.expire(time(1), &nobody).unwrap();
    assert_eq!(desk.claim("a", 2), [ahead]);
    assert_eq!(desk.row(usual).state, OutboxState::Queued);
}

#[test]
fn people_requeue_and_cancel_all_or_none() {
    let mut desk = Desk::new();
    let (one, two) = (desk.tell("a@x", |new| new), desk.tell("b@x", |new| new));
    desk.store.cancel(&[one], time(1)).unwrap();
    assert_eq!(desk.row(one).state, OutboxState::Cancelled);
    for ids in [[two, one], [two, 99]] {
        assert!(desk.store.cancel(&ids, time(2)).is_err());
        assert_eq!(desk.row(two).state, OutboxState::Queued);
    }
    desk.store.requeue(&[one, two], time(3)).unwrap();
    assert_eq!(desk.claim("a", 3), [one, two]);
    let refused = desk.store.requeue(&[one], time(4)).unwrap_err();
    assert_eq!(refused.to_string(), "notification 1 is sending and cannot be requeued");
}

#[test]
fn what_was_written_of_late_is_counted() {
    let mut desk = Desk::new();
    desk.tell("a@x", |new| NewNotification { at: time(-100), ..new });
    desk.tell("A@x", |new| new);
    desk.tell("a@x", |new| NewNotification { subject: "another", ..new });
    desk.tell("a@x", |new| NewNotification { untold: Some(Untold::RateLimit), ..new });
    desk.tell("b@x", |new| new);
    desk.tell("a@x", |new| NewNotification { told: Told::Agents, ..new });
    let (to, all) = desk
        .store
        .transaction(|books| {
            let outgoing = books.outgoing().unwrap();
            let to = outgoing.written_to("a@x", "printer on fire", time(-50))?;
            Ok((to, outgoing.written(time(-50))?))
        })
        .unwrap();
    assert_eq!((to, all), (Written { all: 2, same: 1 }, 4));
    let backlog = desk.store.backlog().unwrap();
    assert_eq!((backlog.waiting, backlog.oldest, backlog.failed), (5, Some(time(-100)), 0));
}

#[test]
fn the_circle_of_a_ticket_is_everybody_on_it() {
    let mut desk = Desk::new();
    let id = desk.ticket;
    let circle = desk.store.transaction(|books| books.outgoing().unwrap().circle(id)).unwrap();
    let people = vec![(mail("").from.remove(0), Role::Requester)];
    assert_eq!(circle, Circle { title: "Printer on fire".to_owned(), priority: 3, notify: true, people });
}

fn back(desk: &mut Desk, id: &str, kind: BounceKind, is_its_own: bool) -> Option<Timestamp> {
    let id = MessageId::new(id).unwrap();
    desk.store
        .transaction(|books| {
            let outgoing = books.outgoing().unwrap();
            let sent = outgoing.sent_as(&id)?.unwrap();
            outgoing.came_back(&CameBack {
                sent: &sent,
                kind,
                status: Some("5.1.1"),
                is_its_own,
                suppress_for: SignedDuration::from_secs(1000),
                at: time(50),
            })
        })
        .unwrap()
}

#[test]
fn a_hard_bounce_of_its_own_suppresses_the_address_for_a_time() {
    let mut desk = Desk::new();
    let (own, forwarded) = (desk.tell("a@x", |new| new), desk.tell("b@x", |new| new));
    assert_eq!(back(&mut desk, "n0@x", BounceKind::Delayed, true), None);
    assert_eq!((desk.row(own).state, desk.row(own).bounce), (OutboxState::Queued, Some(BounceKind::Delayed)));
    assert_eq!(back(&mut desk, "n0@x", BounceKind::Hard, true), Some(time(1050)));
    assert_eq!(back(&mut desk, "n0@x", BounceKind::Delayed, true), None);
    let row = desk.row(own);
    let expected = (OutboxState::Bounced, Some(BounceKind::Hard), Some("5.1.1"), Some(time(50)));
    assert_eq!((row.state, row.bounce, row.bounce_status.as_deref(), row.bounced_at), expected);
    assert_eq!(back(&mut desk, "n1@x", BounceKind::Hard, false), None);
    assert_eq!(desk.row(forwarded).state, OutboxState::Bounced);
    let suppressed: Vec<_> =
        desk.store.suppressed(time(60)).unwrap().into_iter().map(|row| (row.address, row.reason)).collect();
    assert_eq!(suppressed, [("a@x".to_owned(), "hard-bounce".to_owned())]);
    // What a person says stands.
    desk.store.suppress("a@x", time(60), None).unwrap();
    back(&mut desk, "n0@x", BounceKind::Hard, true);
    assert_eq!(desk.store.suppressed(time(5000)).unwrap()[0].reason, "by-hand");
}

#[test]
fn a_mail_that_bounces_while_it_is_sent_again_is_not_sent_again() {
    let mut desk = Desk::new();
    let id = desk.tell("a@x", |new| new);
    desk.claim("a", 1);
    let attempt = desk.attempt("a", id, 1);
    back(&mut desk, "n0@x", BounceKind::Hard, true);
    desk.end(("a", id, attempt), AttemptResult::Later, Fate::Again(time(60)), 60);
    assert_eq!(desk.row(id).state, OutboxState::Bounced);
}

#[test]
fn soft_bounces_count() {
    let mut desk = Desk::new();
    let mut ends = Vec::new();
    for n in 0..5 {
        desk.tell("a@x", |new| new);
        ends.push(back(&mut desk, &format!("n{n}@x"), BounceKind::Soft, true));
    }
    assert_eq!(ends, [None, None, None, None, Some(time(1050))]);
    assert_eq!(desk.store.suppressed(time(60)).unwrap()[0].reason, "soft-bounces");
}

#[test]
fn notes_stand_on_the_ticket() {
    let mut desk = Desk::new();
    let id = desk.ticket;
    desk.store.transaction(|books| books.outgoing().unwrap().note(id, "it bounced", time(7))).unwrap();
    assert_eq!(desk.store.notes(id).unwrap(), [NoteRow { at: time(7), text: "it bounced".to_owned() }]);
    assert_eq!(sample::ticket(&mut desk.store, "sales").0, 2);
    assert_eq!(desk.store.notes(TicketId(2)).unwrap(), []);
}
