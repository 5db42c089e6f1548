//! Delivery: what is due leaves, one notification after the other, under a lock of its own.
//!
//! `send` does it, and a fetch at its end. For each notification one commit: it holds how the last attempt ended and that
//! the next one begins, so that a row knows of every attempt before it is made. Whatever ends the program, at most one
//! notification is left of which nobody knows whether it was taken; it is sent once more, with the same Message-ID, and
//! given up if that happens to it twice. A back end that gives out twice in a row is left alone for the rest of the run.

mod end;
mod letter;
mod line;

#[cfg(test)]
mod tests;

pub use end::{Carried, Courier};
pub use letter::{Voice, notification};
pub use line::{Hearer, NotificationLine, Sent, SentCounts};

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::model::notification::Answer;
use crate::model::outbox::{GivenUp, OutboxState};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{Begun, Claimed, Lease, Resolution, Store, StoreError};

use super::lock;
use super::notices::nonce;
use super::stop::{Deadline, Stop};

/// So many are claimed at once; each may hold a long text.
const TOGETHER: u64 = 50;

/// A row that has had no news for so long is free; longer than any back end takes for one mail.
const LEASE: Duration = Duration::from_secs(60 * 60);

/// A back end that gives out so often in a row is left alone.
const MOST_FAILURES: u32 = 2;

/// What is asked of one delivery.
#[derive(Debug, Clone)]
pub struct Errand {
    /// After so many attempts a notification is given up.
    pub max_attempts: u32,
    /// The most notifications.
    pub limit: Option<u64>,
    /// No notification is begun later than this.
    pub time_limit: Option<Duration>,
    /// Ends it early.
    pub stop: Stop,
}

/// Delivers what is due from the store whose file `place` is.
///
/// # Errors
/// `outbox.locked` where another program delivers, and trouble of the store. Trouble of back ends stands in the sum.
pub fn deliver(
    errand: &Errand,
    (store, place): (&mut Store, &Path),
    courier: &mut dyn Courier,
    hearer: &mut dyn Hearer,
) -> Result<Sent, Trouble> {
    let started = Instant::now();
    let _held = lock::hold_outbox(place)?;
    let none = || Trouble::new(ErrorCode::Internal, "the system gives no random numbers");
    let lease = Lease { name: nonce().ok_or_else(none)?, lasts: LEASE };
    let round = Round {
        errand,
        lease,
        store,
        courier,
        hearer,
        failures: HashMap::new(),
        began: 0,
        ended: None,
        counts: SentCounts::default(),
        deadline: errand.time_limit.map(|limit| Deadline::after(started, limit)),
    };
    round.work(started)
}

/// One delivery.
struct Round<'a> {
    errand: &'a Errand,
    lease: Lease,
    store: &'a mut Store,
    courier: &'a mut dyn Courier,
    hearer: &'a mut dyn Hearer,
    /// How often each back end has given out in a row, and how.
    failures: HashMap<String, (u32, Trouble)>,
    began: u64,
    /// The last attempt, until its end is written down.
    ended: Option<Ended>,
    counts: SentCounts,
    deadline: Option<Deadline>,
}

/// An attempt that has ended and is not written down yet.
struct Ended {
    resolution: Resolution,
    line: NotificationLine,
}

impl Round<'_> {
    fn work(mut self, started: Instant) -> Result<Sent, Trouble> {
        // Nobody else delivers while the lock is held, so that whatever is being sent was a dead program's.
        let back = self.store.take_back(None, Timestamp::now())?;
        if back.failed > 0 {
            log::error!(
                "{} notifications are given up: twice no answer came, they may have been taken",
                back.failed
            );
        }
        self.counts.add(OutboxState::Failed, back.failed);
        self.counts.add(OutboxState::Expired, self.store.expire(Timestamp::now())?);
        let done = self.all_that_is_due();
        // Once more where the store gave out: what was taken must not be sent again.
        let written = self.write_down(None).map(drop);
        self.courier.close();
        let released = self.store.release(&self.lease, Timestamp::now());
        done.and(written).and(released)?;
        let backlog = self.store.backlog()?;
        let interrupted = self.errand.stop.check().err();
        let troubles = self.failures.into_values().map(|(_, trouble)| trouble).chain(interrupted).collect();
        let sent = Sent { counts: self.counts, backlog, troubles, duration: started.elapsed() };
        self.hearer.summary(&sent);
        Ok(sent)
    }

    fn all_that_is_due(&mut self) -> Result<(), StoreError> {
        while !self.is_over() {
            let claimed = self.store.claim(&self.lease, Timestamp::now(), TOGETHER)?;
            if claimed.is_empty() {
                break;
            }
            for row in claimed {
                if self.is_over() {
                    break;
                }
                if let Some(way) = self.way(&row)? {
                    self.one(&row, &way)?;
                }
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.errand.stop.is_asked()
            || self.deadline.is_some_and(Deadline::is_over)
            || self.errand.limit.is_some_and(|limit| self.began >= limit)
    }

    /// The back end of a row; `None` if it is left alone, or there is none, which ends the row.
    fn way(&mut self, row: &Claimed) -> Result<Option<String>, StoreError> {
        match self.courier.way(&row.ticket.queue) {
            Some(way) => {
                let failures = self.failures.get(&way).map_or(0, |(count, _)| *count);
                Ok((failures < MOST_FAILURES).then_some(way))
            }
            None => {
                self.store.give_up(&self.lease, row.id, GivenUp::NoQueue, Timestamp::now())?;
                let line = NotificationLine::of(row, OutboxState::Failed).because(GivenUp::NoQueue);
                self.tell(&line);
                Ok(None)
            }
        }
    }

    /// Writes down how the attempt before ended and that this one begins, then makes it.
    fn one(&mut self, row: &Claimed, way: &str) -> Result<(), StoreError> {
        match self.write_down(Some(row.id))? {
            Some(Begun::Attempt(attempt)) => {
                self.began += 1;
                self.ended = Some(self.attempt(row, way, attempt));
            }
            Some(Begun::Suppressed) => {
                let line = NotificationLine::of(row, OutboxState::Suppressed);
                self.tell(&line);
            }
            // A person took it back, or it bounced meanwhile.
            Some(Begun::Lost) | None => {}
        }
        Ok(())
    }

    /// Writes down how the last attempt ended, and tells of it, and that the next one begins.
    fn write_down(&mut self, next: Option<i64>) -> Result<Option<Begun>, StoreError> {
        let next = next.map(|id| (id, Timestamp::now()));
        let ended = self.ended.as_ref().map(|one| &one.resolution);
        if ended.is_none() && next.is_none() {
            return Ok(None);
        }
        let begun = self.store.resolve_and_begin(&self.lease, ended, next)?;
        if let Some(Ended { line, resolution }) = self.ended.take() {
            if let Some(note) = &resolution.note {
                log::warn!("notification {}: {note}", resolution.id);
            }
            self.tell(&line);
        }
        Ok(begun)
    }

    fn attempt(&mut self, row: &Claimed, way: &str, attempt: i64) -> Ended {
        let started = Instant::now();
        let carried = catch_unwind(AssertUnwindSafe(|| self.courier.carry(row, way)));
        let carried = carried.unwrap_or_else(|_| Carried {
            // The panic hook has told where; how far the mail went nobody knows.
            answer: Answer::Uncertain("a part of the program gave up on it".to_owned()),
            note: None,
            trouble: None,
        });
        let at = Timestamp::now();
        let has_trouble = carried.trouble.is_some();
        match carried.trouble {
            Some(trouble) => self.failed(way, trouble),
            None => drop(self.failures.remove(way)),
        }
        let (result, answer, fate) = end::of(carried.answer, row, self.errand.max_attempts, has_trouble, at);
        let line = NotificationLine::ended(row, fate, &answer);
        let took = started.elapsed();
        let note = carried.note;
        let resolution = Resolution { id: row.id, attempt, result, answer, took, note, at, fate };
        Ended { resolution, line }
    }

    fn failed(&mut self, way: &str, trouble: Trouble) {
        log::warn!("back end \"{way}\": {}", trouble.with_causes());
        let before = self.failures.remove(way).map_or(0, |(count, _)| count);
        self.failures.insert(way.to_owned(), (before + 1, trouble));
    }

    /// Tells of what is committed.
    fn tell(&mut self, line: &NotificationLine) {
        line.log();
        self.counts.add(line.state, 1);
        self.hearer.notification(line);
    }
}
