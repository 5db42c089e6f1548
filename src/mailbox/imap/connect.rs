//! From a TCP connection to a session: greeting, STARTTLS, login.
//!
//! Nothing falls back: where TLS is configured no password leaves before it stands, and where it is not, none leaves
//! this host unless the configuration allows it. Greeting and STARTTLS are read octet by octet, so that an answer
//! injected before the handshake never reaches the session behind it (RFC 3501 section 11.1, CVE-2011-0411).

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use imap::Client;

use super::answers::{Bounds, Farewell};
use super::auth;
use super::line;
use super::session::{Link, Session, broken};
use super::tap::{Shared, Tap};
use crate::mailbox::{MailboxError, Server, Tls};
use crate::transport::wire::{self, Peer, Socket, Stream};
use crate::transport::{Call, login};

/// The most lines before the answer to CAPABILITY or STARTTLS.
const LINES: usize = 100;

/// Connects, or takes up a call, and logs in, all over at `until`; gives the session and the server's capabilities in
/// capitals.
pub(super) fn session(
    server: &Server,
    until: Option<Instant>,
    call: Option<Call>,
) -> Result<(Session, Vec<String>), MailboxError> {
    let peer = server.peer();
    let call = Cell::new(call);
    login::begin((&server.username, &server.login), server.timeout, &peer, |credentials| {
        attempt(server, server.reached(call.take(), until)?, &peer, credentials)
    })
}

/// One connection and one attempt to log in.
fn attempt(
    server: &Server,
    stream: Stream,
    peer: &Peer,
    credentials: login::Ask<'_, '_>,
) -> Result<(Session, Vec<String>), MailboxError> {
    let (stream, greeted) = protected(stream, server, peer)?;
    let link = Link {
        pace: stream.pace(),
        certificate_expires: stream.certificate_expires(),
        line: Shared::new(stream),
        peer: peer.clone(),
    };
    let mut client = Client::new(Tap::new(link.line.clone()));
    client.greeting_read = true;
    let offered = match greeted {
        Some(offered) => offered,
        None => capabilities(&mut client, &link)?,
    };
    let mut session = auth::log_in(client, &link, &credentials()?, &offered)?;
    // What is offered may grow with the login (RFC 3501 section 6.1.1); most servers tell of that with their answer.
    let told = link.line.lock().answers.told().capabilities;
    let offered = match told {
        Some(told) => told,
        None => match session.run("CAPABILITY")? {
            Ok(answer) => answer.told.capabilities.unwrap_or(offered),
            Err(_) => offered,
        },
    };
    if offered.iter().any(|word| word == "ID") {
        // NetEase (163.com, 126.com) opens no folder to a client without a name; what is answered does not matter.
        log::debug!("{}: {ID}, ahead of the next command", link.peer);
        link.line.lock().mention(ID);
    }
    Ok((session, offered))
}

/// Who we are (RFC 2971).
const ID: &str = concat!("ID (\"name\" \"helpdesk-mail\" \"version\" \"", env!("CARGO_PKG_VERSION"), "\")");

/// The stream, with the capabilities that the greeting told of; what is told before TLS stands does not count.
fn protected(
    mut stream: Stream,
    server: &Server,
    peer: &Peer,
) -> Result<(Stream, Option<Vec<String>>), MailboxError> {
    if server.tls == Tls::StartTls {
        let socket = start_tls(stream, server, peer)?;
        return Ok((Stream::protect(socket, peer, server.ca_file.as_deref())?, None));
    }
    let offered = greeting(&mut stream, server, peer)?;
    Ok((stream, offered))
}

/// Reads the greeting (RFC 3501 section 7.1), and the capabilities where it tells them.
fn greeting(stream: &mut Stream, server: &Server, peer: &Peer) -> Result<Option<Vec<String>>, MailboxError> {
    let line = stream.line().map_err(|error| peer.silent(server.tls, error))?;
    let word = line::words(&line, 0).get(1).cloned().unwrap_or_default();
    let status = line::status(&line);
    let text = wire::text(status.text);
    match (line.starts_with(b"* "), word.as_str()) {
        (true, "OK") => {
            let told = status.code.starts_with("CAPABILITY ");
            Ok(told.then(|| line::words(status.code.as_bytes(), 1)))
        }
        (true, "BYE") => {
            Err(peer.connect("the server takes no session now; try again later", format!("it says: {text}")))
        }
        // The session belongs to whom the server thinks it does, not to "username"; with STARTTLS outstanding it
        // is an attack (RFC 3501 section 6.2.1 allows STARTTLS only before authentication).
        (true, "PREAUTH") if server.tls == Tls::StartTls => Err(peer.tls(
            "somebody on the way may have changed the greeting; use \"implicit\" TLS if the server can",
            "the server greets with PREAUTH, after which STARTTLS is not allowed",
        )),
        (true, "PREAUTH") => Err(peer.protocol("the server greets with PREAUTH; a login is needed")),
        _ => Err(peer.protocol("the greeting is none of an IMAP server")),
    }
}

/// Asks for TLS and hands the connection back as soon as the server agrees.
fn start_tls(mut stream: Stream, server: &Server, peer: &Peer) -> Result<Socket, MailboxError> {
    const HINT: &str = "the server must offer STARTTLS on this port; nothing was sent in clear text. \
                        Use \"implicit\" with the port for it, usually 993";
    greeting(&mut stream, server, peer)?;
    let offered = ask(&mut stream, "S1", "CAPABILITY", peer)?;
    if !offered.is_ok_and(|words| words.iter().any(|word| word == "STARTTLS")) {
        return Err(peer.tls(HINT, "STARTTLS is not among the server's capabilities"));
    }
    if let Err(text) = ask(&mut stream, "S2", "STARTTLS", peer)? {
        return Err(peer.tls(HINT, format!("the server refuses STARTTLS: {text}")));
    }
    match stream {
        Stream::Plain(socket) => Ok(socket),
        Stream::Protected(_) => Err(peer.protocol("TLS stands already")),
    }
}

/// Runs a command before TLS: gives the words of untagged CAPABILITY answers, or the text of a refusal.
fn ask(
    stream: &mut Stream,
    tag: &str,
    command: &str,
    peer: &Peer,
) -> Result<Result<Vec<String>, String>, MailboxError> {
    use std::io::Write as _;
    let sent = stream.write_all(format!("{tag} {command}\r\n").as_bytes()).and_then(|()| stream.flush());
    sent.map_err(|error| peer.io(error))?;
    let mut capabilities = Vec::new();
    for _ in 0..LINES {
        let line = stream.line().map_err(|error| peer.io(error))?;
        let words = line::words(&line, 0);
        let mut first = words.iter().map(String::as_str);
        match (first.next(), first.next()) {
            (Some("*"), Some("CAPABILITY")) => capabilities = words,
            (Some("*"), Some("BYE")) => {
                let text = wire::text(line::status(&line).text);
                return Err(peer.connect("", format!("the server ended the session: {text}")));
            }
            (Some(word), Some("OK")) if word == tag => return Ok(Ok(capabilities)),
            (Some(word), _) if word == tag => return Ok(Err(wire::text(line::status(&line).text))),
            _ => {}
        }
    }
    Err(peer.protocol(format!("no end of the answer to {command}")))
}

fn capabilities(client: &mut Client<Tap>, link: &Link) -> Result<Vec<String>, MailboxError> {
    link.pace.begin();
    link.line.lock().answers.begin(Bounds::default(), Farewell::Unexpected);
    match catch_unwind(AssertUnwindSafe(|| client.capabilities().map(drop))) {
        Ok(Ok(()) | Err(imap::Error::No(_) | imap::Error::Bad(_))) => {
            Ok(link.line.lock().answers.told().capabilities.unwrap_or_default())
        }
        Ok(Err(error)) => Err(broken(&link.peer, &link.line, error)),
        Err(_) => Err(link.peer.protocol("the IMAP library stumbled over an answer")),
    }
}
