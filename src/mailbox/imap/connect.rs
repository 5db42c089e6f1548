//! From a TCP connection to a session: greeting, STARTTLS, login.
//!
//! Nothing falls back: where TLS is configured no password leaves before it stands, and where it is not, none leaves
//! this host unless the configuration allows it. Greeting and STARTTLS are read octet by octet, so that an answer
//! injected before the handshake never reaches the session behind it (RFC 3501 section 11.1, CVE-2011-0411).

use std::panic::{AssertUnwindSafe, catch_unwind};

use imap::{Authenticator, Client};
use secrecy::{ExposeSecret, SecretString};

use super::answers::{Bounds, Farewell};
use super::line;
use super::session::{Link, Session, broken};
use super::tap::{Shared, Tap};
use crate::mailbox::wire::{self, Peer, Socket, Stream};
use crate::mailbox::{MailboxError, Server, Tls, login};

/// The most lines before the answer to CAPABILITY or STARTTLS.
const LINES: usize = 100;

/// Connects and logs in; gives the session and the server's capabilities in capitals.
pub(super) fn session(server: &Server) -> Result<(Session, Vec<String>), MailboxError> {
    let peer = Peer { host: server.host.clone(), port: server.port };
    let socket = wire::connect(&peer, server.timeout)?;
    let stream = protected(socket, server, &peer)?;
    let link = Link { answers: Shared::new(), pace: stream.pace(), peer };
    let mut client = Client::new(Tap::new(stream, link.answers.clone()));
    client.greeting_read = true;
    let offered = capabilities(&mut client, &link)?;
    let password = login::password(&server.password, server.timeout, &link.peer)?;
    login::check(&server.username, &password, &link.peer)?;
    let mut session = log_in(client, &link, &Credentials { user: &server.username, password }, &offered)?;
    // What is offered may grow with the login (RFC 3501 section 6.1.1).
    let offered = match session.run("CAPABILITY")? {
        Ok(answer) => answer.told.capabilities.unwrap_or(offered),
        Err(_) => offered,
    };
    Ok((session, offered))
}

fn protected(socket: Socket, server: &Server, peer: &Peer) -> Result<Stream, MailboxError> {
    let ca_file = server.ca_file.as_deref();
    match server.tls {
        Tls::Implicit => {
            let mut stream = Stream::protect(socket, peer, ca_file)?;
            greeting(&mut stream, server, peer)?;
            Ok(stream)
        }
        Tls::StartTls => Stream::protect(start_tls(socket, server, peer)?, peer, ca_file),
        Tls::None => {
            let mut stream = Stream::clear(socket, server.plaintext, peer)?;
            greeting(&mut stream, server, peer)?;
            Ok(stream)
        }
    }
}

/// Reads the greeting (RFC 3501 section 7.1).
fn greeting(stream: &mut Stream, server: &Server, peer: &Peer) -> Result<(), MailboxError> {
    let line = stream.line().map_err(|error| peer.silent(server.tls, error))?;
    let word = line::words(&line, 0).get(1).cloned().unwrap_or_default();
    let text = wire::text(line::status(&line).text);
    match (line.starts_with(b"* "), word.as_str()) {
        (true, "OK") => Ok(()),
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
fn start_tls(socket: Socket, server: &Server, peer: &Peer) -> Result<Socket, MailboxError> {
    const HINT: &str = "the server must offer STARTTLS on this port; nothing was sent in clear text. \
                        Use \"implicit\" with the port for it, usually 993";
    let mut stream = Stream::Plain(socket);
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

fn capabilities(client: &mut Client<Tap<Stream>>, link: &Link) -> Result<Vec<String>, MailboxError> {
    link.pace.begin();
    link.answers.lock().begin(Bounds::default(), Farewell::Unexpected);
    match catch_unwind(AssertUnwindSafe(|| client.capabilities().map(drop))) {
        Ok(Ok(()) | Err(imap::Error::No(_) | imap::Error::Bad(_))) => {
            Ok(link.answers.lock().told().capabilities.unwrap_or_default())
        }
        Ok(Err(error)) => Err(broken(&link.peer, &link.answers, error)),
        Err(_) => Err(link.peer.protocol("the IMAP library stumbled over an answer")),
    }
}

struct Credentials<'a> {
    user: &'a str,
    password: SecretString,
}

/// SASL PLAIN (RFC 4616), for what LOGIN cannot carry.
impl Authenticator for Credentials<'_> {
    type Response = String;

    fn process(&self, _challenge: &[u8]) -> String {
        format!("\0{}\0{}", self.user, self.password.expose_secret())
    }
}

fn log_in(
    client: Client<Tap<Stream>>,
    link: &Link,
    credentials: &Credentials<'_>,
    offered: &[String],
) -> Result<Session, MailboxError> {
    const WAYS: &str =
        "the server must offer LOGIN or AUTH=PLAIN on this connection; many do so only under TLS";
    let has = |word: &str| offered.iter().any(|offer| offer == word);
    let password = credentials.password.expose_secret();
    let fits_login =
        [credentials.user, password].iter().all(|text| text.chars().all(|c| matches!(c, ' '..='~')));
    link.pace.begin();
    link.answers.lock().begin(Bounds::default(), Farewell::Unexpected);
    let attempt = if fits_login && !has("LOGINDISABLED") {
        log::debug!("{}: LOGIN", link.peer);
        catch_unwind(AssertUnwindSafe(|| {
            client.login(credentials.user, password).map_err(|(error, _)| error)
        }))
    } else if has("AUTH=PLAIN") {
        log::debug!("{}: AUTHENTICATE PLAIN", link.peer);
        catch_unwind(AssertUnwindSafe(|| {
            client.authenticate("PLAIN", credentials).map_err(|(error, _)| error)
        }))
    } else if fits_login {
        return Err(link.peer.auth(WAYS, "the server allows no login by password here"));
    } else {
        return Err(link
            .peer
            .auth(WAYS, "letters beyond printable ASCII need AUTH=PLAIN, which is not offered"));
    };
    match attempt {
        Ok(Ok(session)) => Ok(Session::new(session, link.clone())),
        Ok(Err(imap::Error::No(_) | imap::Error::Bad(_))) => Err(refused(link, password)),
        Ok(Err(error)) => Err(broken(&link.peer, &link.answers, error)),
        Err(_) => Err(link.peer.protocol("the IMAP library stumbled over an answer")),
    }
}

/// The server's NO to a login. `UNAVAILABLE` (RFC 5530) is not about the credentials.
fn refused(link: &Link, password: &str) -> MailboxError {
    let told = link.answers.lock().told();
    let text = format!("the server answers: {}", told.text.replace(password, "***"));
    match told.code.as_str() {
        "UNAVAILABLE" | "INUSE" | "LIMIT" => link.peer.connect("the server cannot log in anybody now", text),
        _ => link.peer.auth("check \"username\" and the password; some servers want an app password", text),
    }
}
