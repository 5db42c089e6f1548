//! The road of one mailbox: list → fetch → parse → evidence → lookup → decide → carry out → commit → acknowledge.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::model::item::{ItemKey, Listed};
use crate::model::trouble::Trouble;
use crate::store::Source;

use super::batch::{self, Batch, Tally};
use super::companions::{Companions, Gate};
use super::job::Job;

/// How far a mailbox is walked.
pub(super) struct Bounds {
    /// What arrived before is settled unread.
    pub(super) before: Option<Timestamp>,
    /// The most messages, oldest first.
    pub(super) limit: Option<u64>,
    /// The most messages in one transaction.
    pub(super) batch_size: usize,
}

/// Walks every folder of a mailbox.
pub(super) fn walk(
    job: &Job<'_>,
    bounds: &Bounds,
    gate: &mut dyn Gate,
    desk: &mut dyn Companions,
    tally: &mut Tally<'_>,
) -> Result<(), Trouble> {
    let account = gate.reader().account();
    let mut last = None;
    for folder in gate.reader().folders() {
        gate.reader().open(&folder)?;
        let source = Source { mailbox: job.name.clone(), account: account.clone(), folder };
        let owed = desk.lookup().owed(&source)?;
        batch::acknowledge(&source, &owed, gate, desk)?;

        let mark = desk.lookup().watermark(&source)?;
        let listing = gate.reader().list(mark.as_ref())?;
        let keys: Vec<ItemKey> = listing.items.iter().map(|item| item.key.clone()).collect();
        let settled = desk.lookup().settled(&source, &keys)?;
        let new: Vec<Listed> =
            listing.items.into_iter().filter(|item| !settled.contains(&item.key)).collect();
        let allowed =
            bounds.limit.map_or(new.len() as u64, |limit| limit.saturating_sub(tally.done)) as usize;
        let (taken, left) = new.split_at(allowed.min(new.len()));
        tally.listed += listing.there;
        tally.new += new.len() as u64;

        let road = Batch { job, source: &source, before: bounds.before };
        let mut open: HashSet<ItemKey> = left.iter().map(|item| item.key.clone()).collect();
        for batch in batch::divide(taken, bounds.batch_size) {
            open.extend(road.process(batch, gate, desk, tally)?);
        }
        let first_open = keys.iter().find(|key| open.contains(*key));
        if let Some(mark) = gate.reader().watermark(first_open) {
            desk.remember(&source, &mark)?;
        }
        last = Some(source);
    }
    let heard = gate.close()?;
    if let Some(source) = last {
        desk.told(&source, &heard)?;
    }
    Ok(())
}
