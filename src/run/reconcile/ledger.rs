//! The ledger as reconciliation asks it; no store yet counts as an empty one.

use std::collections::HashMap;

use crate::model::ids::MailboxName;
use crate::model::item::{ItemKey, Watermark};
use crate::store::{HeldRow, Lookup, RowCount, Source, Store, StoreError};

/// A store to look at, or none before the first run.
pub(super) struct Ledger(pub(super) Option<Store>);

/// What must be known of a folder before it is listed.
pub(super) struct Before {
    pub(super) mark: Option<Watermark>,
    /// What is not settled or owes the mailbox something.
    pub(super) open: Vec<ItemKey>,
}

impl Ledger {
    /// Where the folder is in the ledger: a mailbox that was renamed since the last fetch is there under its former name.
    pub(super) fn place(&mut self, source: Source, configured: &[MailboxName]) -> Result<Source, StoreError> {
        let Some(store) = &mut self.0 else { return Ok(source) };
        Ok(store.former(&source, configured)?.unwrap_or(source))
    }

    /// The watermark comes first: what it has passed has its row by then.
    pub(super) fn before(&mut self, source: &Source) -> Result<Before, StoreError> {
        let Some(store) = &mut self.0 else { return Ok(Before { mark: None, open: Vec::new() }) };
        Ok(Before { mark: store.watermark(source)?, open: store.open_items(source)? })
    }

    /// The rows of these items.
    pub(super) fn rows(
        &mut self,
        source: &Source,
        keys: &[ItemKey],
    ) -> Result<HashMap<ItemKey, HeldRow>, StoreError> {
        self.0.as_mut().map_or_else(|| Ok(HashMap::new()), |store| store.held_rows(source, keys))
    }

    /// How many rows there are.
    pub(super) fn count(&mut self, source: &Source, numbering: Option<&str>) -> Result<RowCount, StoreError> {
        self.0.as_mut().map_or_else(|| Ok(RowCount::default()), |store| store.count_rows(source, numbering))
    }
}
