//! Logs in by LOGIN, or by SASL PLAIN (RFC 4616), XOAUTH2 and OAUTHBEARER; one attempt.
//!
//! A refused login is never tried another way: a second attempt is what locks accounts.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use imap::{Authenticator, Client};
use secrecy::{ExposeSecret, SecretString};

use super::answers::{Bounds, Farewell};
use super::session::{Link, Session, broken};
use super::tap::Tap;
use crate::mailbox::MailboxError;
use crate::transport::login::Credentials;
use crate::transport::sasl::{Bearer, REFUSED_HINT};

/// What the crate makes of a login.
type Attempt = thread::Result<Result<imap::Session<Tap>, imap::Error>>;

/// Logs in by what the credentials and the server's offer allow.
pub(super) fn log_in(
    client: Client<Tap>,
    link: &Link,
    credentials: &Credentials<'_>,
    offered: &[String],
) -> Result<Session, MailboxError> {
    match credentials {
        Credentials::Password { user, password } => {
            by_password(client, link, &Plain { user, password }, offered)
        }
        Credentials::Token(bearer) => by_token(client, link, bearer, offered),
    }
}

/// SASL PLAIN, for what LOGIN cannot carry.
struct Plain<'a> {
    user: &'a str,
    password: &'a SecretString,
}

impl Authenticator for Plain<'_> {
    type Response = String;

    fn process(&self, _challenge: &[u8]) -> String {
        format!("\0{}\0{}", self.user, self.password.expose_secret())
    }
}

fn by_password(
    client: Client<Tap>,
    link: &Link,
    plain: &Plain<'_>,
    offered: &[String],
) -> Result<Session, MailboxError> {
    const WAYS: &str =
        "the server must offer LOGIN or AUTH=PLAIN on this connection; many do so only under TLS";
    let password = plain.password.expose_secret();
    let fits_login = [plain.user, password].iter().all(|text| text.chars().all(|c| matches!(c, ' '..='~')));
    let attempt = if fits_login && !has(offered, "LOGINDISABLED") {
        begin(link, "LOGIN");
        catch_unwind(AssertUnwindSafe(|| client.login(plain.user, password).map_err(|(error, _)| error)))
    } else if has(offered, "AUTH=PLAIN") {
        authenticate(client, link, "PLAIN", plain)
    } else if fits_login {
        return Err(link.peer.auth(WAYS, "the server allows no login by password here"));
    } else {
        return Err(link
            .peer
            .auth(WAYS, "letters beyond printable ASCII need AUTH=PLAIN, which is not offered"));
    };
    done(attempt, link, |answer| {
        let text = answer.replace(password, "***");
        ("check \"username\" and the password; some servers want an app password", text)
    })
}

/// The exchange of a token: the response, and if the server then tells why not, what ends that.
struct Exchange<'a> {
    bearer: &'a Bearer<'a>,
    /// The challenges so far.
    challenges: RefCell<Vec<Vec<u8>>>,
}

impl Authenticator for Exchange<'_> {
    type Response = String;

    fn process(&self, challenge: &[u8]) -> String {
        let mut challenges = self.challenges.borrow_mut();
        challenges.push(challenge.to_owned());
        if challenges.len() == 1 { self.bearer.response() } else { self.bearer.dismissal().to_owned() }
    }
}

fn by_token(
    client: Client<Tap>,
    link: &Link,
    bearer: &Bearer<'_>,
    offered: &[String],
) -> Result<Session, MailboxError> {
    let name = bearer.mechanism.name();
    if !has(offered, &format!("AUTH={name}")) {
        return Err(link.peer.auth(
            "set \"auth\" to what the server offers on this connection; many offer less without TLS",
            format!("the server does not offer {name}"),
        ));
    }
    let exchange = Exchange { bearer, challenges: RefCell::default() };
    let attempt = authenticate(client, link, name, &exchange);
    done(attempt, link, |answer| {
        let challenges = exchange.challenges.borrow();
        (REFUSED_HINT, bearer.refusal(answer, challenges.get(1).map_or(&[][..], Vec::as_slice)))
    })
}

fn has(offered: &[String], word: &str) -> bool {
    offered.iter().any(|offer| offer == word)
}

fn begin(link: &Link, how: &str) {
    log::debug!("{}: {how}", link.peer);
    link.pace.begin();
    link.line.lock().answers.begin(Bounds::default(), Farewell::Unexpected);
}

fn authenticate(
    client: Client<Tap>,
    link: &Link,
    mechanism: &str,
    authenticator: &impl Authenticator,
) -> Attempt {
    begin(link, &format!("AUTHENTICATE {mechanism}"));
    catch_unwind(AssertUnwindSafe(|| {
        client.authenticate(mechanism, authenticator).map_err(|(error, _)| error)
    }))
}

/// The end of an attempt; `refusal` gives the hint and the cause where the server says NO.
fn done(
    attempt: Attempt,
    link: &Link,
    refusal: impl FnOnce(&str) -> (&'static str, String),
) -> Result<Session, MailboxError> {
    match attempt {
        Ok(Ok(session)) => Ok(Session::new(session, link.clone())),
        Ok(Err(imap::Error::No(_) | imap::Error::Bad(_))) => {
            let told = link.line.lock().answers.told();
            let (hint, text) = refusal(&format!("the server answers: {}", told.text));
            // Not about the credentials (RFC 5530).
            Err(match told.code.as_str() {
                "UNAVAILABLE" | "INUSE" | "LIMIT" => {
                    link.peer.connect("the server cannot log in anybody now", text)
                }
                _ => link.peer.auth(hint, text),
            })
        }
        Ok(Err(error)) => Err(broken(&link.peer, &link.line, error)),
        Err(_) => Err(link.peer.protocol("the IMAP library stumbled over an answer")),
    }
}
