//! URLs of PostgreSQL (its manual, "Connection URIs"); none is ever quoted.

use postgres::Config;
use postgres::config::{Host, SslMode};

use super::super::Shown;

/// The port that is not told.
const PORT: u16 = 5432;

/// The database that a URL names, without user and password; what is wrong with it is told without quoting it.
pub fn shown(url: &str) -> Result<Shown, String> {
    parse(url).map(|config| Shown { place: place(&config), has_password: config.get_password().is_some() })
}

/// Reads a URL; what asks for less than a verified connection is taken for servers on this host alone.
pub(super) fn parse(url: &str) -> Result<Config, String> {
    // The error of the library names parts of the URL, which may be a password.
    if url.contains("sslrootcert=") {
        return Err("\"sslrootcert\" is not taken: name the file in \"ca_file\"".to_owned());
    }
    // More than the library knows, and what is done anyway.
    let url =
        url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    let mut config: Config =
        url.parse().map_err(|_| "it is no URL of PostgreSQL (postgresql://user@host/database)".to_owned())?;
    if config.get_hosts().is_empty() || config.get_dbname().is_none() {
        return Err("it must name a host and a database (postgresql://user@host/database)".to_owned());
    }
    let is_encrypted = config.get_ssl_mode() != SslMode::Disable;
    let is_here = config.get_hosts().iter().all(is_local)
        && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback);
    if !is_encrypted && !is_here {
        return Err("sslmode=disable is for servers on this host alone".to_owned());
    }
    // A socket of this host has no TLS.
    let is_socket = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
    config.ssl_mode(if is_encrypted && !is_socket { SslMode::Require } else { SslMode::Disable });
    Ok(config)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

/// Host, port and database, as errors name them; never user or password.
pub(super) fn place(config: &Config) -> String {
    let host = config.get_hosts().first().map_or("localhost".to_owned(), |host| match host {
        Host::Tcp(address) if address.contains(':') => format!("[{address}]"),
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    let port = config.get_ports().first().filter(|port| **port != PORT).map(|port| format!(":{port}"));
    format!("postgresql://{host}{}/{}", port.unwrap_or_default(), config.get_dbname().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<SslMode, String> {
        parse(url).map(|config| config.get_ssl_mode())
    }

    #[test]
    fn a_place_has_its_port_where_it_is_another_and_neither_user_nor_password() {
        for (url, expected) in [
            ("postgresql://u:hunter2@db.example.org/d", "postgresql://db.example.org/d"),
            ("postgresql://u@db.example.org:5432/d", "postgresql://db.example.org/d"),
            ("postgresql://u@[::1]:6432/d", "postgresql://[::1]:6432/d"),
            ("postgresql://u:hunter2@db.example.org:6432/d", "postgresql://db.example.org:6432/d"),
        ] {
            assert_eq!(place(&parse(url).unwrap()), expected);
        }
    }

    #[test]
    fn a_connection_is_verified_but_to_this_host_and_on_request() {
        for query in ["", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca", "?sslmode=verify-full"]
        {
            let url = format!("postgresql://u@db.example.org/d{query}");
            assert_eq!(mode(&url), Ok(SslMode::Require), "{url}");
        }
        for url in ["postgresql://u@127.0.0.1/d?sslmode=disable", "postgresql://u@%2Frun%2Fpostgresql/d"] {
            assert_eq!(mode(url), Ok(SslMode::Disable), "{url}");
        }
        for url in [
            "postgresql://u:hunter2@db.example.org/d?sslmode=disable",
            "postgresql://u:hunter2@localhost/d?sslmode=disable&hostaddr=192.0.2.2",
            "postgresql://u:hunter2@db.example.org/d?sslrootcert=/etc/ca.pem",
            "postgresql://u:hunter2@db.example.org",
            "postgresql://u:hunter2@db.example.org/d?sslmode=perhaps",
        ] {
            let refused = mode(url).unwrap_err();
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}
