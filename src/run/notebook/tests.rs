//! The books of a dry run are held to those of a real one: the same is done in both, on either engine, and what is asked
//! of a next message has the same answer in both.
//!
//! What a mailbox is begun with (watermark, what is put off, what runs died with) is asked once, before anything is noted
//! of it; and a dry run owes nothing.

use proptest::prelude::*;

use super::*;
use crate::model::ids::RunId;
use crate::model::outcome::OutcomeWord;
use crate::model::ticket::Role;
use crate::store::sample::{Place, digest, entry, key, mail, message, queue, source, ticket, time};

/// A message as it comes in, and what is done for it.
#[derive(Debug, Clone)]
struct Coming {
    /// A new ticket of that queue, or else one of those that are there.
    opens: Option<usize>,
    on: usize,
    id: Option<u8>,
    answers: Vec<u8>,
    words: u8,
    joins: Option<usize>,
    status: Option<Status>,
    outcome: OutcomeWord,
    /// Whether it is taken back in the end.
    fails: bool,
}

const QUEUES: [&str; 2] = ["support", "sales"];
const PEOPLE: [&str; 3] = ["alice@example.org", "Bob@Example.net", "eve@münchen.example"];
const IDS: u8 = 6;
const WORDS: u8 = 2;

fn coming() -> impl Strategy<Value = Coming> {
    let status = prop_oneof![Just(Status::Open), Just(Status::Reopened), Just(Status::Closed)];
    let outcome = prop_oneof![
        4 => Just(OutcomeWord::Updated),
        1 => Just(OutcomeWord::Skipped),
        1 => Just(OutcomeWord::Deferred),
    ];
    (
        (proptest::option::of(0..QUEUES.len()), 0_usize..20, proptest::option::weighted(0.8, 0..IDS)),
        (proptest::collection::vec(0..IDS, 0..3), 0..WORDS, proptest::option::of(0..PEOPLE.len())),
        (proptest::option::of(status), outcome, proptest::bool::weighted(0.2)),
    )
        .prop_map(|((opens, on, id), (answers, words, joins), (status, outcome, fails))| Coming {
            opens,
            on,
            id,
            answers,
            words,
            joins,
            status,
            outcome,
            fails,
        })
}

fn id(number: u8) -> MessageId {
    MessageId::new(&format!("{number}@x")).unwrap()
}

fn address(of: usize) -> address::Address {
    address::Address { name: None, address: PEOPLE[of].to_owned() }
}

/// Does for one message what the road does, and notes a ticket that was opened for it.
fn take(books: &mut dyn Books, tickets: &mut Vec<TicketId>, run: RunId, number: usize, coming: &Coming) {
    let at = time(i64::try_from(number).unwrap());
    let mut mail = mail("");
    mail.message_id = coming.id.map(id);
    mail.in_reply_to = coming.answers.iter().copied().map(id).collect();
    mail.digest = digest(&[coming.words]);
    let requester = coming.joins.map(address);
    books.savepoint().unwrap();
    let opened = coming.opens.map(|of| {
        let new = NewTicket {
            queue: &queue(QUEUES[of]),
            title: "t",
            priority: 3,
            tags: &[],
            notify: true,
            requester: requester.as_ref(),
            at,
        };
        books.open_ticket(&new).unwrap()
    });
    let ticket = opened.unwrap_or(tickets[coming.on % tickets.len()]);
    // Merges are followed on the road.
    let ticket = books.ticket(ticket).unwrap().unwrap().merged_into.unwrap_or(ticket);
    books.append(&message(ticket, &mail)).unwrap();
    if let Some(who) = coming.joins {
        books.join(ticket, &NewParticipant { address: &address(who), role: Role::Author, at }).unwrap();
    }
    if let Some(status) = coming.status {
        books.set_status(ticket, status, at).unwrap();
    }
    let (source, key) = (source(), place(number));
    books.record(&LedgerEntry { outcome: coming.outcome, ..entry(run, &source, &key) }).unwrap();
    if coming.fails {
        books.rollback().unwrap();
    } else {
        books.release().unwrap();
        tickets.extend(opened);
    }
}

/// Where the message of that number lies.
fn place(number: usize) -> ItemKey {
    key(&format!("2:{number}"))
}

/// All that can be asked for a next message; tickets by their order, for a server gives away no number twice.
fn answers(lookup: &mut dyn Lookup, tickets: &[TicketId]) -> Vec<String> {
    let rank = |id: TicketId| tickets.iter().position(|one| *one == id).unwrap();
    let told = |facts: TicketFacts| {
        let TicketFacts { id, queue, status, status_since, merged_into } = facts;
        format!("{} {queue} {status:?} {status_since} {:?}", rank(id), merged_into.map(rank))
    };
    let all = |facts: Vec<TicketFacts>| facts.into_iter().map(told).collect::<Vec<_>>();
    let mut answers = Vec::new();
    for ticket in tickets {
        answers.push(format!("{:?}", lookup.ticket(*ticket).unwrap().map(told)));
        for person in PEOPLE {
            let standing = lookup.standing(*ticket, &address::key(person)).unwrap();
            answers.push(format!("{person} {standing:?} {}", rank(*ticket)));
        }
    }
    let (source, next) = (source(), key("2:99"));
    for name in (0..IDS).map(id) {
        answers.push(format!("{name} on {:?}", all(lookup.holding(&name).unwrap())));
        answers.push(format!("{name} named by {:?}", all(lookup.naming(&name).unwrap())));
        for words in 0..WORDS {
            let print = Fingerprint {
                source: &source,
                key: &next,
                message_id: Some(&name),
                digest: digest(&[words]),
                raw_sha256: digest(b""),
            };
            answers.push(format!("{name} {words} is {:?}", all(lookup.copies(&print).unwrap())));
            answers.push(format!("{:?}", lookup.settled_before(&print).unwrap()));
        }
    }
    let keys: Vec<ItemKey> = (0..20).map(place).collect();
    let mut settled: Vec<ItemKey> = lookup.settled(&source, &keys).unwrap().into_iter().collect();
    settled.sort_by(|one, other| one.0.cmp(&other.0));
    answers.push(format!("settled {settled:?}"));
    answers
}

/// What a mailbox is begun with.
fn beginning(lookup: &mut dyn Lookup) -> String {
    let (source, renamed) = (source(), Source { mailbox: "renamed".parse().unwrap(), ..source() });
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        lookup.watermark(&source).unwrap(),
        lookup.baseline(&source).unwrap(),
        lookup.deferred(&source).unwrap(),
        lookup.in_flight(&source).unwrap(),
        lookup.attempts(&source, &place(0)).unwrap(),
        lookup.mailbox_state(&source.mailbox).unwrap(),
        lookup.former(&renamed, &[]).unwrap(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn books_of_which_nothing_is_left_answer_as_those_that_are_kept(
        before in proptest::collection::vec(coming(), 0..6),
        merged in any::<bool>(),
        then in proptest::collection::vec(coming(), 1..12),
    ) {
        let place = Place::new();
        let mut store = place.open();
        let mut tickets: Vec<TicketId> = QUEUES.map(|slug| ticket(&mut store, slug)).into();
        let run = store.begin_run(time(0)).unwrap();
        store.transaction(|books| {
            before.iter().enumerate().for_each(|(number, one)| take(books, &mut tickets, run, number, one));
            Ok(())
        }).unwrap();
        if merged {
            store.merge(tickets[1], tickets[0], time(50)).unwrap();
        }
        store.mark(&source(), run, &[key("2:98")]).unwrap();
        let mut notebook = Notebook::over(Box::new(place.open())).unwrap();
        let mut noted = tickets.clone();
        assert_eq!(beginning(&mut notebook), beginning(&mut store));
        assert_eq!(answers(&mut notebook, &noted), answers(&mut store, &tickets));
        store.transaction(|books| {
            for (number, one) in then.iter().enumerate() {
                let number = before.len() + number;
                take(books, &mut tickets, run, number, one);
                take(&mut notebook, &mut noted, run, number, one);
                assert_eq!(answers(&mut notebook, &noted), answers(books, &tickets), "after {number}");
                if place.config.file().is_some() {
                    assert_eq!((notebook.next_ticket()?, &noted), (books.next_ticket()?, &tickets));
                }
            }
            Ok(())
        }).unwrap();
    }
}
