//! What was measured, for people and for programs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::promises::Promise;
use crate::rounds::{Row, Who};

/// Prints the rows of one scenario; the last columns say how often its yardsticks go into each.
pub fn print(rows: &[Row]) {
    let Some(Row { scenario, mails, .. }) = rows.first() else { return };
    println!(
        "\n{} of {} mails ({:.0} MB, the largest {:.1} MB), {} ms round trip, {} rounds",
        scenario.name,
        mails.count,
        mails.octets as f64 / 1e6,
        mails.largest as f64 / 1e6,
        scenario.delay,
        scenario.rounds
    );
    println!(
        "{:<18} {:>9} {:>8} {:>9} {:>6} {:>11} {:>12} {:>7} {:>9} {:>13}",
        "",
        "wall s",
        "CPU s",
        "peak MB",
        "trips",
        "octets up",
        "octets down",
        "x raw",
        "x raw+ins",
        "x raw+ins+raw"
    );
    let wall = |who, way: &str| {
        rows.iter().find(|row| row.who == who && row.way == way).map_or(f64::NAN, |row| row.cost.wall)
    };
    for row in rows {
        let (cost, passed) = (row.cost, row.passed);
        let name = match row.who {
            Who::Raw => format!("{} bare", row.way),
            Who::Fetch => format!("{} fetch", row.way),
            Who::Insert => "insert rows".to_owned(),
            Who::InsertRaw => "insert rows + raw".to_owned(),
        };
        print!("{name:<18} {:>9.3}", cost.wall);
        if !row.way.is_empty() {
            print!(
                " {:>8.3} {:>9.1} {:>6} {:>11} {:>12}",
                cost.cpu,
                cost.memory as f64 / 1e6,
                passed.turns,
                passed.to_server,
                passed.to_client
            );
        }
        if row.who == Who::Fetch {
            let raw = wall(Who::Raw, row.way);
            let ratio =
                |yard: f64| if yard.is_nan() { "-".to_owned() } else { format!("{:.2}", cost.wall / yard) };
            let yards = [raw, raw + wall(Who::Insert, ""), raw + wall(Who::InsertRaw, "")];
            let [plain, insert, insert_raw] = yards.map(ratio);
            print!(" {plain:>7} {insert:>9} {insert_raw:>13}");
        }
        println!();
    }
}

/// Prints which promises are kept.
pub fn print_promises(promises: &[Promise]) {
    println!();
    for promise in promises {
        let word = if promise.is_kept() { "kept  " } else { "BROKEN" };
        println!("{word} {:<66} {:>8.2} of {:.2}", promise.text, promise.figure, promise.limit);
    }
}

/// Writes all as JSON beside the builds, and says where.
pub fn write(rows: &[Row], promises: &[Promise]) -> Result<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().context("no target directory")?;
    let file = target.join("bench/fetch.json");
    fs::create_dir_all(file.parent().context("no directory")?)?;
    let promises = promises.iter().map(|promise| {
        json!({ "text": promise.text, "figure": promise.figure, "limit": promise.limit, "kept": promise.is_kept() })
    });
    let all = json!({
        "cores": std::thread::available_parallelism()?.get(),
        "load": fs::read_to_string("/proc/loadavg").unwrap_or_default().trim(),
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
        "promises": promises.collect::<Vec<_>>(),
    });
    fs::write(&file, serde_json::to_string_pretty(&all)?)?;
    Ok(file)
}

fn row(row: &Row) -> Value {
    json!({
        "scenario": row.scenario.name,
        "mails": row.mails.count,
        "old": row.scenario.old,
        "octets": row.mails.octets,
        "largest": row.mails.largest,
        "round_trip_ms": row.scenario.delay,
        "way": row.way,
        "who": format!("{:?}", row.who).to_lowercase(),
        "wall_s": row.cost.wall,
        "walls_s": row.walls,
        "cpu_s": row.cost.cpu,
        "peak_octets": row.cost.memory,
        "round_trips": row.passed.turns,
        "octets_to_server": row.passed.to_server,
        "octets_to_client": row.passed.to_client,
    })
}
