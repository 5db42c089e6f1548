//! What lies on a POP3 server is listed and fetched octet for octet, and deleted at QUIT alone.

use helpdesk_mail::mailbox::{Access, Mailbox as _, Reader as _, Tls};
use helpdesk_mail::model::item::{Disposition, Extent, ItemKey, Listed};

use crate::support::account::{first, told};
use crate::support::dovecot::Dovecot;
use crate::support::pop::{all, connect, connect_as, listed, on};

fn deliver(server: &Dovecot, message: &[u8]) {
    server.deliver("support", "INBOX", message);
}

fn keys(items: &[Listed]) -> Vec<ItemKey> {
    items.iter().map(|item| item.key.clone()).collect()
}

#[test]
fn messages_come_octet_for_octet() {
    let server = Dovecot::start();
    let long = [b"Subject: long\r\n\r\n".to_vec(), vec![b'x'; 300_000], b"\r\n".to_vec()].concat();
    let messages: [&[u8]; 7] = [
        b"Subject: dots\r\n\r\n.\r\n..\r\n...\r\n.a\r\n..b.\r\n.\r\n",
        b"Subject: 8 bit\r\n\r\n\xff\xfe\x80 gr\xfc\xdfe \xe5\xaf\x86\r\n",
        b"Subject: bare CR\r\n\r\na\rb\r\n.\rc\r\n",
        b"Subject: no end of line\r\n\r\nlast",
        b"Subject: empty lines\r\n\r\n\r\n\r\n\r\n",
        b"Subject: no text\r\n\r\n",
        &long,
    ];
    messages.iter().for_each(|message| deliver(&server, message));
    for tls in [Tls::Implicit, Tls::StartTls, Tls::None] {
        let mut mailbox = connect(&on(&server, tls)).unwrap();
        let items = listed(&mut mailbox);
        let fetched = mailbox.fetch(&items).unwrap();
        assert_eq!(fetched.len(), messages.len());
        for (fetched, sent) in fetched.iter().zip(messages) {
            // POP3 ends every message with a line end.
            let expected = if sent.ends_with(b"\r\n") { sent.to_vec() } else { [sent, b"\r\n"].concat() };
            assert!(fetched.bytes == expected, "{}", sent[..sent.len().min(60)].escape_ascii());
            assert_eq!(fetched.extent, Extent::Whole);
            assert!(fetched.listed.size.is_some_and(|size| size.abs_diff(expected.len() as u64) <= 2));
        }
    }
}

#[test]
fn many_messages_come_in_their_order_and_any_order_can_be_asked_for() {
    let server = Dovecot::start();
    let mut session = server.session("support");
    for n in 0..200 {
        session.append("INBOX", "", format!("Subject: {n}\r\n\r\n{n}\r\n").as_bytes());
    }
    let mut mailbox = connect(&on(&server, Tls::None)).unwrap();
    let mut items = listed(&mut mailbox);
    let text = |n: usize| format!("Subject: {n}\r\n\r\n{n}\r\n").into_bytes();
    let bodies = |mailbox: &mut helpdesk_mail::mailbox::Pop3Mailbox, items: &[Listed]| -> Vec<Vec<u8>> {
        mailbox.fetch(items).unwrap().into_iter().map(|item| item.bytes).collect()
    };
    assert_eq!(bodies(&mut mailbox, &items), (0..200).map(text).collect::<Vec<_>>());
    items.reverse();
    assert_eq!(bodies(&mut mailbox, &items[..3]), [text(199), text(198), text(197)]);
    assert_eq!(bodies(&mut mailbox, &[]), [[0_u8; 0]; 0]);
    let unknown = Listed { key: ItemKey("nobody".to_owned()), size: None, arrived: None };
    assert_eq!(bodies(&mut mailbox, &[unknown, items[0].clone()]), [text(199)]);
}

#[test]
fn deletions_count_when_the_session_is_closed_and_not_before() {
    let server = Dovecot::start();
    for n in 0..3 {
        deliver(&server, format!("Subject: {n}\r\n\r\n").as_bytes());
    }
    let there = || server.flags("support", "INBOX").len();
    let open = || connect(&on(&server, Tls::Implicit)).unwrap();

    let mut mailbox = open();
    let all = keys(&listed(&mut mailbox));
    let delete = |at: usize| first(&all[at], Disposition::Delete);
    assert_eq!(mailbox.acknowledge(&[delete(0), delete(1)]).unwrap(), []);
    assert_eq!(keys(&listed(&mut mailbox)), all[2..], "what is to go is not listed again");
    drop(mailbox);
    assert_eq!(there(), 3, "a session that dies has changed nothing");

    // Without a listing before: this is how the next run pays what is owed.
    let mut mailbox = open();
    let gone = first(&ItemKey("gone long ago".to_owned()), Disposition::Delete);
    assert_eq!(mailbox.acknowledge(&[delete(0), gone.clone()]).unwrap(), [gone.key]);
    assert_eq!(mailbox.acknowledge(&[delete(0), delete(2)]).unwrap(), []);
    assert_eq!(there(), 3);
    assert_eq!(mailbox.close().unwrap(), [all[0].clone(), all[2].clone()]);
    assert_eq!(there(), 1);
    assert_eq!(keys(&listed(&mut open())), all[1..2], "keys stay what they are");
}

#[test]
fn what_pop3_cannot_be_told_is_refused() {
    let server = Dovecot::start();
    deliver(&server, b"Subject: x\r\n\r\n");
    let mut mailbox = connect(&on(&server, Tls::None)).unwrap();
    let key = keys(&listed(&mut mailbox)).remove(0);
    for disposition in [Disposition::Seen, Disposition::Move("Done".to_owned())] {
        let text = told(mailbox.acknowledge(&[first(&key, disposition)]));
        assert!(text.starts_with("mailbox.folder: ") && text.contains("\"keep\" or \"delete\""), "{text}");
    }
    assert_eq!(mailbox.close().unwrap(), []);
    assert_eq!(server.flags("support", "INBOX").len(), 1);
}

#[test]
fn looking_changes_nothing() {
    let server = Dovecot::start();
    deliver(&server, b"Subject: x\r\n\r\n");
    let look = || connect_as(&on(&server, Tls::None), Access::ReadOnly, 1_000_000).unwrap();
    let mut mailbox = look();
    assert_eq!(all(&mut mailbox).len(), 1);
    let key = keys(&listed(&mut mailbox)).remove(0);
    assert!(told(mailbox.acknowledge(&[first(&key, Disposition::Delete)])).starts_with("mailbox.folder: "));
    assert_eq!(mailbox.close().unwrap(), []);
    drop(look());
    assert_eq!(server.flags("support", "INBOX"), ["1"]);
    assert!(!server.pop3_commands().iter().any(|line| line == "QUIT" || line.starts_with("DELE")));
}

#[test]
fn of_what_is_too_large_the_beginning_comes() {
    let server = Dovecot::start();
    let line = "a line of text that is long enough\r\n";
    let large = format!("Subject: large\r\n\r\n{}", line.repeat(20_000));
    deliver(&server, large.as_bytes());
    deliver(&server, b"Subject: small\r\n\r\nx\r\n");
    let one_line = format!("Subject: one line\r\n\r\n{}\r\n", "x".repeat(400_000));
    deliver(&server, one_line.as_bytes());
    let mut mailbox = connect_as(&on(&server, Tls::Implicit), Access::ReadWrite, 300_000).unwrap();
    let fetched = all(&mut mailbox);
    assert!(large.starts_with(&fetched[0].1) && fetched[0].1.len() > 50_000);
    assert_eq!(fetched[1].1, "Subject: small\r\n\r\nx\r\n");
    assert_eq!((fetched[2].1.len(), one_line.starts_with(&fetched[2].1)), (256 * 1024, true));
    let extents: Vec<&Extent> = fetched.iter().map(|(_, _, extent)| extent).collect();
    assert_eq!(extents, [&Extent::Beginning, &Extent::Whole, &Extent::Beginning]);
    let commands = server.pop3_commands();
    assert!(commands.contains(&"TOP 1 2000".to_owned()), "{commands:?}");
    assert!(!commands.contains(&"RETR 1".to_owned()), "{commands:?}");
}
