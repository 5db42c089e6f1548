//! A store of each former schema is upgraded when it is opened: what it held stays, and the work goes on.
//!
//! Such a store is made as the program of that version made it: by the migrations up to it, and by the rows of
//! `fixtures/upgrade` that each of them brought, written before the next was known.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::support::desk::{Desk, Run};
use crate::support::dies::{aborted, dying, steps};
use crate::support::dump;
use crate::support::letter::Letter;
use crate::support::torture::{is_long, told};

/// `application_id` of a store: "HdMl".
const APPLICATION_ID: i64 = 0x4864_4d6c;

/// Opens the store to work, as `fetch` does, and changes nothing: the ticket is closed.
const UPGRADE: [&str; 3] = ["ticket", "close", "2"];

/// The scripts of a directory by their number.
fn scripts(directory: &str) -> BTreeMap<u32, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let numbered = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        let number = name.strip_suffix(".sql")?.get(..4)?.parse().ok()?;
        Some((number, fs::read_to_string(&path).unwrap()))
    };
    fs::read_dir(path).unwrap().filter_map(|entry| numbered(entry.unwrap().path())).collect()
}

/// The newest version of the schema.
pub fn newest() -> u32 {
    let migrations = scripts("src/store/schema");
    let newest = *migrations.keys().last().unwrap();
    assert_eq!(u32::try_from(migrations.len()), Ok(newest), "a number is missing");
    assert!(newest >= 6);
    newest
}

/// A desk whose store is of that version, and its mailbox as the last run left it.
pub fn desk(version: u32) -> Desk {
    let desk = Desk::with_maildir("on_success = \"seen\"");
    let store = Connection::open(desk.path("desk.db")).unwrap();
    store.pragma_update(None, "journal_mode", "wal").unwrap();
    // A migration that makes a table anew drops the old one, which others refer to.
    store.pragma_update(None, "foreign_keys", "off").unwrap();
    let rows = scripts("fixtures/upgrade");
    let place = desk.path("").display().to_string();
    for (number, migration) in scripts("src/store/schema").range(..=version) {
        store.execute_batch(&format!("BEGIN; {migration}; COMMIT")).unwrap();
        store.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        store.execute("UPDATE schema_version SET version = ?1", [number]).unwrap();
        if let Some(rows) = rows.get(number) {
            store.execute_batch(&rows.replace("{place}", place.trim_end_matches('/'))).unwrap();
        }
    }
    deliver(&desk);
    desk
}

fn deliver(desk: &Desk) {
    let printer = |id: &str| Letter::new(&format!("{id}@example.org"), "Re: Printer on fire");
    fs::write(desk.path("mail/cur/001:2,S"), printer("1").bytes()).unwrap();
    desk.deliver("002", &printer("2").answers("1@example.org").bytes());
    desk.deliver("003", b"From nothing\0\0");
    desk.deliver("004", &Letter::new("4@example.org", "A door is stuck").bytes());
    desk.deliver("005", &printer("5").answers("2@example.org").bytes());
}

pub type Table = Vec<Vec<Value>>;

pub fn rows(store: &Connection, query: &str) -> Table {
    let mut statement = store.prepare(query).unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get(at)).collect();
    statement.query_map([], row).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

fn words(store: &Connection, query: &str) -> Vec<String> {
    let word = |row: Vec<Value>| match row.into_iter().next() {
        Some(Value::Text(word)) => word,
        other => panic!("{other:?} is no word"),
    };
    rows(store, query).into_iter().map(word).collect()
}

/// Each table but that of the version, with a query for the columns that it has now and keeps.
pub fn tables(store: &Connection, upgraded: &Connection) -> BTreeMap<String, String> {
    let names =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
    let query = |table: String| {
        let columns = |of| words(of, &format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"));
        let (mut columns, kept) = (columns(store), columns(upgraded));
        columns.retain(|column| kept.contains(column));
        let query = format!("SELECT {0} FROM {table} ORDER BY {0}", columns.join(", "));
        (table, query)
    };
    words(store, names).into_iter().filter(|name| name != "schema_version").map(query).collect()
}

fn schema(store: &Connection) -> Table {
    rows(store, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
}

#[test]
fn a_store_of_each_former_schema_keeps_its_rows() {
    let fresh = Desk::with_maildir("");
    fresh.run(&["fetch"]).exits(0);
    let fresh = Connection::open(fresh.path("desk.db")).unwrap();
    for version in 1..newest() {
        let desk = desk(version);
        let store = Connection::open(desk.path("desk.db")).unwrap();
        let tables = tables(&store, &fresh);
        let all =
            || tables.iter().map(|(name, query)| (name, rows(&store, query))).collect::<BTreeMap<_, _>>();
        let before = all();
        for (name, rows) in &before {
            assert!(!rows.is_empty(), "fixtures/upgrade has no row for {name} of version {version}");
        }
        desk.run(&UPGRADE).exits(0);
        let listed = desk.run(&["ticket", "list", "--json"]).exits(0).json();
        assert_eq!(listed.len(), 3, "version {version}");
        assert_eq!(before, all(), "version {version}");
        assert_eq!(schema(&store), schema(&fresh), "version {version}");
        let faults = rows(&store, "SELECT * FROM pragma_foreign_key_check");
        assert_eq!(faults, Table::new(), "version {version}");
    }
}

#[test]
fn the_work_goes_on_where_the_former_program_left_it() {
    for version in 1..newest() {
        let desk = desk(version);
        let run = desk.run(&["fetch", "--json"]).exits(0);
        let mut outcomes = run.outcomes();
        outcomes.sort();
        let expected = ["created/new support-4", "updated/in-reply-to support-1"];
        assert_eq!(outcomes, expected, "version {version}");
        assert!(desk.path("mail/cur/002:2,S").exists(), "version {version}: what was owed is not paid");
        let shown = desk.run(&["ticket", "show", "1", "--json"]).exits(0).json();
        assert_eq!(shown[0]["messages"].as_array().unwrap().len(), 3, "version {version}");
        assert_eq!(shown[0]["messages"][0]["attachments"][0]["filename"], "note.txt", "version {version}");
        assert_eq!(shown[0]["tags"][0], "vip", "version {version}");
        let kept = desk.run(&["quarantine", "export", "1"]).exits(0).stdout;
        assert_eq!(kept, "From nothing\0\0", "version {version}");
        assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0], "version {version}");
    }
}

/// So many steps of an upgrade the short form takes; `cargo xtask torture` takes every one.
const SOME: u64 = 30;

#[test]
fn an_upgrade_that_dies_at_any_step_is_made_by_the_next_run() {
    let undisturbed = desk(1);
    Run::of(dying(&undisturbed, &UPGRADE, 0).output().unwrap()).exits(0);
    let expected = dump::store(&undisturbed);
    let all = steps(&undisturbed);
    assert!(all > 30, "only {all} steps");
    let stride = if is_long() { 1 } else { (all / SOME) | 1 };
    let mut versions = BTreeSet::new();
    for step in (1..=all).step_by(usize::try_from(stride).unwrap()) {
        let desk = desk(1);
        let died = aborted(&dying(&desk, &UPGRADE, step).output().unwrap());
        assert!(died || step + 2 >= all, "step {step} of {all} was not reached");
        let left = Connection::open(desk.path("desk.db")).unwrap();
        let version = "SELECT version FROM schema_version";
        versions.insert(left.query_row(version, [], |row| row.get::<_, u32>(0)).unwrap());
        drop(left);
        desk.run(&UPGRADE).exits(0);
        assert!(dump::store(&desk) == expected, "step {step} of {all}");
    }
    told(&format!("upgrade: died at each {stride}. of {all} steps; the next run upgraded the store"));
    // A sample may step over a version that is soon left.
    let missed = (1..=newest()).filter(|version| !versions.contains(version)).count();
    assert!(missed == 0 || (missed < 3 && !is_long()), "only {versions:?} were met on the way");
}

#[test]
fn programs_that_upgrade_one_store_at_once_make_each_step_once() {
    let desk = desk(1);
    let start = || -> Child {
        let mut command = desk.command(&UPGRADE);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let programs: Vec<Child> = (0..6).map(|_| start()).collect();
    for program in programs {
        Run::of(program.wait_with_output().unwrap()).exits(0);
    }
    assert_eq!(desk.run(&["ticket", "list", "--json"]).exits(0).json().len(), 3);
}

#[test]
fn what_only_looks_does_not_upgrade_and_says_what_does() {
    let desk = desk(newest() - 1);
    let before = fs::read(desk.path("desk.db")).unwrap();
    for command in [["fetch", "--dry-run"], ["ticket", "list"]] {
        let run = desk.run(&command).exits(74);
        assert!(run.stderr.contains("hint: the next \"fetch\" upgrades it"), "{}", run.stderr);
        assert!(fs::read(desk.path("desk.db")).unwrap() == before);
    }
}
