//! The connection to a mail server is cut in each step of SMTP: every notification arrives all the same, twice only where
//! its row tells of an uncertain attempt, and nothing leaves in clear text where TLS is configured.

use crate::support::arrivals::{Row, Sum, audited, rows};
use crate::support::cutter::{Cutter, Way};
use crate::support::desk::{Desk, Run};
use crate::support::dies::shifted;
use crate::support::letter::Letter;
use crate::support::postroom::{self, ByPostfix};
use crate::support::taker::{self, Taker};
use crate::support::torture::{is_long, pace, told};

/// Longer than what was put off once waits.
const LATER: i64 = 15 * 60;

/// One connection at a time: its octets come in the same order each time.
const SEND: [&str; 3] = ["send", "--jobs", "1"];

/// A desk with two notifications, to Alice and to Anna, that wait to leave by that way.
fn desk(way: &str) -> Desk {
    let desk = Desk::new(&format!("[outbox]\nmax_age = \"9999d\"\ntimeout = \"10s\"\n{way}"));
    std::fs::write(desk.path("mail.eml"), Letter::new("first@x", "Printer").bytes()).unwrap();
    desk.run(&["ingest", desk.path("mail.eml").to_str().unwrap()]).exits(0);
    desk
}

/// What came of a desk whose connection was cut.
struct Ended {
    rows: Vec<Row>,
    was_cut: bool,
    /// All that went to the server.
    said: Vec<u8>,
}

/// Sends while the connection is cut there, then later undisturbed.
fn cut_at(desk: &Desk, cutter: &Cutter, (way, at): (Way, u64), away: bool) -> Ended {
    cutter.cut(way, at, away);
    let run = desk.run(&SEND);
    assert!([0, 69, 75].contains(&run.code), "octet {at} {way:?}: {} {}", run.code, run.stderr);
    let [mut said, _] = cutter.said();
    let was_cut = cutter.mend();
    let run = Run::of(shifted(desk, &SEND, LATER).output().unwrap());
    assert_eq!(run.code, 0, "octet {at} {way:?}: {}", run.stderr);
    let [more, _] = cutter.said();
    said.extend(more);
    Ended { rows: rows(desk, 0), was_cut, said }
}

/// Cuts in all these places, each time with a desk of its own; what the rows tell, and how many cuts there were.
fn walk(
    way: &str,
    cutter: &Cutter,
    cuts: &[(Way, u64)],
    look: impl Fn(&[u8]),
) -> (Vec<(String, Vec<Row>)>, usize) {
    let (mut desks, mut done) = (Vec::new(), 0);
    for (number, cut) in cuts.iter().enumerate() {
        // Every other server is not to be had any more after the cut.
        let ended = cut_at(&desk(way), cutter, *cut, number % 2 == 0);
        look(&ended.said);
        done += usize::from(ended.was_cut);
        desks.push((format!("octet {} {:?}", cut.1, cut.0), ended.rows));
    }
    (desks, done)
}

/// Where each line begins, if its number is wanted, and its middle.
fn places(said: &[u8], is_wanted: impl Fn(usize, &str) -> bool) -> Vec<u64> {
    let (mut places, mut start) = (Vec::new(), 0);
    for (number, line) in said.split_inclusive(|octet| *octet == b'\n').enumerate() {
        if is_wanted(number, &String::from_utf8_lossy(line)) {
            places.extend([start, start + line.len() as u64 / 2]);
        }
        start += line.len() as u64;
    }
    places
}

fn is_command(line: &str) -> bool {
    ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"].iter().any(|word| line.starts_with(word))
}

#[test]
fn in_every_step_of_smtp() {
    let server = Taker::start();
    let cutter = Cutter::before(server.port);
    let way = taker::toml(cutter.port);
    let undisturbed = desk(&way);
    undisturbed.run(&SEND).exits(0);
    let copies = server.taken().len();
    let [to_server, to_client] = cutter.said();
    // In commands: before the end of a mail it is not the server's, whatever happened.
    let commands = places(&to_server, |_, line| is_command(line));
    assert_eq!((commands.len(), copies), (2 * 8, 2), "EHLO, twice MAIL, RCPT and DATA, QUIT");
    // In replies: nobody knows what became of a mail whose answer never came whole.
    let answers = places(&to_client, |_, line| line == "250 taken\r\n");
    let replies = places(&to_client, |_, line| line != "250 taken\r\n");
    assert!(answers.len() == 2 * 2 && replies.len() > 2 * 8, "{answers:?} {replies:?}");
    // In the texts every line, or a few: what is given to the system at once may be gone or not.
    let some = if is_long() { 1 } else { 40 * pace() };
    let texts =
        places(&to_server, |number, line| !is_command(line) && (number % some == 0 || line == ".\r\n"));
    let (mut cuts, mut done, mut desks) = (0, 0, vec![("undisturbed".to_owned(), rows(&undisturbed, 0))]);
    for (direction, places, uncertain) in [
        (Way::ToServer, commands, 0..=0),
        (Way::ToClient, replies, 0..=0),
        (Way::ToClient, answers, 1..=1),
        (Way::ToServer, texts, 0..=1),
    ] {
        let places: Vec<_> = places.into_iter().map(|at| (direction, at)).collect();
        let (cut, was_cut) = walk(&way, &cutter, &places, |_| ());
        for (place, rows) in &cut {
            let found: usize = rows.iter().map(Row::uncertain).sum();
            assert!(uncertain.contains(&found), "{place}: {rows:?}");
        }
        cuts += places.len();
        done += was_cut;
        desks.extend(cut);
    }
    let sum = audited(&desks, &server.taken());
    report("smtp", done, cuts, desks.len(), &sum);
}

/// Tells what was measured, once all was sent.
fn report(name: &str, done: usize, cuts: usize, desks: usize, sum: &Sum) {
    told(&format!(
        "{name}: the connection to the mail server was cut {done} times; of {} notifications all arrived, {} twice; {} \
         attempts were uncertain",
        sum.arrived, sum.doubles, sum.uncertain
    ));
    assert_eq!((sum.arrived, sum.given_up), (2 * desks, 0), "{name}");
    assert!(sum.uncertain > 0 && sum.uncertain <= done, "{name}: {sum:?}");
    // At the very end nothing may be left to cut.
    assert!(done + cuts / 10 + 2 >= cuts, "{name}: {done} of {cuts} cuts");
}

/// What would be seen of a login or a mail that is not protected; the password, too, as PLAIN and LOGIN give it.
const SECRETS: [&str; 7] = ["AUTH", "MAIL FROM", "RCPT TO", "DATA\r\n", "Subject:", "c2VjcmV0", "secret"];

#[test]
fn in_every_step_of_starttls_and_a_login_with_nothing_in_clear_text() {
    let server = ByPostfix::start();
    let cutter = Cutter::before(server.0.port);
    let way = postroom::Way::toml(&server)
        .replace(&format!("port = {}\n", server.0.port), &format!("port = {}\n", cutter.port));
    let undisturbed = desk(&way);
    undisturbed.run(&SEND).exits(0);
    let [to_server, to_client] = cutter.said();
    let clear = |said: &[u8]| said.windows(3).position(|octets| octets == b"\x16\x03\x01").unwrap();
    assert!(to_server[..clear(&to_server)].ends_with(b"\r\nSTARTTLS\r\n"), "the log of the cutter");
    // In clear text each line; behind it, where lines cannot be seen, each so-many-th octet.
    let step = if is_long() { 47 } else { 450 * pace() };
    let mut cuts: Vec<(Way, u64)> = Vec::new();
    let start = clear(&to_server);
    let said = places(&to_server[..start], |_, _| true);
    cuts.extend(said.into_iter().map(|at| (Way::ToServer, at)));
    cuts.extend((start as u64..to_server.len() as u64).step_by(step).map(|at| (Way::ToServer, at)));
    cuts.extend((0..to_client.len() as u64).step_by(step).map(|at| (Way::ToClient, at)));
    let (mut desks, done) = walk(&way, &cutter, &cuts, |said| {
        let said = String::from_utf8_lossy(said);
        let seen: Vec<&str> = SECRETS.into_iter().filter(|secret| said.contains(secret)).collect();
        assert!(seen.is_empty(), "{seen:?} in clear text");
    });
    desks.push(("undisturbed".to_owned(), rows(&undisturbed, 0)));
    let sum = audited(&desks, &postroom::Way::arrived(&server));
    report("STARTTLS", done, cuts.len(), desks.len(), &sum);
}

#[test]
fn twice_after_the_end_of_a_mail_gives_it_up() {
    let server = Taker::start();
    let cutter = Cutter::before(server.port);
    let way = taker::toml(cutter.port);
    desk(&way).run(&SEND).exits(0);
    server.taken();
    let [_, to_client] = cutter.said();
    let answer = String::from_utf8(to_client).unwrap().find("250 taken").unwrap() as u64;
    let desk = desk(&way);
    cutter.cut(Way::ToClient, answer, false);
    desk.run(&SEND).exits(75);
    assert!(cutter.mend());
    cutter.cut(Way::ToClient, answer, false);
    // Nothing was sent behind it that would have shown the server to be well.
    let run = Run::of(shifted(&desk, &SEND, LATER).output().unwrap()).exits(69);
    assert!(cutter.mend() && run.stderr.contains("is given up, uncertain"), "{}", run.stderr);
    let desks = [("cut twice".to_owned(), rows(&desk, 0))];
    let copies: Vec<_> = server.taken().split_off(2);
    let sum = audited(&desks, &copies);
    assert_eq!(sum, Sum { arrived: 2, doubles: 1, uncertain: 2, given_up: 1 });
}
