//! Keeps one bad message from harming the others: each is read on a helper thread with a time limit, and panics are
//! caught. What cannot be read so is read by its header fields alone.
//!
//! The octets are shared with that thread, not copied for it: a message may be much of the memory.
//! A thread cannot be ended: one that runs out of time is left to itself and a new one goes on.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;

use crate::model::mail::Mail;

use super::limits::{self, Limits};

/// A message that not even its header fields could be read of, for a fault of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("reading the message crashed: {what}")]
pub struct Crashed {
    /// What the panic said; never text of the mail.
    pub what: String,
}

/// How messages are read, so that tests can have it fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    /// Reads the whole message.
    pub(super) whole: fn(&[u8], &Limits) -> Mail,
    /// Reads its header fields only, and notes the defect.
    pub(super) headers: fn(&[u8], &Limits, &'static str) -> Mail,
    /// The limits, also of time.
    pub(super) limits: Limits,
}

/// Reads the messages in order.
pub(super) fn all(messages: &[Arc<Vec<u8>>], reader: Reader) -> Vec<Result<Mail, Crashed>> {
    let mut batch = Batch { messages, reader, helper: None };
    let mails = (0..messages.len()).map(|at| batch.one(at)).collect();
    if let Some(helper) = batch.helper {
        helper.end();
    }
    mails
}

struct Batch<'a> {
    messages: &'a [Arc<Vec<u8>>],
    reader: Reader,
    helper: Option<Helper>,
}

struct Helper {
    jobs: Sender<Arc<Vec<u8>>>,
    mails: Receiver<Result<Mail, Crashed>>,
    thread: thread::JoinHandle<()>,
    /// How many of the batch's messages are read or on their way.
    sent: usize,
}

impl Batch<'_> {
    fn one(&mut self, at: usize) -> Result<Mail, Crashed> {
        let Self { messages, reader, .. } = *self;
        let message = messages.get(at).map(|message| message.as_slice()).unwrap_or_default();
        if self.helper.is_none() {
            self.helper = Helper::start(reader, at);
        }
        // Where no thread can be had the message is read here; its time is not limited then.
        let Some(running) = self.helper.as_mut() else {
            return guarded(|| (reader.whole)(message, &reader.limits))
                .or_else(|_| guarded(|| (reader.headers)(message, &reader.limits, "structure-crashed")));
        };
        running.send_up_to(at, messages);
        let defect = match running.mails.recv_timeout(reader.limits.time) {
            Ok(Ok(mail)) => return Ok(mail),
            Ok(Err(_)) => "structure-crashed",
            Err(RecvTimeoutError::Disconnected) => {
                self.helper = None;
                "structure-crashed"
            }
            Err(RecvTimeoutError::Timeout) => {
                self.helper = None;
                "structure-timeout"
            }
        };
        guarded(|| (reader.headers)(message, &reader.limits, defect))
    }
}

/// Octets and messages that are on their way besides the one that is waited for: small ones then cost no waiting.
const AHEAD: (usize, usize) = (256 * 1024, 64);

impl Helper {
    fn start(reader: Reader, from: usize) -> Option<Self> {
        let (jobs, incoming) = channel::<Arc<Vec<u8>>>();
        let (outgoing, mails) = channel();
        let work = move || {
            for message in incoming {
                if outgoing.send(guarded(|| (reader.whole)(&message, &reader.limits))).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("parse".to_owned()).stack_size(limits::STACK).spawn(work);
        Some(Self { jobs, mails, thread: thread.ok()?, sent: from })
    }

    /// Sends the message and a few that follow. A thread that has ended takes none, and its answer says so.
    fn send_up_to(&mut self, at: usize, messages: &[Arc<Vec<u8>>]) {
        let (octets, count) = AHEAD;
        let mut ahead = 0;
        while let Some(message) = messages.get(self.sent) {
            ahead += message.len();
            if self.sent > at && (ahead > octets || self.sent > at + count) {
                return;
            }
            if self.jobs.send(Arc::clone(message)).is_err() {
                return;
            }
            self.sent += 1;
        }
    }

    /// Waits for the thread, which has nothing left to do.
    fn end(self) {
        drop(self.jobs);
        // It cannot have panicked: what it runs is guarded, and its messages were answered.
        drop(self.thread.join());
    }
}

fn guarded(read: impl FnOnce() -> Mail) -> Result<Mail, Crashed> {
    // Nothing is shared with what was reading: its state is gone with it.
    catch_unwind(AssertUnwindSafe(read)).map_err(|payload| Crashed { what: said(payload.as_ref()) })
}

/// The text of a panic, cut, since some panics quote the string they fail on.
fn said(payload: &(dyn Any + Send)) -> String {
    const QUOTED: usize = 100;
    let text =
        payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("no reason given");
    // `str` slicing quotes the text after a backtick.
    text.split('`').next().unwrap_or_default().trim().chars().take(QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn whole(message: &[u8], limits: &Limits) -> Mail {
        match message {
            b"slow" => thread::sleep(Duration::from_secs(20)),
            b"panic" | b"worse" => panic!("index 7 of `secret`"),
            _ => {}
        }
        super::super::read(message, limits)
    }

    fn headers(message: &[u8], limits: &Limits, defect: &'static str) -> Mail {
        assert!(message != b"worse", "worse");
        super::super::read_headers(message, limits, defect)
    }

    #[test]
    fn neighbours_of_bad_messages_are_read() {
        let messages: [&[u8]; 6] =
            [b"Subject: 1\n\nx", b"slow", b"Subject: 2\n\nx", b"panic", b"worse", b"Subject: 3\n\nx"];
        let reader =
            Reader { whole, headers, limits: Limits { time: Duration::from_secs(1), ..Limits::default() } };
        let mails = all(&messages.map(|message| Arc::new(message.to_vec())), reader);
        let seen: Vec<String> = mails
            .iter()
            .map(|mail| match mail {
                Ok(mail) => format!("{} {}", mail.subject, mail.defects.last().unwrap()),
                Err(crashed) => crashed.to_string(),
            })
            .collect();
        let expected = [
            "1 no-from",
            " structure-timeout",
            "2 no-from",
            " structure-crashed",
            "reading the message crashed: worse",
            "3 no-from",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_a_panic_quotes_is_not_repeated() {
        assert_eq!(
            said(&"byte index 1 is not a char boundary; it is inside `secret`"),
            "byte index 1 is not a char boundary; it is inside"
        );
    }
}
