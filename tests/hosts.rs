//! Several hosts at one PostgreSQL store: four programs in directories of their own fetch the mailboxes of one Dovecot, two of
//! them killed again and again, and end as one undisturbed program does.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use helpdesk_mail::mailbox::Tls;

use crate::support::desk::Desk;
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;
use crate::support::postgres::{self, Postgres};
use crate::support::torture::{Dice, is_long, told};

/// Mailboxes, and mails in each.
fn size() -> (usize, usize) {
    if is_long() { (20, 500) } else { (6, 20) }
}

/// The users of each side, `SIDE0`, `SIDE1` and so on, with mails in threads of two: each second answers the first.
fn fill(server: &Dovecot, side: &str) {
    let (mailboxes, mails) = size();
    for mailbox in 0..mailboxes {
        let user = format!("{side}{mailbox}");
        let mut session = server.session(&user);
        for number in 0..mails {
            let (id, subject) = (format!("{mailbox}.{number}@x"), format!("Mail {mailbox}.{number}"));
            let letter = match number % 2 {
                0 => Letter::new(&id, &subject),
                _ => Letter::new(&id, "Re: it").answers(&format!("{mailbox}.{}@x", number - 1)),
            };
            session.append("INBOX", "", &letter.bytes());
        }
    }
}

/// A Dovecot with the same mails twice, for one program and for all, and a PostgreSQL.
fn servers() -> (Dovecot, Postgres) {
    let server = Dovecot::start();
    let of = |side: &'static str| (0..size().0).map(move |number| format!("{side}{number}"));
    let users: Vec<String> = of("one").chain(of("all")).collect();
    server.set_passwords(&users.iter().map(|user| (user.as_str(), "secret")).collect::<Vec<_>>());
    ["one", "all"].iter().for_each(|side| fill(&server, side));
    (server, Postgres::start())
}

/// A host: a directory of its own with the configuration that all have.
fn host(server: &Dovecot, side: &str, url: &str) -> Desk {
    let desk = Desk::configured("");
    let section = |mailbox| {
        let toml = server.mailbox_toml(&format!("{side}{mailbox}"), Tls::None);
        format!("[mailbox.m{mailbox}]\nqueue = \"support\"\nbatch_size = 20\n{toml}\n")
    };
    let mailboxes: String = (0..size().0).map(section).collect();
    desk.configure_on(url, &format!("[queue.support]\naddress = \"support@example.org\"\n{mailboxes}"));
    desk
}

fn begin(desk: &Desk) -> Child {
    let mut command = desk.command(&["fetch", "--json"]);
    let log = std::fs::File::create(desk.path("log")).unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// A run that nobody disturbs.
#[track_caller]
fn succeeds(desk: &Desk) {
    let status = begin(desk).wait().unwrap();
    assert!(status.success(), "{status}: {}", std::fs::read_to_string(desk.path("log")).unwrap());
}

/// What became of each mail, and what stands together on a ticket, whatever its number.
fn state(url: &str) -> Vec<String> {
    let texts = |sql: &str| postgres::texts(url, sql);
    let mut state = texts(
        "SELECT mailbox || ' ' || split_part(item, ':', 2) || ' ' || outcome || '/' || reason || ' ' || settled || ' ' ||
           told || ' ' || message_id
         FROM outcome JOIN source ON source.id = source ORDER BY mailbox, message_id",
    );
    state.extend(texts(
        "SELECT title || ': ' || string_agg(message_id, ' ' ORDER BY message.id)
         FROM ticket JOIN message ON message.ticket = ticket.id GROUP BY ticket.id, title ORDER BY title",
    ));
    state.extend(texts("SELECT 'in flight ' || item FROM in_flight"));
    state
}

#[test]
fn hosts_that_are_killed_at_random_end_as_one_undisturbed_does() {
    let (server, database) = servers();
    let (mailboxes, mails) = size();

    let alone = database.database();
    let host_alone = host(&server, "one", &alone);
    let began = Instant::now();
    succeeds(&host_alone);
    let undisturbed = began.elapsed();

    let shared = database.database();
    let hosts: Vec<Desk> = (0..4).map(|_| host(&server, "all", &shared)).collect();
    let mut dice = Dice::thrown("several hosts");
    let mut kills = 0;
    loop {
        let mut programs: Vec<Child> = hosts.iter().map(begin).collect();
        // Two of them are killed in mid-run; the others go on.
        for program in programs.iter_mut().take(2) {
            let most = u64::try_from(undisturbed.as_millis()).unwrap() / 4;
            std::thread::sleep(Duration::from_millis(dice.below(most.max(1))));
            if program.try_wait().unwrap().is_none() {
                program.kill().unwrap();
                kills += 1;
            }
        }
        for mut program in programs {
            program.wait().unwrap();
        }
        // For those who died holding something.
        postgres::a_minute_goes_by(&shared);
        if kills >= 4
            || postgres::number(&shared, "SELECT count(*) FROM outcome WHERE settled")
                == i64::try_from(mailboxes * mails).unwrap()
        {
            break;
        }
    }
    succeeds(&hosts[0]);
    assert_eq!(state(&shared), state(&alone), "seed {}", dice.seed);
    assert!(kills > 0, "nobody was killed in mid-run: seed {}", dice.seed);
    told(&format!(
        "hosts: {} mails in {mailboxes} mailboxes, {kills} kills, the state of one undisturbed",
        mailboxes * mails
    ));
}

/// How much faster four are than one is told, not asserted: the machine has other things to do.
#[test]
fn four_hosts_divide_the_mailboxes_among_themselves() {
    let (server, database) = servers();
    let (mailboxes, mails) = size();
    let timed = |hosts: Vec<Desk>| {
        let began = Instant::now();
        let programs: Vec<Child> = hosts.iter().map(begin).collect();
        // 75: a mailbox was held by another.
        let codes: Vec<_> = programs.into_iter().map(|mut one| one.wait().unwrap().code()).collect();
        assert!(codes.iter().all(|code| [Some(0), Some(75)].contains(code)), "{codes:?}");
        began.elapsed()
    };
    let (alone, shared) = (database.database(), database.database());
    let one = timed(vec![host(&server, "one", &alone)]);
    let four = timed((0..4).map(|_| host(&server, "all", &shared)).collect());
    // Who found all mailboxes held has gone home; what is left is one run's work.
    succeeds(&host(&server, "all", &shared));
    assert_eq!(state(&shared), state(&alone));
    let ratio = one.as_secs_f64() / four.as_secs_f64();
    told(&format!(
        "hosts: four are {ratio:.2} times as fast as one ({} mails, {mailboxes} mailboxes)",
        mailboxes * mails
    ));
}
