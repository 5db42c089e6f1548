//! `ingest`: messages that are handed over walk the same road.

use std::collections::HashMap;
use std::time::Instant;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::model::ids::{Digest, MailboxName, RunId};
use crate::model::item::{Extent, Fetched, ItemKey, Listed};
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::trouble::Trouble;
use crate::policy::Queue;
use crate::store::Source;

use super::acting::Acting;
use super::batch::{self, Batch};
use super::companions::Companions;
use super::config::Plan;
use super::in_hand::{Work, end, tally};
use super::job::Job;
use super::report::{Listener, MessageLine, Summary};
use super::stop::Stop;
use super::suspects::{Holding, Suspects};
use super::tally::Tally;
use super::trail::{self, Step};
use super::verdict::Audience;

/// The name under which handed-over messages stand in the ledger; no mailbox may be called so.
pub const INGEST: &str = "ingest";

/// So many messages are taken in one transaction.
const TOGETHER: usize = 200;

/// [`INGEST`] as a mailbox name.
pub(super) fn mailbox() -> MailboxName {
    INGEST.parse().expect("the constant is a valid mailbox name")
}

/// What is handed over.
#[derive(Debug)]
pub struct Handed<'a> {
    /// The queue of new tickets.
    pub queue: &'a Queue,
    /// The messages.
    pub messages: Vec<Vec<u8>>,
    /// Who hands them over and hears the exit code.
    pub audience: Audience,
    /// Ends the run early.
    pub stop: Stop,
}

/// Takes messages that were handed over.
///
/// A message's key is its SHA-256 and its ordinal among equal ones of this call, so that handing the same over twice,
/// as a mail server does that was told to try again, gives no second follow-up.
pub fn ingest(
    plan: &Plan,
    handed: Handed<'_>,
    desk: &mut Acting,
    listener: &mut dyn Listener,
) -> Result<Summary, Trouble> {
    let Handed { queue, messages, audience, stop } = handed;
    let started = Instant::now();
    let run = desk.begin(Timestamp::now())?;
    let _run = run.map(|run| trail::take(Step::Run, run));
    let _mailbox = trail::take(Step::Mailbox, INGEST);
    let _folder = trail::take(Step::Folder, &queue.slug);
    let (of_queue, id) = (Job::of_queue(plan, queue, desk.signer()), run.unwrap_or(RunId(0)));
    let job = Job { run: id, stop: stop.clone(), ..of_queue };
    let source = Source { mailbox: mailbox(), account: INGEST.to_owned(), folder: queue.slug.to_string() };
    let mut tally = tally(messages.len(), listener);
    let mut troubles = Vec::new();
    for group in grouped(keyed(messages), job.together(TOGETHER)) {
        if let Err(trouble) = stop.check() {
            troubles.push(trouble);
            break;
        }
        // The next ones may be luckier.
        troubles.extend(hand_over(&job, &source, group, desk, &mut tally).err());
    }
    Ok(end(Work { run, started, alert: &plan.alert, audience, troubles }, tally, desk))
}

/// Takes messages in one transaction, or tells what became of them before; another process may be faster at any time.
fn hand_over(
    job: &Job<'_>,
    source: &Source,
    group: Vec<Fetched>,
    desk: &mut Acting,
    tally: &mut Tally<'_>,
) -> Result<(), Trouble> {
    let keys: Vec<ItemKey> = group.iter().map(|fetched| fetched.listed.key.clone()).collect();
    let settled = desk.lookup().settled(source, &keys)?;
    let fresh: Vec<Fetched> =
        group.into_iter().filter(|fetched| !settled.contains(&fetched.listed.key)).collect();
    // The mark of one that another process has in hand costs it a process of its own, and no more.
    let suspects = Suspects::of(source, desk)?;
    let road = Batch { job, source, old: None, suspects: &suspects };
    let listed: Vec<Listed> = fresh.iter().map(|fetched| fetched.listed.clone()).collect();
    let holding = Holding::take(&road, &listed, desk)?;
    let items = road.read(fresh, desk);
    let (received, trouble) = match road.receive(&items, desk, tally) {
        Ok(received) => (received, None),
        Err(trouble) => (Vec::new(), Some(trouble)),
    };
    holding.let_go(&items, &received, desk);
    let mut received = received.into_iter();
    for key in &keys {
        match if settled.contains(key) { Some(None) } else { received.next() } {
            Some(Some(taken)) => drop(batch::tell(vec![Some(taken)], 1, tally)),
            // It was settled before, or meanwhile by another process.
            Some(None) => tell_again(source, key, desk, tally)?,
            // It is deferred, and that was told.
            None => {}
        }
    }
    trouble.map_or(Ok(()), Err)
}

fn keyed(messages: Vec<Vec<u8>>) -> Vec<Fetched> {
    let mut met: HashMap<Digest, u64> = HashMap::new();
    messages
        .into_iter()
        .map(|bytes| {
            let hash = Digest(Sha256::digest(&bytes).into());
            let ordinal = met.entry(hash).and_modify(|count| *count += 1).or_insert(1);
            let key = ItemKey(format!("{hash}:{ordinal}"));
            let listed = Listed { key, size: Some(bytes.len() as u64), arrived: None };
            Fetched { listed, bytes, extent: Extent::Whole }
        })
        .collect()
}

/// Groups of the size that a mailbox's batches have.
fn grouped(messages: Vec<Fetched>, most: usize) -> impl Iterator<Item = Vec<Fetched>> {
    let listed: Vec<Listed> = messages.iter().map(|fetched| fetched.listed.clone()).collect();
    let sizes: Vec<usize> = batch::divide(&listed, most).iter().map(|batch| batch.len()).collect();
    let mut messages = messages.into_iter();
    sizes.into_iter().map(move |size| messages.by_ref().take(size).collect())
}

fn tell_again(
    source: &Source,
    key: &ItemKey,
    desk: &mut Acting,
    tally: &mut Tally<'_>,
) -> Result<(), Trouble> {
    let before = desk.store().outcome_of(source, key)?;
    let line = MessageLine {
        mailbox: source.mailbox.clone(),
        folder: source.folder.clone(),
        item: key.to_string(),
        message_id: before.as_ref().and_then(|row| row.message_id.clone()),
        from: before.as_ref().and_then(|row| row.from.clone()),
        subject: before.as_ref().and_then(|row| row.subject.clone()),
        outcome: OutcomeWord::Duplicate,
        reason: Reason::AlreadySettled.as_str().to_owned(),
        ticket: before.and_then(|row| row.ticket),
        notes: Vec::new(),
        error: None,
    };
    tally.counts.add(line.outcome);
    tally.listener.message(line);
    Ok(())
}
