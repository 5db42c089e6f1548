//! Programs that agree, veto, and do all that a program should not.

use std::time::Duration;

use super::*;

fn hook(program: &[&str]) -> Hook {
    let (file, arguments) = program.split_first().unwrap();
    Hook {
        name: "test".to_owned(),
        event: EventKind::PreProcess,
        way: Way::Command(Program {
            file: file.into(),
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            memory: 1_000_000_000,
            start: Start::Direct,
        }),
        timeout: Duration::from_secs(20),
        on_failure: OnFailure::Ignore,
        dry_run: DryRun::Left,
        mailboxes: Vec::new(),
        max_attempts: 1,
        raw_size: 0,
    }
}

fn call(hook: &Hook, body: &str) -> Result<Answer, HookError> {
    hook.call(&Call { kind: EventKind::PreProcess, id: &EventId::of([0; 16]), body, stop: &|| false })
}

/// What a script answers; an error by its words.
fn answer(script: &str) -> Result<Answer, String> {
    call(&hook(&["/bin/sh", "-c", script]), "{}").map_err(|error| error.to_string())
}

/// What a script answers that has half a second.
fn hurried(script: &str) -> Result<Answer, String> {
    let hook = Hook { timeout: Duration::from_millis(500), ..hook(&["/bin/sh", "-c", script]) };
    call(&hook, "{}").map_err(|error| error.to_string())
}

fn taken(said: &str) -> Result<Answer, String> {
    Ok(Answer::Taken(said.to_owned()))
}

#[test]
fn the_exit_status_is_the_answer_and_the_first_line_its_reason() {
    assert_eq!(answer("exit 0"), taken(""));
    assert_eq!(answer("echo fine; echo more"), taken("fine"));
    assert_eq!(
        answer("printf 'spam\\033[2J of\\r\\nsorts'; exit 10"),
        Ok(Answer::Veto("spam[2J of".to_owned()))
    );
    assert_eq!(answer("exit 10"), Ok(Answer::Veto(String::new())));
    assert_eq!(answer("echo out; exit 3"), Err("hook \"test\" failed: exit status 3".to_owned()));
    assert_eq!(
        answer("echo no database >&2; exit 1"),
        Err("hook \"test\" failed: exit status 1: no database".to_owned())
    );
    let trace = "printf 'Traceback:\\n  File x, line 1\\nOSError: no room\\n\\n' >&2; exit 1";
    assert_eq!(answer(trace), Err("hook \"test\" failed: exit status 1: OSError: no room".to_owned()));
}

#[test]
fn a_program_is_given_the_event_a_clean_environment_and_a_group_of_its_own() {
    let said = call(&hook(&["cat"]), "{\"a\":\"ü\"}").unwrap();
    assert_eq!(said, Answer::Taken("{\"a\":\"ü\"}".to_owned()));
    let environment = "env | sort | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | tr '\\n' ' '";
    let expected = format!(
        "HELPDESK_MAIL_EVENT=pre-process HELPDESK_MAIL_EVENT_ID=msg_aaaaaaaaaaaaaaaaaaaaaaaaaa LANG=C.UTF-8 PATH={PATH}"
    );
    assert_eq!(answer(environment), taken(&expected));
    assert_eq!(answer("pwd"), taken("/"));
    assert_eq!(answer("test $(cut -d ' ' -f 5 /proc/$$/stat) -eq $$ && echo own"), taken("own"));
}

#[test]
fn no_shell_reads_the_arguments() {
    let hook = hook(&["/bin/echo", "$HOME;", "`id`", "", "a b"]);
    assert_eq!(call(&hook, "{}").unwrap(), Answer::Taken("$HOME; `id`  a b".to_owned()));
}

#[test]
fn a_program_that_reads_nothing_is_neither_held_nor_holds() {
    let body = "x".repeat(4_000_000);
    for script in ["exit 0", "exec 0<&-; sleep 0.2; exit 0", "head -c 100 >/dev/null"] {
        let answer = call(&hook(&["/bin/sh", "-c", script]), &body).unwrap();
        assert_eq!(answer, Answer::Taken(String::new()), "{script}");
    }
    let hook = hook(&["/bin/sh", "-c", "wc -c"]);
    assert_eq!(
        call(&hook, &body).unwrap(),
        Answer::Taken("4000000".to_owned()),
        "and one that does gets all"
    );
}

#[test]
fn a_program_that_sleeps_is_ended_with_all_that_it_started() {
    let marks = tempfile::tempdir().unwrap();
    let mark = marks.path().join("mark");
    for script in [
        format!("sleep 30; touch {}", mark.display()),
        format!("(sleep 2; touch {}) & sleep 30", mark.display()),
        format!("trap '' TERM; (sleep 3; touch {}) & while :; do sleep 1; done", mark.display()),
    ] {
        assert_eq!(hurried(&script), Err("hook \"test\" did not end within 500ms".to_owned()), "{script}");
    }
    std::thread::sleep(Duration::from_secs(4));
    assert!(!mark.exists(), "something lived on");
}

#[test]
fn a_program_that_is_asked_to_end_may_clean_up() {
    let marks = tempfile::tempdir().unwrap();
    let mark = marks.path().join("mark");
    let script = format!("trap 'touch {}; exit 0' TERM; sleep 30 & wait", mark.display());
    assert!(hurried(&script).is_err(), "its time was over all the same");
    assert!(mark.exists());
}

#[test]
fn a_flood_is_read_away_and_does_not_outlive_the_time() {
    assert_eq!(hurried("yes"), Err("hook \"test\" did not end within 500ms".to_owned()));
    let flood = "echo first; head -c 50000000 /dev/zero; head -c 50000000 /dev/zero >&2; exit 0";
    assert_eq!(answer(flood), taken("first"));
}

#[test]
fn a_grandchild_that_holds_the_pipes_keeps_nobody() {
    // In the group it goes with its parent; in a session of its own it lives on, longer than the hook may take.
    assert_eq!(answer("sleep 300 & echo gone"), taken("gone"));
    assert_eq!(answer("setsid sleep 40 & echo gone"), taken("gone"));
}

#[test]
fn a_program_that_dies_says_by_what() {
    assert_eq!(answer("kill -SEGV $$"), Err("hook \"test\" failed: ended by signal 11".to_owned()));
    assert_eq!(answer("kill -KILL $$"), Err("hook \"test\" failed: ended by signal 9".to_owned()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_has_no_more_memory_than_it_may() {
    // What is started directly is bounded before it is told anything, which this one waits for.
    let mut hook =
        hook(&["/bin/sh", "-c", "cat >/dev/null; head -c 300000000 /dev/zero | tail -c 200000000 | wc -c"]);
    assert_eq!(call(&hook, "{}").unwrap(), Answer::Taken("200000000".to_owned()));
    let Way::Command(program) = &mut hook.way else { panic!() };
    program.memory = 50_000_000;
    assert_eq!(call(&hook, "{}").unwrap(), Answer::Taken("0".to_owned()), "tail had no room");
}

#[test]
fn what_cannot_be_run_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, text) = (folder.path().join("plain"), folder.path().join("text"));
    std::fs::write(&plain, "#!/bin/sh\n").unwrap();
    std::fs::write(&text, "neither script nor program").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&text, mode).unwrap();
    for (program, why) in [
        ("/no/such/program", "No such file"),
        ("no-such-program-anywhere", "there is no such program"),
        (plain.to_str().unwrap(), "ermission denied"),
        (folder.path().to_str().unwrap(), "directory"),
        (text.to_str().unwrap(), "format error"),
    ] {
        let error = call(&hook(&[program]), "{}").unwrap_err();
        let told = crate::model::trouble::with_causes(&error);
        assert!(told.starts_with("hook \"test\" cannot be called: "), "{told}");
        assert!(told.contains(why), "{program}: {told}");
        // That it is no program shows only when it is run.
        assert_eq!(hook(&[program]).check().is_err(), program != text.to_str().unwrap(), "{program}");
    }
    assert!(hook(&["sh"]).check().is_ok(), "a name is looked for");
}
