//! Notifications, looked at and changed from the command line.

use predicates::str::contains;

use crate::cli_place::{Place, notify};

/// A home with two notifications: 1 waits, 2 is suppressed.
fn place() -> Place {
    let place = Place::filled();
    notify(&place);
    place
}

fn keys(value: &serde_json::Value) -> Vec<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn before_the_first_run_the_lists_are_empty_and_no_store_is_made() {
    let place = Place::configured();
    for line in ["outbox list", "outbox list --json --ticket 1", "outbox suppressed list"] {
        assert_eq!(place.output(line, 0), "", "{line}");
    }
    for line in ["outbox show 1", "outbox requeue 1", "outbox cancel 1", "outbox suppressed add a@x"] {
        place.command(line).assert().code(66).stderr(contains("there is no store"));
    }
    assert!(!place.directory.path().join("helpdesk-mail.db").exists());
}

#[test]
fn without_an_outbox_in_the_configuration_send_says_so() {
    let place = place();
    place.command("send").assert().code(78).stderr(contains("nobody is notified"));
    let error = &place.json("send --json", 78)[0];
    assert_eq!(error["error_code"], "config.invalid");
}

#[test]
fn notifications_are_listed_as_the_contract_says() {
    let place = place();
    let list = place.json("outbox list --json", 0);
    let contract = [
        "id",
        "ticket",
        "to",
        "template",
        "state",
        "attempts",
        "next_attempt_at",
        "last_error",
        "message_id",
    ];
    assert_eq!(keys(&list[0])[..9], contract);
    let expected = serde_json::json!({
        "id": 1, "ticket": "support-1", "to": "alice@example.org", "template": "created", "state": "queued",
        "attempts": 0, "next_attempt_at": "2023-11-14T22:13:20Z", "last_error": null, "message_id": "n1@x",
    });
    contract.iter().for_each(|key| assert_eq!(list[0][*key], expected[*key], "{key}"));
    assert_eq!((&list[1]["state"], &list[1]["reason"]), (&"suppressed".into(), &"dmarc".into()));
    let of = |filter: &str| {
        let list = place.json(&format!("outbox list --json {filter}"), 0);
        list.iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(of("--state suppressed"), [2]);
    assert_eq!(of("--ticket support-1"), [1, 2]);
    assert_eq!(of("--ticket 2"), [0; 0]);
    assert_eq!(of("--to ALICE@example.org"), [1]);
    assert_eq!(of("--limit 1"), [2]);
    place.command("outbox list --ticket sales-1").assert().code(66);
    place.command("outbox list --state lost").assert().code(64);
}

#[test]
fn what_people_read_holds_no_escape_sequence() {
    let place = place();
    for line in ["outbox list", "outbox show 2"] {
        let text = place.output(line, 0);
        assert!(text.contains("b\\u{1b}[2J@example.org") && !text.contains('\u{1b}'), "{line}: {text:?}");
    }
    assert_eq!(place.json("outbox show 1 --json", 0)[0]["tries"], serde_json::json!([]));
    place.command("outbox show 3").assert().code(66).stderr(contains("there is no notification 3"));
}

#[test]
fn notifications_are_cancelled_and_requeued_all_or_none() {
    let place = place();
    let states = || {
        let list = place.json("outbox list --json", 0);
        list.iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    place.command("outbox cancel 1 2").assert().code(64).stderr(contains("notification 2 is suppressed"));
    assert_eq!(states(), "queued suppressed");
    assert_eq!(place.output("outbox cancel 1", 0), "notification 1 is cancelled\n");
    assert_eq!(states(), "cancelled suppressed");
    assert_eq!(
        place.output("outbox requeue 1 2", 0),
        "notification 1 is due now\nnotification 2 is due now\n"
    );
    assert_eq!(states(), "queued queued");
    let row = &place.json("outbox list --json", 0)[1];
    assert_eq!((&row["priority"], &row["reason"]), (&"now".into(), &serde_json::Value::Null));
    place.command("outbox requeue 9").assert().code(66).stderr(contains("nothing was changed"));
}

#[test]
fn a_language_that_is_none_is_refused_and_one_without_templates_is_shown_as_it_would_be_sent() {
    let place = place();
    place.command("outbox preview created --locale ../../etc").assert().code(64).stderr(contains("de-AT"));
    assert!(place.output("outbox preview created --locale tlh", 0).contains("Hello Alice Example"));
}

#[test]
fn addresses_are_suppressed_and_written_to_again() {
    let place = place();
    assert_eq!(place.output("outbox suppressed list", 0), "");
    place.command("outbox suppressed add Bob@example.org").assert().code(0);
    place.command("outbox suppressed add carl@example.org --for 30d").assert().code(0);
    let list = place.json("outbox suppressed list --json", 0);
    assert_eq!(keys(&list[0]), ["address", "reason", "status", "since", "until"]);
    assert_eq!(
        (&list[0]["address"], &list[0]["until"]),
        (&"Bob@example.org".into(), &serde_json::Value::Null)
    );
    assert_eq!((&list[1]["reason"], list[1]["until"].is_string()), (&"by-hand".into(), true));
    place.command("outbox suppressed remove BOB@example.org").assert().code(0);
    assert_eq!(place.json("outbox suppressed list --json", 0).len(), 1);
    place.command("outbox suppressed remove bob@example.org").assert().code(66);
    place.command("outbox suppressed add bob").assert().code(64);
    place.command("outbox suppressed add bob@x --for soon").assert().code(64);
    place.command("outbox suppressed add bob@x --for 0s").assert().code(64);
    // Whoever adds these means something that they would not do.
    for odd in ["*@example.org", "<bob@x>", "bob@x,carl@x", "bob@x@y", "bob@"] {
        let refused = place.command(&format!("outbox suppressed add {odd}")).assert().code(64);
        refused.stderr(contains("is no mail address"));
    }
}
