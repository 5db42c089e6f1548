//! The outbox: how notifications leave.
//!
//! A [`Backend`] is given one parcel at a time and answers for it: accepted, later, refused, or uncertain. It knows no
//! rows, tickets or retries. [`Backend::trouble`] tells apart what a back end cannot do from what a parcel cannot.

mod backend;
mod config;
mod envelope;
mod error;
mod file;
mod null;
mod sendmail;
mod smtp;

pub use backend::{Backend, Checked, check, open};
pub use config::{BackendConfig, Config, DEFAULT, Deliver, Rates, Sender, Smtp};
pub use error::OutboxError;
pub use file::Files;
pub use null::Null;
pub use sendmail::Sendmail;
pub use smtp::SmtpBackend;
