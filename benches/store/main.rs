//! What a large store costs: how long a message takes in one with 5 million ledger rows and 1 million tickets, beside one
//! that is empty, on SQLite and on PostgreSQL.
//!
//! `cargo xtask bench store` builds and runs it; `cargo bench --bench store -- 100000` is content with so many ledger rows.
//! Batches of 200 messages are fetched from a Maildir, the same ones into each store by turns, so that whatever disturbs the
//! machine disturbs all; others go through `ingest`, whose keys are in no order and cost one more place to be written. Half of
//! the messages open a ticket; of the answers nine in ten come on tickets of the last month, and the others on any before.
//! People are notified. The empty stores hold the tickets that are answered on and nothing else.
//!
//! What is compared is looking up and committing, without reading the mail, which needs no store. The benchmark fails where a
//! message that is fetched takes more than half as long again in the large store while the machine has its files in memory.
//! From the disk it takes as long as the disk takes to find some ten pages, which is told, too; and so is how long the store
//! takes to be closed, when SQLite brings its log into the file, once in a run.
//!
//! PostgreSQL is started with the settings that it comes with, beside `fsync`. All lies in /var/tmp, which is on a disk
//! everywhere, and is removed in the end.
#![allow(clippy::print_stdout, reason = "the result of a benchmark is what it prints")]

mod desk;
mod fill;
mod letters;
mod memory;
mod questions;

#[path = "../../tests/support/ports.rs"]
#[allow(clippy::expect_used, reason = "it is shared with the tests")]
mod ports;
#[path = "../../tests/support/postgres.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it is shared with the tests"
)]
mod server;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use desk::{Desk, Road, Took};
use fill::Items;
use letters::{Letters, TOGETHER};
use memory::Source;
use server::Postgres;

/// How many ledger rows a large store has if no number is given.
const ROWS: u64 = 5_000_000;
/// So often a batch goes into each store.
const ROUNDS: usize = 15;
/// A message takes at most so many times as long in a large store.
const AT_MOST: f64 = 1.5;

fn main() -> Result<()> {
    let number = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let answers = (3 * ROUNDS * TOGETHER / 2) as u64;
    let rows: u64 = number.unwrap_or(ROWS).max(answers * 30);
    let large = Items::all(rows);
    let few = large.some(answers / 10);
    println!("{rows} ledger rows, {} tickets; {ROUNDS} rounds of {TOGETHER} messages", rows / 5);
    // One after the other, so that each has the machine's memory to itself.
    let ratios = [Engine::sqlite, Engine::postgresql].map(|engine| -> Result<_> {
        let directory = tempfile::tempdir_in("/var/tmp")?;
        // The server of a benchmark that root runs is another user's.
        fs::set_permissions(&directory, Permissions::from_mode(0o755))?;
        let engine = engine(directory.path(), [few, large])?;
        let ratio = weigh(&engine, directory.path(), few)?;
        Ok((engine.name, ratio))
    });
    for ratio in ratios {
        let (name, ratio) = ratio?;
        ensure!(ratio <= AT_MOST, "a message takes {ratio:.2} times as long in a large store ({name})");
    }
    Ok(())
}

/// Measures one kind of store; gives how many times as long a message takes in the large one.
fn weigh(engine: &Engine, directory: &Path, answered: Items) -> Result<f64> {
    let mut letters = Letters { answered, written: 0 };
    memory::place(directory, Source::Memory)?;
    let ratio = tell(engine.name, "fetched, from memory", &measure(engine, Road::Fetch, &mut letters)?);
    tell(engine.name, "ingested, from memory", &measure(engine, Road::Ingest, &mut letters)?);
    memory::place(directory, Source::Disk)?;
    tell(engine.name, "fetched, from disk", &measure(engine, Road::Fetch, &mut letters)?);
    memory::place(directory, Source::Memory)?;
    questions::ask(engine)?;
    Ok(ratio)
}

/// A kind of store, in both sizes.
struct Engine {
    name: &'static str,
    empty: Desk,
    large: Desk,
    /// Where it needs one; it ends with the engine.
    _server: Option<Postgres>,
}

impl Engine {
    fn sqlite(directory: &Path, [few, all]: [Items; 2]) -> Result<Self> {
        let desk = |name: &str, items| -> Result<Desk> {
            let desk = Desk::new(&directory.join(name), "sqlite:desk.db")?;
            let begun = Instant::now();
            fill::sqlite(&directory.join(name).join("desk.db"), items)?;
            desk.settle_in()?;
            println!("SQLite, {name}: filled in {:.0?}", begun.elapsed());
            Ok(desk)
        };
        let (empty, large) = (desk("empty", few)?, desk("large", all)?);
        Ok(Self { name: "SQLite", empty, large, _server: None })
    }

    fn postgresql(directory: &Path, [few, all]: [Items; 2]) -> Result<Self> {
        let server = Postgres::start_in(directory, &[]);
        let desk = |name: &str, items| -> Result<Desk> {
            let url = server.database();
            let desk = Desk::new(&directory.join(format!("{name}-on-a-server")), &url)?;
            let begun = Instant::now();
            fill::postgresql(&url, items)?;
            desk.settle_in()?;
            println!("PostgreSQL, {name}: filled in {:.0?}", begun.elapsed());
            Ok(desk)
        };
        let (empty, large) = (desk("empty", few)?, desk("large", all)?);
        Ok(Self { name: "PostgreSQL", empty, large, _server: Some(server) })
    }
}

/// The times of one round, of a batch each.
struct Round {
    empty: Took,
    large: Took,
}

impl Round {
    /// A batch in the large store against one in the empty store.
    fn ratio(&self) -> f64 {
        let without = |took: Took| took.taking.saturating_sub(took.reading).as_secs_f64();
        without(self.large) / without(self.empty)
    }
}

/// Gives each batch to both stores; the one that was first is last the next time.
fn measure(engine: &Engine, road: Road, letters: &mut Letters) -> Result<Vec<Round>> {
    let round = |turn| {
        let number = letters.written;
        let messages = letters.round();
        let take = |desk: &Desk| desk.take(road, &messages, number);
        let first = if turn % 2 == 0 { Some(take(&engine.empty)?) } else { None };
        let large = take(&engine.large)?;
        let empty = first.map_or_else(|| take(&engine.empty), Ok)?;
        Ok(Round { empty, large })
    };
    (0..ROUNDS).map(round).collect()
}

/// Tells the medians, and gives that of the ratios.
fn tell(engine: &str, what: &str, rounds: &[Round]) -> f64 {
    let each = |of: fn(&Round) -> Duration| {
        let times = rounds.iter().map(|round| of(round).as_secs_f64() * 1e6 / TOGETHER as f64);
        median(times.collect())
    };
    let ratio = median(rounds.iter().map(Round::ratio).collect());
    println!(
        "{engine:<12} a message, {what:<21} empty {:>6.0} µs, large {:>6.0} µs, of it reading {:>4.0} µs; ratio {ratio:.2}; closing \
         {:>4.0} and {:>4.0} µs",
        each(|round| round.empty.taking),
        each(|round| round.large.taking),
        each(|round| round.large.reading),
        each(|round| round.empty.closing),
        each(|round| round.large.closing),
    );
    ratio
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
