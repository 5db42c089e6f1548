//! Fetching, beside the least that anybody could do: a bare reader of the same octets, and inserts of the same rows.
//!
//! `cargo xtask bench fetch` builds and runs it with 1,000, 5,000 and 20,000 mails, which takes some minutes and 4 GB of disk;
//! `cargo xtask bench fetch 1000` is quick. The server is a Dovecot on loopback that flushes nothing; the program keeps its
//! promises, with the settings that one gets without asking. Both are measured by turns, so that whatever disturbs the
//! machine disturbs all; ratios in one run are what counts. What the program must be near to is at the end of the table;
//! the benchmark fails where it is not.
//!
//! The smallest mailbox is fetched over a line of 20 ms, too; of the largest nothing is new, or a hundred mails are.
#![allow(clippy::print_stdout, reason = "the result of a benchmark is what it prints")]

mod corpus;
mod desk;
mod dice;
mod files;
mod insert;
mod measured;
mod promises;
mod proxy;
mod raw;
mod rounds;
mod server;
mod support;
mod table;
mod words;

use anyhow::{Context as _, Result, ensure};

use rounds::{Ground, Scenario};
use server::WAYS;

const SIZES: [u64; 3] = [1_000, 5_000, 20_000];

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.split_first() {
        Some((word, rest)) if word == measured::WORD => measured::between(rest),
        Some((word, rest)) if word == rounds::WORD => read(rest),
        Some(_) | None => compare(&words),
    }
}

fn read(words: &[String]) -> Result<()> {
    let [way, ca_file, user, port, old, new] = words else { anyhow::bail!("what is to be read?") };
    let way = WAYS.into_iter().find(|one| one.name == way).context("no such way")?;
    raw::read(way, port.parse()?, ca_file.as_ref(), user, (old.parse()?, new.parse()?))
}

fn compare(words: &[String]) -> Result<()> {
    // cargo adds "--bench".
    let mut sizes: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = SIZES.to_vec();
    }
    sizes.sort_unstable();
    sizes.dedup();
    let mut ground = Ground::new(&sizes)?;
    let mut rows = Vec::new();
    for scenario in scenarios(&sizes) {
        let measured = ground.measure(scenario)?;
        table::print(&measured);
        rows.extend(measured);
    }
    let promises = promises::all(&rows)?;
    table::print_promises(&promises);
    println!("\nwritten to {}", table::write(&rows, &promises)?.display());
    let broken: Vec<&str> =
        promises.iter().filter(|promise| !promise.is_kept()).map(|promise| promise.text.as_str()).collect();
    ensure!(broken.is_empty(), "broken: {}", broken.join("; "));
    Ok(())
}

fn scenarios(sizes: &[u64]) -> Vec<Scenario> {
    let whole = |count: u64, delay| {
        let rounds = if count > 5_000 { 1 } else { 3 };
        Scenario { name: "whole", count, old: 0, delay, rounds }
    };
    let mut all: Vec<Scenario> = sizes.iter().map(|count| whole(*count, 0)).collect();
    all.extend(sizes.first().map(|count| whole(*count, 20)));
    if let Some(count) = sizes.last().copied() {
        let old = count.saturating_sub(100).max(1);
        all.push(Scenario { name: "100 new", count, old, delay: 0, rounds: 3 });
        all.push(Scenario { name: "nothing new", count, old: count, delay: 0, rounds: 5 });
    }
    all
}
