//! `quarantine retry`: kept copies walk the same road again.

use std::time::Instant;

use jiff::Timestamp;

use crate::model::ids::RunId;
use crate::model::item::{Extent, Fetched, ItemKey, Listed};
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::trouble::Trouble;
use crate::store::Source;

use super::acting::Acting;
use super::batch::{self, Batch};
use super::companions::Companions;
use super::config::Plan;
use super::in_hand::{Work, end, tally};
use super::item::Item;
use super::job::Job;
use super::report::{Listener, Summary};
use super::suspects::Suspects;
use super::tally::Tally;
use super::trail::{self, Step};
use super::verdict::Audience;

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
    let _run = run.map(|run| trail::take(Step::Run, run));
    let mut tally = tally(kept.len(), listener);
    let mut troubles = Vec::new();
    for (id, (source, key, extent)) in kept {
        let _mailbox = trail::take(Step::Mailbox, &source.mailbox);
        let _folder = trail::take(Step::Folder, &source.folder);
        let again = Again { id, source, key, extent };
        if let Err(trouble) = again.take(plan, run, desk, &mut tally) {
            log::error!(error_code = trouble.code.as_str(); "message {id} in quarantine: {}", trouble.with_causes());
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
        let run = run.unwrap_or(RunId(0));
        // What a hook would put off stays where it is: in quarantine.
        let job = Job { run, max_attempts: 1, ..Job::of_source(plan, &self.source, desk)? };
        // One at a time: the quarantine may be larger than the memory.
        let bytes = desk.store().quarantined_raw(self.id)?;
        let listed = Listed { key: self.key, size: Some(bytes.len() as u64), arrived: None };
        let fetched = Fetched { listed, bytes, extent: self.extent };
        // It failed before: it is handled with care.
        let suspects = Suspects::all([fetched.listed.key.clone()]);
        let road = Batch { job: &job, source: &self.source, old: None, suspects: &suspects };
        let items = road.read(vec![fetched], desk);
        if let [item @ Item::Untried(..)] = items.as_slice()
            && let Some(trouble) = item.trouble(OutcomeWord::Failed, Reason::Crashed)
        {
            // It stays as it is, in quarantine.
            return Err(trouble);
        }
        let received = road.receive(&items, desk, tally)?;
        // What the mailbox is owed is paid by its next fetch.
        batch::tell(received, 1, tally);
        Ok(())
    }
}
