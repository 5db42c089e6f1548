//! The connection to a PostgreSQL store is cut at the n-th octet, either way: the run ends as one that finds no store, tells
//! nothing that is not kept, and the next one ends where an undisturbed one would have.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::support::cutter::{Cutter, Way};
use crate::support::database::Database;
use crate::support::desk::Desk;
use crate::support::postgres::Postgres;
use crate::support::scene::{InMaildir, begun_in, difference, fresh, state};
use crate::support::torture::{is_long, told};

/// So many cuts each way.
fn cuts() -> u64 {
    if is_long() { 400 } else { 12 }
}

/// A desk whose program reaches its store through the cutter.
fn through(cutter: &Cutter, server: &Postgres, template: &Desk, number: u64) -> Desk {
    let desk = fresh(&InMaildir, template, number);
    let file = desk.path("desk.toml");
    let (own, other) = (format!(":{}/", server.port), format!(":{}/", cutter.port));
    let toml = std::fs::read_to_string(&file).unwrap();
    assert!(toml.contains(&own), "{toml}");
    std::fs::write(&file, toml.replace(&own, &other)).unwrap();
    desk
}

#[test]
fn wherever_the_connection_is_cut_the_next_run_goes_on() {
    let server = Postgres::start();
    let template = begun_in(Database::of(&server.database()));
    let cutter = Cutter::before(server.port);
    let undisturbed = through(&cutter, &server, &template, 0);
    undisturbed.run(&["fetch"]).exits(1);
    let expected = state(&InMaildir, &undisturbed, 0);
    let mut places = Vec::new();
    for (way, all) in [Way::ToServer, Way::ToClient].into_iter().zip(cutter.passed()) {
        let step = all / cuts();
        places.extend((step / 2..all).step_by(usize::try_from(step).unwrap()).map(|at| (way, at)));
    }
    let (next, done, ended) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        let cutter = Cutter::before(server.port);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((way, at)) = places.get(usize::try_from(number).unwrap()) else { return };
            let desk = through(&cutter, &server, &template, number + 1);
            let what = format!("octet {at} {way:?}");
            // Every other server is not to be had any more after the cut.
            cutter.cut(*way, *at, number % 2 == 0);
            let run = desk.run(&["fetch"]);
            assert!([0, 1, 75].contains(&run.code), "{what}: {} {}", run.code, run.stderr);
            assert!(!run.stderr.contains("panic"), "{what}: {}", run.stderr);
            ended.fetch_add(u64::from(run.code == 75), Ordering::Relaxed);
            done.fetch_add(u64::from(cutter.mend()), Ordering::Relaxed);
            desk.after_death();
            let run = desk.run(&["fetch"]);
            assert!([0, 1].contains(&run.code), "{what}: {} {}", run.code, run.stderr);
            let reached = state(&InMaildir, &desk, number + 1);
            assert!(reached == expected, "{what}:\n{}", difference(&expected, &reached));
        }
    };
    thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    let (done, ended) = (done.into_inner(), ended.into_inner());
    told(&format!(
        "store away: the connection was cut {done} times, {ended} runs found no store, each next run reached the same state"
    ));
    assert!(done * 20 >= places.len() as u64 * 19 && ended * 2 > done, "{done} of {} cuts", places.len());
}
