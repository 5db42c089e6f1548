//! Several mailboxes at once: a thread for each worker, what they tell in the order of the configuration.
//!
//! One that hangs delays no other, and what goes wrong with one is its own line. What a mailbox tells before its turn waits in memory, a line for each message.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::model::ids::MailboxName;

use super::companions::Companions;
use super::config::MailboxPlan;
use super::report::{Listener, MailboxLine, MessageLine, Summary};

/// Works at one mailbox and sums it up.
pub(super) type Errand<'a> =
    dyn Fn(&MailboxPlan, &mut dyn Companions, &mut dyn Listener) -> MailboxLine + Sync + 'a;

/// Does the errand at every mailbox, as many at once as there are workers, and gives their lines in order.
pub(super) fn work(
    errand: &Errand<'_>,
    mailboxes: &[&MailboxPlan],
    workers: &mut [&mut (dyn Companions + Send)],
    listener: &mut dyn Listener,
) -> Vec<MailboxLine> {
    let next = AtomicUsize::new(0);
    let (sender, events) = channel();
    thread::scope(|scope| {
        for worker in workers {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some((place, mailbox)) = take(next, mailboxes) {
                    let mut relay = Relay { place, sender: sender.clone() };
                    let line = errand(mailbox, *worker, &mut relay);
                    relay.send(Event::Done(line));
                }
            });
        }
        drop(sender);
        in_order(&events, mailboxes.len(), listener)
    })
}

fn take<'a>(next: &AtomicUsize, mailboxes: &[&'a MailboxPlan]) -> Option<(usize, &'a MailboxPlan)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    mailboxes.get(place).map(|mailbox| (place, *mailbox))
}

enum Event {
    Progress(MailboxName, u64, u64),
    Message(Box<MessageLine>),
    Done(MailboxLine),
}

/// The listener of one mailbox: passes on what it hears.
struct Relay {
    place: usize,
    sender: Sender<(usize, Event)>,
}

impl Relay {
    fn send(&self, event: Event) {
        // Nobody listens any more only where the whole run is breaking off.
        let _ = self.sender.send((self.place, event));
    }
}

impl Listener for Relay {
    fn progress(&mut self, mailbox: &MailboxName, done: u64, of: u64) {
        self.send(Event::Progress(mailbox.clone(), done, of));
    }

    fn message(&mut self, line: MessageLine) {
        self.send(Event::Message(Box::new(line)));
    }

    fn mailbox(&mut self, _: &MailboxLine) {}

    fn summary(&mut self, _: &Summary) {}
}

/// Passes on what the mailbox whose turn it is tells at once, and what others tell when their turn comes.
fn in_order(
    events: &Receiver<(usize, Event)>,
    mailboxes: usize,
    listener: &mut dyn Listener,
) -> Vec<MailboxLine> {
    let mut waiting: Vec<VecDeque<Event>> = (0..mailboxes).map(|_| VecDeque::new()).collect();
    let mut lines = Vec::with_capacity(mailboxes);
    for (place, event) in events {
        if let Some(queue) = waiting.get_mut(place) {
            queue.push_back(event);
        }
        while let Some(event) = waiting.get_mut(lines.len()).and_then(VecDeque::pop_front) {
            match event {
                Event::Progress(mailbox, done, of) => listener.progress(&mailbox, done, of),
                Event::Message(line) => listener.message(*line),
                Event::Done(line) => lines.push(line),
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run::report::{Counts, MailboxStatus};

    /// Notes what it hears.
    #[derive(Default)]
    struct Ear(Vec<String>);

    impl Listener for Ear {
        fn progress(&mut self, mailbox: &MailboxName, done: u64, _: u64) {
            self.0.push(format!("{mailbox} {done}"));
        }

        fn message(&mut self, line: MessageLine) {
            self.0.push(line.item);
        }

        fn mailbox(&mut self, _: &MailboxLine) {}

        fn summary(&mut self, _: &Summary) {}
    }

    fn done(name: &str) -> Event {
        Event::Done(MailboxLine {
            mailbox: name.parse().unwrap(),
            status: MailboxStatus::Ok,
            listed: 0,
            new: 0,
            counts: Counts::default(),
            duration: Duration::ZERO,
            error: None,
        })
    }

    #[test]
    fn what_mailboxes_tell_comes_in_their_order_whoever_is_first() {
        let progress = |name: &str, done| Event::Progress(name.parse().unwrap(), done, 9);
        let (sender, events) = channel();
        let told = [
            (1, progress("b", 1)),
            (0, progress("a", 1)),
            (2, done("c")),
            (1, progress("b", 2)),
            (0, done("a")),
            (1, done("b")),
        ];
        told.into_iter().for_each(|event| sender.send(event).unwrap());
        drop(sender);
        let mut ear = Ear::default();
        let lines = in_order(&events, 3, &mut ear);
        assert_eq!(ear.0, ["a 1", "b 1", "b 2"]);
        let names: Vec<&str> = lines.iter().map(|line| line.mailbox.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }
}
