//! What is said to a proxy before the connection is ours: SOCKS 4 and 4a, SOCKS 5 (RFC 1928, RFC 1929), HTTP CONNECT
//! (RFC 9110 section 9.3.6).
//!
//! Answers are read octet by octet, so that nothing of the server's behind them is taken, and are bounded. Nothing here
//! knows the rest of the program, so that `fuzz/` takes the file as it is.

use std::io::{self, Read, Write};
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest answer of an HTTP proxy, in octets, and the longest text of it that is told.
const LONGEST: usize = 64 * 1024;
const TOLD: usize = 200;

/// Where the proxy shall connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An address that was resolved here.
    Address(IpAddr, u16),
    /// A name that the proxy resolves.
    Name(String, u16),
}

/// What a proxy wants to know of its user.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// The user.
    pub user: &'a str,
    /// The password; empty where there is none.
    pub password: &'a str,
}

/// Why there is no way through a proxy.
#[derive(Debug, thiserror::Error)]
pub enum NoWay {
    /// The connection to the proxy failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no such proxy.
    #[error("what answers is no {0} proxy")]
    Stranger(&'static str),
    /// It wants a user and password, or others.
    #[error("the proxy refuses the user: {0}")]
    Login(String),
    /// It does not connect to the target.
    #[error("the proxy does not connect: {0}")]
    Refused(String),
    /// The target cannot be told to it.
    #[error("{0}")]
    Untellable(&'static str),
}

/// SOCKS 4, and 4a for a name.
pub fn socks4(
    stream: &mut (impl Read + Write),
    target: &Target,
    login: Option<Login<'_>>,
) -> Result<(), NoWay> {
    let (address, port, name) = match target {
        Target::Address(IpAddr::V4(address), port) => (address.octets(), *port, None),
        Target::Address(IpAddr::V6(_), _) => return Err(NoWay::Untellable("SOCKS 4 knows no IPv6 address")),
        // An address that cannot be: the name follows.
        Target::Name(name, port) => ([0, 0, 0, 1], *port, Some(name)),
    };
    let user = login.map_or("", |login| login.user);
    if [Some(user), name.map(String::as_str)].into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(NoWay::Untellable("a name holds a NUL"));
    }
    let mut request = vec![4, 1];
    request.extend(port.to_be_bytes());
    request.extend(address);
    request.extend(user.bytes().chain([0]));
    request.extend(name.into_iter().flat_map(|name| name.bytes().chain([0])));
    say(stream, &request)?;
    let [version, code, ..] = exactly::<8>(stream)?;
    match (version, code) {
        (0, 90) => Ok(()),
        (0, 91) => Err(NoWay::Refused("rejected or failed".to_owned())),
        (0, 92 | 93) => Err(NoWay::Login("identification failed".to_owned())),
        _ => Err(NoWay::Stranger("SOCKS 4")),
    }
}

/// SOCKS 5.
pub fn socks5(
    stream: &mut (impl Read + Write),
    target: &Target,
    login: Option<Login<'_>>,
) -> Result<(), NoWay> {
    const STRANGER: NoWay = NoWay::Stranger("SOCKS 5");
    let methods: &[u8] = if login.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
    say(stream, methods)?;
    match (exactly::<2>(stream)?, login) {
        ([5, 0], _) => {}
        ([5, 2], Some(login)) => sub_negotiation(stream, login)?,
        ([5, 2], None) | ([5, 0xff], None) => {
            return Err(NoWay::Login("it wants a user and password".to_owned()));
        }
        ([5, 0xff], Some(_)) => return Err(NoWay::Login("it takes no user and password".to_owned())),
        _ => return Err(STRANGER),
    }
    let mut request = vec![5, 1, 0];
    let port = match target {
        Target::Address(IpAddr::V4(address), port) => {
            request.push(1);
            request.extend(address.octets());
            port
        }
        Target::Address(IpAddr::V6(address), port) => {
            request.push(4);
            request.extend(address.octets());
            port
        }
        Target::Name(name, port) => {
            request.push(3);
            counted(&mut request, name)?;
            port
        }
    };
    request.extend(port.to_be_bytes());
    say(stream, &request)?;
    let [version, code, _, kind] = exactly::<4>(stream)?;
    if version != 5 {
        return Err(STRANGER);
    }
    if code != 0 {
        return Err(NoWay::Refused(refusal(code)));
    }
    // The address that the proxy connects from; of no use to us.
    let length = match kind {
        1 => 4,
        3 => usize::from(exactly::<1>(stream)?[0]),
        4 => 16,
        _ => return Err(STRANGER),
    };
    for _ in 0..length + 2 {
        exactly::<1>(stream)?;
    }
    Ok(())
}

/// User and password (RFC 1929).
fn sub_negotiation(stream: &mut (impl Read + Write), login: Login<'_>) -> Result<(), NoWay> {
    let mut request = vec![1];
    counted(&mut request, login.user)?;
    counted(&mut request, login.password)?;
    say(stream, &request)?;
    match exactly::<2>(stream)? {
        [_, 0] => Ok(()),
        _ => Err(NoWay::Login("wrong user or password".to_owned())),
    }
}

fn counted(request: &mut Vec<u8>, text: &str) -> Result<(), NoWay> {
    let length = u8::try_from(text.len()).map_err(|_| NoWay::Untellable("a name has over 255 octets"))?;
    request.push(length);
    request.extend(text.bytes());
    Ok(())
}

/// The words of RFC 1928 section 6.
fn refusal(code: u8) -> String {
    match code {
        1 => "general failure".to_owned(),
        2 => "not allowed by its rules".to_owned(),
        3 => "network unreachable".to_owned(),
        4 => "host unreachable".to_owned(),
        5 => "connection refused".to_owned(),
        6 => "TTL expired".to_owned(),
        7 => "command not supported".to_owned(),
        8 => "address type not supported".to_owned(),
        other => format!("code {other}"),
    }
}

/// HTTP CONNECT, with Basic credentials (RFC 7617).
pub fn http(
    stream: &mut (impl Read + Write),
    target: &Target,
    login: Option<Login<'_>>,
) -> Result<(), NoWay> {
    let authority = match target {
        Target::Address(IpAddr::V6(address), port) => format!("[{address}]:{port}"),
        Target::Address(address, port) => format!("{address}:{port}"),
        Target::Name(name, port) => format!("{name}:{port}"),
    };
    if authority.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(NoWay::Untellable("a name holds blanks or control characters"));
    }
    let secret = login.map(|login| STANDARD.encode(format!("{}:{}", login.user, login.password)));
    let credentials =
        secret.as_ref().map_or_else(String::new, |secret| format!("Proxy-Authorization: Basic {secret}\r\n"));
    say(
        stream,
        format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{credentials}\r\n").as_bytes(),
    )?;
    let head = head(stream)?;
    let line = head.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let (version, rest) = line.split_once(' ').unwrap_or_default();
    let code: Option<u16> = rest.split(' ').next().and_then(|code| code.trim_end().parse().ok());
    let told = || {
        let text: String = rest.chars().filter(|c| !c.is_control()).take(TOLD).collect();
        // What a proxy sends back of the credentials is not shown.
        let secrets = login.map(|login| login.password).into_iter().chain(secret.as_deref());
        secrets.filter(|secret| !secret.is_empty()).fold(text, |text, secret| text.replace(secret, "***"))
    };
    match (version.starts_with("HTTP/1."), code) {
        (true, Some(200..=299)) => Ok(()),
        // tinyproxy answers 401 to wrong credentials.
        (true, Some(401 | 407)) => Err(NoWay::Login(told())),
        (true, Some(_)) => Err(NoWay::Refused(told())),
        _ => Err(NoWay::Stranger("HTTP")),
    }
}

/// Everything up to the empty line.
fn head(stream: &mut impl Read) -> Result<Vec<u8>, NoWay> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        if head.len() >= LONGEST {
            return Err(NoWay::Stranger("HTTP"));
        }
        head.extend(exactly::<1>(stream)?);
    }
    Ok(head)
}

fn say(stream: &mut impl Write, words: &[u8]) -> Result<(), NoWay> {
    stream.write_all(words)?;
    Ok(stream.flush()?)
}

fn exactly<const N: usize>(stream: &mut impl Read) -> Result<[u8; N], NoWay> {
    let mut octets = [0; N];
    stream.read_exact(&mut octets)?;
    Ok(octets)
}
