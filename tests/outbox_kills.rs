//! Programs that deliver are killed, at any moment and in the one moment that matters, beside others that live: a
//! notification arrives once, or twice with a row that tells of it, and what is uncertain twice is given up.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::arrivals::{Copy, Sum, audited, rows};
use crate::support::desk::{Desk, Run};
use crate::support::letter::Letter;
use crate::support::postroom::{Begun, ByPostfix, ToFiles, Way};
use crate::support::scene::difference;
use crate::support::taker::Taker;
use crate::support::torture::{Dice, is_long, told};

/// So many kills of each back end.
fn kills() -> u64 {
    if is_long() { 100 } else { 8 }
}

fn start(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Runs two or three programs on a desk, each of which is killed at its own random moment; tells how many still lived.
fn disturb(desk: &Desk, dice: &mut Dice, usual: Duration) -> u64 {
    let mut runs = Vec::new();
    for _ in 0..2 + dice.below(2) {
        let arguments: &[&str] = if dice.below(2) == 0 { &["fetch"] } else { &["send"] };
        let at = Duration::from_micros(dice.below(u64::try_from(usual.as_micros()).unwrap() * 3 / 2 + 1));
        runs.push((at, start(desk.command(arguments))));
    }
    runs.sort_by_key(|(at, _)| *at);
    let (began, mut killed) = (Instant::now(), 0);
    for (at, mut run) in runs {
        sleep(at.saturating_sub(began.elapsed()));
        killed += u64::from(run.try_wait().unwrap().is_none());
        run.kill().unwrap();
        run.wait().unwrap();
    }
    desk.after_death();
    killed
}

/// The state without the rows of the outbox, which tell of what happened to them.
fn without_outbox(state: &[String]) -> Vec<String> {
    state.iter().filter(|line| !line.starts_with("outbox |")).cloned().collect()
}

fn walk(name: &str, way: &dyn Way) {
    let begun = Begun::new();
    let undisturbed = begun.fresh(way);
    let began = Instant::now();
    undisturbed.run(&["fetch"]).exits(1);
    let usual = began.elapsed();
    let (expected, count) = (begun.state(&undisturbed), begun.rows(&undisturbed).len());
    let mut desks = vec![("undisturbed".to_owned(), begun.rows(&undisturbed))];
    let mut dice = Dice::thrown(name);
    let mut killed = 0;
    while killed < kills() {
        assert!(desks.len() as u64 <= 10 * kills(), "{name}: only {killed} kills met a living run");
        let desk = begun.fresh(way);
        if dice.below(2) == 0 {
            // All notifications are there before anybody is killed.
            desk.run(&["fetch", "--no-send"]).exits(1);
        }
        for _ in 0..=dice.below(2) {
            killed += disturb(&desk, &mut dice, usual);
        }
        let what = format!("{name}, {dice:?}");
        let Run { code, stderr, .. } = desk.run(&["fetch"]);
        assert!([0, 1].contains(&code), "{what}: {code} {stderr}");
        let (reached, rows) = (begun.state(&desk), begun.rows(&desk));
        let is_whole = !rows.iter().any(|row| row.is_given_up());
        let alike = if is_whole {
            reached == expected
        } else {
            without_outbox(&reached) == without_outbox(&expected) && rows.len() == count
        };
        assert!(alike, "{what}:\n{}", difference(&expected, &reached));
        desks.push((what, rows));
    }
    let Sum { arrived, doubles, uncertain, given_up } = audited(&desks, &way.arrived());
    told(&format!(
        "{name}: killed {killed} times at random moments, two or three at once; of {arrived} notifications that arrived \
         {doubles} came twice; {uncertain} attempts were uncertain, {given_up} notifications were so twice and given up"
    ));
}

#[test]
fn by_smtp() {
    walk("fetch and send killed, smtp", &Taker::start());
}

#[test]
fn through_postfix() {
    walk("fetch and send killed, Postfix", &ByPostfix::start());
}

#[test]
fn to_files() {
    walk("fetch and send killed, files", &ToFiles::new());
}

/// Kills a `send` while the server has a mail and has not answered; it has answered for so many before.
fn kill_in_the_window(desk: &Desk, server: &Taker, after: u32) {
    let silence = server.silent_after(after);
    let mut run = start(desk.command(&["send"]));
    silence.wait();
    run.kill().unwrap();
    run.wait().unwrap();
    desk.after_death();
}

#[test]
fn what_is_uncertain_twice_is_given_up_until_a_person_wants_it_sent() {
    let server = Taker::start();
    let desk = Desk::configured(&format!(
        "[queue.support]\naddress = \"support@example.org\"\n[outbox]\nmax_age = \"9999d\"\n{}",
        server.toml()
    ));
    std::fs::write(desk.path("mail.eml"), Letter::new("first@x", "Printer").bytes()).unwrap();
    desk.run(&["ingest", desk.path("mail.eml").to_str().unwrap()]).exits(0);
    let shown = || desk.run(&["outbox", "show", "1", "--json"]).exits(0).json().remove(0);
    kill_in_the_window(&desk, &server, 0);
    assert_eq!(shown()["state"], "sending");
    kill_in_the_window(&desk, &server, 0);
    let run = desk.run(&["send", "--json"]).exits(1);
    assert!(run.stderr.contains("1 notifications are given up"), "{}", run.stderr);
    let row = shown();
    assert_eq!((&row["state"], &row["reason"]), (&"failed".into(), &"uncertain".into()), "{row}");
    let copies = server.taken();
    assert!(copies.len() == 2 && copies[0] == copies[1], "{copies:?}");
    audited(&[("given up".to_owned(), rows(&desk, 0))], &copies);
    desk.run(&["send"]).exits(0);
    assert_eq!(server.taken().len(), 2, "nothing is sent again by itself");

    desk.run(&["outbox", "requeue", "1"]).exits(0);
    desk.run(&["send"]).exits(0);
    assert_eq!((&shown()["state"], server.taken().len()), (&"sent".into(), 3));
    assert_eq!(server.taken()[2], copies[0], "the same mail once more");
}

#[test]
fn of_many_that_were_under_way_one_alone_is_given_up() {
    let server = Taker::start();
    let begun = Begun::new();
    let desk = begun.fresh(&server);
    desk.run(&["fetch", "--no-send"]).exits(1);
    // The server has taken some: several are under way at once then.
    kill_in_the_window(&desk, &server, 3);
    let uncertain = |desk: &Desk| begun.rows(desk).iter().filter(|row| row.is_open()).count();
    assert!(uncertain(&desk) > 1, "{:?}", begun.rows(&desk));
    kill_in_the_window(&desk, &server, 0);
    assert_eq!(uncertain(&desk), 1, "alone");
    desk.run(&["send"]).exits(1);
    let (rows, copies): (_, Vec<Copy>) = (begun.rows(&desk), server.taken());
    let sum = audited(&[("twice".to_owned(), rows)], &copies);
    assert!(sum.given_up == 1 && sum.doubles >= 1, "{sum:?}");
}
