//! A store on a PostgreSQL server: the same outcomes as in a file, and several programs at one store, killed and frozen.

use std::io::Read as _;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::outbox::FILE;
use crate::support::database::Database;
use crate::support::desk::Desk;
use crate::support::dump;
use crate::support::letter::Letter;
use crate::support::postgres::{self, Postgres};
use crate::support::scene;
use crate::support::torture::Dice;

const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\n[[rule]]\nname = \"news\"\n\
                     when = { from = \"*@news.example.org\" }\nthen = { ignore = true }\n";

/// The Maildirs of a desk: so many mailboxes, `m0`, `m1` and so on.
fn mailboxes(desk: &Desk, count: usize, keys: &str) -> String {
    let section = |number| {
        for part in ["new", "cur", "tmp"] {
            std::fs::create_dir_all(desk.path(&format!("m{number}")).join(part)).unwrap();
        }
        format!(
            "[mailbox.m{number}]\ntype = \"maildir\"\nqueue = \"support\"\npath = \"m{number}\"\n{keys}\n"
        )
    };
    (0..count).map(section).collect()
}

fn deliver(desk: &Desk, mailbox: usize, name: &str, mail: &[u8]) {
    std::fs::write(desk.path(&format!("m{mailbox}/new/{name}")), mail).unwrap();
}

/// What a desk tells of its tickets and outcomes, without times and what the secret of its store signs.
fn told(desk: &Desk) -> Vec<String> {
    let mut told = Vec::new();
    for mut ticket in desk.run(&["ticket", "list", "--json"]).exits(0).json() {
        let name = ticket["ticket"].as_str().unwrap().to_owned();
        let mut shown = desk.run(&["ticket", "show", &name, "--json"]).exits(0).json().remove(0);
        for value in [&mut ticket, &mut shown] {
            ["created_at", "updated_at", "reply_address"].iter().for_each(|key| value[*key] = ().into());
        }
        told.extend([ticket.to_string(), shown.to_string()]);
    }
    for mut row in desk.run(&["outcomes", "--json"]).exits(0).json() {
        row["at"] = ().into();
        told.push(row.to_string());
    }
    told.extend(desk.run(&["quarantine", "list", "--json"]).exits(0).json().into_iter().map(|mut row| {
        row["at"] = ().into();
        row.to_string()
    }));
    told
}

#[test]
fn a_store_on_a_server_ends_as_one_in_a_file_does() {
    let server = Postgres::start();
    let desks = [Database::File, Database::of(&server.database())].map(|database| {
        let desk = Desk::over(database);
        desk.configure(&format!("{QUEUE}{}", mailboxes(&desk, 1, "")));
        for id in ["first@x", "second@x"] {
            let file = desk.path("mail.eml");
            std::fs::write(&file, Letter::new(id, "Before").bytes()).unwrap();
            desk.run(&["ingest", file.to_str().unwrap()]).exits(0);
        }
        desk.run(&["ticket", "close", "2"]).exits(0);
        for (number, mail) in scene::mails().iter().enumerate() {
            deliver(&desk, 0, &format!("{number:02}"), mail);
        }
        let foretold = desk.run(&["fetch", "--dry-run", "--json"]).exits(1).outcomes();
        assert_eq!(foretold, scene::OUTCOMES);
        assert_eq!(desk.run(&["fetch", "--json"]).exits(1).outcomes(), scene::OUTCOMES);
        assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
        assert_eq!(desk.run(&["quarantine", "retry", "--all", "--json"]).exits(1).outcomes().len(), 1);
        desk.run(&["outcomes", "reset", "--outcome", "skipped"]).exits(0);
        desk.run(&["fetch"]).exits(0);
        desk
    });
    for lines in [told, dump::store] {
        let [file, server] = desks.each_ref().map(lines);
        assert!(file.len() > 20);
        assert!(file == server, "{}", scene::difference(&file, &server));
    }
}

/// Makes all that is in a store older than any retention; both databases understand it.
const LONG_AGO: &str = "UPDATE outcome SET at = '2020-01-01T00:00:00.000000Z';
    UPDATE run SET started_at = '2020-01-01T00:00:00.000000Z';
    UPDATE outbox SET state_since = '2020-01-01T00:00:00.000000Z' WHERE state <> 'queued';";

#[test]
fn a_store_on_a_server_is_watched_reported_and_pruned_as_one_in_a_file_is() {
    let server = Postgres::start();
    let url = server.database();
    let desks = ["sqlite:desk.db", &url].map(|url| {
        let desk = Desk::configured("");
        std::fs::create_dir(desk.path("out")).unwrap();
        let mailbox = mailboxes(&desk, 1, "on_success = \"delete\"\non_skip = \"keep\"");
        let retention = "retain_outcomes = \"30d\"\nretain_sent = \"10d\"";
        desk.configure_on(url, &format!("{retention}\n{QUEUE}{mailbox}[outbox]\n{FILE}"));
        for (number, mail) in scene::mails().iter().enumerate() {
            deliver(&desk, 0, &format!("{number:02}"), mail);
        }
        desk.run(&["fetch"]).exits(1);
        desk.run(&["outbox", "suppressed", "add", "bob@example.org"]).exits(0);
        desk
    });
    let seen = |desk: &Desk| {
        let [status, report] = [&["status", "--format", "json"][..], &["report", "--json"]]
            .map(|arguments| desk.run(arguments).exits(0).json().remove(0));
        let mailbox = &status["mailboxes"]["m0"];
        assert!(
            mailbox["last_success"].is_string() && status["store"]["size"].as_u64() > Some(0),
            "{status}"
        );
        let of_status = ["outcomes", "events", "outbox"].map(|key| status[key].clone());
        let of_report =
            ["messages", "outcomes", "reasons", "senders", "queues", "outbox"].map(|key| report[key].clone());
        let of_mailbox = ["failures", "deferred", "owed"].map(|key| mailbox[key].clone());
        let text = desk.run(&["report"]).exits(0).stdout;
        assert!(text.contains("</html>"), "{text}");
        (of_status, of_report, of_mailbox, status["quarantine"]["count"].clone())
    };
    let [file, server] = desks.each_ref().map(seen);
    assert_eq!(server, file);
    assert!(file.1[0].as_u64() > Some(8), "{file:?}");

    rusqlite::Connection::open(desks[0].path("desk.db")).unwrap().execute_batch(LONG_AGO).unwrap();
    postgres::execute(&url, LONG_AGO);
    let pruned = |desk: &Desk| {
        let [tried, done, again] =
            [&["prune", "--dry-run", "--json"][..], &["prune", "--json"], &["prune", "--json"]]
                .map(|arguments| desk.run(arguments).exits(0).json().remove(0));
        (tried, done, again, told(desk))
    };
    let [file, server] = desks.each_ref().map(pruned);
    assert_eq!(server, file);
    for some in ["outcomes_shortened", "outcomes_removed", "notifications"] {
        assert!(server.1[some].as_u64() > Some(0), "{some}: {}", server.1);
    }
}

#[test]
fn a_server_that_is_away_ends_the_run_with_75_and_loses_nothing() {
    let server = Postgres::start();
    let desk = Desk::configured("");
    let toml = format!("{QUEUE}{}", mailboxes(&desk, 1, ""));
    desk.configure_on(&server.database(), &toml);
    desk.run(&["fetch"]).exits(0);
    deliver(&desk, 0, "1", &Letter::new("a@x", "Mail").bytes());
    drop(server);
    for arguments in
        [&["fetch", "--json"][..], &["fetch", "--dry-run", "--json"], &["ticket", "list", "--json"]]
    {
        let run = desk.run(arguments).exits(75);
        assert!(run.stdout.contains("\"error_code\":\"store.busy\""), "{}", run.stdout);
    }
    assert!(desk.path("m0/new/1").exists());
}

#[test]
fn who_may_not_read_a_store_is_told_so_and_never_that_there_is_none() {
    let server = Postgres::start();
    let desk = Desk::configured("");
    let (url, mailboxes) = (server.database(), mailboxes(&desk, 1, ""));
    desk.configure_on(&url, &format!("{QUEUE}{mailboxes}"));
    deliver(&desk, 0, "1", &Letter::new("a@x", "Mail").bytes());
    desk.run(&["fetch"]).exits(0);
    postgres::execute(&url, "CREATE ROLE stranger LOGIN; GRANT CREATE ON SCHEMA public TO stranger");
    let user = url.split_once("//").and_then(|(_, rest)| rest.split_once('@')).unwrap().0;
    desk.configure_on(&url.replacen(user, "stranger", 1), &format!("{QUEUE}{mailboxes}"));
    for arguments in [&["status"][..], &["ticket", "list"], &["fetch", "--dry-run"], &["fetch"]] {
        let run = desk.run(arguments);
        assert_eq!(run.code, 74, "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains("permission denied"), "{arguments:?}: {}", run.stderr);
    }
}

fn begin(desk: &Desk) -> Child {
    let mut command = desk.command(&["fetch", "--json"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Each mail has one outcome, and each is a ticket of its own.
fn assert_each_once(url: &str, mails: i64) {
    let count = |sql| postgres::number(url, sql);
    assert_eq!(count("SELECT count(*) FROM outcome WHERE settled AND outcome = 'created'"), mails);
    assert_eq!(count("SELECT count(*) FROM outcome"), mails);
    assert_eq!(count("SELECT count(*) FROM message"), mails);
    assert_eq!(count("SELECT count(DISTINCT message_id) FROM message"), mails);
    assert_eq!(count("SELECT count(*) FROM ticket"), mails);
    assert_eq!(count("SELECT count(*) FROM in_flight"), 0);
}

#[test]
fn a_frozen_program_that_comes_back_after_its_lease_was_taken_changes_nothing() {
    const MAILS: usize = 300;
    let server = Postgres::start();
    let url = server.database();
    let desk = Desk::configured("");
    let toml = format!("{QUEUE}{}", mailboxes(&desk, 1, "batch_size = 1\non_success = \"delete\""));
    desk.configure_on(&url, &toml);
    for number in 0..MAILS {
        deliver(
            &desk,
            0,
            &format!("{number:03}"),
            &Letter::new(&format!("{number}@x"), &format!("Mail {number}")).bytes(),
        );
    }
    let mut frozen = begin(&desk);
    let mut first = [0];
    frozen.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    kill_process(Pid::from_child(&frozen), Signal::STOP).unwrap();
    // A transaction that was open when it froze keeps others from writing until the server misses it.
    postgres::execute(
        &url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE state LIKE 'idle in transaction%' AND datname = current_database()",
    );
    // It has the lease for a minute yet.
    let refused = desk.run(&["fetch", "--json"]).exits(75);
    assert_eq!(refused.lines("mailbox")[0]["status"], "locked");
    postgres::a_minute_goes_by(&url);
    desk.run(&["fetch", "--json"]).exits(0);
    assert_each_once(&url, i64::try_from(MAILS).unwrap());
    kill_process(Pid::from_child(&frozen), Signal::CONT).unwrap();
    let output = frozen.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(75), "{}", String::from_utf8_lossy(&output.stdout));
    assert_each_once(&url, i64::try_from(MAILS).unwrap());
    assert!(std::fs::read_dir(desk.path("m0/new")).unwrap().next().is_none());
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
}

#[test]
fn several_programs_that_are_killed_at_random_take_each_mail_once() {
    const MAILBOXES: usize = 6;
    const MAILS: usize = 25;
    let server = Postgres::start();
    let url = server.database();
    let desk = Desk::configured("");
    let toml = format!("{QUEUE}{}", mailboxes(&desk, MAILBOXES, "batch_size = 5\non_success = \"seen\""));
    desk.configure_on(&url, &toml);
    for mailbox in 0..MAILBOXES {
        for number in 0..MAILS {
            let id = format!("{mailbox}.{number}@x");
            deliver(
                &desk,
                mailbox,
                &format!("{number:03}"),
                &Letter::new(&id, &format!("Mail {id}")).bytes(),
            );
        }
    }
    let mut dice = Dice::thrown("several programs");
    for _ in 0..4 {
        let mut programs: Vec<Child> = (0..4).map(|_| begin(&desk)).collect();
        for program in programs.iter_mut().take(2) {
            let mut some = vec![0; usize::try_from(dice.below(4000)).unwrap()];
            // Killed after as much as that was told, or at its end.
            let _ = program.stdout.as_mut().unwrap().read_exact(&mut some);
            let _ = program.kill();
        }
        programs.into_iter().for_each(|program| drop(program.wait_with_output().unwrap()));
        postgres::a_minute_goes_by(&url);
    }
    desk.run(&["fetch", "--json"]).exits(0);
    assert_each_once(&url, i64::try_from(MAILBOXES * MAILS).unwrap());
    desk.run(&["outcomes", "--reconcile", "--json"]).exits(0);
}
