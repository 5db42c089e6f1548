//! A disk without room ends the run with 74, nothing unsettled is told, and the next run goes on. Of a store that is a file.

use std::process::{Command, Stdio};

use crate::support::desk::{Desk, Run};
use crate::support::letter::Letter;
use crate::support::torture::{self, is_long};

fn told(desk: &Desk) -> usize {
    std::fs::read_dir(desk.path("mail").join("cur")).unwrap().count()
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
