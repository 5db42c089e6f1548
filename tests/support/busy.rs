//! A store with the mail of some weeks, as a small help desk has it: weekends, a bad day, people who write much.
//!
//! Rows are written as the program would write them, but by hand: forty days cannot be waited for.

use std::path::Path;

use jiff::{Timestamp, ToSpan as _};
use rusqlite::{Connection, params};

const QUEUES: [&str; 4] = ["support", "billing", "sales", "second-level"];

const PEOPLE: [&str; 14] = [
    "amelia.hart@example.com",
    "jonas.weber@example.net",
    "facilities@example.org",
    "li.na@example.com",
    "purchasing@north.example",
    "marta.kowalska@example.net",
    "a.very.long.name.of.a.person.who.writes@departments.of.a.large.company.example",
    "o'brien@example.com",
    "samuel@harbour.example",
    "ines.duarte@example.org",
    "pavel@example.net",
    "yuki.tanaka@example.com",
    "monitoring@north.example",
    "greta@example.org",
];

/// What becomes of a thousand mails: outcome, reason, and how many of them.
const FATES: [(&str, &str, i64); 18] = [
    ("created", "new", 330),
    ("created", "unknown-ticket", 12),
    ("created", "sender-not-participant", 8),
    ("updated", "token", 210),
    ("updated", "in-reply-to", 150),
    ("updated", "references", 24),
    ("updated", "subject", 16),
    ("reopened", "token", 34),
    ("duplicate", "message-id", 22),
    ("skipped", "no-ticket-id", 46),
    ("skipped", "auto-reply", 30),
    ("skipped", "bounce", 14),
    ("skipped", "sender-not-allowed", 9),
    ("ignored", "rule:newsletters", 58),
    ("ignored", "own-message", 16),
    ("failed", "unreadable", 9),
    ("failed", "crashed", 4),
    ("failed", "too-many-attempts", 8),
];

/// Numbers that are the same on every run: Knuth's generator of 64 bits.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % limit
    }

    /// Small numbers are the most frequent.
    fn favouring(&mut self, limit: i64) -> i64 {
        self.below(limit).min(self.below(limit)).min(self.below(limit))
    }

    fn fate(&mut self) -> (&'static str, &'static str) {
        let mut throw = self.below(FATES.iter().map(|(_, _, weight)| weight).sum());
        for (outcome, reason, weight) in FATES {
            if throw < weight {
                return (outcome, reason);
            }
            throw -= weight;
        }
        unreachable!("the weights add up")
    }

    /// Seconds from a mail's arrival to its ticket, with a run every five minutes.
    fn delay(&mut self) -> i64 {
        match self.below(100) {
            0..86 => 4 + self.below(296),
            86..96 => 300 + self.below(500),
            96..99 => 1_000 + self.below(7_000),
            _ => 20_000 + self.below(90_000),
        }
    }
}

/// Fills a store, which is there and empty, with the days that end with `until`.
pub fn fill(store: &Path, until: Timestamp, days: i64) {
    let mut connection = Connection::open(store).unwrap();
    let transaction = connection.transaction().unwrap();
    let mut weeks = Weeks { store: &transaction, dice: Dice(7), item: 0, tickets: 0 };
    weeks.begin();
    for ago in (0..days).rev() {
        weeks.day(until, ago);
    }
    transaction.commit().unwrap();
}

struct Weeks<'a> {
    store: &'a Connection,
    dice: Dice,
    item: i64,
    tickets: i64,
}

impl Weeks<'_> {
    fn begin(&self) {
        let sql = "INSERT INTO run (started_at) VALUES ('2026-01-01T00:00:00.000000Z')";
        self.store.execute(sql, []).unwrap();
        let sql = "INSERT INTO source (mailbox, account, folder) VALUES ('support', 'maildir:mail', 'mail')";
        self.store.execute(sql, []).unwrap();
    }

    fn day(&mut self, until: Timestamp, ago: i64) {
        let evening = until - (24 * ago).hours();
        let weekend = evening.strftime("%u").to_string().parse::<u8>().unwrap() > 5;
        let mails = if weekend { 3 + self.dice.below(6) } else { 19 + self.dice.below(22) };
        for _ in 0..mails {
            // People write in the six hours before that, and nothing comes after the report.
            let hour = 3_600 * self.dice.below(6);
            let at = evening - (hour + self.dice.below(3_600) + 1).seconds();
            // One day on which newsletters came in, and one whose mails could not be read.
            let fate = match (ago, self.dice.below(10)) {
                (17, 0..5) => ("ignored", "rule:newsletters"),
                (9, 0..3) => ("failed", "unreadable"),
                _ => self.dice.fate(),
            };
            self.mail(at, fate);
        }
        if ago == 0 {
            (0..3).for_each(|_| self.mail(evening - 9.minutes(), ("deferred", "temporary")));
        }
    }

    fn mail(&mut self, at: Timestamp, (outcome, reason): (&str, &str)) {
        self.item += 1;
        let author = PEOPLE[usize::try_from(self.dice.favouring(14)).unwrap()];
        let ticket = match outcome {
            "created" => Some(self.open(at)),
            "updated" | "reopened" | "duplicate" => {
                (self.tickets > 0).then(|| 1 + self.dice.below(self.tickets))
            }
            _ => None,
        };
        let error = (outcome == "failed").then_some("message.unreadable");
        self.store
            .execute(
                "INSERT INTO outcome (source, item, run, at, outcome, reason, settled, attempts, disposition, told,
                   ticket, author, subject, notes, error_code, error_message)
                 VALUES (1, ?1, 1, ?2, ?3, ?4, ?5, 0, 'keep', 1, ?6, ?7, 'A question', '[]', ?8, ?8)",
                params![
                    self.item.to_string(),
                    written(at),
                    outcome,
                    reason,
                    outcome != "deferred",
                    ticket,
                    author,
                    error
                ],
            )
            .unwrap();
        if let (Some(ticket), "created" | "updated" | "reopened") = (ticket, outcome) {
            self.message(ticket, at, author);
            (0..1 + i64::from(outcome == "created")).for_each(|_| self.notification(ticket, at, author));
        }
    }

    fn open(&mut self, at: Timestamp) -> i64 {
        self.tickets += 1;
        let queue = QUEUES[usize::try_from(self.dice.favouring(4)).unwrap()];
        let sql = "INSERT INTO ticket (queue, title, status, status_since, priority, created_at, updated_at)
                   VALUES (?1, 'A question', 'open', ?2, 3, ?2, ?2)";
        self.store.execute(sql, params![queue, written(at)]).unwrap();
        self.tickets
    }

    fn message(&mut self, ticket: i64, at: Timestamp, author: &str) {
        let arrived = at - self.dice.delay().seconds();
        let sql = "INSERT INTO message (ticket, direction, digest, raw_sha256, author, subject, received_at, stored_at,
                     text, reply, html, kind, defects)
                   VALUES (?1, 'in', zeroblob(32), zeroblob(32), ?2, 'A question', ?3, ?4, '', '', 0, 'ordinary', '[]')";
        self.store.execute(sql, params![ticket, author, written(arrived), written(at)]).unwrap();
    }

    fn notification(&mut self, ticket: i64, at: Timestamp, to: &str) {
        let state = match self.dice.below(100) {
            0..88 => "sent",
            88..91 => "bounced",
            91..93 => "failed",
            93 => "expired",
            94 => "queued",
            _ => "suppressed",
        };
        let seconds =
            if self.dice.below(9) == 0 { 120 + self.dice.below(2_000) } else { 1 + self.dice.below(40) };
        let gone = written(at + seconds.seconds());
        let id = format!("n{}-{}@example.org", self.item, self.dice.below(i64::MAX));
        let sql =
            "INSERT INTO outbox (ticket, template, role, key, address, subject, message_id, priority, state,
                     created_at, state_since, due_at, attempts, uncertain)
                   VALUES (?1, 'created', 'requester', ?2, ?2, 'A question', ?3, 1, ?4, ?5, ?6, ?5, 1, 0)";
        self.store.execute(sql, params![ticket, to, id, state, written(at), gone]).unwrap();
        if state == "sent" || state == "bounced" {
            let sql = "INSERT INTO outbox_attempt (outbox, began_at, ended_at, result)
                       VALUES (last_insert_rowid(), ?1, ?1, 'accepted')";
            self.store.execute(sql, params![gone]).unwrap();
        }
    }
}

/// As the store writes times.
fn written(at: Timestamp) -> String {
    format!("{at:.6}")
}
