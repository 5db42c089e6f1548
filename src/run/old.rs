//! Mail from before the first run, which is settled unread: `--baseline`, `since`, and what a server renumbered since.

use jiff::Timestamp;

use crate::model::item::{Baseline, ItemKey, Listed};
use crate::store::{Source, StoreError};

use super::companions::Companions;
use super::fetch::Scope;

/// What of one folder is old.
pub(super) struct Old<'a> {
    source: &'a Source,
    scope: Scope,
    since: Option<Timestamp>,
    /// When the folder was listed.
    at: Timestamp,
    baseline: Option<Baseline>,
}

impl<'a> Old<'a> {
    /// Of a folder that is about to be listed.
    pub(super) fn of(
        source: &'a Source,
        scope: Scope,
        since: Option<Timestamp>,
        desk: &mut dyn Companions,
    ) -> Result<Self, StoreError> {
        let baseline = desk.lookup().baseline(source)?;
        Ok(Self { source, scope, since, at: Timestamp::now(), baseline })
    }

    /// Whether an item is settled unread.
    pub(super) fn covers(&self, item: &Listed) -> bool {
        let arrived_before = |before: Timestamp| item.arrived.is_some_and(|at| at < before);
        let renumbered = || {
            let (baseline, numbering) = self.baseline.as_ref().zip(self.source.numbering(&item.key))?;
            Some(baseline.covers(item, numbering))
        };
        self.scope == Scope::Baseline
            || self.since.is_some_and(arrived_before)
            || renumbered().unwrap_or_default()
    }

    /// Remembers, once everything listed is settled, under which numbering old mail is: what arrives later counts,
    /// however old it is.
    pub(super) fn remember(&self, listed: &[ItemKey], desk: &mut dyn Companions) -> Result<(), StoreError> {
        let Some(numbering) = listed.first().and_then(|key| self.source.numbering(key)) else {
            return Ok(());
        };
        let at = match (self.scope, &self.baseline) {
            (Scope::Baseline, _) => self.at,
            (Scope::Tickets, Some(before)) if before.numbering != numbering => before.at,
            (Scope::Tickets, _) => return Ok(()),
        };
        desk.baselined(self.source, &Baseline { at, numbering: numbering.to_owned() })
    }
}
