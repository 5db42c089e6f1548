//! One connection: says commands and hears replies. Commands that hold secrets are not logged.

use std::io::{self, Write as _};
use std::time::Duration;

use jiff::Timestamp;

use super::offer::Offer;
use super::reply::{BLOCK, Replies, Reply};
use crate::transport::Fault;
use crate::transport::wire::{Peer, Stream};

/// A connection to a server; after any error it is of no use any more and is dropped.
pub(super) struct Session {
    replies: Replies<Stream>,
    /// What the server offers now.
    pub(super) offer: Offer,
    /// When the certificate expires that the server showed.
    pub(super) certificate_expires: Option<Timestamp>,
    /// The server, for errors.
    pub(super) peer: Peer,
    /// Whether a mail was begun that was not taken: RSET ends it.
    pub(super) begun: bool,
}

impl Session {
    /// A session that reads ahead.
    pub(super) fn new(stream: Stream, peer: Peer) -> Self {
        Self::reading(stream, peer, BLOCK)
    }

    /// A session that takes nothing from the stream behind the reply it reads.
    pub(super) fn octet_by_octet(stream: Stream, peer: Peer) -> Self {
        Self::reading(stream, peer, 1)
    }

    fn reading(stream: Stream, peer: Peer, block: usize) -> Self {
        Self {
            certificate_expires: stream.certificate_expires(),
            replies: Replies::new(stream, block),
            offer: Offer::default(),
            peer,
            begun: false,
        }
    }

    pub(super) fn into_stream(self) -> Stream {
        self.replies.into_stream()
    }

    /// Says lines, each with its end, and waits for no reply.
    pub(super) fn say(&mut self, octets: &[u8]) -> io::Result<()> {
        let stream = self.replies.stream();
        stream.write_all(octets)?;
        stream.flush()
    }

    /// Hears the next reply.
    pub(super) fn hear(&mut self) -> io::Result<Reply> {
        self.replies.stream().pace().begin();
        let reply = self.replies.next()?;
        log::trace!("{}: it says {}", self.peer, reply.told());
        Ok(reply)
    }

    /// Gives a command and hears its reply.
    pub(super) fn run(&mut self, command: &str) -> Result<Reply, Fault> {
        log::trace!("{}: {command}", self.peer);
        self.run_secret(command)
    }

    /// Gives a command that is not logged.
    pub(super) fn run_secret(&mut self, command: &str) -> Result<Reply, Fault> {
        let said = self.say(format!("{command}\r\n").as_bytes());
        said.and_then(|()| self.hear()).map_err(|error| self.peer.io(error))
    }

    /// Waits for so long from now on.
    pub(super) fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.replies.stream().set_timeout(timeout)
    }

    /// Tells the server who we are, and hears what it offers.
    pub(super) fn greet(&mut self) -> Result<(), Fault> {
        let ip = self.replies.stream().local_ip().map_err(|error| self.peer.io(error))?;
        let name = super::hello::name(ip);
        let reply = self.run(&format!("EHLO {name}"))?;
        match reply.code {
            250 => {
                self.offer = Offer::of(&reply);
                Ok(())
            }
            _ => Err(self.peer.connect("the server must speak ESMTP and let us in", says(&reply))),
        }
    }
}

/// A reply as the cause of an error.
pub(super) fn says(reply: &Reply) -> String {
    format!("it says: {}", reply.told())
}
