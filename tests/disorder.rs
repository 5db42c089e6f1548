//! Random threads of mail arrive in random order, over several runs that die at random steps: the end is always the same.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

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
                desk.after_death();
            }
        }
        desk.run(&["fetch"]).exits(0);
    }
    desk
}

/// Which mails belong together: those on one ticket, or on tickets that are linked.
fn together(desk: &Desk) -> BTreeSet<BTreeSet<String>> {
    let mut store = desk.store();
    let mut numbers = |sql: &str| -> Vec<Vec<i64>> {
        let rows = store.rows(sql).into_iter();
        rows.map(|row| row.iter().map(|cell| cell.parse().unwrap()).collect()).collect()
    };
    let mut group: BTreeMap<i64, i64> =
        numbers("SELECT id FROM ticket").into_iter().map(|row| (row[0], row[0])).collect();
    for pair in numbers("SELECT ticket, other FROM ticket_link") {
        let (from, to) = (group[&pair[0]], group[&pair[1]]);
        group.values_mut().filter(|of| **of == from).for_each(|of| *of = to);
    }
    let mut groups: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for row in store.rows("SELECT ticket, message_id FROM message") {
        let ticket: i64 = row[0].parse().unwrap();
        groups.entry(group[&ticket]).or_default().insert(row[1].clone());
    }
    groups.into_values().collect()
}

fn state(desk: &Desk) -> Vec<String> {
    let mut state = dump::store(desk);
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
