//! `store copy`: a store with a row in each of its tables goes to a server and back, whatever ends the copy on the way, and
//! the work goes on in the copy.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use crate::support::desk::{Desk, Run};
use crate::support::dies::{aborted, dying, steps};
use crate::support::postgres::{self, Postgres};
use crate::support::torture::{each_step, is_long, stride, told};
use crate::upgrade::{Table, desk as of_version, newest, rows, tables};

/// A desk with something in every table.
fn desk() -> Desk {
    of_version(newest())
}

/// All that a copy takes along: every table but that of leases, and the numbers that were given.
fn all(desk: &Desk, file: &str) -> BTreeMap<String, Table> {
    let store = Connection::open(desk.path(file)).unwrap();
    let mut queries = tables(&store, &store);
    queries.remove("lease");
    queries.insert(
        "numbers".to_owned(),
        "SELECT name, seq FROM sqlite_sequence WHERE seq > 0 ORDER BY name".to_owned(),
    );
    let faults = rows(&store, "SELECT * FROM pragma_foreign_key_check");
    assert_eq!(faults, Table::new());
    queries.into_iter().map(|(name, query)| (name, rows(&store, &query))).collect()
}

fn url(desk: &Desk, file: &str) -> String {
    format!("sqlite:{}", desk.path(file).display())
}

#[track_caller]
fn assert_same(desk: &Desk, file: &str) {
    let (before, after) = (all(desk, "desk.db"), all(desk, file));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, rows) in &before {
        assert!(!rows.is_empty(), "{name} is empty");
        assert_eq!(rows, &after[name], "{name}");
    }
}

#[test]
fn a_store_goes_to_a_server_and_back_and_the_work_goes_on_there() {
    let (desk, server) = (desk(), Postgres::start());
    let there = server.database();
    let text = desk.run(&["store", "copy", "--to", &there]).exits(0);
    assert!(text.stdout.contains("rows, the same in both"), "{}", text.stdout);
    assert!(!text.stdout.contains("helpdesk@"), "{}", text.stdout);

    // Back, by a configuration that names the server.
    let toml = std::fs::read_to_string(desk.path("desk.toml")).unwrap();
    let toml = toml.split_once('\n').unwrap().1.split_once('\n').unwrap().1.to_owned();
    desk.configure_on(&there, &toml);
    let back = desk.run(&["store", "copy", "--to", &url(&desk, "back.db"), "--json"]).exits(0);
    assert_same(&desk, "back.db");
    let tables = back.lines("table");
    assert_eq!(tables.len(), 24);
    let rows: u64 = tables.iter().map(|table| table["rows"].as_u64().unwrap()).sum();
    let sum = back.lines("copied").remove(0);
    assert_eq!((&sum["rows"], &sum["written"], &sum["tables"]), (&rows.into(), &rows.into(), &24.into()));

    // What was settled is known there, and the next ticket has the next number.
    let mut outcomes = desk.run(&["fetch", "--json"]).exits(0).outcomes();
    outcomes.sort();
    assert_eq!(outcomes, ["created/new support-4", "updated/in-reply-to support-1"]);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
    // The secret went along: what was signed before is answered to.
    let token = |desk: &Desk| {
        desk.run(&["ticket", "show", "1", "--json"]).exits(0).json()[0]["reply_address"].clone()
    };
    let on_the_server = token(&desk);
    desk.configure(&toml);
    assert_eq!(token(&desk), on_the_server);
}

/// Where a copy goes.
struct Target<'a> {
    url: &'a (dyn Fn(&Desk) -> String + Sync),
    /// The version that the schema has there, while it is a database at all.
    version: &'a (dyn Fn(&str) -> Option<i64> + Sync),
}

/// Copies end at so many of their steps, no program works with what is there then, and the same command goes on.
fn dies_and_goes_on(name: &str, target: &Target<'_>, some: u64) {
    let copy = |desk: &Desk, to: &str, at| dying(desk, &["store", "copy", "--to", to], at).output().unwrap();
    let first = desk();
    Run::of(copy(&first, &(target.url)(&first), 0)).exits(0);
    let all_steps = steps(&first);
    assert!(all_steps > 60, "only {all_steps} steps");
    let stride = if is_long() { 1 } else { stride(all_steps, some) };
    let unfinished = AtomicU64::new(0);
    let taken = each_step(name, all_steps, stride, |_, step| {
        let desk = desk();
        let (before, to) = (all(&desk, "desk.db"), (target.url)(&desk));
        let died = aborted(&copy(&desk, &to, step));
        assert!(died || step + 2 >= all_steps, "step {step} of {all_steps} was not reached");
        let is_unfinished = (target.version)(&to).is_some_and(|version| version < 0);
        if is_unfinished {
            unfinished.fetch_add(1, Ordering::Relaxed);
            let other = Desk::configured("");
            other.configure_on(&to, "[queue.support]\n");
            let run = other.run(&["fetch", "--json"]).exits(74);
            assert!(run.stdout.contains("did not come to its end"), "step {step}: {}", run.stdout);
        }
        // 73: it had come to its end already, and a store with tickets is not written to.
        let again = desk.run(&["store", "copy", "--to", &to]);
        assert!(again.code == 0 || (again.code == 73 && !is_unfinished), "step {step}: {}", again.stderr);
        assert_eq!(all(&desk, "desk.db"), before, "step {step}");
        desk.run(&["store", "copy", "--from", &to, "--to", &url(&desk, "back.db")]).exits(0);
        assert_same(&desk, "back.db");
    });
    let unfinished = unfinished.into_inner();
    // The others died while the schema was made.
    assert!(unfinished >= taken / 6, "only {unfinished} copies of {taken} were met on their way");
    told(&format!(
        "{name}: died at {taken} of {all_steps} steps, {unfinished} times in mid-copy; the same command went on"
    ));
}

#[test]
fn a_copy_to_a_file_that_dies_at_any_step_goes_on() {
    let version = |url: &str| {
        let store = Connection::open(url.strip_prefix("sqlite:").unwrap()).ok()?;
        store.query_row("SELECT version FROM schema_version", [], |row| row.get(0)).ok()
    };
    let target = Target { url: &|desk| url(desk, "copy.db"), version: &version };
    dies_and_goes_on("store copy to a file", &target, 20);
}

#[test]
fn a_copy_to_a_server_that_dies_at_any_step_goes_on() {
    let server = Postgres::start();
    let exists = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'schema_version'";
    let version = |url: &str| {
        (postgres::number(url, exists) == 1)
            .then(|| postgres::number(url, "SELECT version FROM schema_version"))
    };
    let target = Target { url: &|_| server.database(), version: &version };
    dies_and_goes_on("store copy to a server", &target, 20);
}

#[test]
fn what_cannot_be_copied_is_told_and_nothing_is_written() {
    let desk = desk();
    let (own, other) = (url(&desk, "desk.db"), url(&desk, "other.db"));
    let copy = |words: &[&str]| desk.run(&[&["store", "copy"], words].concat());
    let refused = copy(&["--to", &own]).exits(64);
    assert!(refused.stderr.contains("is both source and target"), "{}", refused.stderr);
    copy(&[]).exits(64);
    let missing = copy(&["--from", &other, "--to", &url(&desk, "third.db")]).exits(66);
    assert!(missing.stderr.contains("there is no store"), "{}", missing.stderr);
    assert!(!desk.path("third.db").exists());
    let wrong = copy(&["--to", "postgresql://helpdesk:hunter2@db.example.org"]).exits(64);
    assert!(wrong.stderr.contains("--to: ") && !wrong.stderr.contains("hunter2"), "{}", wrong.stderr);
    let odd = copy(&["--to", "mysql://u:hunter2@db/x"]).exits(64);
    assert!(odd.stderr.contains("sqlite:PATH") && !odd.stderr.contains("hunter2"), "{}", odd.stderr);
    let refused = copy(&["--to", &other, "--to-password-file", "x"]).exits(64);
    assert!(refused.stderr.contains("has no password"), "{}", refused.stderr);

    copy(&["--to", &other]).exits(0);
    let before = all(&desk, "other.db");
    let taken = copy(&["--to", &other, "--json"]).exits(73);
    assert!(taken.stdout.contains("output.exists"), "{}", taken.stdout);
    assert_eq!(all(&desk, "other.db"), before);

    std::fs::write(
        desk.path("letter.db"),
        "Dear Sir or Madam, this is no database, and it is to stay as it is.",
    )
    .unwrap();
    copy(&["--to", &url(&desk, "letter.db")]).exits(74);
    assert!(std::fs::read_to_string(desk.path("letter.db")).unwrap().starts_with("Dear"));
    let old = of_version(newest() - 1);
    // Options that were mistaken for each other upgrade nothing.
    copy(&["--to", &url(&old, "desk.db")]).exits(74);
    assert_eq!(
        Connection::open(old.path("desk.db")).unwrap().query_row(
            "SELECT version FROM schema_version",
            [],
            |row| row.get::<_, u32>(0)
        ),
        Ok(newest() - 1)
    );
    let refused = old.run(&["store", "copy", "--to", &url(&old, "copy.db")]).exits(74);
    assert!(refused.stderr.contains("the next \"fetch\" upgrades it"), "{}", refused.stderr);
    assert!(!old.path("copy.db").exists());
}
