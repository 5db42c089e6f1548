//! A signal ends a run where nothing is left half done, with 75; the next run goes on.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::desk::{Desk, Run};
use crate::support::letter::Letter;

const MAILS: usize = 400;

fn desk() -> Desk {
    let desk = Desk::with_maildir("batch_size = 1");
    for n in 0..MAILS {
        desk.deliver(&format!("{n:04}"), &Letter::new(&format!("{n}@x"), &format!("Mail {n}")).bytes());
    }
    desk
}

#[test]
fn a_signal_ends_a_run_between_two_batches() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let desk = desk();
        let mut command = desk.command(&["fetch", "--json"]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let rest: Vec<String> = out.lines().map(Result::unwrap).collect();
        let stdout = format!("{first}{}\n", rest.join("\n"));
        let status = child.wait().unwrap();
        let run = Run { code: status.code().unwrap_or(-1), stdout, stderr: String::new() }.exits(75);
        let done = run.outcomes().len();
        assert!(done < MAILS, "the run was over before the signal came");
        let line = &run.lines("mailbox")[0];
        assert_eq!(line["error"]["error_code"], "run.interrupted");
        let again = desk.run(&["fetch", "--json"]).exits(0);
        assert_eq!(done + again.outcomes().len(), MAILS);
        assert!(again.outcomes().iter().all(|outcome| outcome.starts_with("created/new ")));
    }
}
