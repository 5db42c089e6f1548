//! Tickets, outcomes and quarantine, looked at and changed from the command line.

use std::os::unix::fs::PermissionsExt;

use predicates::str::contains;

use crate::cli_place::{Place, RAW};

fn keys(value: &serde_json::Value) -> Vec<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

const TICKET: [&str; 11] = [
    "ticket",
    "queue",
    "title",
    "status",
    "priority",
    "tags",
    "requester",
    "participants",
    "created_at",
    "updated_at",
    "merged_into",
];

const OUTCOME: [&str; 16] = [
    "type",
    "mailbox",
    "folder",
    "item",
    "message_id",
    "from",
    "subject",
    "outcome",
    "reason",
    "ticket",
    "error",
    "run",
    "at",
    "id",
    "notes",
    "reset",
];

#[test]
fn before_the_first_run_the_lists_are_empty_and_no_store_is_made() {
    let place = Place::configured();
    for line in ["ticket list", "outcomes --json", "quarantine list"] {
        assert_eq!(place.output(line, 0), "", "{line}");
    }
    for line in ["ticket show 1", "ticket close 1", "quarantine drop 1", "outcomes reset 1"] {
        place.command(line).assert().code(66).stderr(contains("there is no store"));
    }
    assert!(!place.directory.path().join("helpdesk-mail.db").exists());
}

#[test]
fn tickets_are_listed_and_shown_as_the_contract_says() {
    let place = Place::filled();
    let list = place.json("ticket list --json", 0);
    assert_eq!(list.len(), 2);
    assert_eq!(keys(&list[0]), TICKET);
    assert_eq!(place.json("ticket list --queue sales --json", 0)[0]["ticket"], "sales-2");
    let shown = &place.json("ticket show support-1 --json", 0)[0];
    assert_eq!(keys(shown)[..12], [&TICKET[..], &["messages"]].concat());
    assert_eq!(shown["requester"]["address"], "alice@example.org");
    assert_eq!(
        keys(&shown["messages"][0]),
        ["direction", "message_id", "from", "date", "text", "reply", "attachments", "defects"]
    );
    assert_eq!(
        (&shown["messages"][0]["defects"][0], &shown["linked_to"]),
        (&"no-date".into(), &serde_json::json!([]))
    );
    assert!(
        place.output("ticket show 1", 0).ends_with("attachment: a.txt (text/plain, 3 B)\ndefect: no-date\n")
    );
    assert_eq!(shown["messages"][0]["attachments"][0]["filename"], "a.txt");
}

#[test]
fn what_people_read_holds_no_escape_sequence_from_a_mail() {
    let place = Place::filled();
    for line in ["ticket list", "ticket show 1", "outcomes", "quarantine list", "quarantine show 1"] {
        let text = place.output(line, 0);
        assert!(!text.is_empty() && !text.contains('\u{1b}'), "{line}: {text:?}");
    }
    assert!(place.output("ticket show 1", 0).contains("Printer\\u{1b}[2J on fire"));
    assert!(place.output("ticket show 1", 0).contains("It burns.\nReally.\\u{1b}[2J\n"));
}

#[test]
fn colours_come_where_they_are_asked_for() {
    let place = Place::filled();
    assert!(place.output("--color always ticket list", 0).contains("\u{1b}[32mopen\u{1b}[0m"));
    assert!(!place.output("--color never ticket list", 0).contains('\u{1b}'));
    assert!(!place.output("ticket list", 0).contains('\u{1b}'));
}

#[test]
fn the_queue_of_a_ticket_must_be_its_own() {
    let place = Place::filled();
    place.command("ticket show sales-1").assert().code(66).stderr(contains("number 1 is ticket support-1"));
    place
        .command("ticket close support-99")
        .assert()
        .code(66)
        .stderr(contains("there is no ticket support-99"));
}

#[test]
fn tickets_are_closed_reopened_and_merged() {
    let place = Place::filled();
    let status = |id: &str| place.json(&format!("ticket show {id} --json"), 0)[0]["status"].clone();
    assert_eq!(place.output("ticket close support-1", 0), "support-1 is closed\n");
    assert_eq!(status("1"), "closed");
    assert_eq!(place.output("ticket reopen 1", 0), "support-1 is open again\n");
    assert_ne!(status("1"), "closed");
    assert_eq!(place.output("ticket merge 2 support-1", 0), "sales-2 is part of support-1 now\n");
    assert_eq!(status("sales-2"), "merged");
    place.command("ticket merge 1 1").assert().code(64);
}

#[test]
fn outcomes_are_listed_filtered_and_reset() {
    let place = Place::filled();
    let all = place.json("outcomes --json", 0);
    assert_eq!(all.len(), 2);
    assert_eq!(keys(&all[0]), OUTCOME);
    let failed = place.json("outcomes --json --outcome failed", 0);
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["error"]["error_code"], "message.unreadable");
    assert_eq!(place.json("outcomes --json --since 24h", 0).len(), 0);
    assert_eq!(place.json("outcomes --json --since 2023-11-01 --limit 1", 0).len(), 1);
    assert!(place.output("outcomes", 0).starts_with("ID  AT"));
    place.command("outcomes reset one 999").assert().code(66).stderr(contains("no outcome of 999\n"));
    assert_eq!(
        place.output("outcomes reset one", 0),
        "1 reset; the next fetch takes what is still in the mailbox again\n"
    );
    let is_reset: Vec<bool> =
        place.json("outcomes --json", 0).iter().map(|row| row["reset"].as_bool().unwrap()).collect();
    assert_eq!(is_reset, all.iter().map(|row| row["item"] == "one").collect::<Vec<_>>());
    let table = place.output("outcomes", 0);
    assert_eq!(table.lines().filter(|line| line.contains(" (reset) ")).count(), 1, "{table}");
    assert_eq!(place.json("outcomes reset --outcome failed --json", 0)[0]["reset"], 1);
    place.command("outcomes reset nothing").assert().code(66);
}

#[test]
fn a_name_that_is_neither_configured_nor_in_the_store_is_a_wrong_command_line() {
    let place = Place::filled();
    let wrong = [
        ("ticket list --queue nope", "there are: support, sales"),
        ("ticket list --queue suport", "did you mean \"support\"? there are: support, sales"),
        ("outcomes --mailbox nope", "there are: support, ingest\n"),
        ("outcomes --mailbox suport --json", "did you mean \"support\"?"),
        ("outcomes reset --mailbox Support", "did you mean \"support\"?"),
        ("fetch --mailbox suport", "did you mean \"support\"?"),
    ];
    for (line, hint) in wrong {
        place.command(line).assert().code(64).stderr(contains(hint));
    }
    assert_eq!(place.json("ticket list --queue SUPPORT --json", 0).len(), 1);
    // What was configured once is known by what the store has of it.
    place.write(
        "helpdesk-mail.toml",
        "[store]\nurl = \"sqlite:helpdesk-mail.db\"\n[queue.other]\ntitle = \"Other\"\n",
    );
    assert_eq!(place.json("ticket list --queue sales --json", 0).len(), 1);
    assert_eq!(place.json("outcomes --mailbox support --json", 0).len(), 2);
    place
        .command("ticket list --queue nope")
        .assert()
        .code(64)
        .stderr(contains("there are: other, sales, support"));
    assert_eq!(place.json("outcomes --mailbox ingest --json", 0).len(), 0);
    let fresh = Place::configured();
    fresh.command("fetch --mailbox nope").assert().code(64);
    fresh.command("ticket list --queue nope").assert().code(64);
    assert!(!fresh.directory.path().join("helpdesk-mail.db").exists());
}

#[test]
fn with_v_notes_and_errors_stand_beneath_the_outcomes() {
    let place = Place::filled();
    let table = place.output("-v outcomes --outcome failed", 0);
    let lines: Vec<&str> = table.lines().skip(2).collect();
    let expected = [
        "  note: odd \\u{1b}[2J",
        "  error: nothing could be made out (message.unreadable)",
        "  hint: look at it",
    ];
    assert_eq!(lines, expected);
    assert_eq!(place.output("outcomes --outcome failed", 0).lines().count(), 2);
}

#[test]
fn the_quarantine_is_listed_exported_and_dropped() {
    let place = Place::filled();
    let list = place.json("quarantine list --json", 0);
    let outcome: Vec<&str> = OUTCOME.into_iter().filter(|key| *key != "id").collect();
    assert_eq!(keys(&list[0]), [&["id"], outcome.as_slice(), &["size", "sha256"]].concat());
    let id = list[0]["id"].as_i64().unwrap();
    assert!(place.output(&format!("quarantine show {id}"), 0).contains("nothing could be made out"));
    let raw = place.command(&format!("quarantine export {id}")).assert().code(0).get_output().stdout.clone();
    assert_eq!(raw, RAW);
    let line = format!("quarantine export {id} --output kept.eml");
    place.command(&line).assert().code(0);
    let kept = place.directory.path().join("kept.eml");
    assert_eq!(std::fs::read(&kept).unwrap(), RAW);
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    place.command(&line).assert().code(73);
    place.command(&format!("quarantine drop {id}")).assert().code(0);
    assert_eq!(place.output("quarantine list", 0), "");
    place.command(&format!("quarantine show {id}")).assert().code(66);
}
