//! Logs in: SASL PLAIN (RFC 4616 by RFC 5034), USER and PASS or APOP (RFC 1939 section 7), XOAUTH2 and OAUTHBEARER;
//! one attempt.
//!
//! A refused login is never tried another way: a second attempt is what locks accounts. Where the server offers
//! PIPELINING it is one round trip: PASS goes out with USER, and what AUTH waits for with AUTH. Silence is no refusal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use secrecy::{ExposeSecret, SecretString};

use super::answers::{Refusal, Status};
use super::offer::Offer;
use super::session::{Session, of_the_maildrop, told};
use crate::mailbox::{MailboxError, Tls};
use crate::transport::login::Credentials;
use crate::transport::sasl::{Bearer, REFUSED_HINT};
use crate::transport::wire::Peer;

/// What a login stands on.
pub(super) struct Ground<'a> {
    /// What the server offers on this connection.
    pub(super) offer: &'a Offer,
    /// The time stamp of the greeting, if that was protected as the connection is now.
    pub(super) stamp: Option<Stamp>,
    /// How the connection is protected.
    pub(super) tls: Tls,
}

/// The time stamp of a greeting, with its brackets: a msg-id (RFC 1939 section 7, APOP).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp(String);

impl Stamp {
    /// Finds it. One that is no msg-id is none: odd ones can be made to give the password away (CVE-2007-1558).
    pub(super) fn find(greeting: &[u8]) -> Option<Self> {
        let text = str::from_utf8(greeting).ok()?;
        let (_, rest) = text.split_once('<')?;
        let (inner, _) = rest.split_once('>')?;
        let (left, right) = inner.split_once('@')?;
        let fits = |part: &str| {
            !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_graphic() && !b"<>@".contains(&octet))
        };
        (fits(left) && fits(right)).then(|| Self(format!("<{inner}>")))
    }
}

/// A way to log in by password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way<'a> {
    Plain,
    UserPass,
    Apop(&'a Stamp),
}

/// Logs in by what the credentials and the server's offer allow.
pub(super) fn log_in(
    session: &mut Session,
    credentials: &Credentials<'_>,
    ground: &Ground<'_>,
) -> Result<(), MailboxError> {
    match credentials {
        Credentials::Password { user, password } => by_password(session, user, password, ground),
        Credentials::Token(bearer) => by_token(session, bearer, ground),
    }
}

fn by_token(session: &mut Session, bearer: &Bearer<'_>, ground: &Ground<'_>) -> Result<(), MailboxError> {
    let name = bearer.mechanism.name();
    if !ground.offer.has_sasl(name) {
        return Err(session.peer.auth(
            "set \"auth\" to what the server offers on this connection; many offer less without TLS",
            format!("the server does not offer {name}"),
        ));
    }
    let (refusal, challenge) = match session.auth(name, &STANDARD.encode(bearer.response()))? {
        Status::Ok(_) => return Ok(()),
        Status::Refused(refusal) => (refusal, Vec::new()),
        Status::Continue(challenge) => {
            // The server tells why not, and gives its -ERR once that is answered.
            match session.respond(&STANDARD.encode(bearer.dismissal()))? {
                Status::Refused(refusal) => (refusal, STANDARD.decode(challenge).unwrap_or_default()),
                Status::Ok(_) | Status::Continue(_) => {
                    session.hang_up();
                    return Err(session.peer.protocol("the server goes on after it refused the token"));
                }
            }
        }
    };
    Err(of_the_maildrop(&session.peer, &refusal)
        .unwrap_or_else(|| session.peer.auth(REFUSED_HINT, bearer.refusal(&told(&refusal), &challenge))))
}

/// Logs in by the best way that the server offers for passwords.
fn by_password(
    session: &mut Session,
    user: &str,
    password: &SecretString,
    ground: &Ground<'_>,
) -> Result<(), MailboxError> {
    let Some(way) = way(ground, user) else {
        return Err(session.peer.auth(
            "the server must offer USER, SASL PLAIN or APOP on this connection; many do so only under TLS",
            "the server allows no login by password here",
        ));
    };
    let password = password.expose_secret();
    let plain = STANDARD.encode(format!("\0{user}\0{password}"));
    let attempt = match way {
        Way::Plain => session.auth("PLAIN", &plain).and_then(|status| session.reply(status))?,
        Way::UserPass => session.run_with_secret(&format!("USER {user}"), &format!("PASS {password}"))?,
        Way::Apop(stamp) => {
            log::debug!("{}: APOP {user}", session.peer);
            session.run_secret(&format!("APOP {user} {}", digest(stamp, password)))?
        }
    };
    attempt.map(drop).map_err(|refusal| refused(&session.peer, &refusal, &[password, &plain]))
}

/// The way to log in: where others may listen the one that does not show the password.
fn way<'a>(ground: &'a Ground<'_>, user: &str) -> Option<Way<'a>> {
    let offer = ground.offer;
    // APOP has no quotation: a name is one word.
    let apop = ground.stamp.as_ref().filter(|_| !user.contains(' ')).map(Way::Apop);
    let clear = if offer.has_sasl("PLAIN") {
        Some(Way::Plain)
    } else if offer.has("USER") || !offer.is_told() {
        Some(Way::UserPass)
    } else {
        None
    };
    match ground.tls {
        Tls::None => apop.or(clear),
        Tls::Implicit | Tls::StartTls => clear.or(apop),
    }
}

/// The MD5 of time stamp and password in lower-case hexadecimal (RFC 1939 section 7).
fn digest(stamp: &Stamp, password: &str) -> String {
    let sum = Md5::new().chain_update(&stamp.0).chain_update(password).finalize();
    data_encoding::HEXLOWER.encode(&sum)
}

/// The `-ERR` to a login; not every one is about the credentials (RFC 2449 section 8.1, RFC 3206).
fn refused(peer: &Peer, refusal: &Refusal, secrets: &[&str]) -> MailboxError {
    let text = secrets.iter().fold(String::from_utf8_lossy(&refusal.text).into_owned(), |text, secret| {
        text.replace(secret, "***")
    });
    let refusal = Refusal { text: text.into_bytes(), ..refusal.clone() };
    // Servers without response codes have words of RFC 1939 section 7: "maildrop already locked".
    let words = String::from_utf8_lossy(&refusal.text).to_ascii_lowercase();
    let locked = refusal.code.is_empty() && words.contains("maildrop") && words.contains("lock");
    let refusal = if locked { Refusal { code: "IN-USE".to_owned(), ..refusal } } else { refusal };
    of_the_maildrop(peer, &refusal).unwrap_or_else(|| {
        peer.auth("check \"username\" and the password; some servers want an app password", told(&refusal))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 1939 section 7.
    #[test]
    fn the_digest_is_that_of_the_rfc() {
        let stamp = Stamp::find(b"POP3 server ready <1896.697170952@dbc.mtview.ca.us>").unwrap();
        assert_eq!(digest(&stamp, "tanstaaf"), "c4c9334bac560ecc979e58001b3e22fb");
    }

    #[test]
    fn only_a_message_id_is_a_time_stamp() {
        for greeting in [
            &b"ready"[..],
            b"<>",
            b"<a>",
            b"<a@b",
            b"<@b>",
            b"<a@>",
            b"<a b@c>",
            b"<a@b@c>",
            b"<a\x01@c>",
            b"<\xffa@c>",
        ] {
            assert_eq!(Stamp::find(greeting), None, "{}", greeting.escape_ascii());
        }
    }

    #[test]
    fn the_way_depends_on_offer_and_protection() {
        let stamp = || Stamp::find(b"<a@b>");
        let none = Offer::default();
        let plain = Offer::of(&["SASL LOGIN PLAIN", "USER"]);
        let user = Offer::of(&["USER"]);
        let nothing = Offer::of(&["SASL", "TOP"]);
        let apop = || Stamp("<a@b>".to_owned());
        for (offer, with_stamp, tls, expected) in [
            (&none, false, Tls::Implicit, Some(Way::UserPass)),
            (&none, true, Tls::Implicit, Some(Way::UserPass)),
            (&none, true, Tls::None, Some(Way::Apop(&apop()))),
            (&plain, true, Tls::Implicit, Some(Way::Plain)),
            (&plain, true, Tls::None, Some(Way::Apop(&apop()))),
            (&plain, false, Tls::None, Some(Way::Plain)),
            (&user, false, Tls::StartTls, Some(Way::UserPass)),
            (&nothing, true, Tls::Implicit, Some(Way::Apop(&apop()))),
            (&nothing, false, Tls::Implicit, None),
        ] {
            let ground = Ground { offer, stamp: stamp().filter(|_| with_stamp), tls };
            assert_eq!(way(&ground, "support"), expected, "{offer:?} {with_stamp} {tls:?}");
        }
        let ground = Ground { offer: &plain, stamp: stamp(), tls: Tls::None };
        assert_eq!(way(&ground, "help desk"), Some(Way::Plain));
    }

    #[test]
    fn a_refusal_is_told_without_the_password_and_by_its_code() {
        let peer = Peer { host: "h".to_owned(), port: 110 };
        let error = |code: &str, text: &str| {
            let refusal = Refusal { code: code.to_owned(), text: text.as_bytes().to_vec() };
            refused(&peer, &refusal, &["secret"])
        };
        let table = [
            ("", "no secret here", "Auth"),
            ("AUTH", "x", "Auth"),
            ("", "account locked", "Auth"),
            ("", "maildrop already locked", "Locked"),
            ("IN-USE", "x", "Locked"),
            ("LOGIN-DELAY", "x", "Connect"),
            ("SYS/TEMP", "x", "Connect"),
            ("SYS/PERM", "x", "Connect"),
        ];
        for (code, text, expected) in table {
            let told = format!("{:?}", error(code, text));
            assert!(told.starts_with(expected) && !told.contains("secret"), "{code} {text}: {told}");
        }
    }
}
