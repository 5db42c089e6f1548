//! The connection to a server is cut at the n-th octet, either way, and the next run ends where an undisturbed one would
//! have.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::support::cutter::{Cutter, Way};
use crate::support::desk::Desk;
use crate::support::scene::{Kind, OnImap, OnPop3, begun, difference, server, state, through};
use crate::support::torture::{is_long, told};

/// Cuts at every so-many-th octet of the long form, and so many cuts each way of the short one.
const STEP: u64 = 29;
const SOME: u64 = 8;

fn walk(name: &str, kind: &dyn Kind) {
    let template = begun();
    let cutter = Cutter::before(kind.port().unwrap());
    let undisturbed = through(kind, &template, 0, Some(cutter.port));
    undisturbed.run(&["fetch"]).exits(1);
    let expected = state(kind, &undisturbed, 0);
    let ways = [Way::ToServer, Way::ToClient];
    let mut cuts = Vec::new();
    for (way, all) in ways.into_iter().zip(cutter.passed()) {
        let step = if is_long() { STEP } else { all / SOME };
        // In the middle of each step: where a session ends, some octets more or less, is not the same every time.
        cuts.extend((step / 2..all).step_by(usize::try_from(step).unwrap()).map(|at| (way, at)));
    }
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let cutter = Cutter::before(kind.port().unwrap());
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((way, at)) = cuts.get(usize::try_from(number).unwrap()) else { return };
                    let desk = through(kind, &template, number + 1, Some(cutter.port));
                    let what = format!("{name}, octet {at} {way:?}");
                    // Every other server is not to be had any more after the cut.
                    cutter.cut(*way, *at, number % 2 == 0);
                    let run = desk.run(&["fetch"]);
                    assert!([0, 1, 69, 75].contains(&run.code), "{what}: {} {}", run.code, run.stderr);
                    done.fetch_add(u64::from(cutter.mend()), Ordering::Relaxed);
                    settle(&desk, &what);
                    let reached = state(kind, &desk, number + 1);
                    assert!(reached == expected, "{what}:\n{}", difference(&expected, &reached));
                }
            });
        }
    });
    let done = done.into_inner();
    told(&format!("{name}: the connection was cut {done} times, each next run reached the same state"));
    assert!(done * 20 >= cuts.len() as u64 * 19, "{done} of {} cuts", cuts.len());
}

/// What the server keeps of a session that was cut may still be written down a moment later.
fn settle(desk: &Desk, what: &str) {
    let run = desk.run(&["fetch"]);
    assert!([0, 1].contains(&run.code), "{what}: {} {}", run.code, run.stderr);
}

#[test]
fn imap() {
    walk("imap", &OnImap(server()));
}

#[test]
fn pop3() {
    walk("pop3", &OnPop3(server()));
}
