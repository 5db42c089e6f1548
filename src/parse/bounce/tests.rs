//! Recipients, statuses and original mails of notices in the forms of many systems.

use super::words;
use crate::parse::{Limits, one};

/// `address status permanent` of each recipient of a text.
fn told(text: &str) -> Vec<String> {
    let recipients = words::recipients(text).into_iter();
    recipients
        .map(|one| format!("{} {} {}", one.address, one.status.unwrap_or_default(), one.permanent))
        .collect()
}

#[test]
fn the_words_of_mail_systems_are_understood() {
    let table: [(&str, &[&str]); 9] = [
        (
            "<a@b.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nx@y.example",
            &["a@b.example 5.1.1 true"],
        ),
        (
            "failed:\n\n  a@b.example\n    SMTP error from remote mail server after RCPT TO:<a@b.example>:\n    host mx: 550 5.1.1 unknown\n  c@d.example\n    retry timeout exceeded\n",
            &["a@b.example 5.1.1 true", "c@d.example  true"],
        ),
        (
            "<a@b.example>: host mx.b.example[192.0.2.1] said: 550 5.7.1 no (in reply to RCPT TO\n    command)",
            &["a@b.example 5.7.1 true"],
        ),
        ("<a@b.example>: host mx said: 452 4.2.2 Mailbox full", &["a@b.example 4.2.2 false"]),
        (
            "   ----- The following addresses had permanent fatal errors -----\n<a@b.example>\n    (reason: 550 Unknown)\n",
            &["a@b.example  true"],
        ),
        ("did not reach:\n\n      a@b.example on 27.11.2026 10:00\n", &[]),
        ("Your message to a@b.example could not be delivered. postmaster@x.example", &["a@b.example  true"]),
        ("nobody", &[]),
        ("", &[]),
    ];
    for (text, expected) in table {
        if text.starts_with("did not reach") {
            assert_eq!(told(text).len(), 1, "{text}");
        } else {
            assert_eq!(told(text), expected, "{text}");
        }
    }
}

#[test]
fn statuses_are_three_numbers_that_stand_alone() {
    for (text, expected) in [
        ("550 5.1.1 x", Some("5.1.1")),
        ("(#4.4.2)", Some("4.4.2")),
        ("5.1.10", Some("5.1.10")),
        ("version 15.1.1", None),
        ("5.1.1.1", None),
        ("3.1.1", None),
        ("192.5.1.1", None),
    ] {
        assert_eq!(words::status(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn the_mail_that_bounced_is_found_by_structure_and_by_its_words() {
    let notice = |rest: &str| {
        let text =
            format!("From: MAILER-DAEMON@x.example\nMessage-ID: <own@x>\nSubject: failure notice\n{rest}");
        let mail = one(text.as_bytes(), &Limits::default()).unwrap();
        mail.bounce.unwrap().original_message_id.map(|id| id.to_string())
    };
    let part = |kind: &str| {
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: {kind}\n\nMessage-ID: <sent@y>\nSubject: s\n\nbody\n--b--\n"
        )
    };
    for kind in ["message/rfc822", "text/rfc822-headers", "message/global"] {
        assert_eq!(notice(&part(kind)).as_deref(), Some("sent@y"), "{kind}");
    }
    for text in [
        "\nx\n\nMessage-ID: <sent@y>\n",
        "\nx\n> Message-Id: <sent@y>\n",
        "\nx\n   message-id:\n <sent@y>\n",
        "\nx\nMessage-ID: <own@x>\nMessage-ID: <sent@y>\n",
        "In-Reply-To: <sent@y>\n\nx\n",
    ] {
        assert_eq!(notice(text).as_deref(), Some("sent@y"), "{text}");
    }
    assert_eq!(notice("\nnothing\n"), None);
}

/// `address action status permanent` of each recipient of a report.
fn reported(groups: &str) -> Vec<String> {
    let message = format!(
        "From: MAILER-DAEMON@x.example\nSubject: s\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nSorry\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n{groups}\n--b--\n"
    );
    let recipients = one(message.as_bytes(), &Limits::default()).unwrap().bounce.unwrap().recipients;
    let told = |text: Option<String>| text.unwrap_or_default();
    recipients
        .into_iter()
        .map(|one| format!("{} {} {} {}", one.address, told(one.action), told(one.status), one.permanent))
        .collect()
}

#[test]
fn reports_are_read_as_their_makers_mean_them() {
    let table: [(&str, &[&str]); 7] = [
        (
            "Final-Recipient: rfc822; a@b.example\nAction: failed\nDiagnostic-Code: smtp; 452 mailbox full\n",
            &["a@b.example failed  false"],
        ),
        (
            "Final-Recipient: rfc822; a@b.example\nAction: failed\nDiagnostic-Code: smtp; 552 mailbox full\n",
            &["a@b.example failed  true"],
        ),
        (
            "Final-Recipient: RFC822; <\"bob b\"@b.example>\nAction: failed\nStatus: 5.1.1\n",
            &["\"bob b\"@b.example failed 5.1.1 true"],
        ),
        (
            "Final-Recipient: utf-8; b\\x{F8}b@b.example\nAction: failed\nStatus: 5.1.1\n",
            &["b\u{f8}b@b.example failed 5.1.1 true"],
        ),
        (
            "Final-Recipient: utf-8; b\\x{D800}\\x{9}\\x{zz}\\x{@b.example\nAction: failed\n",
            &["b\\x{D800}\\x{9}\\x{zz}\\x{@b.example failed  true"],
        ),
        (
            "Final-Recipient: rfc822; a@b.example\n\nAction: failed\nStatus: 4.2.2\n\nFinal-Recipient: rfc822; c@b.example\n\nAction: failed\nStatus: 5.1.1\n",
            &["a@b.example failed 4.2.2 false", "c@b.example failed 5.1.1 true"],
        ),
        ("Final-Recipient: rfc822; not an address@b.example\nAction: failed\n", &[]),
    ];
    for (groups, expected) in table {
        assert_eq!(reported(groups), expected, "{groups}");
    }
}

#[test]
fn long_notices_are_read_in_bounds() {
    let text = "<a@b.example>: x\n".repeat(100_000);
    assert_eq!(told(&text).len(), 1);
    let many: String = (0..5000).map(|n| format!("<a{n}@b.example>\n")).collect();
    assert_eq!(told(&many).len(), 300);
    let line = format!("<a@b.example>{}", "x".repeat(3_000_000));
    assert_eq!(told(&line).len(), 1);
}
