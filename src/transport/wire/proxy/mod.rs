//! A way to a server through a proxy.
//!
//! The proxy sees the name of the server and, where TLS protects it, nothing else. It is never taken for this host: what
//! crosses it in clear text crosses a network, wherever the proxy runs.

mod handshake;
#[cfg(test)]
mod tests;

use std::io;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use self::handshake::{Login, NoWay, Target};
use super::Route;
use super::peer::Peer;
use super::reach::Reach;
use super::tcp::{self, Socket};
use crate::transport::Fault;

/// A proxy, by the form of a URL: `socks5://user:password@host:port`.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// What it speaks.
    pub scheme: Scheme,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What it wants to know of its user.
    pub user: Option<User>,
}

/// The user of a proxy.
#[derive(Debug, Clone)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password; empty where there is none.
    pub password: SecretString,
}

impl PartialEq for Proxy {
    fn eq(&self, other: &Self) -> bool {
        let user = |proxy: &Self| {
            proxy.user.as_ref().map(|user| (user.name.clone(), user.password.expose_secret().to_owned()))
        };
        (self.scheme, &self.host, self.port, user(self))
            == (other.scheme, &other.host, other.port, user(other))
    }
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// SOCKS 4: addresses of IPv4, resolved here.
    Socks4,
    /// SOCKS 4a: names, resolved there.
    Socks4a,
    /// SOCKS 5 (RFC 1928) with addresses, resolved here.
    Socks5,
    /// SOCKS 5 with names, resolved there.
    Socks5h,
    /// HTTP CONNECT (RFC 9110 section 9.3.6), names resolved there.
    Http,
}

impl Scheme {
    /// All of them with the word of a URL.
    pub const ALL: [(&'static str, Self); 5] = [
        ("socks4", Self::Socks4),
        ("socks4a", Self::Socks4a),
        ("socks5", Self::Socks5),
        ("socks5h", Self::Socks5h),
        ("http", Self::Http),
    ];

    /// The port where a URL names none.
    fn port(self) -> u16 {
        match self {
            Self::Socks4 | Self::Socks4a | Self::Socks5 | Self::Socks5h => 1080,
            Self::Http => 8080,
        }
    }

    /// Whether the server's name is resolved on this host.
    fn resolves_here(self) -> bool {
        match self {
            Self::Socks4 | Self::Socks5 => true,
            Self::Socks4a | Self::Socks5h | Self::Http => false,
        }
    }
}

impl Proxy {
    /// Reads a URL; `None` if it is none of a proxy. User and password are percent-decoded.
    pub fn parse(url: &str) -> Option<Self> {
        let (word, rest) = url.split_once("://")?;
        let (_, scheme) = Scheme::ALL.into_iter().find(|(known, _)| word.eq_ignore_ascii_case(known))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(User::parse(user)?), place),
            None => (None, rest),
        };
        let (host, port) = match place.rsplit_once(':') {
            // The colon of an IPv6 address stands within its brackets.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok().filter(|port| *port > 0)?),
            Some(_) | None => (place, scheme.port()),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_name = !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
        let is_address = bare.is_some_and(|bare| bare.parse::<IpAddr>().is_ok());
        (is_name || is_address).then(|| Self { scheme, host: host.to_owned(), port, user })
    }

    /// Connects to a server through the proxy. A name that the proxy resolves leads where the proxy lets it lead.
    pub(super) fn connect(&self, server: &Peer, route: Route<'_>) -> Result<Socket, Fault> {
        let (limits, reach) = (route.limits, route.reach);
        let bare = server.host.trim_start_matches('[').trim_end_matches(']');
        let targets: Vec<Target> = match bare.parse::<IpAddr>() {
            Ok(address) => {
                reach.admit(vec![(address, server.port).into()], server)?;
                vec![Target::Address(address, server.port)]
            }
            Err(_) if self.scheme.resolves_here() => reach
                .admit(tcp::resolve(server, limits)?, server)?
                .into_iter()
                .map(|address| Target::Address(address.ip(), address.port()))
                .collect(),
            Err(_) => vec![Target::Name(bare.to_owned(), server.port)],
        };
        let mut last = self.told(server, NoWay::Untellable("the name has no address"));
        for target in targets {
            // A proxy that refused one address hangs up; the next has a connection of its own.
            let proxy = Peer { host: self.host.clone(), port: self.port };
            let socket = tcp::direct(&proxy, limits, Reach::Anywhere)
                .map_err(|error| error.about(self.what(server)))?;
            let mut socket = socket.through_a_proxy();
            match self.shake_hands(&mut socket, &target) {
                Ok(()) => return Ok(socket),
                Err(why @ (NoWay::Refused(_) | NoWay::Untellable(_))) => last = self.told(server, why),
                Err(why) => return Err(self.told(server, why)),
            }
        }
        Err(last)
    }

    fn shake_hands(&self, socket: &mut Socket, target: &Target) -> Result<(), NoWay> {
        let login = self
            .user
            .as_ref()
            .map(|user| Login { user: &user.name, password: user.password.expose_secret() });
        match self.scheme {
            Scheme::Socks4 | Scheme::Socks4a => handshake::socks4(socket, target, login),
            Scheme::Socks5 | Scheme::Socks5h => handshake::socks5(socket, target, login),
            Scheme::Http => handshake::http(socket, target, login),
        }
    }

    fn what(&self, server: &Peer) -> String {
        format!("proxy {:?} port {} for {server}", self.host, self.port)
    }

    fn told(&self, server: &Peer, why: NoWay) -> Fault {
        let proxy = Peer { host: self.host.clone(), port: self.port };
        let error = match why {
            NoWay::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                proxy.connect("the proxy hangs up: check \"proxy\" and whom it lets through", error)
            }
            NoWay::Io(error) => proxy.io(error),
            NoWay::Login(_) => proxy.auth("check the user and password in \"proxy\"", why),
            NoWay::Stranger(_) => proxy.connect("check the scheme and port of \"proxy\"", why),
            NoWay::Refused(_) | NoWay::Untellable(_) => {
                proxy.connect("check \"host\", \"port\" and what the proxy allows", why)
            }
        };
        error.about(self.what(server))
    }
}

impl User {
    fn parse(text: &str) -> Option<Self> {
        let (name, password) = text.split_once(':').unwrap_or((text, ""));
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8().ok()?;
            (!text.contains(char::is_control)).then(|| text.into_owned())
        };
        let name = decoded(name).filter(|name| !name.is_empty())?;
        Some(Self { name, password: decoded(password)?.into() })
    }
}
