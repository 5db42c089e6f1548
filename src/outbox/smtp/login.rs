//! Logs in by AUTH (RFC 4954): PLAIN or LOGIN with a password, XOAUTH2 or OAUTHBEARER with a token; one attempt.
//!
//! A refused login is never tried another way: a second attempt is what locks accounts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::reply::{Class, Reply};
use super::session::{Session, says};
use crate::transport::Fault;
use crate::transport::login::Credentials;
use crate::transport::sasl::{Bearer, REFUSED_HINT};
use crate::transport::wire::text;

/// Logs in by what the credentials and the server's offer allow.
pub(super) fn log_in(session: &mut Session, credentials: &Credentials<'_>) -> Result<(), Fault> {
    match credentials {
        Credentials::Password { user, password } => by_password(session, user, password),
        Credentials::Token(bearer) => by_token(session, bearer),
    }
}

fn by_password(session: &mut Session, user: &str, password: &SecretString) -> Result<(), Fault> {
    let password = password.expose_secret();
    let plain = STANDARD.encode(format!("\0{user}\0{password}"));
    let reply = if session.offer.has_auth("PLAIN") {
        session.run_secret(&format!("AUTH PLAIN {plain}"))?
    } else if session.offer.has_auth("LOGIN") {
        login(session, user, password)?
    } else {
        return Err(session.peer.auth(
            "the server must offer AUTH PLAIN or LOGIN on this connection; many do so only under TLS",
            "the server allows no login by password here",
        ));
    };
    let encoded = STANDARD.encode(password);
    ended(session, &reply, "check \"username\" and the password; some servers want an app password", |told| {
        told.replace(&plain, "***").replace(&encoded, "***").replace(password, "***")
    })
}

/// AUTH LOGIN (draft-murchison-sasl-login): it asks for the user, then for the password.
fn login(session: &mut Session, user: &str, password: &str) -> Result<Reply, Fault> {
    let mut reply = session.run("AUTH LOGIN")?;
    for word in [user, password] {
        if reply.code != 334 {
            break;
        }
        reply = session.run_secret(&STANDARD.encode(word))?;
    }
    Ok(reply)
}

fn by_token(session: &mut Session, bearer: &Bearer<'_>) -> Result<(), Fault> {
    let name = bearer.mechanism.name();
    if !session.offer.has_auth(name) {
        return Err(session.peer.auth(
            "set \"auth\" to what the server offers on this connection; many offer less without TLS",
            format!("the server does not offer {name}"),
        ));
    }
    let reply = session.run_secret(&format!("AUTH {name} {}", STANDARD.encode(bearer.response())))?;
    if reply.code != 334 {
        return ended(session, &reply, REFUSED_HINT, |told| bearer.masked(told));
    }
    // The server tells why not, and refuses once that is answered.
    let challenge = STANDARD.decode(reply.lines.concat().trim()).unwrap_or_default();
    let refusal = session.run_secret(&STANDARD.encode(bearer.dismissal()))?;
    match refusal.class() {
        Class::Later | Class::Never => {
            Err(session.peer.auth(REFUSED_HINT, bearer.refusal(&refusal.told(), &challenge)))
        }
        Class::Done | Class::More => {
            Err(session.peer.protocol("the server goes on after it refused the token"))
        }
    }
}

/// What the last reply of a login says; `masked` keeps secrets out of it.
fn ended(session: &Session, reply: &Reply, hint: &str, masked: impl Fn(&str) -> String) -> Result<(), Fault> {
    let told = text(masked(&says(reply)).as_bytes());
    match reply.class() {
        Class::Done => Ok(()),
        // RFC 4954 section 4.7.1: 454 is a passing failure; it says nothing about the credentials.
        Class::Later => {
            Err(session.peer.connect("the server cannot log anybody in now; try again later", told))
        }
        Class::Never => Err(session.peer.auth(hint, told)),
        Class::More => Err(session.peer.protocol("the server asks for more than the login has")),
    }
}
