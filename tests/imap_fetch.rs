//! Listing, watermark and fetching against a real Dovecot.

use helpdesk_mail::mailbox::Access;
use helpdesk_mail::mailbox::imap::ImapMailbox;
use helpdesk_mail::mailbox::{Mailbox as _, Reader as _, Tls};
use helpdesk_mail::model::item::{Extent, Listing, Watermark};

use crate::support::account::{connect, connect_as, on};
use crate::support::dovecot::Dovecot;

fn inbox(server: &Dovecot) -> ImapMailbox {
    let mut mailbox = connect(&on(server, Tls::None)).unwrap();
    mailbox.open("INBOX").unwrap();
    mailbox
}

fn uids(listing: &Listing) -> Vec<u32> {
    listing.items.iter().map(|item| item.key.0.split_once(':').unwrap().1.parse().unwrap()).collect()
}

fn mail(subject: &str) -> Vec<u8> {
    format!("Subject: {subject}\r\nMessage-ID: <{subject}@example.org>\r\n\r\nhello\r\n").into_bytes()
}

#[test]
fn what_is_new_is_listed_oldest_first() {
    let server = Dovecot::start();
    assert_eq!(inbox(&server).list(None).unwrap(), Listing::default());
    for subject in ["one", "two", "three"] {
        server.deliver("support", "INBOX", &mail(subject));
    }
    let mut mailbox = inbox(&server);
    let listing = mailbox.list(None).unwrap();
    assert_eq!((listing.there, uids(&listing)), (3, vec![1, 2, 3]));
    assert_eq!(listing.items[0].size, Some(mail("one").len() as u64));
    let age = jiff::Timestamp::now().as_second() - listing.items[0].arrived.unwrap().as_second();
    assert!((0..60).contains(&age), "{age}");

    let from_two = mailbox.watermark(Some(&listing.items[1].key)).unwrap();
    assert_eq!(uids(&mailbox.list(Some(&from_two)).unwrap()), [2, 3]);
    let all = mailbox.watermark(None).unwrap();
    server.deliver("support", "INBOX", &mail("four"));
    let listing = inbox(&server).list(Some(&all)).unwrap();
    assert_eq!((listing.there, uids(&listing)), (4, vec![4]));
}

#[test]
fn nothing_new_costs_no_listing() {
    let server = Dovecot::start();
    server.deliver("support", "INBOX", &mail("one"));
    let mut mailbox = inbox(&server);
    mailbox.list(None).unwrap();
    let mark = mailbox.watermark(None).unwrap();
    server.forget_commands();
    let mut mailbox = inbox(&server);
    assert_eq!(mailbox.list(Some(&mark)).unwrap(), Listing { there: 1, ..Listing::default() });
    assert_eq!(mailbox.watermark(None), Some(mark));
    mailbox.close().unwrap();
    assert_eq!(server.commands(), [&Dovecot::HELLO[..], &["SELECT \"INBOX\"", "LOGOUT"]].concat());
}

#[test]
fn a_watermark_of_another_folder_life_counts_for_nothing() {
    let server = Dovecot::start();
    server.create_folder("support", "Box");
    server.deliver("support", "Box", &mail("one"));
    let mut mailbox = connect(&on(&server, Tls::None)).unwrap();
    mailbox.open("Box").unwrap();
    let old = mailbox.list(None).unwrap();
    let mark = mailbox.watermark(None).unwrap();
    let mut session = server.session("support");
    session.run("DELETE Box");
    // Dovecot numbers folders by the second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    session.run("CREATE Box");
    session.append("Box", "", &mail("new"));
    let mut mailbox = connect(&on(&server, Tls::None)).unwrap();
    mailbox.open("Box").unwrap();
    let new = mailbox.list(Some(&mark)).unwrap();
    assert_eq!((uids(&old), uids(&new)), (vec![1], vec![1]));
    assert_ne!(old.items[0].key, new.items[0].key);
    for odd in ["", "x", "0:0", "1:2:3"] {
        assert_eq!(mailbox.list(Some(&Watermark(odd.to_owned()))).unwrap().items.len(), 1, "{odd:?}");
    }
}

#[test]
fn deleted_ones_are_left_out_and_hold_the_watermark() {
    let server = Dovecot::start();
    for subject in ["one", "two", "three"] {
        server.deliver("support", "INBOX", &mail(subject));
    }
    let mut other = server.session("support");
    other.run("SELECT INBOX");
    other.run("UID STORE 2 +FLAGS (\\Deleted)");
    let mut mailbox = inbox(&server);
    let listing = mailbox.list(None).unwrap();
    assert_eq!((listing.there, uids(&listing)), (2, vec![1, 3]));
    let mark = mailbox.watermark(None).unwrap();
    assert!(mark.0.ends_with(":2"), "{mark:?}");
    other.run("UID STORE 2 -FLAGS (\\Deleted)");
    assert_eq!(uids(&inbox(&server).list(Some(&mark)).unwrap()), [2, 3]);
}

#[test]
fn messages_come_octet_for_octet_and_stay_unread() {
    let server = Dovecot::start();
    let big: Vec<u8> = (0..500_000_u32).flat_map(|n| format!("{n:08}\r\n").into_bytes()).collect();
    let mails: Vec<Vec<u8>> = vec![
        mail("plain"),
        b"Subject: \xe4\xf6\xfc\r\n\r\n8-bit \xff\xfe\x80 and ) a1 OK\r\n* 1 FETCH (UID 9 BODY[] {3}\r\nxyz)\r\n".to_vec(),
        b"Subject: no body\r\n\r\n".to_vec(),
        b"Subject: bare\r\n\r\n\r\n\r\n\r\n".to_vec(),
        [b"Subject: big\r\n\r\n".as_slice(), &big].concat(),
    ];
    for mail in &mails {
        server.deliver("support", "INBOX", mail);
    }
    let mut mailbox = connect_as(&on(&server, Tls::Implicit), Access::ReadWrite, 10_000_000).unwrap();
    mailbox.open("INBOX").unwrap();
    let listing = mailbox.list(None).unwrap();
    server.forget_commands();
    let fetched = mailbox.fetch(&listing.items).unwrap();
    assert!(fetched.iter().all(|item| item.extent == Extent::Whole));
    assert!(fetched.iter().map(|item| &item.bytes).eq(&mails), "the octets differ");
    assert_eq!(
        fetched.iter().map(|item| &item.listed).collect::<Vec<_>>(),
        listing.items.iter().collect::<Vec<_>>()
    );
    assert_eq!(server.flags("support", "INBOX"), ["1", "2", "3", "4", "5"]);
    let reversed: Vec<_> = listing.items.iter().rev().take(3).cloned().collect();
    let fetched = mailbox.fetch(&reversed).unwrap();
    assert!(
        fetched.iter().map(|item| &item.bytes).eq(mails.iter().rev().take(3)),
        "the order is the caller's"
    );
}

#[test]
fn a_batch_is_one_command() {
    let server = Dovecot::start();
    for _ in 0..5 {
        server.deliver("support", "INBOX", &mail("x"));
    }
    let mut mailbox = inbox(&server);
    let listing = mailbox.list(None).unwrap();
    server.forget_commands();
    let mut mailbox2 = inbox(&server);
    mailbox2.fetch(&listing.items).unwrap();
    assert_eq!(
        server.commands(),
        [&Dovecot::HELLO[..], &["SELECT \"INBOX\"", "UID FETCH 1:5 (UID BODY.PEEK[])"]].concat()
    );
}

#[test]
fn of_a_message_too_large_the_beginning_comes() {
    let server = Dovecot::start();
    let large = [b"Subject: large\r\n\r\n".as_slice(), &vec![b'x'; 2_000_000], b"\r\n"].concat();
    server.deliver("support", "INBOX", &large);
    server.deliver("support", "INBOX", &mail("small"));
    let mut mailbox = inbox(&server);
    let mut items = mailbox.list(None).unwrap().items;
    let fetched = mailbox.fetch(&items).unwrap();
    assert_eq!(
        (fetched[0].extent.clone(), fetched[0].bytes.as_slice()),
        (Extent::Beginning, &large[..262_144])
    );
    assert_eq!((fetched[1].extent.clone(), &fetched[1].bytes), (Extent::Whole, &mail("small")));

    // A size that is not what was listed is cut where it is too much.
    items[0].size = Some(100);
    let fetched = mailbox.fetch(&items).unwrap();
    assert_eq!(
        (fetched[0].extent.clone(), fetched[0].bytes.as_slice()),
        (Extent::Beginning, &large[..1_000_000])
    );
    assert_eq!((fetched[1].extent.clone(), &fetched[1].bytes), (Extent::Whole, &mail("small")));
}

#[test]
fn what_vanished_since_the_listing_is_left_out() {
    let server = Dovecot::start();
    for subject in ["one", "two", "three"] {
        server.deliver("support", "INBOX", &mail(subject));
    }
    let mut mailbox = inbox(&server);
    let listing = mailbox.list(None).unwrap();
    let mut other = server.session("support");
    other.run("SELECT INBOX");
    other.run("UID STORE 2 +FLAGS (\\Deleted)");
    other.run("UID EXPUNGE 2");
    let fetched = mailbox.fetch(&listing.items).unwrap();
    assert_eq!(fetched.iter().map(|item| &item.bytes).collect::<Vec<_>>(), [&mail("one"), &mail("three")]);
    assert_eq!(mailbox.fetch(&listing.items[1..2]).unwrap(), []);
}

#[test]
fn a_folder_with_odd_letters_is_read_like_any_other() {
    let server = Dovecot::start();
    server.create_folder("support", "Kunden & Gr&APwA3w-e \\\"x\\\"".replace("& ", "&- ").as_str());
    let folder = "Kunden & Grüße \"x\"";
    let mut mailbox = connect(&on(&server, Tls::None)).unwrap();
    mailbox.open(folder).unwrap();
    assert_eq!(mailbox.list(None).unwrap(), Listing::default());
}
