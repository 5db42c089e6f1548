//! Scripted servers: what a real one will not do.

use std::time::Duration;

use helpdesk_mail::mailbox::imap::ImapMailbox;
use helpdesk_mail::mailbox::{Mailbox as _, MailboxError, Reader as _, Server, Tls};
use helpdesk_mail::model::item::{Disposition, Extent, ItemKey, Listed};

use crate::support::account::{connect, first, plain, told};
use crate::support::script::{Script, Step};

use Step::{Expect, Send, SendOwned, Sleep};

const SELECTED: &str =
    "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 10] x\r\nTAG OK [READ-WRITE] x\r\n";

/// A mailbox whose INBOX is open, and whose server goes on with the steps.
fn opened(steps: Vec<Step>) -> (Script, ImapMailbox) {
    let mut all = vec![Expect("SELECT"), Send(SELECTED)];
    all.extend(steps);
    let script = Script::after_login("IMAP4rev1 UIDPLUS MOVE", all);
    let mut mailbox = connect(&plain(script.port)).unwrap();
    mailbox.open("INBOX").unwrap();
    (script, mailbox)
}

fn item(uid: u32) -> Listed {
    Listed { key: ItemKey(format!("7:{uid}")), size: Some(100), arrived: None }
}

fn bodies(mailbox: &mut ImapMailbox, uids: &[u32]) -> Vec<(String, String, Extent)> {
    let items: Vec<Listed> = uids.iter().copied().map(item).collect();
    let fetched = mailbox.fetch(&items).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    fetched.into_iter().map(|item| (item.listed.key.0, text(item.bytes), item.extent)).collect()
}

fn whole(key: &str, body: &str) -> (String, String, Extent) {
    (key.to_owned(), body.to_owned(), Extent::Whole)
}

#[test]
fn odd_answers_to_select_and_list_are_understood() {
    let script = Script::after_login(
        "IMAP4rev1",
        vec![
            Expect("SELECT"),
            Send(
                "* NO [ALERT] disk \u{fc}ber 90%\r\n* 3  EXISTS \r\n* BAD x\n* XFROB y\r\n\r\n* OK [UIDVALIDITY 7]\r\n\
                 * OK [UIDNEXT 10] d\u{e9}j\u{e0}\r\n* OK [NOMODSEQ] x\r\nTAG OK\r\n",
            ),
            Expect("UID FETCH 1:*"),
            Send(
                "* OK Searched 91% of the mailbox\r\n* 1 FETCH (UID 5 INTERNALDATE NIL RFC822.SIZE 9999999999 FLAGS ())\r\n\
                 * 2  FETCH  (FLAGS (\\Seen $gr\u{fc}n)  UID 6 )\r\n* 2 FETCH (FLAGS (\\Answered))\r\n* 4 EXISTS\r\n\
                 * 3 FETCH ()\r\n* 3 FETCH (UID 8 FLAGS (\\deleted) EMAILID (M1) SAVEDATE NIL)\r\nTAG OK done\r\n",
            ),
        ],
    );
    let mut mailbox = connect(&plain(script.port)).unwrap();
    mailbox.open("INBOX").unwrap();
    let listing = mailbox.list(None).unwrap();
    assert_eq!(listing.there, 2);
    let told: Vec<_> = listing.items.iter().map(|item| (item.key.0.as_str(), item.size)).collect();
    assert_eq!(told, [("7:5", Some(9_999_999_999)), ("7:6", None)]);
    assert_eq!(mailbox.watermark(None).unwrap().0, "7:8");
    drop(mailbox);
    script.finish();
}

#[test]
fn flags_told_by_the_way_do_not_confuse_a_fetch() {
    let (script, mut mailbox) = opened(vec![
        Expect("UID FETCH 5:7 (UID BODY.PEEK[])"),
        Send(
            "* 1 FETCH (FLAGS (\\Seen))\r\n* 2 FETCH (UID 6 FLAGS (\\Seen))\r\n* 1 FETCH (BODY[] {3}\r\none UID 5)\r\n\
             * 9 FETCH (UID 99 BODY[] {3}\r\nxxx)\r\n* 3 FETCH (UID 7 BODY[] \"three\")\r\n* 2 EXPUNGE\r\nTAG OK x\r\n",
        ),
        Expect("NOOP"),
        Send("TAG OK x\r\n"),
        Expect("UID FETCH 6 (UID)"),
        Send("TAG OK x\r\n"),
    ]);
    assert_eq!(bodies(&mut mailbox, &[5, 6, 7]), [whole("7:5", "one"), whole("7:7", "three")]);
    drop(mailbox);
    script.finish();
}

#[test]
fn a_message_that_the_server_cannot_give_costs_no_other() {
    let (script, mut mailbox) = opened(vec![
        Expect("UID FETCH 5:7 (UID BODY.PEEK[])"),
        Send("* 1 FETCH (UID 5 BODY[] {3}\r\none)\r\nTAG NO some messages could not be fetched\r\n"),
        Expect("UID FETCH 6 (UID BODY.PEEK[])"),
        Send("TAG NO broken\r\n"),
        Expect("UID FETCH 6 (UID BODY.PEEK[HEADER])"),
        Send("* 2 FETCH (UID 6 BODY[HEADER] {8}\r\nA: b\r\n\r\n)\r\nTAG OK x\r\n"),
        Expect("UID FETCH 7 (UID BODY.PEEK[])"),
        Send("TAG NO broken\r\n"),
        Expect("UID FETCH 7 (UID BODY.PEEK[HEADER])"),
        Send("* 3 FETCH (UID 7 BODY[HEADER] NIL)\r\nTAG OK x\r\n"),
        Expect("NOOP"),
        Send("TAG OK x\r\n"),
        Expect("UID FETCH 7 (UID)"),
        Send("* 3 FETCH (UID 7)\r\nTAG OK x\r\n"),
    ]);
    let beginning = |key: &str, text: &str| (key.to_owned(), text.to_owned(), Extent::Beginning);
    let why = "the server has it and sends neither it nor its headers".to_owned();
    let nothing = ("7:7".to_owned(), String::new(), Extent::Nothing { why });
    let expected = [whole("7:5", "one"), beginning("7:6", "A: b\r\n\r\n"), nothing];
    assert_eq!(bodies(&mut mailbox, &[5, 6, 7]), expected);
    drop(mailbox);
    script.finish();
}

#[test]
fn a_message_that_a_clean_answer_leaves_out_is_asked_for_alone() {
    let (script, mut mailbox) = opened(vec![
        Expect("UID FETCH 5:7 (UID BODY.PEEK[])"),
        Send("* 1 FETCH (UID 5 BODY[] {3}\r\none)\r\nTAG OK x\r\n"),
        Expect("NOOP"),
        Send("TAG OK x\r\n"),
        Expect("UID FETCH 6:7 (UID)"),
        Send("* 2 FETCH (UID 7)\r\nTAG OK x\r\n"),
        Expect("UID FETCH 7 (UID BODY.PEEK[])"),
        Send("* 2 FETCH (UID 7 BODY[] {5}\r\nthree)\r\nTAG OK x\r\n"),
    ]);
    assert_eq!(bodies(&mut mailbox, &[5, 6, 7]), [whole("7:5", "one"), whole("7:7", "three")]);
    drop(mailbox);
    script.finish();
}

#[test]
fn a_message_without_a_size_does_not_hide_its_neighbours() {
    let (script, mut mailbox) = opened(vec![
        Expect("UID FETCH 1:* (UID RFC822.SIZE INTERNALDATE FLAGS)"),
        Send("* 1 FETCH (UID 5 RFC822.SIZE 9 FLAGS ())\r\nTAG NO [SERVERBUG] damaged\r\n"),
        Expect("UID FETCH 1:* (UID FLAGS)"),
        Send(
            "* 1 FETCH (UID 5 FLAGS ())\r\n* 2 FETCH (UID 6 FLAGS ())\r\n* 3 FETCH (UID 7 FLAGS (\\Deleted))\r\nTAG OK x\r\n",
        ),
    ]);
    let listed: Vec<_> =
        mailbox.list(None).unwrap().items.into_iter().map(|item| (item.key.0, item.size)).collect();
    assert_eq!(listed, [("7:5".to_owned(), Some(9)), ("7:6".to_owned(), None)]);
    drop(mailbox);
    script.finish();
    for (first, second) in [("TAG NO [UNAVAILABLE] later\r\n", None), ("TAG NO x\r\n", Some("TAG NO x\r\n"))]
    {
        let mut steps = vec![Expect("UID FETCH 1:*"), Send(first)];
        steps.extend(second.into_iter().flat_map(|text| [Expect("UID FETCH 1:* (UID FLAGS)"), Send(text)]));
        let (script, mut mailbox) = opened(steps);
        let text = told(mailbox.list(None));
        assert!(text.starts_with("mailbox.folder: "), "{text}");
        drop(mailbox);
        script.finish();
    }
}

#[test]
fn what_is_expected_and_what_is_told_leave_before_the_answers_to_what_was_asked() {
    let (script, mut mailbox) = opened(vec![
        Expect("UID FETCH 5 "),
        Expect("UID FETCH 6 "),
        // Whose a message is says its UID, in whatever order the commands end.
        Send(
            "* 2 FETCH (UID 6 BODY[] {3}\r\ntwo)\r\n* 1 FETCH (UID 5 BODY[] {3}\r\none)\r\nh2 OK x\r\nh1 OK x\r\n",
        ),
        Expect("UID STORE 5 "),
        Send("h3 OK x\r\n"),
        Expect("UID STORE 6 "),
        Send("h4 OK x\r\n"),
    ]);
    mailbox.expect(vec![vec![item(6)]]);
    for (uid, text) in [(5, "one"), (6, "two")] {
        let fetched = mailbox.fetch(&[item(uid)]).unwrap();
        assert_eq!(fetched.iter().map(|one| one.bytes.as_slice()).collect::<Vec<_>>(), [text.as_bytes()]);
    }
    let seen = |uid| [first(&item(uid).key, Disposition::Seen)];
    assert_eq!(mailbox.acknowledge(&seen(5)).unwrap(), []);
    assert_eq!(mailbox.acknowledge(&seen(6)).unwrap(), []);
    assert_eq!(mailbox.settle().heard, [item(5).key, item(6).key]);
    drop(mailbox);
    script.finish();
}

#[test]
fn a_server_that_bears_nothing_ahead_is_asked_one_by_one() {
    let (script, mut mailbox) = opened(vec![
        Expect("UID FETCH 5 "),
        Expect("UID FETCH 6 "),
        Send("* 1 FETCH (UID 5 BODY[] {3}\r\none)\r\nh1 OK x\r\nh2 BAD command in progress\r\n"),
        Expect("UID FETCH 6 "),
        Send("* 2 FETCH (UID 6 BODY[] {3}\r\ntwo)\r\nTAG OK x\r\n"),
        Expect("UID STORE 5 "),
        Send("TAG OK x\r\n"),
        Expect("UID FETCH 7 "),
        Send("* 3 FETCH (UID 7 BODY[] {5}\r\nthree)\r\nTAG OK x\r\n"),
    ]);
    mailbox.expect(vec![vec![item(6)]]);
    assert_eq!(bodies(&mut mailbox, &[5]), [whole("7:5", "one")]);
    mailbox.expect(Vec::new());
    assert_eq!(bodies(&mut mailbox, &[6]), [whole("7:6", "two")]);
    mailbox.expect(vec![vec![item(7)]]);
    let seen = [first(&item(5).key, Disposition::Seen)];
    assert_eq!(mailbox.acknowledge(&seen).unwrap(), [item(5).key], "it is waited for");
    assert_eq!(bodies(&mut mailbox, &[7]), [whole("7:7", "three")]);
    drop(mailbox);
    script.finish();
}

#[test]
fn nothing_that_was_asked_or_told_ahead_counts_in_another_folder() {
    let (script, mut mailbox) = opened(vec![
        Expect("UID FETCH 5 "),
        Expect("UID FETCH 6 "),
        Send(
            "* 1 FETCH (UID 5 BODY[] {3}\r\none)\r\nh1 OK x\r\n* 2 FETCH (UID 6 BODY[] {3}\r\ntwo)\r\nh2 OK x\r\n",
        ),
        Expect("UID STORE 5 +FLAGS.SILENT (\\Deleted)"),
        Send("h3 OK x\r\n"),
        // No EXPUNGE, and the other folder's own message of that UID.
        Expect("SELECT \"Other\""),
        Send(SELECTED),
        Expect("UID FETCH 6 "),
        Send("* 1 FETCH (UID 6 BODY[] {5}\r\nother)\r\nTAG OK x\r\n"),
        Expect("LOGOUT"),
        Send("* BYE x\r\nTAG OK x\r\n"),
    ]);
    mailbox.expect(vec![vec![item(6)]]);
    assert_eq!(bodies(&mut mailbox, &[5]), [whole("7:5", "one")]);
    assert_eq!(mailbox.acknowledge(&[first(&item(5).key, Disposition::Delete)]).unwrap(), []);
    mailbox.open("Other").unwrap();
    assert_eq!(bodies(&mut mailbox, &[6]), [whole("7:6", "other")]);
    assert_eq!(mailbox.close().unwrap(), [], "what was not heard of stays owed");
    drop(mailbox);
    script.finish();
}

#[test]
fn what_a_folder_has_heard_of_is_told_beside_what_it_refused() {
    let (script, mut mailbox) = opened(vec![
        Expect("UID STORE 5 "),
        Expect("UID MOVE 6 "),
        Send("h1 OK x\r\nh2 NO [TRYCREATE] no\r\n"),
        // Whether it was for the company.
        Expect("UID MOVE 6 "),
        Send("TAG NO [TRYCREATE] no\r\n"),
    ]);
    let tell = [
        first(&item(5).key, Disposition::Seen),
        first(&item(6).key, Disposition::Move("Nowhere".to_owned())),
    ];
    assert_eq!(mailbox.acknowledge(&tell).unwrap(), []);
    let settled = mailbox.settle();
    assert_eq!(settled.heard, [item(5).key]);
    assert!(told(settled.end).contains("create the folder on the server"));
    assert!(!mailbox.is_unsettled());
    drop(mailbox);
    script.finish();
}

#[test]
fn a_session_that_breaks_while_a_folder_is_told_is_made_again_and_told_anew() {
    let steps = |more: Vec<Step>| {
        let selected = [Expect("SELECT"), Send(SELECTED)];
        Script::login_steps("IMAP4rev1 UIDPLUS MOVE", selected.into_iter().chain(more).collect())
    };
    let script = Script::start_each(vec![
        steps(vec![Expect("UID STORE 5 "), Send("* BYE going down\r\n")]),
        steps(vec![
            Expect("UID STORE 5 "),
            Send("TAG OK x\r\n"),
            Expect("UID STORE 6 "),
            Send("TAG OK x\r\n"),
            Expect("UID FETCH 7 "),
            Send("* 3 FETCH (UID 7 BODY[] {5}\r\nthree)\r\nTAG OK x\r\n"),
        ]),
    ]);
    let mut mailbox = connect(&plain(script.port)).unwrap();
    mailbox.open("INBOX").unwrap();
    let seen = |uid| [first(&item(uid).key, Disposition::Seen)];
    assert_eq!(mailbox.acknowledge(&seen(5)).unwrap(), []);
    assert_eq!(mailbox.acknowledge(&seen(6)).unwrap(), []);
    assert!(mailbox.is_unsettled());
    assert_eq!(bodies(&mut mailbox, &[7]), [whole("7:7", "three")]);
    assert_eq!(mailbox.settle().heard, [item(5).key, item(6).key]);
    drop(mailbox);
    script.finish();
}

#[test]
fn a_session_that_breaks_while_a_folder_is_told_for_the_last_time_says_why() {
    let (_script, mut mailbox) = opened(vec![Expect("UID STORE 5 "), Send("* BYE overloaded\r\n")]);
    let seen = |uid| [first(&item(uid).key, Disposition::Seen)];
    mailbox.acknowledge(&seen(5)).unwrap();
    mailbox.acknowledge(&seen(6)).unwrap();
    let settled = mailbox.settle();
    assert_eq!(settled.heard, []);
    assert!(told(settled.end).contains("overloaded"));
}

#[test]
fn a_session_that_breaks_over_a_copy_ends_what_the_folder_is_told() {
    let steps = vec![
        Expect("SELECT"),
        Send(SELECTED),
        Expect("UID STORE 5 "),
        Send("h1 OK x\r\n"),
        Expect("UID COPY 6 "),
        Send("* BYE overloaded\r\n"),
    ];
    let script = Script::after_login("IMAP4rev1 UIDPLUS", steps);
    let mut mailbox = connect(&plain(script.port)).unwrap();
    mailbox.open("INBOX").unwrap();
    let tell =
        [first(&item(5).key, Disposition::Seen), first(&item(6).key, Disposition::Move("Done".to_owned()))];
    assert!(told(mailbox.acknowledge(&tell)).contains("overloaded"));
    let settled = mailbox.settle();
    assert_eq!(settled.heard, [item(5).key], "what was answered before counts");
    settled.end.expect("it was told");
}

#[test]
fn what_was_sent_ahead_is_answered_before_a_folder_is_listed() {
    let (script, mut mailbox) = opened(vec![
        Expect("UID FETCH 5 "),
        Expect("UID FETCH 6 "),
        Send(
            "* 1 FETCH (UID 5 BODY[] {3}\r\none)\r\nh1 OK x\r\n* 2 FETCH (UID 6 BODY[] {3}\r\ntwo)\r\nh2 OK x\r\n",
        ),
        Expect("UID FETCH 1:* "),
        Send("* 1 FETCH (UID 5 RFC822.SIZE 3)\r\n* 2 FETCH (UID 6 RFC822.SIZE 3)\r\nTAG OK x\r\n"),
    ]);
    mailbox.expect(vec![vec![item(6)]]);
    assert_eq!(mailbox.fetch(&[item(5)]).unwrap().len(), 1);
    let listed: Vec<_> = mailbox.list(None).unwrap().items.into_iter().map(|item| item.key).collect();
    assert_eq!(listed, [item(5).key, item(6).key]);
    assert_eq!(mailbox.fetch(&[item(6)]).unwrap().len(), 1, "what came meanwhile is kept");
    drop(mailbox);
    script.finish();
}

/// Fetches one item in vain and gives the reason.
fn cut_short(mailbox: &mut ImapMailbox) -> Result<(), MailboxError> {
    assert_eq!(mailbox.fetch(&[item(5)]).unwrap(), []);
    mailbox.cut_short().map_or(Ok(()), Err)
}

#[test]
fn a_server_that_breaks_off_ends_the_session() {
    for (step, expected) in [
        (Send("* 1 FETCH (UID 5 BODY[] {300}\r\none"), "mailbox.connect: no connection to server"),
        (Send("* BYE going d\u{f6}wn\r\n"), "the server ended the session: going döwn"),
        (Send("a999 OK other\r\n"), "mailbox.protocol: "),
        (Send("garbage\r\n"), "mailbox.protocol: "),
        (SendOwned(vec![b'x'; 3_000_000]), "mailbox.protocol: "),
    ] {
        let (_script, mut mailbox) = opened(vec![Expect("UID FETCH"), step]);
        let text = told(cut_short(&mut mailbox));
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("one"), "mail is in the error: {text}");
        let text = told(mailbox.list(None));
        assert!(text.contains("the session ended earlier"), "{text}");
        mailbox.close().expect("there is nothing left to close");
    }
}

#[test]
fn a_silent_or_dripping_server_runs_out_of_time() {
    let script = Script::start(vec![Sleep(Duration::from_millis(600))]);
    let text = told(connect(&Server { timeout: Duration::from_millis(200), ..plain(script.port) }));
    assert!(text.starts_with("mailbox.timeout: ") && text.contains("set \"tls\" to \"implicit\""), "{text}");

    let script = Script::start(vec![Sleep(Duration::from_millis(600))]);
    let imap = Server { timeout: Duration::from_millis(200), tls: Tls::Implicit, ..plain(script.port) };
    let text = told(connect(&imap));
    assert!(text.starts_with("mailbox.timeout: no answer in time from server"), "{text}");

    let drip = (0..200).flat_map(|_| [Send("* 1 EXISTS\r\n"), Sleep(Duration::from_millis(50))]);
    let script = Script::after_login("IMAP4rev1", [Expect("SELECT")].into_iter().chain(drip).collect());
    let mut mailbox = connect(&Server { timeout: Duration::from_millis(200), ..plain(script.port) }).unwrap();
    let text = told(mailbox.open("INBOX"));
    assert!(text.starts_with("mailbox.timeout: ") && text.contains("too slowly"), "{text}");
}

/// One octet before each time-out strikes, at every stage of a session.
#[test]
fn a_server_that_drips_octets_is_left_at_every_stage() {
    let drip = |text: &'static str| {
        text.as_bytes().iter().flat_map(|octet| [SendOwned(vec![*octet]), Sleep(Duration::from_millis(50))])
    };
    let slow = "* OK a greeting, and later an answer, that takes its time and a second and a half in all";
    let greeting = vec![Send("* OK ready\r\n")];
    let capable = [Expect("CAPABILITY"), Send("* CAPABILITY IMAP4rev1 STARTTLS\r\nTAG OK x\r\n")];
    let [expect, offer] = capable;
    let stages: Vec<(Tls, Vec<Step>)> = vec![
        (Tls::None, vec![]),
        (Tls::Implicit, vec![]),
        (Tls::StartTls, vec![Send("* OK ready\r\n"), Expect("CAPABILITY")]),
        (
            Tls::StartTls,
            greeting.into_iter().chain([expect, offer, Expect("STARTTLS"), Send("TAG OK go\r\n")]).collect(),
        ),
        (
            Tls::None,
            vec![
                Send("* OK ready\r\n"),
                Expect("CAPABILITY"),
                Send("* CAPABILITY IMAP4rev1\r\nTAG OK x\r\n"),
                Expect("LOGIN"),
            ],
        ),
    ];
    for (stage, (tls, steps)) in stages.into_iter().enumerate() {
        // A record of TLS that announces far more than comes.
        let tls_record = (tls == Tls::Implicit || stage == 3).then(|| SendOwned(vec![0x16, 3, 3, 0x40, 0]));
        let script = Script::start(steps.into_iter().chain(tls_record).chain(drip(slow)).collect());
        let text = told(connect(&Server { timeout: Duration::from_millis(100), tls, ..plain(script.port) }));
        assert!(text.starts_with("mailbox.timeout: "), "{stage}: {text}");
    }
}

#[test]
fn a_message_that_drips_or_never_ends_is_left() {
    let drip = (0..100).flat_map(|_| [Send("x"), Sleep(Duration::from_millis(50))]);
    let steps =
        [Expect("SELECT"), Send(SELECTED), Expect("UID FETCH"), Send("* 1 FETCH (UID 5 BODY[] {300}\r\n")];
    let script = Script::after_login("IMAP4rev1", steps.into_iter().chain(drip).collect());
    let mut mailbox = connect(&Server { timeout: Duration::from_millis(700), ..plain(script.port) }).unwrap();
    mailbox.open("INBOX").unwrap();
    let text = told(cut_short(&mut mailbox));
    assert!(text.starts_with("mailbox.timeout: ") && text.contains("too slowly"), "{text}");
}

#[test]
fn a_server_without_uidvalidity_is_refused_and_one_without_uidnext_lists_all() {
    let selects = |answer| Script::after_login("IMAP4rev1", vec![Expect("SELECT"), Send(answer)]);
    let script = selects("* 1 EXISTS\r\n* OK [UIDNEXT 10] x\r\nTAG OK x\r\n");
    let text = told(connect(&plain(script.port)).unwrap().open("INBOX"));
    assert!(text.starts_with("mailbox.folder: ") && text.contains("tells no UIDVALIDITY"), "{text}");

    let script = selects("* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nTAG OK x\r\n");
    let mut mailbox = connect(&plain(script.port)).unwrap();
    mailbox.open("INBOX").unwrap();
    assert_eq!(mailbox.list(None).unwrap().there, 0);
    assert_eq!(mailbox.watermark(None), None);

    let listed = [
        Expect("SELECT"),
        Send("* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\nTAG OK x\r\n"),
        Expect("UID FETCH 1:*"),
        Send("* 1 FETCH (UID 5 FLAGS ())\r\nTAG OK x\r\n"),
    ];
    let script = Script::after_login("IMAP4rev1", listed.into());
    let mut mailbox = connect(&plain(script.port)).unwrap();
    mailbox.open("INBOX").unwrap();
    assert_eq!(mailbox.list(None).unwrap().items.len(), 1);
}

#[test]
fn logging_out_says_goodbye_and_dropping_says_nothing() {
    let (script, mut mailbox) = opened(vec![Expect("LOGOUT"), Send("* BYE bye\r\nTAG OK done\r\n")]);
    mailbox.close().unwrap();
    script.finish();
    let (script, mailbox) = opened(vec![]);
    drop(mailbox);
    assert_eq!(script.sent().last().unwrap(), "SELECT \"INBOX\"");
}

/// A hostile mail of many short lines costs a server's bandwidth and nothing else.
#[test]
fn many_short_lines_are_as_fast_as_long_ones() {
    let mail = b"\r\n".repeat(5_000_000);
    let head = format!("* 1 FETCH (UID 5 BODY[] {{{}}}\r\n", mail.len());
    let (_script, mut mailbox) = opened(vec![
        Expect("UID FETCH"),
        SendOwned([head.as_bytes(), &mail, b")\r\n"].concat()),
        Send("TAG OK x\r\n"),
    ]);
    let fetched = mailbox.fetch(&[item(5)]).unwrap();
    assert_eq!((fetched[0].bytes.len(), fetched[0].extent.clone()), (1_000_000, Extent::Beginning));
}
