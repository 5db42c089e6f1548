//! The handshakes octet for octet.

use std::io::{self, Cursor, Read, Write};

use super::handshake::{Login, NoWay, Target, http, socks4, socks5};

/// A proxy that has said everything already.
struct Said {
    answers: Cursor<Vec<u8>>,
    heard: Vec<u8>,
}

impl Read for Said {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.answers.read(buffer)
    }
}

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.heard.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Handshake = fn(&mut Said, &Target, Option<Login<'_>>) -> Result<(), NoWay>;

/// What the proxy heard, what became of it, and what is left of the octets behind its answers.
fn said(
    handshake: Handshake,
    answers: &[u8],
    target: &Target,
    login: Option<Login<'_>>,
) -> (String, String, String) {
    let mut proxy = Said { answers: Cursor::new([answers, b"* OK"].concat()), heard: Vec::new() };
    let result =
        handshake(&mut proxy, target, login).map_or_else(|why| why.to_string(), |()| "ok".to_owned());
    let mut left = Vec::new();
    proxy.answers.read_to_end(&mut left).unwrap();
    (proxy.heard.escape_ascii().to_string(), result, String::from_utf8_lossy(&left).into_owned())
}

fn name() -> Target {
    Target::Name("imap.example.org".to_owned(), 993)
}

fn v4() -> Target {
    Target::Address([192, 0, 2, 1].into(), 993)
}

fn v6() -> Target {
    Target::Address("2001:db8::1".parse().unwrap(), 993)
}

const ANNA: Option<Login<'static>> = Some(Login { user: "anna", password: "s3cret" });

#[test]
fn socks_4_tells_an_address_or_a_name_and_leaves_the_servers_octets() {
    let granted = b"\0\x5a\0\0\0\0\0\0";
    let ok = |heard: &str| (heard.to_owned(), "ok".to_owned(), "* OK".to_owned());
    assert_eq!(said(socks4, granted, &v4(), None), ok(r"\x04\x01\x03\xe1\xc0\x00\x02\x01\x00"));
    assert_eq!(
        said(socks4, granted, &name(), ANNA),
        ok(r"\x04\x01\x03\xe1\x00\x00\x00\x01anna\x00imap.example.org\x00")
    );
    let why = |answers: &[u8], target: &Target| said(socks4, answers, target, None).1;
    assert_eq!(why(b"\0\x5b\0\0\0\0\0\0", &v4()), "the proxy does not connect: rejected or failed");
    assert_eq!(why(b"\0\x5d\0\0\0\0\0\0", &v4()), "the proxy refuses the user: identification failed");
    assert_eq!(why(b"HTTP/1.1 400", &v4()), "what answers is no SOCKS 4 proxy");
    assert_eq!(why(granted, &v6()), "SOCKS 4 knows no IPv6 address");
}

#[test]
fn socks_5_logs_in_where_it_is_asked_to_and_leaves_the_servers_octets() {
    let ok = |heard: &str| (heard.to_owned(), "ok".to_owned(), "* OK".to_owned());
    let free = b"\x05\0\x05\0\0\x01\x7f\0\0\x01\x04\x38";
    assert_eq!(said(socks5, free, &v4(), None), ok(r"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x03\xe1"));
    let named = b"\x05\x02\x01\0\x05\0\0\x03\x04host\x04\x38";
    assert_eq!(
        said(socks5, named, &name(), ANNA),
        ok(r"\x05\x02\x00\x02\x01\x04anna\x06s3cret\x05\x01\x00\x03\x10imap.example.org\x03\xe1")
    );
    let sixth = [&b"\x05\0\x05\0\0\x04"[..], &[0; 18]].concat();
    assert!(said(socks5, &sixth, &v6(), None).0.starts_with(r"\x05\x01\x00\x05\x01\x00\x04 \x01\r\xb8"));
    let why = |answers: &[u8], login| said(socks5, answers, &name(), login).1;
    assert_eq!(why(b"\x05\xff", None), "the proxy refuses the user: it wants a user and password");
    assert_eq!(why(b"\x05\xff", ANNA), "the proxy refuses the user: it takes no user and password");
    assert_eq!(why(b"\x05\x02\x01\x01", ANNA), "the proxy refuses the user: wrong user or password");
    assert_eq!(why(b"\x05\0\x05\x05\0\x01", None), "the proxy does not connect: connection refused");
    assert_eq!(why(b"\x05\0\x05\x63\0\x01", None), "the proxy does not connect: code 99");
    assert_eq!(why(b"\x05\0\x05\0\0\x09", None), "what answers is no SOCKS 5 proxy");
    assert_eq!(why(b"* OK IMAP4rev1", None), "what answers is no SOCKS 5 proxy");
    let long = Target::Name("x".repeat(256), 1);
    assert_eq!(said(socks5, free, &long, None).1, "a name has over 255 octets");
}

#[test]
fn http_connects_and_leaves_the_servers_octets() {
    let ok = |heard: &str| (heard.to_owned(), "ok".to_owned(), "* OK".to_owned());
    let granted = b"HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n";
    assert_eq!(
        said(http, granted, &name(), None),
        ok(r"CONNECT imap.example.org:993 HTTP/1.1\r\nHost: imap.example.org:993\r\n\r\n")
    );
    // The credentials of "anna:s3cret" in base64.
    let heard = r"CONNECT [2001:db8::1]:993 HTTP/1.1\r\nHost: [2001:db8::1]:993\r\nProxy-Authorization: Basic YW5uYTpzM2NyZXQ=\r\n\r\n";
    assert_eq!(said(http, granted, &v6(), ANNA), ok(heard));
    assert_eq!(said(http, b"HTTP/1.1 204 \n\n", &v4(), None).1, "ok");
    let why = |answers: &[u8]| said(http, answers, &name(), None).1;
    assert_eq!(
        why(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
        "the proxy refuses the user: 407 Proxy Authentication Required"
    );
    let echo = said(http, b"HTTP/1.1 407 s3cret is wrong, YW5uYTpzM2NyZXQ= too\r\n\r\n", &name(), ANNA).1;
    assert_eq!(echo, "the proxy refuses the user: 407 *** is wrong, *** too");
    assert_eq!(why(b"HTTP/1.1 502 no \x1broute\r\n\r\n"), "the proxy does not connect: 502 no route");
    assert_eq!(why(b"* OK IMAP4rev1\r\n\r\n"), "what answers is no HTTP proxy");
    assert_eq!(why(&b"x".repeat(70_000)), "what answers is no HTTP proxy");
    let blank = Target::Name("a b\r\nX: y".to_owned(), 1);
    assert_eq!(said(http, granted, &blank, None).1, "a name holds blanks or control characters");
}

#[test]
fn what_breaks_off_is_an_end_of_the_connection() {
    for handshake in [socks4 as Handshake, socks5, http] {
        let mut proxy = Said { answers: Cursor::new(Vec::new()), heard: Vec::new() };
        let why = handshake(&mut proxy, &v4(), None).unwrap_err();
        assert!(matches!(why, NoWay::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof));
    }
}

#[test]
fn urls_of_proxies_are_read() {
    use super::{Proxy, Scheme};
    use secrecy::ExposeSecret as _;

    let read = |url: &str| {
        Proxy::parse(url).map(|proxy| {
            let user = proxy.user.map(|user| format!("{} {}", user.name, user.password.expose_secret()));
            (proxy.scheme, proxy.host, proxy.port, user.unwrap_or_default())
        })
    };
    let table = [
        ("socks5://127.0.0.1:1080", (Scheme::Socks5, "127.0.0.1", 1080, "")),
        ("socks5h://proxy.example.org", (Scheme::Socks5h, "proxy.example.org", 1080, "")),
        ("SOCKS4://u@proxy:99/", (Scheme::Socks4, "proxy", 99, "u ")),
        ("socks4a://proxy", (Scheme::Socks4a, "proxy", 1080, "")),
        ("http://a%40b:p%3Aq:r@[::1]:3128", (Scheme::Http, "[::1]", 3128, "a@b p:q:r")),
        ("http://[2001:db8::1]", (Scheme::Http, "[2001:db8::1]", 8080, "")),
    ];
    for (url, (scheme, host, port, user)) in table {
        assert_eq!(read(url), Some((scheme, host.to_owned(), port, user.to_owned())), "{url}");
    }
    for url in [
        "",
        "proxy:1080",
        "https://proxy",
        "socks5://",
        "socks5://proxy:0",
        "socks5://proxy:x",
        "socks5://proxy:70000",
        "socks5://proxy/path",
        "socks5://:p@proxy",
        "socks5://a%00@proxy",
        "socks5://a b",
        "http://::1:80",
    ] {
        assert_eq!(read(url), None, "{url}");
    }
}
