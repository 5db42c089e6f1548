//! Mail servers by script: whatever they do, each mail has one answer that is true, and nothing leaks.

use std::net::TcpListener;
use std::time::Duration;

use helpdesk_mail::model::notification::Parcel;
use helpdesk_mail::outbox::{self, Backend, BackendConfig, OutboxError, Smtp};
use helpdesk_mail::transport::{Login, Password, Tls};

use crate::support::parcel::{given, parcel, plain, said, told};
use crate::support::ports;
use crate::support::script::Script;
use crate::support::script::Step::{self, Flood, Line, Send, SendOwned, Until, Vanish};

fn open(smtp: &Smtp) -> Result<Box<dyn Backend>, OutboxError> {
    outbox::open(&BackendConfig::Smtp(smtp.clone()))
}

fn with_login(smtp: Smtp) -> Smtp {
    let login = Login::Password(Password::Literal("s3cret".into()));
    Smtp { login: Some(("support".to_owned(), login)), ..smtp }
}

fn mail() -> Parcel {
    parcel("anna@example.org", "x")
}

/// The kind and text of the answer to one mail, from a server that goes on so after its offer.
fn answered(steps: Vec<Step>) -> (&'static str, String) {
    let script = Script::start(Script::smtp_steps("", steps));
    let smtp = Smtp { timeout: Duration::from_millis(300), ..plain(script.port) };
    given(&smtp, &[mail()]).remove(0)
}

/// A server's consent to a mail, up to its text and with it.
fn taken() -> Vec<Step> {
    vec![
        Line("MAIL FROM:<support@example.org>"),
        Send("250 ok\r\n"),
        Line("RCPT TO:<anna@example.org>"),
        Send("250 ok\r\n"),
        Line("DATA"),
        Send("354 go\r\n"),
        Until("."),
    ]
}

fn then(before: Vec<Step>, more: Vec<Step>) -> Vec<Step> {
    before.into_iter().chain(more).collect()
}

#[test]
fn each_reply_to_a_mail_has_its_answer() {
    let at_mail = |reply| vec![Line("MAIL"), Send(reply)];
    let at_rcpt = |reply| vec![Line("MAIL"), Send("250 ok\r\n"), Line("RCPT"), Send(reply)];
    let at_data = |reply| {
        vec![Line("MAIL"), Send("250 ok\r\n"), Line("RCPT"), Send("251 ok\r\n"), Line("DATA"), Send(reply)]
    };
    let at_end = |reply| then(taken(), vec![Send(reply)]);
    let table = [
        (at_mail("451 4.3.0 busy\r\n"), "later", "451 4.3.0 busy"),
        (at_mail("553 5.1.8 no sender\r\n"), "refused", "553 5.1.8 no sender"),
        // Greylisting.
        (
            at_rcpt("450-4.2.0 greylisted,\r\n450 4.2.0 come back\r\n"),
            "later",
            "450 4.2.0 greylisted, 4.2.0 come back",
        ),
        (at_rcpt("550 5.1.1 nobody\x1b[2J here\r\n"), "refused", "550 5.1.1 nobody[2J here"),
        (at_rcpt("421 4.3.2 shutting down\r\n"), "later", "421 4.3.2 shutting down"),
        (at_data("451 not now\r\n"), "later", "451 not now"),
        (at_data("554 no valid recipients\r\n"), "refused", "554 no valid recipients"),
        (at_data("250 what\r\n"), "later", "not understood: "),
        (at_end("250 2.0.0 queued as 12\r\n"), "accepted", "250 2.0.0 queued as 12"),
        (at_end("250\r\n"), "accepted", "250"),
        (at_end("452 4.3.1 full\r\n"), "later", "452 4.3.1 full"),
        (at_end("421 4.3.2 going down\r\n"), "later", "421 4.3.2 going down"),
        (at_end("554 5.7.1 spam\r\n"), "refused", "554 5.7.1 spam"),
    ];
    for (steps, kind, text) in table {
        let (found, said) = answered(steps);
        assert!(found == kind && said.starts_with(text), "{text}: {found} {said}");
    }
}

#[test]
fn what_breaks_before_the_end_of_a_mail_comes_later_and_after_it_nobody_knows() {
    let silence = || Line("what comes after the client gave up");
    let before = [
        vec![Line("MAIL"), Send("250 ok\r\n"), Vanish],
        vec![Line("MAIL"), Send("250 ok\r\n"), silence()],
        vec![Line("MAIL"), Send("250 ok\r\n"), Line("RCPT"), Send("250 ok\r\n"), Line("DATA"), Vanish],
        vec![Line("MAIL"), Send("250 ok\r\n"), Line("RCPT"), Send("what\r\n")],
    ];
    for (at, steps) in before.into_iter().enumerate() {
        let (kind, text) = answered(steps);
        assert_eq!(kind, "later", "{at}: {text}");
    }
    let after = [
        vec![Vanish],
        vec![],
        // It takes the mail and never answers.
        vec![silence()],
        vec![Send("25"), Vanish],
        vec![Send("* OK\r\n")],
        vec![Send("354 go on\r\n")],
    ];
    for (at, steps) in after.into_iter().enumerate() {
        let (kind, text) = answered(then(taken(), steps));
        assert_eq!(kind, "uncertain", "{at}: {text}");
    }
}

#[test]
fn what_breaks_with_a_mail_in_hand_is_told_besides_and_forgotten_with_the_next_mail() {
    let hurry = |port| Smtp { timeout: Duration::from_millis(300), ..plain(port) };
    let table = [
        (vec![Line("MAIL"), Send("250 ok\r\n"), Vanish], "outbox.connect: "),
        (vec![Line("MAIL"), Send("250 ok\r\n"), Line("RCPT"), Send("what\r\n")], "outbox.protocol: "),
        (then(taken(), vec![Vanish]), "outbox.connect: "),
    ];
    for (steps, code) in table {
        let next = Script::smtp_steps("", then(taken(), vec![Send("250 next\r\n")]));
        let script = Script::start_each(vec![Script::smtp_steps("", steps), next]);
        let mut backend = open(&hurry(script.port)).unwrap();
        backend.give(&mail());
        assert!(backend.trouble().is_none(), "it may be the mail's doing");
        let broke_off = told(backend.broke_off().map_or(Ok(()), Err));
        assert!(broke_off.starts_with(code), "{code}: {broke_off}");
        assert_eq!(said(&backend.give(&mail())).0, "accepted", "{code}");
        assert!(backend.broke_off().is_none(), "{code}");
    }
}

#[test]
fn a_server_that_goes_away_in_the_middle_of_a_mail_has_not_got_it() {
    let begun = || {
        vec![
            Line("MAIL"),
            Send("250 ok\r\n"),
            Line("RCPT"),
            Send("250 ok\r\n"),
            Line("DATA"),
            Send("354 go\r\n"),
            Line("From"),
        ]
    };
    // More than the buffers of both ends hold.
    let mut large = mail();
    large.octets.extend(b"0123456789012345678901234567890123456789\r\n".repeat(1_000_000));
    for (last, kind, text) in [
        (vec![Vanish], "later", "no connection to server"),
        // It says why, and reads no further.
        (vec![Send("552 5.3.4 too large\r\n"), Line("To:"), Vanish], "refused", "552 5.3.4 too large"),
    ] {
        let next = then(taken(), vec![Send("250 next\r\n")]);
        let first = Script::smtp_steps("", then(begun(), last));
        let script = Script::start_each(vec![first, Script::smtp_steps("", next)]);
        let smtp = Smtp { timeout: Duration::from_secs(2), ..plain(script.port) };
        let answers = given(&smtp, &[large.clone(), mail()]);
        assert!(answers[0].0 == kind && answers[0].1.starts_with(text), "{answers:?}");
        assert_eq!(answers[1], ("accepted", "250 next".to_owned()), "on a connection of its own");
    }
}

#[test]
fn one_refused_recipient_leaves_the_connection_for_the_next_mail() {
    let steps = vec![
        Line("MAIL FROM:<support@example.org>"),
        Line("RCPT TO:<nobody@example.org>"),
        Send("250 ok\r\n550 nobody\r\n"),
        Line("RSET"),
        Line("MAIL FROM:<>"),
        Line("RCPT TO:<anna@example.org>"),
        Send("250 ok\r\n250 ok\r\n250 ok\r\n"),
        Line("DATA"),
        Send("354 go\r\n"),
        Until("."),
        Send("250 taken\r\n"),
        Line("QUIT"),
    ];
    let script = Script::start(Script::smtp_steps("250-PIPELINING\r\n", steps));
    let second = Parcel { sender: None, ..mail() };
    let answers = given(&plain(script.port), &[parcel("nobody@example.org", "a"), second]);
    assert_eq!((answers[0].0, answers[1].0), ("refused", "accepted"), "{answers:?}");
    let sent = script.finish();
    let text = sent.iter().position(|line| line == "DATA").unwrap();
    assert_eq!(&sent[text + 6..], ["Hello", "..", "...two dots", "bye", ".", "QUIT"], "dots are doubled");
}

#[test]
fn a_connection_that_was_closed_while_idle_is_made_again_once() {
    for farewell in [vec![Vanish], vec![Send("421 4.4.2 timeout\r\n"), Vanish]] {
        let first = then(then(taken(), vec![Send("250 one\r\n")]), farewell);
        let second = then(taken(), vec![Send("250 two\r\n")]);
        let script = Script::start_each(vec![Script::smtp_steps("", first), Script::smtp_steps("", second)]);
        let answers = given(&plain(script.port), &[mail(), mail()]);
        assert_eq!(answers, [("accepted", "250 one".to_owned()), ("accepted", "250 two".to_owned())]);
    }
    // A new connection that fares no better is trouble of the server.
    let first = then(taken(), vec![Send("250 one\r\n"), Vanish]);
    let script = Script::start_each(vec![Script::smtp_steps("", first), vec![Send("421 full\r\n")]]);
    let mut backend = open(&plain(script.port)).unwrap();
    assert_eq!(said(&backend.give(&mail())), ("accepted", "250 one"));
    let answer = backend.give(&mail());
    let (kind, text) = said(&answer);
    assert!(kind == "later" && text.contains("421 full"), "{text}");
    assert!(told(backend.trouble().map_or(Ok(()), Err)).starts_with("outbox.connect: "));
    // The script is over: nobody listens any more.
    drop(script.finish());
    let answer = backend.give(&mail());
    assert_eq!(said(&answer).0, "later");
    assert!(told(backend.trouble().map_or(Ok(()), Err)).contains("nothing listens there"));
}

#[test]
fn a_server_that_wants_a_login_is_no_reason_to_give_mails_up() {
    let script =
        Script::start(Script::smtp_steps("", vec![Line("MAIL"), Send("530 5.7.0 log in first\r\n")]));
    let mut backend = open(&plain(script.port)).unwrap();
    assert_eq!(said(&backend.give(&mail())).0, "later");
    let text = told(backend.trouble().map_or(Ok(()), Err));
    assert!(
        text.starts_with("outbox.auth: ") && text.contains("set \"username\"") && text.contains("530"),
        "{text}"
    );
}

#[test]
fn servers_that_are_away_or_take_nothing_are_told_at_once() {
    let free = ports::free();
    let text = told(open(&plain(free)));
    assert!(text.starts_with("outbox.connect: ") && text.contains("nothing listens there"), "{text}");
    let table = [
        (vec![Send("421 4.3.2 too many\r\n")], "connect", "try again later"),
        (vec![Send("554 5.7.1 blocked\r\n")], "connect", "takes no mail from this host"),
        (vec![Send("+OK POP3\r\n")], "protocol", "no reply of SMTP"),
        (vec![Flood("220-x\r\n")], "protocol", "without end"),
        (vec![Flood("x")], "protocol", ""),
        (vec![], "connect", ""),
        (vec![Line("")], "timeout", "set \"tls\" to \"implicit\""),
        (vec![Send("220 hi\r\n"), Line("EHLO"), Send("502 what\r\n")], "connect", "ESMTP"),
        (vec![Send("220 hi\r\n"), Line("EHLO"), Send("250-x\r\n")], "connect", ""),
    ];
    for (steps, kind, advice) in table {
        let script = Script::start(steps);
        let smtp = Smtp { timeout: Duration::from_millis(300), ..plain(script.port) };
        let text = told(open(&smtp));
        assert!(
            text.starts_with(&format!("outbox.{kind}: ")) && text.contains(advice),
            "{kind} {advice}: {text}"
        );
    }
}

#[test]
fn neither_password_nor_mail_leaves_before_starttls_stands() {
    let offered = |more| Script::smtp_steps("250-AUTH PLAIN LOGIN\r\n250-STARTTLS\r\n", more);
    let table = [
        (Script::smtp_steps("250-AUTH PLAIN LOGIN\r\n", vec![]), "tls"),
        (offered(vec![Line("STARTTLS"), Send("454 not now\r\n")]), "tls"),
        (offered(vec![Line("STARTTLS"), Send("502 what\r\n")]), "tls"),
        // Replies injected behind the 220 never count as the server's.
        (
            offered(vec![
                Line("STARTTLS"),
                Send(
                    "220 go\r\n250-x\r\n250 AUTH PLAIN\r\n235 in\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n",
                ),
            ]),
            "tls",
        ),
        (offered(vec![Line("STARTTLS"), Vanish]), "connect"),
    ];
    for (steps, kind) in table {
        let script = Script::start(steps);
        let smtp = with_login(Smtp { tls: Tls::StartTls, ..plain(script.port) });
        let text = told(open(&smtp));
        assert!(text.starts_with(&format!("outbox.{kind}: ")), "{text}");
        let sent = script.sent().join("\n");
        assert!(!sent.contains("AUTH") && !sent.contains("MAIL") && !sent.contains("s3cret"), "{sent}");
    }
}

#[test]
fn clear_text_stays_on_this_host_unless_it_is_allowed() {
    let outside = std::net::UdpSocket::bind("0.0.0.0:0")
        .and_then(|socket| socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()))
        .map(|address| address.ip());
    // Without a network there is no address to try it with.
    let Some(outside) = outside.ok().filter(|ip| !ip.is_loopback()) else { return };
    let listener = TcpListener::bind((outside, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Also without a login: mail is nobody else's business.
    let smtp = Smtp { host: outside.to_string(), ..plain(port) };
    let text = told(open(&smtp));
    assert!(text.starts_with("outbox.tls: ") && text.contains("allow_plaintext"), "{text}");
}

#[test]
fn what_a_server_says_of_a_login_is_told_without_the_password() {
    let plain_word = "AHN1cHBvcnQAczNjcmV0";
    let refusal = format!("535 you said {plain_word}, that is s3cret\r\n");
    let table: [(&'static str, Vec<Step>, &str, &str); 4] = [
        (
            "250-AUTH PLAIN\r\n",
            vec![Line("AUTH PLAIN AHN1"), SendOwned(refusal.into_bytes())],
            "auth",
            "*** of ***",
        ),
        (
            "250-AUTH=LOGIN\r\n",
            vec![
                Line("AUTH LOGIN"),
                Send("334 VXNlcm5hbWU6\r\n"),
                Line("c3VwcG9ydA=="),
                Send("334 UGFzc3dvcmQ6\r\n"),
                Line("czNjcmV0"),
                Send("535 no czNjcmV0\r\n"),
            ],
            "auth",
            "no ***",
        ),
        (
            "250-AUTH PLAIN\r\n",
            vec![Line("AUTH PLAIN"), Send("454 4.7.0 later\r\n")],
            "connect",
            "try again later",
        ),
        ("250-AUTH PLAIN\r\n", vec![Line("AUTH PLAIN"), Send("334 more\r\n")], "protocol", "asks for more"),
    ];
    for (offer, steps, kind, says) in table {
        let script = Script::start(Script::smtp_steps(offer, steps));
        let text = told(open(&with_login(plain(script.port))));
        let says = says.replace("*** of ***", "you said ***, that is ***");
        assert!(text.starts_with(&format!("outbox.{kind}: ")) && text.contains(&says), "{says}: {text}");
        assert!(!text.contains("s3cret") && !text.contains("czNjcmV0"), "{text}");
    }
}

#[test]
fn a_mail_without_eight_bit_letters_needs_no_extension_and_one_with_them_does() {
    let mut eight = mail();
    eight.octets.extend("Grüße\r\n".as_bytes());
    let script = Script::start(Script::smtp_steps("", then(taken(), vec![Send("250 ok\r\n")])));
    let answers = given(&plain(script.port), &[eight.clone(), mail()]);
    assert!(answers[0].0 == "refused" && answers[0].1.contains("8BITMIME"), "{answers:?}");
    assert_eq!(answers[1].0, "accepted");
    script.finish();
    let steps = vec![Line("MAIL FROM:<support@example.org> BODY=8BITMIME"), Send("451 enough\r\n")];
    let script = Script::start(Script::smtp_steps("250-8BITMIME\r\n", steps));
    assert_eq!(given(&plain(script.port), &[eight])[0].1, "451 enough");
}
