//! Couriers side by side: a thread for each, fed from one queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::model::notification::Answer;
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

/// An attempt that was made.
pub(super) struct Done {
    pub(super) task: Task,
    pub(super) carried: Carried,
    /// When what it was made with expires.
    pub(super) expiry: Expiry,
    pub(super) at: Timestamp,
    pub(super) took: Duration,
}

/// The end of the queue that tasks are laid in and results come out of.
pub(super) struct Desk {
    tasks: Sender<Task>,
    done: Receiver<Done>,
}

impl Desk {
    /// Has an attempt made.
    pub(super) fn give(&self, task: Task) {
        // Couriers live as long as this end does.
        let _ = self.tasks.send(task);
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

/// Does `lead` while couriers make the attempts that it gives; their back ends are closed before this returns.
pub(super) fn work<T>(couriers: Vec<Box<dyn Courier + Send + '_>>, lead: impl FnOnce(Desk) -> T) -> T {
    let (tasks, queue) = channel();
    let (sender, done) = channel();
    let queue = Mutex::new(queue);
    let path = trail::trail();
    thread::scope(|scope| {
        for courier in couriers {
            let (sender, queue, path) = (sender.clone(), &queue, &path);
            scope.spawn(move || {
                let _path: Vec<_> = path.iter().map(|(step, what)| trail::take(*step, what)).collect();
                carry_all(courier, queue, &sender);
            });
        }
        drop(sender);
        lead(Desk { tasks, done })
    })
}

fn carry_all(mut courier: Box<dyn Courier + Send + '_>, queue: &Mutex<Receiver<Task>>, done: &Sender<Done>) {
    while let Some(task) = next(queue) {
        let started = Instant::now();
        let carried = catch_unwind(AssertUnwindSafe(|| courier.carry(&task.row, &task.way)));
        let carried = carried.unwrap_or_else(|_| {
            // The panic hook has told where; how far the mail went nobody knows.
            Carried::answered(Answer::Uncertain("a part of the program gave up on it".to_owned()))
        });
        let expiry = courier.expiry(&task.way);
        let ended = Done { task, carried, expiry, at: Timestamp::now(), took: started.elapsed() };
        if done.send(ended).is_err() {
            break;
        }
    }
    courier.close();
}

fn next(queue: &Mutex<Receiver<Task>>) -> Option<Task> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
