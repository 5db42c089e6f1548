//! A store that cannot be used ends the run with its code; the mailbox hears of nothing that is not committed.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use helpdesk_mail::store::{Config, Store};
use rusqlite::Connection;
use serde_json::Value;

use crate::bad_mail::by_nobody;
use crate::support::desk::{Desk, Run};
use crate::support::dies::shifted;
use crate::support::letter::Letter;

/// A desk that has run, with a mail that waits.
fn desk() -> Desk {
    let desk = Desk::with_maildir("on_success = \"delete\"");
    for n in 0..200 {
        desk.deliver(&format!("{n:03}"), &Letter::new(&format!("{n}@x"), "Before").bytes());
    }
    desk.run(&["fetch"]).exits(0);
    desk.deliver("next", &Letter::new("next@x", "Next").bytes());
    desk
}

fn waits(desk: &Desk) -> bool {
    desk.path("mail/new/next").exists()
}

#[track_caller]
fn refused(desk: &Desk, run: Run, code: i32, word: &str) {
    let run = run.exits(code);
    assert!(run.stdout.contains(&format!("\"error_code\":\"{word}\"")), "{}", run.stdout);
    assert!(!run.stderr.contains("panic"), "{}", run.stderr);
    assert!(waits(desk), "the mailbox was told of what is not settled");
}

#[test]
fn a_store_that_may_not_be_written_ends_with_74() {
    let desk = desk();
    // The program runs as another user than root, whom no permission stops.
    let store = desk.path("desk.db");
    by_nobody(&desk, &["fetch", "--limit", "1", "--mailbox", "support", "--baseline"]);
    desk.deliver("next", &Letter::new("next@x", "Next").bytes());
    fs::set_permissions(&store, Permissions::from_mode(0o444)).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&store, Some(65_534), Some(65_534)).unwrap();
    }
    refused(&desk, by_nobody(&desk, &["fetch", "--json"]), 74, "store.unavailable");
}

#[test]
fn a_store_that_is_damaged_ends_with_74_and_is_left_as_it_is() {
    for place in [0.0, 0.02, 0.3, 0.6, 0.95] {
        let desk = desk();
        let path = desk.path("desk.db");
        let mut file = OpenOptions::new().write(true).open(&path).unwrap();
        let length = file.metadata().unwrap().len();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let at = (length as f64 * place) as u64;
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&vec![0xa5; usize::try_from((length - at).min(60_000)).unwrap()]).unwrap();
        drop(file);
        let run = desk.run(&["fetch", "--json"]);
        // A page that this run does not need is not met; what is met is told.
        if run.code == 0 {
            assert!(!waits(&desk), "{place}");
            continue;
        }
        assert!(run.stdout.contains("\"error_code\":\"store."), "{place}: {}", run.stdout);
        let run = run.exits(74);
        assert!(run.stdout.contains("restore a backup"), "{place}: {}", run.stdout);
        assert!(waits(&desk), "{place}");
    }
}

#[test]
fn a_store_of_a_newer_program_is_refused_and_left_as_it_is() {
    let desk = desk();
    let store = Connection::open(desk.path("desk.db")).unwrap();
    store.execute("UPDATE schema_version SET version = 9999", []).unwrap();
    drop(store);
    let before = fs::read(desk.path("desk.db")).unwrap();
    refused(&desk, desk.run(&["fetch", "--json"]), 74, "store.schema");
    assert!(fs::read(desk.path("desk.db")).unwrap() == before);
}

#[test]
fn a_clock_that_was_set_back_stops_nothing() {
    const DAYS: i64 = 86_400;
    let desk = Desk::with_maildir("on_success = \"seen\"\ninterval = \"1h\"");
    let deliver = |id: &str| desk.deliver(id, &Letter::new(&format!("{id}@x"), "Mail").bytes());
    deliver("a");
    let later = |days: i64| Run::of(shifted(&desk, &["fetch", "--json"], days * DAYS).output().unwrap());
    assert_eq!(later(400).exits(0).outcomes(), ["created/new support-1"]);
    deliver("b");
    assert_eq!(later(0).exits(0).outcomes(), ["created/new support-2"]);
    deliver("c");
    assert_eq!(later(-3000).exits(0).outcomes(), ["created/new support-3"]);
    let run = later(-3000).exits(0);
    assert_eq!(run.lines("mailbox")[0]["status"], "not-due");
    assert_eq!(desk.run(&["outcomes", "--json"]).exits(0).json().len(), 3);
}

#[test]
fn a_run_by_root_locks_nobody_out() {
    if !rustix::process::geteuid().is_root() {
        // Nobody else can do the harm.
        return;
    }
    let desk = Desk::with_maildir("");
    by_nobody(&desk, &["fetch", "--dry-run"]);
    let by_them = by_nobody(&desk, &["ticket", "list"]);
    assert_eq!(by_them.code, 0, "{}", by_them.stderr);
    by_nobody(&desk, &["fetch"]).exits(0);
    fs::remove_file(desk.path("desk.db.support.lock")).unwrap();
    chown_to_root(&desk, "desk.toml");
    desk.run(&["fetch"]).exits(0);
    by_nobody(&desk, &["fetch"]).exits(0);
}

fn chown_to_root(desk: &Desk, name: &str) {
    std::os::unix::fs::chown(desk.path(name), Some(0), Some(0)).unwrap();
}

#[test]
fn a_run_that_cannot_begin_ends_with_a_summary_all_the_same() {
    let desk = desk();
    let unbegun = |arguments: &[&str], code: i32| {
        let run = desk.run(arguments).exits(code);
        let lines = run.json();
        assert_eq!(lines.len(), 1, "{}", run.stdout);
        let line = &lines[0];
        assert_eq!(
            (&line["type"], &line["run"], &line["exit_code"]),
            (&"summary".into(), &Value::Null, &code.into())
        );
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
        assert!(run.stderr.contains(line["error"]["msg"].as_str().unwrap()), "{}", run.stderr);
        (line["error"]["error_code"].as_str().unwrap().to_owned(), line["dry_run"].as_bool().unwrap())
    };
    assert_eq!(unbegun(&["fetch", "--json", "--mailbox", "other"], 64).0, "usage");
    fs::write(desk.path("desk.db"), "This is no database.\n".repeat(100)).unwrap();
    assert_eq!(unbegun(&["fetch", "--json"], 74), ("store.unavailable".to_owned(), false));
    assert_eq!(unbegun(&["fetch", "--json", "--dry-run"], 74), ("store.unavailable".to_owned(), true));
    assert_eq!(unbegun(&["quarantine", "retry", "--all", "--json"], 74).0, "store.unavailable");
    assert_eq!(unbegun(&["ingest", "--json", "/nowhere"], 66).0, "input.missing");
    assert_eq!(unbegun(&["ingest", "--json", "--mta", "/nowhere"], 75).0, "input.missing");
    desk.configure("[queue.support]\ncolour = 1\n");
    assert_eq!(unbegun(&["fetch", "--json"], 78).0, "config.invalid");
}

#[test]
fn a_store_that_is_busy_for_too_long_is_told_in_the_summary() {
    let desk = desk();
    desk.run(&["fetch"]).exits(0);
    let config = Config::of_file(desk.path("desk.db"));
    let mut store = Store::open(&config).unwrap();
    let run = store
        .transaction(|_| {
            Ok(Run::of(desk.command(&["fetch", "--json"]).stdin(Stdio::null()).output().unwrap()))
        })
        .unwrap()
        .exits(75);
    let lines = run.json();
    let line = lines.last().unwrap();
    assert_eq!((&line["type"], &line["error"]["error_code"]), (&"summary".into(), &"store.busy".into()));
    assert!(run.stderr.contains(line["error"]["msg"].as_str().unwrap()), "{}", run.stderr);
}
