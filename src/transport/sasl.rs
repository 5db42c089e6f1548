//! The SASL mechanisms that carry an access token: XOAUTH2 (Google's and Microsoft's) and OAUTHBEARER (RFC 7628).
//!
//! A server that refuses a token tells why in JSON, as a challenge that must be answered before its refusal comes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::wire::{self, Peer};

/// How an access token is given to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// XOAUTH2.
    XOAuth2,
    /// OAUTHBEARER.
    OAuthBearer,
}

impl Mechanism {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::XOAuth2 => "XOAUTH2",
            Self::OAuthBearer => "OAUTHBEARER",
        }
    }
}

/// What one login by token says.
pub(crate) struct Bearer<'a> {
    /// How.
    pub(crate) mechanism: Mechanism,
    /// Whose account it is.
    pub(crate) user: &'a str,
    /// The server, as the configuration names it.
    pub(crate) peer: &'a Peer,
    /// The access token.
    pub(crate) token: &'a SecretString,
}

impl Bearer<'_> {
    /// The response that logs in, not yet in base64.
    pub(crate) fn response(&self) -> String {
        let (user, token) = (self.user, self.token.expose_secret());
        match self.mechanism {
            Mechanism::XOAuth2 => format!("user={user}\x01auth=Bearer {token}\x01\x01"),
            Mechanism::OAuthBearer => {
                // A saslname (RFC 5801 section 4).
                let user = user.replace('=', "=3D").replace(',', "=2C");
                let Peer { host, port } = self.peer;
                format!("n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01")
            }
        }
    }

    /// The response to the challenge of a refusal: nothing, or what RFC 7628 section 3.2.3 wants.
    pub(crate) fn dismissal(&self) -> &'static str {
        match self.mechanism {
            Mechanism::XOAuth2 => "",
            Mechanism::OAuthBearer => "\x01",
        }
    }

    /// A server's text without the token, and without the response that holds it.
    pub(crate) fn masked(&self, text: &str) -> String {
        let response = STANDARD.encode(self.response());
        text.replace(self.token.expose_secret(), "***").replace(&response, "***")
    }

    /// The answer to a login with what the challenge told before it, as an error's cause shows it.
    pub(crate) fn refusal(&self, answer: &str, challenge: &[u8]) -> String {
        let answer = self.masked(answer);
        let challenge = wire::text(self.masked(&String::from_utf8_lossy(challenge)).as_bytes());
        if challenge.is_empty() { answer } else { format!("{answer}; it tells why: {challenge}") }
    }
}

/// What to do about a token that a server refuses.
pub(crate) const REFUSED_HINT: &str =
    "check \"username\", the scope, and that the application may use this very account";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_responses_are_those_of_the_specifications() {
        let peer = Peer { host: "imap.example.org".to_owned(), port: 143 };
        let token = SecretString::from("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        let bearer = |mechanism, user| Bearer { mechanism, user, peer: &peer, token: &token }.response();
        assert_eq!(
            bearer(Mechanism::XOAuth2, "a=b@example.org"),
            "user=a=b@example.org\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
        );
        assert_eq!(
            bearer(Mechanism::OAuthBearer, "a=b,c@example.org"),
            "n,a=a=3Db=2Cc@example.org,\x01host=imap.example.org\x01port=143\x01auth=Bearer \
             vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
        );
    }

    #[test]
    fn a_refusal_shows_the_servers_words_but_no_token() {
        let peer = Peer { host: "h".to_owned(), port: 1 };
        let token = SecretString::from("t0ken");
        let bearer = Bearer { mechanism: Mechanism::XOAuth2, user: "u", peer: &peer, token: &token };
        let response = STANDARD.encode(bearer.response());
        assert_eq!(
            bearer.refusal(&format!("no to {response}"), b"{\"status\":\"400\",\"seen\":\"t0ken\"}\r\n"),
            "no to ***; it tells why: {\"status\":\"400\",\"seen\":\"***\"}"
        );
        assert_eq!(bearer.refusal("no", b""), "no");
    }
}
