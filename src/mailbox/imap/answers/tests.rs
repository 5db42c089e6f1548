//! The odd answers of real servers, and arbitrary ones.

use proptest::prelude::*;

use super::*;

fn bounds() -> Bounds {
    Bounds { each: 1000, all: 3000 }
}

fn fed(chunks: &[&[u8]]) -> (String, Answers) {
    let mut answers = Answers::new();
    answers.begin(bounds(), Farewell::Unexpected);
    let mut out = Vec::new();
    for chunk in chunks {
        answers.feed(chunk, &mut out);
    }
    (String::from_utf8(out).unwrap(), answers)
}

fn given(line: &str) -> String {
    fed(&[line.as_bytes()]).0
}

#[test]
fn what_is_answered_to_a_command_in_passing_is_nobodys() {
    let select = "* 3 EXISTS\r\na1 OK [READ-WRITE] done\r\n";
    let (ok, no, bad) = ("h1 OK done\r\n", "h1 NO [CANNOT] not now\r\n", "h1 BAD what\r\n");
    for id in
        [ok, no, bad, "* ID (\"name\" {3}\r\na\"b)\r\nh1 OK done\r\n", "* ID NIL\r\nh1 OK [X y] done\r\n"]
    {
        for answer in [format!("{id}{select}"), format!("{select}{id}")] {
            let mut answers = Answers::new();
            assert_eq!(answers.forget().tag(), "h1");
            answers.begin(bounds(), Farewell::Unexpected);
            let mut out = Vec::new();
            answers.feed(answer.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), select, "{id:?}");
            let told = answers.told();
            assert_eq!((told.code.as_str(), told.text.as_str()), ("READ-WRITE", "done"), "{id:?}");
        }
    }
    let (_, answers) = fed(&[b"h1 OK done\r\n* BYE gone\r\n"]);
    assert!(matches!(answers.fault(), Some(Fault::Bye(_))));
}

#[test]
fn what_was_sent_ahead_is_answered_in_any_order_and_messages_are_whose_they_are() {
    let mut answers = Answers::new();
    let [fetch, store, other] = [bounds(), Bounds::default(), bounds()].map(|bounds| answers.send(bounds));
    let said = "* 1 FETCH (UID 7 BODY[] {5}\r\nabcde)\r\nh1 OK done\r\n* 1 FETCH (UID 7 FLAGS (\\Seen))\r\n\
                * 2 FETCH (UID 8 BODY[] {3}\r\nfgh)\r\n* NO disk is full\r\nh3 OK done\r\nh2 NO [LIMIT] not now\r\n";
    let mut out = Vec::new();
    for octet in said.as_bytes() {
        answers.feed(&[*octet], &mut out);
    }
    assert_eq!((out, answers.has_open()), (Vec::new(), false));
    let (verdict, told) = answers.take(store).unwrap();
    assert_eq!((verdict, told.code.as_str()), (Verdict::Refused, "LIMIT"));
    let bodies = |answers: &mut Answers, uid: u32| {
        let claimed = answers.claim(|record| record.uid == Some(uid));
        claimed.into_iter().filter_map(|record| record.body).map(|body| body.bytes).collect::<Vec<_>>()
    };
    assert!(
        answers
            .take(other)
            .is_some_and(|(verdict, told)| verdict == Verdict::Done && told.warnings.len() == 1)
    );
    assert_eq!(bodies(&mut answers, 8), [b"fgh"]);
    assert!(answers.take(fetch).is_some() && answers.take(fetch).is_none(), "each is taken once");
    assert_eq!(bodies(&mut answers, 7), [b"abcde"]);
    assert_eq!(bodies(&mut answers, 7), [[0; 0]; 0]);
}

#[test]
fn what_is_kept_for_commands_sent_ahead_is_bounded_until_it_is_claimed() {
    let mut answers = Answers::new();
    let bounds = Bounds { each: 4, all: 6 };
    answers.send(bounds);
    answers.send(bounds);
    for uid in 1..=4 {
        answers
            .feed(format!("* {uid} FETCH (UID {uid} BODY[] {{5}}\r\nabcde)\r\n").as_bytes(), &mut Vec::new());
    }
    let lengths = |records: Vec<Record>| {
        let bodies = records.into_iter().filter_map(|record| record.body);
        bodies.map(|body| (body.bytes.len(), body.cut)).collect::<Vec<_>>()
    };
    assert_eq!(lengths(answers.claim(|record| record.uid < Some(4))), [(4, true), (4, true), (4, true)]);
    assert_eq!(lengths(answers.claim(|_| true)), [(0, true)]);
    answers.feed(b"* 5 FETCH (UID 5 BODY[] {2}\r\nab)\r\n", &mut Vec::new());
    assert_eq!(lengths(answers.claim(|_| true)), [(2, false)]);
}

#[test]
fn what_nobody_has_taken_yet_leaves_the_next_its_room() {
    let mut answers = Answers::new();
    let sent = [6, 3].map(|all| answers.send(Bounds { each: 4, all }));
    let said = "* 1 FETCH (UID 1 BODY[] {4}\r\nabcd)\r\n* 2 FETCH (UID 2 BODY[] {2}\r\nef)\r\nh1 OK x\r\n\
                * 3 FETCH (UID 3 BODY[] {3}\r\nghi)\r\nh2 OK x\r\n";
    answers.feed(said.as_bytes(), &mut Vec::new());
    let bodies = answers.claim(|_| true).into_iter().filter_map(|record| record.body);
    assert!(bodies.map(|body| (body.bytes.len(), body.cut)).eq([(4, false), (2, false), (3, false)]));
    assert!(sent.into_iter().all(|sent| answers.take(sent).is_some()));
}

#[test]
fn odd_answers_are_put_right_or_left_out() {
    for (answer, expected) in [
        // As it should be.
        ("* 3 EXISTS\r\n", "* 3 EXISTS\r\n"),
        ("* OK [UIDVALIDITY 7] fine\r\n", "* OK [UIDVALIDITY 7] fine\r\n"),
        ("a1 OK [READ-WRITE] done\r\n", "a1 OK [READ-WRITE] done\r\n"),
        // Octets above 0x7F, line ends, blanks, empty lines.
        ("a1 NO d\u{e9}j\u{e0}\r\n", "a1 NO d??j??\r\n"),
        ("* 3  EXISTS \n\r\n\n", "* 3 EXISTS\r\n"),
        ("* LIST ( \\HasNoChildren ) \".\"  INBOX \r\n", "* LIST (\\HasNoChildren) \".\" INBOX\r\n"),
        ("a1 OK\r\n", "a1 OK -\r\n"),
        ("a1 NO [UNKNOWN\u{fc} x y] text\r\n", "a1 NO [UNKNOWN?? x y] text\r\n"),
        // A literal where the crate wants a string.
        ("* LIST () \".\" {3}\r\na\"b\r\n", "* LIST () \".\" \"a\\\"b\"\r\n"),
        // CONDSTORE and what nobody asked for.
        ("* SEARCH 2 5 (MODSEQ 917162500)\r\n", "* SEARCH 2 5\r\n"),
        ("* SEARCH\r\n", "* SEARCH\r\n"),
        ("* ESEARCH (TAG \"a1\") UID ALL 2\r\n", ""),
        ("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n", ""),
        ("* METADATA INBOX {5}\r\n* BYE x\r\n", ""),
        ("* VANISHED (EARLIER) 1:5\r\n", ""),
        ("* 1 FROB (x)\r\n", ""),
        (
            "* OK [PERMANENTFLAGS (\\* ) broken] \r\n* 3 EXISTS\r\n",
            "* OK [PERMANENTFLAGS (\\*) broken]\r\n* 3 EXISTS\r\n",
        ),
        // Untagged NO and BAD panic the crate during SELECT; a size in a text is no literal.
        ("* NO [ALERT] quota {5}\r\n* 3 EXISTS\r\n", "* 3 EXISTS\r\n"),
        ("* BAD what\r\n", ""),
        // Nor does the crate ever see a FETCH.
        ("* 1 FETCH (UID 7 INTERNALDATE NIL)\r\n", ""),
        ("* 1 FETCH ()\r\n", ""),
        // Challenges that are no base64.
        ("+\r\n+ Ready\r\n+ eHh4\r\n", "+ \r\n+ \r\n+ eHh4\r\n"),
    ] {
        let (out, answers) = fed(&[answer.as_bytes()]);
        assert_eq!(out, expected, "{answer:?}");
        assert_eq!(answers.fault(), None, "{answer:?}");
    }
}

#[test]
fn whatever_is_given_is_read_by_the_parser() {
    for odd in [
        "a1 OK [UIDNEXT x] y\r\n",
        "a1 NO [BADCHARSET (\"] y\r\n",
        "a1 ok \r\n",
        "a1 BAD [\r\n",
        "a1 NO [] \r\n",
    ] {
        let out = given(odd);
        assert!(line::parses(out.trim_end().as_bytes()) && out.starts_with("a1 "), "{odd:?} became {out:?}");
    }
}

#[test]
fn messages_are_taken_out_wherever_the_octets_are_split() {
    let answer = b"* 1 FETCH (UID 7 BODY[] {11}\r\na)\r\n* BYE \0 FLAGS (\\Deleted))\r\n* 2 FETCH (BODY[] {0}\r\n UID 8)\r\na1 OK x\r\n";
    for at in 0..answer.len() {
        let (one, two) = answer.split_at(at);
        let (out, mut answers) = fed(&[one, two]);
        assert_eq!(out, "a1 OK x\r\n");
        let records = answers.told().records;
        assert_eq!(records.len(), 2);
        let body = |bytes: &[u8]| Some(Body { bytes: bytes.to_vec(), cut: false, absent: false });
        assert_eq!((records[0].uid, records[0].deleted), (Some(7), Some(true)));
        assert_eq!(records[0].body, body(b"a)\r\n* BYE \0"));
        assert_eq!((records[1].uid, &records[1].body), (Some(8), &body(b"")));
    }
}

#[test]
fn what_is_beyond_the_bounds_is_counted_past() {
    let mail = "x".repeat(1200);
    let answer: String =
        (1..=4).map(|uid| format!("* {uid} FETCH (BODY[] {{1200}}\r\n{mail} UID {uid})\r\n")).collect();
    let (out, mut answers) = fed(&[answer.as_bytes(), b"a1 OK x\r\n"]);
    assert_eq!(out, "a1 OK x\r\n");
    let sizes: Vec<_> =
        answers.told().records.into_iter().map(|r| r.body.map(|b| (b.bytes.len(), b.cut))).collect();
    assert_eq!(sizes, [Some((1000, true)), Some((1000, true)), Some((1000, true)), Some((0, true))]);
}

#[test]
fn a_bye_is_a_fault_unless_it_was_asked_for() {
    let (out, answers) = fed(&[b"* BYE shutting d\xc3\xb6wn\r\na1 NO refused\r\n"]);
    assert_eq!(out, "a1 NO refused\r\n");
    assert_eq!(answers.fault(), Some(&Fault::Bye("shutting döwn".to_owned())));
    let mut answers = Answers::new();
    answers.begin(bounds(), Farewell::Asked);
    answers.feed(b"* BYE bye\r\n", &mut Vec::new());
    assert_eq!(answers.fault(), None);
}

#[test]
fn codes_texts_warnings_and_capabilities_are_told() {
    let answer =
        "* NO [ALERT] Speicher f\u{fc}r Sie\r\n* CAPABILITY imap4rev1  MOVE\r\na1 NO [TRYCREATE] n\u{f6}\r\n";
    let (_, mut answers) = fed(&[answer.as_bytes()]);
    let told = answers.told();
    assert_eq!(told.warnings, ["Speicher für Sie"]);
    assert_eq!(told.capabilities, Some(vec!["IMAP4REV1".to_owned(), "MOVE".to_owned()]));
    assert_eq!((told.code.as_str(), told.text.as_str()), ("TRYCREATE", "nö"));
    let (_, mut answers) = fed(&[b"a1 OK [CAPABILITY IMAP4rev1 X] in\r\n"]);
    assert_eq!(answers.told().capabilities, Some(vec!["IMAP4REV1".to_owned(), "X".to_owned()]));
}

#[test]
fn lines_without_end_are_a_fault() {
    let (_, answers) = fed(&[&vec![b'x'; LINE + 1]]);
    assert_eq!(answers.fault(), Some(&Fault::LongLine));
    let (_, answers) = fed(&[b"* 1 FETCH (BODY[] {5000000000}\r\n"]);
    assert_eq!(answers.fault(), Some(&Fault::LongAnswer));
    let (_, answers) = fed(&[b"HTTP/1.1 400 Bad Request\r\n"]);
    assert_eq!(answers.fault(), Some(&Fault::NoAnswer));
}

/// Octets as a hostile server may send them: pieces of the grammar, shuffled, and noise.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "* ",
            "a1 ",
            "OK ",
            "NO ",
            "BYE ",
            "1 ",
            "FETCH (",
            "UID 7 ",
            "BODY[] ",
            "{3}\r\n",
            "{99999999999}\r\n",
            "\r\n",
            "\"",
            "\\",
            "(",
            ")",
            "[",
            "]",
            "INTERNALDATE ",
            "NIL",
            "SEARCH ",
            "LIST ",
            "+ ",
            "RFC822.SIZE ",
            "-1 ",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic_and_are_bounded(octets in hostile(), cut in 1_usize..40) {
        let whole = fed(&[&octets]);
        let split = fed(&octets.chunks(cut).collect::<Vec<_>>());
        prop_assert!(whole.0.is_ascii());
        prop_assert!(whole.0.len() <= octets.len() * 3 + 16);
        if whole.1.fault().is_none() {
            prop_assert_eq!(&whole.0, &split.0, "how the octets are split matters");
        }
        let kept: usize = whole.1.told.records.iter().filter_map(|r| r.body.as_ref()).map(|b| b.bytes.len()).sum();
        prop_assert!(kept <= octets.len());
        for line in whole.0.lines() {
            prop_assert!(line::parses(line.as_bytes()), "{:?} does not parse", line);
        }
    }
}
