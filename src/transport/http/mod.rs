//! One HTTP exchange with a token endpoint or webhook, over our own wire: its time-outs, its TLS, its errors.
//!
//! A redirect is an answer like another: what is sent goes nowhere but where the configuration says. Proxies that the
//! environment names are not used. Time and size are bounded, whatever the endpoint does.

mod url;

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

use self::url::Scheme;
use super::wire::{self, Limits, Peer, Proxy, Reach, Route, Socket, Stream};
use super::{Fault, Plaintext};

pub use self::url::{NoUrl, Url};

/// The largest answer; tokens of some providers are long, 64 KiB is not.
const LARGEST: u64 = 64 * 1024;

/// What is posted where.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: Body<'a>,
    /// Trusted besides the system's certificates.
    pub(crate) ca_file: Option<&'a Path>,
    pub(crate) proxy: Option<&'a Proxy>,
    /// Which addresses are connected to.
    pub(crate) reach: Reach,
    /// The whole exchange takes at most about so long.
    pub(crate) limit: Duration,
    /// What becomes of an answer that is too large.
    pub(crate) overlong: Overlong,
}

/// What becomes of an answer that is larger than anybody needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlong {
    /// It is no answer: its body matters.
    Refused,
    /// Its beginning is read: the status says it all.
    Cut,
}

/// The body of a request.
pub(crate) enum Body<'a> {
    Form(&'a [(&'a str, &'a str)]),
    Json(&'a [u8]),
}

/// What an endpoint answered.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The field `Retry-After`.
    pub(crate) retry_after: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Posts a request.
pub(crate) fn post(request: &Request<'_>) -> Result<Answer, Fault> {
    let url = request.url;
    let peer = url.peer();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("helpdesk-mail/", env!("CARGO_PKG_VERSION")))
        .accept("application/json")
        .max_idle_connections(0)
        .timeout_global(Some(request.limit))
        .build();
    let line = Line {
        peer: peer.clone(),
        scheme: url.scheme(),
        ca_file: request.ca_file.map(Path::to_owned),
        proxy: request.proxy.cloned(),
        reach: request.reach,
        limit: request.limit,
    };
    let agent = Agent::with_parts(config, line, Unresolved);
    exchange(&agent, request).map_err(|error| told(&peer, error))
}

fn exchange(agent: &Agent, request: &Request<'_>) -> Result<Answer, Error> {
    let mut post = agent.post(request.url.uri().clone());
    for (name, value) in request.headers {
        post = post.header(*name, *value);
    }
    let mut response = match request.body {
        Body::Form(form) => post.send_form(form.iter().copied())?,
        Body::Json(octets) => post.header("content-type", "application/json").send(octets)?,
    };
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let (status, retry_after) = (response.status().as_u16(), retry_after.map(str::to_owned));
    let body = match request.overlong {
        Overlong::Refused => response.body_mut().with_config().limit(LARGEST).read_to_vec()?,
        Overlong::Cut => {
            let mut beginning = Vec::new();
            response.body_mut().as_reader().take(LARGEST).read_to_end(&mut beginning)?;
            beginning
        }
    };
    Ok(Answer { status, retry_after, body })
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
    reach: Reach,
    limit: Duration,
}

impl Line {
    fn connected(&self) -> Result<Socket, Fault> {
        let limits = Limits { timeout: self.limit, until: None };
        wire::connect(&self.peer, Route { limits, proxy: self.proxy.as_ref(), reach: self.reach })
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
