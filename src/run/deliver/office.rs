//! The office of a real run: templates that compose, and the back ends of the configuration.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::notification::{Answer, Notification, Parcel};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::outbox::{self, Backend, BackendConfig, Composed, Templates};

use super::post::{Office, Way};

/// Templates and back ends.
#[derive(Debug)]
pub struct MailOffice {
    templates: Templates,
    backends: BTreeMap<String, BackendConfig>,
}

impl MailOffice {
    /// One with these; nothing is opened yet.
    pub fn new(templates: Templates, backends: BTreeMap<String, BackendConfig>) -> Self {
        Self { templates, backends }
    }
}

impl Office for MailOffice {
    fn compose(&self, notification: &Notification, now: Timestamp) -> Composed {
        self.templates.compose(notification, now)
    }

    fn open(&self, way: &str) -> Result<Box<dyn Way>, Trouble> {
        // The settings let no queue name another one.
        let config = self.backends.get(way).ok_or_else(|| {
            Trouble::new(ErrorCode::ConfigInvalid, format!("there is no back end \"{way}\""))
        })?;
        Ok(Box::new(Open(outbox::open(config)?)))
    }
}

/// A back end that is open.
struct Open(Box<dyn Backend>);

impl Way for Open {
    fn give(&mut self, parcel: &Parcel) -> Answer {
        self.0.give(parcel)
    }

    fn largest(&self) -> Option<u64> {
        self.0.largest()
    }

    fn trouble(&mut self) -> Option<Trouble> {
        self.0.trouble().map(Trouble::from)
    }

    fn close(&mut self) {
        self.0.close();
    }
}
