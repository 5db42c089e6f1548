//! Hooks that are asked on the road: each event, each veto, in order, and all that a hook should not do.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use helpdesk_mail::mailbox::Tls;
use serde_json::Value;

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::Dovecot;
use crate::support::event::valid;
use crate::support::hooked::{configure, hook, program};
use crate::support::letter::Letter;

/// A desk with a Maildir, one mail in it, and these hooks; what stands behind `$` in them is in its directory.
fn desk(hooks: &str) -> Desk {
    let desk = Desk::with_maildir("");
    configure(&desk, hooks);
    desk.deliver("1", &Letter::new("first@example.org", "Printer").bytes());
    desk
}

fn fetch(desk: &Desk) -> Run {
    desk.run(&["fetch", "--json"])
}

/// What a hook was given, each time.
fn given(desk: &Desk, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(desk.path(name)).unwrap_or_default();
    text.lines().map(valid).collect()
}

fn notes(desk: &Desk) -> Vec<String> {
    let rows = desk.run(&["outcomes", "--json"]).exits(0).json();
    rows.iter()
        .flat_map(|row| row["notes"].as_array().unwrap().clone())
        .map(|it| it.as_str().unwrap().to_owned())
        .collect()
}

const ASKED: [&str; 3] = ["pre-validate", "post-validate", "pre-process"];

#[test]
fn each_hook_is_given_its_event_and_a_message_that_all_agree_to_becomes_a_ticket() {
    let hooks: String = ASKED.iter().map(|event| hook(event, event, "")).collect();
    let desk = desk(&hooks);
    for event in ASKED {
        program(&desk, event, &format!("cat >>@given-{event}; echo >>@given-{event}"));
    }
    assert_eq!(fetch(&desk).exits(0).outcomes(), ["created/new support-1"]);
    let one = |event: &str| {
        let given = given(&desk, &format!("given-{event}"));
        assert_eq!((given.len(), given[0]["type"].as_str()), (1, Some(event)));
        given[0]["data"].clone()
    };
    let raw = one("pre-validate");
    let octets = STANDARD.decode(raw["raw"].as_str().unwrap()).unwrap();
    assert_eq!(octets, Letter::new("first@example.org", "Printer").bytes());
    assert_eq!((raw["raw_is_whole"].as_bool(), raw["mailbox"].as_str()), (Some(true), Some("support")));
    let read = one("post-validate");
    assert_eq!(read["mail"]["subject"], "Printer");
    assert_eq!(read["mail"]["from"][0]["address"], "alice@example.org");
    let decided = one("pre-process");
    assert_eq!(
        (&decided["outcome"], &decided["reason"], &decided["ticket"]),
        (&"created".into(), &"new".into(), &Value::Null)
    );
    // A follow-up names its ticket.
    desk.deliver("2", &Letter::new("second@example.org", "Re: Printer").answers("first@example.org").bytes());
    assert_eq!(fetch(&desk).exits(0).outcomes(), ["updated/in-reply-to support-1"]);
    let last = given(&desk, "given-pre-process").pop().unwrap();
    assert_eq!((&last["data"]["outcome"], &last["data"]["ticket"]), (&"updated".into(), &"support-1".into()));
    // What is settled is not asked about again.
    assert_eq!(fetch(&desk).exits(0).outcomes(), [""; 0]);
    assert_eq!(given(&desk, "given-pre-process").len(), 2);
}

#[test]
fn what_inspect_prints_is_what_a_hook_is_given() {
    let desk = desk(&hook("post-validate", "see", ""));
    program(&desk, "see", "cat >@given");
    fetch(&desk).exits(0);
    let mail = desk.path("mail.eml");
    fs::write(&mail, Letter::new("first@example.org", "Printer").bytes()).unwrap();
    let printed = desk.run(&["inspect", mail.to_str().unwrap()]).exits(0).json().remove(0);
    assert_eq!(given(&desk, "given")[0]["data"]["mail"], printed);
}

#[test]
fn a_veto_skips_the_message_stops_the_rest_and_is_named_in_the_ledger() {
    for event in ASKED {
        let desk = desk(&format!("{}{}{}", hook(event, "a", ""), hook(event, "b", ""), hook(event, "c", "")));
        program(&desk, "a", "echo a >>@order");
        program(&desk, "b", "echo b >>@order; printf 'not\\033[2J welcome\\nat all'; exit 10");
        program(&desk, "c", "echo c >>@order");
        let run = fetch(&desk).exits(0);
        assert_eq!(run.outcomes(), ["skipped/hook -"], "{event}");
        assert_eq!(fs::read_to_string(desk.path("order")).unwrap(), "a\nb\n", "{event}");
        assert!(
            notes(&desk).contains(&"hook \"b\" says: not[2J welcome".to_owned()),
            "{event}: {:?}",
            notes(&desk)
        );
        let line = &run.lines("message")[0];
        assert_eq!((&line["subject"], &line["error"]), (&"Printer".into(), &Value::Null), "{event}");
        assert_eq!(fetch(&desk).exits(0).outcomes(), [""; 0], "it is settled");
        assert_eq!(desk.run(&["ticket", "list", "--json"]).exits(0).stdout, "");
    }
}

#[test]
fn a_hook_that_fails_does_what_on_failure_says() {
    let scripts = [
        ("exit 3", "hook.failed"),
        ("kill -9 $$", "hook.failed"),
        ("sleep 60", "hook.timeout"),
        ("yes", "hook.timeout"),
        ("", "hook.failed"),
    ];
    for (script, code) in scripts {
        for (on_failure, expected) in [
            ("ignore", "created/new support-1"),
            ("skip", "skipped/hook -"),
            ("defer", "deferred/temporary -"),
        ] {
            let desk = desk(&hook(
                "pre-process",
                "odd",
                &format!("on_failure = \"{on_failure}\"\ntimeout = \"1s\""),
            ));
            // The last one is not there.
            if !script.is_empty() {
                program(&desk, "odd", script);
            }
            let run = fetch(&desk);
            assert_eq!(run.outcomes(), [expected], "{script:?} {on_failure}: {}", run.stderr);
            let error = &run.lines("message")[0]["error"];
            let told = if on_failure == "ignore" { &Value::Null } else { &error["error_code"] };
            assert_eq!(
                told,
                &if on_failure == "ignore" { Value::Null } else { code.into() },
                "{script:?} {on_failure}"
            );
            assert!(notes(&desk).iter().any(|note| note.starts_with("hook \"odd\" ")), "{:?}", notes(&desk));
            assert!(run.stderr.contains("hook \"odd\""), "{}", run.stderr);
            assert_eq!(run.code, if on_failure == "defer" { 75 } else { 0 });
        }
    }
}

#[test]
fn a_hook_that_keeps_failing_defers_a_message_so_often_and_then_it_is_in_quarantine() {
    let desk = desk("");
    let hooks = hook("post-validate", "odd", "on_failure = \"defer\"");
    configure(&desk, &format!("max_attempts = 3\n{hooks}"));
    program(&desk, "odd", "exit 1");
    for _ in 0..2 {
        assert_eq!(fetch(&desk).exits(75).outcomes(), ["deferred/temporary -"]);
    }
    assert_eq!(fetch(&desk).exits(1).outcomes(), ["failed/hook -"]);
    assert_eq!(fetch(&desk).exits(0).outcomes(), [""; 0], "it waits for a person");
    // Retried while the hook still fails it stays; then it becomes a ticket.
    let retry = ["quarantine", "retry", "--all", "--json"];
    assert_eq!(desk.run(&retry).exits(1).outcomes(), ["failed/hook -"]);
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).json().len(), 1);
    program(&desk, "odd", "exit 0");
    assert_eq!(desk.run(&retry).exits(0).outcomes(), ["created/new support-1"]);
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).stdout, "");
}

#[test]
fn a_hook_that_is_away_for_a_while_costs_no_message() {
    let desk = desk(&hook("pre-validate", "odd", "on_failure = \"defer\""));
    assert_eq!(fetch(&desk).exits(75).outcomes(), ["deferred/temporary -"]);
    program(&desk, "odd", "exit 0");
    assert_eq!(fetch(&desk).exits(0).outcomes(), ["created/new support-1"]);
}

#[test]
fn a_decision_that_changes_while_a_hook_thinks_is_asked_about_again() {
    let desk = desk("");
    assert_eq!(fetch(&desk).exits(0).outcomes(), ["created/new support-1"]);
    configure(&desk, &hook("pre-process", "slow", ""));
    // The first time, the ticket is closed behind the hook's back: what would be an update becomes a reopening.
    let close = "cat >>@given; echo >>@given\n\
                 if [ ! -e @once ]; then touch @once; PROGRAM --config @desk.toml ticket close 1 >/dev/null; fi";
    program(&desk, "slow", &close.replace("PROGRAM", env!("CARGO_BIN_EXE_helpdesk-mail")));
    desk.deliver("2", &Letter::new("second@example.org", "Re: Printer").answers("first@example.org").bytes());
    assert_eq!(fetch(&desk).exits(0).outcomes(), ["reopened/in-reply-to support-1"]);
    let outcomes: Vec<Value> =
        given(&desk, "given").iter().map(|event| event["data"]["outcome"].clone()).collect();
    assert_eq!(outcomes, ["updated", "reopened"]);
}

#[test]
fn only_what_comes_on_a_ticket_is_asked_about_before_it_is_processed() {
    let ignore =
        "[[rule]]\nname = \"news\"\nwhen = { from = \"alice@example.org\" }\nthen = { ignore = true }\n";
    let desk = desk(&format!("{ignore}{}", hook("pre-process", "veto", "")));
    program(&desk, "veto", "touch @asked; exit 10");
    assert_eq!(fetch(&desk).exits(0).outcomes(), ["ignored/rule:news -"]);
    assert!(!desk.path("asked").exists());
}

#[test]
fn a_hook_listens_to_the_mailboxes_that_it_names() {
    let desk = desk("");
    let two = "[mailbox.other]\ntype = \"directory\"\nqueue = \"support\"\npath = \"other\"\n";
    configure(&desk, &format!("{two}{}", hook("pre-process", "veto", "mailboxes = [\"other\"]")));
    fs::create_dir(desk.path("other")).unwrap();
    fs::write(desk.path("other/1"), Letter::new("second@example.org", "Fire").bytes()).unwrap();
    program(&desk, "veto", "exit 10");
    assert_eq!(fetch(&desk).exits(0).outcomes(), ["created/new support-1", "skipped/hook -"]);
}

#[test]
fn messages_that_are_handed_over_are_asked_about_and_kept_where_they_are_skipped() {
    let desk = desk(&hook("pre-process", "veto", ""));
    program(&desk, "veto", "exit 10");
    let mail = desk.path("handed.eml");
    fs::write(&mail, Letter::new("handed@example.org", "Handed").bytes()).unwrap();
    let run = desk.run(&["ingest", "--json", mail.to_str().unwrap()]).exits(0);
    assert_eq!(run.outcomes(), ["skipped/hook -"]);
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).json().len(), 1, "no other copy is left");
    // A hook that fails puts a mail server off, which keeps its copy.
    configure(&desk, &hook("pre-process", "veto", "on_failure = \"defer\""));
    program(&desk, "veto", "exit 1");
    fs::write(&mail, Letter::new("again@example.org", "Handed").bytes()).unwrap();
    desk.run(&["ingest", "--mta", mail.to_str().unwrap()]).exits(75);
    program(&desk, "veto", "exit 0");
    desk.run(&["ingest", "--mta", mail.to_str().unwrap()]).exits(0);
}

#[test]
fn a_dry_run_asks_only_hooks_that_bear_it_and_foretells_the_fetch() {
    let desk =
        desk(&format!("{}{}", hook("pre-process", "a", "dry_run = true"), hook("pre-process", "b", "")));
    program(&desk, "a", "touch @a-asked; case $(cat) in *Printer*) echo no; exit 10;; esac");
    program(&desk, "b", "touch @b-asked");
    desk.deliver("2", &Letter::new("second@example.org", "Fire").bytes());
    let foretold = desk.run(&["fetch", "--dry-run", "--json"]).exits(0);
    assert_eq!(foretold.outcomes(), ["skipped/hook -", "created/new support-1"]);
    assert!(desk.path("a-asked").exists() && !desk.path("b-asked").exists());
    assert!(!desk.path("desk.db").exists(), "a dry run made a store");
    let shown = desk.run(&["fetch", "--dry-run"]).exits(0).stdout;
    assert!(shown.contains("note: hook \"a\" says: no"), "{shown}");
    assert!(shown.contains("note: hook \"b\" (pre-process) is not asked in a dry run"), "{shown}");
    assert_eq!(fetch(&desk).exits(0).outcomes(), foretold.outcomes());
    assert!(desk.path("b-asked").exists());
}

#[test]
fn a_hook_is_given_as_much_of_a_message_as_it_may_and_need_not_read_it() {
    let desk = desk(&hook("pre-validate", "see", "raw_size = \"1KB\""));
    program(&desk, "see", "cat >>@given; echo >>@given");
    desk.deliver(
        "2",
        &Letter::new("large@example.org", "Large").body(&"It burns.\r\n".repeat(400_000)).bytes(),
    );
    assert_eq!(fetch(&desk).exits(0).outcomes().len(), 2);
    let large = given(&desk, "given").pop().unwrap()["data"].clone();
    assert_eq!(
        (large["raw_is_whole"].as_bool(), large["size"].as_u64().unwrap() > 4_000_000),
        (Some(false), true)
    );
    assert_eq!(STANDARD.decode(large["raw"].as_str().unwrap()).unwrap().len(), 1000);
    configure(&desk, &hook("pre-validate", "see", "raw_size = \"100MB\"\non_failure = \"skip\""));
    program(&desk, "see", "exit 0");
    desk.deliver(
        "3",
        &Letter::new("more@example.org", "More").body(&"It burns.\r\n".repeat(400_000)).bytes(),
    );
    assert_eq!(fetch(&desk).exits(0).outcomes(), ["created/new support-3"]);
}

#[test]
fn what_a_hook_started_does_not_hold_the_run() {
    let desk = desk(&hook("pre-process", "forks", "timeout = \"20s\""));
    // In its own group it is ended; in a session of its own it holds the pipes for longer than the hook may take.
    program(&desk, "forks", "(sleep 3; touch @lived) & setsid sleep 40 & exit 0");
    assert_eq!(fetch(&desk).exits(0).outcomes(), ["created/new support-1"]);
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert!(!desk.path("lived").exists());
}

#[test]
fn check_sees_what_cannot_be_called_and_calls_nothing() {
    let desk = desk(&format!("{}{}", hook("pre-process", "there", ""), hook("post-process", "missing", "")));
    program(&desk, "there", "touch @called");
    let told = desk.run(&["check"]).exits(78).stderr;
    assert!(told.contains("hook \"missing\" cannot be called") && told.contains("No such file"), "{told}");
    program(&desk, "missing", "touch @called");
    let told = desk.run(&["check", "--connect"]).exits(0).stdout;
    assert!(told.contains("hook there listens to pre-process\n"), "{told}");
    assert!(!desk.path("called").exists());
    let secret = "[[hook]]\nevent = \"post-process\"\nurl = \"https://crm.example.org/\"\n";
    for (line, why) in
        [("secret_file = \"none\"", "cannot be read"), ("secret = \"hunter2\"", "not written as whsec_")]
    {
        configure(&desk, &format!("{secret}{line}\n"));
        let told = desk.run(&["check"]).exits(78).stderr;
        assert!(told.contains(why) && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_signal_ends_the_run_and_the_hook_and_nothing_is_held_against_the_message() {
    let asked = hook("pre-process", "slow", "timeout = \"90s\"\non_failure = \"skip\"");
    let told = hook("processing-error", "slow", "timeout = \"90s\"");
    for (hooks, expected) in [(asked, ["deferred/temporary -"]), (told, ["failed/unreadable -"])] {
        let desk = desk(&hooks);
        if hooks.contains("processing-error") {
            desk.deliver("1", b"\r\n\r\n");
        }
        program(&desk, "slow", "echo $$ >@begun; sleep 80; touch @lived");
        let mut child = desk.command(&["fetch", "--json"]);
        let child =
            child.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        while fs::read_to_string(desk.path("begun")).unwrap_or_default().trim().is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!(run.outcomes(), expected, "{}", run.stderr);
        assert!([1, 75].contains(&run.code), "{}", run.code);
        let hook = fs::read_to_string(desk.path("begun")).unwrap();
        let is_there = std::path::Path::new("/proc").join(hook.trim()).exists();
        assert!(!is_there && !desk.path("lived").exists());
        let queued = desk.run(&["events", "list", "--json", "--state", "queued"]).exits(0).json();
        assert_eq!(queued.len(), usize::from(hooks.contains("processing-error")));
        program(&desk, "slow", "exit 0");
        let run = fetch(&desk).exits(0);
        assert!(run.outcomes() == ["created/new support-1"] || hooks.contains("processing-error"));
        assert!(desk.run(&["events", "list", "--json", "--state", "queued"]).exits(0).json().is_empty());
    }
}

#[test]
fn a_run_that_dies_while_a_hook_thinks_leaves_the_message_to_the_next() {
    for event in ASKED {
        let desk = desk(&hook(event, "deadly", ""));
        program(&desk, "deadly", "if [ ! -e @once ]; then touch @once; kill -9 $PPID; sleep 1; fi");
        assert_eq!(fetch(&desk).code, -1, "{event}: it was not killed");
        assert_eq!(fetch(&desk).exits(0).outcomes(), ["created/new support-1"], "{event}");
        assert_eq!(fetch(&desk).exits(0).outcomes(), [""; 0], "{event}");
    }
}

#[test]
fn on_a_real_imap_server_a_veto_leaves_the_message_and_the_others_become_tickets() {
    let server = Dovecot::start();
    let desk = desk("");
    let place = desk.path("veto").display().to_string();
    desk.configure(&format!(
        "[queue.support]\naddress = \"support@example.org\"\n[mailbox.support]\nqueue = \"support\"\n\
         on_success = \"delete\"\n{}[[hook]]\nevent = \"pre-process\"\ncommand = [\"{place}\"]\n",
        server.mailbox_toml("support", Tls::Implicit)
    ));
    program(&desk, "veto", "case $(cat) in *Spam*) exit 10;; esac");
    for (id, subject) in [("a@x", "Printer"), ("b@x", "Spam"), ("c@x", "Fire")] {
        server.deliver("support", "INBOX", &Letter::new(id, subject).bytes());
    }
    let expected = ["created/new support-1", "skipped/hook -", "created/new support-2"];
    assert_eq!(fetch(&desk).exits(0).outcomes(), expected);
    let rows = desk.run(&["outcomes", "--reconcile", "--json"]).exits(0).json();
    let there: Vec<&Value> = rows.iter().filter(|row| row["type"] == "item").collect();
    assert_eq!((there.len(), &there[0]["subject"]), (1, &"Spam".into()), "{rows:?}");
    assert_eq!(fetch(&desk).exits(0).outcomes(), [""; 0]);
}

/// Whatever a program starts first would be ahead of limits that are set from outside.
#[cfg(target_os = "linux")]
#[test]
fn a_hook_is_bounded_before_it_begins_and_with_it_all_that_it_starts() {
    let desk = desk(&hook("pre-process", "look", "memory = \"50MB\""));
    program(&desk, "look", "grep -E 'Max (data|core)' /proc/self/limits >>@limits");
    for number in 2..=20 {
        desk.deliver(&number.to_string(), &Letter::new(&format!("{number}@example.org"), "Printer").bytes());
    }
    fetch(&desk).exits(0);
    let limits = fs::read_to_string(desk.path("limits")).unwrap();
    let words: Vec<Vec<&str>> = limits.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words.len(), 40, "{limits}");
    for line in words {
        let most = if line[1] == "data" { "50000000" } else { "0" };
        assert_eq!(line[line.len() - 3..line.len() - 1], [most, most], "{limits}");
    }
}

#[test]
fn what_is_no_program_after_all_says_so() {
    let desk = desk(&hook("pre-process", "text", "on_failure = \"skip\""));
    fs::write(desk.path("text"), "neither script nor program").unwrap();
    fs::set_permissions(desk.path("text"), fs::Permissions::from_mode(0o755)).unwrap();
    let run = fetch(&desk).exits(0);
    assert_eq!(run.outcomes(), ["skipped/hook -"]);
    assert!(run.stdout.contains("text cannot be run: Exec format error"), "{}", run.stdout);
}

#[test]
fn a_hook_ends_where_nobody_reads_what_it_says_as_programs_do() {
    let desk = desk(&hook("pre-process", "talker", "on_failure = \"skip\""));
    program(&desk, "talker", "kill -PIPE $$");
    let run = fetch(&desk).exits(0);
    assert!(run.stdout.contains("failed: ended by signal 13"), "{}", run.stdout);
}
