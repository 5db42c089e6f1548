//! Whatever ends a run, the next ones reach the state of an undisturbed run, and two runs never take one mailbox.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::desk::{Desk, Run};
use crate::support::dump;
use crate::support::letter::Letter;

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

/// What is left of a desk: its store and its mailbox.
fn state(desk: &Desk) -> Vec<String> {
    let mut state = dump::store(desk);
    state.extend(dump::maildir(&desk.path("mail")));
    state
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
        killed.after_death();
        in_the_middle += usize::from((before + 1..MAILS).contains(&told(&killed)));
    }
    killed.run(&["fetch"]).exits(0);
    assert_eq!(state(&killed), expected);
    assert_eq!(told(&killed), MAILS);
    assert!(in_the_middle > 0, "no run was killed in the middle");
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
