//! Couriers side by side: a thread for each, fed from one queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::model::notification::Answer;
use crate::run::lock::Term;
use crate::run::trail;
use crate::store::{Claimed, Expiry};

use super::end::{Carried, Courier};

/// An end that comes within this of another one is written down together with it.
const RIGHT_BEHIND: Duration = Duration::from_millis(5);

/// An attempt that is written down and is to be made.
pub(super) struct Task {
    pub(super) row: Claimed,
    pub(super) way: String,
    pub(super) attempt: i64,
}

/// An attempt that was made, or is handed back.
pub(super) struct Done {
    pub(super) task: Task,
    /// Nothing where it was not made, since others may have taken over the delivery.
    pub(super) carried: Option<Carried>,
    /// When what it was made with expires.
    pub(super) expiry: Expiry,
    pub(super) at: Timestamp,
    pub(super) took: Duration,
}

/// The end of the queue that tasks are laid in and results come out of.
pub(super) struct Desk {
    tasks: Sender<Task>,
    done: Receiver<Done>,
    called_off: Arc<AtomicBool>,
    term: Term,
}

impl Desk {
    /// Has an attempt made.
    pub(super) fn give(&self, task: Task) {
        // Couriers live as long as this end does.
        let _ = self.tasks.send(task);
    }

    /// No attempt is made any more, also of those that were given.
    pub(super) fn call_off(&self) {
        self.called_off.store(true, Ordering::Relaxed);
    }

    /// Whether others may have taken over the delivery: attempts are handed back.
    pub(super) fn is_closed(&self) -> bool {
        self.term.is_over()
    }

    /// Waits for an attempt to end, and gives it with those that end right behind it; none if none can end.
    ///
    /// Writing down costs an fsync, however many it is of. So many are waited for, if they come at once.
    pub(super) fn ended(&self, together: usize) -> Vec<Done> {
        let mut ended: Vec<Done> = self.done.recv().into_iter().collect();
        let until = Instant::now() + RIGHT_BEHIND;
        while (1..together).contains(&ended.len()) {
            match self.done.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(next) => ended.push(next),
                Err(_) => break,
            }
        }
        ended.extend(self.done.try_iter());
        ended
    }
}

/// Does `lead` while couriers make the attempts that it gives, within the term; their back ends are closed before this
/// returns.
pub(super) fn work<T>(
    couriers: Vec<Box<dyn Courier + Send + '_>>,
    term: Term,
    lead: impl FnOnce(Desk) -> T,
) -> T {
    let (tasks, queue) = channel();
    let (sender, done) = channel();
    let queue = Mutex::new(queue);
    let called_off = Arc::new(AtomicBool::new(false));
    thread::scope(|scope| {
        for courier in couriers {
            let (sender, queue, called_off, term) = (sender.clone(), &queue, &called_off, &term);
            let steps = trail::trail();
            scope.spawn(move || {
                let _trail = trail::carry(steps);
                carry_all(courier, queue, (called_off, term), &sender);
            });
        }
        drop(sender);
        lead(Desk { tasks, done, called_off: Arc::clone(&called_off), term: term.clone() })
    })
}

fn carry_all(
    mut courier: Box<dyn Courier + Send + '_>,
    queue: &Mutex<Receiver<Task>>,
    (called_off, term): (&AtomicBool, &Term),
    done: &Sender<Done>,
) {
    while let Some(task) = next(queue) {
        if called_off.load(Ordering::Relaxed) {
            break;
        }
        let started = Instant::now();
        let carried = (!term.is_over()).then(|| carried(courier.as_mut(), &task));
        let expiry = courier.expiry(&task.way);
        let ended = Done { task, carried, expiry, at: Timestamp::now(), took: started.elapsed() };
        if done.send(ended).is_err() {
            break;
        }
    }
    courier.close();
}

fn carried(courier: &mut (dyn Courier + Send + '_), task: &Task) -> Carried {
    let carried = catch_unwind(AssertUnwindSafe(|| courier.carry(&task.row, &task.way)));
    carried.unwrap_or_else(|_| {
        // The panic hook has told where; how far the mail went nobody knows.
        Carried::answered(Answer::Uncertain("a part of the program gave up on it".to_owned()))
    })
}

fn next(queue: &Mutex<Receiver<Task>>) -> Option<Task> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::model::address::Address;
    use crate::model::ids::MessageId;
    use crate::model::notification::About;
    use crate::run::lock::now;

    /// Says that it has begun, and goes on when it is let.
    struct Slow<'a> {
        begun: Sender<()>,
        goes_on: Receiver<()>,
        carried: &'a AtomicUsize,
    }

    impl Courier for Slow<'_> {
        fn carry(&mut self, _: &Claimed, _: &str) -> Carried {
            self.carried.fetch_add(1, Ordering::Relaxed);
            self.begun.send(()).unwrap();
            self.goes_on.recv().unwrap();
            Carried::answered(Answer::Accepted("250".to_owned()))
        }

        fn close(&mut self) {}
    }

    fn task(number: i64) -> Task {
        let row = Claimed {
            id: number,
            about: About::Alert,
            title: String::new(),
            to: Address::bare("a@x"),
            message_id: MessageId::new("a@x").unwrap(),
            message: None,
            in_reply_to: None,
            references: Vec::new(),
            author: None,
            text: None,
            other: None,
            attempts: 0,
            uncertain: 0,
        };
        Task { row, way: "smtp".to_owned(), attempt: number }
    }

    #[test]
    fn what_is_called_off_is_not_begun() {
        let ((begun, has_begun), (go_on, goes_on)) = (channel(), channel());
        let carried = AtomicUsize::new(0);
        work(vec![Box::new(Slow { begun, goes_on, carried: &carried })], Term::default(), |desk| {
            (1..=3).for_each(|number| desk.give(task(number)));
            has_begun.recv().unwrap();
            desk.call_off();
            go_on.send(()).unwrap();
        });
        assert_eq!(carried.into_inner(), 1);
    }

    #[test]
    fn what_is_not_begun_within_the_term_is_handed_back() {
        let ((begun, has_begun), (go_on, goes_on)) = (channel(), channel());
        let (carried, term) = (AtomicUsize::new(0), Term::since(now()));
        let courier = Slow { begun, goes_on, carried: &carried };
        let made = work(vec![Box::new(courier)], term.clone(), |desk| {
            (1..=3).for_each(|number| desk.give(task(number)));
            has_begun.recv().unwrap();
            term.end();
            go_on.send(()).unwrap();
            let ended = (1..=3).map(|_| desk.done.recv().unwrap());
            ended.map(|done| (done.task.attempt, done.carried.is_some())).collect::<Vec<_>>()
        });
        assert_eq!(made, [(1, true), (2, false), (3, false)]);
        assert_eq!(carried.into_inner(), 1);
    }
}
