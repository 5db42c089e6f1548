//! TLS and logins of POP3 against a real Dovecot, and against servers that try to get round them.

use helpdesk_mail::mailbox::{Login, Mailbox as _, Password, Plaintext, Reader as _, Server, Tls};

use crate::support::account::told;
use crate::support::ca::Flaw;
use crate::support::dovecot::{Dovecot, Options};
use crate::support::pop::{connect, listed, on, plain};
use crate::support::script::{Script, Step};

use Step::{Line, Send};

fn password(text: &str) -> Login {
    Login::Password(Password::Literal(text.into()))
}

#[test]
fn each_way_of_protection_leads_to_a_session() {
    for apop in [false, true] {
        let server = Dovecot::start_with(Options { apop, ..Options::default() });
        for tls in [Tls::Implicit, Tls::StartTls, Tls::None] {
            let mut mailbox = connect(&on(&server, tls)).unwrap_or_else(|error| panic!("{tls:?}: {error:?}"));
            assert_eq!(listed(&mut mailbox), []);
            let offer = mailbox.capabilities().unwrap();
            assert!(
                ["POP3", "UIDL", "TOP"].iter().all(|word| offer.contains(&word.to_string())),
                "{offer:?}"
            );
            let port = on(&server, tls).port;
            assert_eq!(mailbox.account(), format!("pop3:support@127.0.0.1:{port}"));
            assert_eq!(mailbox.folders(), ["INBOX"]);
            assert!(told(mailbox.open("Other")).starts_with("mailbox.folder: "));
            assert_eq!(mailbox.close().unwrap(), []);
        }
        let methods = ["method=PLAIN", if apop { "method=APOP" } else { "method=PLAIN" }];
        let log = server.log();
        assert_eq!(log.matches("pop3-login: Info: Login: ").count(), 3, "{log}");
        assert!(methods.iter().all(|method| log.contains(method)), "{log}");
        assert_eq!(log.contains("method=APOP"), apop, "{log}");
    }
}

#[test]
fn certificates_that_do_not_verify_are_refused() {
    for (flaw, advice) in [(Flaw::Expired, "not valid today"), (Flaw::WrongName, "for another name")] {
        let server = Dovecot::start_with(Options { flaw, ..Options::default() });
        for tls in [Tls::Implicit, Tls::StartTls] {
            let text = told(connect(&on(&server, tls)));
            assert!(text.starts_with("mailbox.tls: ") && text.contains(advice), "{text}");
            let unknown = told(connect(&Server { ca_file: None, ..on(&server, tls) }));
            assert!(unknown.starts_with("mailbox.tls: "), "{unknown}");
        }
    }
}

#[test]
fn the_wrong_protection_for_a_port_is_told() {
    let server = Dovecot::start();
    let text = told(connect(&Server { port: server.pop3_port, ..on(&server, Tls::Implicit) }));
    assert!(text.starts_with("mailbox.tls: ") && text.contains("does not speak TLS on this port"), "{text}");
    let bare = Dovecot::start_with(Options { no_tls: true, ..Options::default() });
    let text = told(connect(&on(&bare, Tls::StartTls)));
    assert!(text.starts_with("mailbox.tls: ") && text.contains("STLS is not among"), "{text}");
    assert_eq!(bare.pop3_commands(), [""; 0]);
}

#[test]
fn strangers_without_tls_send_no_password_where_the_server_wants_tls() {
    let server = Dovecot::start_with(Options { tls_required: true, ..Options::default() });
    let far = |tls| Server { host: Dovecot::FAR.to_owned(), ..on(&server, tls) };
    connect(&far(Tls::StartTls)).unwrap();
    let text = told(connect(&far(Tls::None)));
    assert!(text.starts_with("mailbox.auth: ") && text.contains("no login by password"), "{text}");
}

#[test]
fn passwords_hold_any_letters_and_are_never_told() {
    let server = Dovecot::start();
    let odd = [
        ("quotes", "with \"quotes\" and \\"),
        ("letters", "Grüße-密码"),
        ("blanks", " a  b "),
        ("percent", "%s*()"),
    ];
    server.set_passwords(&odd);
    for (user, word) in odd {
        for tls in [Tls::Implicit, Tls::StartTls, Tls::None] {
            let pop3 = Server { username: user.to_owned(), login: password(word), ..on(&server, tls) };
            connect(&pop3).unwrap_or_else(|error| panic!("{word:?} {tls:?}: {error:?}"));
        }
    }
    for (word, told_of) in [("wr0ng-secret", "the server answers: [AUTH] "), ("a\r\nb", "a line end")] {
        let text = told(connect(&Server { login: password(word), ..on(&server, Tls::Implicit) }));
        assert!(text.starts_with("mailbox.auth: no login to server \"127.0.0.1\""), "{text}");
        assert!(text.contains(told_of) && !text.contains(word), "{text}");
    }
}

#[test]
fn a_login_that_is_refused_for_another_reason_than_its_words_is_told_so() {
    for (answer, expected) in [
        ("-ERR [IN-USE] Do you have another POP session running?\r\n", "mailbox.locked: "),
        ("-ERR maildrop already locked\r\n", "mailbox.locked: "),
        ("-ERR [LOGIN-DELAY] Minimum time between logins is 5 minutes\r\n", "mailbox.connect: "),
        ("-ERR [SYS/TEMP] Internal error\r\n", "mailbox.connect: "),
        ("-ERR [AUTH] Wrong\r\n", "mailbox.auth: "),
    ] {
        let script = Script::start(vec![
            Send("+OK\r\n"),
            Line("CAPA"),
            Send("-ERR\r\n"),
            Line("USER support"),
            Send("+OK\r\n"),
            Line("PASS secret"),
            Send(answer),
        ]);
        let text = told(connect(&plain(script.port)));
        assert!(text.starts_with(expected), "{text}");
        script.finish();
    }
}

/// What no server may get: a word of the login before TLS.
#[test]
fn no_password_leaves_before_stls_stands() {
    let offered =
        || vec![Send("+OK hi\r\n"), Line("CAPA"), Send("+OK\r\nUSER\r\nSASL PLAIN\r\nSTLS\r\n.\r\n")];
    let with = |more: Vec<Step>| offered().into_iter().chain(more).collect::<Vec<_>>();
    for (steps, kind) in [
        (vec![Send("+OK hi\r\n"), Line("CAPA"), Send("+OK\r\nUSER\r\n.\r\n")], "tls"),
        (vec![Send("+OK hi\r\n"), Line("CAPA"), Send("-ERR\r\n")], "tls"),
        (with(vec![Line("STLS"), Send("-ERR not now\r\n")]), "tls"),
        (with(vec![Line("STLS"), Send("+ go\r\n")]), "protocol"),
        // Answers injected behind the +OK never count as the server's.
        (with(vec![Line("STLS"), Send("+OK go\r\n+OK\r\nUSER\r\n.\r\n+OK\r\n+OK in\r\n")]), "tls"),
        // Sent ahead they answer STLS, and TLS never stands.
        (
            vec![
                Send("+OK hi\r\n+OK\r\nSTLS\r\n.\r\n+OK go\r\n+OK\r\nUSER\r\n.\r\n+OK\r\n+OK in\r\n"),
                Line("CAPA"),
                Line("STLS"),
            ],
            "tls",
        ),
        (with(vec![Line("STLS")]), "connect"),
        (vec![Send("-ERR full\r\n")], "connect"),
        (vec![Send("-ERR [SYS/TEMP] full\r\n")], "connect"),
        (vec![Send("HTTP/1.1 400 Bad Request\r\n")], "protocol"),
        (vec![], "connect"),
    ] {
        let script = Script::start(steps);
        let text = told(connect(&Server { tls: Tls::StartTls, ..plain(script.port) }));
        assert!(text.starts_with(&format!("mailbox.{kind}: ")), "{kind}: {text}");
        let sent = script.sent().join("\n");
        assert!(!["USER", "PASS", "AUTH", "secret", "APOP"].iter().any(|word| sent.contains(word)), "{sent}");
    }
}

#[test]
fn clear_text_stays_on_this_host_unless_it_is_allowed() {
    let outside = std::net::UdpSocket::bind("0.0.0.0:0")
        .and_then(|socket| socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()))
        .map(|address| address.ip());
    // Without a network there is no address to try it with.
    let Some(outside) = outside.ok().filter(|ip| !ip.is_loopback()) else { return };
    let listener = std::net::TcpListener::bind((outside, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let pop3 = Server { host: outside.to_string(), ..plain(port) };
    let text = told(connect(&pop3));
    assert!(text.starts_with("mailbox.tls: ") && text.contains("allow_plaintext"), "{text}");
    let answer = std::thread::spawn(move || {
        use std::io::Write as _;
        let (_refused, _) = listener.accept().unwrap();
        listener.accept().unwrap().0.write_all(b"-ERR reached\r\n").unwrap();
    });
    let text = told(connect(&Server { plaintext: Plaintext::Allowed, ..pop3 }));
    assert!(text.contains("the server answers: reached"), "{text}");
    answer.join().unwrap();
}

#[test]
fn each_way_of_login_is_one_attempt() {
    let start = |greeting, capa| vec![Send(greeting), Line("CAPA"), Send(capa)];
    let with = |first: Vec<Step>, more: Vec<Step>| first.into_iter().chain(more).collect::<Vec<_>>();
    let (sasl, user) = ("+OK\r\nSASL PLAIN\r\nUSER\r\n.\r\n", "+OK\r\nUSER\r\n.\r\n");
    for (steps, sent) in [
        (
            with(start("+OK\r\n", sasl), vec![Line("AUTH PLAIN"), Send("-ERR no\r\n")]),
            &["CAPA", "AUTH PLAIN"][..],
        ),
        (
            with(
                start("+OK\r\n", sasl),
                vec![
                    Line("AUTH PLAIN"),
                    Send("+ \r\n"),
                    Line("AHN1cHBvcnQAc2VjcmV0"),
                    Send("-ERR AHN1cHBvcnQAc2VjcmV0\r\n"),
                ],
            ),
            &["CAPA", "AUTH PLAIN", "AHN1cHBvcnQAc2VjcmV0"],
        ),
        (with(start("+OK\r\n", user), vec![Line("USER"), Send("-ERR who\r\n")]), &["CAPA", "USER support"]),
        (
            with(
                start("+OK\r\n", "-ERR\r\n"),
                vec![Line("USER"), Send("+OK\r\n"), Line("PASS"), Send("-ERR not secret\r\n")],
            ),
            &["CAPA", "USER support", "PASS secret"],
        ),
        (
            with(
                start("+OK <1896.697170952@dbc.mtview.ca.us>\r\n", user),
                vec![Line("APOP support "), Send("-ERR no\r\n")],
            ),
            &["CAPA", "APOP support 3f18b52881e44c0cc6067f46e0ced7bc"],
        ),
    ] {
        let script = Script::start(steps);
        let text = told(connect(&plain(script.port)));
        assert!(text.starts_with("mailbox.auth: "), "{text}");
        assert!(!text.contains("secret") && !text.contains("AHN1"), "{text}");
        assert_eq!(script.finish(), sent);
    }
}
