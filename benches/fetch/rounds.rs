//! What is measured: some mails, by turns in each way by the bare reader and by the program, and the rows inserted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::desk::Desk;
use crate::insert::Rows;
use crate::measured::{self, Cost};
use crate::proxy::{Passed, Proxy};
use crate::server::{Mails, Protocol, Server, WAYS, Way, user};

/// The word that makes this program the bare reader.
pub const WORD: &str = "--read";

/// More rows than these mails leave are not held in memory for the yardstick.
const MOST_INSERTED: u64 = 5_000;

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scenario {
    pub name: &'static str,
    /// How many mails lie there, and how many of them were fetched before.
    pub count: u64,
    pub old: u64,
    /// Round trip time in milliseconds.
    pub delay: u64,
    pub rounds: usize,
}

/// Who does it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Who {
    /// The bare reader.
    Raw,
    Fetch,
    /// The rows that the program leaves, inserted by a bare loop.
    Insert,
    /// Those and the raw octets of each mail.
    InsertRaw,
}

/// What was measured of one of them.
pub struct Row {
    pub scenario: Scenario,
    pub mails: Mails,
    /// The name of the way; of inserts none.
    pub way: &'static str,
    pub who: Who,
    /// The medians.
    pub cost: Cost,
    pub walls: Vec<f64>,
    pub passed: Passed,
}

/// Where it is measured: a server, and a place for stores on a true disk.
pub struct Ground {
    server: Server,
    place: TempDir,
    /// Stores by how many mails they have taken by which protocol.
    stores: BTreeMap<(u64, u64, &'static str), PathBuf>,
}

impl Ground {
    pub fn new(sizes: &[u64]) -> Result<Self> {
        let server = Server::start(sizes)?;
        // Not in /tmp, which may be memory, where an fsync costs nothing.
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        Ok(Self { server, place, stores: BTreeMap::new() })
    }

    /// Measures all of a scenario.
    pub fn measure(&mut self, scenario: Scenario) -> Result<Vec<Row>> {
        let mails = self.server.mails(scenario.count)?;
        let inserts = self.inserts(scenario)?;
        let lanes: Vec<Lane> = WAYS.iter().map(|way| self.lane(scenario, *way)).collect::<Result<_>>()?;
        let mut costs: BTreeMap<(&str, Who), Vec<Cost>> = BTreeMap::new();
        let mut passed: BTreeMap<(&str, Who), Passed> = BTreeMap::new();
        for round in 0..=scenario.rounds {
            for lane in &lanes {
                for who in [Who::Raw, Who::Fetch] {
                    let (cost, went) = self.once(scenario, lane, who, round)?;
                    // The first goes through the proxy in any case, is counted, and warms all up.
                    if round == 0 {
                        passed.insert((lane.way.name, who), went);
                    } else {
                        costs.entry((lane.way.name, who)).or_default().push(cost);
                    }
                }
            }
            for (who, rows) in inserts.iter().filter(|_| round > 0) {
                let store = self.place.path().join("inserted.db");
                let wall = rows.insert(&store)?.as_secs_f64();
                remove(&store);
                costs.entry(("", *who)).or_default().push(Cost { wall, ..Cost::default() });
            }
        }
        let row = |((way, who), costs): ((&'static str, Who), Vec<Cost>)| Row {
            scenario,
            mails,
            way,
            who,
            cost: Cost {
                wall: median(&costs, |cost| cost.wall),
                cpu: median(&costs, |cost| cost.cpu),
                memory: median(&costs, |cost| cost.memory as f64) as u64,
            },
            walls: costs.iter().map(|cost| cost.wall).collect(),
            passed: passed.get(&(way, who)).copied().unwrap_or_default(),
        };
        Ok(costs.into_iter().map(row).collect())
    }

    fn lane(&mut self, scenario: Scenario, way: Way) -> Result<Lane> {
        let port = self.server.port(way);
        let proxy = Proxy::before(port, Duration::from_micros(scenario.delay * 500))?;
        let store = if scenario.old == 0 { None } else { Some(self.store(scenario, way.protocol)?) };
        Ok(Lane { way, proxy, store })
    }

    fn once(&self, scenario: Scenario, lane: &Lane, who: Who, round: usize) -> Result<(Cost, Passed)> {
        let through = round == 0 || scenario.delay > 0;
        let port = if through { lane.proxy.port } else { self.server.port(lane.way) };
        let Scenario { count, old, .. } = scenario;
        self.server.renew(count, old);
        let cost = match who {
            Who::Fetch => {
                let directory = self.place.path().join("desk");
                let desk = Desk::new(&directory, &self.server, lane.way, port, count)?;
                desk.begin_with(lane.store.as_deref(), port)?;
                desk.fetch(&[])?
            }
            Who::Raw | Who::Insert | Who::InsertRaw => {
                let us = std::env::current_exe()?;
                let ca_file = self.server.ca_file();
                let numbers = [port.to_string(), old.to_string(), (count - old).to_string()];
                let words =
                    [WORD, lane.way.name, &ca_file.display().to_string(), &user(count)].map(str::to_owned);
                measured::run(&us.display().to_string(), &[words.as_slice(), &numbers].concat())?
            }
        };
        Ok((cost, lane.proxy.passed()))
    }

    /// The rows that the new mails leave, without and with the raw octets of each.
    fn inserts(&self, scenario: Scenario) -> Result<Vec<(Who, Rows)>> {
        let new = scenario.count - scenario.old;
        if new == 0 || new > MOST_INSERTED {
            return Ok(Vec::new());
        }
        let rows = |(who, keep_raw)| {
            let directory = self.place.path().join("source");
            let way = WAYS[0];
            let port = self.server.port(way);
            let desk = Desk::new(&directory, &self.server, way, port, scenario.count)?;
            if keep_raw {
                desk.keep_raw()?;
            }
            desk.fetch(&["--limit", &new.to_string()])?;
            let rows = Rows::of(&desk.store())?;
            fs::remove_dir_all(&directory)?;
            Ok((who, rows))
        };
        [(Who::Insert, false), (Who::InsertRaw, true)].into_iter().map(rows).collect()
    }

    /// A store that has taken the old mails.
    fn store(&mut self, scenario: Scenario, protocol: Protocol) -> Result<PathBuf> {
        let way = WAYS.into_iter().find(|way| way.protocol == protocol).context("no way")?;
        let Scenario { count, old, .. } = scenario;
        let key = (count, old, way.name);
        if let Some(store) = self.stores.get(&key) {
            return Ok(store.clone());
        }
        let directory = self.place.path().join(format!("{}-{count}", way.name));
        let desk = Desk::new(&directory, &self.server, way, self.server.port(way), count)?;
        let taken = self.stores.range((count, 0, "")..(count, old, "")).filter(|(key, _)| key.2 == way.name);
        let taken = taken.map(|((_, taken, _), _)| *taken).next_back().unwrap_or(0);
        desk.fetch(&["--limit", &(old - taken).to_string()])?;
        let store = directory.join(format!("{old}.db"));
        fs::copy(desk.store(), &store)?;
        self.stores.insert(key, store.clone());
        Ok(store)
    }
}

/// A way, with a proxy before it and the store that each run begins with.
struct Lane {
    way: Way,
    proxy: Proxy,
    store: Option<PathBuf>,
}

fn median(costs: &[Cost], of: impl Fn(&Cost) -> f64) -> f64 {
    let mut all: Vec<f64> = costs.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

fn remove(store: &Path) {
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", store.display()));
    }
}
