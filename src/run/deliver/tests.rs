//! Rows in, answers from a courier that follows a script, rows out.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use jiff::Timestamp;

use super::letter::notification;
use super::*;
use crate::evidence::Signer;
use crate::model::address::Address;
use crate::model::exit::Exit;
use crate::model::ids::MessageId;
use crate::model::mail::Mail;
use crate::model::notification::{Answer, Occasion};
use crate::model::outbox::{OutboxState, Told, Urgency};
use crate::run::lock::now;
use crate::store::{
    Begun, Books, Claimed, Config, NewMessage, NewNotification, NewTicket, OutboxFilter, OutboxRow,
    StoreError,
};

/// A store with a ticket in queue `support` and one in `sales`.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for slug in ["support", "sales"] {
            place.store().transaction(|books| ticket(books, slug)).unwrap();
        }
        place
    }

    fn config(&self) -> Config {
        Config::of_file(self.folder.path().join("store.db"))
    }

    fn store(&self) -> Store {
        Store::open(&self.config()).unwrap()
    }

    /// Rows on a ticket, due for an hour: `a0@x`, `a1@x` and so on.
    fn rows(&self, ticket: i64, count: usize) {
        let at = Timestamp::now() - jiff::SignedDuration::from_hours(1);
        let write = |books: &mut dyn Books| {
            for n in 0..count {
                let to = Address::bare(&format!("a{n}@x"));
                let id = MessageId::new(&format!("{ticket}.{n}@x")).unwrap();
                books.outgoing().unwrap().enqueue(&NewNotification {
                    ticket: crate::model::ids::TicketId(ticket),
                    message: ticket,
                    other: None,
                    occasion: Occasion::Updated,
                    to: &to,
                    told: Told::Cc,
                    subject: "s",
                    message_id: &id,
                    urgency: Urgency::Medium,
                    at,
                    due_at: at,
                    expires_at: None,
                    untold: None,
                })?;
            }
            Ok(())
        };
        self.store().transaction(write).unwrap();
    }

    fn deliver(&self, script: &mut Script, change: impl FnOnce(Errand) -> Errand) -> Sent {
        self.deliver_by(1, script, change)
    }

    fn deliver_by(&self, jobs: usize, script: &mut Script, change: impl FnOnce(Errand) -> Errand) -> Sent {
        let shared = Mutex::new(script);
        let couriers = (0..jobs).map(|_| Box::new(Hand(&shared)) as Box<dyn Courier + Send + '_>).collect();
        let voices = ["support", "sales"].map(voice);
        let (mut store, config) = (self.store(), self.config());
        let outbox = Outbox { store: &mut store, config: &config, voices: &voices, hooks: &[] };
        deliver(&change(errand()), outbox, couriers, &mut Deaf).unwrap()
    }

    fn now(&self) -> Vec<OutboxRow> {
        self.store().notifications(&OutboxFilter::default()).unwrap()
    }

    /// `state/reason attempts` of each row.
    fn states(&self) -> Vec<String> {
        let shown = |row: &OutboxRow| {
            format!("{}/{} {}", row.state, row.reason.as_deref().unwrap_or("-"), row.attempts)
        };
        self.now().iter().map(shown).collect()
    }
}

fn ticket(books: &mut dyn Books, slug: &str) -> Result<(), StoreError> {
    let (queue, at) = (slug.parse().unwrap(), Timestamp::now());
    let new =
        NewTicket { queue: &queue, title: "t", priority: 3, tags: &[], notify: true, requester: None, at };
    let ticket = books.open_ticket(&new)?;
    let mail = Mail { message_id: MessageId::new(&format!("{slug}@x")), ..Mail::sample("alice@x", "t") };
    let raw_sha256 = mail.digest;
    let author = mail.author();
    let mail = &mail;
    let message = NewMessage { ticket, mail, author, raw: None, raw_sha256, received_at: at, at, item: None };
    books.append(&message).map(drop)
}

/// What a back end does with a parcel.
#[derive(Clone, Copy)]
enum Act {
    Take,
    PutOff,
    Refuse,
    Hang,
    GiveOut,
    BreakOff,
    Panic,
}

/// What the back end of queue `support` does, one after the other, before it takes all; that of `sales` takes all.
struct Script {
    acts: VecDeque<Act>,
    carried: Vec<(String, String)>,
    stop: Option<Arc<AtomicBool>>,
    closed: u32,
}

/// The script, shared by couriers.
struct Hand<'a>(&'a Mutex<&'a mut Script>);

impl Script {
    fn of(acts: &[Act]) -> Self {
        Self { acts: acts.iter().copied().collect(), carried: Vec::new(), stop: None, closed: 0 }
    }

    fn next(&mut self, way: &str) -> Act {
        let next = if way == "support" { self.acts.pop_front() } else { None };
        next.unwrap_or(Act::Take)
    }
}

impl Courier for Hand<'_> {
    fn carry(&mut self, notification: &Claimed, way: &str) -> Carried {
        let mut script = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        script.carried.push((way.to_owned(), notification.message_id.to_string()));
        script.stop.iter().for_each(|stop| stop.store(true, Ordering::Relaxed));
        let said = |text: &str| text.to_owned();
        let trouble = || Trouble::new(ErrorCode::MailboxConnect, "the server is away");
        let next = script.next(way);
        let broke_off = matches!(next, Act::BreakOff).then(trouble);
        let (answer, trouble) = match next {
            Act::Take => (Answer::Accepted(said("250 taken")), None),
            Act::PutOff => (Answer::Later(said("450 later")), None),
            Act::Refuse => (Answer::Refused(said("550 never")), None),
            Act::Hang | Act::BreakOff => (Answer::Uncertain(said("no answer")), None),
            Act::GiveOut => (Answer::Later(said("away")), Some(trouble())),
            Act::Panic => panic!("planted"),
        };
        Carried { answer, note: None, trouble, broke_off }
    }

    fn close(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).closed += 1;
    }
}

fn errand() -> Errand {
    Errand { max_attempts: 3, limit: None, time_limit: None, stop: Stop::default() }
}

/// The queue `queue`, whose back end has its name.
fn voice(queue: &str) -> Voice {
    Voice {
        queue: Some(queue.parse().unwrap()),
        way: queue.to_owned(),
        title: "Support".to_owned(),
        address: "support@example.org".to_owned(),
        locale: "de".to_owned(),
        plus_addressing: true,
        attach_files: 0,
    }
}

struct Deaf;

impl Hearer for Deaf {
    fn notification(&mut self, _: &NotificationLine) {}

    fn summary(&mut self, _: &Sent) {}
}

fn plain(errand: Errand) -> Errand {
    errand
}

#[test]
fn every_answer_has_its_end() {
    let place = Place::new();
    place.rows(1, 4);
    let mut courier = Script::of(&[Act::Take, Act::PutOff, Act::Refuse, Act::Hang]);
    let sent = place.deliver(&mut courier, plain);
    assert_eq!(place.states(), ["sent/- 1", "queued/- 1", "failed/rejected 1", "queued/- 1"]);
    let rows = place.now();
    assert!(rows[1].next_attempt_at.unwrap() > Timestamp::now());
    assert_eq!(rows[1].last_error.as_deref(), Some("450 later"));
    let counts =
        [OutboxState::Sent, OutboxState::Queued, OutboxState::Failed].map(|state| sent.counts.of(state));
    assert_eq!((counts, sent.backlog.waiting, courier.closed), ([1, 2, 1], 2, 1));
    assert_eq!(sent.exit(), Exit::Temporary);
    assert_eq!(place.deliver(&mut Script::of(&[]), plain).exit(), Exit::Ok, "nothing else is due");
}

#[test]
fn what_is_put_off_too_often_or_ends_twice_without_an_answer_is_given_up() {
    let place = Place::new();
    place.rows(1, 3);
    let mut courier = Script::of(&[]);
    let round = [Act::PutOff, Act::Hang, Act::Panic];
    for acts in [&round[..], &round[..], &round[..1]] {
        courier.acts = acts.iter().copied().collect();
        place.deliver(&mut courier, plain);
        // Back-off is passed by, attempts are kept.
        place.store().make_due().unwrap();
    }
    assert_eq!(place.states(), ["failed/too-many-attempts 3", "failed/uncertain 2", "failed/uncertain 2"]);
    let ids: Vec<&str> = courier.carried.iter().map(|(_, id)| id.as_str()).collect();
    let expected = ["1.0@x", "1.1@x", "1.2@x", "1.0@x", "1.1@x", "1.2@x", "1.0@x"];
    assert_eq!(ids, expected, "each attempt has the same Message-ID");
}

#[test]
fn a_back_end_that_gives_out_twice_is_left_alone_and_the_others_go_on() {
    let place = Place::new();
    place.rows(1, 3);
    place.rows(2, 2);
    let mut courier = Script::of(&[Act::GiveOut, Act::GiveOut]);
    let sent = place.deliver(&mut courier, plain);
    assert_eq!(place.states(), ["queued/- 1", "queued/- 1", "queued/- 0", "sent/- 1", "sent/- 1"]);
    assert_eq!(sent.exit(), Exit::Unavailable);
    assert!(place.now()[2].next_attempt_at.unwrap() < Timestamp::now(), "what was not tried is due still");
    let again = place.deliver(&mut Script::of(&[Act::GiveOut]), plain);
    assert_eq!(again.exit(), Exit::Unavailable);
}

#[test]
fn a_connection_that_breaks_once_is_no_trouble_of_the_rest_and_a_server_that_is_away_fails_nothing() {
    let place = Place::new();
    place.rows(1, 2);
    let sent = place.deliver(&mut Script::of(&[Act::GiveOut]), plain);
    assert_eq!(place.states(), ["queued/- 1", "sent/- 1"]);
    assert_eq!((sent.exit(), sent.troubles.len()), (Exit::Temporary, 0));
    for _ in 0..5 {
        place.store().make_due().unwrap();
        place.deliver(&mut Script::of(&[Act::GiveOut]), plain);
    }
    assert_eq!(place.states()[0], "queued/- 6");
}

#[test]
fn a_back_end_that_breaks_off_with_two_in_hand_gets_no_third_and_one_that_takes_the_next_is_well() {
    let place = Place::new();
    place.rows(1, 4);
    let sent = place.deliver(&mut Script::of(&[Act::BreakOff, Act::BreakOff]), plain);
    assert_eq!(place.states(), ["queued/- 1", "queued/- 1", "queued/- 0", "queued/- 0"]);
    assert_eq!((sent.exit(), sent.troubles.len()), (Exit::Unavailable, 1));
    let sent = place.deliver(&mut Script::of(&[Act::BreakOff, Act::Take]), plain);
    assert_eq!(place.states(), ["queued/- 1", "queued/- 1", "queued/- 1", "sent/- 1"]);
    assert_eq!((sent.exit(), sent.troubles.len()), (Exit::Temporary, 0));
    place.store().make_due().unwrap();
    // With nothing behind it nobody knows whose doing it was; it is the notification's in the end.
    let only = |errand| Errand { limit: Some(1), ..errand };
    let sent = place.deliver(&mut Script::of(&[Act::BreakOff]), only);
    assert_eq!((place.states()[0].as_str(), sent.exit()), ("failed/uncertain 2", Exit::Unavailable));
}

#[test]
fn a_delivery_ends_by_its_limit_its_time_and_a_signal() {
    let place = Place::new();
    place.rows(1, 4);
    place.deliver(&mut Script::of(&[]), |errand| Errand { limit: Some(1), ..errand });
    assert_eq!(place.states(), ["sent/- 1", "queued/- 0", "queued/- 0", "queued/- 0"]);
    place.deliver(&mut Script::of(&[]), |errand| Errand { time_limit: Some(Duration::ZERO), ..errand });
    assert_eq!(place.states()[1], "queued/- 0");
    let asked = Arc::new(AtomicBool::new(false));
    let mut courier = Script { stop: Some(Arc::clone(&asked)), ..Script::of(&[]) };
    let sent = place.deliver(&mut courier, |errand| Errand { stop: Stop::new(asked), ..errand });
    assert_eq!(place.states(), ["sent/- 1", "sent/- 1", "queued/- 0", "queued/- 0"]);
    assert_eq!(sent.exit(), Exit::Temporary);
}

#[test]
fn what_a_dead_program_had_in_hand_is_sent_once_more_and_what_it_had_not_begun_as_before() {
    let place = Place::new();
    place.rows(1, 2);
    let dead = "dead";
    let claimed = place.store().claim(dead, Timestamp::now(), 10).unwrap();
    let begun = place.store().resolve_and_begin(dead, &[], &[claimed[0].id], Timestamp::now()).unwrap();
    assert!(matches!(begun[..], [Begun::Attempt(_)]));
    let mut courier = Script::of(&[]);
    place.deliver(&mut courier, plain);
    assert_eq!(place.states(), ["sent/- 2", "sent/- 1"]);
    assert_eq!(courier.carried.len(), 2);
    let attempts = place.store().attempts_of(1).unwrap();
    let results: Vec<_> = attempts.iter().map(|one| one.result.as_deref().unwrap()).collect();
    assert_eq!(results, ["uncertain", "accepted"]);
}

#[test]
fn two_deliveries_at_once_are_one() {
    let place = Place::new();
    let (locks, delivery) = (Locks::new(&place.config()), Lease::Delivery("a".to_owned()));
    let _held = locks.hold_outbox(&mut place.store(), delivery).unwrap();
    let (mut store, config) = (place.store(), place.config());
    let outbox = Outbox { store: &mut store, config: &config, voices: &[], hooks: &[] };
    let refused = deliver(&errand(), outbox, Vec::new(), &mut Deaf).unwrap_err();
    assert_eq!(refused.code, ErrorCode::OutboxLocked);
}

#[test]
fn a_queue_that_is_gone_ends_its_notifications() {
    let place = Place::new();
    place.rows(1, 2);
    let (mut store, config) = (place.store(), place.config());
    let outbox = Outbox { store: &mut store, config: &config, voices: &[voice("sales")], hooks: &[] };
    let sent = deliver(&errand(), outbox, Vec::new(), &mut Deaf).unwrap();
    assert_eq!((place.states(), sent.exit()), (vec!["failed/no-queue 0".to_owned(); 2], Exit::Attention));
}

#[test]
fn many_couriers_carry_each_notification_once() {
    let place = Place::new();
    place.rows(1, 100);
    place.rows(2, 30);
    let mut script = Script::of(&[]);
    let sent = place.deliver_by(4, &mut script, |errand| Errand { limit: Some(120), ..errand });
    let mut ids: Vec<_> = script.carried.iter().map(|(_, id)| id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), script.carried.len(), script.closed), (120, 120, 4));
    assert_eq!((sent.counts.of(OutboxState::Sent), sent.backlog.waiting), (120, 10));
    assert!(place.now().iter().all(|row| row.state != OutboxState::Sending));
}

#[test]
fn what_ended_without_an_answer_is_tried_alone() {
    let place = Place::new();
    place.rows(1, 6);
    // All six were begun when the program died; one of them was its death.
    let dead = "dead";
    let claimed = place.store().claim(dead, Timestamp::now(), 10).unwrap();
    let ids: Vec<i64> = claimed.iter().map(|row| row.id).collect();
    let begun = place.store().resolve_and_begin(dead, &[], &ids, Timestamp::now()).unwrap();
    assert_eq!(begun.len(), 6);
    place.store().take_back(Timestamp::now(), &|_| Ok(Vec::new())).unwrap();
    let mut store = place.store();
    struct Watch<'a>(&'a Config, &'a AtomicUsize);
    impl Courier for Watch<'_> {
        fn carry(&mut self, _: &Claimed, _: &str) -> Carried {
            let mut store = Store::open(self.0).unwrap();
            let open =
                (1..=6).flat_map(|id| store.attempts_of(id).unwrap()).filter(|one| one.ended_at.is_none());
            self.1.fetch_max(open.count(), Ordering::SeqCst);
            Carried::answered(Answer::Accepted("250".to_owned()))
        }
        fn close(&mut self) {}
    }
    let most = AtomicUsize::new(0);
    let config = place.config();
    let couriers: Vec<Box<dyn Courier + Send + '_>> =
        vec![Box::new(Watch(&config, &most)), Box::new(Watch(&config, &most))];
    let outbox = Outbox { store: &mut store, config: &config, voices: &[voice("support")], hooks: &[] };
    let sent = deliver(&errand(), outbox, couriers, &mut Deaf).unwrap();
    assert_eq!((sent.counts.of(OutboxState::Sent), most.load(Ordering::SeqCst)), (6, 1));
}

#[test]
fn what_was_begun_and_not_made_when_the_lease_ran_out_is_due_as_before() {
    let place = Place::new();
    place.rows(1, 4);
    let (mut store, config) = (place.store(), place.config());
    struct Last(Term, u32);
    impl Courier for Last {
        fn carry(&mut self, _: &Claimed, _: &str) -> Carried {
            self.1 += 1;
            if self.1 == 2 {
                self.0.end();
            }
            Carried::answered(Answer::Accepted("250".to_owned()))
        }
        fn close(&mut self) {}
    }
    let term = Term::since(now());
    let couriers: Vec<Box<dyn Courier + Send + '_>> = vec![Box::new(Last(term.clone(), 0))];
    let outbox = Outbox { store: &mut store, config: &config, voices: &[voice("support")], hooks: &[] };
    let errand = errand();
    let lead = |desk| round::Round::new(&errand, outbox, "a", desk, &mut Deaf).work(Instant::now());
    let trouble = crew::work(couriers, term, lead).unwrap_err();
    assert_eq!(trouble.code, ErrorCode::StoreBusy);
    assert_eq!(place.states(), ["sent/- 1", "sent/- 1", "queued/- 1", "queued/- 1"]);
    let sent = place.deliver(&mut Script::of(&[]), plain);
    assert_eq!((sent.counts.of(OutboxState::Sent), sent.backlog.waiting), (2, 0));
}

#[test]
fn an_answer_quotes_nothing_and_a_follow_up_what_was_written() {
    let place = Place::new();
    place.rows(1, 1);
    let row = place.store().claim("a", Timestamp::now(), 1).unwrap().remove(0);
    let voice = voice("support");
    let signer = Signer::new(b"secret");
    let ticket = row.about.ticket().unwrap().clone();
    let update = notification(&row, (&ticket, Occasion::Updated), &voice, &signer);
    assert_eq!((update.text.as_deref(), update.author), (Some("It burns."), Some(Address::bare("alice@x"))));
    assert_eq!(signer.ticket_of_address(&update.reply_to.unwrap()), Some(ticket.id));
    let voice = Voice { plus_addressing: false, ..voice };
    let answer = notification(&row, (&ticket, Occasion::Created), &voice, &signer);
    assert_eq!((answer.text, answer.author, answer.reply_to), (None, None, None));
}
