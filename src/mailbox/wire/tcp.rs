//! TCP: connects within a time limit and notices a server that drips.
//!
//! A read time-out alone bounds nothing: an octet a minute keeps it from striking. [`Pace`] therefore asks for a
//! least speed over a whole answer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::peer::Peer;
use crate::mailbox::MailboxError;

/// The least speed of a server, in octets a second, once its grace is used up.
const LEAST_SPEED: u64 = 4096;
/// The grace, in time-outs.
const GRACE: u32 = 5;

/// Measures how fast a server gives its answer.
#[derive(Debug)]
pub(in crate::mailbox) struct Pace {
    lap: Mutex<Lap>,
    grace: Duration,
}

#[derive(Debug)]
struct Lap {
    began: Instant,
    received: u64,
}

impl Pace {
    fn new(timeout: Duration) -> Self {
        let lap = Lap { began: Instant::now(), received: 0 };
        Self { lap: Mutex::new(lap), grace: timeout.saturating_mul(GRACE) }
    }

    /// Begins a new answer.
    pub(in crate::mailbox) fn begin(&self) {
        *self.lap.lock().unwrap_or_else(PoisonError::into_inner) = Lap { began: Instant::now(), received: 0 };
    }

    fn received(&self, octets: usize) -> io::Result<()> {
        let mut lap = self.lap.lock().unwrap_or_else(PoisonError::into_inner);
        lap.received = lap.received.saturating_add(octets as u64);
        let allowed = self.grace.saturating_add(Duration::from_secs(lap.received / LEAST_SPEED));
        if lap.began.elapsed() > allowed {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the answer comes too slowly"));
        }
        Ok(())
    }
}

/// A TCP connection with time-outs.
#[derive(Debug)]
pub(in crate::mailbox) struct Socket {
    tcp: TcpStream,
    pace: Arc<Pace>,
}

impl Socket {
    pub(super) fn pace(&self) -> Arc<Pace> {
        Arc::clone(&self.pace)
    }

    /// Whether the other end is this host, so that nobody can listen.
    pub(in crate::mailbox) fn is_loopback(&self) -> bool {
        self.tcp.peer_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback())
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let octets = self.tcp.read(buffer)?;
        self.pace.received(octets)?;
        Ok(octets)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// Connects to the first address of the server that answers within `timeout`.
pub(in crate::mailbox) fn connect(peer: &Peer, timeout: Duration) -> Result<Socket, MailboxError> {
    let host = peer.host.trim_start_matches('[').trim_end_matches(']');
    let addresses = (host, peer.port).to_socket_addrs().map_err(|error| {
        peer.connect("the name cannot be resolved: check \"host\" and the name service", error)
    })?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match open(&address, timeout) {
            Ok(tcp) => return Ok(Socket { tcp, pace: Arc::new(Pace::new(timeout)) }),
            Err(error) => last = error,
        }
    }
    Err(if matches!(last.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) {
        peer.io(last)
    } else if last.kind() == io::ErrorKind::ConnectionRefused {
        peer.connect("nothing listens there: check \"host\", \"port\" and that the server runs", last)
    } else {
        peer.connect("check \"host\", \"port\" and the network", last)
    })
}

fn open(address: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
    let tcp = TcpStream::connect_timeout(address, timeout)?;
    tcp.set_read_timeout(Some(timeout))?;
    tcp.set_write_timeout(Some(timeout))?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dripping_server_runs_out_of_its_grace() {
        let pace = Pace::new(Duration::from_millis(2));
        assert!(pace.received(1).is_ok());
        std::thread::sleep(Duration::from_millis(30));
        assert_eq!(pace.received(1).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(pace.received(1 << 20).is_ok(), "a fast server has all the time it needs");
        pace.begin();
        assert!(pace.received(1).is_ok());
    }

    #[test]
    fn a_refused_connection_says_that_nothing_listens() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let peer = Peer { host: "127.0.0.1".to_owned(), port };
        let error = connect(&peer, Duration::from_secs(5)).unwrap_err();
        let MailboxError::Connect { hint: Some(hint), .. } = error else { panic!("{error:?}") };
        assert!(hint.starts_with("nothing listens there"), "{hint}");
    }

    #[test]
    fn an_unknown_host_says_that_its_name_cannot_be_resolved() {
        let peer = Peer { host: "no-such-host.invalid".to_owned(), port: 993 };
        let error = connect(&peer, Duration::from_secs(5)).unwrap_err();
        let MailboxError::Connect { hint: Some(hint), .. } = error else { panic!("{error:?}") };
        assert!(hint.contains("cannot be resolved"), "{hint}");
    }
}
