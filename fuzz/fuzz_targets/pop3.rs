//! Whatever a POP3 server sends, the reader ends, keeps to its bounds, and gives the same for every size of block.
//!
//! Two octets choose how much of a message is kept and how it is cut into blocks; the rest is what the server sends.
#![no_main]

#[allow(dead_code, reason = "the rest is the program's")]
#[path = "../../src/mailbox/pop3/answers.rs"]
mod answers;
#[allow(dead_code, reason = "the rest is the program's")]
#[path = "../../src/mailbox/pop3/lines.rs"]
mod lines;

use answers::{Answers, End, LONGEST, Room, Status};
use libfuzzer_sys::fuzz_target;

/// The most lines of a listing.
const LINES: usize = 50;

fuzz_target!(|data: &[u8]| {
    let [keep, block, wire @ ..] = data else { return };
    let room = Room { keep: usize::from(*keep) * 16, cap: u64::from(*keep) * 32 };
    whole_session(wire, usize::from(*block) + 1, room);

    // Where the end is met, the blocks make no difference; nor does it matter how much is kept.
    let everything = Room { keep: usize::MAX, cap: u64::MAX };
    let one = Answers::new(wire, 1).message(everything);
    let other = Answers::new(wire, usize::from(*block) + 2).message(everything);
    match (&one, &other) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one, other);
            assert_eq!(one.bytes, plain_reading(wire));
        }
        (Err(one), Err(other)) => assert_eq!(one.kind(), other.kind()),
        _ => panic!("{one:?} is not {other:?}"),
    }
});

/// Reads one answer after the other, as messages and listings by turns, until the server is through.
fn whole_session(wire: &[u8], block: usize, room: Room) {
    let mut answers = Answers::new(wire, block);
    for turn in 0_u32.. {
        let Ok(status) = answers.status() else { return };
        if let Status::Ok(text) = &status {
            assert!(text.len() <= LONGEST);
            let _ = lines::pair(text);
        }
        if !matches!(status, Status::Ok(_)) {
            continue;
        }
        if turn % 2 == 0 {
            let Ok(message) = answers.message(room) else { return };
            assert!(message.bytes.len() <= room.keep && message.bytes.len() as u64 <= message.octets);
            if message.end == End::GivenUp {
                assert!(message.octets > room.cap);
                return;
            }
        } else {
            let mut count = 0;
            let end = answers.listing(LINES, |line| {
                count += 1;
                assert!(line.len() <= LONGEST);
                if let Some((_, id)) = lines::unique_id(line) {
                    assert!((1..=70).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_graphic()));
                }
                let _ = (lines::pair(line), lines::capability(line));
            });
            assert!(count <= LINES);
            if end.is_err() {
                return;
            }
        }
    }
}

/// A message as RFC 1939 section 3 has it, read in the plainest way: split at CRLF, drop one leading dot of each line.
fn plain_reading(wire: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    let mut rest = wire;
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let line = &rest[..end];
        if line == b"." {
            break;
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        message.extend_from_slice(b"\r\n");
        rest = &rest[end + 2..];
    }
    message
}
