//! Events: what happened is told to hooks, at least once and with one id, whatever they or the program do.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::outbox::letter;
use crate::support::desk::{Desk, Run};
use crate::support::dies::{aborted, dying, shifted, steps};
use crate::support::event::{is_refused, valid};
use crate::support::hooked::{configure, hook, program};
use crate::support::letter::Letter;
use crate::support::torture::{is_long, told};

/// A desk with a Maildir and a hook that keeps what it is given of these events; further lines stand at the end.
fn desk(events: &[&str], more: &str) -> Desk {
    let desk = Desk::with_maildir("");
    let hooks: String = events.iter().map(|event| hook(event, "keep", "")).collect();
    configure(&desk, &format!("{hooks}{more}"));
    program(&desk, "keep", KEEP);
    desk
}

const KEEP: &str = "cat >>@given; echo >>@given";

fn fetch(desk: &Desk) -> Run {
    desk.run(&["fetch", "--json"])
}

/// What the hook was given, as the schema has it.
fn given(desk: &Desk) -> Vec<Value> {
    let text = fs::read_to_string(desk.path("given")).unwrap_or_default();
    text.lines().map(valid).collect()
}

/// `event hook state/reason attempts` of each row.
pub fn states(desk: &Desk) -> Vec<String> {
    let rows = desk.run(&["events", "list", "--json"]).exits(0).json();
    let word = |row: &Value, key: &str| row[key].as_str().unwrap_or("-").to_owned();
    let state = |row: &Value| {
        let [event, hook, state, reason] = ["event", "hook", "state", "reason"].map(|key| word(row, key));
        format!("{event} {hook} {state}/{reason} {}", row["attempts"])
    };
    rows.iter().map(state).collect()
}

fn first() -> Letter {
    Letter::new("first@example.org", "Printer")
}

fn again(number: u32) -> Letter {
    Letter::new(&format!("{number}@example.org"), "Re: Printer").answers("first@example.org")
}

#[test]
fn what_came_on_a_ticket_is_told_once_it_is_there() {
    let desk = desk(&["post-process"], "");
    desk.deliver("1", &first().bytes());
    fetch(&desk).exits(0);
    desk.deliver("2", &again(2).bytes());
    fetch(&desk).exits(0);
    desk.run(&["ticket", "close", "1"]).exits(0);
    desk.deliver("3", &again(3).bytes());
    // The same once more, and one that is no ticket's.
    desk.deliver("4", &again(3).bytes());
    fetch(&desk).exits(0);
    let given = given(&desk);
    let told: Vec<String> =
        given.iter().map(|it| format!("{} {}", it["data"]["outcome"], it["data"]["ticket"])).collect();
    let on = |outcome: &str| format!("\"{outcome}\" \"support-1\"");
    assert_eq!(told, [on("created"), on("updated"), on("reopened")]);
    assert_eq!(given[0]["data"]["from"], "alice@example.org");
    let ids: BTreeSet<&str> = given.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3, "each event has an id of its own");
    assert_eq!(states(&desk), ["post-process keep delivered/- 1"; 3]);
}

#[test]
fn messages_that_fail_or_are_put_off_are_told_with_their_error() {
    let odd = hook("pre-process", "odd", "on_failure = \"defer\"");
    let desk = desk(&["processing-error", "post-process"], &odd);
    program(&desk, "odd", "exit 1");
    desk.deliver("1", &first().bytes());
    desk.deliver("2", b"\r\n\r\n");
    fetch(&desk).exits(75);
    let told: Vec<String> = given(&desk)
        .iter()
        .map(|it| {
            let data = &it["data"];
            format!("{} {} {} {}", it["type"], data["outcome"], data["reason"], data["error"]["error_code"])
        })
        .collect();
    assert_eq!(
        told,
        [
            "\"processing-error\" \"deferred\" \"temporary\" \"hook.failed\"",
            "\"processing-error\" \"failed\" \"unreadable\" \"message.unreadable\""
        ]
    );
}

#[test]
fn a_mailbox_that_cannot_be_fetched_is_told() {
    let desk = desk(
        &["mailbox-error"],
        "[mailbox.gone]\ntype = \"directory\"\nqueue = \"support\"\npath = \"gone\"\n",
    );
    let text = fs::read_to_string(desk.path("desk.toml")).unwrap();
    assert!(text.contains("mailbox.gone"), "{text}");
    desk.deliver("1", &first().bytes());
    fetch(&desk).exits(69);
    let given = given(&desk);
    assert_eq!((given.len(), &given[0]["data"]["mailbox"]), (1, &"gone".into()));
    assert_eq!(given[0]["data"]["error"]["error_code"], "mailbox.folder");
    // One that another run holds is nobody's error.
    fetch(&desk).exits(69);
    assert_eq!(self::given(&desk).len(), 2);
}

#[test]
fn a_notification_that_is_given_up_is_told_in_whatever_way_it_was() {
    let out = "[outbox]\nbackend = \"sendmail\"\npath = \"$refuse\"\n";
    let desk = desk(&["delivery-error"], out);
    program(&desk, "refuse", "exit 67");
    desk.deliver("1", &letter("first@example.org", "Printer").bytes());
    fetch(&desk).exits(0);
    let told = given(&desk).remove(0)["data"].clone();
    assert_eq!((&told["reason"], &told["to"]), (&"rejected".into(), &"alice@example.org".into()));
    assert_eq!((&told["ticket"], &told["attempts"]), (&"support-1".into(), &1.into()));
    // Cut off twice while the program has it: nobody knows whether it was taken.
    program(&desk, "refuse", "cat >/dev/null; kill -9 $PPID");
    desk.run(&["outbox", "requeue", "1"]).exits(0);
    for _ in 0..2 {
        assert_eq!(desk.run(&["send"]).code, -1, "it was killed");
    }
    desk.run(&["send"]).exits(1);
    assert_eq!(given(&desk)[1]["data"]["reason"], "uncertain");
    // Its queue writes no more.
    desk.deliver("2", &letter("second@example.org", "Fire").bytes());
    desk.run(&["fetch", "--no-send"]).exits(0);
    let text = fs::read_to_string(desk.path("desk.toml")).unwrap();
    fs::write(desk.path("desk.toml"), text.replace("address = \"support@example.org\"\n", "")).unwrap();
    desk.run(&["send"]).exits(1);
    assert_eq!(given(&desk)[2]["data"]["reason"], "no-queue");
    // It is no news any more.
    fs::write(desk.path("desk.toml"), text).unwrap();
    desk.deliver("3", &letter("third@example.org", "Water").bytes());
    desk.run(&["fetch", "--no-send"]).exits(0);
    Run::of(shifted(&desk, &["send"], 4 * 86_400).output().unwrap()).exits(0);
    assert_eq!(given(&desk)[3]["data"]["reason"], "expired");
}

#[test]
fn hooks_of_one_event_are_told_in_the_order_of_the_file_with_one_id() {
    let more = format!("{}{}", hook("post-process", "b", ""), hook("post-process", "a", ""));
    let desk = desk(&["post-process"], &more);
    for name in ["keep", "a", "b"] {
        program(&desk, name, &format!("echo {name} $HELPDESK_MAIL_EVENT_ID >>@order"));
    }
    desk.deliver("1", &first().bytes());
    fetch(&desk).exits(0);
    let order = fs::read_to_string(desk.path("order")).unwrap();
    let (names, ids): (Vec<&str>, BTreeSet<&str>) =
        order.lines().map(|line| line.split_once(' ').unwrap()).unzip();
    assert_eq!((names, ids.len()), (vec!["keep", "b", "a"], 1));
}

#[test]
fn a_hook_that_fails_changes_nothing_is_tried_again_later_and_given_up_loudly() {
    let desk = desk(&[], &hook("post-process", "odd", "max_attempts = 2"));
    program(&desk, "odd", "echo no database >&2; exit 1");
    desk.deliver("1", &first().bytes());
    let run = fetch(&desk).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    assert!(
        run.stderr.contains("is put off: hook \"odd\" failed: exit status 1: no database"),
        "{}",
        run.stderr
    );
    assert_eq!(states(&desk), ["post-process odd queued/- 1"]);
    fetch(&desk).exits(0);
    assert_eq!(states(&desk), ["post-process odd queued/- 1"], "it is not due");
    let run = Run::of(shifted(&desk, &["events", "deliver", "--json"], 600).output().unwrap()).exits(1);
    assert!(run.stderr.contains("is given up for hook \"odd\", too-many-attempts"), "{}", run.stderr);
    assert_eq!(run.lines("events")[0]["counts"]["failed"], 1);
    assert_eq!(states(&desk), ["post-process odd failed/too-many-attempts 2"]);
    let shown = desk.run(&["events", "show", "1", "--json"]).exits(0).json().remove(0);
    let tries = shown["tries"].as_array().unwrap();
    assert_eq!((tries.len(), &tries[0]["result"]), (2, &"later".into()));
    assert!(tries[1]["answer"].as_str().unwrap().contains("no database"));
    program(&desk, "odd", "exit 0");
    desk.run(&["events", "retry", "1"]).exits(0);
    desk.run(&["events", "deliver"]).exits(0);
    assert_eq!(states(&desk), ["post-process odd delivered/- 1"]);
}

#[test]
fn a_hook_that_fails_twice_in_a_row_is_left_alone_and_delays_no_other() {
    let desk = desk(&["post-process"], &hook("post-process", "odd", "timeout = \"1s\""));
    program(&desk, "odd", "echo called >>@called; sleep 60");
    for number in 1..=5 {
        desk.deliver(&number.to_string(), &Letter::new(&format!("{number}@example.org"), "x").bytes());
    }
    fetch(&desk).exits(0);
    assert_eq!(fs::read_to_string(desk.path("called")).unwrap(), "called\n".repeat(2));
    assert_eq!(given(&desk).len(), 5);
    let waiting = states(&desk).iter().filter(|state| state.starts_with("post-process odd queued")).count();
    assert_eq!(waiting, 5);
}

#[test]
fn an_event_whose_hook_is_configured_no_more_is_given_up_loudly() {
    let desk = desk(&["post-process"], "");
    desk.deliver("1", &first().bytes());
    desk.run(&["fetch", "--no-send"]).exits(0);
    assert_eq!(states(&desk), ["post-process keep queued/- 0"]);
    configure(&desk, "");
    let run = fetch(&desk).exits(0);
    assert!(run.stderr.contains("1 event that waited for it given up"), "{}", run.stderr);
    assert_eq!(states(&desk), ["post-process keep failed/no-hook 0"]);
}

#[test]
fn events_wait_where_nothing_is_sent_and_send_delivers_them_with_and_without_an_outbox() {
    let desk = desk(&["post-process"], "");
    desk.deliver("1", &first().bytes());
    desk.run(&["fetch", "--no-send"]).exits(0);
    assert_eq!(given(&desk).len(), 0);
    let sent = desk.run(&["send", "--json"]).exits(0);
    assert_eq!((sent.lines("event").len(), sent.lines("events").len(), given(&desk).len()), (1, 1, 1));

    let out = "[outbox]\ndeliver = \"separately\"\nbackend = \"null\"\n";
    configure(&desk, &format!("{out}{}", hook("post-process", "keep", "")));
    desk.deliver("2", &letter("second@example.org", "Fire").bytes());
    fetch(&desk).exits(0);
    assert_eq!(given(&desk).len(), 1);
    let sent = desk.run(&["send", "--json"]).exits(0);
    assert_eq!((sent.lines("notification").len(), sent.lines("event").len()), (1, 1));
    assert_eq!(given(&desk).len(), 2);
}

#[test]
fn a_dry_run_tells_nobody() {
    let desk = desk(&["post-process", "processing-error", "mailbox-error"], "");
    desk.deliver("1", &first().bytes());
    desk.run(&["fetch", "--dry-run"]).exits(0);
    assert!(!desk.path("given").exists() && !desk.path("desk.db").exists());
}

#[test]
fn events_are_listed_shown_retried_dropped_and_limited() {
    let desk = desk(&["post-process"], "");
    for number in 1..=3 {
        desk.deliver(&number.to_string(), &Letter::new(&format!("{number}@example.org"), "x").bytes());
    }
    desk.run(&["fetch", "--no-send"]).exits(0);
    desk.run(&["events", "deliver", "--limit", "1"]).exits(0);
    desk.run(&["events", "drop", "2"]).exits(0);
    let expected = ["delivered/- 1", "dropped/- 0", "queued/- 0"];
    assert_eq!(states(&desk), expected.map(|state| format!("post-process keep {state}")));
    let list = |arguments: &[&str]| {
        desk.run(&[&["events", "list", "--json"], arguments].concat()).exits(0).json().len()
    };
    assert_eq!(
        (list(&["--state", "queued"]), list(&["--hook", "other"]), list(&["--limit", "2"])),
        (1, 0, 2)
    );
    assert_eq!((list(&["--type", "post-process"]), list(&["--type", "mailbox-error"])), (3, 0));
    desk.run(&["events", "list", "--type", "pre-process"]).exits(64);
    assert!(desk.run(&["events", "list"]).exits(0).stdout.contains("delivered"));
    let shown = desk.run(&["events", "show", "1"]).exits(0).stdout;
    assert!(shown.contains("payload") && shown.contains("attempt"), "{shown}");
    let refused = desk.run(&["events", "drop", "3", "1"]).exits(64).stderr;
    assert!(refused.contains("event 1 is delivered and cannot be dropped"), "{refused}");
    assert!(desk.run(&["events", "retry", "9"]).exits(66).stderr.contains("there is no event 9"));
    assert_eq!(states(&desk)[2], "post-process keep queued/- 0", "nothing was changed");
    // What was delivered may be asked for again, and has the same id.
    desk.run(&["events", "retry", "1"]).exits(0);
    desk.run(&["events", "deliver"]).exits(0);
    let ids: Vec<Value> = given(&desk).iter().map(|event| event["id"].clone()).collect();
    assert_eq!((ids.len(), ids.iter().filter(|id| **id == ids[0]).count()), (3, 2));
}

#[test]
fn the_schema_is_printed_and_refuses_what_is_no_event() {
    let desk = desk(&[], "");
    let printed = desk.run(&["events", "schema"]).exits(0).stdout;
    assert_eq!(printed, helpdesk_mail::hook::SCHEMA);
    let desk = self::desk(&["post-process"], "");
    desk.deliver("1", &first().bytes());
    fetch(&desk).exits(0);
    let event = given(&desk).remove(0);
    for (pointer, value) in [
        ("/id", "evt_1"),
        ("/type", "post-proces"),
        ("/timestamp", "yesterday"),
        ("/data/outcome", "failed"),
        ("/data/ticket", "support"),
    ] {
        let mut wrong = event.clone();
        *wrong.pointer_mut(pointer).unwrap() = value.into();
        assert!(is_refused(&wrong), "{pointer} {value}");
    }
    let mut less = event;
    less["data"].as_object_mut().unwrap().remove("message_id");
    assert!(is_refused(&less));
}

/// The program dies at one step after the other of a run that tells a hook of one ticket.
#[test]
fn killed_at_any_step_the_event_arrives_with_the_same_id() {
    let begin = || {
        let desk = desk(&["post-process"], "");
        // Whoever kills the program may cut off what it is about to tell.
        program(
            &desk,
            "keep",
            "read -r text; case $text in *'}}') echo \"$text\" >>@given;; *) exit 1;; esac",
        );
        desk.deliver("1", &first().bytes());
        desk
    };
    let whole = begin();
    Run::of(dying(&whole, &["fetch"], 0).output().unwrap()).exits(0);
    let all = steps(&whole);
    // The short form takes more of the last steps: those of the delivery, and of the log's way into the file.
    let stride = if is_long() { 1 } else { all / 40 + 1 };
    let chosen = (1..=all).filter(|step| step % stride == 0 || (*step + 400 > all && step % 8 == 0));
    let (mut died, mut twice) = (0, 0);
    for step in chosen {
        let desk = begin();
        died += u32::from(aborted(&dying(&desk, &["fetch"], step).output().unwrap()));
        fetch(&desk).exits(0);
        let rows = desk.run(&["events", "list", "--json"]).exits(0).json();
        assert_eq!((rows.len(), &rows[0]["state"]), (1, &"delivered".into()), "step {step}");
        let given = given(&desk);
        assert!(matches!(given.len(), 1 | 2), "step {step}: {given:?}");
        assert!(given.iter().all(|event| event["id"] == rows[0]["event_id"]), "step {step}");
        twice += u32::from(given.len() == 2);
        let tickets = desk.run(&["ticket", "list", "--json"]).exits(0).json();
        assert_eq!(tickets.len(), 1, "step {step}");
    }
    told(&format!(
        "events: died at {died} of {all} steps; {twice} times the event arrived twice, with one id"
    ));
    assert!(died > 20, "died {died} times");
    assert!(twice > 0, "no death fell between the delivery and its commit");
    assert!(Path::new(&whole.path("given")).exists());
}

#[test]
fn an_event_of_which_twice_nobody_knows_whether_it_arrived_is_given_up_by_name() {
    let desk = desk(&["post-process"], "");
    program(&desk, "keep", &format!("{KEEP}; kill -KILL $PPID"));
    desk.deliver("1", &Letter::new("1@example.org", "Printer").bytes());
    desk.run(&["fetch", "--no-send"]).exits(0);
    for _ in 0..2 {
        let died = desk.command(&["events", "deliver"]).status().unwrap();
        assert_eq!(died.code(), None, "{died}");
    }
    let run = desk.run(&["--log-format", "json", "events", "deliver", "--json"]).exits(1);
    assert_eq!(states(&desk), ["post-process keep failed/uncertain 2"]);
    let given = given(&desk);
    let [first, second] = given.as_slice() else { panic!("{given:?}") };
    assert_eq!(first["id"], second["id"]);
    let (line, log) = (run.json().remove(0), serde_json::from_str::<Value>(&run.stderr).unwrap());
    assert_eq!((&line["event_id"], &line["reason"]), (&first["id"], &"uncertain".into()));
    assert_eq!((&log["event"], &log["hook"], &log["level"]), (&first["id"], &"keep".into(), &"error".into()));
}
