//! What came of notifications: every copy that arrived somewhere, held against the rows of the outbox.
//!
//! A row says how each of its attempts ended. What was accepted has arrived; what was uncertain may have; what was put off
//! or refused has not. Copies of one notification are the same mail: Message-ID, recipient, text.

use std::collections::HashMap;

use super::database::Opened;
use super::desk::Desk;
use super::postgres::connected;

/// A mail that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// With its brackets.
    pub message_id: String,
    pub recipient: String,
    /// From the field `From` on: without what the way and the time put before it.
    pub text: String,
}

impl Copy {
    /// A mail as it lies there.
    pub fn new(recipient: &str, mail: &str) -> Self {
        let mail = mail.replace("\r\n", "\n");
        let start = mail.find("\nFrom: ").unwrap_or_else(|| panic!("no From in {mail}"));
        let text = mail[start + 1..].to_owned();
        let (head, body) =
            text.split_once("\n\n").unwrap_or_else(|| panic!("no end of the header in {text}"));
        let id =
            head.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("a Message-ID").to_owned();
        // All of ours are multipart/alternative.
        assert!(body.trim_end().ends_with("--"), "half a mail: {mail}");
        Self { message_id: id, recipient: recipient.to_owned(), text }
    }
}

/// A row of an outbox.
#[derive(Debug, Clone)]
pub struct Row {
    message_id: String,
    address: String,
    state: String,
    reason: String,
    results: Vec<String>,
    open: i64,
}

const SELECT_ROWS: &str = "
SELECT '<' || message_id || '>', address, state, coalesce(reason, ''),
  (SELECT coalesce(string_agg(result, ' '), '') FROM outbox_attempt WHERE outbox = outbox.id),
  (SELECT count(*) FROM outbox_attempt WHERE outbox = outbox.id AND ended_at IS NULL)
FROM outbox
ORDER BY id";

/// The rows behind the first so many.
pub fn rows(desk: &Desk, behind: usize) -> Vec<Row> {
    desk.store().rows(SELECT_ROWS).into_iter().skip(behind).map(Row::of).collect()
}

/// The rows of the store in a PostgreSQL database.
pub fn rows_at(url: &str) -> Vec<Row> {
    Opened::Server(connected(url)).rows(SELECT_ROWS).into_iter().map(Row::of).collect()
}

impl Row {
    fn of(cells: Vec<String>) -> Self {
        let [message_id, address, state, reason, results, open] = cells.try_into().unwrap();
        let results = results.split_whitespace().map(str::to_owned).collect();
        Self { message_id, address, state, reason, results, open: open.parse().unwrap() }
    }

    fn ended(&self, result: &str) -> usize {
        self.results.iter().filter(|one| *one == result).count()
    }

    /// Whether an attempt is under way, or its program died.
    pub fn is_open(&self) -> bool {
        self.open > 0
    }

    /// How many attempts may have been taken and were not answered for.
    pub fn uncertain(&self) -> usize {
        self.ended("uncertain")
    }

    pub fn is_sent(&self) -> bool {
        self.state == "sent"
    }

    /// Whether it was given up because nobody knows.
    pub fn is_given_up(&self) -> bool {
        self.state == "failed"
    }

    /// Whether so many copies can have arrived of it.
    fn allows(&self, copies: usize) -> bool {
        let (accepted, uncertain) = (self.ended("accepted"), self.uncertain());
        let at_end = match self.state.as_str() {
            "sent" => accepted == 1 && uncertain < 2,
            "failed" => accepted == 0 && uncertain == 2 && self.reason == "uncertain",
            "suppressed" => accepted == 0,
            _ => false,
        };
        !self.is_open() && at_end && (accepted..=accepted + uncertain).contains(&copies)
    }
}

/// What came of many notifications.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// So many arrived.
    pub arrived: usize,
    /// So many arrived a second time.
    pub doubles: usize,
    /// So many attempts ended without an answer.
    pub uncertain: usize,
    /// So many were given up, because that happened to them twice.
    pub given_up: usize,
}

/// Holds the rows of desks, which are named, against all that arrived of them.
pub fn audited(desks: &[(String, Vec<Row>)], arrived: &[Copy]) -> Sum {
    let mut copies: HashMap<&str, Vec<&Copy>> = HashMap::new();
    for copy in arrived {
        copies.entry(&copy.message_id).or_default().push(copy);
    }
    let mut sum = Sum::default();
    for (desk, row) in desks.iter().flat_map(|(desk, rows)| rows.iter().map(move |row| (desk, row))) {
        let copies = copies.remove(row.message_id.as_str()).unwrap_or_default();
        assert!(row.allows(copies.len()), "{desk}: {} copies of {row:?}", copies.len());
        for copy in &copies {
            assert_eq!(copy.recipient, row.address, "{desk}");
            assert_eq!(copy.text, copies[0].text, "{desk}: two mails with one Message-ID");
        }
        sum.arrived += usize::from(!copies.is_empty());
        sum.doubles += copies.len().saturating_sub(1);
        sum.uncertain += row.uncertain();
        sum.given_up += usize::from(row.is_given_up());
    }
    assert!(copies.is_empty(), "of no row: {:?}", copies.keys());
    assert!(sum.doubles <= sum.uncertain, "{sum:?}");
    sum
}
