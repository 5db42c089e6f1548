//! From a TCP connection to a session: greeting, STARTTLS, login.
//!
//! Nothing falls back: where TLS is configured neither password nor mail leaves before it stands, and where it is not,
//! none leaves this host unless the configuration allows it. Until TLS stands replies are read octet by octet and what
//! was offered before is forgotten (RFC 3207 section 4.2): nothing injected survives (CVE-2011-0411).

use super::super::config::Smtp;
use super::login;
use super::reply::Class;
use super::session::{Session, says};
use crate::transport::login::{Ask, begin};
use crate::transport::wire::{self, Limits, Peer, Reach, Route, Socket, Stream};
use crate::transport::{Fault, Tls};

/// Connects, and logs in if a login is configured.
pub(super) fn session(smtp: &Smtp) -> Result<Session, Fault> {
    let peer = Peer { host: smtp.host.clone(), port: smtp.port };
    match &smtp.login {
        None => protected(smtp, &peer),
        Some((user, login)) => {
            begin((user, login), smtp.timeout, &peer, |credentials| attempt(smtp, &peer, credentials))
        }
    }
}

/// One connection and one attempt to log in.
fn attempt(smtp: &Smtp, peer: &Peer, credentials: Ask<'_, '_>) -> Result<Session, Fault> {
    let mut session = protected(smtp, peer)?;
    login::log_in(&mut session, &credentials()?)?;
    // What is offered may change with the login; some servers tell SIZE and the like only then.
    session.greet()?;
    Ok(session)
}

fn protected(smtp: &Smtp, peer: &Peer) -> Result<Session, Fault> {
    let limits = Limits { timeout: smtp.timeout, until: None };
    let route = Route { limits, proxy: smtp.proxy.as_ref(), reach: Reach::Anywhere };
    let socket = wire::connect(peer, route)?;
    let ca_file = smtp.ca_file.as_deref();
    let mut session = match smtp.tls {
        Tls::Implicit => greeted(Stream::protect(socket, peer, ca_file)?, smtp, peer)?,
        Tls::StartTls => {
            Session::new(Stream::protect(start_tls(socket, smtp, peer)?, peer, ca_file)?, peer.clone())
        }
        Tls::None => greeted(Stream::clear(socket, smtp.plaintext, peer)?, smtp, peer)?,
    };
    session.greet()?;
    Ok(session)
}

fn greeted(stream: Stream, smtp: &Smtp, peer: &Peer) -> Result<Session, Fault> {
    let mut session = Session::new(stream, peer.clone());
    greeting(&mut session, smtp)?;
    Ok(session)
}

/// Hears the greeting (RFC 5321 section 3.1).
fn greeting(session: &mut Session, smtp: &Smtp) -> Result<(), Fault> {
    let reply = session.hear().map_err(|error| session.peer.silent(smtp.tls, error))?;
    match reply.class() {
        Class::Done => Ok(()),
        Class::Later => {
            Err(session.peer.connect("the server takes no session now; try again later", says(&reply)))
        }
        Class::Never => Err(session.peer.connect("the server takes no mail from this host", says(&reply))),
        Class::More => Err(session.peer.protocol("the greeting is none of an SMTP server")),
    }
}

/// Asks for TLS (RFC 3207) and hands the connection back as soon as the server agrees.
fn start_tls(socket: Socket, smtp: &Smtp, peer: &Peer) -> Result<Socket, Fault> {
    const HINT: &str = "the server must offer STARTTLS on this port; nothing was sent in clear text. \
                        Use \"implicit\" with the port for it, usually 465";
    let mut session = Session::octet_by_octet(Stream::Plain(socket), peer.clone());
    greeting(&mut session, smtp)?;
    session.greet()?;
    if !session.offer.has("STARTTLS") {
        return Err(peer.tls(HINT, "STARTTLS is not among what the server offers"));
    }
    let reply = session.run("STARTTLS")?;
    if reply.class() != Class::Done {
        return Err(peer.tls(HINT, format!("the server refuses STARTTLS: {}", reply.told())));
    }
    match session.into_stream() {
        Stream::Plain(socket) => Ok(socket),
        Stream::Protected(_) => Err(peer.protocol("TLS stands already")),
    }
}
