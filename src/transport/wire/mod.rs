//! The wire: TCP with time-outs, directly or through a proxy, TLS that is always verified, and lines read octet by octet.
//!
//! Every error names the server and says what to do where that is known. Nothing here knows a protocol's words.
//! Limits: no client certificates; a name that is not resolved in time leaves a thread that waits for the system.

mod certificate;
mod peer;
mod proxy;
mod reach;
mod tcp;
mod tls;

use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use native_tls::TlsStream;

use super::{Fault, Plaintext};

pub(crate) use peer::{Cause, Peer, text};
pub use proxy::{Proxy, Scheme as ProxyScheme, User as ProxyUser};
pub(crate) use reach::Reach;
pub(crate) use tcp::{Limits, Pace, Socket};
#[cfg(feature = "postgresql")]
pub(crate) use tls::verifying;

/// How a server is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route<'a> {
    /// The time it may take.
    pub(crate) limits: Limits,
    /// What stands in between.
    pub(crate) proxy: Option<&'a Proxy>,
    /// Which addresses it may have.
    pub(crate) reach: Reach,
}

/// Connects to a server.
pub(crate) fn connect(peer: &Peer, route: Route<'_>) -> Result<Socket, Fault> {
    match route.proxy {
        Some(proxy) => proxy.connect(peer, route),
        None => tcp::direct(peer, route.limits, route.reach),
    }
}

/// A connection, protected or not.
pub(crate) enum Stream {
    /// In clear text.
    Plain(Socket),
    /// By TLS.
    Protected(Box<TlsStream<Socket>>),
}

impl Stream {
    /// A connection in clear text, where the configuration lets a password cross it.
    pub(crate) fn clear(socket: Socket, plaintext: Plaintext, peer: &Peer) -> Result<Self, Fault> {
        if plaintext == Plaintext::LoopbackOnly && !socket.is_loopback() {
            return Err(peer.tls(
                "set \"tls\" to \"implicit\" or \"starttls\"; only \"allow_plaintext = true\" lets passwords be read",
                "without TLS the password would be readable on the way",
            ));
        }
        Ok(Self::Plain(socket))
    }

    /// What measures how fast the server gives.
    pub(crate) fn pace(&self) -> std::sync::Arc<Pace> {
        match self {
            Self::Plain(socket) => socket.pace(),
            Self::Protected(tls) => tls.get_ref().pace(),
        }
    }

    /// When the certificate expires that the server showed; `None` without one, or where that cannot be made out.
    pub(crate) fn certificate_expires(&self) -> Option<Timestamp> {
        match self {
            Self::Plain(_) => None,
            Self::Protected(tls) => certificate::expires(&tls.peer_certificate().ok()??.to_der().ok()?),
        }
    }

    /// Waits for so long from now on; who measures the pace asks for it again.
    pub(crate) fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.socket().set_timeout(timeout)
    }

    /// The address of this end.
    pub(crate) fn local_ip(&mut self) -> io::Result<IpAddr> {
        self.socket().local_ip()
    }

    fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Protected(tls) => tls.get_mut(),
        }
    }

    /// Reads a line without its end, octet by octet, so that nothing behind it is taken from the stream.
    ///
    /// A line longer than 8 KiB is an error of kind `InvalidData`, the end of the stream `UnexpectedEof`.
    pub(crate) fn line(&mut self) -> io::Result<Vec<u8>> {
        const LONGEST: usize = 8 * 1024;
        let mut line = Vec::new();
        loop {
            let mut octet = [0];
            self.read_exact(&mut octet)?;
            match octet {
                [b'\n'] => break,
                [other] => line.push(other),
            }
            if line.len() > LONGEST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line without end"));
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(line)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Protected(tls) => tls.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Protected(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Protected(tls) => tls.flush(),
        }
    }
}
