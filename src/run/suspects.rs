//! What runs died with, as this run knows it.

use std::collections::{HashMap, HashSet};

use crate::model::item::{ItemKey, Listed};
use crate::store::{Source, StoreError};

use super::batch::Batch;
use super::companions::Companions;
use super::item::Item;
use super::receive::Received;

/// Items of one folder that were in hand when a run died, with how many runs did or put them off since.
#[derive(Debug, Default)]
pub(super) struct Suspects(HashMap<ItemKey, u32>);

impl Suspects {
    /// Those among `items`, which are all that the folder still holds of unsettled items.
    ///
    /// A mark of an item that is not there any more is taken away.
    pub(super) fn among(
        items: &[Listed],
        source: &Source,
        desk: &mut dyn Companions,
    ) -> Result<Self, StoreError> {
        let suspects = Self::of(source, desk)?;
        if suspects.0.is_empty() {
            return Ok(suspects);
        }
        let there: HashSet<&ItemKey> = items.iter().map(|item| &item.key).collect();
        let (met, gone): (HashMap<_, _>, HashMap<_, _>) =
            suspects.0.into_iter().partition(|(key, _)| there.contains(key));
        if !gone.is_empty() {
            desk.unmark(source, &gone.into_keys().collect::<Vec<_>>())?;
        }
        Ok(Self(met))
    }

    /// All of a folder.
    pub(super) fn of(source: &Source, desk: &mut dyn Companions) -> Result<Self, StoreError> {
        Ok(Self(desk.lookup().in_flight(source)?.into_iter().collect()))
    }

    /// These, whatever is known.
    pub(super) fn all(keys: impl IntoIterator<Item = ItemKey>) -> Self {
        Self(keys.into_iter().map(|key| (key, 1)).collect())
    }

    /// Sets apart what had trouble of its own before, and what runs die with or mailboxes break off at whatever is done:
    /// it is taken last, each alone, so that it harms no other.
    pub(super) fn apart(&self, new: Vec<Listed>, deferred: &[(ItemKey, u32)]) -> (Vec<Listed>, Vec<Listed>) {
        let trouble: HashMap<&ItemKey, u32> =
            deferred.iter().map(|(key, attempts)| (key, *attempts)).collect();
        let of = |key: &ItemKey| trouble.get(key).copied().unwrap_or(0);
        let (mut alone, plain): (Vec<Listed>, Vec<Listed>) =
            new.into_iter().partition(|item| of(&item.key) > 0 || self.goes_last(&item.key));
        // Those with the least trouble of their own first.
        alone.sort_by_key(|item| (self.goes_last(&item.key), of(&item.key)));
        (plain, alone)
    }

    /// Whether a run died with the item in hand.
    pub(super) fn contains(&self, key: &ItemKey) -> bool {
        self.0.contains_key(key)
    }

    /// Whether runs died with it although it had been tried out: it goes alone.
    ///
    /// Its place in the order it keeps: somebody may be killing runs, and a reply is not to come before its original.
    pub(super) fn goes_alone(&self, key: &ItemKey) -> bool {
        self.deaths(key) > 1
    }

    /// Whether so many runs died with it that it goes last, too, so that it harms no other.
    fn goes_last(&self, key: &ItemKey) -> bool {
        /// Somebody who kills runs has met others as well by then, each alone.
        const TOO_MANY: u32 = 4;
        self.deaths(key) > TOO_MANY
    }

    fn deaths(&self, key: &ItemKey) -> u32 {
        self.0.get(key).copied().unwrap_or(0)
    }
}

/// A batch that is in hand, and marked so.
pub(super) struct Holding<'a> {
    source: &'a Source,
    keys: Vec<ItemKey>,
}

impl<'a> Holding<'a> {
    /// Marks items: should the run die, the next one knows with what.
    pub(super) fn take(
        batch: &Batch<'a>,
        items: &[Listed],
        desk: &mut dyn Companions,
    ) -> Result<Self, StoreError> {
        let keys: Vec<ItemKey> = items.iter().map(|item| item.key.clone()).collect();
        if !keys.is_empty() {
            desk.mark(batch.source, batch.job.run, &keys)?;
        }
        Ok(Self { source: batch.source, keys })
    }

    /// Takes the marks back from what got no ledger row, be it that another process was faster: nothing new is known of
    /// that.
    pub(super) fn let_go(self, items: &[Item], received: &[Option<Received>], desk: &mut dyn Companions) {
        let outcomes = items.iter().zip(received);
        let recorded: HashSet<&ItemKey> =
            outcomes.filter(|(_, received)| received.is_some()).map(|(item, _)| item.key()).collect();
        let left: Vec<ItemKey> = self.keys.into_iter().filter(|key| !recorded.contains(key)).collect();
        if !left.is_empty()
            && let Err(error) = desk.take_back_marks(self.source, &left)
        {
            // The next run handles them with care, which costs it a little time.
            log::debug!("{} items stay marked: {error}", left.len());
        }
    }
}
