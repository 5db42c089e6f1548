//! A question to hooks, and what they say of a message.

use jiff::Timestamp;
use serde_json::Value;

use super::told::event;
use crate::hook::{Answer, Call, DryRun, Hook, HookError, OnFailure};
use crate::model::decision::Decision;
use crate::model::event::{EventId, EventKind};
use crate::model::item::ItemKey;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::parse;
use crate::run::job::Job;
use crate::run::report::Mode;
use crate::run::trail::{self, Step};

/// The longest reason of a veto that is noted, in characters.
const LONGEST: usize = 200;

/// What hooks said of a message.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Said {
    /// A line for each that is worth noting.
    pub(in crate::run) notes: Vec<String>,
    /// Why the message goes no further, if it does not.
    pub(in crate::run) end: Option<End>,
}

/// Why a message goes no further.
#[derive(Debug, Clone)]
pub(in crate::run) enum End {
    /// A hook vetoed, or failed where that skips the message.
    Skip(Option<Failure>),
    /// A hook failed where that defers the message.
    Defer(Failure),
    /// The run is to end; that is held against nobody.
    Interrupt(Failure),
}

/// A failure as it is told of each message that it met.
#[derive(Debug, Clone)]
pub(in crate::run) struct Failure {
    code: ErrorCode,
    message: String,
    hint: Option<String>,
}

impl Failure {
    fn of(error: HookError) -> Self {
        let trouble = Trouble::from(error);
        Self { code: trouble.code, message: trouble.with_causes(), hint: trouble.hint }
    }

    /// The failure as trouble of a message.
    pub(in crate::run) fn trouble(&self) -> Trouble {
        Trouble { hint: self.hint.clone(), ..Trouble::new(self.code, &self.message) }
    }
}

impl Said {
    /// The failure that ended the matter.
    pub(in crate::run) fn failure(&self) -> Option<&Failure> {
        match &self.end {
            Some(End::Skip(failure)) => failure.as_ref(),
            Some(End::Defer(failure) | End::Interrupt(failure)) => Some(failure),
            None => None,
        }
    }
}

/// What `pre-process` hooks said of a decision.
#[derive(Debug)]
pub(in crate::run) struct Asked {
    /// The decision that they were asked about; `None` for whatever it may be.
    pub(in crate::run) decision: Option<Decision>,
    /// What they said.
    pub(in crate::run) said: Said,
}

impl Asked {
    /// Nothing can be said of a message whose decision is another one whenever it is made.
    pub(in crate::run) fn in_vain() -> Self {
        let failure = Failure {
            code: ErrorCode::HookFailed,
            message: "the decision changes each time that hooks are asked about it".to_owned(),
            hint: Some("the next run asks again".to_owned()),
        };
        Self { decision: None, said: Said { notes: Vec::new(), end: Some(End::Defer(failure)) } }
    }
}

/// A question about one message.
pub(in crate::run) struct Question<'a> {
    pub(in crate::run) job: &'a Job<'a>,
    pub(in crate::run) mode: Mode,
    pub(in crate::run) kind: EventKind,
    pub(in crate::run) item: &'a ItemKey,
    pub(in crate::run) at: Timestamp,
}

impl Question<'_> {
    /// Asks each hook that listens until one ends the matter; `data` is what that one is told.
    pub(in crate::run) fn ask(&self, data: &dyn Fn(&Hook) -> Value) -> Said {
        let mut said = Said::default();
        let Ok(id) = super::new_id() else { return said.of_no_id() };
        let (_item, _event) = (trail::take(Step::Item, self.item), trail::take(Step::Event, &id));
        for hook in self.job.listeners(self.kind) {
            if self.mode == Mode::DryRun && hook.dry_run == DryRun::Left {
                let (name, kind) = (&hook.name, self.kind);
                said.notes.push(format!("hook {name:?} ({kind}) is not asked in a dry run"));
                continue;
            }
            let body = event(&id, self.kind, self.at, data(hook));
            let answer = hook.call(&Call {
                kind: self.kind,
                id: &id,
                body: &body,
                stop: &|| self.job.stop.is_asked(),
            });
            said.hear(hook, answer, &self.place(&id));
            if said.end.is_some() {
                break;
            }
        }
        said
    }

    fn place(&self, id: &EventId) -> String {
        format!("mailbox \"{}\", item {}, {} {id}", self.job.name, self.item, self.kind)
    }
}

impl Said {
    fn hear(&mut self, hook: &Hook, answer: Result<Answer, HookError>, place: &str) {
        let name = &hook.name;
        match answer {
            Ok(Answer::Taken(_)) => {}
            Ok(Answer::Veto(why)) => {
                let why: String = parse::clean_line(&why).chars().take(LONGEST).collect();
                let why = if why.is_empty() { "no reason given".to_owned() } else { why };
                self.notes.push(format!("hook {name:?} says: {why}"));
                self.end = Some(End::Skip(None));
            }
            Err(error @ HookError::Interrupted { .. }) => self.end = Some(End::Interrupt(Failure::of(error))),
            Err(error) => {
                let failure = Failure::of(error);
                log::warn!(hook:display = name, error_code = failure.code.as_str(); "{place}: {}", failure.message);
                self.notes.push(failure.message.clone());
                self.end = match hook.on_failure {
                    OnFailure::Ignore => None,
                    OnFailure::Skip => Some(End::Skip(Some(failure))),
                    OnFailure::Defer => Some(End::Defer(failure)),
                };
            }
        }
    }

    fn of_no_id(self) -> Self {
        let failure = Failure {
            code: ErrorCode::Internal,
            message: "the system gives no random numbers".to_owned(),
            hint: None,
        };
        Self { end: Some(End::Defer(failure)), ..self }
    }
}
