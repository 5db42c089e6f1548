//! helpdesk-mail

pub mod evidence;
pub mod cli;
pub mod mailbox;
pub mod model;
pub mod parse;
pub mod policy;
pub mod run;
pub mod settings;
pub mod store;
