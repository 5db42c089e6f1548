//! Two systems, each the other's requester: what they write to each other comes to an end.

use std::fs;

use crate::outbox::{FILE, fetch, field, left, letter, told};
use crate::support::desk::Desk;

/// Two desks, and how many mails of each were carried to the other.
struct Pair {
    desks: [Desk; 2],
    taken: [usize; 2],
}

impl Pair {
    fn new() -> Self {
        let desk = |name: &str| {
            let desk = Desk::configured(&format!(
                "[queue.{name}]\naddress = \"{name}@{name}.example\"\n[mailbox.{name}]\ntype = \"maildir\"\n\
                 queue = \"{name}\"\npath = \"mail\"\n[outbox]\n{FILE}"
            ));
            for part in ["mail/new", "mail/cur", "mail/tmp", "out"] {
                fs::create_dir_all(desk.path(part)).unwrap();
            }
            desk
        };
        Self { desks: [desk("left"), desk("right")], taken: [0, 0] }
    }

    /// Fetches at one, and carries what it sent to the other; tells how many mails that were.
    fn pass(&mut self, from: usize, carry: fn(&str) -> String) -> usize {
        fetch(&self.desks[from]);
        let mails = left(&self.desks[from]);
        for (n, mail) in mails.iter().enumerate().skip(self.taken[from]) {
            self.desks[1 - from].deliver(&format!("{n:03}"), carry(mail).as_bytes());
        }
        mails.len() - std::mem::replace(&mut self.taken[from], mails.len())
    }

    /// How many mails there are until none comes any more, and all rows of both.
    fn talk(mut self, carry: fn(&str) -> String) -> (usize, Vec<String>) {
        let first = letter("first@right.example", "Printer").from("right@right.example");
        self.desks[0].deliver("first", &first.with("To", "left@left.example").bytes());
        let mut count = 0;
        for _ in 0..40 {
            let both = self.pass(0, carry) + self.pass(1, carry);
            if both == 0 {
                return (count, self.desks.iter().flat_map(told).collect());
            }
            count += both;
        }
        panic!("they have written {count} mails and go on");
    }
}

/// A mail without these fields.
fn without(mail: &str, names: &[&str]) -> String {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", "\n ").replace("\r\n\t", "\n\t");
    let is_kept = |line: &&str| !names.iter().any(|name| line.starts_with(&format!("{name}:")));
    let head: Vec<String> = head
        .split("\r\n")
        .filter(is_kept)
        .map(|line| line.replace("\n ", "\r\n ").replace("\n\t", "\r\n\t"))
        .collect();
    format!("{}\r\n\r\n{body}", head.join("\r\n"))
}

const MARKS: [&str; 4] = ["Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "X-Loop"];

#[test]
fn two_systems_that_write_to_each_other_fall_silent() {
    let (count, rows) = Pair::new().talk(str::to_owned);
    assert_eq!((count, rows.len()), (1, 1), "an acknowledgement is not acknowledged: {rows:?}");

    let (count, rows) = Pair::new().talk(|mail| without(mail, &MARKS));
    assert_eq!(count, 2, "each acknowledges once, on one ticket each: {rows:?}");
}

/// A mail with this subject and nothing that leads back to another.
fn about(subject: &str, mail: &str) -> String {
    const THREAD: [&str; 4] = ["In-Reply-To", "References", "Reply-To", "Subject"];
    format!("Subject: {subject}\r\n{}", without(mail, &[MARKS, THREAD].concat()))
}

#[test]
fn two_systems_that_understand_nothing_of_each_other_are_stopped_by_the_limits() {
    let suppressed = |rows: &[String]| rows.iter().filter(|row| row.ends_with(" suppressed")).count();
    let (count, rows) = Pair::new().talk(|mail| about("Printer", mail));
    assert_eq!(
        (count, suppressed(&rows)),
        (10, 1),
        "each writes half of rate_limit with one subject: {rows:?}"
    );

    let (count, rows) = Pair::new().talk(|mail| {
        let id = field(mail, "Message-ID");
        about(&id.chars().filter(char::is_ascii_alphabetic).collect::<String>(), mail)
    });
    assert_eq!((count, suppressed(&rows)), (20, 1), "each writes as many as rate_limit allows: {rows:?}");
}
