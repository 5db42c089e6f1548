//! A store that is not there yet, for a dry run before the first run.

use std::collections::HashSet;

use crate::model::found::{Earlier, Standing};
use crate::model::ids::{MailboxName, MessageId, TicketId};
use crate::model::item::{Acknowledgement, Baseline, ItemKey, Watermark};
use crate::model::ticket::TicketFacts;
use crate::store::{Fingerprint, Lookup, MailboxState, Source, StoreError};

/// Nothing is known.
pub(super) struct Empty;

impl Lookup for Empty {
    fn ticket(&mut self, _: TicketId) -> Result<Option<TicketFacts>, StoreError> {
        Ok(None)
    }

    fn holding(&mut self, _: &MessageId) -> Result<Vec<TicketFacts>, StoreError> {
        Ok(Vec::new())
    }

    fn naming(&mut self, _: &MessageId) -> Result<Vec<TicketFacts>, StoreError> {
        Ok(Vec::new())
    }

    fn copies(&mut self, _: &Fingerprint<'_>) -> Result<Vec<TicketFacts>, StoreError> {
        Ok(Vec::new())
    }

    fn standing(&mut self, _: TicketId, _: &str) -> Result<Standing, StoreError> {
        Ok(Standing::Stranger)
    }

    fn settled_before(&mut self, _: &Fingerprint<'_>) -> Result<Option<Earlier>, StoreError> {
        Ok(None)
    }

    fn former(&mut self, _: &Source, _: &[MailboxName]) -> Result<Option<Source>, StoreError> {
        Ok(None)
    }

    fn settled(&mut self, _: &Source, _: &[ItemKey]) -> Result<HashSet<ItemKey>, StoreError> {
        Ok(HashSet::new())
    }

    fn deferred(&mut self, _: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError> {
        Ok(Vec::new())
    }

    fn attempts(&mut self, _: &Source, _: &ItemKey) -> Result<u32, StoreError> {
        Ok(0)
    }

    fn in_flight(&mut self, _: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError> {
        Ok(Vec::new())
    }

    fn watermark(&mut self, _: &Source) -> Result<Option<Watermark>, StoreError> {
        Ok(None)
    }

    fn baseline(&mut self, _: &Source) -> Result<Option<Baseline>, StoreError> {
        Ok(None)
    }

    fn owed(&mut self, _: &Source) -> Result<Vec<Acknowledgement>, StoreError> {
        Ok(Vec::new())
    }

    fn mailbox_state(&mut self, _: &MailboxName) -> Result<MailboxState, StoreError> {
        Ok(MailboxState::default())
    }

    fn next_ticket(&mut self) -> Result<TicketId, StoreError> {
        Ok(TicketId(1))
    }
}
