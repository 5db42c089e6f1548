use std::sync::{Arc, Mutex};

use super::*;
use crate::mailbox::{MailboxError, Settled};
use crate::model::ids::{MailboxName, RunId};
use crate::model::item::{Acknowledgement, Disposition, Extent, Listing, Watermark};
use crate::run::job::Job;
use crate::run::lock::Locks;
use crate::run::report::{Listener, MailboxLine, MessageLine, Summary};
use crate::run::suspects::Suspects;
use crate::run::tests::plan;
use crate::run::{Acting, Prober};
use crate::store::{Config, Source, Store};

/// What was done, in its order.
type Diary = Arc<Mutex<Vec<String>>>;

fn note(diary: &Diary, line: String) {
    diary.lock().unwrap().push(line);
}

/// A mailbox that breaks off at a message, or panics at it.
struct Fragile {
    diary: Diary,
    breaks_at: &'static str,
    panics_at: &'static str,
    is_broken: bool,
    cut_short: bool,
}

impl Fragile {
    fn away(&self) -> MailboxError {
        let source = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        MailboxError::Connect { what: "server".to_owned(), hint: None, source: Some(source.into()) }
    }
}

impl Reader for Fragile {
    fn account(&self) -> String {
        "test".to_owned()
    }

    fn folders(&self) -> Vec<String> {
        Vec::new()
    }

    fn open(&mut self, _: &str) -> Result<(), MailboxError> {
        Ok(())
    }

    fn list(&mut self, _: Option<&Watermark>) -> Result<Listing, MailboxError> {
        Ok(Listing::default())
    }

    fn fetch(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError> {
        let mut fetched = Vec::new();
        for item in items {
            let id = item.key.to_string();
            note(&self.diary, format!("fetch {id}"));
            assert_ne!(id, self.panics_at, "planted");
            if id == self.breaks_at {
                (self.is_broken, self.cut_short) = (true, true);
                return Ok(fetched);
            }
            let bytes =
                format!("From: a@example.org\r\nSubject: {id}\r\nMessage-ID: <{id}@x>\r\n\r\nText\r\n");
            fetched.push(Fetched { listed: item.clone(), bytes: bytes.into(), extent: Extent::Whole });
        }
        Ok(fetched)
    }

    fn cut_short(&mut self) -> Option<MailboxError> {
        std::mem::take(&mut self.cut_short).then(|| self.away())
    }

    fn watermark(&self, _: Option<&ItemKey>) -> Option<Watermark> {
        None
    }

    fn target(&mut self, _: &str) -> Result<(), MailboxError> {
        Ok(())
    }

    fn capabilities(&mut self) -> Result<Vec<String>, MailboxError> {
        Ok(Vec::new())
    }
}

impl Gate for Fragile {
    fn reader(&mut self) -> &mut dyn Reader {
        self
    }

    fn acknowledge(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        if self.is_broken {
            return Err(self.away());
        }
        let keys: Vec<ItemKey> = items.iter().map(|item| item.key.clone()).collect();
        keys.iter().for_each(|key| note(&self.diary, format!("tell {key}")));
        Ok(keys)
    }

    fn is_unsettled(&self) -> bool {
        false
    }

    fn settle(&mut self) -> Settled {
        Settled { heard: Vec::new(), end: Ok(()) }
    }

    fn close(&mut self) -> Result<Vec<ItemKey>, MailboxError> {
        Ok(Vec::new())
    }
}

struct Lines(Diary);

impl Listener for Lines {
    fn progress(&mut self, _: &MailboxName, _: u64, _: u64) {}

    fn message(&mut self, line: MessageLine) {
        note(&self.0, format!("{} {}/{}", line.item, line.outcome, line.reason));
    }

    fn mailbox(&mut self, _: &MailboxLine) {}

    fn summary(&mut self, _: &Summary) {}
}

/// Takes messages 1, 2, 3 and 4 one by one and gives the end, what was done, and what is still marked.
fn walked(
    (breaks_at, panics_at): (&'static str, &'static str),
    suspects: &[&str],
    check: &dyn Fn(&[String]) -> Result<(), Trouble>,
) -> (Result<Vec<ItemKey>, Trouble>, Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::of_file(folder.path().join("store.db"));
    let mut desk = Acting::new(Store::open(&config).unwrap(), &Locks::new(&config), Prober::Nobody).unwrap();
    let run = desk.begin(jiff::Timestamp::now()).unwrap().unwrap_or(RunId(1));
    let plan = plan(Vec::new());
    let mut job = Job { run, ..Job::of_queue(&plan, &plan.queues[0], None) };
    job.dispositions.on_success = Disposition::Seen;
    let source = Source { mailbox: job.name.clone(), account: "test".to_owned(), folder: "box".to_owned() };
    let suspects = Suspects::all(suspects.iter().map(|key| ItemKey((*key).to_owned())));
    let diary = Diary::default();
    let mut gate =
        Fragile { diary: Arc::clone(&diary), breaks_at, panics_at, is_broken: false, cut_short: false };
    let mut lines = Lines(Arc::clone(&diary));
    let mut tally = Tally::of(job.name.clone(), &mut lines);
    let listed: Vec<Listed> = (1..=4)
        .map(|number: u32| Listed { key: ItemKey(number.to_string()), size: None, arrived: None })
        .collect();
    let road = Batch { job: &job, source: &source, old: None, suspects: &suspects };
    let checked = || check(&diary.lock().unwrap());
    let crew = Crew { gate: &mut gate, desk: &mut desk, tally: &mut tally };
    let end = road.in_turn(listed.chunks(1), &checked, crew);
    let left = desk.lookup().in_flight(&source).unwrap();
    let left = left.into_iter().map(|(key, _)| key.to_string()).collect();
    let done = diary.lock().unwrap().clone();
    (end, done, left)
}

fn place(done: &[String], line: &str) -> usize {
    done.iter().position(|one| one == line).unwrap_or_else(|| panic!("no {line:?} in {done:#?}"))
}

fn go_on(_: &[String]) -> Result<(), Trouble> {
    Ok(())
}

#[test]
fn each_batch_is_received_and_told_in_turn_and_the_next_is_fetched_before() {
    let (end, done, left) = walked(("", ""), &[], &go_on);
    assert_eq!(end.unwrap(), []);
    for number in 1..4 {
        let next = number + 1;
        assert!(
            place(&done, &format!("fetch {next}")) < place(&done, &format!("tell {number}")),
            "{done:#?}"
        );
        assert!(place(&done, &format!("tell {number}")) < place(&done, &format!("{next} created/new")));
    }
    assert_eq!(left, [""; 0]);
}

#[test]
fn nothing_is_in_hand_beside_what_runs_died_with() {
    let (end, done, _) = walked(("", ""), &["2"], &go_on);
    assert_eq!(end.unwrap(), []);
    assert!(place(&done, "tell 1") < place(&done, "fetch 2"), "{done:#?}");
    assert!(done.iter().any(|line| line.starts_with("2 ")), "{done:#?}");
    assert!(
        done.iter().position(|line| line.starts_with("2 ")).unwrap() < place(&done, "fetch 3"),
        "{done:#?}"
    );
}

#[test]
fn a_mailbox_that_breaks_off_ahead_costs_the_batch_before_nothing() {
    let (end, done, left) = walked(("3", ""), &[], &go_on);
    assert_eq!(end.unwrap_err().code, ErrorCode::MailboxConnect);
    // What came is kept, though nobody could be told of it any more, and what it broke off at is put off by name.
    assert!(place(&done, "2 created/new") < place(&done, "3 deferred/temporary"));
    assert!(!done.contains(&"tell 2".to_owned()) && !done.contains(&"fetch 4".to_owned()), "{done:#?}");
    // The next run handles it with care.
    assert_eq!(left, ["3"]);
}

#[test]
fn an_end_that_was_asked_for_does_not_forget_what_the_mailbox_broke_off_at() {
    let stop = |done: &[String]| match done.contains(&"2 created/new".to_owned()) {
        true => Err(Trouble::new(ErrorCode::Interrupted, "stop")),
        false => Ok(()),
    };
    let (end, done, left) = walked(("3", ""), &[], &stop);
    assert_eq!(end.unwrap_err().code, ErrorCode::MailboxConnect);
    place(&done, "3 deferred/temporary");
    let (end, done, left_too) = walked(("", ""), &[], &stop);
    assert_eq!(end.unwrap_err().code, ErrorCode::Interrupted);
    // The third was fetched in vain and is taken again by the next run, with a clean name.
    assert!(place(&done, "tell 2") > place(&done, "fetch 3"));
    assert!(!done.iter().any(|line| line.starts_with("3 ")), "{done:#?}");
    assert_eq!((left, left_too), (vec!["3".to_owned()], Vec::new()));
}

#[test]
fn a_fetch_that_gives_up_ahead_takes_nothing_from_what_was_committed() {
    let (end, done, left) = walked(("", "2"), &[], &go_on);
    assert_eq!(end.unwrap_err().code, ErrorCode::Internal);
    place(&done, "tell 1");
    assert!(!done.contains(&"fetch 3".to_owned()), "{done:#?}");
    assert_eq!(left, [""; 0]);
}
