//! Random threads of mail arrive in random order, over several runs that die at random steps: the end is always the same.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rusqlite::Connection;

use crate::support::desk::Desk;
use crate::support::dies::dying;
use crate::support::dump;
use crate::support::letter::Letter;
use crate::support::torture::is_long;

/// Mails that each answer an earlier one or none, the order in which they arrive, and how runs are disturbed.
#[derive(Debug, Clone)]
struct Story {
    answers: Vec<Option<usize>>,
    order: Vec<usize>,
    /// After so many arrivals there is a run.
    runs: Vec<usize>,
    /// At which steps it dies before it comes to its end.
    deaths: Vec<Vec<u64>>,
}

fn stories() -> impl Strategy<Value = Story> {
    (3_usize..10).prop_flat_map(|count| {
        let answers = (0..count)
            .map(|at| if at == 0 { Just(None).boxed() } else { proptest::option::of(0..at).boxed() })
            .collect::<Vec<_>>();
        let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        let runs = proptest::collection::vec(1..count, 0..3);
        let deaths = proptest::collection::vec(proptest::collection::vec(1_u64..900, 0..3), 3);
        (answers, order, runs, deaths).prop_map(move |(answers, order, mut runs, deaths)| {
            runs.push(count);
            runs.sort_unstable();
            runs.dedup();
            Story { answers, order, runs, deaths }
        })
    })
}

/// Lets the story happen, with its deaths or without.
fn happen(story: &Story, order: &[usize], disturbed: bool) -> Desk {
    let desk = Desk::with_maildir("on_success = \"seen\"\nbatch_size = 3");
    let mut arrived = 0;
    for (until, deaths) in story.runs.iter().zip(&story.deaths) {
        for (place, mail) in order.iter().copied().enumerate().take(*until).skip(arrived) {
            let letter = Letter::new(&format!("m{mail}@x"), &format!("Mail {mail}"));
            let letter = match story.answers[mail] {
                Some(parent) => letter.answers(&format!("m{parent}@x")),
                None => letter,
            };
            desk.deliver(&format!("{place:03}"), &letter.bytes());
        }
        arrived = *until;
        if disturbed {
            for step in deaths {
                dying(&desk, &["fetch"], *step).output().unwrap();
            }
        }
        desk.run(&["fetch"]).exits(0);
    }
    desk
}

/// Which mails belong together: those on one ticket, or on tickets that are linked.
fn together(desk: &Desk) -> BTreeSet<BTreeSet<String>> {
    let store = Connection::open(desk.path("desk.db")).unwrap();
    let mut group: BTreeMap<i64, i64> = BTreeMap::new();
    let pairs = |sql: &str| -> Vec<(i64, i64)> {
        let mut statement = store.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for (ticket, _) in pairs("SELECT id, id FROM ticket") {
        group.insert(ticket, ticket);
    }
    for (one, other) in pairs("SELECT ticket, other FROM ticket_link") {
        let (from, to) = (group[&one], group[&other]);
        group.values_mut().filter(|of| **of == from).for_each(|of| *of = to);
    }
    let mut groups: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    let mut statement = store.prepare("SELECT ticket, message_id FROM message").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let ticket: i64 = row.get(0).unwrap();
        groups.entry(group[&ticket]).or_default().insert(row.get(1).unwrap());
    }
    groups.into_values().collect()
}

fn state(desk: &Desk) -> Vec<String> {
    let mut state = dump::store(&desk.path("desk.db"));
    state.extend(dump::maildir(&desk.path("mail")));
    state
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if is_long() { 100 } else { 8 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_dies_and_whatever_comes_first_the_end_is_the_same(story in stories()) {
        let disturbed = happen(&story, &story.order, true);
        let undisturbed = happen(&story, &story.order, false);
        prop_assert_eq!(state(&disturbed), state(&undisturbed));
        let in_order: Vec<usize> = (0..story.order.len()).collect();
        let usual = happen(&story, &in_order, false);
        prop_assert_eq!(together(&disturbed), together(&usual));
    }
}
