//! Every way to cut an answer into blocks gives the same; faults and limits are told.

use super::*;

const ALL: Room = Room { keep: usize::MAX, cap: u64::MAX };

/// Reads with every block size up to the whole, and panics unless all agree.
fn message(wire: &[u8], room: Room) -> (Vec<u8>, u64, End) {
    let read = |block| {
        let message = Answers::new(wire, block).message(room).unwrap();
        (message.bytes, message.octets, message.end)
    };
    let first = read(1);
    for block in 2..=wire.len() {
        let other = read(block);
        assert_eq!((&other.0, other.2), (&first.0, first.2), "block {block}");
    }
    first
}

fn status(line: &[u8]) -> io::Result<Status> {
    Answers::new(line, 7).status()
}

#[test]
fn dots_are_taken_away_and_every_other_octet_is_kept() {
    for (wire, expected) in [
        (&b".\r\n"[..], &b""[..]),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...\r\n.\r\n", b"..\r\n"),
        (b"..a\r\n..b.\r\n.\r\n", b".a\r\n.b.\r\n"),
        // A dot that nobody doubled: the octet behind it counts.
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"a\n.\nb\r.\r\n.\r\n", b"a\n.\nb\r.\r\n"),
        (b"a\r\r\n.\r\n", b"a\r\r\n"),
        (b".\rx\r\n.\r\n", b"\rx\r\n"),
        (b".\r\r\n.\r\n", b"\r\r\n"),
        (b"\r\n\r\n.\r\n", b"\r\n\r\n"),
        (b"a\r\n.\n\r\n.\r\n", b"a\r\n\n\r\n"),
        (b"\xff\x00\x80\r\n.\r\n", b"\xff\x00\x80\r\n"),
    ] {
        let expected = (expected.to_vec(), expected.len() as u64, End::Reached);
        assert_eq!(message(wire, ALL), expected, "{}", wire.escape_ascii());
    }
}

#[test]
fn what_is_behind_the_end_is_the_next_answer() {
    let mut answers = Answers::new(&b"+OK\r\na\r\n.\r\n+OK b\r\n.x\r\n.\r\n-ERR c\r\n"[..], 64);
    assert_eq!(answers.status().unwrap(), Status::Ok(Vec::new()));
    assert_eq!(answers.message(ALL).unwrap().bytes, b"a\r\n");
    assert_eq!(answers.status().unwrap(), Status::Ok(b"b".to_vec()));
    assert_eq!(answers.message(ALL).unwrap().bytes, b"x\r\n");
    assert!(answers.is_ahead());
    assert!(matches!(answers.status().unwrap(), Status::Refused(_)));
    assert!(!answers.is_ahead());
}

#[test]
fn what_has_no_room_is_read_and_thrown_away() {
    let wire = b"0123456789\r\n.\r\n";
    let room = |keep, cap| Room { keep, cap };
    assert_eq!(message(wire, room(4, 100)), (b"0123".to_vec(), 12, End::Reached));
    assert_eq!(message(wire, room(0, 100)), (Vec::new(), 12, End::Reached));
    let (bytes, _, end) = message(&[b'x'; 100], room(4, 20));
    assert_eq!((bytes, end), (b"xxxx".to_vec(), End::GivenUp));
}

#[test]
fn a_server_that_breaks_off_is_no_end() {
    for wire in [&b""[..], b"a", b"a\r\n", b"a\r\n.", b"a\r\n.\r", b"a\n.\n", b".\n"] {
        let error = Answers::new(wire, 3).message(ALL).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{}", wire.escape_ascii());
    }
    assert_eq!(status(b"+OK and no").unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn status_lines_are_understood() {
    let refused =
        |code: &str, text: &[u8]| Status::Refused(Refusal { code: code.to_owned(), text: text.to_vec() });
    for (line, expected) in [
        (&b"+OK\r\n"[..], Status::Ok(Vec::new())),
        (b"+OK\n", Status::Ok(Vec::new())),
        (b"+OK  2 320 \r\n", Status::Ok(b" 2 320 ".to_vec())),
        (b"-ERR\r\n", refused("", b"")),
        (b"-ERR [SYS/TEMP] try later\r\n", refused("SYS/TEMP", b"try later")),
        (b"-ERR [in-use]\r\n", refused("IN-USE", b"")),
        (b"-ERR [unclosed\r\n", refused("", b"[unclosed")),
        (b"+ \r\n", Status::Continue(Vec::new())),
        (b"+\r\n", Status::Continue(Vec::new())),
        (b"+ c2FzbA==\r\n", Status::Continue(b"c2FzbA==".to_vec())),
    ] {
        assert_eq!(status(line).unwrap(), expected, "{}", line.escape_ascii());
    }
    for line in [&b"+OKAY\r\n"[..], b"-ERROR\r\n", b"* OK\r\n", b"\r\n", b"+ok\r\n", b"220 smtp\r\n"] {
        assert_eq!(status(line).unwrap_err().kind(), io::ErrorKind::InvalidData, "{}", line.escape_ascii());
    }
}

#[test]
fn lines_and_listings_are_bounded() {
    let long = [vec![b'x'; LONGEST + 1], b"\r\n".to_vec()].concat();
    assert_eq!(status(&long).unwrap_err().to_string(), "a line without end");
    assert_eq!(status(&vec![b'x'; 10 * LONGEST]).unwrap_err().to_string(), "a line without end");
    let listing = |most| {
        let mut lines = Vec::new();
        let wire = &b"1 a\r\n..2\r\n\r\n.\r\n"[..];
        Answers::new(wire, 5).listing(most, |line| lines.push(line.to_vec())).map(|()| lines)
    };
    assert_eq!(listing(3).unwrap(), [&b"1 a"[..], b".2", b""]);
    assert_eq!(listing(2).unwrap_err().to_string(), "a listing without end");
    // Found by fuzzing: the line that was one too many was handed over before it was refused.
    let mut lines = 0;
    Answers::new(&b"a\r\nb\r\nc\r\n"[..], 5).listing(2, |_| lines += 1).unwrap_err();
    assert_eq!(lines, 2);
}
