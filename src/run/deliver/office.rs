//! The office of a real run: templates that compose, and the back ends of the configuration.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::notification::{AlertMail, Answer, Notification, Parcel};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::outbox::{self, Backend, BackendConfig, Composed, Templates};

use super::post::{Office, Way};
use crate::run::fetch::expiry_of_token;
use crate::store::Expiry;

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

    fn alert(&self, mail: &AlertMail, now: Timestamp) -> Parcel {
        self.templates.alert(mail, now)
    }

    fn open(&self, way: &str) -> Result<Box<dyn Way>, Trouble> {
        // The settings let no queue name another one.
        let config = self.backends.get(way).ok_or_else(|| {
            Trouble::new(ErrorCode::ConfigInvalid, format!("there is no back end \"{way}\""))
        })?;
        Ok(Box::new(Open { backend: outbox::open(config)?, config: config.clone() }))
    }
}

/// A back end that is open.
struct Open {
    backend: Box<dyn Backend>,
    config: BackendConfig,
}

impl Way for Open {
    fn give(&mut self, parcel: &Parcel) -> Answer {
        self.backend.give(parcel)
    }

    fn largest(&self) -> Option<u64> {
        self.backend.largest()
    }

    fn trouble(&mut self) -> Option<Trouble> {
        self.backend.trouble().map(Trouble::from)
    }

    fn broke_off(&mut self) -> Option<Trouble> {
        self.backend.broke_off().map(Trouble::from)
    }

    fn expiry(&self) -> Expiry {
        let token = expiry_of_token(self.config.token_life(), Timestamp::now());
        Expiry { certificate: self.backend.certificate_expires(), token }
    }

    fn close(&mut self) {
        self.backend.close();
    }
}
