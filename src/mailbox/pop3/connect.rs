//! From a TCP connection to the TRANSACTION state: greeting, CAPA, STLS, login.
//!
//! Nothing falls back: where TLS is configured no password leaves before it stands, and where it is not, none leaves
//! this host unless the configuration allows it. Until TLS stands answers are read octet by octet, and all that was
//! told before, the time stamp for APOP among it, is forgotten (RFC 2595 section 4): nothing injected survives.

use std::cell::Cell;
use std::time::Instant;

use super::answers::Status;
use super::auth::{self, Stamp};
use super::offer::Offer;
use super::session::{Ahead, Session, of_the_maildrop, told};
use crate::mailbox::{MailboxError, Server, Tls};
use crate::transport::wire::{Peer, Socket, Stream};
use crate::transport::{Call, login};

/// Connects, or takes up a call, and logs in, all over at `until`; gives the session and what the server offered before
/// the login.
///
/// A server that takes USER and falls silent over the PASS that was sent ahead has lost it, and gets it anew in its turn.
pub(super) fn session(
    server: &Server,
    ahead: Ahead,
    until: Option<Instant>,
    call: Option<Call>,
) -> Result<(Session, Offer), MailboxError> {
    let peer = server.peer();
    let (is_lossy, call) = (Cell::new(false), Cell::new(call));
    let reach = |ahead| {
        login::begin((&server.username, &server.login), server.timeout, &peer, |credentials| {
            let stream = server.reached(call.take(), until)?;
            let (mut session, stamp) = protected(stream, server, ahead, &peer)?;
            let offer = log_in(&mut session, stamp, server.tls, credentials);
            is_lossy.set(session.is_lossy);
            Ok((session, offer?))
        })
    };
    match reach(ahead) {
        Err(trouble @ MailboxError::Timeout { .. }) if is_lossy.get() => {
            log::warn!("{peer} is connected to again, one command at a time: {trouble}");
            reach(Ahead::Never)
        }
        other => other,
    }
}

/// One attempt to log in; gives what the server offers before it.
fn log_in(
    session: &mut Session,
    stamp: Option<Stamp>,
    tls: Tls,
    credentials: login::Ask<'_, '_>,
) -> Result<Offer, MailboxError> {
    let offer = Offer::ask(session)?;
    offer.heed(session);
    auth::log_in(session, &credentials()?, &auth::Ground { offer: &offer, stamp, tls })?;
    Ok(offer)
}

/// The session as it is protected, and the time stamp of its greeting.
fn protected(
    stream: Stream,
    server: &Server,
    ahead: Ahead,
    peer: &Peer,
) -> Result<(Session, Option<Stamp>), MailboxError> {
    if server.tls == Tls::StartTls {
        let socket = start_tls(stream, server, peer)?;
        let stream = Stream::protect(socket, peer, server.ca_file.as_deref())?;
        return Ok((Session::new(stream, peer.clone(), ahead), None));
    }
    let mut session = Session::new(stream, peer.clone(), ahead);
    let stamp = greeting(&mut session, server)?;
    Ok((session, stamp))
}

/// Reads the greeting (RFC 1939 section 4).
fn greeting(session: &mut Session, server: &Server) -> Result<Option<Stamp>, MailboxError> {
    match session.greeting().map_err(|error| session.peer.silent(server.tls, error))? {
        Status::Ok(text) => Ok(Stamp::find(&text)),
        Status::Refused(refusal) => Err(of_the_maildrop(&session.peer, &refusal).unwrap_or_else(|| {
            session.peer.connect("the server takes no session now; try again later", told(&refusal))
        })),
        Status::Continue(_) => Err(session.peer.protocol("the greeting is none of a POP3 server")),
    }
}

/// Asks for TLS (RFC 2595 section 4) and hands the connection back as soon as the server agrees.
fn start_tls(stream: Stream, server: &Server, peer: &Peer) -> Result<Socket, MailboxError> {
    const HINT: &str = "the server must offer STLS on this port; nothing was sent in clear text. \
                        Use \"implicit\" with the port for it, usually 995";
    let mut session = Session::octet_by_octet(stream, peer.clone());
    greeting(&mut session, server)?;
    if !Offer::ask(&mut session)?.has("STLS") {
        return Err(peer.tls(HINT, "STLS is not among the server's capabilities"));
    }
    if let Err(refusal) = session.run("STLS")? {
        return Err(peer.tls(HINT, format!("the server refuses STLS: {}", told(&refusal))));
    }
    match session.into_stream()? {
        Stream::Plain(socket) => Ok(socket),
        Stream::Protected(_) => Err(peer.protocol("TLS stands already")),
    }
}
