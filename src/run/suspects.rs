//! What runs died with, as this run knows it.

use std::collections::{HashMap, HashSet};

use crate::model::item::{ItemKey, Listed};
use crate::store::{Source, StoreError};

use super::companions::Companions;

/// Items of one folder that were in hand when a run died, with how many runs did.
#[derive(Debug, Default)]
pub(super) struct Suspects(HashMap<ItemKey, u32>);

impl Suspects {
    /// Those among `keys`, which are all that the folder still holds of unsettled items.
    ///
    /// A mark of an item that is not there any more is taken away.
    pub(super) fn among(
        keys: &[ItemKey],
        source: &Source,
        desk: &mut dyn Companions,
    ) -> Result<Self, StoreError> {
        let suspects = Self::of(source, desk)?;
        if suspects.0.is_empty() {
            return Ok(suspects);
        }
        let there: HashSet<&ItemKey> = keys.iter().collect();
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
            new.into_iter().partition(|item| of(&item.key) > 0 || self.is_worse(&item.key));
        // Those with the least trouble of their own first.
        alone.sort_by_key(|item| (self.is_worse(&item.key), of(&item.key)));
        (plain, alone)
    }

    /// Whether a run died with the item in hand.
    pub(super) fn contains(&self, key: &ItemKey) -> bool {
        self.0.contains_key(key)
    }

    /// Whether a run died with it although it had been tried out before: it goes last and alone, so that it harms
    /// no other.
    pub(super) fn is_worse(&self, key: &ItemKey) -> bool {
        self.0.get(key).is_some_and(|deaths| *deaths > 1)
    }
}
