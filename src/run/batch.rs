//! One batch: read, received in one transaction, acknowledged; [`super::turn`] takes one after the other.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::mailbox::Settled;
use crate::model::item::{Acknowledgement, Extent, Fetched, ItemKey, Listed};
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{Source, StoreError};

use super::companions::{Companions, Gate};
use super::hooks::{self, Asked};
use super::item::{self, Item, Reading, Terms};
use super::job::Job;
use super::old::Old;
use super::probe::Fate;
use super::receive::{Received, Reception, Taken};
use super::report::{MessageLine, Mode};
use super::suspects::Suspects;
use super::tally::Tally;

/// A batch holds no more octets than this, unless one message is larger: memory stays bounded by two batches.
pub(super) const MAX_OCTETS: u64 = 3 * 1024 * 1024;

/// What a message is reckoned as whose size the mailbox does not tell.
const UNKNOWN: u64 = MAX_OCTETS / 16;

/// What is reckoned of a message in octets.
fn size(item: &Listed) -> u64 {
    item.size.unwrap_or(UNKNOWN)
}

/// What is reckoned of a batch in octets.
pub(super) fn octets(items: &[Listed]) -> u64 {
    items.iter().map(size).fold(0, u64::saturating_add)
}

/// What a message costs besides its octets, as octets that cost as much.
const EACH: u64 = 32 * 1024;

/// No batch is smaller than this for another's sake.
const LEAST: u64 = MAX_OCTETS / 8;

/// Divides items so that no batch is larger than `count` items or [`MAX_OCTETS`].
///
/// A batch is worked at while the next one comes. So the first are small ones, each as large as all before it: work begins
/// early. The last are, too, each half of what is left: all wait for their end.
pub(super) fn divide(items: &[Listed], count: usize) -> Vec<&[Listed]> {
    let cost = |item: &Listed| size(item).saturating_add(EACH);
    let of = |items: &[Listed]| items.iter().map(cost).fold(0, u64::saturating_add);
    let (mut gone, mut left) = (0_u64, of(items));
    let mut batches = Vec::new();
    let mut rest = items;
    while !rest.is_empty() {
        let most = if left < LEAST * 2 { left } else { (left / 2).min(gone.saturating_add(LEAST)) };
        let (mut octets, mut costs) = (0_u64, 0_u64);
        let fits = rest.iter().take(count.max(1)).take_while(|item| {
            octets = octets.saturating_add(size(item));
            costs = costs.saturating_add(cost(item));
            octets <= MAX_OCTETS && costs <= most
        });
        let (batch, after) = rest.split_at(fits.count().max(1));
        let taken = of(batch);
        left = left.saturating_sub(taken);
        gone = gone.saturating_add(taken);
        batches.push(batch);
        rest = after;
    }
    batches
}

/// What batches of one folder are worked at with.
pub(super) struct Batch<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) source: &'a Source,
    /// What is not read; `None` for messages that are in hand.
    pub(super) old: Option<&'a Old<'a>>,
    /// What runs died with.
    pub(super) suspects: &'a Suspects,
}

impl Batch<'_> {
    /// Receives items that are in hand; nobody is told but the listener.
    pub(super) fn receive(
        &self,
        items: &[Item],
        desk: &mut dyn Companions,
        tally: &mut Tally<'_>,
    ) -> Result<Vec<Option<Received>>, Trouble> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let reception = Reception { job: self.job, source: self.source, now: Timestamp::now() };
        self.ask_and_receive(&reception, items, desk)
            .map_err(|error| discard(&reception, items, error, tally))
    }

    /// Decides on a read, asks hooks, and decides again in the transaction; if the decision is another one by then, hooks are
    /// asked again. Where nobody is asked this is one transaction and nothing else.
    fn ask_and_receive(
        &self,
        reception: &Reception<'_>,
        items: &[Item],
        desk: &mut dyn Companions,
    ) -> Result<Vec<Option<Received>>, StoreError> {
        /// A decision that changes so often is none that hooks can be asked about.
        const TRIES: usize = 3;
        let mode = desk.mode();
        for _ in 0..TRIES {
            let ask = |item| reception.ask(item, mode, desk.lookup());
            let asked = items.iter().map(ask).collect::<Result<Vec<_>, _>>()?;
            if let Some(received) = receive_all(reception, items, &asked, desk)? {
                return Ok(received);
            }
        }
        let asked: Vec<_> = items.iter().map(|_| Some(Asked::in_vain())).collect();
        let none = || StoreError::Misuse { what: "a message was asked about for ever".to_owned() };
        receive_all(reception, items, &asked, desk)?.ok_or_else(none)
    }

    /// Reads what was fetched; what a run died with only once a process of its own has survived it.
    pub(super) fn read(&self, fetched: Vec<Fetched>, desk: &dyn Companions) -> Vec<Item> {
        let mut odd: HashMap<ItemKey, Item> = HashMap::new();
        let keys: Vec<ItemKey> = fetched.iter().map(|one| one.listed.key.clone()).collect();
        let sound = fetched.into_iter().filter_map(|one| {
            let is_suspect =
                self.suspects.contains(&one.listed.key) && !matches!(one.extent, Extent::Nothing { .. });
            let fate = if is_suspect { desk.try_out(self.source, &one) } else { Fate::Survived };
            let key = one.listed.key.clone();
            match fate {
                Fate::Survived => return Some(one),
                Fate::Died(end) => odd.insert(key, Item::Read(Box::new(Reading::deadly(one, end)))),
                Fate::Unknown(why) => odd.insert(key, Item::Untried(one.listed, why)),
            };
            None
        });
        let mut sound = self.read_sound(sound.collect(), desk.mode()).into_iter();
        keys.iter().filter_map(|key| odd.remove(key).or_else(|| sound.next())).collect()
    }

    /// Reads what no run died with, and asks the hooks that are asked of that.
    pub(super) fn read_sound(&self, sound: Vec<Fetched>, mode: Mode) -> Vec<Item> {
        let folder = self.source.folder.as_str();
        let said = hooks::before_reading(self.job, folder, mode, &sound);
        let read = item::read(sound, &Terms::of(self.job)).into_iter().zip(said).collect();
        hooks::after_reading(self.job, folder, mode, read)
    }
}

/// Receives items in one transaction; `None` if a decision is not the one that hooks were asked about.
fn receive_all(
    reception: &Reception<'_>,
    items: &[Item],
    asked: &[Option<Asked>],
    desk: &mut dyn Companions,
) -> Result<Option<Vec<Option<Received>>>, StoreError> {
    let (mut all, mut has_changed) = (Vec::with_capacity(items.len()), false);
    desk.transaction(&mut |books| {
        all.clear();
        has_changed = false;
        for (item, asked) in items.iter().zip(asked) {
            match reception.receive(item, asked.as_ref(), books)? {
                Taken::Received(received) => all.push(Some(*received)),
                Taken::Elsewhere => all.push(None),
                // It is the only one: where hooks are asked messages go one by one.
                Taken::Changed => has_changed = true,
            }
        }
        Ok(())
    })?;
    Ok((!has_changed).then_some(all))
}

/// Tells the listener of what is committed and returns what the mailbox is to be told.
pub(super) fn tell(
    received: Vec<Option<Received>>,
    done: u64,
    tally: &mut Tally<'_>,
) -> Vec<Acknowledgement> {
    let mut acknowledgements = Vec::new();
    for received in received.into_iter().flatten() {
        log_outcome(&received.line);
        tally.counts.add(received.line.outcome);
        tally.unreadable += u64::from(received.line.reason == Reason::Unreadable.as_str());
        tally.listener.message(received.line);
        acknowledgements.extend(received.acknowledgement);
    }
    tally.done += done;
    tally.listener.progress(&tally.mailbox, tally.done, tally.new);
    acknowledgements
}

/// Each outcome, so that a log alone tells what became of a message; what needs a person is what a cron line that throws
/// standard output away still mails. Never a word of the mail itself.
fn log_outcome(line: &MessageLine) {
    let level = match line.outcome {
        OutcomeWord::Failed => log::Level::Error,
        OutcomeWord::Skipped | OutcomeWord::Deferred => log::Level::Warn,
        OutcomeWord::Created
        | OutcomeWord::Updated
        | OutcomeWord::Reopened
        | OutcomeWord::Duplicate
        | OutcomeWord::Ignored => log::Level::Info,
    };
    if level > log::max_level() {
        return;
    }
    let (mailbox, folder, item, outcome) = (&line.mailbox, &line.folder, &line.item, line.outcome);
    let (reason, ticket) = (&line.reason, line.ticket.as_deref());
    let error_code = line.error.as_ref().map(|error| error.code.as_str());
    log::log!(
        level, mailbox:display, folder, item, outcome:display, reason, ticket, error_code;
        "{outcome}: {reason} (mailbox \"{mailbox}\", item {item})"
    );
}

/// Tells the mailbox and notes that it has heard.
pub(super) fn acknowledge(
    source: &Source,
    acknowledgements: &[Acknowledgement],
    gate: &mut dyn Gate,
    desk: &mut dyn Companions,
) -> Result<(), Trouble> {
    if acknowledgements.is_empty() {
        return Ok(());
    }
    desk.in_place()?;
    let heard = gate.acknowledge(acknowledgements)?;
    desk.told(source, &heard)?;
    Ok(())
}

/// Waits until the open folder has heard of all.
pub(super) fn settle(source: &Source, gate: &mut dyn Gate, desk: &mut dyn Companions) -> Result<(), Trouble> {
    if !gate.is_unsettled() {
        return Ok(());
    }
    desk.in_place()?;
    let Settled { heard, end } = gate.settle();
    if !heard.is_empty() {
        desk.told(source, &heard)?;
    }
    Ok(end?)
}

/// The whole batch was taken back: its items are taken again by the next run.
fn discard(reception: &Reception<'_>, items: &[Item], error: StoreError, tally: &mut Tally<'_>) -> Trouble {
    let trouble = Trouble::from(error);
    for item in items {
        let mut line = reception.line(item.seen(), OutcomeWord::Deferred, Reason::Temporary);
        line.error =
            Some(Trouble { hint: trouble.hint.clone(), ..Trouble::new(trouble.code, &trouble.message) });
        tally.counts.add(OutcomeWord::Deferred);
        tally.listener.message(line);
    }
    if trouble.code == ErrorCode::Internal {
        log::error!(error_code = trouble.code.as_str(); "a batch of {} messages was taken back: {trouble}", items.len());
    }
    trouble
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(sizes: &[u64]) -> Vec<Listed> {
        let item = |(n, size): (usize, &u64)| Listed {
            key: ItemKey(n.to_string()),
            size: Some(*size),
            arrived: None,
        };
        sizes.iter().enumerate().map(item).collect()
    }

    #[test]
    fn batches_are_bounded_by_count_and_octets_and_lose_nothing() {
        let table: [(&[u64], usize, &[usize]); 8] = [
            (&[], 10, &[]),
            (&[1, 1, 1, 1, 1], 2, &[2, 2, 1]),
            (&[MAX_OCTETS, 1, 1], 10, &[1, 2]),
            (&[1, MAX_OCTETS + 1, 1], 10, &[1, 1, 1]),
            // As much as before, half of what is left, but not little.
            (&[MAX_OCTETS / 2, MAX_OCTETS / 2, 1], 10, &[1, 1, 1]),
            (&[MAX_OCTETS / 8; 30], 10, &[1, 1, 2, 4, 8, 7, 3, 2, 1, 1]),
            (&[1; 12], 200, &[12]),
            (&[1; 100], 200, &[11, 22, 33, 17, 17]),
        ];
        for (octets, count, expected) in table {
            let items = sizes(octets);
            let batches = divide(&items, count);
            assert_eq!(batches.iter().map(|batch| batch.len()).collect::<Vec<_>>(), expected, "{octets:?}");
            assert_eq!(batches.concat(), items);
        }
    }
}
