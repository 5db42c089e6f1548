//! What is promised of a fetch, held against what was measured.

use anyhow::Result;

use crate::measured;
use crate::rounds::{Row, Who};

/// A figure that may not be above a limit.
pub struct Promise {
    pub text: String,
    pub figure: f64,
    pub limit: f64,
}

impl Promise {
    pub fn is_kept(&self) -> bool {
        self.figure <= self.limit
    }
}

const MEGABYTE: f64 = 1e6;

/// All promises that these rows can speak of.
pub fn all(rows: &[Row]) -> Result<Vec<Promise>> {
    let mut promises = Vec::new();
    for row in rows.iter().filter(|row| row.who == Who::Fetch) {
        let with = |who, way: &str| {
            rows.iter().find(|one| one.scenario == row.scenario && one.who == who && one.way == way)
        };
        let raw = with(Who::Raw, row.way).map_or(f64::NAN, |raw| raw.cost.wall);
        let insert = with(Who::InsertRaw, "").map_or(f64::NAN, |insert| insert.cost.wall);
        let mut promise = |text: &str, figure: f64, limit| {
            if figure.is_nan() {
                // There was nothing to hold it against.
                return;
            }
            let (name, count, way) = (row.scenario.name, row.scenario.count, row.way);
            let delay = row.scenario.delay;
            promises.push(Promise {
                text: format!("{name}, {count} mails, {way}, {delay} ms: {text}"),
                figure,
                limit,
            });
        };
        let wall = row.cost.wall;
        let turns = row.passed.turns as f64;
        match (row.scenario.name, row.scenario.count, row.scenario.delay) {
            ("whole", 5_000, 0) => {
                let limit = if row.way == "imap" { 1.5 } else { 1.3 };
                promise("wall / (raw + insert with raw copies)", wall / (raw + insert), limit);
                promise("CPU, s", row.cost.cpu, 3.0);
                let room = 64.0 + 2.0 * row.mails.largest as f64 / MEGABYTE;
                promise("peak memory, MB", row.cost.memory as f64 / MEGABYTE, room);
            }
            ("whole", 20_000, 0) => {
                let at_5000 = |one: &&Row| {
                    one.scenario.name == "whole"
                        && (one.scenario.count, one.scenario.delay) == (5_000, 0)
                        && (one.who, one.way) == (Who::Fetch, row.way)
                };
                if let Some(small) = rows.iter().find(at_5000) {
                    promise("time per mail / that at 5000", wall / 4.0 / small.cost.wall, 1.1);
                }
            }
            ("whole", _, 1..) => {
                promise("round trips", turns, 30.0);
                promise("wall / (raw + insert with raw copies)", wall / (raw + insert), 1.2);
            }
            ("nothing new", ..) => {
                promise("wall / raw", wall / raw, 1.3);
                let least = with(Who::Raw, row.way).map_or(f64::NAN, |raw| raw.passed.turns as f64);
                promise("round trips", turns, least);
            }
            ("100 new", ..) => promise("wall / raw", wall / raw, 1.5),
            _ => {}
        }
    }
    let program = env!("CARGO_BIN_EXE_helpdesk-mail");
    let start = (0..5).map(|_| measured::run(program, &["--version".to_owned()]));
    let start: Vec<f64> = start.map(|cost| Ok(cost?.cpu * 1e3)).collect::<Result<_>>()?;
    let least = start.into_iter().fold(f64::INFINITY, f64::min);
    promises.push(Promise { text: "--version: CPU, ms".to_owned(), figure: least, limit: 5.0 });
    let size = std::fs::metadata(program)?.len() as f64 / MEGABYTE;
    promises.push(Promise { text: "size of the program, MB".to_owned(), figure: size, limit: 15.0 });
    Ok(promises)
}
