//! Servers behind proxies: microsocks and tinyproxy in front of Dovecot, and proxies that refuse, lie or hang.

use std::time::Duration;

use helpdesk_mail::mailbox::{Proxy, Reader as _, Server, Tls};

use crate::support::account::{connect, on, plain, told};
use crate::support::desk::Desk;
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;
use crate::support::relay::{self, Relay};
use crate::support::script::{Script, Step};
use crate::support::{pop, ports};

fn through(server: Server, url: &str) -> Server {
    Server { proxy: Some(Proxy::parse(url).unwrap()), ..server }
}

/// The first mail of an IMAP and of a POP3 mailbox.
fn both_read(server: &Dovecot, tls: Tls, url: &str) {
    let named = |it: Server| Server { host: "localhost".to_owned(), ..through(it, url) };
    let mut imap = connect(&named(on(server, tls))).unwrap_or_else(|error| panic!("{url}: {error:?}"));
    imap.open("INBOX").unwrap();
    assert_eq!(imap.list(None).unwrap().items.len(), 1, "{url}");
    let mut pop3 = pop::connect(&named(pop::on(server, tls))).unwrap();
    assert_eq!(pop::listed(&mut pop3).len(), 1, "{url}");
}

#[test]
fn mail_comes_through_real_proxies_with_every_protection() {
    let server = Dovecot::start();
    server.deliver("support", "INBOX", &Letter::new("a@x", "Behind").bytes());
    let (free, users, http) = (Relay::socks5(), Relay::socks5_with_user(), Relay::http());
    for tls in [Tls::Implicit, Tls::StartTls] {
        both_read(&server, tls, &format!("socks5://127.0.0.1:{}", free.port));
        both_read(&server, tls, &format!("socks5h://anna:p%3Aw%401@127.0.0.1:{}", users.port));
        both_read(&server, tls, &format!("http://anna:pw1@127.0.0.1:{}", http.port));
    }
    assert!(http.log().contains(&format!("CONNECT localhost:{}", server.tls_port)), "{}", http.log());
}

#[test]
fn socks_4_is_told_an_address_and_socks_4a_a_name() {
    let server = Dovecot::start();
    for (scheme, expected) in [("socks4", "127.0.0.1"), ("socks4a", "localhost")] {
        let (port, heard) = relay::socks4();
        let proxy = format!("{scheme}://anna@127.0.0.1:{port}");
        let imap = Server { host: "localhost".to_owned(), ..through(on(&server, Tls::Implicit), &proxy) };
        connect(&imap).unwrap().open("INBOX").unwrap();
        assert_eq!(heard.recv().unwrap(), format!("anna {expected}:{}", server.tls_port));
    }
}

#[test]
fn the_certificate_must_be_the_servers_not_the_proxys() {
    let server = Dovecot::start();
    let relay = Relay::socks5();
    let url = format!("socks5h://127.0.0.1:{}", relay.port);
    let imap = Server { ca_file: None, ..through(on(&server, Tls::Implicit), &url) };
    let text = told(connect(&imap));
    assert!(text.starts_with("mailbox.tls: no protected connection to server"), "{text}");
}

/// Where the proxy runs says nothing about the way from there.
#[test]
fn a_password_crosses_no_proxy_in_clear_text() {
    let server = Dovecot::start();
    let relay = Relay::socks5();
    let imap = through(on(&server, Tls::None), &format!("socks5://127.0.0.1:{}", relay.port));
    let text = told(connect(&imap));
    assert!(text.starts_with("mailbox.tls: ") && text.contains("readable on the way"), "{text}");
}

#[test]
fn a_proxy_that_refuses_says_why() {
    let nobody = ports::free();
    let (users, http) = (Relay::socks5_with_user(), Relay::http());
    let (users, http) = (users.port, http.port);
    let table = [
        (
            format!("socks5://127.0.0.1:{nobody}"),
            "mailbox.connect: no connection to proxy \"127.0.0.1\" port",
        ),
        (format!("socks5://127.0.0.1:{users}"), "mailbox.auth: no login to proxy"),
        (format!("socks5://anna:wr0ng-secret@127.0.0.1:{users}"), "mailbox.auth: no login to proxy"),
        (format!("http://anna:wr0ng-secret@127.0.0.1:{http}"), "mailbox.auth: no login to proxy"),
        (format!("http://127.0.0.1:{http}"), "mailbox.auth: no login to proxy"),
        (format!("socks5://anna:p%3Aw%401@127.0.0.1:{users}"), "mailbox.connect: no connection to proxy"),
    ];
    for (url, expected) in table {
        let text = told(connect(&through(plain(nobody), &url)));
        assert!(text.starts_with(expected), "{url}: {text}");
        assert!(text.contains(&format!("for server \"127.0.0.1\" port {nobody}")), "{url}: {text}");
        assert!(!text.contains("wr0ng") && !text.contains("p:w"), "{text}");
    }
}

#[test]
fn a_proxy_that_hangs_drips_or_lies_is_left() {
    let sleep = || Step::Sleep(Duration::from_millis(600));
    let drip = |octets: &'static [u8]| {
        let steps = octets
            .iter()
            .flat_map(|octet| [Step::SendOwned(vec![*octet]), Step::Sleep(Duration::from_millis(50))]);
        steps.collect::<Vec<Step>>()
    };
    let table = [
        ("socks5", vec![sleep()], "mailbox.timeout: "),
        ("http", vec![sleep()], "mailbox.timeout: "),
        ("socks4", vec![sleep()], "mailbox.timeout: "),
        ("http", drip(&[b'x'; 60]), "mailbox.timeout: "),
        ("http", vec![Step::Flood("HTTP/1.1 200 and no end ")], "mailbox.connect: "),
        ("socks5", vec![Step::Send("* OK IMAP4rev1 ready\r\n")], "mailbox.connect: "),
        ("socks5", vec![], "mailbox.connect: "),
    ];
    for (at, (scheme, steps, expected)) in table.into_iter().enumerate() {
        let script = Script::start(steps);
        let url = format!("{scheme}://127.0.0.1:{}", script.port);
        let imap = Server { timeout: Duration::from_millis(100), ..through(plain(143), &url) };
        let text = told(connect(&imap));
        assert!(text.starts_with(expected) && text.contains("proxy"), "{at} {scheme}: {text}");
    }
}

#[test]
fn each_mailbox_has_its_own_proxy_and_no_secret_is_told() {
    let server = Dovecot::start();
    server.deliver("support", "INBOX", &Letter::new("a@x", "Behind").bytes());
    let (socks, http) = (Relay::socks5_with_user(), Relay::http());
    let (good, bad) = (
        format!("socks5h://anna:p%3Aw%401@127.0.0.1:{}", socks.port),
        format!("http://anna:wr0ng@127.0.0.1:{}", http.port),
    );
    let account = server.mailbox_toml("support", Tls::Implicit);
    let mailbox = |name: &str, proxy: &str| {
        format!("[mailbox.{name}]\nqueue = \"support\"\n{account}proxy = {proxy:?}\n")
    };
    let desk = Desk::new(&format!("{}{}", mailbox("good", &good), mailbox("bad", &bad)));
    let run = desk.run(&["-vvv", "fetch", "--json"]).exits(77);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    assert_eq!(run.lines("mailbox")[1]["error"]["error_code"], "mailbox.auth");
    for secret in ["p:w@1", "p%3Aw%401", "wr0ng"] {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "{secret}: {}", run.stderr);
    }
}
