//! Keeps one bad message from harming the others: each is read on a helper thread with a time limit, and panics are
//! caught. What cannot be read so is read by its header fields alone.
//!
//! There are as many helpers as cores, at most four, so far as a batch is worth them: small ones are read by one. The
//! octets are shared with them, not copied for them: a message may be much of the memory.

use std::any::Any;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use crate::model::mail::Mail;

use super::helpers;
use super::limits::Limits;

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

/// Reads the messages in order, while this thread does `meanwhile`.
pub(super) fn all<T>(
    messages: &[Arc<Vec<u8>>],
    reader: Reader,
    meanwhile: impl FnOnce() -> T,
) -> (Vec<Result<Mail, Crashed>>, T) {
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    by(worth(messages, cores), messages, reader, meanwhile)
}

/// As [`all`], with so many helpers.
fn by<T>(
    helpers: usize,
    messages: &[Arc<Vec<u8>>],
    reader: Reader,
    meanwhile: impl FnOnce() -> T,
) -> (Vec<Result<Mail, Crashed>>, T) {
    let (answers, done) = helpers::read(messages, reader, helpers, meanwhile);
    let mail = |(answer, message): (helpers::Answer, &Arc<Vec<u8>>)| {
        answer.or_else(|defect| guarded(|| (reader.headers)(message, &reader.limits, defect)))
    };
    (answers.into_iter().zip(messages).map(mail).collect(), done)
}

/// How many helpers the messages are worth: starting one takes about as long as reading a few small mails.
fn worth(messages: &[Arc<Vec<u8>>], cores: impl FnOnce() -> usize) -> usize {
    /// Octets for each helper.
    const SHARE: usize = 256 * 1024;
    const MOST: usize = 4;
    let octets: usize = messages.iter().map(|message| message.len()).sum();
    let wanted = octets.div_ceil(SHARE).clamp(1, MOST).min(messages.len());
    // The system is asked only where it matters.
    if wanted > 1 { wanted.min(cores()) } else { wanted }
}

pub(super) fn guarded(read: impl FnOnce() -> Mail) -> Result<Mail, Crashed> {
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
    use std::sync::Barrier;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// Two messages that are only read together.
    static PAIR: Barrier = Barrier::new(2);

    fn whole(message: &[u8], limits: &Limits) -> Mail {
        match message {
            b"slow" => thread::sleep(Duration::from_secs(20)),
            b"pair" => drop(PAIR.wait()),
            b"panic" | b"worse" => panic!("index 7 of `secret`"),
            [.., b'~', pause] => thread::sleep(Duration::from_micros(u64::from(*pause))),
            _ => {}
        }
        super::super::read(message, limits)
    }

    fn headers(message: &[u8], limits: &Limits, defect: &'static str) -> Mail {
        assert!(message != b"worse", "worse");
        super::super::read_headers(message, limits, defect)
    }

    /// What each message came to: its subject and the last defect.
    fn seen(helpers: usize, messages: &[&[u8]], seconds: u64) -> Vec<String> {
        let limits = Limits { time: Duration::from_secs(seconds), ..Limits::default() };
        let messages: Vec<_> = messages.iter().map(|message| Arc::new(message.to_vec())).collect();
        let tell = |mail| match mail {
            Ok(Mail { subject, defects, .. }) => format!("{subject} {}", defects.last().unwrap()),
            Err(crashed) => format!("{crashed}"),
        };
        let (mails, done) = by(helpers, &messages, Reader { whole, headers, limits }, || "done");
        assert_eq!(done, "done");
        mails.into_iter().map(tell).collect()
    }

    const GOOD: [&[u8]; 3] = [b"Subject: 1\n\nx", b"Subject: 2\n\nx", b"Subject: 3\n\nx"];

    #[test]
    fn neighbours_of_bad_messages_are_read() {
        let [one, two, three] = GOOD;
        let expected = [
            "1 no-from",
            " structure-timeout",
            "2 no-from",
            " structure-timeout",
            " structure-crashed",
            "reading the message crashed: worse",
            "3 no-from",
        ];
        assert_eq!(seen(3, &[one, b"slow", two, b"slow", b"panic", b"worse", three], 1), expected);
    }

    #[test]
    fn what_waits_behind_a_slow_message_is_read_by_another_helper() {
        let [one, two, three] = GOOD;
        let expected = ["1 no-from", " structure-timeout", "2 no-from", "3 no-from"];
        assert_eq!(seen(1, &[one, b"slow", two, three], 1), expected);
    }

    #[test]
    fn several_messages_are_read_at_a_time() {
        assert_eq!(seen(2, &[b"pair", b"pair"], 60), [" no-from", " no-from"]);
    }

    #[test]
    fn without_a_thread_messages_are_read_here() {
        let [one, two, _] = GOOD;
        let expected = ["1 no-from", " structure-crashed", "2 no-from"];
        assert_eq!(seen(0, &[one, b"panic", two], 60), expected);
        assert_eq!(seen(0, &[], 60), [""; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_order_is_kept(pauses in prop::collection::vec(any::<u8>(), 0..40), helpers in 0..5_usize) {
            let message = |(at, pause): (usize, &u8)| {
                let head = format!("Subject: {at}\n\n~");
                Arc::new([head.as_bytes(), &[*pause]].concat())
            };
            let messages: Vec<_> = pauses.iter().enumerate().map(message).collect();
            let reader = Reader { whole, headers, limits: Limits::default() };
            let (mails, ()) = by(helpers, &messages, reader, || ());
            let subjects: Vec<_> = mails.into_iter().map(|mail| mail.unwrap().subject).collect();
            prop_assert_eq!(subjects, (0..pauses.len()).map(|at| at.to_string()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn there_are_as_many_helpers_as_there_is_work_for() {
        let table = [
            (0, 0, 8, 0),
            (1, 8_000_000, 8, 1),
            (50, 5_000, 8, 1),
            (100, 5_000, 8, 2),
            (3, 300_000, 8, 3),
            (1000, 5_000, 8, 4),
            (1000, 5_000, 2, 2),
        ];
        for (count, octets, cores, expected) in table {
            let message = Arc::new(vec![b'x'; octets]);
            let messages = vec![message; count];
            assert_eq!(worth(&messages, || cores), expected, "{count} of {octets} octets, {cores} cores");
        }
    }

    #[test]
    fn what_a_panic_quotes_is_not_repeated() {
        assert_eq!(
            said(&"byte index 1 is not a char boundary; it is inside `secret`"),
            "byte index 1 is not a char boundary; it is inside"
        );
    }
}
