//! What mailboxes, the outbox and hooks stand on: the wire to a server, HTTP over it, logins with passwords and access
//! tokens, programs, whole files.
//!
//! Nothing here knows a protocol's words or what mail is. Every error names the place and says what to do where that is
//! known.

mod call;
mod config;
mod fault;
pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod login;
pub mod oauth;
pub(crate) mod process;
pub(crate) mod sasl;
pub(crate) mod wire;

pub use call::Call;
pub use config::{Login, Password, Plaintext, Server, Tls};
pub use fault::Fault;
pub use http::{NoUrl, Url};
pub use sasl::Mechanism;
pub use wire::{Proxy, ProxyScheme, ProxyUser};
