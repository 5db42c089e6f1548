//! Batches in turn: while one is received, the next is fetched and read on a thread of its own, and the two behind that may
//! be on their way from the server.
//!
//! The order of what is done to the store and to a mailbox stays: a batch is marked before it is fetched, received after the
//! one before it, and told to its mailbox after its own commit. No more than two are in hand; what is on its way lies in the
//! system's buffers, or in memory where the server must be asked something else meanwhile.

use std::collections::HashMap;
use std::thread;

use crate::mailbox::Reader;
use crate::model::item::{Fetched, ItemKey, Listed};
use crate::model::trouble::{ErrorCode, Trouble};

use super::batch::{self, Batch, acknowledge, tell};
use super::companions::{Companions, Gate};
use super::item::Item;
use super::probe::Fate;
use super::receive::Received;
use super::report::Mode;
use super::suspects::Holding;
use super::tally::Tally;
use super::trail;

/// So many batches at most, and only those that begin within so many octets behind the next one, may be on their way: one
/// batch takes less time than a long line's round trip.
const EXPECTED: (usize, u64) = (6, 2 * batch::MAX_OCTETS);

/// Who works at batches.
pub(super) struct Crew<'c, 't> {
    pub(super) gate: &'c mut dyn Gate,
    pub(super) desk: &'c mut dyn Companions,
    pub(super) tally: &'c mut Tally<'t>,
}

/// A batch that is marked.
struct Marked<'i> {
    listed: &'i [Listed],
    /// What of it is not old.
    wanted: Vec<Listed>,
    holding: Holding<'i>,
}

/// The batch that is fetched next, and what lies behind it.
struct Next<'b, 'i> {
    listed: &'i [Listed],
    behind: &'b [&'i [Listed]],
}

/// A batch that was fetched and read, or was to be.
struct Hand<'i> {
    batch: Marked<'i>,
    haul: Result<Haul, Trouble>,
}

/// What one fetch brought, and why it was no more.
struct Haul {
    items: Vec<Item>,
    cut_short: Option<Trouble>,
}

/// The items that have no settled row, and the batch that was fetched meanwhile.
type Turned<'i> = (Result<Vec<ItemKey>, Trouble>, Option<Hand<'i>>);

impl<'a> Batch<'a> {
    /// Takes batches along the whole road and tells which items are to be taken again, having no settled row yet. `check`
    /// ends it between two batches.
    pub(super) fn in_turn<'i>(
        &'i self,
        batches: impl Iterator<Item = &'i [Listed]>,
        check: &dyn Fn() -> Result<(), Trouble>,
        mut crew: Crew<'_, '_>,
    ) -> Result<Vec<ItemKey>, Trouble> {
        let batches: Vec<&[Listed]> = batches.collect();
        let (mut left, mut open, mut ahead) = (batches.as_slice(), Vec::new(), None);
        loop {
            let hand = match (ahead.take(), check()) {
                (Some(hand), Ok(())) => hand,
                (None, checked) => match left {
                    [listed, behind @ ..] => {
                        checked?;
                        left = behind;
                        let expected = if self.is_sound(listed) { behind } else { &[] };
                        self.expect(expected, crew.gate.reader());
                        self.take(listed, &mut crew)?
                    }
                    [] => return Ok(open),
                },
                (Some(hand), Err(trouble)) => return Err(self.last(Some(hand), trouble, &mut crew)),
            };
            let follows = hand.is_whole() && self.is_sound(hand.batch.listed);
            let next = match left {
                [next, behind @ ..] if follows && self.is_sound(next) => {
                    left = behind;
                    Some(Next { listed: next, behind: if check().is_ok() { behind } else { &[] } })
                }
                _ => None,
            };
            let (end, follower) = self.turn(hand, next, &mut crew);
            match end {
                Ok(again) => open.extend(again),
                Err(trouble) => return Err(self.last(follower, trouble, &mut crew)),
            }
            ahead = follower;
        }
    }

    /// The end before all batches are through. At what was fetched already the mailbox may have broken off: that is seen to
    /// all the same, and says more than what followed from it.
    fn last(&self, follower: Option<Hand<'_>>, trouble: Trouble, crew: &mut Crew<'_, '_>) -> Trouble {
        match follower {
            Some(hand) if !hand.is_whole() && !trouble.code.is_of_the_store() => {
                self.turn(hand, None, crew).0.err().unwrap_or(trouble)
            }
            Some(hand) => {
                hand.let_go(crew.desk);
                trouble
            }
            None => trouble,
        }
    }

    /// Receives what is in hand while the next batch is fetched, and tells the mailbox.
    fn turn<'i>(&'i self, hand: Hand<'i>, next: Option<Next<'_, 'i>>, crew: &mut Crew<'_, '_>) -> Turned<'i> {
        let behind = next.as_ref().map_or(&[][..], |next| next.behind);
        let Crew { gate, desk, tally } = crew;
        let next = match next.map(|next| self.mark(next.listed, *desk)).transpose() {
            Ok(next) => next,
            Err(trouble) => {
                hand.let_go(*desk);
                return (Err(trouble), None);
            }
        };
        let Hand { batch: Marked { listed, holding, .. }, haul } = hand;
        let (mode, steps) = (desk.mode(), trail::trail());
        let (received, fetched) = thread::scope(|scope| {
            let fetch = next.as_ref().map(|next| {
                let reader = gate.reader();
                self.expect(behind, reader);
                let work = move || {
                    let _trail = trail::carry(steps);
                    self.haul_sound(next, reader, mode)
                };
                thread::Builder::new().name("fetch".to_owned()).spawn_scoped(scope, work)
            });
            let received = haul.and_then(|haul| {
                let received = self.receive(&haul.items, *desk, tally)?;
                Ok((haul, received))
            });
            // Where no thread can be had it is fetched when it is due.
            let fetched =
                fetch.and_then(Result::ok).map(|thread| thread.join().unwrap_or_else(|_| Err(crashed())));
            (received, fetched)
        });
        let next = next.map(|batch| {
            let haul = fetched.unwrap_or_else(|| self.haul_sound(&batch, gate.reader(), mode));
            Hand { batch, haul }
        });
        let (haul, received) = match received {
            Ok(received) => received,
            Err(trouble) => {
                holding.let_go(&[], &[], *desk);
                next.into_iter().for_each(|hand| hand.let_go(*desk));
                return (Err(trouble), None);
            }
        };
        holding.let_go(&haul.items, &received, *desk);
        let is_open = |received: &Received| !received.line.outcome.is_settled();
        let open = received
            .iter()
            .zip(&haul.items)
            .filter(|(received, _)| received.as_ref().is_some_and(is_open))
            .map(|(_, item)| item.key().clone())
            .collect();
        let Haul { items, cut_short } = haul;
        // What the server is asked for ahead may have to be read while it is told.
        drop(items);
        let acknowledgements = tell(received, listed.len() as u64, tally);
        if let Some(trouble) = cut_short {
            // Nobody is there to be told; what is owed is paid by the next run.
            return (Err(trouble), next);
        }
        let told = acknowledge(self.source, &acknowledgements, *gate, *desk).or_else(|it| tally.pass(it));
        (told.map(|()| open), next)
    }

    /// Has the mailbox know what is fetched behind the next batch, as far as that may be in hand beside another.
    fn expect(&self, behind: &[&[Listed]], reader: &mut dyn Reader) {
        let mut octets = 0_u64;
        let is_near = |listed: &&&[Listed]| {
            let before = octets;
            octets = octets.saturating_add(batch::octets(listed));
            before < EXPECTED.1
        };
        let near =
            behind.iter().take(EXPECTED.0).take_while(is_near).take_while(|listed| self.is_sound(listed));
        reader.expect(near.map(|listed| self.wanted(listed)).collect());
    }

    /// What of a batch is not old.
    fn wanted(&self, listed: &[Listed]) -> Vec<Listed> {
        listed.iter().filter(|item| !self.old.is_some_and(|old| old.covers(item))).cloned().collect()
    }

    /// Whether a batch may be in hand beside another: nobody is asked about it, and no run died with any of it.
    fn is_sound(&self, batch: &[Listed]) -> bool {
        !self.job.asks_any() && !batch.iter().any(|item| self.suspects.contains(&item.key))
    }

    fn mark<'i>(&'i self, listed: &'i [Listed], desk: &mut dyn Companions) -> Result<Marked<'i>, Trouble> {
        let wanted = self.wanted(listed);
        let holding = Holding::take(self, &wanted, desk)?;
        Ok(Marked { listed, wanted, holding })
    }

    /// Marks, fetches and reads a batch.
    fn take<'i>(&'i self, listed: &'i [Listed], crew: &mut Crew<'_, '_>) -> Result<Hand<'i>, Trouble> {
        let batch = self.mark(listed, crew.desk)?;
        let haul = self.haul(&batch, crew.gate, crew.desk);
        Ok(Hand { batch, haul })
    }

    fn haul(&self, batch: &Marked<'_>, gate: &mut dyn Gate, desk: &dyn Companions) -> Result<Haul, Trouble> {
        if let [lone] = batch.wanted.as_slice()
            && self.suspects.goes_alone(&lone.key)
            && gate.reader().bears_another()
        {
            let of = |item| Haul { items: vec![item], cut_short: None };
            match desk.try_whole(self.source, lone) {
                Fate::Survived => {}
                Fate::Died(end) => return Ok(of(Item::Deadly(lone.clone(), end))),
                Fate::Unknown(why) => return Ok(of(Item::Untried(lone.clone(), why))),
            }
        }
        batch.haul(gate.reader(), |fetched| self.read(fetched, desk))
    }

    /// As [`Self::haul`], without a process of its own for anything.
    fn haul_sound(&self, batch: &Marked<'_>, reader: &mut dyn Reader, mode: Mode) -> Result<Haul, Trouble> {
        batch.haul(reader, |fetched| self.read_sound(fetched, mode))
    }
}

impl Marked<'_> {
    /// Fetches and reads what is wanted and gives it in the order of the list, with what is old.
    fn haul(
        &self,
        reader: &mut dyn Reader,
        read: impl FnOnce(Vec<Fetched>) -> Vec<Item>,
    ) -> Result<Haul, Trouble> {
        let wanted = self.wanted.as_slice();
        let fetched = if wanted.is_empty() { Vec::new() } else { reader.fetch(wanted)? };
        let cut_short = reader.cut_short().map(Trouble::from);
        let mut read: HashMap<ItemKey, Item> =
            read(fetched).into_iter().map(|item| (item.key().clone(), item)).collect();
        // What is missing before the last that was given has vanished.
        let last = wanted.iter().rposition(|item| read.contains_key(&item.key)).map_or(0, |at| at + 1);
        let first_missing = wanted.get(last);
        if let (Some(trouble), Some(missing)) = (&cut_short, first_missing) {
            let why = trouble.with_causes();
            read.insert(missing.key.clone(), Item::Suspected(missing.clone(), why));
        }
        let mut wanted = wanted.iter().peekable();
        let in_order =
            self.listed.iter().filter_map(|item| match wanted.next_if(|wanted| wanted.key == item.key) {
                Some(_) => read.remove(&item.key),
                None => Some(Item::Old(item.clone())),
            });
        Ok(Haul { items: in_order.collect(), cut_short })
    }
}

impl Hand<'_> {
    /// Whether all of it came, so that the mailbox can be asked for more.
    fn is_whole(&self) -> bool {
        self.haul.as_ref().is_ok_and(|haul| haul.cut_short.is_none())
    }

    fn let_go(self, desk: &mut dyn Companions) {
        self.batch.holding.let_go(&[], &[], desk);
    }
}

/// The panic hook has told where.
fn crashed() -> Trouble {
    Trouble::new(ErrorCode::Internal, "a part of the program gave up while messages were fetched")
        .hint("please report this with the lines before; the next run goes on")
}

#[cfg(test)]
mod tests;
