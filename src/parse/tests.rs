//! Whole messages: the traps that hostile and merely old mail sets, and what must not depend on transport.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

const ORDINARY: &str = "Received: from x.example\r\nFrom: Alice <alice@example.org>\r\nTo: support@example.org\r\n\
    Date: Tue, 3 Nov 2026 10:00:00 +0100\r\nMessage-ID: <a@example.org>\r\nSubject: Printer on fire\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nIt burns. \r\n\r\nPlease help.\r\n--b\r\n\
    Content-Type: text/x-log; name=a.log\r\n\r\nline 1\r\nline 2\r\n--b--\r\n";

fn mail(message: impl AsRef<[u8]>) -> Mail {
    one(message.as_ref(), &Limits::default()).unwrap()
}

#[test]
fn an_ordinary_mail_has_no_defects() {
    let mail = mail(ORDINARY);
    assert_eq!(mail.defects, Vec::<String>::new());
    assert_eq!(mail.author().unwrap().to_string(), "Alice <alice@example.org>");
    assert_eq!(mail.text, "It burns.\n\nPlease help.");
    assert_eq!(mail.reply, mail.text);
    assert_eq!(mail.attachments[0].content, b"line 1\nline 2");
    assert_eq!(mail.kind, Kind::Ordinary);
}

#[test]
fn line_ends_make_no_difference() {
    let quoted =
        "From: a@b.example\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=20\r\nb=\r\nc\r\n";
    let nested = "From: a@b.example\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ninner\r\n";
    for message in [ORDINARY, quoted, nested] {
        assert_eq!(mail(message), mail(message.replace("\r\n", "\n")));
    }
}

#[test]
fn the_digest_knows_content_from_transport() {
    let digest = mail(ORDINARY).digest;
    let same = [
        ORDINARY.replace("Received: from x.example", "Received: from y.example\r\nStatus: RO\r\nX-UID: 7"),
        ORDINARY.replace("Alice <alice@example.org>", "alice@EXAMPLE.org"),
        ORDINARY.replace("Message-ID: <a@example.org>\r\n", ""),
        ORDINARY.replace("10:00:00 +0100", "09:00:00 +0000"),
    ];
    for message in same {
        assert_eq!(mail(&message).digest, digest, "{message}");
    }
    let different = [
        ORDINARY.replace("alice@", "bob@"),
        ORDINARY.replace("10:00:00", "10:00:01"),
        ORDINARY.replace("on fire", "in fire"),
        ORDINARY.replace("It burns", "It smokes"),
        ORDINARY.replace("line 2", "line 3"),
        ORDINARY.replace("a.log", "b.log"),
    ];
    for message in different {
        assert_ne!(mail(&message).digest, digest, "{message}");
    }
    // Stored in every ledger: it must not change from one version to the next.
    assert_eq!(digest.to_string(), "bc7ed78e6d8ac45bd6696205b895ba32f96d2a440705e91fd3e8bdff21ff46dc");
}

#[test]
fn messages_without_much_in_them_become_mails() {
    let table: [(&[u8], &str, &[&str]); 6] = [
        (b"", "", &["no-headers", "no-message-id", "no-date", "no-from"]),
        (b"\r\n\r\n", "", &["no-headers", "no-message-id", "no-date", "no-from"]),
        (b"just text\nmore", "just text\nmore", &["no-headers", "no-message-id", "no-date", "no-from"]),
        (b"From: a@b.example\n\na\0b", "ab", &["no-message-id", "no-date", "nul-bytes"]),
        (b"From: a@b.example\nDate: never\n\nx", "x", &["no-message-id", "invalid-date: never"]),
        (b"From: a@b.example", "", &["no-message-id", "no-date"]),
    ];
    for (message, text, defects) in table {
        let mail = mail(message);
        assert_eq!(
            (mail.text.as_str(), mail.defects),
            (text, defects.iter().map(ToString::to_string).collect())
        );
    }
}

#[test]
fn a_binary_file_in_the_place_of_a_message_yields_nothing() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";
    let stream: Vec<u8> = (0..4000_u32).map(|n| (n * 97 % 251 + 1) as u8).collect();
    let pdf = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".as_slice(), &stream].concat();
    let utf16: Vec<u8> = "text".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for octets in [png.as_slice(), b"\x7fELF\x02\x01\x01\0", b"text\0text", &pdf, &utf16] {
        for read in [mail(octets), read_headers(octets, &Limits::default(), "structure-timeout")] {
            assert_eq!((read.text.as_str(), read.attachments.len()), ("", 0), "{octets:?}");
            assert!(read.defects.contains(&"binary".to_owned()), "{:?}", read.defects);
        }
    }
    let texts: [&[u8]; 4] = [
        b"Gr\xfc\xdfe\x0c\n",
        "Grüße".as_bytes(),
        b"\x1b$B$3$s$K$A$O\x1b(B",
        b"one\x07 bell in a longer text, as programs print it",
    ];
    for octets in texts {
        assert!(!mail(octets).text.is_empty(), "{octets:?}");
    }
    assert_eq!(mail(b"Subject: x\n\n\x89PNG\0").defects.last().unwrap(), "nul-bytes");
}

#[test]
fn all_address_fields_are_read() {
    let mail = mail(
        "From: list <list@x.example>\nSender: s@x.example\nReply-To: r@x.example\nX-Original-From: Al <al@x.example>\n\
         To: t@x.example\nCc: g: c@x.example;\nDelivered-To: d1@x.example\nX-Original-To: d2@x.example\n\
         Envelope-To: d3@x.example\nX-Envelope-To: d4@x.example\nX-Helpdesk-Ticket: support-12\n\
         In-Reply-To: Yours of today <i1@x.example> <i2@x.example>\nReferences: <r1@x.example>\n <r2@x.example>\n\nx",
    );
    let text = |list: &[crate::model::address::Address]| {
        list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(text(&mail.original_from), "Al <al@x.example>");
    assert_eq!(text(&mail.reply_to), "r@x.example");
    assert_eq!(mail.sender.as_ref().unwrap().address, "s@x.example");
    assert_eq!((text(&mail.to), text(&mail.cc)), ("t@x.example".to_owned(), "c@x.example".to_owned()));
    assert_eq!(text(&mail.delivered_to), "d1@x.example d2@x.example d3@x.example d4@x.example");
    assert_eq!(mail.ticket_headers, ["support-12"]);
    assert_eq!((mail.in_reply_to.len(), mail.references.len()), (2, 2));
}

#[test]
fn multiparts_whose_boundary_never_comes_cost_no_time() {
    let mut message = "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n".to_owned();
    while message.len() < 1_000_000 {
        message.push_str(&format!("--b\nContent-Type: multipart/mixed; boundary=x{}\n\n", message.len()));
    }
    message.push_str("--b\n\ntext\n");
    let encoded = STANDARD.encode(&message);
    let outer = format!(
        "From: a@b.example\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{encoded}\n"
    );
    let read = mail(&message);
    assert!(read.defects.contains(&"too-many-parts".to_owned()), "{:?}", read.defects);
    assert!(read.attachments.last().unwrap().content.ends_with(b"text\n"));
    assert_eq!(mail(outer).attachments[0].content, message.as_bytes());
}

#[test]
fn deeply_nested_messages_are_one_file() {
    let inner = "Content-Type: message/rfc822\n\n".repeat(200_000);
    let plain = mail(format!("From: a@b.example\n{inner}"));
    assert_eq!((plain.attachments.len(), plain.attachments[0].content_type.as_str()), (1, "message/rfc822"));
    let encoded = STANDARD.encode(&inner);
    let head = "From: a@b.example\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n";
    assert_eq!(mail(format!("{head}{encoded}")).attachments[0].content, inner.as_bytes());
}

#[test]
fn enormous_lines_and_headers_are_read() {
    let mut message = b"From: a@b.example\n\n".to_vec();
    message.resize(50_000_000, b'x');
    let read = mail(&message);
    assert_eq!(
        (read.text.len(), read.attachments[0].content.len()),
        (Limits::default().text_size, 50_000_000 - 19)
    );
    let many = "To: x <x@b.example>,\n".repeat(140_000);
    let read = mail(format!("From: a@b.example\n{many}\n\nx"));
    assert_eq!(read.to.len(), Limits::default().header_fields - 1);
    assert!(read.defects.iter().any(|defect| defect == "too-many-headers"));
    let long = format!("From: a@b.example\nTo: {}z@b.example\n\nx", "x@b.example,\n ".repeat(100_000));
    assert_eq!(mail(long).to.len(), limits::ADDRESSES);
}

#[test]
fn a_part_that_lies_about_its_encoding_stays_what_it_is() {
    let message = "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n\
        Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0!xLjQ=\nUERG";
    let read = mail(message);
    assert_eq!((read.text.as_str(), read.attachments[0].filename.as_str()), ("text", "a.pdf"));
    assert!(read.attachments[0].content.starts_with(b"%PDF-1.4"));
    assert!(["broken-base64", "broken-mime"].iter().all(|word| read.defects.iter().any(|line| line == word)));
}

#[test]
fn of_an_enormous_text_the_beginning_is_read_and_the_whole_is_a_file() {
    let limits = Limits { text_size: 1000, ..Limits::default() };
    let line = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.\n";
    let text = line.repeat(300_000);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = STANDARD.encode(utf16.get(..18_000_000).unwrap());
    let table = [
        ("charset=utf-8", "8bit", text.as_bytes()),
        ("charset=iso-8859-1", "8bit", &encoding_rs::WINDOWS_1252.encode(&text).0),
        ("charset=utf-16le", "base64", utf16.as_bytes()),
        ("format=flowed", "8bit", text.as_bytes()),
    ];
    for (parameter, encoding, body) in table {
        let head = format!(
            "From: a@b.example\nDate: Tue, 3 Nov 2026 10:00:00 +0100\nMessage-ID: <a@b>\n\
             Content-Type: text/plain; {parameter}\nContent-Transfer-Encoding: {encoding}\n\n"
        );
        let mail = one([head.as_bytes(), body].concat(), &limits).unwrap();
        assert_eq!(mail.defects, ["text-truncated"], "{parameter}");
        assert!(text.starts_with(&mail.text) && mail.text.len() > 990, "{parameter}: {}", mail.text);
        assert!(mail.attachments[0].content.len() > 17_000_000, "{parameter}");
    }
}

#[test]
fn a_cut_message_is_marked_once() {
    let mut mail = mail(ORDINARY);
    mark_truncated(&mut mail);
    mark_truncated(&mut mail);
    assert_eq!(mail.defects, ["truncated"]);
}

#[test]
fn header_only_reading_keeps_the_body_as_a_file() {
    let mail = read_headers(ORDINARY.as_bytes(), &Limits::default(), "structure-timeout");
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Printer on fire", ""));
    assert!(mail.attachments[0].content.starts_with(b"--b\n"));
    assert_eq!(mail.defects, ["structure-timeout"]);
}

#[test]
fn every_defect_of_the_table_can_happen() {
    let to = |count: usize| "x@b.example,".repeat(count);
    let messages: Vec<String> = vec![
        String::new(),
        "\0".to_owned(),
        "From: a@b.example\r\rx".to_owned(),
        "A: b\njunk\nFrom: a@b.example\n\nx".to_owned(),
        "From: a@b.example\njunk\n".to_owned(),
        "A: b\n".repeat(Limits::default().header_fields + 1),
        format!("A: {}\n", "x".repeat(Limits::default().header_size + 1)),
        "From: a@b.example\nFrom: c@d.example\nDate: x\n\na\0b".to_owned(),
        "Date: 3 Nov 2026 10:00\n\nx".to_owned(),
        format!("To: {}\n\nx", to(limits::ADDRESSES + 1)),
        format!("References: {}\nSubject: {}\n\nx", "<a@b>".repeat(limits::REFERENCES + 1), "x".repeat(2000)),
        "Content-Type: multipart/mixed\n\nx".to_owned(),
        "Content-Transfer-Encoding: base64\n\nQQ=!".to_owned(),
        "Content-Transfer-Encoding: quoted-printable\n\n=zz".to_owned(),
        "Content-Transfer-Encoding: x-uuencode\n\nx".to_owned(),
        "Content-Transfer-Encoding: x-foo\nContent-Type: text/plain; charset=x-foo\n\nx".to_owned(),
        format!("A: b\n\n{}", "x".repeat(Limits::default().text_size + 1)),
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\n\n".repeat(Limits::default().parts + 1)
        ),
        (0..=Limits::default().depth)
            .map(|at| format!("Content-Type: multipart/a; boundary=b{at}\n\n--b{at}\n"))
            .collect(),
    ];
    let mut seen: Vec<String> =
        messages.iter().flat_map(|message| read(message.as_bytes(), &Limits::default()).defects).collect();
    seen.extend(read(b"Content-Type: application/ms-tnef\n\nx", &Limits::default()).defects);
    seen.extend(
        read(b"Content-Type: multipart/encrypted; boundary=b\n\n--b--\n", &Limits::default()).defects,
    );
    seen.extend(read(b"A: b\n\n-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n", &Limits::default()).defects);
    seen.extend(read(b"Content-Type: image/png; name=../x\n\n%PDF-1\0", &Limits::default()).defects);
    let future = b"Received: x; Tue, 3 Nov 2026 10:00:00 +0000\nDate: Fri, 6 Nov 2026 10:00:00 +0000\n\nx";
    seen.extend(read(b"From: B <mailto:b@c.example>\n\n", &Limits::default()).defects);
    seen.extend(read(b"Content-Disposition: attachment\n\nx", &Limits::default()).defects);
    seen.extend(read(future, &Limits::default()).defects);
    seen.extend(read(b"A: b\n\nlong", &Limits { decoded_size: 3, ..Limits::default() }).defects);
    seen.extend(read(b"Subject: \xff\n\n", &Limits::default()).defects);
    seen.extend(read(b"Content-Type: text/plain; charset=utf-8\n\n\xff", &Limits::default()).defects);
    // Noted by the caller and by the guard.
    seen.extend(["truncated", "structure-timeout", "structure-crashed"].map(str::to_owned));
    for (word, _) in DEFECTS {
        assert!(seen.iter().any(|line| line.split(": ").next() == Some(word)), "{word} never happens");
    }
}

/// Pieces of mail, put together without sense.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"Content-Type: multipart/mixed; boundary=b\r\n".to_vec()),
        Just(b"Content-Type: multipart/alternative; boundary=\"b b\"\n".to_vec()),
        Just(b"Content-Type: text/html; charset=utf-16\n".to_vec()),
        Just(b"Content-Type: message/rfc822\n".to_vec()),
        Just(b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\n".to_vec()),
        Just(b"Content-Transfer-Encoding: quoted-printable\n".to_vec()),
        Just(b"Content-Disposition: attachment; filename*0*=utf-8''%C3;filename*1*=%A9\n".to_vec()),
        Just(b"Subject: =?utf-8?Q?=C3?= =?utf-8?B?qQ==?=\n".to_vec()),
        Just(b"From: \"a\\\" <b@c.example>, g: (x\n".to_vec()),
        Just(b"Date: Tue, 3 Nov 2026 10:00:00 +0100\n".to_vec()),
        Just(b"\n--b\n".to_vec()),
        Just(b"\r\n--b--\r\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"<div hidden><blockquote><a href=\"http://x\">=3D".to_vec()),
        Just(b"On 2 Nov 2026, a@b.example wrote:\n> x\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..40),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_octets_become_a_mail(message in proptest::collection::vec(any::<u8>(), 0..2000)) {
        sound(&message);
    }

    #[test]
    fn any_pieces_become_a_mail(message in pieces()) {
        sound(&message);
    }
}

fn sound(message: &[u8]) {
    let mail = read(message, &Limits::default());
    assert!(!mail.text.contains(['\0', '\r']) && !mail.subject.contains(char::is_control));
    assert_eq!(mail.reply.is_empty(), mail.text.is_empty());
    for address in mail.from.iter().chain(&mail.to) {
        assert!(!address.address.is_empty() && !address.address.contains(char::is_control));
    }
    for file in &mail.attachments {
        assert!(!file.filename.is_empty() && !file.filename.contains(['/', '\\', '\0']));
    }
    for line in &mail.defects {
        assert!(DEFECTS.iter().any(|(word, _)| line.split(": ").next() == Some(word)), "{line}");
    }
    read_headers(message, &Limits::default(), "structure-crashed");
}

/// Each of these, repeated, has been slow or deep in some parser.
#[test]
fn hostile_repetitions_become_mails() {
    let cases: [(&str, &[&str]); 8] = [
        (
            "To: ",
            &["=?", "=?utf-8?Q?a?= ", "(", "<", "\"", "a@b.example,", "a:", ";", "\\\"", "<a@b", "\n ", "@"],
        ),
        ("Subject: ", &["=?", "=?a?", "=?utf-8?B?", "=?utf-8?Q?=C3?= =?latin1?Q?=A9?=", "\u{202e}"]),
        ("References: ", &["<", "<a@b", "a@b ", ">", "\n <"]),
        (
            "Content-Type: a/b; ",
            &["a*0*=%", "a*1=b;", "a=b;", "(x) ", "(", "\";", "a*9999999999=;", "name*=''%"],
        ),
        ("", &["A: b\n", "junk\n", "junk\nTo: x\n", "a:b\n c\n", " \n", "\r", ":", "\0"]),
        (
            "Content-Type: multipart/alternative; boundary=b\n\n",
            &["--b\n", "--b--\n", "--b x\n", "--b", "--b\nContent-Type: multipart/mixed; boundary=b\n\n"],
        ),
        (
            "Content-Type: text/html\n\n",
            &[
                "<div>",
                "<blockquote><pre>\n\n",
                "<a href=http://x>y",
                "<ul><li>",
                "<p hidden>",
                "&",
                "</",
                "<!--",
                "<a b=c ",
            ],
        ),
        ("Content-Transfer-Encoding: base64\n\n", &["=", "A=", "==\n", "=A", "-", "QQ==\n"]),
    ];
    for (head, pieces) in cases {
        for piece in pieces {
            sound(format!("{head}{}\n\nx", piece.repeat(30_000 / piece.len())).as_bytes());
        }
    }
}
