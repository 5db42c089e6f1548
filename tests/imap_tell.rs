//! Telling a real Dovecot what became of items; scripted servers where one is needed without its extensions.

use helpdesk_mail::mailbox::Access;
use helpdesk_mail::mailbox::imap::ImapMailbox;
use helpdesk_mail::mailbox::{Mailbox as _, Reader as _, Tls};
use helpdesk_mail::model::ids::MessageId;
use helpdesk_mail::model::item::{Acknowledgement, Disposition, ItemKey, Telling};

use crate::support::account::{connect, connect_as, first, heard, on, plain, told};
use crate::support::dovecot::{Dovecot, Options};
use crate::support::script::{Script, Step};

fn mail(n: usize) -> Vec<u8> {
    format!("Subject: {n}\r\nMessage-ID: <number-{n}@example.org>\r\n\r\nhello\r\n").into_bytes()
}

/// A server with five messages in INBOX, the fourth flagged by somebody else, and the folder `Done`.
fn with_five(capability: Option<&'static str>) -> (Dovecot, ImapMailbox, Vec<ItemKey>) {
    let server = Dovecot::start_with(Options { capability, ..Options::default() });
    server.create_folder("support", "Done");
    (1..=5).for_each(|n| server.deliver("support", "INBOX", &mail(n)));
    let mut mailbox = connect(&on(&server, Tls::None)).unwrap();
    mailbox.open("INBOX").unwrap();
    let keys = mailbox.list(None).unwrap().items.into_iter().map(|item| item.key).collect();
    let mut other = server.session("support");
    other.run("SELECT INBOX");
    other.run("UID STORE 4 +FLAGS (\\Deleted)");
    (server, mailbox, keys)
}

fn again(key: &ItemKey, n: usize, disposition: Disposition) -> Acknowledgement {
    let message_id = MessageId::new(&format!("<number-{n}@example.org>"));
    Acknowledgement { message_id, telling: Telling::Again, ..first(key, disposition) }
}

fn done() -> Disposition {
    Disposition::Move("Done".to_owned())
}

#[test]
fn each_disposition_is_one_command_and_leaves_others_alone() {
    let (server, mut mailbox, keys) = with_five(None);
    server.forget_commands();
    let items = [
        first(&keys[0], Disposition::Seen),
        first(&keys[1], Disposition::Delete),
        first(&keys[2], done()),
        first(&keys[4], Disposition::Seen),
    ];
    let mut all = heard(&mut mailbox, &items).unwrap();
    all.sort_unstable();
    assert_eq!(all, [&keys[0], &keys[1], &keys[2], &keys[4]].map(Clone::clone));
    heard(&mut mailbox, &items).expect("telling it twice is harmless");
    mailbox.close().unwrap();
    assert_eq!(server.flags("support", "INBOX"), ["1 \\Seen", "4 \\Deleted", "5 \\Seen"]);
    assert_eq!(server.flags("support", "Done"), ["1"]);
}

#[test]
fn without_move_a_message_is_copied_once_however_often_it_is_told() {
    let (server, mut mailbox, keys) = with_five(Some("IMAP4rev1 UIDPLUS"));
    // A run that died between COPY and STORE.
    let mut other = server.session("support");
    other.run("SELECT INBOX");
    other.run("UID COPY 1 Done");
    let items = [again(&keys[0], 1, done()), again(&keys[1], 2, done()), first(&keys[2], done())];
    heard(&mut mailbox, &items).unwrap();
    assert_eq!(server.flags("support", "INBOX"), ["4 \\Deleted", "5"]);
    assert_eq!(server.flags("support", "Done").len(), 3);
    heard(&mut mailbox, &items.clone().map(|item| Acknowledgement { telling: Telling::Again, ..item }))
        .unwrap();
    assert_eq!(server.flags("support", "Done").len(), 3);
    assert!(mailbox.watermark(None).unwrap().0.ends_with(":6"));
}

#[test]
fn without_uidplus_messages_are_only_flagged() {
    let (server, mut mailbox, keys) = with_five(Some("IMAP4rev1"));
    mailbox.acknowledge(&[first(&keys[0], Disposition::Delete), first(&keys[1], done())]).unwrap();
    mailbox.close().unwrap();
    assert_eq!(server.flags("support", "INBOX"), ["1 \\Deleted", "2 \\Deleted", "3", "4 \\Deleted", "5"]);
    assert_eq!(server.flags("support", "Done").len(), 1);
}

#[test]
fn a_missing_target_is_told_and_not_created() {
    for capability in [None, Some("IMAP4rev1 UIDPLUS")] {
        let (server, mut mailbox, keys) = with_five(capability);
        let nowhere = || Disposition::Move("Nowhere".to_owned());
        for item in [first(&keys[0], nowhere()), again(&keys[0], 1, nowhere())] {
            let text = told(heard(&mut mailbox, &[item]));
            assert!(text.starts_with("mailbox.folder: cannot use folder \"Nowhere\" of server"), "{text}");
            assert!(
                text.contains("create the folder on the server") || text.contains("not created"),
                "{text}"
            );
            mailbox.open("INBOX").unwrap();
        }
        assert_eq!(server.flags("support", "INBOX"), ["1", "2", "3", "4 \\Deleted", "5"]);
        assert!(!server.session("support").run("LIST \"\" *").iter().any(|line| line.contains("Nowhere")));
    }
}

#[test]
fn an_item_that_is_gone_counts_as_told() {
    let (server, mut mailbox, keys) = with_five(None);
    let mut other = server.session("support");
    other.run("SELECT INBOX");
    other.run("UID STORE 1 +FLAGS (\\Deleted)");
    other.run("UID EXPUNGE 1");
    let foreign = ItemKey("1:5".to_owned());
    for disposition in [Disposition::Seen, Disposition::Delete, done()] {
        let items = [first(&keys[0], disposition.clone()), first(&foreign, disposition)];
        assert_eq!(heard(&mut mailbox, &items).unwrap(), [foreign.clone(), keys[0].clone()]);
    }
    assert_eq!(server.flags("support", "INBOX"), ["2", "3", "4 \\Deleted", "5"]);
}

#[test]
fn a_reader_cannot_tell() {
    let (server, _, keys) = with_five(None);
    let mut mailbox = connect_as(&on(&server, Tls::None), Access::ReadOnly, 1000).unwrap();
    mailbox.open("INBOX").unwrap();
    let text = told(mailbox.acknowledge(&[first(&keys[0], Disposition::Seen)]));
    assert!(text.starts_with("mailbox.folder: ") && text.contains("read-only"), "{text}");
    assert_eq!(server.flags("support", "INBOX"), ["1", "2", "3", "4 \\Deleted", "5"]);
}

#[test]
fn a_folder_that_the_server_protects_is_told() {
    use Step::{Expect, Send};
    let script = Script::after_login(
        "IMAP4rev1 UIDPLUS",
        vec![
            Expect("SELECT"),
            Send(
                "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 2] x\r\nTAG OK [READ-ONLY] shared\r\n",
            ),
        ],
    );
    let mut mailbox = connect(&plain(script.port)).unwrap();
    mailbox.open("INBOX").unwrap();
    let text = told(mailbox.acknowledge(&[first(&ItemKey("7:1".to_owned()), Disposition::Seen)]));
    assert!(text.contains("on_success") && text.contains("read-only"), "{text}");
}

#[test]
fn long_lists_are_told_in_commands_of_a_fair_length() {
    use Step::{Expect, Send};
    let mut steps = vec![
        Expect("SELECT"),
        Send("* 9000 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 9001] x\r\nTAG OK [READ-WRITE] x\r\n"),
    ];
    for _ in 0..6 {
        steps.extend([Expect("UID STORE"), Send("TAG OK x\r\n")]);
    }
    let script = Script::after_login("IMAP4rev1 UIDPLUS", steps);
    let mut mailbox = connect(&plain(script.port)).unwrap();
    mailbox.open("INBOX").unwrap();
    let items: Vec<_> =
        (1..=1000).map(|n| first(&ItemKey(format!("7:{}", n * 9)), Disposition::Seen)).collect();
    assert_eq!(heard(&mut mailbox, &items).unwrap().len(), 1000);
    drop(mailbox);
    let sent = script.finish();
    assert!(sent.iter().all(|line| line.len() < 1000));
}
