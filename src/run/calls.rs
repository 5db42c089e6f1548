//! Servers are connected to while the store is opened: the one waits for the network, the other for the disk.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::mailbox::{self, Call};
use crate::model::ids::MailboxName;
use crate::model::trouble::Trouble;

use super::config::Plan;
use super::fetch::{Due, Options, choose};

/// Connections that are being made for the workers of one run.
///
/// Nothing is said to a server before its mailbox is locked. One whose interval may not be over, and one that has to wait for
/// a worker, is connected to when it is its turn.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<HashMap<MailboxName, Call>>>);

impl Calls {
    /// Begins to connect to the mailboxes that so many workers take first.
    ///
    /// # Errors
    /// Where a mailbox is chosen that is not configured.
    pub fn begin(plan: &Plan, options: &Options, workers: usize) -> Result<Self, Trouble> {
        let chosen = choose(plan, &options.mailboxes)?;
        let first = chosen.into_iter().take(workers);
        let called = first
            .filter(|plan| options.due == Due::Now || plan.interval.is_none())
            .filter_map(|plan| Some((plan.mailbox.name.clone(), mailbox::call(&plan.mailbox)?)));
        Ok(Self(Arc::new(Mutex::new(called.collect()))))
    }

    /// The connection of a mailbox, once.
    pub(super) fn take(&self, mailbox: &MailboxName) -> Option<Call> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(mailbox)
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(calls.keys()).finish()
    }
}
