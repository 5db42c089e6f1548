//! The program dies at every step of a run, and the next run ends where an undisturbed one would have.
//!
//! The short form takes some of the steps; `cargo xtask torture` takes every one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::support::desk::Run;
use crate::support::dies::{aborted, dying, steps};
use crate::support::scene::{
    InMaildir, InMbox, Kind, OUTCOMES, OnImap, OnPop3, begun, difference, fresh, server, state,
};
use crate::support::torture::{is_long, told};

/// So many steps of each mailbox the short form takes.
const SOME: u64 = 25;

/// Dies at one step after the other and compares what the next run leaves with what an undisturbed one did.
fn walk(name: &str, kind: &dyn Kind) {
    let template = begun();
    let template = template.path("desk.db");
    let undisturbed = fresh(kind, &template, 0);
    let run = Run::of(dying(&undisturbed, &["fetch", "--json"], 0).output().unwrap()).exits(1);
    assert_eq!(run.outcomes(), OUTCOMES, "{name}");
    let expected = state(kind, &undisturbed, 0);
    let all = steps(&undisturbed);
    assert!(all > 150, "{name}: only {all} steps");
    // An odd stride, so that all parts of the road are met.
    let stride = if is_long() { 1 } else { (all / SOME) | 1 };
    let (next, died) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let step = 1 + number * stride;
                    if step > all {
                        return;
                    }
                    let desk = fresh(kind, &template, number + 1);
                    let output = dying(&desk, &["fetch"], step).output().unwrap();
                    if aborted(&output) {
                        died.fetch_add(1, Ordering::Relaxed);
                    }
                    let run = desk.run(&["fetch"]);
                    assert!([0, 1].contains(&run.code), "{name}, step {step}: {} {}", run.code, run.stderr);
                    let reached = state(kind, &desk, number + 1);
                    assert!(
                        reached == expected,
                        "{name}, step {step} of {all}:\n{}",
                        difference(&expected, &reached)
                    );
                    if number.is_multiple_of(10) {
                        let again = desk.run(&["fetch", "--json"]).exits(0);
                        assert_eq!(again.outcomes(), [""; 0], "{name}, step {step}");
                    }
                }
            });
        }
    });
    let (taken, died) = (all.div_ceil(stride), died.into_inner());
    told(&format!(
        "{name}: died at {died} of {taken} steps taken, of {all} in all; each next run reached the same state"
    ));
    // The last steps may fall away: what the system answers is not the same each time.
    assert!(died + taken / 20 + 2 >= taken, "{name}: died at {died} of {taken} steps");
}

#[test]
fn imap() {
    walk("imap", &OnImap(server()));
}

#[test]
fn pop3() {
    walk("pop3", &OnPop3(server()));
}

#[test]
fn maildir() {
    walk("maildir", &InMaildir);
}

#[test]
fn mbox() {
    walk("mbox", &InMbox);
}
