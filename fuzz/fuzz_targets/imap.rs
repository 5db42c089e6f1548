//! Whatever an IMAP server sends, its answers are put right within their bounds, and the same however they are cut.
//!
//! Two octets choose how much of literals is kept and how the rest, which is what the server sends, is cut.
#![no_main]

#[allow(dead_code, reason = "the rest is the program's")]
#[path = "../../src/mailbox/imap/ahead.rs"]
mod ahead;
#[allow(dead_code, reason = "the rest is the program's")]
#[path = "../../src/mailbox/imap/answers.rs"]
mod answers;
#[allow(dead_code, reason = "the rest is the program's")]
#[path = "../../src/mailbox/imap/line.rs"]
mod line;
#[allow(dead_code, reason = "the rest is the program's")]
#[path = "../../src/mailbox/imap/name.rs"]
mod name;
#[allow(dead_code, reason = "the rest is the program's")]
#[path = "../../src/mailbox/imap/record.rs"]
mod record;

/// What the answers use of the rest of the program.
mod transport {
    pub mod wire {
        /// As the program shows a server's text.
        pub fn text(bytes: &[u8]) -> String {
            let text = String::from_utf8_lossy(bytes);
            text.chars().filter(|c| !c.is_control()).take(300).collect::<String>().trim().to_owned()
        }
    }
}

use answers::{Answers, Bounds, Farewell};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [keep, block, wire @ ..] = data else { return };
    let (keep, block) = (usize::from(*keep) * 4, usize::from(*block) + 1);
    let (given, told) = met(wire, keep, block);
    let (whole, all) = met(wire, keep, usize::MAX);
    // Behind a fault it depends on the block how much was still looked at.
    if told.ends_with("None") && all.ends_with("None") {
        assert_eq!((given, told), (whole, all));
    }
});

/// What the crate is given, and all else that was told, if the octets come in such blocks.
fn met(wire: &[u8], keep: usize, block: usize) -> (Vec<u8>, String) {
    let mut answers = Answers::new();
    let bounds = Bounds { each: keep, all: keep * 2 };
    answers.begin(bounds, Farewell::Unexpected);
    // Some commands are under way before the crate's: `h1` and `h2`.
    let sent: Vec<_> = (0..keep / 4 % 3).map(|_| answers.send(bounds)).collect();
    let mut given = Vec::new();
    for block in wire.chunks(block) {
        if answers.fault().is_some() {
            break;
        }
        answers.feed(block, &mut given);
    }
    let fault = format!("{:?}", answers.fault());
    let told = answers.told();
    let ends: Vec<_> = sent.iter().map(|sent| answers.take(*sent)).collect();
    let claimed = answers.claim(|_| true);
    let bodies = told.records.iter().chain(&claimed).filter_map(|record| record.body.as_ref());
    let kept: usize = bodies.map(|body| body.bytes.len()).sum();
    // A body that is no literal is bounded by its line.
    assert!(kept <= keep * 2 * (1 + sent.len()) + wire.len());
    (given, format!("{told:?} {ends:?} {claimed:?} {fault}"))
}
