//! The log: one id for a run and one for an item through all lines, for people, programs and the journal, in a file or on
//! standard error.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::Value;

use crate::support::desk::{Desk, Run};
use crate::support::letter::Letter;

fn mail(id: &str) -> Vec<u8> {
    Letter::new(id, "Printer").body("It burns.").bytes()
}

/// A desk whose mailbox only updates, so that a new mail is skipped, with one such mail.
fn desk() -> Desk {
    let desk = Desk::with_maildir("update_only = true");
    desk.deliver("1.a", &mail("a@example.org"));
    desk
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn all_lines_of_a_run_have_its_number_and_all_of_an_item_its_key() {
    let desk = desk();
    desk.run(&["fetch"]).exits(0);
    desk.deliver("2.b", &mail("b@example.org"));
    let run = desk.run(&["--log-format", "json", "-v", "fetch"]).exits(0);
    let lines = objects(&run.stderr);
    assert!(lines.len() >= 3, "{}", run.stderr);
    for line in &lines {
        assert_eq!(line["run"], 2, "{line}");
        for key in ["time", "level", "message"] {
            assert!(line[key].is_string(), "{line}");
        }
    }
    let of_the_item: Vec<_> = lines.iter().filter(|line| line["item"] == "2.b").collect();
    let [line] = of_the_item.as_slice() else { panic!("{}", run.stderr) };
    let word = |key: &str| line[key].as_str().unwrap_or_default();
    let words = ["level", "mailbox", "outcome", "reason"].map(word);
    assert_eq!(words, ["warn", "support", "skipped", "no-ticket-id"]);
    assert!(!line.as_object().unwrap().contains_key("ticket"), "what is not there has no key: {line}");
}

#[test]
fn what_hooks_say_and_what_is_sent_at_the_end_of_a_run_is_found_by_its_number_item_event_and_code() {
    let hook = |event, program| {
        format!("[[hook]]\nname = \"{program}\"\nevent = \"{event}\"\ncommand = [\"/bin/{program}\"]\n")
    };
    let outbox = "[outbox]\nmax_age = \"36500d\"\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\n";
    let hooks = ["pre-process", "post-process"].map(|event| hook(event, "false")).concat();
    let desk = Desk::with_maildir(&format!("{outbox}{hooks}"));
    desk.deliver("1.a", &mail("a@example.org"));
    let run = desk.run(&["--log-format", "json", "-vvv", "fetch"]).exits(0);
    let lines = objects(&run.stderr);
    assert!(lines.iter().all(|line| line["run"] == 1), "{}", run.stderr);
    assert!(lines.iter().any(|line| line["error_code"] == "outbox.connect"), "{}", run.stderr);
    let of_hooks: Vec<_> = lines.iter().filter(|line| line["hook"] == "false").collect();
    let is_named = |line: &&Value| line["event"].as_str().is_some_and(|id| id.starts_with("msg_"));
    assert!(of_hooks.iter().all(is_named), "{}", run.stderr);
    let failures: Vec<_> = of_hooks.iter().filter(|line| line["error_code"] == "hook.failed").collect();
    let [asked, told] = failures.as_slice() else { panic!("{}", run.stderr) };
    assert_eq!((&asked["item"], &asked["mailbox"]), (&"1.a".into(), &"support".into()));
    let rows = desk.run(&["events", "list", "--json"]).exits(0).json();
    assert_eq!(rows[0]["event_id"], told["event"]);
}

#[test]
fn an_outcome_that_needs_nobody_is_information_and_names_its_ticket() {
    let desk = Desk::with_maildir("");
    desk.deliver("1.a", &mail("a@example.org"));
    let run = desk.run(&["--log-format", "json", "-v", "fetch"]).exits(0);
    let lines = objects(&run.stderr);
    let line = lines.iter().find(|line| line["item"] == "1.a").unwrap();
    assert_eq!((&line["level"], &line["ticket"]), (&"info".into(), &"support-1".into()));
    assert!(!run.stderr.contains("Printer") && !run.stderr.contains("burns"), "{}", run.stderr);
}

#[test]
fn the_journal_gets_priorities_and_no_time() {
    let run = desk().run(&["--log-format", "journal", "-v", "fetch"]).exits(0);
    let heads: Vec<_> = run.stderr.lines().map(|line| &line[..3]).collect();
    assert!(heads.contains(&"<4>") && heads.contains(&"<6>"), "{}", run.stderr);
    assert!(heads.iter().all(|head| ["<3>", "<4>", "<6>", "<7>"].contains(head)), "{}", run.stderr);
    assert!(
        run.stderr.contains("<4>skipped: no-ticket-id (mailbox \"support\", item 1.a)"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_file_takes_the_log_and_standard_error_keeps_the_errors() {
    let desk = desk();
    let file = desk.path("run.log");
    let arguments = ["--log-file", file.to_str().unwrap(), "fetch"];
    let quiet = desk.run(&arguments).exits(0);
    assert_eq!(quiet.stderr, "");
    let first = fs::read_to_string(&file).unwrap();
    assert!(first.contains(" WARN  skipped: no-ticket-id"), "{first}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);

    fs::remove_dir_all(desk.path("mail")).unwrap();
    let broken = desk.run(&arguments).exits(69);
    assert!(broken.stderr.contains(" ERROR mailbox \"support\""), "{}", broken.stderr);
    let both = fs::read_to_string(&file).unwrap();
    assert!(both.starts_with(&first) && both.ends_with(&broken.stderr), "{both}");
}

#[test]
fn a_log_file_that_cannot_be_written_ends_the_command_before_it_begins() {
    let desk = desk();
    let file = desk.path("nowhere").join("run.log");
    let arguments = ["--log-file", file.to_str().unwrap()];
    let fetch = desk.run(&[&arguments[..], &["fetch"]].concat()).exits(74);
    assert!(fetch.stderr.contains("cannot write the log file"), "{}", fetch.stderr);
    assert!(!desk.path("desk.db").exists());
    let mut mta = desk.command(&[&arguments[..], &["ingest", "--mta"]].concat());
    Run::of(mta.stdin(Stdio::null()).output().unwrap()).exits(75);
}

#[test]
fn a_full_disk_below_the_log_costs_lines_and_nothing_else() {
    let desk = Desk::with_maildir("");
    desk.deliver("1.a", &mail("a@example.org"));
    let run = desk.run(&["-v", "--log-file", "/dev/full", "fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
}
