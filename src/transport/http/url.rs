//! The address of a token endpoint or webhook: HTTPS, or HTTP to this machine.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ureq::http::Uri;

use crate::transport::wire::Peer;

/// An address that secrets may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    uri: Uri,
    host: String,
    port: u16,
    scheme: Scheme,
}

/// How an endpoint is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Https,
    /// In clear text: this machine only.
    Http,
}

/// Why a text is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoUrl {
    /// It is no absolute URL, or holds a user or password.
    #[error("not a URL of the form https://HOST/PATH, without user and password")]
    Form,
    /// Secrets would cross a network in clear text.
    #[error("it must begin with https://; http:// is for this machine only, since secrets are sent there")]
    Clear,
}

impl FromStr for Url {
    type Err = NoUrl;

    fn from_str(text: &str) -> Result<Self, NoUrl> {
        let uri: Uri = text.parse().map_err(|_| NoUrl::Form)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(NoUrl::Form)?.to_owned();
        if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) || text.contains('#') {
            return Err(NoUrl::Form);
        }
        let (scheme, port) = match uri.scheme_str() {
            Some("https") => (Scheme::Https, 443),
            Some("http") if is_loopback(&host) => (Scheme::Http, 80),
            Some("http") => return Err(NoUrl::Clear),
            Some(_) | None => return Err(NoUrl::Form),
        };
        // What is no port is not taken for one that is left out.
        let written = uri.authority().and_then(|authority| authority.as_str().strip_prefix(&host));
        let port = match written.and_then(|rest| rest.strip_prefix(':')) {
            None | Some("") => port,
            Some(_) => uri.port_u16().filter(|port| *port > 0).ok_or(NoUrl::Form)?,
        };
        Ok(Self { uri, host, port, scheme })
    }
}

impl fmt::Display for Url {
    /// Without the query, which is the endpoint's own business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        write!(f, "{scheme}://{authority}{}", self.uri.path())
    }
}

impl Url {
    /// Its host, as it is written.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether what is sent there is protected on the way.
    pub fn is_protected(&self) -> bool {
        self.scheme == Scheme::Https
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(crate) fn peer(&self) -> Peer {
        Peer { host: self.host.clone(), port: self.port }
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_by_https_or_stay_on_this_machine() {
        for (text, port) in [
            ("https://login.example.org/token", 443),
            ("https://login.example.org:8443/a/b?tenant=1", 8443),
            ("http://127.0.0.1:80/token", 80),
            ("http://[::1]/token", 80),
            ("https://[2001:db8::1]:8443/token", 8443),
            ("https://login.example.org:/token", 443),
            ("http://localhost/token", 80),
        ] {
            assert_eq!(text.parse::<Url>().unwrap().peer().port, port, "{text}");
        }
        for (text, why) in [
            ("http://login.example.org/token", NoUrl::Clear),
            ("http://localhost.example.org/token", NoUrl::Clear),
            ("https://user:secret@login.example.org/token", NoUrl::Form),
            ("https://login.example.org/token#x", NoUrl::Form),
            ("https://login.example.org:0/token", NoUrl::Form),
            ("https://login.example.org:99999/token", NoUrl::Form),
            ("https://[2001:db8::1]:65536/token", NoUrl::Form),
            ("ftp://login.example.org/token", NoUrl::Form),
            ("login.example.org/token", NoUrl::Form),
            ("/token", NoUrl::Form),
            ("https:///token", NoUrl::Form),
            ("", NoUrl::Form),
        ] {
            assert_eq!(text.parse::<Url>(), Err(why), "{text}");
        }
    }

    #[test]
    fn a_query_is_not_shown() {
        let url: Url = "https://login.example.org/token?key=1".parse().unwrap();
        assert_eq!(url.to_string(), "https://login.example.org/token");
    }
}
