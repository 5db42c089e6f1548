//! The program is killed from outside at any moment, and the next run ends where an undisturbed one would have.

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::scene::{
    InMaildir, InMbox, Kind, OnImap, OnPop3, begun, difference, fresh, server, state,
};
use crate::support::torture::{Dice, is_long, told};

/// So many kills of each kind of mailbox: two hundred in all in the long form.
fn kills() -> u64 {
    if is_long() { 50 } else { 6 }
}

fn walk(name: &str, kind: &dyn Kind) {
    let template = begun();
    let undisturbed = fresh(kind, &template, 0);
    let began = Instant::now();
    undisturbed.run(&["fetch"]).exits(1);
    let usual = began.elapsed();
    let expected = state(kind, &undisturbed, 0);
    let mut dice = Dice::thrown(name);
    let (mut killed, mut number) = (0, 0);
    while killed < kills() {
        number += 1;
        let desk = fresh(kind, &template, number);
        // Up to three times in succession.
        for _ in 0..=dice.below(3) {
            let mut run = desk.command(&["fetch"]);
            let mut run =
                run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            sleep(Duration::from_micros(dice.below(u64::try_from(usual.as_micros()).unwrap() + 1)));
            if run.try_wait().unwrap().is_none() {
                killed += 1;
            }
            run.kill().unwrap();
            run.wait().unwrap();
            desk.after_death();
        }
        let run = desk.run(&["fetch"]);
        assert!([0, 1].contains(&run.code), "{name}, {dice:?}: {} {}", run.code, run.stderr);
        let reached = state(kind, &desk, number);
        assert!(reached == expected, "{name}, {dice:?}:\n{}", difference(&expected, &reached));
        assert!(number < 10 * kills(), "{name}: only {killed} kills met a living run");
    }
    told(&format!("{name}: killed {killed} times at random moments, {number} desks reached the same state"));
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
