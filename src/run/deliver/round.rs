//! One delivery: what is claimed, begun, ended and told, in this order.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::hook::Hook;
use crate::model::notification::About;
use crate::model::outbox::{GivenUp, OutboxState};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{AttemptResult, Begun, Claimed, Fate, OutboxRow, Resolution, Store, StoreError};

use super::crew::{Desk, Done, Task};
use super::end;
use super::health::Health;
use super::line::{Hearer, NotificationLine, Sent, SentCounts};
use super::{Errand, Outbox, Voice, WINDOW};
use crate::run::hooks::given_up;
use crate::run::stop::Deadline;

/// So many are claimed at once; each may hold a long text.
const TOGETHER: u64 = 50;

/// One delivery.
pub(super) struct Round<'a> {
    errand: &'a Errand,
    store: &'a mut Store,
    voices: &'a [Voice],
    hooks: &'a [Hook],
    /// The name that its rows carry.
    lease: &'a str,
    desk: Desk,
    hearer: &'a mut dyn Hearer,
    health: Health,
    /// Claimed and not begun.
    waiting: VecDeque<Claimed>,
    /// How many attempts are begun and not ended, and whether one of them is to be alone.
    busy: usize,
    alone: bool,
    /// Ended and not written down.
    ended: Vec<(Resolution, NotificationLine)>,
    began: u64,
    counts: SentCounts,
    deadline: Option<Deadline>,
}

impl<'a> Round<'a> {
    pub(super) fn new(
        errand: &'a Errand,
        outbox: Outbox<'a>,
        lease: &'a str,
        desk: Desk,
        hearer: &'a mut dyn Hearer,
    ) -> Self {
        let Outbox { store, voices, hooks, .. } = outbox;
        Self {
            errand,
            store,
            voices,
            hooks,
            lease,
            desk,
            hearer,
            health: Health::default(),
            waiting: VecDeque::new(),
            busy: 0,
            alone: false,
            ended: Vec::new(),
            began: 0,
            counts: SentCounts::default(),
            deadline: errand.time_limit.map(|limit| Deadline::after(Instant::now(), limit)),
        }
    }

    pub(super) fn work(mut self, started: Instant) -> Result<Sent, Trouble> {
        let (now, hooks) = (Timestamp::now(), self.hooks);
        let told = |row: &OutboxRow| given_up(hooks, &NotificationLine::given_up(row), now);
        let back = self.store.take_back(now, &told)?;
        if back.failed > 0 {
            log::error!(
                "{} notifications are given up: twice no answer came, they may have been taken",
                back.failed
            );
        }
        self.counts.add(OutboxState::Failed, back.failed);
        self.counts.add(OutboxState::Expired, self.store.expire(now, &told)?);
        let done = self.all_that_is_due();
        let written = if done.is_err() && self.is_lost() {
            // Others have by now what was not begun on the wire.
            self.desk.call_off();
            Ok(())
        } else {
            // Once more where the store gave out: what was taken must not be sent again.
            self.wait_for_all()
        };
        let released = self.store.release(self.lease, Timestamp::now());
        done?;
        written.and(released)?;
        for (way, end) in self.health.ends() {
            self.store.delivered(way, Timestamp::now(), end)?;
        }
        let backlog = self.store.backlog()?;
        let interrupted = self.errand.stop.check().err();
        let troubles = self.health.troubles().chain(interrupted).collect();
        let sent = Sent { counts: self.counts, backlog, troubles, duration: started.elapsed() };
        self.hearer.summary(&sent);
        Ok(sent)
    }

    fn all_that_is_due(&mut self) -> Result<(), Trouble> {
        loop {
            self.check_term()?;
            let next = self.next()?;
            if next.is_empty() && self.busy == 0 && self.ended.is_empty() {
                return Ok(());
            }
            self.write_down(next)?;
            if self.busy > 0 {
                self.hear()?;
            }
        }
    }

    /// What is begun while others may take this delivery over is handed back.
    fn check_term(&mut self) -> Result<(), Trouble> {
        if !self.desk.is_closed() {
            return Ok(());
        }
        self.store.in_place()?;
        Err(Trouble::new(ErrorCode::StoreBusy, format!("{} was not renewed in time", self.lease))
            .hint("nothing is lost: what was not sent is taken again by the next run"))
    }

    /// Whether another program has taken this delivery over.
    fn is_lost(&mut self) -> bool {
        matches!(self.store.in_place(), Err(StoreError::Lost { .. }))
    }

    /// Waits for what is begun and writes all ends down.
    fn wait_for_all(&mut self) -> Result<(), StoreError> {
        while self.busy > 0 {
            self.hear()?;
        }
        self.write_down(Vec::new())
    }

    fn is_over(&self) -> bool {
        self.errand.stop.is_asked() || self.deadline.is_some_and(Deadline::is_over)
    }

    /// What is begun now; none if all that is due has been, or the delivery is over.
    fn next(&mut self) -> Result<Vec<(Claimed, String)>, StoreError> {
        let mut next = Vec::new();
        while !self.is_over() && !self.alone && self.has_room() {
            if let Some((row, way)) = self.take()? {
                self.alone = row.uncertain > 0;
                self.busy += 1;
                self.began += 1;
                self.health.begins(&way);
                next.push((row, way));
                continue;
            }
            // What waits now waits for a back end, or to be alone.
            if !self.waiting.is_empty() && self.busy > 0 {
                break;
            }
            self.waiting.clear();
            self.waiting.extend(self.store.claim(self.lease, Timestamp::now(), TOGETHER)?);
            if self.waiting.is_empty() {
                break;
            }
        }
        Ok(next)
    }

    fn has_room(&self) -> bool {
        self.busy < WINDOW && self.errand.limit.is_none_or(|limit| self.began < limit)
    }

    /// The first that waits and whose back end is ready.
    ///
    /// What ended once without an answer is tried alone, so that it is its own doing if that happens again. What has no back
    /// end is given up; what has one that is left alone is let go of at the end.
    fn take(&mut self) -> Result<Option<(Claimed, String)>, StoreError> {
        let mut at = 0;
        while let Some(row) = self.waiting.get(at) {
            let way = self.voices.iter().find(|voice| voice.speaks_of(&row.about)).map(|voice| &voice.way);
            let Some(way) = way else {
                self.give_up(at)?;
                continue;
            };
            if self.health.is_given_up(way) {
                self.waiting.remove(at);
            } else if self.health.is_ready(way) && (row.uncertain == 0 || self.busy == 0) {
                let way = way.clone();
                return Ok(self.waiting.remove(at).map(|row| (row, way)));
            } else {
                at += 1;
            }
        }
        Ok(None)
    }

    /// Its queue writes no more.
    fn give_up(&mut self, at: usize) -> Result<(), StoreError> {
        let Some(row) = self.waiting.remove(at) else { return Ok(()) };
        let line = NotificationLine::of(&row, OutboxState::Failed).because(GivenUp::NoQueue);
        let now = Timestamp::now();
        let events = given_up(self.hooks, &line, now)?;
        self.store.give_up(self.lease, (row.id, GivenUp::NoQueue), now, &events)?;
        self.tell(&line);
        Ok(())
    }

    /// Writes down what ended and that these begin, tells of the ends, and has the attempts made.
    fn write_down(&mut self, next: Vec<(Claimed, String)>) -> Result<(), StoreError> {
        if self.ended.is_empty() && next.is_empty() {
            return Ok(());
        }
        let ended: Vec<Resolution> = self.ended.iter().map(|(resolution, _)| resolution.clone()).collect();
        let ids: Vec<i64> = next.iter().map(|(row, _)| row.id).collect();
        let begun = self.store.resolve_and_begin(self.lease, &ended, &ids, Timestamp::now());
        let begun = begun.inspect_err(|_| {
            // Nothing of it was begun.
            self.busy -= ids.len();
        })?;
        for (resolution, line) in std::mem::take(&mut self.ended) {
            if let Some(note) = &resolution.note {
                log::warn!(notification = resolution.id; "notification {}: {note}", resolution.id);
            }
            self.tell(&line);
        }
        for ((row, way), begun) in next.into_iter().zip(begun) {
            self.begin(row, way, begun);
        }
        Ok(())
    }

    fn begin(&mut self, row: Claimed, way: String, begun: Begun) {
        match begun {
            Begun::Attempt(attempt) => self.desk.give(Task { row, way, attempt }),
            // A person took it back, or it bounced meanwhile, or its address did.
            Begun::Suppressed | Begun::Lost => {
                self.busy -= 1;
                self.began -= 1;
                self.alone = false;
                self.health.was_not_asked(&way);
                if begun == Begun::Suppressed {
                    // Whoever runs the desk counts on alerts; that nobody got one must be seen somewhere.
                    if matches!(row.about, About::Alert) {
                        let to = &row.to.address;
                        log::warn!(notification = row.id; "{to} is not told of an alert: the address is suppressed");
                    }
                    self.tell(&NotificationLine::of(&row, OutboxState::Suppressed));
                }
            }
        }
    }

    /// Waits for attempts to end; the couriers go on with the other half meanwhile.
    fn hear(&mut self) -> Result<(), StoreError> {
        let done = self.desk.ended(self.busy.div_ceil(2));
        // Without couriers nothing ever ends.
        self.busy = if done.is_empty() { 0 } else { self.busy - done.len() };
        self.alone = false;
        done.into_iter().try_for_each(|one| self.resolve(one))
    }

    fn resolve(&mut self, done: Done) -> Result<(), StoreError> {
        let Done { task: Task { row, way, attempt }, carried, expiry, at, took } = done;
        let Some(carried) = carried else {
            self.health.was_not_asked(&way);
            self.hand_back(&row, attempt, at);
            return Ok(());
        };
        let has_trouble = carried.trouble.is_some();
        let trouble = carried.trouble.or(carried.broke_off);
        if let Some(trouble) = &trouble {
            log::warn!(error_code = trouble.code.as_str(); "back end \"{way}\": {}", trouble.with_causes());
        }
        self.health.ended(&way, trouble, expiry);
        let (result, answer, fate) = end::of(carried.answer, &row, self.errand.max_attempts, has_trouble, at);
        let line = NotificationLine::ended(&row, fate, &answer);
        let note = carried.note;
        let events = match fate {
            Fate::Failed(_) => given_up(self.hooks, &line, at)?,
            Fate::Sent | Fate::Again(_) => Vec::new(),
        };
        let end = Resolution { id: row.id, attempt, result, answer, took, note, at, fate, events };
        self.ended.push((end, line));
        Ok(())
    }

    /// Its attempt was not made: it is due as before.
    fn hand_back(&mut self, row: &Claimed, attempt: i64, at: Timestamp) {
        let (id, fate, answer) = (row.id, Fate::Again(at), "the delivery held still for too long".to_owned());
        let line = NotificationLine::ended(row, fate, &answer);
        let (result, took) = (AttemptResult::Later, Duration::ZERO);
        let end = Resolution { id, attempt, result, answer, took, note: None, at, fate, events: Vec::new() };
        self.ended.push((end, line));
    }

    /// Tells of what is committed.
    fn tell(&mut self, line: &NotificationLine) {
        line.log();
        self.counts.add(line.state, 1);
        self.hearer.notification(line);
    }
}
