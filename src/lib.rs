//! helpdesk-mail

pub mod mailbox;
pub mod model;
pub mod policy;
pub mod run;
pub mod settings;
pub mod store;
