//! What every back end can do.

use jiff::Timestamp;

use super::config::BackendConfig;
use super::{Files, Null, OutboxError, Sendmail, SmtpBackend};
use crate::model::notification::{Answer, Parcel};
use crate::transport::oauth::Life;

/// A way out for mail; it may be used for many parcels, one after the other.
pub trait Backend: Send {
    /// Gives one parcel away; any answer is about this parcel, and the back end is ready for the next one.
    fn give(&mut self, parcel: &Parcel) -> Answer;

    /// The octets of the largest mail that is taken, as far as that is told.
    fn largest(&self) -> Option<u64> {
        None
    }

    /// Why the last `give` did not come so far that the parcel mattered: the next one will hardly fare better.
    fn trouble(&mut self) -> Option<OutboxError> {
        None
    }

    /// What the back end broke off with while it had the last parcel in hand: it may be that parcel's doing.
    fn broke_off(&mut self) -> Option<OutboxError> {
        None
    }

    /// When the certificate expires that the server showed; `None` where there is none.
    fn certificate_expires(&self) -> Option<Timestamp> {
        None
    }

    /// Ends what is open; nothing that was answered for depends on it.
    fn close(&mut self);
}

/// Opens a back end: a server is connected to and logged in at.
pub fn open(config: &BackendConfig) -> Result<Box<dyn Backend>, OutboxError> {
    Ok(match config {
        BackendConfig::Smtp(smtp) => Box::new(SmtpBackend::connect(smtp)?),
        BackendConfig::Sendmail { program, timeout } => Box::new(Sendmail::new(program, *timeout)?),
        BackendConfig::File(directory) => Box::new(Files::new(directory)?),
        BackendConfig::Null => Box::new(Null),
    })
}

/// What a look at a back end shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Where its mail goes, for instance `smtp:support@smtp.example.org:465`.
    pub account: String,
    /// What a server offers.
    pub capabilities: Vec<String>,
    /// How long the access token lives that it was logged in with.
    pub token: Option<Life>,
}

/// Opens a back end and closes it again; nothing is sent.
pub fn check(config: &BackendConfig) -> Result<Checked, OutboxError> {
    let capabilities = match config {
        BackendConfig::Smtp(smtp) => {
            let mut backend = SmtpBackend::connect(smtp)?;
            let capabilities = backend.capabilities();
            backend.close();
            capabilities
        }
        BackendConfig::Sendmail { .. } | BackendConfig::File(_) | BackendConfig::Null => {
            open(config)?.close();
            Vec::new()
        }
    };
    Ok(Checked { account: config.account(), capabilities, token: config.token_life() })
}
