//! One HTTP exchange with a token endpoint, over our own wire: its time-outs, its TLS, its errors.
//!
//! A redirect is an answer like another: secrets go nowhere but where the configuration says. The
//! way leads through the mailbox's proxy; those that the environment names are not used. Time and size are bounded, whatever the endpoint does.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

use super::Client;
use super::url::Scheme;
use crate::transport::wire::{self, Limits, Peer, Proxy, Route, Socket, Stream};
use crate::transport::{Fault, Plaintext};

/// The largest answer; tokens of some providers are long, 64 KiB is not.
const LARGEST: u64 = 64 * 1024;

/// What an endpoint answered.
pub(super) struct Answer {
    /// The status code.
    pub(super) status: u16,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// Posts a form; the whole exchange takes at most about `limit`.
pub(super) fn post(client: &Client, form: &[(&str, &str)], limit: Duration) -> Result<Answer, Fault> {
    let url = &client.token_url;
    let peer = url.peer();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("helpdesk-mail/", env!("CARGO_PKG_VERSION")))
        .accept("application/json")
        .max_idle_connections(0)
        .timeout_global(Some(limit))
        .build();
    let line = Line {
        peer: peer.clone(),
        scheme: url.scheme(),
        ca_file: client.ca_file.clone(),
        proxy: client.proxy.clone(),
        limit,
    };
    let agent = Agent::with_parts(config, line, Unresolved);
    let exchange = || -> Result<Answer, Error> {
        let mut response = agent.post(url.uri().clone()).send_form(form.iter().copied())?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(LARGEST).read_to_vec()?;
        Ok(Answer { status, body })
    };
    exchange().map_err(|error| told(&peer, error))
}

#[allow(clippy::wildcard_enum_match_arm, reason = "a foreign list of errors that may grow")]
fn told(peer: &Peer, error: Error) -> Fault {
    match error {
        Error::Timeout(_) => peer.io(io::ErrorKind::TimedOut.into()),
        Error::Io(error) => peer.io(error),
        Error::BodyExceedsLimit(_) => peer.protocol(format!("the answer is larger than {LARGEST} octets")),
        Error::Other(error) => match error.downcast::<Fault>() {
            Ok(error) => *error,
            Err(error) => peer.protocol(error),
        },
        other => peer.protocol(wire::text(other.to_string().as_bytes())),
    }
}

/// Connects by [`wire`].
#[derive(Debug)]
struct Line {
    peer: Peer,
    scheme: Scheme,
    ca_file: Option<PathBuf>,
    proxy: Option<Proxy>,
    limit: Duration,
}

impl Line {
    fn connected(&self) -> Result<Socket, Fault> {
        let limits = Limits { timeout: self.limit, until: None };
        wire::connect(&self.peer, Route { limits, proxy: self.proxy.as_ref() })
    }
}

impl Connector for Line {
    type Out = Wire;

    fn connect(&self, details: &ConnectionDetails<'_>, _chained: Option<()>) -> Result<Option<Wire>, Error> {
        let stream = self.connected().and_then(|socket| match self.scheme {
            Scheme::Https => Stream::protect(socket, &self.peer, self.ca_file.as_deref()),
            Scheme::Http => Stream::clear(socket, Plaintext::LoopbackOnly, &self.peer),
        });
        let stream = stream.map_err(|error| Error::Other(error.into()))?;
        let buffers =
            LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Wire { buffers, stream, scheme: self.scheme }))
    }
}

/// Leaves names to [`wire::connect`].
#[derive(Debug)]
struct Unresolved;

impl Resolver for Unresolved {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        addresses.push(([0, 0, 0, 0], 0).into());
        Ok(addresses)
    }
}

struct Wire {
    buffers: LazyBuffers,
    stream: Stream,
    scheme: Scheme,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _timeout: NextTimeout) -> Result<(), Error> {
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output)?;
        Ok(self.stream.flush()?)
    }

    /// A single read waits as long as the socket allows; the limit of the exchange counts between two of them.
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if timeout.after.is_zero() {
            return Err(Error::Timeout(timeout.reason));
        }
        let octets = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(octets);
        Ok(octets > 0)
    }

    /// Connections are used once.
    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        self.scheme == Scheme::Https
    }
}
