//! The program dies at every step while it writes and delivers notifications; each arrives all the same, and twice only
//! where its row tells of an attempt that nobody knows the end of.
//!
//! The short form takes some of the steps; `cargo xtask torture` takes every one, but where the road that was walked before
//! by another way is walked once more: it does not know by which way notifications leave. On a server it takes every other.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::arrivals::audited;
use crate::support::desk::{Desk, Run};
use crate::support::dies::{aborted, dying, steps};
use crate::support::postroom::{Begun, ByPostfix, BySendmail, ToFiles, Way};
use crate::support::scene::difference;
use crate::support::taker::Taker;
use crate::support::torture::{each_step, is_long, pace, stride, told};

/// The most attempts that are under way at one time.
const WINDOW: usize = 16;

/// What is run before the command that dies, how many of its steps the short form takes, and which ones the long one.
struct Plan {
    name: &'static str,
    before: &'static [&'static str],
    dies: &'static [&'static str],
    some: u64,
    every: u64,
}

fn fetch(name: &'static str, some: u64) -> Plan {
    Plan { name, before: &[], dies: &["fetch"], some, every: 1 }
}

fn send(name: &'static str, some: u64) -> Plan {
    Plan { name, before: &["fetch", "--no-send"], dies: &["send"], some, every: 1 }
}

/// Dies at one step after the other and compares what the next run leaves, and what arrived, with an undisturbed one.
fn walk(plan: &Plan, way: &dyn Way) {
    let Plan { name, before, dies, some, every } = *plan;
    let begun = Begun::new();
    let prepared = || {
        let desk = begun.fresh(way);
        if !before.is_empty() {
            run(&desk, before);
        }
        desk
    };
    let undisturbed = prepared();
    assert!(!aborted(&dying(&undisturbed, dies, 0).output().unwrap()));
    let (expected, all) = (begun.state(&undisturbed), steps(&undisturbed));
    let rows = begun.rows(&undisturbed);
    let (sent, count) = (rows.iter().filter(|row| row.is_sent()).count(), rows.len());
    assert!(sent >= 10 && count > sent, "{name}: {sent} of {count} sent");
    let desks = Mutex::new(vec![("undisturbed".to_owned(), rows)]);
    let (stride, died) =
        (if is_long() { every * pace() as u64 } else { stride(all, some) }, AtomicU64::new(0));
    let taken = each_step(name, all, stride, |number, step| {
        let desk = prepared();
        let output = dying(&desk, dies, step).output().unwrap();
        died.fetch_add(u64::from(aborted(&output)), Ordering::Relaxed);
        desk.after_death();
        run(&desk, dies);
        let reached = begun.state(&desk);
        assert!(reached == expected, "{name}, step {step} of {all}:\n{}", difference(&expected, &reached));
        if number % 10 == 1 {
            run(&desk, dies);
            assert!(begun.state(&desk) == expected, "{name}, step {step}: a further run changes something");
        }
        let rows = begun.rows(&desk);
        let uncertain: usize = rows.iter().map(|row| row.uncertain()).sum();
        assert!(uncertain <= WINDOW, "{name}, step {step}: {uncertain} under way");
        desks.lock().unwrap().push((format!("{name}, step {step} of {all}"), rows));
    });
    let desks = desks.into_inner().unwrap();
    let sum = audited(&desks, &way.arrived());
    let died = died.into_inner();
    told(&format!(
        "{name}: died at {died} of {taken} steps taken, of {all} in all; of {} notifications all arrived, {} twice; {} \
         attempts were uncertain",
        sum.arrived, sum.doubles, sum.uncertain
    ));
    assert_eq!((sum.arrived, sum.given_up), (sent * desks.len(), 0), "{name}");
    // How many there are varies: attempts that end at one time are written down together.
    assert!(died * 3 >= taken * 2, "{name}: died at {died} of {taken} steps");
}

/// A run that comes to its end; a message of the scene fails.
fn run(desk: &Desk, arguments: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let Run { code, stderr, .. } = desk.run(arguments);
        // A child that was being started when its parent died has the parent's lock until it is the other program.
        if code == 75 && stderr.contains("another program delivers") && Instant::now() < deadline {
            sleep(Duration::from_millis(10));
            continue;
        }
        assert!([0, 1].contains(&code), "{arguments:?}: {code} {stderr}");
        return;
    }
}

#[test]
fn a_fetch_that_sends_by_smtp() {
    walk(&fetch("fetch, smtp", 20), &Taker::start());
}

#[test]
fn a_fetch_that_sends_through_postfix() {
    walk(&Plan { every: 9, ..fetch("fetch, Postfix", 10) }, &ByPostfix::start());
}

#[test]
fn a_fetch_that_sends_to_files() {
    let files = ToFiles::new();
    walk(&Plan { every: 9, ..fetch("fetch, files", 10) }, &files);
    files.hold_nothing_else();
}

#[test]
fn send_by_smtp() {
    walk(&send("send, smtp", 20), &Taker::start());
}

#[test]
fn send_through_postfix() {
    walk(&send("send, Postfix", 10), &ByPostfix::start());
}

#[test]
fn send_to_files() {
    let files = ToFiles::new();
    walk(&send("send, files", 15), &files);
    files.hold_nothing_else();
}

#[test]
fn send_by_a_program() {
    walk(&send("send, sendmail", 15), &BySendmail::new());
}
