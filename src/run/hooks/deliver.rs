//! The delivery of events: what is due is given to its hooks, one after the other in the order in which it was written.
//!
//! An attempt is committed before it is made. Where several hosts deliver from a server each event is one's who begins
//! its attempt first, and the order is that of each host alone. A hook that fails twice in a row is left alone for the
//! rest of the run, so that one that is away costs two of its time limits.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::line::{EventCounts, EventHearer, EventLine, EventSum};
use crate::hook::{Answer, Call, Hook, HookError};
use crate::model::event::{EventKind, Undelivered};
use crate::model::trouble::{ErrorCode, Trouble, with_causes};
use crate::run::deliver::{delivering, pause};
use crate::run::stop::{Deadline, Stop};
use crate::run::trail::{self, Step};
use crate::store::{AttemptResult, BegunEvent, Config, DueEvent, EventEnd, EventFate, Store, StoreError};

/// So many are listed at once; another host may be faster with any of them.
const TOGETHER: u64 = 50;

/// So many failures in a row, and a hook is left alone.
const ENOUGH: u32 = 2;

/// What is asked of one delivery.
#[derive(Debug, Clone, Default)]
pub struct EventErrand {
    /// The most events.
    pub limit: Option<u64>,
    /// No event is begun later than this.
    pub time_limit: Option<Duration>,
    /// Ends it early.
    pub stop: Stop,
}

/// Delivers what is due.
///
/// # Errors
/// `outbox.locked` where another program delivers from a file, or has taken this delivery over, and trouble of the store.
/// Trouble of hooks stands with the events.
pub fn deliver_events(
    errand: &EventErrand,
    hooks: &[Hook],
    (store, config): (&mut Store, &Config),
    hearer: &mut dyn EventHearer,
) -> Result<EventSum, Trouble> {
    let began = Instant::now();
    delivering((store, config), |store, (lease, _)| {
        let deadline = errand.time_limit.map(|limit| Deadline::after(began, limit));
        let (health, counts, tried) = (HashMap::new(), EventCounts::default(), 0);
        Round { errand, hooks, store, lease, hearer, deadline, health, counts, tried }.work(began)
    })
}

/// Whether a hook is given events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    /// It is, after so many failures in a row.
    Called(u32),
    /// Not in this run.
    LeftAlone,
}

struct Round<'a> {
    errand: &'a EventErrand,
    hooks: &'a [Hook],
    store: &'a mut Store,
    /// The name that its rows carry.
    lease: &'a str,
    hearer: &'a mut dyn EventHearer,
    deadline: Option<Deadline>,
    health: HashMap<(EventKind, String), Health>,
    counts: EventCounts,
    tried: u64,
}

impl Round<'_> {
    fn work(mut self, began: Instant) -> Result<EventSum, Trouble> {
        let now = Timestamp::now();
        for row in self.store.take_back_events(now)? {
            let line = EventLine::given_up(self.store.event(row)?);
            let _event = trail::take(Step::Event, &line.id);
            line.log();
            self.hearer.event(&line);
            self.counts.failed += 1;
        }
        // What is put off meanwhile is due later than now, so that each is tried once.
        let mut last: Option<DueEvent> = None;
        while !self.is_over() {
            let due = self.store.due_events(now, last.as_ref(), TOGETHER)?;
            let Some(end) = due.last().cloned() else { break };
            for event in due {
                if self.is_over() {
                    break;
                }
                self.one(&event)?;
            }
            last = Some(end);
        }
        let sum = EventSum {
            counts: self.counts,
            backlog: self.store.event_backlog()?,
            trouble: self.errand.stop.check().err(),
            duration: began.elapsed(),
        };
        self.hearer.summary(&sum);
        Ok(sum)
    }

    fn is_over(&self) -> bool {
        self.errand.stop.is_asked()
            || self.deadline.is_some_and(Deadline::is_over)
            || self.errand.limit.is_some_and(|limit| self.tried >= limit)
    }

    fn one(&mut self, due: &DueEvent) -> Result<(), StoreError> {
        let hooks = self.hooks;
        let hook = hooks.iter().find(|hook| hook.event == due.kind && hook.name == due.hook);
        if self.health(due, hook)? == Health::LeftAlone {
            return Ok(());
        }
        let Some(hook) = hook else { return Ok(()) };
        // A person may have dropped it meanwhile.
        let Some(event) = self.store.begin_event(self.lease, due.row, Timestamp::now())? else {
            return Ok(());
        };
        self.tried += 1;
        let _event = trail::take(Step::Event, &event.id);
        let began = Instant::now();
        let stop = || self.errand.stop.is_asked();
        let answer = hook.call(&Call { kind: event.kind, id: &event.id, body: &event.payload, stop: &stop });
        self.end(hook, &event, answer, began.elapsed())
    }

    /// How a hook does; where it is met first in this run, whether it is there at all.
    fn health(&mut self, due: &DueEvent, hook: Option<&Hook>) -> Result<Health, StoreError> {
        let (kind, name) = (due.kind, &due.hook);
        if let Some(health) = self.health.get(&(kind, name.clone())) {
            return Ok(*health);
        }
        let why = match hook {
            None => Some((Undelivered::NoHook, "it is not configured any more")),
            Some(_) if self.store.hook_is_gone(kind, name)? => {
                Some((Undelivered::Gone, "it said that it is there no more; \"events retry\" tries it again"))
            }
            Some(_) => None,
        };
        let mut health = Health::Called(0);
        if let Some((why, told)) = why {
            self.give_up_all(kind, name, why, told)?;
            health = Health::LeftAlone;
        }
        self.health.insert((kind, name.clone()), health);
        Ok(health)
    }

    fn give_up_all(
        &mut self,
        kind: EventKind,
        hook: &str,
        why: Undelivered,
        told: &str,
    ) -> Result<(), StoreError> {
        let count = self.store.give_up_events(kind, hook, why, Timestamp::now())?;
        self.counts.failed += count;
        let (error_code, events) =
            (ErrorCode::HookFailed.as_str(), if count == 1 { "event" } else { "events" });
        log::error!(hook, error_code; "hook \"{hook}\" ({kind}): {told}; {count} {events} that waited for it given up");
        Ok(())
    }

    fn end(
        &mut self,
        hook: &Hook,
        event: &BegunEvent,
        answer: Result<Answer, HookError>,
        took: Duration,
    ) -> Result<(), StoreError> {
        let at = Timestamp::now();
        let Ended { result, said, code, fate } = ended(hook, event.attempts, answer, at);
        let (row, attempt) = (event.row, event.attempt);
        self.store
            .end_event(self.lease, &EventEnd { row, attempt, result, answer: &said, took, at, fate })?;
        let line = EventLine::of(event, fate, (&said, code));
        line.log();
        self.hearer.event(&line);
        match fate {
            EventFate::Delivered => self.counts.delivered += 1,
            EventFate::Again(_) => self.counts.queued += 1,
            EventFate::Failed(_) => self.counts.failed += 1,
        }
        if fate == EventFate::Failed(Undelivered::Gone) {
            let told = "its endpoint is gone (410); \"events retry\" tries it again";
            self.give_up_all(event.kind, &event.hook, Undelivered::Gone, told)?;
        }
        self.note(event, fate);
        Ok(())
    }

    /// Notes how the hook does.
    fn note(&mut self, event: &BegunEvent, fate: EventFate) {
        let key = (event.kind, event.hook.clone());
        let failures = match self.health.get(&key) {
            Some(Health::Called(failures)) => *failures,
            Some(Health::LeftAlone) | None => 0,
        };
        let health = match fate {
            EventFate::Delivered => Health::Called(0),
            EventFate::Failed(Undelivered::Gone) => Health::LeftAlone,
            EventFate::Again(_) | EventFate::Failed(_) if failures + 1 >= ENOUGH => {
                log::warn!(hook = event.hook; "hook \"{}\" is left alone for the rest of this run", event.hook);
                Health::LeftAlone
            }
            EventFate::Again(_) | EventFate::Failed(_) => Health::Called(failures + 1),
        };
        self.health.insert(key, health);
    }
}

/// How an attempt ended, what was said, and what becomes of the event.
struct Ended {
    result: AttemptResult,
    said: String,
    code: Option<ErrorCode>,
    fate: EventFate,
}

fn ended(hook: &Hook, attempts: u32, answer: Result<Answer, HookError>, at: Timestamp) -> Ended {
    let error = match answer {
        Ok(Answer::Taken(said)) => {
            let (result, fate) = (AttemptResult::Accepted, EventFate::Delivered);
            return Ended { result, said, code: None, fate };
        }
        // There is nothing left to be vetoed.
        Ok(Answer::Veto(said)) => {
            let said = format!("it vetoes what has happened already: {said}");
            HookError::Failed { hook: hook.name.clone(), said, again_after: None }
        }
        Err(error) => error,
    };
    let (result, fate) = match &error {
        HookError::Gone { .. } => (AttemptResult::Refused, EventFate::Failed(Undelivered::Gone)),
        HookError::Interrupted { .. } => (AttemptResult::Later, EventFate::Again(at)),
        _ if attempts >= hook.max_attempts => {
            (AttemptResult::Later, EventFate::Failed(Undelivered::TooManyAttempts))
        }
        HookError::Timeout { .. } | HookError::Uncallable { .. } | HookError::Failed { .. } => {
            let wanted = error.again_after().and_then(|after| SignedDuration::try_from(after).ok());
            let pause = pause(attempts).max(wanted.unwrap_or_default());
            (AttemptResult::Later, EventFate::Again(at.checked_add(pause).unwrap_or(Timestamp::MAX)))
        }
    };
    Ended { result, said: with_causes(&error), code: Some(error.code()), fate }
}
