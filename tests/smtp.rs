//! A real Postfix that takes mail for a real Dovecot: TLS, logins, addresses, one connection for many mails.

use helpdesk_mail::model::notification::{Answer, Parcel};
use helpdesk_mail::outbox::{self, BackendConfig, Smtp};
use helpdesk_mail::transport::oauth::{TokenSource, Tokens};
use helpdesk_mail::transport::{Login, Mechanism, Password, Proxy, Tls};

use crate::cli_place::Place;
use crate::oauth::tokens;
use crate::support::ca::{Ca, Flaw};
use crate::support::parcel::{given, parcel, said, told};
use crate::support::provider::Provider;
use crate::support::relay::Relay;
use crate::support::smtpd::{Options, Smtpd};

fn open(smtp: &Smtp) -> Result<Box<dyn outbox::Backend>, outbox::OutboxError> {
    outbox::open(&BackendConfig::Smtp(smtp.clone()))
}

fn with_password(smtp: Smtp, word: &str) -> Smtp {
    let login = Login::Password(Password::Literal(word.into()));
    Smtp { login: Some(("support".to_owned(), login)), ..smtp }
}

#[test]
fn mail_arrives_octet_for_octet_by_every_protection() {
    let server = Smtpd::start();
    for (tls, name) in [(Tls::Implicit, "a"), (Tls::StartTls, "b"), (Tls::None, "c")] {
        let answers = given(&server.smtp(tls), &[parcel("anna@example.org", name)]);
        assert!(
            answers[0].0 == "accepted" && answers[0].1.starts_with("250 2.0.0 Ok: queued as "),
            "{answers:?}"
        );
    }
    let mails = server.delivered("anna", 3);
    for (mail, name) in mails.iter().zip(["a", "b", "c"]) {
        let sent = String::from_utf8(parcel("anna@example.org", name).octets).unwrap().replace("\r\n", "\n");
        let (_, body) = sent.split_once("\n\n").unwrap();
        assert!(
            mail.contains(&format!("Subject: {name}\n")) && mail.ends_with(&format!("\n\n{body}")),
            "{mail}"
        );
        assert!(mail.contains("Return-Path: <support@example.org>\n"), "{mail}");
    }
    server.logged("sasl_method=PLAIN, sasl_username=support", 3);
    server.logged("TLS connection established from", 2);
}

#[test]
fn one_connection_is_kept_for_many_mails_whatever_becomes_of_each() {
    let server = Smtpd::start();
    let to = |local: &str, n: usize| parcel(&format!("{local}@example.org"), &format!("m{n}"));
    let mut parcels: Vec<Parcel> = (0..20).map(|n| to("anna", n)).collect();
    parcels.insert(3, to("nobody", 100));
    parcels.insert(7, parcel("anna@@", "bad"));
    let answers = given(&server.smtp(Tls::Implicit), &parcels);
    for (at, (kind, text)) in answers.iter().enumerate() {
        match at {
            3 => assert!(*kind == "refused" && text.starts_with("550 5.1.1 "), "{text}"),
            7 => assert!(*kind == "refused" && text.contains("is no address"), "{text}"),
            _ => assert_eq!(*kind, "accepted", "{text}"),
        }
    }
    assert_eq!(server.delivered("anna", 20).len(), 20);
    server.logged("disconnect from", 1);
    let log = server.log();
    let goodbye =
        log.lines().find(|line| line.contains("disconnect from") && line.contains("auth=1")).unwrap();
    // Twice EHLO, since a login may change what is offered; one RSET, behind the refused recipient.
    assert!(goodbye.contains("ehlo=2 auth=1 mail=21 rcpt=20/21 data=20 rset=1 quit=1"), "{goodbye}");
}

#[test]
fn an_empty_sender_is_told_as_such() {
    let server = Smtpd::start();
    let answers =
        given(&server.smtp(Tls::None), &[Parcel { sender: None, ..parcel("anna@example.org", "x") }]);
    assert_eq!(answers[0].0, "accepted");
    assert!(server.delivered("anna", 1)[0].contains("Return-Path: <>\n"));
}

#[test]
fn smtputf8_is_asked_for_only_where_a_local_part_needs_it() {
    let server = Smtpd::start();
    let parcels = [
        parcel("anna@example.org", "plain"),
        parcel("anna@xn--bcher-kva.example", "domain-a"),
        Parcel { recipient: "anna@bücher.example".to_owned(), ..parcel("anna@example.org", "domain-u") },
        Parcel { recipient: "ännä@example.org".to_owned(), ..parcel("anna@example.org", "local") },
    ];
    let answers = given(&server.smtp(Tls::None), &parcels);
    assert!(answers.iter().all(|(kind, _)| *kind == "accepted"), "{answers:?}");
    assert_eq!((server.delivered("anna", 3).len(), server.delivered("ännä", 1).len()), (3, 1));

    let options = Options { lines: "smtputf8_enable = no", ..Options::default() };
    let server = Smtpd::start_with(options);
    let answers = given(&server.smtp(Tls::None), &parcels);
    let kinds: Vec<&str> = answers.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["accepted", "accepted", "accepted", "refused"], "{answers:?}");
    assert!(answers[3].1.contains("SMTPUTF8"), "{answers:?}");
}

#[test]
fn a_mail_that_is_too_large_for_the_server_is_refused_without_being_sent() {
    let server = Smtpd::start_with(Options { lines: "message_size_limit = 2000", ..Options::default() });
    let mut large = parcel("anna@example.org", "large");
    large.octets.extend(b"0123456789\r\n".repeat(300));
    let answers = given(&server.smtp(Tls::None), &[large, parcel("anna@example.org", "small")]);
    assert!(answers[0].0 == "refused" && answers[0].1.contains("at most 2000 octets"), "{answers:?}");
    assert_eq!(answers[1].0, "accepted");
}

#[test]
fn servers_without_pipelining_are_asked_step_by_step() {
    let options = Options { lines: "smtpd_discard_ehlo_keywords = pipelining", ..Options::default() };
    let server = Smtpd::start_with(options);
    let parcels = [parcel("nobody@example.org", "a"), parcel("anna@example.org", "b")];
    let answers = given(&server.smtp(Tls::StartTls), &parcels);
    assert_eq!((answers[0].0, answers[1].0), ("refused", "accepted"), "{answers:?}");
    server.delivered("anna", 1);
}

#[test]
fn certificates_that_do_not_verify_are_refused_with_advice() {
    let stranger = tempfile::tempdir().unwrap();
    Ca::new(stranger.path());
    let server = Smtpd::start();
    for tls in [Tls::Implicit, Tls::StartTls] {
        let unknown = told(open(&Smtp { ca_file: None, ..server.smtp(tls) }));
        assert!(unknown.starts_with("outbox.tls: ") && unknown.contains("in \"ca_file\""), "{unknown}");
        let other = told(open(&Smtp { ca_file: Some(stranger.path().join("ca.pem")), ..server.smtp(tls) }));
        assert!(other.starts_with("outbox.tls: ") && other.contains("neither by \"ca_file\""), "{other}");
    }
    let port = told(open(&Smtp { port: server.port, ..server.smtp(Tls::Implicit) }));
    assert!(port.starts_with("outbox.tls: ") && port.contains("does not speak TLS on this port"), "{port}");
    for (flaw, advice) in [(Flaw::Expired, "not valid today"), (Flaw::WrongName, "for another name")] {
        let server = Smtpd::start_with(Options { flaw, ..Options::default() });
        for tls in [Tls::Implicit, Tls::StartTls] {
            let text = told(open(&server.smtp(tls)));
            assert!(text.starts_with("outbox.tls: ") && text.contains(advice), "{text}");
        }
        assert!(!server.log().contains("sasl_username"), "{}", server.log());
    }
}

#[test]
fn starttls_that_is_not_offered_is_no_reason_to_go_on_without() {
    let server =
        Smtpd::start_with(Options { lines: "smtpd_tls_security_level = none", ..Options::default() });
    let text = told(open(&server.smtp(Tls::StartTls)));
    assert!(text.starts_with("outbox.tls: ") && text.contains("not among what the server offers"), "{text}");
}

#[test]
fn passwords_of_any_letters_log_in_by_plain_and_by_login() {
    let server = Smtpd::start();
    server.dovecot.set_passwords(&[("support", "Grüße \"密码\" ***")]);
    given(&with_password(server.smtp(Tls::Implicit), "Grüße \"密码\" ***"), &[]);
    let text = told(open(&with_password(server.smtp(Tls::Implicit), "wr0ng-secret")));
    assert!(
        text.starts_with("outbox.auth: no login to server \"127.0.0.1\"") && text.contains("535 5.7.8"),
        "{text}"
    );
    assert!(!text.contains("wr0ng"), "{text}");

    let options = Options { lines: "smtpd_sasl_mechanism_filter = login", ..Options::default() };
    let server = Smtpd::start_with(options);
    let answers = given(&server.smtp(Tls::StartTls), &[parcel("anna@example.org", "x")]);
    assert_eq!(answers[0].0, "accepted");
    server.logged("sasl_method=LOGIN, sasl_username=support", 1);
    let text = told(open(&with_password(server.smtp(Tls::StartTls), "wr0ng-secret")));
    assert!(text.starts_with("outbox.auth: ") && !text.contains("wr0ng"), "{text}");
    let none = Options { lines: "smtpd_sasl_auth_enable = no", ..Options::default() };
    let text = told(open(&Smtpd::start_with(none).smtp(Tls::StartTls)));
    assert!(text.starts_with("outbox.auth: ") && text.contains("no login by password"), "{text}");
}

#[test]
fn access_tokens_log_in_and_are_never_told() {
    let provider = Provider::start();
    let server =
        Smtpd::start_with(Options { introspection: Some(provider.introspection), ..Options::default() });
    for (mechanism, tls) in [(Mechanism::XOAuth2, Tls::StartTls), (Mechanism::OAuthBearer, Tls::Implicit)] {
        let with = |tokens| {
            let login = Login::Token { mechanism, tokens };
            Smtp { login: Some(("support".to_owned(), login)), ..server.smtp(tls) }
        };
        let answers = given(&with(tokens(&provider)), &[parcel("anna@example.org", "x")]);
        assert_eq!(answers[0].0, "accepted");
        let text = told(open(&with(Tokens::new(TokenSource::Command("echo b4d-token".to_owned())))));
        assert!(text.starts_with("outbox.auth: ") && !text.contains("b4d"), "{text}");
    }
    server.logged("sasl_method=XOAUTH2, sasl_username=support", 1);
    server.logged("sasl_method=OAUTHBEARER, sasl_username=support", 1);
}

#[test]
fn a_server_without_a_login_is_told_none() {
    let server = Smtpd::start();
    let answers = given(
        &Smtp { login: None, ..server.smtp(Tls::StartTls) },
        &[parcel("anna@example.org", "x"), parcel("stranger@elsewhere.example", "y")],
    );
    assert_eq!(answers[0].0, "accepted");
    assert!(answers[1].0 == "refused" && answers[1].1.contains("Relay access denied"), "{answers:?}");
    assert!(!server.log().contains("sasl_method"), "{}", server.log());
}

#[test]
fn a_server_that_is_started_anew_is_connected_to_anew() {
    let server = Smtpd::start_with(Options { lines: "smtpd_timeout = 1s", ..Options::default() });
    let mut backend = open(&server.smtp(Tls::Implicit)).unwrap();
    assert_eq!(said(&backend.give(&parcel("anna@example.org", "a"))).0, "accepted");
    server.logged("timeout after", 1);
    let answer = backend.give(&parcel("anna@example.org", "b"));
    assert!(matches!(answer, Answer::Accepted(_)) && backend.trouble().is_none(), "{answer:?}");
    assert_eq!(server.delivered("anna", 2).len(), 2);
}

#[test]
fn mail_goes_through_a_proxy() {
    let server = Smtpd::start();
    let relay = Relay::socks5();
    let proxy = Proxy::parse(&format!("socks5h://127.0.0.1:{}", relay.port));
    let smtp = Smtp { proxy, ..server.smtp(Tls::Implicit) };
    assert_eq!(given(&smtp, &[parcel("anna@example.org", "x")])[0].0, "accepted");
    let text = told(open(&Smtp { port: server.port, tls: Tls::None, ..smtp }));
    assert!(text.starts_with("outbox.tls: ") && text.contains("allow_plaintext"), "{text}");
}

#[test]
fn a_check_logs_in_and_sends_nothing() {
    let server = Smtpd::start();
    let checked = outbox::check(&BackendConfig::Smtp(server.smtp(Tls::StartTls))).unwrap();
    assert_eq!(checked.account, format!("smtp:support@127.0.0.1:{}", server.port));
    assert!(checked.capabilities.contains(&"PIPELINING".to_owned()), "{checked:?}");
    server.logged("disconnect from", 1);
    assert!(!server.log().contains("mail="), "{}", server.log());
}

#[test]
fn check_connect_logs_in_to_every_back_end_and_tells_what_is_wrong() {
    let server = Smtpd::start();
    let place = Place::configured();
    let configure = |password: &str| {
        place.write(
            "helpdesk-mail.toml",
            &format!(
                "[store]\nurl = \"sqlite:db\"\n[queue.support]\naddress = \"support@example.org\"\n[outbox]\n\
                 host = \"127.0.0.1\"\nport = {}\ntls = \"starttls\"\nca_file = {:?}\nusername = \"support\"\n\
                 password_command = \"echo {password}\"\n[outbox.backend.trial]\ntype = \"null\"\n",
                server.port,
                server.dovecot.ca_file()
            ),
        );
    };
    configure("secret");
    let text = place.output("check --connect", 0);
    let account = format!("back end default: ok, smtp:support@127.0.0.1:{}\n", server.port);
    assert!(text.contains(&account) && text.contains("PIPELINING"), "{text}");
    assert!(text.contains("back end trial: ok, null\n"), "{text}");
    configure("wr0ng");
    let lines = place.json("-v check --connect --json", 77);
    assert_eq!(
        (&lines[1]["backend"], &lines[1]["error"]["error_code"]),
        (&"default".into(), &"outbox.auth".into())
    );
    assert!(!lines[1].to_string().contains("wr0ng"), "{lines:?}");
    assert!(!server.log().contains("mail="), "{}", server.log());
}
