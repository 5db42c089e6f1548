//! One batch: fetched, read, received in one transaction, acknowledged.

use std::collections::HashMap;

use jiff::Timestamp;

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
use super::report::MessageLine;
use super::suspects::{Holding, Suspects};
use super::tally::Tally;

/// A batch holds no more octets than this, unless one message is larger: memory stays bounded by two batches.
const MAX_OCTETS: u64 = 16 * 1024 * 1024;

/// What a message is reckoned as whose size the mailbox does not tell.
const UNKNOWN: u64 = MAX_OCTETS / 16;

/// Divides items so that no batch is larger than `count` items or [`MAX_OCTETS`].
pub(super) fn divide(items: &[Listed], count: usize) -> Vec<&[Listed]> {
    let mut batches = Vec::new();
    let mut rest = items;
    while !rest.is_empty() {
        let mut octets = 0;
        let fits = rest.iter().take(count.max(1)).take_while(|item| {
            octets += item.size.unwrap_or(UNKNOWN);
            octets <= MAX_OCTETS
        });
        let (batch, after) = rest.split_at(fits.count().max(1));
        batches.push(batch);
        rest = after;
    }
    batches
}

/// Takes a batch along the whole road and tells which items are to be taken again.
pub(super) struct Batch<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) source: &'a Source,
    /// What is not read; `None` for messages that are in hand.
    pub(super) old: Option<&'a Old<'a>>,
    /// What runs died with.
    pub(super) suspects: &'a Suspects,
}

impl Batch<'_> {
    /// The keys that still have no settled row are returned.
    pub(super) fn process(
        &self,
        listed: &[Listed],
        gate: &mut dyn Gate,
        desk: &mut dyn Companions,
        tally: &mut Tally<'_>,
    ) -> Result<Vec<ItemKey>, Trouble> {
        let is_old = |item: &&Listed| self.old.is_some_and(|old| old.covers(item));
        let wanted: Vec<Listed> = listed.iter().filter(|item| !is_old(item)).cloned().collect();
        let holding = Holding::take(self, &wanted, desk)?;
        let done = self.fetch(listed, &wanted, gate, desk).and_then(|haul| {
            let received = self.receive(&haul.items, desk, tally)?;
            Ok((haul, received))
        });
        let (items, received) = done
            .as_ref()
            .map_or((&[][..], &[][..]), |(haul, received)| (haul.items.as_slice(), received.as_slice()));
        holding.let_go(items, received, desk);
        let (Haul { items, cut_short }, received) = done?;
        let open = received
            .iter()
            .zip(&items)
            .filter(|(received, _)| received.as_ref().is_some_and(|r| !r.line.outcome.is_settled()))
            .map(|(_, item)| item.key().clone())
            .collect();
        let acknowledgements = tell(received, listed.len() as u64, tally);
        if let Some(error) = cut_short {
            // Nobody is there to be told; what is owed is paid by the next run.
            return Err(error);
        }
        acknowledge(self.source, &acknowledgements, gate, desk).or_else(|trouble| tally.pass(trouble))?;
        Ok(open)
    }

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

    /// Fetches and reads what is wanted and gives it in the order of the list, with what is old.
    fn fetch(
        &self,
        listed: &[Listed],
        wanted: &[Listed],
        gate: &mut dyn Gate,
        desk: &dyn Companions,
    ) -> Result<Haul, Trouble> {
        if let [lone] = wanted
            && self.suspects.goes_alone(&lone.key)
            && gate.reader().bears_another()
        {
            match desk.try_whole(self.source, lone) {
                Fate::Survived => {}
                Fate::Died(end) => return Ok(Haul::of(Item::Deadly(lone.clone(), end))),
                Fate::Unknown(why) => return Ok(Haul::of(Item::Untried(lone.clone(), why))),
            }
        }
        let fetched = if wanted.is_empty() { Vec::new() } else { gate.reader().fetch(wanted)? };
        let cut_short = gate.reader().cut_short().map(Trouble::from);
        let mut read: HashMap<ItemKey, Item> =
            self.read(fetched, desk).into_iter().map(|item| (item.key().clone(), item)).collect();
        // What is missing before the last that was given has vanished.
        let last = wanted.iter().rposition(|item| read.contains_key(&item.key)).map_or(0, |at| at + 1);
        let first_missing = wanted.get(last);
        if let (Some(trouble), Some(missing)) = (&cut_short, first_missing) {
            let why = trouble.with_causes();
            read.insert(missing.key.clone(), Item::Suspected(missing.clone(), why));
        }
        let mut wanted = wanted.iter().peekable();
        let in_order =
            listed.iter().filter_map(|item| match wanted.next_if(|wanted| wanted.key == item.key) {
                Some(_) => read.remove(&item.key),
                None => Some(Item::Old(item.clone())),
            });
        Ok(Haul { items: in_order.collect(), cut_short })
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
        let sound: Vec<Fetched> = sound.collect();
        let (folder, mode) = (self.source.folder.as_str(), desk.mode());
        let said = hooks::before_reading(self.job, folder, mode, &sound);
        let read = item::read(sound, &Terms::of(self.job)).into_iter().zip(said).collect();
        let mut sound = hooks::after_reading(self.job, folder, mode, read).into_iter();
        keys.iter().filter_map(|key| odd.remove(key).or_else(|| sound.next())).collect()
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

/// What one fetch brought, and why it was no more.
struct Haul {
    items: Vec<Item>,
    cut_short: Option<Trouble>,
}

impl Haul {
    fn of(item: Item) -> Self {
        Self { items: vec![item], cut_short: None }
    }
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
        let table: [(&[u64], usize, &[usize]); 5] = [
            (&[], 10, &[]),
            (&[1, 1, 1, 1, 1], 2, &[2, 2, 1]),
            (&[MAX_OCTETS, 1, 1], 10, &[1, 2]),
            (&[1, MAX_OCTETS + 1, 1], 10, &[1, 1, 1]),
            (&[MAX_OCTETS / 2, MAX_OCTETS / 2, 1], 10, &[2, 1]),
        ];
        for (octets, count, expected) in table {
            let items = sizes(octets);
            let batches = divide(&items, count);
            assert_eq!(batches.iter().map(|batch| batch.len()).collect::<Vec<_>>(), expected, "{octets:?}");
            assert_eq!(batches.concat(), items);
        }
    }
}
