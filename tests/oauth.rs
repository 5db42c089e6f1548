//! Access tokens against a real Dovecot and a provider: had, used, renewed, refused, and never told.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use helpdesk_mail::mailbox::oauth::{Client, Life, TokenSource, Tokens};
use helpdesk_mail::mailbox::{Login, Mailbox as _, Mechanism, Password, Server, Tls};

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::{Dovecot, Options};
use crate::support::letter::Letter;
use crate::support::provider::{Answer, Provider};
use crate::support::script::{Script, Step};
use crate::support::{account, pop, ports};

const BOTH: [Mechanism; 2] = [Mechanism::XOAuth2, Mechanism::OAuthBearer];

fn start() -> (Provider, Dovecot) {
    let provider = Provider::start();
    let introspection = Some(provider.introspection);
    let server = Dovecot::start_with(Options { introspection, ..Options::default() });
    (provider, server)
}

/// A client of the provider.
pub fn tokens(provider: &Provider) -> Tokens {
    Tokens::new(TokenSource::Client(Box::new(Client {
        token_url: provider.url().parse().unwrap(),
        ca_file: Some(provider.ca_file()),
        client_id: "helpdesk".to_owned(),
        client_secret: Some(Password::Literal("s3cret-client".into())),
        refresh_token: None,
        scope: Some("mail".to_owned()),
        proxy: None,
    })))
}

fn with(server: Server, mechanism: Mechanism, tokens: &Tokens) -> Server {
    Server { login: Login::Token { mechanism, tokens: tokens.clone() }, ..server }
}

#[test]
fn every_protection_and_mechanism_leads_to_a_session_and_one_token_serves_them_all() {
    let (provider, server) = start();
    let tokens = tokens(&provider);
    for tls in [Tls::Implicit, Tls::StartTls, Tls::None] {
        for mechanism in BOTH {
            let imap = with(account::on(&server, tls), mechanism, &tokens);
            account::connect(&imap).unwrap_or_else(|error| panic!("{tls:?} {mechanism:?}: {error:?}"));
            let pop3 = with(pop::on(&server, tls), mechanism, &tokens);
            let mut mailbox =
                pop::connect(&pop3).unwrap_or_else(|error| panic!("{tls:?} {mechanism:?}: {error:?}"));
            assert_eq!(mailbox.close().unwrap(), []);
        }
    }
    let form = "grant_type=client_credentials&client_id=helpdesk&client_secret=s3cret-client&scope=mail";
    assert_eq!(provider.forms(), [form]);
    let log = server.log();
    for word in ["imap-login: Info: Login: ", "pop3-login: Info: Login: "] {
        for method in ["method=XOAUTH2", "method=OAUTHBEARER"] {
            let count = log.lines().filter(|line| line.contains(word) && line.contains(method)).count();
            assert_eq!(count, 3, "{word} {method}: {log}");
        }
    }
}

#[test]
fn a_token_in_hand_that_is_refused_is_renewed_once() {
    let (provider, server) = start();
    let tokens = tokens(&provider);
    let imap = with(account::on(&server, Tls::None), Mechanism::XOAuth2, &tokens);
    let pop3 = with(pop::on(&server, Tls::None), Mechanism::OAuthBearer, &tokens);
    account::connect(&imap).unwrap();
    provider.revoke();
    account::connect(&imap).unwrap();
    pop::connect(&pop3).unwrap();
    provider.revoke();
    pop::connect(&pop3).unwrap();
    assert_eq!(provider.forms().len(), 3);
}

#[test]
fn a_token_near_its_end_is_not_used_again() {
    let (provider, server) = start();
    provider.answer(Answer::Token(Some(5)));
    let tokens = tokens(&provider);
    let imap = with(account::on(&server, Tls::None), Mechanism::XOAuth2, &tokens);
    account::connect(&imap).unwrap();
    account::connect(&imap).unwrap();
    assert_eq!(provider.forms().len(), 2);
    provider.answer(Answer::Token(None));
    account::connect(&imap).unwrap();
    account::connect(&imap).unwrap();
    assert_eq!(provider.forms().len(), 3);
    assert_eq!(tokens.life(), Some(Life::Untold));
}

#[test]
fn a_new_token_that_the_server_refuses_is_refused_with_the_servers_words() {
    let (provider, server) = start();
    for mechanism in BOTH {
        let source = TokenSource::Command("echo s3cret-token".to_owned());
        let tokens = Tokens::new(source);
        let imap = with(account::on(&server, Tls::Implicit), mechanism, &tokens);
        let pop3 = with(pop::on(&server, Tls::Implicit), mechanism, &tokens);
        for text in [account::told(account::connect(&imap)), account::told(pop::connect(&pop3))] {
            assert!(text.starts_with("mailbox.auth: no login to server"), "{text}");
            assert!(text.contains("; it tells why: {\"status\":"), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
    assert_eq!(provider.forms(), [""; 0]);
}

#[test]
fn each_fault_of_the_endpoint_is_told_for_what_it_is() {
    let (provider, server) = start();
    let dead = r#"{"error":"invalid_grant","error_description":"the consent is gone: s3cret-client"}"#;
    for (answer, expected) in [
        (Answer::Raw(400, dead), "mailbox.auth: no login to server"),
        (Answer::Raw(400, dead), "answers 400: invalid_grant: the consent is gone: ***"),
        (
            Answer::Raw(503, "<html>away</html>"),
            "mailbox.connect: no connection to token endpoint \"https://",
        ),
        (Answer::Raw(200, "<html>welcome</html>"), "mailbox.protocol: "),
        (Answer::Redirect, "redirects are not followed"),
        (Answer::Huge(2_000_000), "the answer is larger than 65536 octets"),
        (Answer::Silence, "mailbox.timeout: no answer in time from token endpoint"),
    ] {
        provider.answer(answer);
        let server = Server { timeout: Duration::from_millis(700), ..account::on(&server, Tls::None) };
        let text = account::told(account::connect(&with(server, Mechanism::XOAuth2, &tokens(&provider))));
        let text = text.replace("token endpoint https", "token endpoint \"https");
        assert!(text.contains(expected), "{expected}: {text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    assert_eq!(provider.forms().len(), 7, "each was asked once, no redirect was followed");
}

#[test]
fn an_endpoint_that_is_down_or_a_stranger_is_no_refusal() {
    let (provider, server) = start();
    let port = ports::free();
    for (url, ca_file, expected) in [
        (format!("http://127.0.0.1:{port}/token"), None, "mailbox.connect: no connection to token endpoint"),
        (provider.url(), None, "mailbox.tls: no protected connection to token endpoint"),
    ] {
        let tokens = Tokens::new(TokenSource::Client(Box::new(Client {
            token_url: url.parse().unwrap(),
            ca_file,
            client_id: "helpdesk".to_owned(),
            client_secret: Some(Password::Literal("s3cret".into())),
            refresh_token: None,
            scope: None,
            proxy: None,
        })));
        let imap = with(account::on(&server, Tls::None), Mechanism::XOAuth2, &tokens);
        let text = account::told(account::connect(&imap));
        assert!(text.starts_with(expected), "{text}");
    }
    assert_eq!(provider.forms(), [""; 0]);
}

#[test]
fn no_token_is_given_to_a_server_that_does_not_offer_the_mechanism() {
    let server = Dovecot::start();
    let tokens = Tokens::new(TokenSource::Command("echo s3cret-token".to_owned()));
    for mechanism in BOTH {
        let imap = with(account::on(&server, Tls::None), mechanism, &tokens);
        let pop3 = with(pop::on(&server, Tls::None), mechanism, &tokens);
        for text in [account::told(account::connect(&imap)), account::told(pop::connect(&pop3))] {
            let expected = format!("the server does not offer {}", mechanism.name());
            assert!(text.starts_with("mailbox.auth: ") && text.contains(&expected), "{text}");
        }
    }
}

#[test]
fn no_token_leaves_before_tls_stands() {
    let tokens = Tokens::new(TokenSource::Command("echo s3cret-token".to_owned()));
    let script = Script::start(vec![
        Step::Send("* OK hi\r\n"),
        Step::Expect("CAPABILITY"),
        Step::Send("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\nTAG OK x\r\n"),
    ]);
    let server = Server { tls: Tls::StartTls, ..account::plain(script.port) };
    let text = account::told(account::connect(&with(server, Mechanism::XOAuth2, &tokens)));
    assert!(text.starts_with("mailbox.tls: "), "{text}");
    assert_eq!(script.sent(), ["CAPABILITY"]);
}

/// A desk with an IMAP mailbox by refresh token, which lies in `refresh`.
fn desk(provider: &Provider, server: &Dovecot) -> Desk {
    let mailbox = server.mailbox_toml("support", Tls::Implicit);
    let mailbox = mailbox.replace("password = \"secret\"", "auth = \"xoauth2\"");
    let desk = Desk::new(&format!(
        "[mailbox.support]\nqueue = \"support\"\n{mailbox}[mailbox.support.oauth]\ntoken_url = {:?}\n\
         ca_file = {:?}\nclient_id = \"helpdesk\"\nrefresh_token_file = \"refresh\"\n",
        provider.url(),
        provider.ca_file(),
    ));
    std::fs::write(desk.path("refresh"), "s3cret-1\n").unwrap();
    std::fs::set_permissions(desk.path("refresh"), std::fs::Permissions::from_mode(0o600)).unwrap();
    desk
}

fn silent(run: &Run) {
    for secret in ["s3cret", "t0ken"] {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_refresh_token_that_is_replaced_is_kept_for_the_next_run_and_shown_to_nobody() {
    let (provider, server) = start();
    let desk = desk(&provider, &server);
    server.deliver("support", "INBOX", &Letter::new("1@x", "Printer").bytes());
    provider.answer(Answer::Rotated("s3cret-2"));
    let run = desk.run(&["-vvv", "fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    silent(&run);
    assert_eq!(std::fs::read_to_string(desk.path("refresh")).unwrap(), "s3cret-2\n");
    provider.answer(Answer::Token(Some(3600)));
    silent(&desk.run(&["-vvv", "--log-format", "json", "fetch"]).exits(0));
    let asked: Vec<String> = provider
        .forms()
        .iter()
        .map(|form| form.replace("grant_type=refresh_token&client_id=helpdesk&", ""))
        .collect();
    assert_eq!(asked, ["refresh_token=s3cret-1", "refresh_token=s3cret-2"]);
    let store = std::fs::read(desk.path("desk.db")).unwrap();
    assert!(!String::from_utf8_lossy(&store).contains("t0ken"));
}

#[test]
fn a_dead_token_is_77_and_an_endpoint_that_is_away_69() {
    let (provider, server) = start();
    let desk = desk(&provider, &server);
    for (answer, code, words) in [
        (
            Answer::Raw(400, r#"{"error":"invalid_grant","error_description":"AADSTS70008 s3cret-1"}"#),
            77,
            "AADSTS70008 ***",
        ),
        (Answer::Raw(502, "away"), 69, "answers 502"),
    ] {
        provider.answer(answer);
        let run = desk.run(&["-vvv", "fetch", "--json"]).exits(code);
        let detail = run.lines("mailbox")[0]["error"]["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(words), "{detail}");
        silent(&run);
    }
}

#[test]
fn check_tells_how_long_the_token_lives() {
    let (provider, server) = start();
    let desk = desk(&provider, &server);
    let life = || {
        desk.run(&["check", "--connect", "--json"]).exits(0).lines("mailbox")[0]["token_expires_in_s"].clone()
    };
    assert!(life().as_u64().is_some_and(|seconds| (3000..=3600).contains(&seconds)), "{}", life());
    let run = desk.run(&["-vvv", "check", "--connect"]).exits(0);
    assert!(run.stdout.contains("  token: the access token lives for 5"), "{}", run.stdout);
    silent(&run);
    provider.answer(Answer::Token(None));
    assert!(life().is_null());
    assert!(
        desk.run(&["check", "--connect"]).exits(0).stdout.contains("nobody says how long the access token")
    );
}

#[test]
fn mailboxes_with_the_same_client_share_its_token() {
    let (provider, server) = start();
    let mailbox = |name: &str, toml: String| {
        let toml = toml.replace("password = \"secret\"", "auth = \"oauthbearer\"");
        let (url, ca_file) = (provider.url(), provider.ca_file());
        format!(
            "[mailbox.{name}]\nqueue = \"support\"\n{toml}[mailbox.{name}.oauth]\ntoken_url = {url:?}\n\
             ca_file = {ca_file:?}\nclient_id = \"helpdesk\"\nclient_secret = \"s3cret\"\n"
        )
    };
    let imap = mailbox("one", server.mailbox_toml("support", Tls::Implicit));
    let pop3 = mailbox("two", server.pop3_toml("support", Tls::Implicit));
    silent(&Desk::new(&format!("{imap}{pop3}")).run(&["-vvv", "fetch"]).exits(0));
    assert_eq!(provider.forms().len(), 1);
}
