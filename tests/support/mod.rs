//! What the tests share: real servers, certificates, and servers that misbehave by script.

pub mod account;
pub mod ca;
pub mod dovecot;
pub mod raw;
pub mod script;
