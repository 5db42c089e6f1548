//! The name that we greet a server with (RFC 5321 section 4.1.4).

use std::net::IpAddr;

/// This host's name if it is a whole one, or the address that the server sees us by.
pub(super) fn name(ip: IpAddr) -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if is_whole(&host) { host } else { literal(ip) }
}

/// Servers refuse a name without a domain, and one that only means the host itself.
fn is_whole(host: &str) -> bool {
    let fits = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
    };
    let lower = host.to_ascii_lowercase();
    let local =
        [".localdomain", ".local", ".localhost", ".internal", ".lan"].iter().any(|end| lower.ends_with(end));
    let numeric = lower.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    host.len() <= 253 && host.contains('.') && host.split('.').all(fits) && !local && !numeric
}

fn literal(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("[{ip}]"),
        IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_name_is_told() {
        for host in ["mail.example.org", "a-b.example"] {
            assert!(is_whole(host), "{host}");
        }
        for host in [
            "mail",
            "localhost.localdomain",
            "printer.local",
            "10.0.0.1",
            "a..b",
            "a_b.example",
            ".x",
            "x.",
            "",
        ] {
            assert!(!is_whole(host), "{host:?}");
        }
        assert_eq!(literal("192.0.2.1".parse().unwrap()), "[192.0.2.1]");
        assert_eq!(literal("2001:db8::1".parse().unwrap()), "[IPv6:2001:db8::1]");
    }
}
