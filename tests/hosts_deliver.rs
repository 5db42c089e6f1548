//! Several hosts deliver what waits in one PostgreSQL store, side by side: killed or frozen, each notification and event
//! arrives, and twice only where its row tells of an attempt that nobody knows the end of.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::arrivals::{audited, rows_at};
use crate::support::desk::Desk;
use crate::support::gate::Gate;
use crate::support::hooked::program;
use crate::support::letter::Letter;
use crate::support::postgres::{self, Postgres};
use crate::support::taker::{self, Taker};
use crate::support::torture::{Dice, is_long, told};

/// A host: a directory of its own with a configuration of its own.
fn host(url: &str, lines: &str) -> Desk {
    let desk = Desk::configured("");
    desk.configure_on(
        url,
        &format!(
            "[queue.support]\naddress = \"support@example.org\"\nagents = [\"anna@example.org\"]\n{lines}"
        ),
    );
    desk
}

/// Notifications leave by the server on this port.
fn by_smtp(port: u16) -> String {
    format!("[outbox]\nmax_age = \"9999d\"\nrate_limit_total = 1000000\n{}", taker::toml(port))
}

/// So many mails, which open tickets; `of` makes them others' than those before.
fn hand_over(desk: &Desk, of: u64, count: u64) {
    let mails: Vec<String> = (0..count)
        .map(|number| {
            let path = desk.path(&format!("{of}.{number}.eml"));
            let letter = Letter::new(&format!("{of}.{number}@x"), &format!("Mail {of}.{number}"));
            fs::write(&path, letter.from(&format!("a{of}.{number}@example.com")).bytes()).unwrap();
            path.display().to_string()
        })
        .collect();
    let arguments: Vec<&str> = ["ingest"].into_iter().chain(mails.iter().map(String::as_str)).collect();
    desk.run(&arguments).exits(0);
}

fn start(desk: &Desk, arguments: &[&str]) -> Child {
    let log = fs::File::create(desk.path("log")).unwrap();
    desk.command(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap()
}

/// A minute goes by for a program that is silent.
fn is_silent_for_a_minute(url: &str, program: &Child) {
    let sql = format!("UPDATE lease SET until = now() WHERE owner LIKE '% process {}'", program.id());
    postgres::execute(url, &sql);
}

/// All that deliveries change.
fn state(url: &str) -> Vec<String> {
    ["outbox", "outbox_attempt", "event", "event_attempt", "backend_state", "lease"]
        .iter()
        .flat_map(|table| postgres::texts(url, &format!("SELECT t::text FROM {table} AS t ORDER BY 1")))
        .collect()
}

fn count(url: &str, sql: &str) -> i64 {
    postgres::number(url, &format!("SELECT count(*) FROM {sql}"))
}

/// Four programs do this side by side; two of them are killed at random moments and begin anew. Tells how many kills met
/// a living one.
fn disturbed(url: &str, hosts: &[Desk], arguments: &[&str], (dice, usual): (&mut Dice, Duration)) -> u64 {
    let mut programs: Vec<Child> = hosts.iter().map(|desk| start(desk, arguments)).collect();
    let mut killed = 0;
    for (desk, program) in hosts.iter().zip(&mut programs).take(2) {
        sleep(Duration::from_millis(dice.below(u64::try_from(usual.as_millis() / 2).unwrap().max(1))));
        killed += u64::from(program.try_wait().unwrap().is_none());
        program.kill().unwrap();
        program.wait().unwrap();
        is_silent_for_a_minute(url, program);
        *program = start(desk, arguments);
    }
    for (desk, program) in hosts.iter().zip(programs) {
        let status = program.wait_with_output().unwrap().status;
        // 1: something was uncertain twice.
        let log = || fs::read_to_string(desk.path("log")).unwrap();
        assert!([Some(0), Some(1)].contains(&status.code()), "{status}: {}", log());
    }
    killed
}

/// So many kills.
fn kills() -> u64 {
    if is_long() { 60 } else { 6 }
}

#[test]
fn notifications_of_hosts_that_are_killed_at_random_arrive() {
    const MAILS: u64 = 60;
    let (database, server) = (Postgres::start(), Taker::start());
    let url = database.database();
    let hosts: Vec<Desk> = (0..4).map(|_| host(&url, &by_smtp(server.port))).collect();
    hand_over(&hosts[0], 0, MAILS);
    let began = Instant::now();
    hosts[0].run(&["send"]).exits(0);
    let usual = began.elapsed();
    let mut dice = Dice::thrown("hosts that deliver");
    let (mut killed, mut round) = (0, 0);
    while killed < kills() {
        round += 1;
        assert!(round <= 10 * kills(), "only {killed} kills met a living program");
        hand_over(&hosts[0], round, MAILS);
        killed += disturbed(&url, &hosts, &["send"], (&mut dice, usual));
    }
    // What the last ones that were killed had in hand.
    let last = hosts[0].run(&["send"]);
    assert!([0, 1].contains(&last.code), "{}", last.stderr);
    assert_eq!(count(&url, "outbox WHERE state IN ('queued', 'sending')"), 0, "{dice:?}");
    assert_eq!(count(&url, "lease"), 0);
    let rows = rows_at(&url);
    let sum = audited(&[(format!("{dice:?}"), rows.clone())], &server.taken());
    assert!(
        rows.len() as u64 == 2 * MAILS * (round + 1) && sum.arrived + sum.given_up >= rows.len(),
        "{sum:?}"
    );
    told(&format!(
        "hosts that deliver: {} notifications, {killed} kills; {} came twice, {} attempts were uncertain, {} were so twice",
        rows.len(),
        sum.doubles,
        sum.uncertain,
        sum.given_up
    ));
}

#[test]
fn a_frozen_delivery_that_comes_back_changes_nothing_and_others_deliver_beside_it() {
    const MAILS: u64 = 40;
    let (database, slow, quick) = (Postgres::start(), Taker::start(), Taker::start());
    let url = database.database();
    let gate = Gate::before(slow.port);
    let (one, other) = (host(&url, &by_smtp(gate.port)), host(&url, &by_smtp(quick.port)));
    hand_over(&one, 0, MAILS);
    let stop = gate.stop_before("DATA");
    let frozen = start(&one, &["send", "--jobs", "1"]);
    let before = stop.meanwhile(|| {
        // It has claimed 50 of them and waits for its server.
        let in_hand = count(&url, "outbox WHERE state = 'sending'");
        assert_eq!(in_hand, 50);
        other.run(&["send"]).exits(0);
        assert_eq!(count(&url, "outbox WHERE state = 'sent'"), i64::try_from(2 * MAILS).unwrap() - in_hand);
        kill_process(Pid::from_child(&frozen), Signal::STOP).unwrap();
        is_silent_for_a_minute(&url, &frozen);
        other.run(&["send"]).exits(0);
        assert_eq!(count(&url, "outbox WHERE state = 'sent'"), i64::try_from(2 * MAILS).unwrap());
        kill_process(Pid::from_child(&frozen), Signal::CONT).unwrap();
        state(&url)
    });
    let output = frozen.wait_with_output().unwrap();
    let log = fs::read_to_string(one.path("log")).unwrap();
    assert_eq!(output.status.code(), Some(75), "{log}");
    assert!(log.contains("another program has taken over delivery"), "{log}");
    assert_eq!(state(&url), before);
    let copies: Vec<_> = slow.taken().into_iter().chain(quick.taken()).collect();
    let sum = audited(&[("frozen".to_owned(), rows_at(&url))], &copies);
    assert!(sum.doubles >= 1 && sum.given_up == 0, "{sum:?}");
}

/// The minute is a real one: a clock of the frozen host's own tells it what has become of its lease.
#[test]
fn what_a_frozen_delivery_had_begun_and_not_sent_leaves_by_another_and_not_by_it() {
    const MAILS: u64 = 40;
    let (database, slow, quick) = (Postgres::start(), Taker::start(), Taker::start());
    let url = database.database();
    let gate = Gate::before(slow.port);
    let (one, other) = (host(&url, &by_smtp(gate.port)), host(&url, &by_smtp(quick.port)));
    hand_over(&one, 0, MAILS);
    let first = gate.stop_before("DATA");
    let frozen = start(&one, &["send", "--jobs", "1"]);
    // Only who has taken one is given many at once.
    let second = first.meanwhile(|| gate.stop_before("DATA"));
    second.meanwhile(|| {
        wait_for(|| count(&url, "outbox_attempt WHERE ended_at IS NULL") == 32);
        kill_process(Pid::from_child(&frozen), Signal::STOP).unwrap();
    });
    wait_for(|| count(&url, "lease WHERE until > now()") == 0);
    other.run(&["send"]).exits(0);
    assert_eq!(count(&url, "outbox WHERE state = 'sent'"), i64::try_from(2 * MAILS).unwrap());
    let before = state(&url);
    kill_process(Pid::from_child(&frozen), Signal::CONT).unwrap();
    let status = frozen.wait_with_output().unwrap().status;
    assert_eq!(status.code(), Some(75), "{}", fs::read_to_string(one.path("log")).unwrap());
    assert_eq!(state(&url), before);
    let of_frozen = slow.taken();
    assert_eq!(of_frozen.len(), 2, "the one before and the one that it had in hand");
    let copies: Vec<_> = of_frozen.into_iter().chain(quick.taken()).collect();
    let sum = audited(&[("frozen".to_owned(), rows_at(&url))], &copies);
    assert_eq!((sum.doubles, sum.uncertain, sum.given_up), (1, 32, 0));
}

#[test]
fn a_delivery_that_lives_keeps_its_lease_whatever_becomes_of_the_keepers_connection() {
    let (database, server) = (Postgres::start(), Taker::start());
    let url = database.database();
    let gate = Gate::before(server.port);
    let desk = host(&url, &by_smtp(gate.port));
    hand_over(&desk, 0, 1);
    let stop = gate.stop_before("DATA");
    let mut run = start(&desk, &["send"]);
    stop.meanwhile(|| {
        for _ in 0..2 {
            postgres::execute(&url, "UPDATE lease SET until = now()");
            wait_for(|| count(&url, "lease WHERE until > now()") == 1);
            // The keeper's is the last one that was made.
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE application_name = 'helpdesk-mail' ORDER BY backend_start DESC LIMIT 1";
            postgres::execute(&url, cut);
        }
    });
    assert!(run.wait().unwrap().success(), "{}", fs::read_to_string(desk.path("log")).unwrap());
    assert_eq!((server.taken().len(), count(&url, "lease")), (2, 0));
}

fn wait_for(done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(100), "that does not come");
        sleep(Duration::from_millis(100));
    }
}

/// A hook that keeps what it is given, in a file for each call; `@` is the directory of its host.
fn hooked(url: &str, script: &str) -> Desk {
    let desk = host(url, "");
    let hook =
        format!("[[hook]]\nevent = \"post-process\"\nname = \"crm\"\ncommand = [{:?}]\n", desk.path("crm"));
    desk.configure_on(url, &format!("[queue.support]\naddress = \"support@example.org\"\n{hook}"));
    program(&desk, "crm", script);
    desk
}

/// A script that keeps an event whole in a new file of that directory; one whose caller was killed may be given none.
fn keep(directory: &TempDir) -> String {
    let place = directory.path().display();
    format!(
        "new=$(mktemp {place}/XXXXXX) && cat >$new && if [ -s $new ]; then mv $new $new.json; else rm $new; fi"
    )
}

/// The ids of the events that were kept, in order.
fn kept(directory: &TempDir) -> Vec<String> {
    let files = fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().path());
    let events = files.filter(|file| file.extension().is_some_and(|end| end == "json"));
    let id = |file| {
        let event: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        event["id"].as_str().unwrap().to_owned()
    };
    let mut ids: Vec<String> = events.map(id).collect();
    ids.sort();
    ids
}

/// How often the uncertain attempts of the rows allow events to have come, with at least once for what was delivered.
fn assert_explained(url: &str, kept: &[String]) {
    let rows = postgres::texts(
        url,
        "SELECT event_id || ' ' || (SELECT count(*) FROM event_attempt WHERE event = event.id AND result = 'accepted')
           || ' ' || (SELECT count(*) FROM event_attempt WHERE event = event.id AND result = 'uncertain')
         FROM event",
    );
    assert!(!rows.is_empty());
    for row in rows {
        let words: Vec<&str> = row.split(' ').collect();
        let [id, accepted, uncertain] = words[..] else { panic!("{row}") };
        let (accepted, uncertain): (usize, usize) = (accepted.parse().unwrap(), uncertain.parse().unwrap());
        let came = kept.iter().filter(|kept| *kept == id).count();
        assert!((accepted..=accepted + uncertain).contains(&came), "{came} times: {row}");
        assert!(accepted == 1 || uncertain == 2, "{row}");
    }
}

#[test]
fn events_of_hosts_that_are_killed_at_random_arrive() {
    const MAILS: u64 = 30;
    let (database, directory) = (Postgres::start(), tempfile::tempdir().unwrap());
    let url = database.database();
    let hosts: Vec<Desk> = (0..4).map(|_| hooked(&url, &keep(&directory))).collect();
    let deliver = ["events", "deliver"];
    hand_over(&hosts[0], 0, MAILS);
    let began = Instant::now();
    hosts[0].run(&deliver).exits(0);
    let usual = began.elapsed();
    let mut dice = Dice::thrown("hosts that deliver events");
    let (mut killed, mut round) = (0, 0);
    while killed < kills() / 2 {
        round += 1;
        assert!(round <= 10 * kills(), "only {killed} kills met a living program");
        hand_over(&hosts[0], round, MAILS);
        killed += disturbed(&url, &hosts, &deliver, (&mut dice, usual));
    }
    hosts[0].run(&deliver);
    assert_eq!(count(&url, "event WHERE state IN ('queued', 'delivering')"), 0, "{dice:?}");
    assert_eq!(
        (count(&url, "lease"), count(&url, "event")),
        (0, i64::try_from(MAILS * (round + 1)).unwrap())
    );
    // A hook may outlive who called it.
    wait_for(|| {
        fs::read_dir(directory.path()).unwrap().all(|file| file.unwrap().path().extension().is_some())
    });
    assert_explained(&url, &kept(&directory));
    let uncertain = count(&url, "event_attempt WHERE result = 'uncertain'");
    told(&format!("hosts that deliver events: {killed} kills, {uncertain} attempts were uncertain"));
}

#[test]
fn a_frozen_delivery_of_events_that_comes_back_changes_nothing() {
    const MAILS: u64 = 5;
    let (database, directory) = (Postgres::start(), tempfile::tempdir().unwrap());
    let url = database.database();
    let slow = hooked(&url, &format!("{}; echo >@begun; read line <@go", keep(&directory)));
    let quick = hooked(&url, &keep(&directory));
    let pipes = Command::new("mkfifo").args([slow.path("begun"), slow.path("go")]).status();
    assert!(pipes.unwrap().success());
    hand_over(&quick, 0, MAILS);
    let frozen = start(&slow, &["events", "deliver"]);
    // Its hook has the first one.
    fs::read(slow.path("begun")).unwrap();
    quick.run(&["events", "deliver"]).exits(0);
    assert_eq!(count(&url, "event WHERE state = 'delivered'"), i64::try_from(MAILS).unwrap() - 1);
    kill_process(Pid::from_child(&frozen), Signal::STOP).unwrap();
    is_silent_for_a_minute(&url, &frozen);
    quick.run(&["events", "deliver"]).exits(0);
    assert_eq!(count(&url, "event WHERE state = 'delivered'"), i64::try_from(MAILS).unwrap());
    let before = state(&url);
    fs::write(slow.path("go"), "\n").unwrap();
    kill_process(Pid::from_child(&frozen), Signal::CONT).unwrap();
    let output = frozen.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(75), "{}", fs::read_to_string(slow.path("log")).unwrap());
    assert_eq!(state(&url), before);
    let kept = kept(&directory);
    assert_eq!(kept.len() as u64, MAILS + 1, "the one that it had came twice");
    assert_explained(&url, &kept);
}
