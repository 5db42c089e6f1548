//! The program dies at every step of a run, and the next run ends where an undisturbed one would have.
//!
//! The short form takes some of the steps; `cargo xtask torture` takes every one.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::desk::Run;
use crate::support::dies::{aborted, dying, steps};
use crate::support::scene::{
    InMaildir, InMbox, Kind, OUTCOMES, OnImap, OnPop3, begun, difference, fresh, server, state,
};
use crate::support::torture::{each_step, is_long, stride, told};

/// So many steps of each mailbox the short form takes.
const SOME: u64 = 25;

/// Dies at one step after the other and compares what the next run leaves with what an undisturbed one did.
fn walk(name: &str, kind: &dyn Kind) {
    let template = begun();
    let undisturbed = fresh(kind, &template, 0);
    let run = Run::of(dying(&undisturbed, &["fetch", "--json"], 0).output().unwrap()).exits(1);
    assert_eq!(run.outcomes(), OUTCOMES, "{name}");
    let expected = state(kind, &undisturbed, 0);
    let all = steps(&undisturbed);
    assert!(all > 150, "{name}: only {all} steps");
    let (stride, died) = (if is_long() { 1 } else { stride(all, SOME) }, AtomicU64::new(0));
    let taken = each_step(name, all, stride, |number, step| {
        let desk = fresh(kind, &template, number);
        let output = dying(&desk, &["fetch"], step).output().unwrap();
        died.fetch_add(u64::from(aborted(&output)), Ordering::Relaxed);
        desk.after_death();
        let run = desk.run(&["fetch"]);
        assert!([0, 1].contains(&run.code), "{name}, step {step}: {} {}", run.code, run.stderr);
        let reached = state(kind, &desk, number);
        assert!(reached == expected, "{name}, step {step} of {all}:\n{}", difference(&expected, &reached));
        if number % 10 == 1 {
            let again = desk.run(&["fetch", "--json"]).exits(0);
            assert_eq!(again.outcomes(), [""; 0], "{name}, step {step}");
        }
    });
    let died = died.into_inner();
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
