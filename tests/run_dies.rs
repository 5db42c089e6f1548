//! Whatever ends a run, the next ones reach the state of an undisturbed run, and two runs never take one mailbox.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use helpdesk_mail::store::{Config, Store};
use serde_json::Value;

use crate::support::desk::{Desk, Run};
use crate::support::letter::Letter;
use crate::support::torture::{self, is_long};

const MAILS: usize = 60;

/// A Maildir of tickets and answers to them, in small batches, whose mail is marked as seen once it is settled.
fn desk() -> Desk {
    let desk = Desk::with_maildir("batch_size = 2\non_success = \"seen\"");
    for n in 0..MAILS {
        let id = format!("{n}@x");
        let letter = Letter::new(&id, &format!("Mail {n}"));
        let letter = if n % 3 == 2 { letter.answers(&format!("{}@x", n - 1)) } else { letter };
        desk.deliver(&format!("{n:03}"), &letter.bytes());
    }
    desk
}

/// Tickets with their messages, and what became of each item, without times.
fn state(desk: &Desk) -> Vec<String> {
    let tickets = desk.run(&["ticket", "list", "--json"]).exits(0).json();
    let mut lines = Vec::new();
    for ticket in &tickets {
        let shown = desk.run(&["ticket", "show", ticket["ticket"].as_str().unwrap(), "--json"]).exits(0);
        let messages = shown.json()[0]["messages"].as_array().unwrap().clone();
        let ids: Vec<_> = messages.iter().map(|message| message["message_id"].to_string()).collect();
        lines.push(format!("{} {}", ticket["ticket"], ids.join(" ")));
    }
    lines.sort();
    let mut outcomes = desk.run(&["outcomes", "--json"]).exits(0).outcomes();
    outcomes.sort();
    lines.extend(outcomes);
    lines
}

fn told(desk: &Desk) -> usize {
    std::fs::read_dir(desk.path("mail").join("cur")).unwrap().count()
}

fn start(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn runs_that_are_killed_at_any_instant_end_in_the_state_of_an_undisturbed_one() {
    let undisturbed = desk();
    undisturbed.run(&["fetch"]).exits(0);
    let expected = state(&undisturbed);

    let killed = desk();
    let mut in_the_middle = 0;
    for instant in 0..10 {
        let before = told(&killed);
        let mut run = start(killed.command(&["fetch", "--json"]));
        // Half of them die at any time, the others when they are seen at work, however slow the machine is.
        while instant % 2 == 1 && told(&killed) == before && run.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(instant));
        run.kill().unwrap();
        run.wait().unwrap();
        in_the_middle += usize::from((before + 1..MAILS).contains(&told(&killed)));
    }
    killed.run(&["fetch"]).exits(0);
    assert_eq!(state(&killed), expected);
    assert_eq!(told(&killed), MAILS);
    assert!(in_the_middle > 0, "no run was killed in the middle");
}

/// A desk of which one run has made the store, with four long mails, and a run that finds no file larger than so many
/// units of 512 octets.
fn with_room(units: u32) -> (Desk, Run) {
    let desk = Desk::with_maildir("on_success = \"seen\"\nbatch_size = 1");
    desk.run(&["fetch"]).exits(0);
    for n in 0..4 {
        let words = format!("{n}\r\n").repeat(60_000);
        desk.deliver(&format!("0{n}"), &Letter::new(&format!("{n}@x"), "Long").body(&words).bytes());
    }
    let mut limited = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {units}; exec \"$@\"");
    limited.env_clear().args(["-c", &script, "sh"]);
    limited.arg(env!("CARGO_BIN_EXE_helpdesk-mail")).arg("--config").arg(desk.path("desk.toml"));
    let run = Run::of(limited.args(["fetch", "--json"]).stdin(Stdio::null()).output().unwrap());
    (desk, run)
}

#[track_caller]
fn goes_on(desk: &Desk) {
    desk.run(&["fetch"]).exits(0);
    assert_eq!(told(desk), 4);
    assert_eq!(desk.run(&["ticket", "list", "--json"]).json().len(), 4);
}

#[test]
fn a_full_disk_ends_with_74_acknowledges_nothing_unsettled_and_the_next_run_goes_on() {
    // Room for the first message and not for all.
    let (desk, run) = with_room(2400);
    let run = run.exits(74);
    let outcomes = run.outcomes();
    assert_eq!(outcomes.first().map(String::as_str), Some("created/new support-1"), "{}", run.stderr);
    assert_eq!(outcomes.last().map(String::as_str), Some("deferred/temporary -"));
    assert_eq!(run.lines("mailbox")[0]["error"]["error_code"], "store.full");
    assert_eq!(told(&desk), outcomes.len() - 1, "only what is settled was told");
    goes_on(&desk);
}

#[test]
fn wherever_the_disk_is_full_the_next_run_goes_on() {
    let (mut full, mut tried) = (0, 0);
    for units in (200..4400).step_by(if is_long() { 20 } else { 700 }) {
        let (desk, run) = with_room(units);
        assert!([0, 74].contains(&run.code), "{units}: {} {}", run.code, run.stderr);
        let created = run.outcomes().iter().filter(|outcome| outcome.starts_with("created")).count();
        assert!(told(&desk) <= created, "{units}: something was told that is not settled");
        (full, tried) = (full + usize::from(run.code == 74), tried + 1);
        goes_on(&desk);
    }
    torture::told(&format!("full disk: {full} of {tried} runs found no room, each next run went on"));
    assert!(full > 2);
}

#[test]
fn of_two_fetches_at_once_one_ends_with_75_and_no_mail_is_taken_twice() {
    let desk = desk();
    let runs = [start(desk.command(&["fetch", "--json"])), start(desk.command(&["fetch", "--json"]))];
    let mut codes: Vec<i32> =
        runs.into_iter().map(|run| Run::of(run.wait_with_output().unwrap()).code).collect();
    codes.sort_unstable();
    assert!(codes == [0, 75] || codes == [0, 0], "{codes:?}");
    let undisturbed = self::desk();
    undisturbed.run(&["fetch"]).exits(0);
    assert_eq!(state(&desk), state(&undisturbed));
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
