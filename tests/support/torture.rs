//! What the torture tests share: their short form runs with the other tests, their long one by `cargo xtask torture`.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::postgres;

/// Whether every step is to be taken.
pub fn is_long() -> bool {
    std::env::var_os("HELPDESK_MAIL_TORTURE").is_some()
}

/// How much farther than in a file samples lie apart on a server, where each desk takes several times as long.
pub fn pace() -> usize {
    if postgres::given().is_some() { 2 } else { 1 }
}

/// The stride that takes so many of all steps; odd, so that a change is met as often before it as after it.
pub fn stride(all: u64, some: u64) -> u64 {
    (all * pace() as u64 / some) | 1
}

/// Says what was measured, past the harness that keeps the output of tests that pass.
pub fn told(line: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "torture: {line}").unwrap();
}

/// Takes every so-many-th step, two at a time; which one is the first is thrown. Tells how many it took.
///
/// `take` is given the number of the taking, from 1, and the step.
pub fn each_step(test: &str, all: u64, stride: u64, take: impl Fn(u64, u64) + Sync) -> u64 {
    let first = 1 + Dice::thrown(test).below(stride);
    let next = AtomicU64::new(0);
    let count = (all + 1 - first).div_ceil(stride);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    take(number + 1, first + number * stride);
                }
            });
        }
    });
    count
}

/// Random numbers (SplitMix64) of a seed that is told, so that a failure can be repeated.
#[derive(Debug)]
pub struct Dice {
    /// What `HELPDESK_MAIL_SEED` is to be to throw them so again.
    pub seed: u64,
    state: u64,
}

impl Dice {
    /// Dice for one test, seeded by `HELPDESK_MAIL_SEED` or the clock.
    pub fn thrown(test: &str) -> Self {
        let seed = std::env::var("HELPDESK_MAIL_SEED").ok().map_or_else(
            || u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap(),
            |seed| seed.parse().unwrap(),
        );
        let state = test.bytes().fold(seed, |state, byte| state.wrapping_mul(31).wrapping_add(byte.into()));
        Self { seed, state }
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    /// One of several.
    pub fn of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[usize::try_from(self.below(several.len() as u64)).unwrap()]
    }
}
