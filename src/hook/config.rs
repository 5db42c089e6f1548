//! `[[hook]]`.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::event::EventKind;
use crate::model::ids::MailboxName;
use crate::transport::{Password, Proxy, Url};

/// A program or URL with what it listens to.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Its name; no other hook of the same event has it.
    pub name: String,
    /// What it listens to.
    pub event: EventKind,
    /// How it is called.
    pub way: Way,
    /// The longest that it may take.
    pub timeout: Duration,
    /// What becomes of a message when it fails; of no meaning for events that are told afterwards.
    pub on_failure: OnFailure,
    /// Whether a dry run asks it.
    pub dry_run: DryRun,
    /// The mailboxes that it listens to; none for all.
    pub mailboxes: Vec<MailboxName>,
    /// After so many attempts an event is given up for it.
    pub max_attempts: u32,
    /// The most octets of a message that it is given before that is read.
    pub raw_size: u64,
}

impl Hook {
    /// Whether it listens to what happens in that mailbox.
    pub fn listens_to(&self, mailbox: &MailboxName) -> bool {
        self.mailboxes.is_empty() || self.mailboxes.contains(mailbox)
    }
}

/// How a hook is called.
#[derive(Debug, Clone)]
pub enum Way {
    /// A program is run, without a shell.
    Command(Program),
    /// The event is posted.
    Url(Box<Endpoint>),
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its path, or a name that is looked for in [`super::PATH`].
    pub file: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The most memory of each of its processes, in octets.
    pub memory: u64,
    /// How it is begun.
    pub start: Start,
}

/// How a program is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// By this program, which bounds itself and becomes it (`helpdesk-mail confine`). On Linux.
    Confined,
    /// Directly; its memory is bounded a moment later.
    Direct,
}

/// The receiver of a webhook.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where it is.
    pub url: Url,
    /// Where the signing secrets come from: one or several, separated by blanks, so that an old one can be replaced.
    pub secret: Password,
    /// A PEM file of certificates trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The proxy that it is reached through.
    pub proxy: Option<Proxy>,
    /// Whether it may be in a private network, or on this machine.
    pub allow_private: bool,
}

/// `on_failure`: what becomes of a message when a hook that is asked fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// It goes on.
    Ignore,
    /// It is skipped.
    Skip,
    /// It is deferred, and fails after too many attempts.
    Defer,
}

/// `dry_run`: whether a hook bears to be asked for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DryRun {
    /// It is asked in a dry run, too.
    Asked,
    /// It is not.
    Left,
}
