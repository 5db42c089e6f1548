//! `ingest` and `quarantine retry`: messages that are in hand already walk the same road.

use std::collections::HashMap;
use std::time::Instant;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::model::ids::{Digest, MailboxName, RunId};
use crate::model::item::{Extent, Fetched, ItemKey, Listed};
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::policy::Queue;
use crate::store::{OutcomeFilter, Source};

use super::acting::Acting;
use super::batch::{self, Batch, Tally};
use super::companions::Companions;
use super::config::Plan;
use super::job::Job;
use super::report::{Counts, Listener, MessageLine, Summary};
use super::verdict::Ending;

/// The name under which handed-over messages stand in the ledger; no mailbox may be called so.
pub const INGEST: &str = "ingest";

/// [`INGEST`] as a mailbox name.
pub(super) fn mailbox() -> MailboxName {
    INGEST.parse().expect("the constant is a valid mailbox name")
}

/// Takes messages that were handed over for `queue`.
///
/// A message's key is its SHA-256 and its ordinal among equal ones of this call, so that handing the same over twice,
/// as a mail server does that was told to try again, gives no second follow-up.
pub fn ingest(
    plan: &Plan,
    queue: &Queue,
    messages: Vec<Vec<u8>>,
    desk: &mut Acting,
    listener: &mut dyn Listener,
) -> Result<Summary, Trouble> {
    let started = Instant::now();
    let run = desk.begin(Timestamp::now())?;
    let job = Job { run: run.unwrap_or(RunId(0)), ..Job::of_queue(plan, queue, desk.signer()) };
    let source = Source { mailbox: mailbox(), account: INGEST.to_owned(), folder: queue.slug.to_string() };
    let mut tally = tally(&job, messages.len(), listener);
    let mut error = None;
    for fetched in keyed(messages) {
        let done = if desk.lookup().settled(&source, std::slice::from_ref(&fetched.listed.key))?.is_empty() {
            take(&job, &source, fetched, desk, &mut tally)
        } else {
            tell_again(&source, &fetched.listed.key, desk, &mut tally)
        };
        // The next message may be luckier: each has its own transaction here.
        error = done.err().or(error);
    }
    let Tally { counts, listener, .. } = tally;
    let ending = Ending { run, counts, started, alert: &plan.alert };
    Ok(end(ending, error, desk, listener))
}

/// Walks the road again for quarantined messages, by their numbers.
pub fn retry(
    plan: &Plan,
    ids: &[i64],
    desk: &mut Acting,
    listener: &mut dyn Listener,
) -> Result<Summary, Trouble> {
    let started = Instant::now();
    let mut kept = Vec::with_capacity(ids.len());
    for id in ids {
        let (source, key, _) = desk.store().quarantined_source(*id)?;
        kept.push((source, key, desk.store().quarantined_raw(*id)?));
    }
    let jobs: Vec<Job<'_>> =
        kept.iter().map(|(source, ..)| job_of(plan, source, desk)).collect::<Result<_, _>>()?;
    let run = desk.begin(Timestamp::now())?;
    let mut total = tally_named(mailbox(), kept.len(), listener);
    let mut error = None;
    for (job, (source, key, bytes)) in jobs.into_iter().zip(kept) {
        let job = Job { run: run.unwrap_or(RunId(0)), ..job };
        let listed = Listed { key, size: Some(bytes.len() as u64), arrived: None };
        let fetched = Fetched { listed, bytes, extent: Extent::Whole };
        error = take(&job, &source, fetched, desk, &mut total).err().or(error);
    }
    let Tally { counts, listener, .. } = total;
    let ending = Ending { run, counts, started, alert: &plan.alert };
    Ok(end(ending, error, desk, listener))
}

fn job_of<'a>(plan: &'a Plan, source: &Source, desk: &Acting) -> Result<Job<'a>, Trouble> {
    let of_mailbox = || {
        let mailbox = plan.mailboxes.iter().find(|mailbox| mailbox.mailbox.name == source.mailbox)?;
        Job::of_mailbox(plan, mailbox, desk.signer())
    };
    let of_queue = || {
        let queue = plan.queues.iter().find(|queue| queue.slug.as_str() == source.folder)?;
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

fn take(
    job: &Job<'_>,
    source: &Source,
    fetched: Fetched,
    desk: &mut dyn Companions,
    tally: &mut Tally<'_>,
) -> Result<(), Trouble> {
    let road = Batch { job, source, before: None };
    let received = road.receive(&batch::read(vec![fetched]), desk, tally)?;
    // What the mailbox is owed is paid by its next fetch.
    batch::tell(received, 1, tally);
    Ok(())
}

fn tell_again(
    source: &Source,
    key: &ItemKey,
    desk: &mut Acting,
    tally: &mut Tally<'_>,
) -> Result<(), Trouble> {
    let filter = OutcomeFilter {
        items: vec![key.to_string()],
        mailbox: Some(source.mailbox.clone()),
        ..OutcomeFilter::default()
    };
    let before = desk.store().outcomes(&filter)?.into_iter().find(|row| row.folder == source.folder);
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
    tally.listener.message(&line);
    Ok(())
}

fn tally<'a>(job: &Job<'_>, count: usize, listener: &'a mut dyn Listener) -> Tally<'a> {
    tally_named(job.name.clone(), count, listener)
}

fn tally_named(mailbox: MailboxName, count: usize, listener: &mut dyn Listener) -> Tally<'_> {
    let new = count as u64;
    Tally { mailbox, listener, listed: new, new, done: 0, counts: Counts::default() }
}

fn end(
    ending: Ending<'_>,
    error: Option<Trouble>,
    desk: &mut dyn Companions,
    listener: &mut dyn Listener,
) -> Summary {
    let summary = ending.summary(error.iter(), desk);
    let summary = Summary { error: error.or(summary.error), ..summary };
    listener.summary(&summary);
    summary
}
