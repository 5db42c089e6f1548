//! TCP: connects within a time limit and notices a server that drips.
//!
//! A read time-out alone bounds nothing: an octet a minute keeps it from striking. [`Pace`] therefore asks for a
//! least speed over a whole answer. Neither bounds a server that talks without end: [`Limits::until`] does.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::peer::Peer;
use super::reach::Reach;
use crate::transport::Fault;

/// The least speed of a server, in octets a second, once its grace is used up.
const LEAST_SPEED: u64 = 4096;
/// The grace, in time-outs.
const GRACE: u32 = 5;

/// Measures how fast a server gives its answer.
#[derive(Debug)]
pub(crate) struct Pace {
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
    pub(crate) fn begin(&self) {
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

/// The time limits of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The longest wait for the network to give or take anything.
    pub(crate) timeout: Duration,
    /// When everything must be over, whatever the server does.
    pub(crate) until: Option<Instant>,
}

impl Limits {
    /// The longest that may still be waited.
    fn wait(&self) -> io::Result<Duration> {
        let Some(until) = self.until else { return Ok(self.timeout) };
        let left = until.saturating_duration_since(Instant::now()).min(self.timeout);
        if left.is_zero() { Err(io::Error::new(io::ErrorKind::TimedOut, OutOfTime)) } else { Ok(left) }
    }

    /// Whether a wait that was in vain has used up all time.
    fn reason(&self, error: io::Error) -> io::Error {
        let timed_out = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        match self.wait() {
            Err(over) if timed_out => over,
            Ok(_) | Err(_) => error,
        }
    }
}

/// All time that the mailbox has in one run is used up.
#[derive(Debug, thiserror::Error)]
#[error("the mailbox takes longer than \"run_timeout\"")]
pub(super) struct OutOfTime;

/// A TCP connection with time-outs.
#[derive(Debug)]
pub(crate) struct Socket {
    tcp: TcpStream,
    pace: Arc<Pace>,
    limits: Limits,
    way: Way,
}

/// What stands at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The server.
    Direct,
    /// A proxy, and the server somewhere behind it.
    Proxied,
}

impl Socket {
    /// The same connection, once a proxy has taken it over.
    pub(super) fn through_a_proxy(self) -> Self {
        Self { way: Way::Proxied, ..self }
    }

    pub(super) fn pace(&self) -> Arc<Pace> {
        Arc::clone(&self.pace)
    }

    /// Waits for so long from now on.
    pub(super) fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.limits.timeout = timeout;
        self.pace = Arc::new(Pace::new(timeout));
        self.tcp.set_read_timeout(Some(timeout))?;
        self.tcp.set_write_timeout(Some(timeout))
    }

    /// This end of the connection.
    pub(super) fn local_ip(&self) -> io::Result<IpAddr> {
        Ok(self.tcp.local_addr()?.ip().to_canonical())
    }

    /// Whether the other end is this host, so that nobody can listen.
    pub(crate) fn is_loopback(&self) -> bool {
        self.way == Way::Direct
            && self.tcp.peer_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback())
    }

    /// Shortens the time-outs where less time is left.
    fn prepare(&self) -> io::Result<()> {
        let wait = self.limits.wait()?;
        if wait < self.limits.timeout {
            self.tcp.set_read_timeout(Some(wait))?;
            self.tcp.set_write_timeout(Some(wait))?;
        }
        Ok(())
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.prepare()?;
        let octets = self.tcp.read(buffer).map_err(|error| self.limits.reason(error))?;
        self.pace.received(octets)?;
        Ok(octets)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.prepare()?;
        self.tcp.write(bytes).map_err(|error| self.limits.reason(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// Connects to the first address of a host that answers in time.
///
/// An address beyond the reach is passed over: it is the very address that is connected to, whatever the name meant before.
pub(super) fn direct(peer: &Peer, limits: Limits, reach: Reach) -> Result<Socket, Fault> {
    let addresses = reach.admit(resolve(peer, limits)?, peer)?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match open(&address, limits) {
            Ok(tcp) => {
                let pace = Arc::new(Pace::new(limits.timeout));
                return Ok(Socket { tcp, pace, limits, way: Way::Direct });
            }
            Err(error) => last = limits.reason(error),
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

/// Resolves the name on a thread of its own: the system's resolver knows no limit of ours.
pub(super) fn resolve(peer: &Peer, limits: Limits) -> Result<Vec<SocketAddr>, Fault> {
    let host = peer.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = peer.port;
    let wait = limits.wait().map_err(|error| peer.io(error))?;
    // The system's resolver would look at its files for it first.
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, answer) = channel();
    let ask = move || {
        // Nobody listens any more once the time is over.
        let _ = sender.send((host.as_str(), port).to_socket_addrs().map(Vec::from_iter));
    };
    let unresolved =
        |error| peer.connect("the name cannot be resolved: check \"host\" and the name service", error);
    thread::Builder::new().name("resolve".to_owned()).spawn(ask).map_err(unresolved)?;
    match answer.recv_timeout(wait) {
        Ok(addresses) => addresses.map_err(unresolved),
        Err(_) => {
            Err(unresolved(io::Error::new(io::ErrorKind::TimedOut, "no answer of the name service in time")))
        }
    }
}

fn open(address: &SocketAddr, limits: Limits) -> io::Result<TcpStream> {
    let tcp = TcpStream::connect_timeout(address, limits.wait()?)?;
    tcp.set_read_timeout(Some(limits.timeout))?;
    tcp.set_write_timeout(Some(limits.timeout))?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { timeout: Duration::from_secs(5), until: None };

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
    fn what_is_left_of_all_time_shortens_every_wait() {
        let within =
            |seconds| Limits { until: Instant::now().checked_add(Duration::from_secs(seconds)), ..LIMITS };
        assert_eq!(LIMITS.wait().unwrap(), LIMITS.timeout);
        assert_eq!(within(3600).wait().unwrap(), LIMITS.timeout);
        assert!(within(2).wait().unwrap() <= Duration::from_secs(2));
        let over = within(0).reason(io::ErrorKind::WouldBlock.into());
        assert_eq!(over.to_string(), "the mailbox takes longer than \"run_timeout\"");
        assert_eq!(within(9).reason(io::ErrorKind::WouldBlock.into()).kind(), io::ErrorKind::WouldBlock);
        assert_eq!(within(0).reason(io::ErrorKind::BrokenPipe.into()).kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_refused_connection_says_that_nothing_listens() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let peer = Peer { host: "127.0.0.1".to_owned(), port };
        let error = direct(&peer, LIMITS, Reach::Anywhere).unwrap_err();
        let Fault::Connect { hint: Some(hint), .. } = error else { panic!("{error:?}") };
        assert!(hint.starts_with("nothing listens there"), "{hint}");
    }

    #[test]
    fn an_unknown_host_says_that_its_name_cannot_be_resolved() {
        let peer = Peer { host: "no-such-host.invalid".to_owned(), port: 993 };
        let error = direct(&peer, LIMITS, Reach::Anywhere).unwrap_err();
        let Fault::Connect { hint: Some(hint), .. } = error else { panic!("{error:?}") };
        assert!(hint.contains("cannot be resolved"), "{hint}");
    }
}
