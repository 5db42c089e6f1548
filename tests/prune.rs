//! `prune` lets go of what the retention settings say, and of nothing by which an item is known.

use std::fs;
use std::process::Stdio;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::outbox::{FILE, letter};
use crate::support::desk::{Desk, Run};
use crate::support::dies::{aborted, dying, shifted, steps};
use crate::support::letter::Letter;

const DAY: i64 = 86_400;

const RETAIN: &str = "retain_outcomes = \"30d\"\nretain_sent = \"10d\"\n";

/// A desk with a Maildir, these keys of the mailbox, and retention.
fn desk(keys: &str) -> Desk {
    let desk = Desk::with_maildir(&format!("{keys}\n[outbox]\n{FILE}"));
    fs::create_dir(desk.path("out")).unwrap();
    let config = fs::read_to_string(desk.path("desk.toml")).unwrap();
    fs::write(desk.path("desk.toml"), config.replace("[queue.support]", &format!("{RETAIN}[queue.support]")))
        .unwrap();
    desk
}

/// The program, so many days later.
fn after(desk: &Desk, days: i64, arguments: &[&str]) -> Run {
    Run::of(shifted(desk, arguments, days * DAY).output().unwrap())
}

fn prune(desk: &Desk, days: i64) -> Value {
    after(desk, days, &["prune", "--json"]).exits(0).json().remove(0)
}

/// What the first column of the answer holds, as SQLite writes it.
fn column(desk: &Desk, sql: &str) -> Vec<String> {
    let store = Connection::open(desk.path("desk.db")).unwrap();
    let mut statement = store.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
    rows.map(|row| row.unwrap().unwrap_or_else(|| "-".to_owned())).collect()
}

fn pruned(fields: [u64; 7]) -> Value {
    let [shortened, removed, runs, notifications, events, suppressed, blobs] = fields;
    json!({
        "type": "pruned", "dry_run": false, "outcomes_shortened": shortened, "outcomes_removed": removed, "runs": runs,
        "notifications": notifications, "events": events, "suppressed": suppressed, "blobs": blobs,
    })
}

#[test]
fn words_go_and_what_an_item_is_known_by_stays_so_that_it_is_never_taken_twice() {
    let desk = desk("on_success = \"keep\"");
    desk.deliver("1", &Letter::new("1@x", "Printer").bytes());
    desk.deliver("2", &Letter::new("2@x", "Re: [support-1] more").bytes());
    desk.run(&["fetch", "--no-send"]).exits(0);
    let known = "SELECT item || coalesce(message_id, '') || hex(digest) || hex(raw_sha256) || outcome || reason FROM outcome";
    let before = column(&desk, known);
    assert_eq!(prune(&desk, 29)["outcomes_shortened"], 0, "they are young");
    assert_eq!(prune(&desk, 31), pruned([2, 0, 0, 0, 0, 0, 0]));
    assert_eq!(column(&desk, known), before);
    assert_eq!(
        column(&desk, "SELECT coalesce(author, '') || coalesce(subject, '') || notes FROM outcome"),
        ["[]", "[]"]
    );
    assert_eq!(prune(&desk, 31), pruned([0; 7]), "what is short is not shortened again");
    desk.run(&["outcomes", "reset", "--unknown"]).exits(0);
    assert_eq!(desk.run(&["fetch", "--json", "--no-send"]).exits(0).outcomes(), [""; 0]);
    let listed = desk.run(&["outcomes", "--json"]).exits(0).json();
    assert_eq!((&listed[0]["outcome"], &listed[0]["from"]), (&json!("created"), &Value::Null));
    let shown = desk.run(&["ticket", "show", "1", "--json"]).exits(0).json().remove(0);
    assert_eq!((&shown["title"], shown["messages"].as_array().unwrap().len()), (&json!("Printer"), 2));
}

#[test]
fn rows_go_whole_once_the_item_cannot_come_again_and_their_runs_with_them() {
    let desk = desk("on_success = \"delete\"");
    desk.deliver("1", &letter("1@x", "Printer").bytes());
    desk.run(&["fetch", "--no-send"]).exits(0);
    fs::write(desk.path("mail.eml"), letter("2@x", "Fire").bytes()).unwrap();
    desk.run(&["ingest", desk.path("mail.eml").to_str().unwrap()]).exits(0);
    desk.run(&["fetch", "--no-send"]).exits(0);
    let tried = after(&desk, 31, &["prune", "--dry-run", "--json"]).exits(0).json().remove(0);
    assert_eq!(prune(&desk, 31), pruned([0, 2, 2, 0, 0, 0, 0]));
    assert_eq!(tried["runs"], 2, "a dry run knows which runs nothing is left of");
    assert_eq!(column(&desk, "SELECT CAST(id AS TEXT) FROM run"), ["3"], "the last one stays");
    assert_eq!(desk.run(&["ticket", "list", "--json"]).exits(0).json().len(), 2);
    // It is a duplicate still: the ticket knows it.
    let again = desk.run(&["ingest", "--json", desk.path("mail.eml").to_str().unwrap()]).exits(0);
    assert_eq!(again.outcomes(), ["duplicate/message-id support-2"]);
}

#[test]
fn what_waits_for_anybody_stays_however_old_it_is() {
    let desk = desk("on_success = \"move:Done\"\nupdate_only = false");
    desk.deliver("1", &letter("owed@x", "Printer").bytes());
    desk.deliver("2", b"X-Nothing: of use\r\n\r\n \r\n");
    // The folder that it is to be moved to is not there: the mailbox is owed that.
    desk.run(&["fetch", "--no-send"]).exits(69);
    fs::write(desk.path("mail.eml"), letter("reset@x", "Fire").bytes()).unwrap();
    desk.run(&["ingest", desk.path("mail.eml").to_str().unwrap()]).exits(0);
    desk.run(&["outcomes", "reset", "--mailbox", "ingest"]).exits(0);
    let rows = "SELECT coalesce(subject, error_code) FROM outcome ORDER BY id";
    let before = column(&desk, rows);
    assert_eq!(before.len(), 3, "{before:?}");
    let done = prune(&desk, 4000);
    assert_eq!(
        (&done["outcomes_shortened"], &done["outcomes_removed"], &done["notifications"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert_eq!(column(&desk, rows), before);
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).json().len(), 1);
    let queued = "SELECT template FROM outbox WHERE state = 'queued'";
    assert!(!column(&desk, queued).is_empty(), "what waits to be sent stays");
}

#[test]
fn notifications_go_with_their_attempts_and_suppressions_when_their_time_is_over() {
    let desk = desk("");
    desk.deliver("1", &letter("1@x", "Printer").bytes());
    desk.run(&["fetch"]).exits(0);
    desk.run(&["outbox", "suppressed", "add", "bob@example.org", "--for", "20d"]).exits(0);
    desk.run(&["outbox", "suppressed", "add", "carl@example.org"]).exits(0);
    let store = Connection::open(desk.path("desk.db")).unwrap();
    store.execute("UPDATE suppressed SET outbox = 1 WHERE address = 'carl@example.org'", []).unwrap();
    drop(store);
    assert_eq!(prune(&desk, 9), pruned([0; 7]));
    let sent = column(&desk, "SELECT state FROM outbox").len() as u64;
    assert_eq!(prune(&desk, 21), pruned([0, 0, 0, sent, 0, 1, 0]));
    for table in ["SELECT state FROM outbox", "SELECT result FROM outbox_attempt"] {
        assert_eq!(column(&desk, table), [""; 0], "{table}");
    }
    assert_eq!(column(&desk, "SELECT address || coalesce(outbox, '') FROM suppressed"), ["carl@example.org"]);
    desk.deliver("2", &letter("2@x", "Fire").bytes());
    desk.run(&["fetch"]).exits(0);
    let ids = column(&desk, "SELECT CAST(min(id) AS TEXT) FROM outbox");
    assert_eq!(ids, [(sent + 1).to_string()], "numbers are never used again");
}

#[test]
fn events_go_with_their_attempts_but_for_those_that_keep_others_from_an_endpoint_that_is_gone() {
    let desk = desk("[[hook]]\nevent = \"post-process\"\ncommand = [\"/bin/true\"]");
    for id in ["1", "2"] {
        desk.deliver(id, &letter(&format!("{id}@x"), "Printer").bytes());
    }
    desk.run(&["fetch"]).exits(0);
    assert_eq!(column(&desk, "SELECT state FROM event"), ["delivered"; 2]);
    let store = Connection::open(desk.path("desk.db")).unwrap();
    store.execute("UPDATE event SET state = 'failed', reason = 'gone' WHERE id = 1", []).unwrap();
    let shown = desk.run(&["status", "--format", "json"]).exits(0).json().remove(0);
    assert_eq!((&shown["events"]["waiting"], &shown["events"]["failed"]), (&json!(0), &json!(1)));
    assert_eq!(prune(&desk, 21)["events"], 1);
    assert_eq!(column(&desk, "SELECT reason FROM event"), ["gone"]);
    assert_eq!(column(&desk, "SELECT CAST(event AS TEXT) FROM event_attempt"), ["1"]);
}

#[test]
fn octets_that_nothing_speaks_of_go() {
    let desk = desk("");
    desk.deliver("1", b"X-Nothing: of use\r\n\r\n \r\n");
    desk.run(&["fetch", "--no-send"]).exits(1);
    let store = Connection::open(desk.path("desk.db")).unwrap();
    store.execute("INSERT INTO blob (sha256, size, content) VALUES (zeroblob(32), 1, x'00')", []).unwrap();
    drop(store);
    assert_eq!(prune(&desk, 0), pruned([0, 0, 0, 0, 0, 0, 1]));
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).json().len(), 1);
}

#[test]
fn a_dry_run_tells_what_would_go_and_changes_not_a_byte() {
    let desk = desk("on_success = \"delete\"\non_skip = \"keep\"\nupdate_only = true");
    for n in 0..1200 {
        desk.deliver(&n.to_string(), &Letter::new(&format!("{n}@x"), "Printer").bytes());
    }
    desk.run(&["fetch", "--no-send"]).exits(0);
    let before = desk.snapshot("");
    let text = after(&desk, 31, &["prune", "--dry-run"]).exits(0).stdout;
    assert!(text.starts_with("outcomes         1200 would be shortened: "), "{text}");
    let tried = after(&desk, 31, &["prune", "--dry-run", "--json"]).exits(0).json().remove(0);
    assert!(before == desk.snapshot(""), "something was changed");
    let mut done = prune(&desk, 31);
    assert_eq!(done["outcomes_shortened"], 1200);
    done["dry_run"] = json!(true);
    assert_eq!(tried, done);
}

#[test]
fn without_settings_everything_is_kept_and_that_is_said() {
    let desk = Desk::with_maildir("");
    for words in [&["prune"][..], &["prune", "--dry-run"]] {
        let text = desk.run(words).exits(0).stdout;
        assert!(text.contains("all outcomes are kept: there is no \"retain_outcomes\" in [store]"), "{text}");
    }
    assert!(!desk.path("desk.db").exists());
    desk.deliver("1", &Letter::new("1@x", "Printer").bytes());
    desk.run(&["fetch"]).exits(0);
    assert_eq!(prune(&desk, 4000), pruned([0; 7]));
    for (key, least) in [("retain_outcomes = \"6d\"", "7d"), ("retain_sent = \"3h\"", "1d")] {
        let config = fs::read_to_string(desk.path("desk.toml")).unwrap();
        fs::write(
            desk.path("desk.toml"),
            config.replace("[queue.support]", &format!("{key}\n[queue.support]")),
        )
        .unwrap();
        let run = desk.run(&["prune"]).exits(78);
        assert!(
            run.stderr.contains(&format!("expected a duration of at least \"{least}\"")),
            "{}",
            run.stderr
        );
        fs::write(desk.path("desk.toml"), config).unwrap();
    }
}

#[test]
fn it_goes_beside_fetches_and_neither_waits_in_vain() {
    let desk = desk("on_success = \"delete\"\nbatch_size = 20");
    for n in 0..400 {
        desk.deliver(&format!("old{n}"), &Letter::new(&format!("old{n}@x"), "Printer").bytes());
    }
    desk.run(&["fetch", "--no-send"]).exits(0);
    for round in 0..3 {
        for n in 0..200 {
            let name = format!("{round}-{n}");
            desk.deliver(&name, &Letter::new(&format!("{name}@x"), "Fire").bytes());
        }
        let fetch = desk
            .command(&["fetch", "--no-send"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        prune(&desk, 31);
        prune(&desk, 31);
        assert_eq!(fetch.wait_with_output().unwrap().status.code(), Some(0));
    }
    prune(&desk, 31);
    assert_eq!(
        column(&desk, "SELECT item FROM outcome"),
        [""; 0],
        "all of them were deleted from the mailbox"
    );
    assert_eq!(desk.run(&["ticket", "list", "--json"]).exits(0).json().len(), 1000);
    assert_eq!(column(&desk, "SELECT integrity_check FROM pragma_integrity_check"), ["ok"]);
    assert_eq!(column(&desk, "SELECT CAST(count(*) AS TEXT) FROM pragma_foreign_key_check"), ["0"]);
}

#[test]
fn wherever_it_dies_the_next_one_ends_where_an_undisturbed_one_would_have() {
    let template = desk("on_success = \"delete\"\non_skip = \"keep\"");
    template.deliver("1", &Letter::new("1@x", "Printer").bytes());
    template.deliver("2", &Letter::new("2@x", "Re: [support-1] x").from("mallory@example.com").bytes());
    template.run(&["fetch", "--no-send"]).exits(0);
    template.run(&["fetch", "--no-send"]).exits(0);
    // The shim that ends the program has no other clock.
    let store = Connection::open(template.path("desk.db")).unwrap();
    let older = "UPDATE outcome SET at = '2020-01-01T00:00:00.000000Z';
        UPDATE run SET started_at = '2020-01-01T00:00:00.000000Z';
        UPDATE outbox SET state_since = '2020-01-01T00:00:00.000000Z' WHERE state <> 'queued';";
    store.execute_batch(older).unwrap();
    drop(store);
    let begun = || {
        let desk = desk("");
        fs::copy(template.path("desk.db"), desk.path("desk.db")).unwrap();
        desk
    };
    let left = |desk: &Desk| {
        let rows =
            "SELECT item || coalesce(subject, '') || coalesce(author, '') || notes FROM outcome ORDER BY id";
        [
            column(desk, rows),
            column(desk, "SELECT CAST(id AS TEXT) FROM run"),
            column(desk, "SELECT key FROM outbox"),
        ]
    };
    let undisturbed = begun();
    assert!(!aborted(&dying(&undisturbed, &["prune"], 0).output().unwrap()));
    let (all, expected) = (steps(&undisturbed), left(&undisturbed));
    assert!(all > 20, "only {all} steps");
    for at in 1..=all {
        let desk = begun();
        assert!(aborted(&dying(&desk, &["prune"], at).output().unwrap()), "step {at} of {all}");
        desk.run(&["prune"]).exits(0);
        assert_eq!(left(&desk), expected, "step {at} of {all}");
    }
}
