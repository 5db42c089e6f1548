//! Scripted POP3 servers: what a real one will not do.

use std::time::Duration;

use helpdesk_mail::mailbox::{Access, Mailbox as _, Pop3Mailbox, Reader as _, Server};
use helpdesk_mail::model::item::{Disposition, Extent, ItemKey, Listed};

use crate::support::account::{first, told};
use crate::support::pop::{all, connect, connect_as, listed, plain};
use crate::support::script::{Script, Step};

use Step::{Line, Send, SendOwned, Sleep};

const CAPA: &str = "TOP\r\nUIDL\r\nUSER\r\n";
const PIPELINING: &str = "TOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\n";

fn listing() -> Vec<Step> {
    vec![
        Line("STAT"),
        Send("+OK 3 90\r\n"),
        Line("LIST"),
        Send("+OK\r\n1 30\r\n2 30\r\n3 30\r\n.\r\n"),
        Line("UIDL"),
        Send("+OK\r\n1 a\r\n2 b\r\n3 c\r\n.\r\n"),
    ]
}

/// A mailbox with three messages `a`, `b`, `c`, whose server goes on with the steps.
fn opened(capabilities: &'static str, steps: Vec<Step>) -> (Script, Pop3Mailbox, Vec<Listed>) {
    let script = Script::pop3(capabilities, listing().into_iter().chain(steps).collect());
    let mut mailbox = connect(&plain(script.port)).unwrap();
    let items = listed(&mut mailbox);
    assert_eq!(items.iter().map(|item| item.key.0.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    (script, mailbox, items)
}

fn bodies(mailbox: &mut Pop3Mailbox, items: &[Listed]) -> Vec<(String, String, Extent)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let fetched = mailbox.fetch(items).unwrap();
    fetched.into_iter().map(|item| (item.listed.key.0, text(item.bytes), item.extent)).collect()
}

fn got(key: &str, body: &str, extent: Extent) -> (String, String, Extent) {
    (key.to_owned(), body.to_owned(), extent)
}

#[test]
fn a_server_of_rfc_1939_alone_is_enough() {
    let script = Script::transcript("pop3/rfc1939-only.txt");
    let mut mailbox = connect(&plain(script.port)).unwrap();
    assert_eq!(mailbox.capabilities().unwrap(), ["POP3"]);
    let items = listed(&mut mailbox);
    assert_eq!(mailbox.list(None).unwrap().there, 3);
    let digest = items[1].key.0.strip_suffix(":1").unwrap();
    assert_eq!(digest.len(), 64);
    // The second, which nobody can name, waits; the third is the first once more, whatever its Status.
    assert_eq!(items[0].key.0, format!("{digest}:2"));
    let expected = [
        got(&items[0].key.0, "Subject: one\r\n\r\n.dot\r\n", Extent::Whole),
        got(&items[1].key.0, "Subject: one\r\nStatus: RO\r\n\r\n.dot\r\n", Extent::Whole),
    ];
    assert_eq!(bodies(&mut mailbox, &items), expected, "what was read to be named is not read again");
    drop(mailbox);
    script.finish();
}

#[test]
fn without_top_large_messages_are_read_through_or_left_alone() {
    let script = Script::transcript("pop3/no-top.txt");
    let mut mailbox = connect_as(&plain(script.port), Access::ReadWrite, 100).unwrap();
    let fetched = all(&mut mailbox);
    assert_eq!(fetched[0], got("first", "A: b\r\n\r\nc\r\n", Extent::Whole));
    assert_eq!((fetched[1].1.len(), &fetched[1].2), (100, &Extent::Beginning));
    let why = "it is too large, and the server has no TOP to give its beginning".to_owned();
    assert_eq!(fetched[2], got("third", "", Extent::Nothing { why }));
}

#[test]
fn unique_ids_that_are_none_or_stand_twice_are_no_trouble() {
    let script = Script::pop3(
        CAPA,
        vec![
            Line("STAT"),
            Send("+OK 4 90 extra\r\n"),
            Line("LIST"),
            Send("+OK\r\n1 30\r\njunk\r\n2 30 extra\r\n4 30\r\n9 1\r\n.\r\n"),
            Line("UIDL"),
            Send("+OK\r\n1 same\r\n2 same\r\n4 gr\u{fc}n\r\n9 x\r\n.\r\n"),
            Line("RETR 4"),
            Send("+OK\r\nA: b\r\n\r\n.\r\n"),
        ],
    );
    let mut mailbox = connect(&plain(script.port)).unwrap();
    let items = listed(&mut mailbox);
    assert_eq!(items[..2].iter().map(|item| item.key.0.as_str()).collect::<Vec<_>>(), ["same 2", "same"]);
    assert!(items[2].key.0.ends_with(":1"), "{items:?}");
    assert_eq!(items.len(), 3);
    drop(mailbox);
    script.finish();
}

#[test]
fn a_server_that_forgets_its_unique_ids_for_once_makes_nothing_look_new() {
    for (answer, kind) in [("-ERR not now\r\n", "folder"), ("-ERR [SYS/TEMP] not now\r\n", "connect")] {
        let mut steps = listing();
        steps.truncate(5);
        steps.push(Send(answer));
        let script = Script::pop3(CAPA, steps);
        let mut mailbox = connect(&plain(script.port)).unwrap();
        let text = told(mailbox.list(None));
        assert!(text.starts_with(&format!("mailbox.{kind}: ")) && text.contains("not now"), "{text}");
    }
}

#[test]
fn a_message_that_the_server_cannot_give_costs_no_other() {
    for capabilities in [CAPA, PIPELINING] {
        let refused = "-ERR broken\r\n";
        let answer = "+OK\r\nA: b\r\n.\r\n";
        let retr = |number, answer| [Line(number), Send(answer)];
        let mut steps: Vec<Step> = Vec::new();
        for (number, answer) in [("RETR 1", answer), ("RETR 2", refused), ("RETR 3", refused)] {
            steps.extend(retr(number, answer));
        }
        steps.extend([
            Line("TOP 2 2000"),
            Send("+OK\r\nhead\r\n.\r\n"),
            Line("TOP 3 2000"),
            Send(refused),
            Line("LIST 3"),
            Send("+OK 3 30\r\n"),
        ]);
        let (script, mut mailbox, items) = opened(capabilities, steps);
        let why = "the server answers: broken".to_owned();
        let expected = [
            got("a", "A: b\r\n", Extent::Whole),
            got("b", "head\r\n", Extent::Beginning),
            got("c", "", Extent::Nothing { why }),
        ];
        assert_eq!(bodies(&mut mailbox, &items), expected);
        drop(mailbox);
        script.finish();
    }
}

#[test]
fn a_message_that_vanished_is_left_out_and_trouble_of_the_server_is_not_the_messages() {
    let gone = vec![
        Line("RETR 2"),
        Send("-ERR expunged\r\n"),
        Line("TOP 2 2000"),
        Send("-ERR expunged\r\n"),
        Line("LIST 2"),
        Send("-ERR no such message\r\n"),
    ];
    let (script, mut mailbox, items) = opened(CAPA, gone);
    assert_eq!(bodies(&mut mailbox, &items[1..2]), []);
    drop(mailbox);
    script.finish();
    let (_script, mut mailbox, items) = opened(CAPA, vec![Line("RETR 2"), Send("-ERR [SYS/TEMP] disk\r\n")]);
    let text = told(mailbox.fetch(&items[1..2]));
    assert!(text.starts_with("mailbox.connect: ") && text.contains("disk"), "{text}");
}

#[test]
fn a_server_that_breaks_off_or_lies_ends_the_session_without_quit() {
    let endless = [b"+OK ".to_vec(), vec![b'x'; 100_000]].concat();
    for (answer, expected) in [
        (&b"+OK\r\nfrom the mail\r\n"[..], "mailbox.connect: no connection to server"),
        (b"+OK\r\nfrom the mail\r\n.", "mailbox.connect: no connection to server"),
        (b"", "mailbox.connect: "),
        (b"garbage\r\n", "mailbox.protocol: "),
        (b"+ go on\r\n", "mailbox.protocol: "),
        (&endless, "a line without end"),
    ] {
        for capabilities in [CAPA, PIPELINING] {
            let steps = vec![Line("RETR 1"), SendOwned(answer.to_vec())];
            let (script, mut mailbox, items) = opened(capabilities, steps);
            let text = told(mailbox.fetch(&items));
            assert!(text.contains(expected), "{text}");
            assert!(!text.contains("from the mail"), "mail is in the error: {text}");
            let heard = mailbox.acknowledge(&[first(&items[0].key, Disposition::Delete)]);
            let text = told(heard.and_then(|_| mailbox.settle().end));
            assert!(text.contains("the session ended earlier"), "{text}");
            assert!(told(mailbox.close()).starts_with("mailbox.connect: "));
            drop(mailbox);
            assert!(!script.sent().contains(&"QUIT".to_owned()));
        }
    }
}

#[test]
fn answers_that_nobody_asked_for_are_never_taken_for_mail() {
    let (script, mut mailbox, items) =
        opened(PIPELINING, vec![Line("RETR 1"), Send("+OK\r\na\r\n.\r\n+OK\r\nb\r\n.\r\n")]);
    assert_eq!(bodies(&mut mailbox, &items[..1]), [got("a", "a\r\n", Extent::Whole)]);
    let text = told(mailbox.fetch(&items[1..2]));
    assert!(text.starts_with("mailbox.protocol: ") && text.contains("nobody asked for"), "{text}");
    drop(mailbox);
    assert_eq!(script.sent().last().unwrap(), "RETR 1");
}

#[test]
fn a_message_without_end_is_taken_as_far_as_it_came_and_the_rest_waits() {
    let endless = [b"+OK\r\nSubject: endless\r\n\r\n".to_vec(), b"0123456789\r\n".repeat(400_000)].concat();
    let answer = "+OK\r\nfirst\r\n.\r\n";
    let (script, mut mailbox, items) = opened(
        PIPELINING,
        vec![Line("RETR 1"), Send(answer), Line("RETR 2"), Line("RETR 3"), SendOwned(endless)],
    );
    let fetched = bodies(&mut mailbox, &items);
    assert_eq!(fetched[0], got("a", "first\r\n", Extent::Whole));
    assert_eq!((fetched[1].1.len(), &fetched[1].2), (1_000_000, &Extent::Beginning));
    assert_eq!(fetched.len(), 2);
    assert!(told(mailbox.close()).contains("in the middle of a message"));
    drop(mailbox);
    assert!(!script.sent().contains(&"QUIT".to_owned()));
}

/// A server that takes a connection for each of these; all show the same three messages.
fn sessions(each: Vec<Vec<Step>>) -> Script {
    let steps = |more: Vec<Step>| Script::pop3_steps(PIPELINING, listing().into_iter().chain(more).collect());
    Script::start_each(each.into_iter().map(steps).collect())
}

#[test]
fn a_message_over_which_the_server_dies_keeps_no_other_back() {
    let retr = |number, answer| [Line(number), Send(answer)];
    let script = sessions(vec![
        [retr("RETR 1", "+OK\r\none\r\n.\r\n"), [Line("RETR 2"), Line("RETR 3")]]
            .into_iter()
            .flatten()
            .chain([Send("+OK\r\nha")])
            .collect(),
        vec![Line("RETR 2")],
        [retr("RETR 3", "+OK\r\nthree\r\n.\r\n"), retr("QUIT", "+OK\r\n")].into_iter().flatten().collect(),
    ]);
    let mut mailbox = connect(&plain(script.port)).unwrap();
    let items = listed(&mut mailbox);
    let why = "the server breaks off or falls silent whenever it is to give it".to_owned();
    let expected = [
        got("a", "one\r\n", Extent::Whole),
        got("b", "", Extent::Nothing { why }),
        got("c", "three\r\n", Extent::Whole),
    ];
    assert_eq!(bodies(&mut mailbox, &items), expected);
    assert_eq!(mailbox.close().unwrap(), []);
    script.finish();
}

#[test]
fn a_connection_that_breaks_once_is_made_again_and_deletions_are_told_anew() {
    let dele = || [Line("DELE 1"), Send("+OK\r\n")];
    let script = sessions(vec![
        dele().into_iter().chain([Line("RETR 2"), Send("+OK\r\nha")]).collect(),
        dele()
            .into_iter()
            .chain([Line("RETR 2"), Send("+OK\r\nhalf\r\n.\r\n")])
            .chain([Line("RETR 3"), Send("+OK\r\nc\r\n.\r\n")])
            .chain([Line("QUIT"), Send("+OK\r\n")])
            .collect(),
    ]);
    let mut mailbox = connect(&plain(script.port)).unwrap();
    let items = listed(&mut mailbox);
    mailbox.acknowledge(&[first(&items[0].key, Disposition::Delete)]).unwrap();
    let settled = mailbox.settle();
    assert_eq!(settled.heard, [], "nothing is deleted before QUIT");
    settled.end.unwrap();
    let expected = [got("b", "half\r\n", Extent::Whole), got("c", "c\r\n", Extent::Whole)];
    assert_eq!(bodies(&mut mailbox, &items), expected);
    assert_eq!(mailbox.close().unwrap(), [items[0].key.clone()]);
    script.finish();
}

#[test]
fn a_network_that_always_breaks_ends_the_run_and_is_held_against_no_message() {
    // The way back ends before anything is asked for again.
    let script = sessions(vec![vec![Line("RETR 1")], vec![]]);
    let mut mailbox = connect(&plain(script.port)).unwrap();
    let items = listed(&mut mailbox);
    let text = told(mailbox.fetch(&items));
    assert!(text.starts_with("mailbox.connect: "), "{text}");
    assert!(told(mailbox.close()).starts_with("mailbox.connect: "));
    drop(mailbox);
    assert!(!script.sent().contains(&"QUIT".to_owned()));
}

#[test]
fn what_is_expected_is_asked_for_in_one_breath_with_what_comes_before() {
    let both = || vec![Line("RETR 1"), Line("RETR 2"), Send("+OK\r\na\r\n.\r\n"), Send("+OK\r\nb\r\n.\r\n")];
    let end = || [Line("DELE 1"), Send("+OK\r\n"), Line("QUIT"), Send("+OK\r\n")];
    let third = [Line("RETR 3"), Send("+OK\r\nc\r\n.\r\n")];
    for (asked, steps) in [
        (Some(1), both()),
        // What is not fetched after all is dropped.
        (Some(2), both().into_iter().chain(third).collect()),
        (None, both()),
    ] {
        let (script, mut mailbox, items) = opened(PIPELINING, steps.into_iter().chain(end()).collect());
        mailbox.expect(vec![items[1..2].to_vec()]);
        assert_eq!(bodies(&mut mailbox, &items[..1]), [got("a", "a\r\n", Extent::Whole)]);
        mailbox.acknowledge(&[first(&items[0].key, Disposition::Delete)]).unwrap();
        if let Some(at) = asked {
            let key = ["a", "b", "c"][at];
            let expected = [got(key, &format!("{key}\r\n"), Extent::Whole)];
            assert_eq!(bodies(&mut mailbox, &items[at..=at]), expected);
        }
        assert_eq!(mailbox.close().unwrap(), [items[0].key.clone()]);
        script.finish();
    }
}

#[test]
fn a_server_that_loses_commands_sent_ahead_gets_them_one_by_one() {
    let script = sessions(vec![
        vec![Line("RETR 1"), Send("+OK\r\na\r\n.\r\n"), Sleep(Duration::from_millis(1300))],
        vec![Line("RETR 2"), Send("+OK\r\nb\r\n.\r\n"), Line("RETR 3"), Send("+OK\r\nc\r\n.\r\n")],
    ]);
    let mut mailbox = connect(&Server { timeout: Duration::from_secs(1), ..plain(script.port) }).unwrap();
    let items = listed(&mut mailbox);
    let expected = ["a", "b", "c"].map(|key| got(key, &format!("{key}\r\n"), Extent::Whole));
    assert_eq!(bodies(&mut mailbox, &items), expected);
}

#[test]
fn after_a_message_without_end_the_rest_comes_too() {
    let endless = [b"+OK\r\n".to_vec(), b"0123456789\r\n".repeat(400_000)].concat();
    let script = sessions(vec![
        vec![Line("RETR 1"), Line("RETR 2"), Line("RETR 3"), SendOwned(endless)],
        vec![Line("RETR 2"), Send("+OK\r\nb\r\n.\r\n"), Line("RETR 3"), Send("+OK\r\nc\r\n.\r\n")],
    ]);
    let mut mailbox = connect(&plain(script.port)).unwrap();
    let items = listed(&mut mailbox);
    let fetched = bodies(&mut mailbox, &items);
    assert_eq!((fetched[0].1.len(), &fetched[0].2), (1_000_000, &Extent::Beginning));
    let expected = [got("b", "b\r\n", Extent::Whole), got("c", "c\r\n", Extent::Whole)];
    assert_eq!(fetched[1..], expected);
    assert_eq!(mailbox.watermark(None), None, "what the second session found may be more than was listed");
}

#[test]
fn what_a_server_does_not_give_stays_above_the_watermark() {
    let steps = vec![
        Line("RETR 1"),
        Send("+OK\r\na\r\n.\r\n"),
        Line("RETR 2"),
        Send("-ERR internal error\r\n"),
        Line("RETR 3"),
        Send("+OK\r\nc\r\n.\r\n"),
        Line("TOP 2 2000"),
        Send("-ERR internal error\r\n"),
        Line("LIST 2"),
        Send("-ERR internal error\r\n"),
    ];
    let (script, mut mailbox, items) = opened(CAPA, steps);
    assert_eq!(bodies(&mut mailbox, &items).len(), 2);
    let mark = mailbox.watermark(None).unwrap();
    assert!(mark.0.starts_with("1:"), "{mark:?}");
    drop(mailbox);
    script.finish();
    let (_script, mut mailbox, _) = opened(CAPA, Vec::new());
    let listing = mailbox.list(Some(&mark)).unwrap();
    assert_eq!((listing.there, listing.items), (3, items[1..].to_vec()));
}

#[test]
fn who_only_looks_asks_by_top_and_by_retr_only_where_that_is_refused() {
    let steps = vec![
        Line("TOP 1 2147483647"),
        Send("+OK\r\na\r\n.\r\n"),
        Line("TOP 2 2147483647"),
        Send("-ERR what\r\n"),
        Line("RETR 2"),
        Send("+OK\r\nb\r\n.\r\n"),
    ];
    let script = Script::pop3(CAPA, listing().into_iter().chain(steps).collect());
    let mut mailbox = connect_as(&plain(script.port), Access::ReadOnly, 1_000_000).unwrap();
    let items = listed(&mut mailbox);
    let expected = [got("a", "a\r\n", Extent::Whole), got("b", "b\r\n", Extent::Whole)];
    assert_eq!(bodies(&mut mailbox, &items[..2]), expected);
    assert_eq!(mailbox.close().unwrap(), []);
    script.finish();
}

#[test]
fn servers_that_are_wrong_about_sizes_fill_no_memory() {
    let large = [b"+OK\r\n".to_vec(), b"0123456789\r\n".repeat(75_000), b".\r\n".to_vec()].concat();
    let retr = |number| [Line(number), SendOwned(large.clone())];
    let steps = ["RETR 1", "RETR 2", "RETR 3"].into_iter().flat_map(retr).collect();
    let (script, mut mailbox, items) = opened(CAPA, steps);
    let fetched = bodies(&mut mailbox, &items);
    assert_eq!(fetched.len(), 1, "the others are left to the next run");
    assert_eq!((fetched[0].1.len(), &fetched[0].2), (900_000, &Extent::Whole));
    assert!(mailbox.watermark(None).unwrap().0.starts_with("1:"));
    drop(mailbox);
    script.finish();
}

#[test]
fn listings_are_bounded() {
    let lines = |count: usize| "1 1\r\n".repeat(count).into_bytes();
    for (count, answer, expected) in [
        ("+OK 2 9\r\n", [b"+OK\r\n".to_vec(), lines(10_000)].concat(), "a listing without end"),
        ("+OK 2 9\r\n", [b"+OK\r\n1 ".to_vec(), vec![b'1'; 100_000]].concat(), "a line without end"),
        ("+OK 2 9\r\n", b"+OK\r\n1 1\r\n".to_vec(), "mailbox.connect: "),
        ("+OK 2 9\r\n", b"-ERR no\r\n".to_vec(), "does not list"),
        ("+OK 4000000000 9\r\n", Vec::new(), "at most 1000000"),
        ("+OK none\r\n", Vec::new(), "no numbers"),
        ("-ERR no\r\n", Vec::new(), "does not list"),
    ] {
        let script = Script::pop3(CAPA, vec![Line("STAT"), Send(count), Line("LIST"), SendOwned(answer)]);
        let mut mailbox = connect(&plain(script.port)).unwrap();
        let text = told(mailbox.list(None));
        assert!(text.contains(expected), "{text}");
    }
    let script = Script::start(vec![
        Send("+OK\r\n"),
        Line("CAPA"),
        SendOwned(b"+OK\r\n".iter().copied().chain(lines(10_000)).collect()),
    ]);
    let text = told(connect(&plain(script.port)));
    assert!(text.contains("a listing without end"), "{text}");
    let script = Script::pop3(CAPA, vec![Line("STAT"), Send("+OK 0 0\r\n")]);
    assert_eq!(listed(&mut connect(&plain(script.port)).unwrap()), []);
    script.finish();
}

#[test]
fn a_silent_or_dripping_server_runs_out_of_time() {
    let short = |port| Server { timeout: Duration::from_millis(200), ..plain(port) };
    let script = Script::start(vec![Sleep(Duration::from_millis(600))]);
    let text = told(connect(&short(script.port)));
    assert!(text.starts_with("mailbox.timeout: ") && text.contains("set \"tls\" to \"implicit\""), "{text}");

    let drip = (0..200).flat_map(|_| [Send("1 1\r\n"), Sleep(Duration::from_millis(50))]);
    let listing = [Line("STAT"), Send("+OK 1000 9\r\n"), Line("LIST"), Send("+OK\r\n")];
    let script = Script::pop3(CAPA, listing.into_iter().chain(drip).collect());
    let mut mailbox = connect(&short(script.port)).unwrap();
    let text = told(mailbox.list(None));
    assert!(text.starts_with("mailbox.timeout: ") && text.contains("too slowly"), "{text}");
}

#[test]
fn a_pipelining_server_gets_a_window_of_commands_and_another_one_at_a_time() {
    let (script, mut mailbox, items) = opened(
        PIPELINING,
        vec![
            Line("DELE 1"),
            Line("DELE 2"),
            Line("DELE 3"),
            Send("+OK\r\n-ERR no\r\n+OK\r\n"),
            Line("QUIT"),
            Send("+OK\r\n"),
        ],
    );
    let delete: Vec<_> = items.iter().map(|item| first(&item.key, Disposition::Delete)).collect();
    assert_eq!(mailbox.acknowledge(&delete).unwrap(), []);
    let heard = mailbox.close().unwrap();
    assert_eq!(heard, ["a", "c"].map(|key| ItemKey(key.to_owned())), "the refused one stays owed");
    script.finish();
}

#[test]
fn only_a_good_answer_to_quit_settles_what_was_deleted() {
    for (answer, expected) in [
        (Send("-ERR some deleted messages not removed\r\n"), "mailbox.folder: "),
        (Send("+OK"), "mailbox.connect: "),
        (Send(""), "mailbox.connect: "),
    ] {
        let steps = vec![Line("DELE 1"), Send("+OK\r\n"), Line("QUIT"), answer];
        let (_script, mut mailbox, items) = opened(CAPA, steps);
        assert_eq!(mailbox.acknowledge(&[first(&items[0].key, Disposition::Delete)]).unwrap(), []);
        let text = told(mailbox.close());
        assert!(text.starts_with(expected), "{text}");
    }
    let (script, mut mailbox, _) = opened(CAPA, vec![Line("QUIT")]);
    assert_eq!(mailbox.close().unwrap(), [], "where nothing was deleted a rude end does no harm");
    script.finish();
}
