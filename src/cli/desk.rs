//! The way from a command to settings and store.
//!
//! STAND-IN until the modules `settings` and `store` are merged.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::model::ids::TicketId;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{
    self, MessageRow, OutcomeFilter, OutcomeRow, QuarantineRow, StoreError, TicketFilter, TicketRow,
};
use crate::{mailbox, run};

pub(crate) struct Settings {
    pub(crate) file: PathBuf,
    pub(crate) store: store::Config,
    pub(crate) plan: run::Plan,
    pub(crate) warnings: Vec<String>,
}

fn missing<T>() -> Result<T, StoreError> {
    Err(StoreError::Misuse { what: "not merged".to_owned() })
}

pub(crate) fn locate(_: Option<&Path>) -> Result<PathBuf, Trouble> {
    Err(Trouble::new(ErrorCode::ConfigMissing, "not merged"))
}

pub(crate) fn settings(_: &Path) -> Result<Settings, Trouble> {
    Err(Trouble::new(ErrorCode::ConfigMissing, "not merged"))
}

pub(crate) fn init(_: &Path) -> Result<(), Trouble> {
    Err(Trouble::new(ErrorCode::ConfigMissing, "not merged"))
}

pub(crate) fn template() -> &'static str {
    ""
}

pub(crate) fn open(_: &store::Config) -> Result<Store, Trouble> {
    Err(Trouble::new(ErrorCode::StoreUnavailable, "not merged"))
}

pub(crate) fn look(_: &store::Config) -> Result<Option<Store>, Trouble> {
    Err(Trouble::new(ErrorCode::StoreUnavailable, "not merged"))
}

pub(crate) fn read_only(_: &mailbox::Config) -> Result<Box<dyn mailbox::Reader>, Trouble> {
    Err(Trouble::new(ErrorCode::MailboxConnect, "not merged"))
}

pub(crate) struct Store;

impl Store {
    pub(crate) fn tickets(&mut self, _: &TicketFilter) -> Result<Vec<TicketRow>, StoreError> {
        missing()
    }
    pub(crate) fn ticket_row(&mut self, _: TicketId) -> Result<Option<TicketRow>, StoreError> {
        missing()
    }
    pub(crate) fn messages(&mut self, _: TicketId) -> Result<Vec<MessageRow>, StoreError> {
        missing()
    }
    pub(crate) fn close(&mut self, _: TicketId, _: Timestamp) -> Result<(), StoreError> {
        missing()
    }
    pub(crate) fn reopen(&mut self, _: TicketId, _: Timestamp) -> Result<(), StoreError> {
        missing()
    }
    pub(crate) fn merge(&mut self, _: TicketId, _: TicketId, _: Timestamp) -> Result<(), StoreError> {
        missing()
    }
    pub(crate) fn outcomes(&mut self, _: &OutcomeFilter) -> Result<Vec<OutcomeRow>, StoreError> {
        missing()
    }
    pub(crate) fn reset(&mut self, _: &OutcomeFilter) -> Result<u64, StoreError> {
        missing()
    }
    pub(crate) fn quarantine(&mut self) -> Result<Vec<QuarantineRow>, StoreError> {
        missing()
    }
    pub(crate) fn quarantined(&mut self, _: i64) -> Result<QuarantineRow, StoreError> {
        missing()
    }
    pub(crate) fn quarantined_raw(&mut self, _: i64) -> Result<Vec<u8>, StoreError> {
        missing()
    }
    pub(crate) fn drop_quarantined(&mut self, _: i64) -> Result<(), StoreError> {
        missing()
    }
}
