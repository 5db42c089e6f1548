//! Threads that read the messages of a batch, each with its time limit. All take from one queue: no message waits behind
//! another one, its clock begins as it is taken, and its answer goes into its own place, so that the order stays.
//!
//! A thread cannot be ended: one that runs out of time is left to itself with that one message and another is started for
//! the rest. Whatever comes of it then, nobody hears.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::model::mail::Mail;

use super::guard::{Reader, guarded};
use super::limits;

/// A message that was read, or the defect that tells why it was not.
pub(super) type Answer = Result<Mail, &'static str>;

/// Reads the messages with so many helpers, while this thread does `meanwhile`. Where no thread can be had they are read
/// here, their time not limited.
pub(super) fn read<T>(
    messages: &[Arc<Vec<u8>>],
    reader: Reader,
    helpers: usize,
    meanwhile: impl FnOnce() -> T,
) -> (Vec<Answer>, T) {
    let desk = Arc::new(Desk::of(messages));
    let mut threads: Vec<Option<JoinHandle<()>>> =
        (0..helpers).map(|number| start(&desk, reader, number)).collect();
    let done = meanwhile();
    loop {
        if threads.iter().all(Option::is_none) {
            help(&desk, reader, 0);
        }
        let late = desk.wait(reader.limits.time);
        if late.is_empty() {
            break;
        }
        let has_more = !desk.state().queue.is_empty();
        for number in late {
            if let Some(thread) = threads.get_mut(number) {
                *thread = has_more.then(|| start(&desk, reader, number)).flatten();
            }
        }
    }
    // They have nothing left to do, and cannot have panicked: what they run is guarded.
    threads.into_iter().flatten().for_each(|thread| drop(thread.join()));
    // Nothing of them stays with a thread that was left to itself.
    let answers = std::mem::take(&mut desk.state().answers);
    (answers.into_iter().map(|answer| answer.unwrap_or(Err(TIMEOUT))).collect(), done)
}

const CRASHED: &str = "structure-crashed";
const TIMEOUT: &str = "structure-timeout";

/// What helpers take from and give back to.
struct Desk {
    state: Mutex<State>,
    /// The last message has its answer.
    done: Condvar,
}

struct State {
    queue: VecDeque<(usize, Arc<Vec<u8>>)>,
    taken: Vec<Taken>,
    answers: Vec<Option<Answer>>,
}

/// A message that is being read.
#[derive(Clone, Copy)]
struct Taken {
    at: usize,
    since: Instant,
    helper: usize,
}

fn start(desk: &Arc<Desk>, reader: Reader, number: usize) -> Option<JoinHandle<()>> {
    let desk = Arc::clone(desk);
    let work = move || help(&desk, reader, number);
    thread::Builder::new().name("parse".to_owned()).stack_size(limits::STACK).spawn(work).ok()
}

/// Reads until there is nothing left, or until a message took so long that the helper was given up.
fn help(desk: &Desk, reader: Reader, helper: usize) {
    while let Some((at, message)) = desk.take(helper) {
        let answer = guarded(|| (reader.whole)(&message, &reader.limits)).map_err(|_| CRASHED);
        if !desk.give(at, answer) {
            return;
        }
    }
}

impl Desk {
    fn of(messages: &[Arc<Vec<u8>>]) -> Self {
        let state = State {
            queue: messages.iter().cloned().enumerate().collect(),
            taken: Vec::new(),
            answers: messages.iter().map(|_| None).collect(),
        };
        Self { state: Mutex::new(state), done: Condvar::new() }
    }

    /// Nothing is read under the lock, so that no panic leaves it half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, helper: usize) -> Option<(usize, Arc<Vec<u8>>)> {
        let mut state = self.state();
        let (at, message) = state.queue.pop_front()?;
        state.taken.push(Taken { at, since: Instant::now(), helper });
        Some((at, message))
    }

    /// Whether it was still waited for.
    fn give(&self, at: usize, answer: Answer) -> bool {
        let mut state = self.state();
        let Some(place) = state.taken.iter().position(|taken| taken.at == at) else { return false };
        state.taken.swap_remove(place);
        if let Some(place) = state.answers.get_mut(at) {
            *place = Some(answer);
        }
        if state.is_done() {
            self.done.notify_one();
        }
        true
    }

    /// Waits until all messages have their answer, or gives up those that are late and names their helpers.
    fn wait(&self, time: Duration) -> Vec<usize> {
        let mut state = self.state();
        while !state.is_done() {
            // What is taken later is late later.
            let left = state.taken.iter().map(|taken| time.saturating_sub(taken.since.elapsed())).min();
            let (after, _) =
                self.done.wait_timeout(state, left.unwrap_or(time)).unwrap_or_else(PoisonError::into_inner);
            state = after;
            let (late, rest): (Vec<_>, _) =
                state.taken.iter().copied().partition(|taken| taken.since.elapsed() >= time);
            if !late.is_empty() {
                state.taken = rest;
                return late.into_iter().map(|late| late.helper).collect();
            }
        }
        Vec::new()
    }
}

impl State {
    fn is_done(&self) -> bool {
        self.queue.is_empty() && self.taken.is_empty()
    }
}
