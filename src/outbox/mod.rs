//! The outbox: what people are told of their tickets, from what is to be said to the server that takes it.
//!
//! [`Templates`] find the words and compose the mail. A [`Backend`] is given one parcel at a time and answers for it:
//! accepted, later, refused, or uncertain. It knows no rows, tickets or retries. [`Backend::trouble`] tells apart what a
//! back end cannot do from what a parcel cannot.

mod backend;
mod compose;
mod config;
mod envelope;
mod error;
mod file;
mod null;
mod sendmail;
mod smtp;
mod template;

pub use backend::{Backend, Checked, check, open};
pub use compose::Composed;
pub use config::{BackendConfig, Config, DEFAULT, Deliver, Rates, Smtp};
pub use error::OutboxError;
pub use file::Files;
pub use null::Null;
pub use sendmail::Sendmail;
pub use smtp::SmtpBackend;
pub use template::{
    EnvelopeSender, Marker, Problem, Rendered, TemplateConfig, TemplateError, Templates, languages, sample,
};
