//! TLS, passwords and folders against a real Dovecot, and against servers that try to get round them.

use helpdesk_mail::mailbox::Access;
use helpdesk_mail::mailbox::{Login, Mailbox as _, Password, Plaintext, Reader as _, Server, Tls};

use crate::support::account::{connect, connect_as, on, plain, told};
use crate::support::ca::{Ca, Flaw};
use crate::support::dovecot::{Dovecot, Options};
use crate::support::script::{Script, Step};

fn password(text: &str) -> Login {
    Login::Password(Password::Literal(text.into()))
}

#[test]
fn each_way_of_protection_leads_to_a_session() {
    let server = Dovecot::start();
    for tls in [Tls::Implicit, Tls::StartTls, Tls::None] {
        let mut mailbox = connect(&on(&server, tls)).unwrap();
        mailbox.open("INBOX").unwrap();
        assert!(mailbox.capabilities().unwrap().contains(&"UIDPLUS".to_owned()), "{tls:?}");
        assert!(mailbox.account().starts_with("imap:support@127.0.0.1:"));
        mailbox.close().unwrap();
    }
    assert_eq!(server.logins(), 3);
}

#[test]
fn a_server_can_be_named_by_name_too() {
    let server = Dovecot::start();
    let imap = Server { host: "localhost".to_owned(), ..on(&server, Tls::Implicit) };
    connect(&imap).unwrap();
}

#[test]
fn certificates_that_do_not_verify_are_refused_with_advice() {
    let stranger = tempfile::tempdir().unwrap();
    Ca::new(stranger.path());
    let server = Dovecot::start();
    for tls in [Tls::Implicit, Tls::StartTls] {
        let unknown = told(connect(&Server { ca_file: None, ..on(&server, tls) }));
        assert!(unknown.starts_with("mailbox.tls: ") && unknown.contains("in \"ca_file\""), "{unknown}");
        let other = Server { ca_file: Some(stranger.path().join("ca.pem")), ..on(&server, tls) };
        let other = told(connect(&other));
        assert!(other.starts_with("mailbox.tls: ") && other.contains("neither by \"ca_file\""), "{other}");
    }
    let missing =
        told(connect(&Server { ca_file: Some("/nowhere.pem".into()), ..on(&server, Tls::Implicit) }));
    assert!(missing.starts_with("mailbox.tls: ") && missing.contains("/nowhere.pem"), "{missing}");
}

#[test]
fn certificates_of_another_day_or_name_are_refused() {
    for (flaw, advice) in [(Flaw::Expired, "not valid today"), (Flaw::WrongName, "for another name")] {
        let server = Dovecot::start_with(Options { flaw, ..Options::default() });
        for tls in [Tls::Implicit, Tls::StartTls] {
            let text = told(connect(&on(&server, tls)));
            assert!(text.starts_with("mailbox.tls: ") && text.contains(advice), "{text}");
        }
    }
}

#[test]
fn the_wrong_protection_for_a_port_is_told() {
    let server = Dovecot::start();
    let text = told(connect(&Server { port: server.port, ..on(&server, Tls::Implicit) }));
    assert!(text.starts_with("mailbox.tls: ") && text.contains("does not speak TLS on this port"), "{text}");
}

#[test]
fn starttls_that_is_not_offered_is_no_reason_to_go_on_without() {
    let server = Dovecot::start_with(Options { no_tls: true, ..Options::default() });
    let text = told(connect(&on(&server, Tls::StartTls)));
    assert!(
        text.starts_with("mailbox.tls: ") && text.contains("not among the server's capabilities"),
        "{text}"
    );
}

#[test]
fn no_password_leaves_before_starttls_stands() {
    use Step::{Expect, Send};
    let offered = || {
        vec![
            Send("* OK hi\r\n"),
            Expect("CAPABILITY"),
            Send("* CAPABILITY IMAP4rev1 STARTTLS\r\nTAG OK x\r\n"),
        ]
    };
    let with = |more: Vec<Step>| offered().into_iter().chain(more).collect::<Vec<_>>();
    for (steps, kind) in [
        (
            vec![Send("* OK hi\r\n"), Expect("CAPABILITY"), Send("* CAPABILITY IMAP4rev1\r\nTAG OK x\r\n")],
            "tls",
        ),
        (with(vec![Expect("STARTTLS"), Send("TAG NO not now\r\n")]), "tls"),
        (with(vec![Expect("STARTTLS"), Send("TAG BAD what\r\n")]), "tls"),
        // Answers injected behind the OK never count as the server's.
        (with(vec![Expect("STARTTLS"), Send("TAG OK go\r\na1 OK [CAPABILITY IMAP4rev1] in\r\n")]), "tls"),
        (with(vec![Expect("STARTTLS"), Send("* BYE full\r\n")]), "connect"),
        (vec![Send("* PREAUTH hi\r\n")], "tls"),
        (vec![Send("* BYE full\r\n")], "connect"),
        (vec![Send("HTTP/1.1 400 Bad Request\r\n")], "protocol"),
        (vec![], "connect"),
    ] {
        let script = Script::start(steps);
        let imap = Server { tls: Tls::StartTls, username: "su\u{70}port".to_owned(), ..plain(script.port) };
        let text = told(connect(&imap));
        assert!(text.starts_with(&format!("mailbox.{kind}: ")), "{text}");
        let sent = script.sent().join("\n");
        assert!(!sent.contains("secret") && !sent.contains("LOGIN") && !sent.contains("AUTH"), "{sent}");
    }
}

#[test]
fn clear_text_stays_on_this_host_unless_it_is_allowed() {
    let server = Dovecot::start();
    connect(&on(&server, Tls::None)).unwrap();
    let outside = std::net::UdpSocket::bind("0.0.0.0:0")
        .and_then(|socket| socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()))
        .map(|address| address.ip());
    // Without a network there is no address to try it with.
    let Some(outside) = outside.ok().filter(|ip| !ip.is_loopback()) else { return };
    let listener = std::net::TcpListener::bind((outside, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let imap = Server { host: outside.to_string(), ..plain(port) };
    let text = told(connect(&imap));
    assert!(text.starts_with("mailbox.tls: ") && text.contains("allow_plaintext"), "{text}");
    let answer = std::thread::spawn(move || {
        use std::io::Write as _;
        let (_refused, _) = listener.accept().unwrap();
        listener.accept().unwrap().0.write_all(b"* BYE reached\r\n").unwrap();
    });
    let text = told(connect(&Server { plaintext: Plaintext::Allowed, ..imap }));
    assert!(text.contains("it says: reached"), "{text}");
    answer.join().unwrap();
}

#[test]
fn refused_credentials_are_told_without_the_password() {
    let server = Dovecot::start();
    let imap = Server { login: password("wr0ng-secret"), ..on(&server, Tls::Implicit) };
    let text = told(connect(&imap));
    assert!(text.starts_with("mailbox.auth: no login to server \"127.0.0.1\""), "{text}");
    assert!(text.contains("the server answers: Authentication failed") && !text.contains("wr0ng"), "{text}");

    use Step::{Expect, Send};
    let script = Script::start(vec![
        Send("* OK hi\r\n"),
        Expect("CAPABILITY"),
        Send("* CAPABILITY IMAP4rev1\r\nTAG OK x\r\n"),
        Expect("LOGIN"),
        Send("TAG NO [AUTHENTICATIONFAILED] password secret is falsch, f\u{fc}r immer\r\n* BYE go\r\n"),
    ]);
    let text = told(connect(&plain(script.port)));
    assert!(text.contains("password *** is falsch, für immer"), "{text}");
    script.finish();
}

#[test]
fn passwords_hold_any_letters() {
    let server = Dovecot::start();
    let odd = [
        ("quotes", "with \"quotes\" and \\ and }"),
        ("letters", "Grüße-密码"),
        ("blanks", " a  b "),
        ("literal", "{5}"),
        ("marks", "*()%"),
    ];
    server.set_passwords(&odd);
    for (user, word) in odd {
        for tls in [Tls::Implicit, Tls::StartTls, Tls::None] {
            let imap = Server { username: user.to_owned(), login: password(word), ..on(&server, tls) };
            connect(&imap).unwrap_or_else(|error| panic!("{word:?} {tls:?}: {error:?}"));
        }
    }
    let text = told(connect(&Server { login: password("a\r\nb"), ..on(&server, Tls::Implicit) }));
    assert!(text.starts_with("mailbox.auth: ") && text.contains("a line end"), "{text}");
}

#[test]
fn login_disabled_sends_no_password() {
    let server = Dovecot::start_with(Options { tls_required: true, ..Options::default() });
    let far = |tls| Server { host: Dovecot::FAR.to_owned(), ..on(&server, tls) };
    connect(&far(Tls::StartTls)).unwrap();
    let text = told(connect(&far(Tls::None)));
    assert!(text.starts_with("mailbox.auth: ") && text.contains("no login by password"), "{text}");

    use Step::{Expect, Send};
    let script = Script::start(vec![
        Send("* OK hi\r\n"),
        Expect("CAPABILITY"),
        Send("* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK x\r\n"),
    ]);
    let text = told(connect(&plain(script.port)));
    assert!(text.starts_with("mailbox.auth: "), "{text}");
    assert_eq!(script.sent(), ["CAPABILITY"]);
}

#[test]
fn where_login_is_disabled_sasl_plain_may_do() {
    use Step::{Expect, Send};
    let script = Script::start(vec![
        Send("* OK hi\r\n"),
        Expect("CAPABILITY"),
        Send("* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN\r\nTAG OK x\r\n"),
        Expect("AUTHENTICATE PLAIN"),
        Send("+ Ready for you\r\n"),
        Expect(""),
    ]);
    let port = script.port;
    let text = told(connect(&plain(port)));
    assert!(text.starts_with("mailbox.connect: "), "{text}");
    assert_eq!(script.sent().last().unwrap(), "AHN1cHBvcnQAc2VjcmV0");
}

#[test]
fn a_missing_folder_is_told_with_its_neighbours() {
    let server = Dovecot::start();
    server.create_folder("support", "Helpdesk");
    server.create_folder("support", "Gel&APY-scht");
    let mut mailbox = connect(&on(&server, Tls::None)).unwrap();
    let text = told(mailbox.open("helpdesk"));
    assert!(text.starts_with("mailbox.folder: cannot use folder \"helpdesk\" of server"), "{text}");
    assert!(text.contains("there is \"Helpdesk\", "), "{text}");
    let text = told(mailbox.target("helpdesk"));
    assert!(text.starts_with("mailbox.folder: ") && text.contains("there is \"Helpdesk\", "), "{text}");
    mailbox.target("Helpdesk").unwrap();
    mailbox.open("Gelöscht").expect("the session goes on, and folders have any letters");
    mailbox.open("INBOX").unwrap();
}

#[test]
fn reading_only_is_held_to_by_the_server() {
    let server = Dovecot::start();
    server.deliver("support", "INBOX", b"Subject: x\r\n\r\nx\r\n");
    server.forget_commands();
    let mut mailbox = connect_as(&on(&server, Tls::None), Access::ReadOnly, 1000).unwrap();
    mailbox.open("INBOX").unwrap();
    assert_eq!(server.commands(), [&Dovecot::HELLO[..], &["EXAMINE \"INBOX\""]].concat());
}
