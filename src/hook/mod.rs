//! Hooks: programs and URLs that are told of, or asked about, a step of the road.
//!
//! [`Hook::call`] gives one of them an event and says what it answered. Whom to call, when, with what, and what becomes of
//! a message by the answer is the run's business; `event.schema.json` has the objects that they are given.
//!
//! Limits: a program that leaves its process group (`setsid`) outlives its time; nothing waits for it. One is ended when a signal
//! ends the run, but outlives a kill. Memory is bounded on Linux alone, and where `/proc` is not mounted a moment after a program began.

mod command;
mod config;
mod error;
mod pipes;
mod signature;
mod webhook;

#[cfg(test)]
mod tests;

pub use command::PATH;
pub use config::{DryRun, Endpoint, Hook, OnFailure, Program, Start, Way};
pub use error::HookError;

use crate::model::event::{EventId, EventKind};
use crate::transport::wire;

/// The JSON schema of what hooks are given.
pub const SCHEMA: &str = include_str!("event.schema.json");

/// What a hook is called with.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// What it is about.
    pub kind: EventKind,
    /// Its id.
    pub id: &'a EventId,
    /// The whole JSON object.
    pub body: &'a str,
    /// Whether the run is to end: then a program is ended, too.
    pub stop: &'a dyn Fn() -> bool,
}

/// What a hook answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It agrees, or has taken the event; with the first line that it said.
    Taken(String),
    /// It says that the message is to be skipped, and why.
    Veto(String),
}

impl Hook {
    /// Calls the hook and waits for its answer.
    ///
    /// # Errors
    /// Everything that is neither agreement nor veto.
    pub fn call(&self, call: &Call<'_>) -> Result<Answer, HookError> {
        log::debug!(hook = self.name; "hook \"{}\" is called with {} {}", self.name, call.kind, call.id);
        match &self.way {
            Way::Command(program) => command::run(self, program, call),
            Way::Url(endpoint) => webhook::post(self, endpoint, call),
        }
    }

    /// Whether it can be called at all: the program is there, the secrets can be had. Nothing is called.
    ///
    /// # Errors
    /// What a call would meet at once.
    pub fn check(&self) -> Result<(), HookError> {
        match &self.way {
            Way::Command(program) => command::find(self, program).map(drop),
            Way::Url(endpoint) => webhook::keys(self, endpoint).map(drop),
        }
    }
}

/// The first line of what a hook said.
fn first_line(said: &[u8]) -> String {
    wire::text(said.split(|octet| *octet == b'\n').next().unwrap_or_default())
}
