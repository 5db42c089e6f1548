//! One bad message in a batch: it fails alone, whatever gives up on it; the store's own trouble takes the batch back.

use std::collections::HashSet;

use super::batch::{self, Batch};
use super::empty::Empty;
use super::item;
use super::job::Job;
use super::notebook::Notebook;
use super::suspects::Suspects;
use super::tally::Tally;
use super::*;
use crate::model::found::{Earlier, Standing};
use crate::model::ids::{MailboxName, MessageId, TicketId};
use crate::model::item::{Acknowledgement, Baseline, Extent, Fetched, ItemKey, Listed, Watermark};
use crate::model::ticket::TicketFacts;
use crate::model::trouble::ErrorCode;
use crate::parse::Limits;
use crate::policy::{ClosedTicket, Entry, FollowupsFrom, Queue, SameMail};
use crate::store::{Fingerprint, KeepRaw, Lookup, MailboxState, Source, StoreError};

/// A store that knows nothing and gives up on messages by their ids.
struct Tripping;

impl Lookup for Tripping {
    fn settled_before(&mut self, print: &Fingerprint<'_>) -> Result<Option<Earlier>, StoreError> {
        match print.message_id.map(MessageId::as_str) {
            Some("panic@x") => panic!("planted"),
            Some("data@x") => Err(StoreError::Data { source: "planted".into() }),
            Some("disk@x") => Err(StoreError::Full { place: "store".to_owned(), source: "planted".into() }),
            _ => Ok(None),
        }
    }

    fn ticket(&mut self, id: TicketId) -> Result<Option<TicketFacts>, StoreError> {
        Empty.ticket(id)
    }

    fn holding(&mut self, id: &MessageId) -> Result<Vec<TicketFacts>, StoreError> {
        Empty.holding(id)
    }

    fn naming(&mut self, id: &MessageId) -> Result<Vec<TicketFacts>, StoreError> {
        Empty.naming(id)
    }

    fn copies(&mut self, print: &Fingerprint<'_>) -> Result<Vec<TicketFacts>, StoreError> {
        Empty.copies(print)
    }

    fn standing(&mut self, ticket: TicketId, address: &str) -> Result<Standing, StoreError> {
        Empty.standing(ticket, address)
    }

    fn former(&mut self, source: &Source, configured: &[MailboxName]) -> Result<Option<Source>, StoreError> {
        Empty.former(source, configured)
    }

    fn settled(&mut self, source: &Source, keys: &[ItemKey]) -> Result<HashSet<ItemKey>, StoreError> {
        Empty.settled(source, keys)
    }

    fn deferred(&mut self, source: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError> {
        Empty.deferred(source)
    }

    fn attempts(&mut self, source: &Source, key: &ItemKey) -> Result<u32, StoreError> {
        Empty.attempts(source, key)
    }

    fn in_flight(&mut self, source: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError> {
        Empty.in_flight(source)
    }

    fn watermark(&mut self, source: &Source) -> Result<Option<Watermark>, StoreError> {
        Empty.watermark(source)
    }

    fn baseline(&mut self, source: &Source) -> Result<Option<Baseline>, StoreError> {
        Empty.baseline(source)
    }

    fn owed(&mut self, source: &Source) -> Result<Vec<Acknowledgement>, StoreError> {
        Empty.owed(source)
    }

    fn mailbox_state(&mut self, mailbox: &MailboxName) -> Result<MailboxState, StoreError> {
        Empty.mailbox_state(mailbox)
    }

    fn next_ticket(&mut self) -> Result<TicketId, StoreError> {
        Empty.next_ticket()
    }
}

/// Keeps the lines as `outcome/reason ticket code`.
#[derive(Default)]
struct Lines(Vec<String>);

impl Listener for Lines {
    fn progress(&mut self, _: &MailboxName, _: u64, _: u64) {}

    fn message(&mut self, line: MessageLine) {
        let ticket = line.ticket.as_deref().unwrap_or("-");
        let code = line.error.as_ref().map_or("-", |trouble| trouble.code.as_str());
        self.0.push(format!("{}/{} {ticket} {code}", line.outcome, line.reason));
    }

    fn mailbox(&mut self, _: &MailboxLine) {}

    fn summary(&mut self, _: &Summary) {}
}

pub(super) fn queue() -> Queue {
    Queue {
        slug: "support".parse().unwrap(),
        title: "Support".to_owned(),
        addresses: vec!["support@example.org".to_owned()],
        entry: Entry::CreateAndUpdate,
        closed_ticket: ClosedTicket::New,
        same_mail: SameMail::OnePerQueue,
        followups_from: FollowupsFrom::Participants,
        agents: Vec::new(),
        forwarded: crate::policy::Forwarded::Agent,
        priority: 3,
        locale: "en".to_owned(),
        notify: crate::model::outbox::Told::ALL.to_vec(),
        answers_to: crate::policy::AnswersTo::Queue,
        outbox: "default".to_owned(),
        attach_files: None,
    }
}

/// A plan with these mailboxes and that queue.
pub(super) fn plan(mailboxes: Vec<MailboxPlan>) -> Plan {
    Plan {
        queues: vec![queue()],
        mailboxes,
        rules: Vec::new(),
        keep_raw: KeepRaw::Failed,
        alert: Alert::default(),
        limits: Limits::default(),
        outbox: None,
        hooks: Vec::new(),
    }
}

fn fetched(id: &str) -> Fetched {
    let bytes = format!("From: alice@example.org\r\nSubject: {id}\r\nMessage-ID: <{id}>\r\n\r\nText\r\n");
    let listed = Listed { key: ItemKey(id.to_owned()), size: None, arrived: None };
    Fetched { listed, bytes: bytes.into_bytes(), extent: Extent::Whole }
}

/// What becomes of mails with these ids in one batch.
fn received(ids: &[&str]) -> (Vec<String>, Option<ErrorCode>) {
    let plan = plan(Vec::new());
    let job = Job::of_queue(&plan, &plan.queues[0], None);
    let source =
        Source { mailbox: job.name.clone(), account: "test".to_owned(), folder: "support".to_owned() };
    let mut desk = Rehearsing::over(Notebook::over(Box::new(Tripping)).unwrap());
    let mut lines = Lines::default();
    let mut tally = Tally::of(job.name.clone(), &mut lines);
    let items = item::read(ids.iter().map(|id| fetched(id)).collect(), &item::Terms::of(&job));
    let road = Batch { job: &job, source: &source, old: None, suspects: &Suspects::default() };
    let result = road.receive(&items, &mut desk, &mut tally);
    let trouble = result.map(|received| drop(batch::tell(received, 0, &mut tally))).err();
    (lines.0, trouble.map(|trouble| trouble.code))
}

#[test]
fn a_message_that_makes_the_program_or_the_store_give_up_fails_alone() {
    let (lines, trouble) = received(&["a@x", "panic@x", "b@x", "data@x", "c@x"]);
    assert_eq!(
        lines,
        [
            "created/new support-1 -",
            "failed/crashed - message.crashed",
            "created/new support-2 -",
            "failed/store - message.store",
            "created/new support-3 -",
        ]
    );
    assert_eq!(trouble, None);
}

#[test]
fn a_full_disk_takes_the_whole_batch_back() {
    let (lines, trouble) = received(&["a@x", "disk@x", "b@x"]);
    assert_eq!(lines, ["deferred/temporary - store.full"; 3]);
    assert_eq!(trouble, Some(ErrorCode::StoreFull));
}
