//! The road of one mailbox: list → fetch → parse → evidence → lookup → decide → carry out → commit → acknowledge.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::mailbox::Reader;
use crate::model::ids::MailboxName;
use crate::model::item::{Acknowledgement, ItemKey, Listed};
use crate::model::trouble::Trouble;
use crate::store::Source;

use super::batch::{self, Batch};
use super::companions::{Companions, Gate};
use super::fetch::Scope;
use super::job::Job;
use super::old::Old;
use super::stop::{Deadline, Stop};
use super::suspects::Suspects;
use super::tally::Tally;
use super::trail::{self, Step};
use super::turn::Crew;

/// So many messages are taken at once where some of them have to be tried out.
const SUSPECTS: usize = 10;

/// How far a mailbox is walked.
pub(super) struct Bounds<'a> {
    /// Ends the walk early.
    pub(super) stop: &'a Stop,
    /// When the walk must be over.
    pub(super) deadline: Deadline,
    /// Whether messages are read.
    pub(super) scope: Scope,
    /// What arrived before is settled unread.
    pub(super) since: Option<Timestamp>,
    /// The most messages, oldest first.
    pub(super) limit: Option<u64>,
    /// The most messages in one transaction.
    pub(super) batch_size: usize,
}

impl Bounds<'_> {
    /// An error once the walk must end early.
    fn check(&self, name: &MailboxName) -> Result<(), Trouble> {
        self.stop.check()?;
        self.deadline.check(name)
    }

    /// Whether the walk must end early; what is done until then is told to the mailbox.
    fn are_met(&self) -> bool {
        self.stop.is_asked() || self.deadline.is_over()
    }
}

/// Walks every folder of a mailbox; one that cannot be used does not block the others.
pub(super) fn walk(
    job: &Job<'_>,
    bounds: &Bounds<'_>,
    gate: &mut dyn Gate,
    desk: &mut dyn Companions,
    tally: &mut Tally<'_>,
) -> Result<(), Trouble> {
    let account = gate.reader().account();
    let (mut last, mut end) = (None, Ok(()));
    for folder in gate.reader().folders() {
        let source = Source { mailbox: job.name.clone(), account: account.clone(), folder };
        let source = desk.place(source, &job.mailboxes)?;
        end = Walk { job, bounds, source: &source }.folder(gate, desk, tally).or_else(|it| tally.pass(it));
        last = Some(source);
        match &end {
            Ok(()) => {}
            Err(_) if bounds.are_met() => break,
            Err(_) => return end,
        }
    }
    // A POP3 server deletes at the farewell.
    desk.in_place()?;
    match (gate.close(), last) {
        (Ok(heard), Some(source)) => desk.told(&source, &heard)?,
        (Ok(_), None) => {}
        // Why the walk ended early says more than a farewell that fails.
        (Err(trouble), _) => return end.and(Err(trouble.into())),
    }
    end?;
    tally.passed.take().map_or(Ok(()), Err)
}

/// The way through one folder.
struct Walk<'a> {
    job: &'a Job<'a>,
    bounds: &'a Bounds<'a>,
    source: &'a Source,
}

impl Walk<'_> {
    fn folder(
        &self,
        gate: &mut dyn Gate,
        desk: &mut dyn Companions,
        tally: &mut Tally<'_>,
    ) -> Result<(), Trouble> {
        let _folder = trail::take(Step::Folder, &self.source.folder);
        self.open(gate, desk, tally)?;
        let walked = self.batch_by_batch(gate, desk, tally);
        let settled = batch::settle(self.source, gate, desk);
        walked?;
        settled.or_else(|it| tally.pass(it))
    }

    /// Lists, takes what is new, and remembers how far all is settled.
    fn batch_by_batch(
        &self,
        gate: &mut dyn Gate,
        desk: &mut dyn Companions,
        tally: &mut Tally<'_>,
    ) -> Result<(), Trouble> {
        let Self { job, bounds, source } = *self;
        let old = Old::of(source, bounds.scope, bounds.since, desk)?;
        let mark = desk.lookup().watermark(source)?;
        let listing = gate.reader().list(mark.as_ref())?;
        let keys: Vec<ItemKey> = listing.items.iter().map(|item| item.key.clone()).collect();
        let settled = desk.lookup().settled(source, &keys)?;
        let new: Vec<Listed> =
            listing.items.into_iter().filter(|item| !settled.contains(&item.key)).collect();
        let suspects = Suspects::among(&new, source, desk)?;
        let deferred = desk.lookup().deferred(source)?;
        replace(source, &deferred, &keys, gate.reader(), desk)?;
        let (plain, alone) = suspects.apart(new, &deferred);
        let new = [plain.as_slice(), &alone].concat();
        let most = bounds.limit.map_or(u64::MAX, |limit| limit.saturating_sub(tally.done));
        let (taken, left) = new.split_at(new.len().min(most.try_into().unwrap_or(usize::MAX)));
        tally.listed += listing.there;
        tally.new += new.len() as u64;

        let road = Batch { job, source, old: Some(&old), suspects: &suspects };
        let mut open: HashSet<ItemKey> = left.iter().map(|item| item.key.clone()).collect();
        let (taken, alone) = taken.split_at(taken.len().min(plain.len()));
        let check = || bounds.check(&job.name);
        open.extend(road.in_turn(self.batches(taken, &suspects), &check, Crew { gate, desk, tally })?);
        for one in alone.chunks(1) {
            open.extend(road.in_turn(std::iter::once(one), &check, Crew { gate, desk, tally })?);
        }
        if open.is_empty() {
            old.remember(&keys, desk)?;
        }
        let first_open = keys.iter().find(|key| open.contains(*key));
        if let Some(new) = gate.reader().watermark(first_open).filter(|new| mark.as_ref() != Some(new)) {
            desk.remember(source, &new, mark.as_ref())?;
        }
        Ok(())
    }

    /// Divides items in their order: what goes alone is a batch of its own, and each suspect takes a process and its time,
    /// so that few are taken at once; a signal is heeded between two batches.
    fn batches<'i>(&self, items: &'i [Listed], suspects: &Suspects) -> impl Iterator<Item = &'i [Listed]> {
        let most = self.job.together(self.bounds.batch_size);
        items.chunk_by(|one, next| ![one, next].iter().any(|item| suspects.goes_alone(&item.key))).flat_map(
            move |items| {
                let has_suspects = items.iter().any(|item| suspects.contains(&item.key));
                batch::divide(items, if has_suspects { most.min(SUSPECTS) } else { most })
            },
        )
    }

    /// Opens the folder and pays what is owed to it.
    fn open(
        &self,
        gate: &mut dyn Gate,
        desk: &mut dyn Companions,
        tally: &mut Tally<'_>,
    ) -> Result<(), Trouble> {
        gate.reader().open(&self.source.folder)?;
        let (owed, waived): (Vec<Acknowledgement>, Vec<Acknowledgement>) = desk
            .lookup()
            .owed(self.source)?
            .into_iter()
            .partition(|owed| self.job.dispositions.ask_for(&owed.disposition));
        if !waived.is_empty() {
            // A target that was mistyped would otherwise be asked for until the end of days.
            let (count, name) = (waived.len(), &self.job.name);
            log::warn!(
                "mailbox \"{name}\": {count} settled items stay as they are: no on_... asks any more for what they were to become"
            );
            desk.waive(self.source, &waived.into_iter().map(|owed| owed.key).collect::<Vec<_>>())?;
        }
        if let Err(trouble) = batch::acknowledge(self.source, &owed, gate, desk) {
            // What cannot be paid stays owed and does not keep new mail from becoming tickets.
            tally.pass(trouble)?;
            gate.reader().open(&self.source.folder)?;
        }
        Ok(())
    }
}

/// Forgets what was deferred unread and is listed under its real key now.
fn replace(
    source: &Source,
    deferred: &[(ItemKey, u32)],
    listed: &[ItemKey],
    reader: &dyn Reader,
    desk: &mut dyn Companions,
) -> Result<(), Trouble> {
    if deferred.is_empty() {
        return Ok(());
    }
    let unread: HashSet<ItemKey> = listed.iter().filter_map(|key| reader.unread_key(key)).collect();
    let replaced: Vec<ItemKey> =
        deferred.iter().map(|(key, _)| key).filter(|key| unread.contains(*key)).cloned().collect();
    if !replaced.is_empty() {
        desk.forget(source, &replaced)?;
    }
    Ok(())
}
