//! `ingest` and `quarantine retry`: messages that are in hand already walk the same road.

use std::collections::HashMap;
use std::slice;
use std::time::Instant;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::model::ids::{Digest, MailboxName, QueueSlug, RunId};
use crate::model::item::{Extent, Fetched, ItemKey, Listed};
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::policy::Queue;
use crate::store::Source;

use super::acting::Acting;
use super::batch::{self, Batch, Tally};
use super::companions::Companions;
use super::config::{Alert, Plan};
use super::job::Job;
use super::report::{Listener, MessageLine, Summary};
use super::verdict::{Audience, Ending};

/// The name under which handed-over messages stand in the ledger; no mailbox may be called so.
pub const INGEST: &str = "ingest";

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
    let Handed { queue, messages, audience } = handed;
    let started = Instant::now();
    let run = desk.begin(Timestamp::now())?;
    let job = Job { run: run.unwrap_or(RunId(0)), ..Job::of_queue(plan, queue, desk.signer()) };
    let source = Source { mailbox: mailbox(), account: INGEST.to_owned(), folder: queue.slug.to_string() };
    let mut tally = tally(messages.len(), listener);
    let mut troubles = Vec::new();
    for fetched in keyed(messages) {
        // The next message may be luckier: each has its own transaction here.
        troubles.extend(hand_over(&job, &source, fetched, desk, &mut tally).err());
    }
    Ok(end(Work { run, started, alert: &plan.alert, audience, troubles }, tally, desk))
}

/// Takes a message, or tells what became of it before; another process may be faster at any time.
fn hand_over(
    job: &Job<'_>,
    source: &Source,
    fetched: Fetched,
    desk: &mut Acting,
    tally: &mut Tally<'_>,
) -> Result<(), Trouble> {
    let key = fetched.listed.key.clone();
    let is_settled = !desk.lookup().settled(source, slice::from_ref(&key))?.is_empty();
    if is_settled || !take(job, source, fetched, desk, tally)? {
        tell_again(source, &key, desk, tally)?;
    }
    Ok(())
}

/// Walks the road again for quarantined messages, by their numbers.
///
/// One whose mailbox is not configured any more stays in quarantine and does not stop the others.
pub fn retry(
    plan: &Plan,
    ids: &[i64],
    desk: &mut Acting,
    listener: &mut dyn Listener,
) -> Result<Summary, Trouble> {
    let started = Instant::now();
    let mut kept = Vec::with_capacity(ids.len());
    for id in ids {
        kept.push((*id, desk.store().quarantined_source(*id)?));
    }
    let run = desk.begin(Timestamp::now())?;
    let mut tally = tally(kept.len(), listener);
    let mut troubles = Vec::new();
    for (id, (source, key, extent)) in kept {
        let again = Again { id, source, key, extent };
        if let Err(trouble) = again.take(plan, run, desk, &mut tally) {
            log::error!("message {id} in quarantine: {}", trouble.with_causes());
            troubles.push(trouble);
        }
    }
    Ok(end(Work { run, started, alert: &plan.alert, audience: Audience::Scheduler, troubles }, tally, desk))
}

/// A message in quarantine.
struct Again {
    id: i64,
    source: Source,
    key: ItemKey,
    extent: Extent,
}

impl Again {
    fn take(
        self,
        plan: &Plan,
        run: Option<RunId>,
        desk: &mut Acting,
        tally: &mut Tally<'_>,
    ) -> Result<(), Trouble> {
        let job = Job { run: run.unwrap_or(RunId(0)), ..job_of(plan, &self.source, desk)? };
        // One at a time: the quarantine may be larger than the memory.
        let bytes = desk.store().quarantined_raw(self.id)?;
        let listed = Listed { key: self.key, size: Some(bytes.len() as u64), arrived: None };
        let fetched = Fetched { listed, bytes, extent: self.extent };
        take(&job, &self.source, fetched, desk, tally).map(drop)
    }
}

fn job_of<'a>(plan: &'a Plan, source: &Source, desk: &Acting) -> Result<Job<'a>, Trouble> {
    let of_mailbox = || {
        let mailbox = plan.mailboxes.iter().find(|mailbox| mailbox.mailbox.name == source.mailbox)?;
        Job::of_mailbox(plan, mailbox, desk.signer())
    };
    let of_queue = || {
        let queue = plan
            .queues
            .iter()
            .find(|queue| source.folder.parse().is_ok_and(|slug: QueueSlug| slug == queue.slug))?;
        Some(Job::of_queue(plan, queue, desk.signer()))
    };
    let job = if source.account == INGEST { of_queue() } else { of_mailbox() };
    job.ok_or_else(|| {
        let what = format!(
            "mailbox \"{}\", folder \"{}\" is not configured any more",
            source.mailbox, source.folder
        );
        Trouble::new(ErrorCode::InputMissing, what)
            .hint("export the message and hand it to \"helpdesk-mail ingest --queue\"")
    })
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

/// Takes one message; false if another process has settled it meanwhile.
fn take(
    job: &Job<'_>,
    source: &Source,
    fetched: Fetched,
    desk: &mut dyn Companions,
    tally: &mut Tally<'_>,
) -> Result<bool, Trouble> {
    let road = Batch { job, source, before: None };
    let received = road.receive(&batch::read(vec![fetched]), desk, tally)?;
    let is_taken = received.iter().any(Option::is_some);
    // What the mailbox is owed is paid by its next fetch.
    batch::tell(received, u64::from(is_taken), tally);
    Ok(is_taken)
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

fn tally(count: usize, listener: &mut dyn Listener) -> Tally<'_> {
    Tally { listed: count as u64, new: count as u64, ..Tally::of(mailbox(), listener) }
}

/// What is known at the end of a run besides what was counted.
struct Work<'a> {
    run: Option<RunId>,
    started: Instant,
    alert: &'a Alert,
    audience: Audience,
    troubles: Vec<Trouble>,
}

fn end(work: Work<'_>, tally: Tally<'_>, desk: &mut dyn Companions) -> Summary {
    let Work { run, started, alert, audience, troubles } = work;
    let Tally { counts, unreadable, listener, .. } = tally;
    let ending = Ending { run, counts, started, unreadable, alert, audience };
    let summary = ending.summary(troubles.iter(), desk);
    let summary = Summary { error: troubles.into_iter().next().or(summary.error), ..summary };
    listener.summary(&summary);
    summary
}
