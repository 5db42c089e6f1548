//! A grant: what is asked of a token endpoint, and what its answer means (RFC 6749 sections 5.1 and 5.2).
//!
//! The endpoint's own words reach the error, no secret does. A refusal of the client or the refresh token is about the
//! credentials; an endpoint that is away, busy or out of order is not.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{Client, Held, keep};
use crate::transport::http::{self, Answer, Body, Overlong, Request};
use crate::transport::login::{self, Name};
use crate::transport::wire::{self, Peer, Reach};
use crate::transport::{Fault, Password};

/// What an endpoint gave.
#[derive(Debug)]
struct Granted {
    token: SecretString,
    lifetime: Option<Duration>,
    refresh_token: Option<SecretString>,
}

impl Client {
    /// Asks for an access token; `rotated` is the refresh token that replaced the configured one, if any did.
    pub(super) fn grant(
        &self,
        rotated: &mut Option<SecretString>,
        limit: Duration,
        peer: &Peer,
    ) -> Result<Held, Fault> {
        let secret = |name, source: &Option<Password>| {
            source.as_ref().map(|source| login::secret(name, source, limit, peer)).transpose()
        };
        let client_secret = secret(Name::ClientSecret, &self.client_secret)?;
        let refresh_token = match rotated {
            Some(token) => Some(token.clone()),
            None => secret(Name::RefreshToken, &self.refresh_token)?,
        };
        let secrets: Vec<&str> =
            [&client_secret, &refresh_token].into_iter().flatten().map(ExposeSecret::expose_secret).collect();
        let form = self.form(client_secret.as_ref(), refresh_token.as_ref());
        log::debug!("{peer}: {} is asked for a token", self.token_url);
        let asked = Instant::now();
        let answer = self.ask(&form, limit).map_err(|error| self.unreachable(error))?;
        let granted = self.read(&answer, &secrets, peer)?;
        if let Some(new) = granted.refresh_token.filter(|new| !secrets.contains(&new.expose_secret())) {
            self.keep(&new);
            *rotated = Some(new);
        }
        let until = granted.lifetime.and_then(|lifetime| asked.checked_add(lifetime));
        Ok(Held { token: granted.token, until })
    }

    /// A redirect is an answer like another: secrets go nowhere but where the configuration says.
    fn ask(&self, form: &[(&str, &str)], limit: Duration) -> Result<Answer, Fault> {
        http::post(&Request {
            url: &self.token_url,
            headers: &[],
            body: Body::Form(form),
            ca_file: self.ca_file.as_deref(),
            proxy: self.proxy.as_ref(),
            reach: Reach::Anywhere,
            limit,
            overlong: Overlong::Refused,
        })
    }

    fn form<'a>(
        &'a self,
        client_secret: Option<&'a SecretString>,
        refresh_token: Option<&'a SecretString>,
    ) -> Vec<(&'a str, &'a str)> {
        let grant_type = if refresh_token.is_some() { "refresh_token" } else { "client_credentials" };
        let mut form = vec![("grant_type", grant_type), ("client_id", self.client_id.as_str())];
        form.extend(refresh_token.map(|token| ("refresh_token", token.expose_secret())));
        form.extend(client_secret.map(|secret| ("client_secret", secret.expose_secret())));
        form.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        form
    }

    fn read(&self, answer: &Answer, secrets: &[&str], peer: &Peer) -> Result<Granted, Fault> {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let told = self.told(answer, &body, secrets);
        let error = body.get("error").and_then(Value::as_str).unwrap_or_default();
        match answer.status {
            200..=299 => granted(&body).ok_or_else(|| {
                self.odd(format!("{} answers without an access token of type Bearer", self.token_url))
            }),
            300..=399 => Err(self.odd(format!("{told}: redirects are not followed"))),
            408 | 429 | 500.. => Err(self.away(told)),
            400..=499 if matches!(error, "temporarily_unavailable" | "server_error" | "slow_down") => {
                Err(self.away(told))
            }
            401 | 403 => Err(peer.auth(DEAD, told)),
            400..=499 if !error.is_empty() => Err(peer.auth(DEAD, told)),
            _ => Err(self.odd(told)),
        }
    }

    /// The answer in the endpoint's own words.
    fn told(&self, answer: &Answer, body: &Value, secrets: &[&str]) -> String {
        let word = |key| {
            let text = body.get(key).and_then(Value::as_str).unwrap_or_default();
            let text = secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
            wire::text(text.as_bytes())
        };
        let words = [word("error"), word("error_description")];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let (url, status) = (&self.token_url, answer.status);
        if words.is_empty() {
            format!("{url} answers {status}")
        } else {
            format!("{url} answers {status}: {}", words.join(": "))
        }
    }

    fn what(&self) -> String {
        format!("token endpoint {}", self.token_url)
    }

    fn away(&self, told: String) -> Fault {
        let hint = "it is not in order now; try again later".to_owned();
        Fault::Connect { what: self.what(), hint: Some(hint), source: Some(told.into()) }
    }

    fn odd(&self, told: String) -> Fault {
        let hint = "check that \"token_url\" is the token endpoint itself".to_owned();
        Fault::Protocol { what: self.what(), hint: Some(hint), source: Some(told.into()) }
    }

    /// An error of the wire, with the endpoint in the place of a mail server.
    fn unreachable(&self, error: Fault) -> Fault {
        let what = self.what();
        match error {
            Fault::Connect { source, .. } => {
                let hint = "check \"token_url\" and the network; the next run goes on".to_owned();
                Fault::Connect { what, hint: Some(hint), source }
            }
            Fault::Tls { hint, source, .. } => Fault::Tls { what, hint, source },
            Fault::Timeout { hint, source, .. } => Fault::Timeout { what, hint, source },
            Fault::Protocol { hint, source, .. } => Fault::Protocol { what, hint, source },
            other @ (Fault::Auth { .. } | Fault::Folder { .. } | Fault::Locked { .. }) => other,
        }
    }

    /// Keeps the refresh token that replaces the one that was used.
    fn keep(&self, new: &SecretString) {
        let Some(Password::File(path)) = &self.refresh_token else {
            log::info!("{} gives a new refresh token, which lives as long as this run", self.token_url);
            return;
        };
        match keep::keep(path, new) {
            Ok(()) => log::info!("the new refresh token of {} is in {}", self.token_url, path.display()),
            Err(error) => log::warn!(
                "the new refresh token of {} cannot be written to {}: {error}; the old one may be void",
                self.token_url,
                path.display()
            ),
        }
    }
}

const DEAD: &str = "the client or its refresh token is refused: have the application and the consent renewed";

/// Reads a successful answer; `None` if it is none.
fn granted(body: &Value) -> Option<Granted> {
    let text = |key| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    // Some leave it out, all mean it.
    if !text("token_type").is_none_or(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return None;
    }
    let token = SecretString::from(text("access_token")?);
    let refresh_token = text("refresh_token").map(SecretString::from);
    // A number by the RFC; Microsoft's older endpoint writes a string.
    let lifetime = body.get("expires_in").and_then(|value| match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_u64(),
    });
    Some(Granted { token, lifetime: lifetime.map(Duration::from_secs), refresh_token })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client {
            token_url: "https://login.example.org/token".parse().unwrap(),
            ca_file: None,
            client_id: "id".to_owned(),
            client_secret: None,
            refresh_token: None,
            scope: Some("a b".to_owned()),
            proxy: None,
        }
    }

    fn read(status: u16, body: &str) -> String {
        let peer = Peer { host: "imap.example.org".to_owned(), port: 993 };
        let answer = Answer { status, retry_after: None, body: body.as_bytes().to_vec() };
        match client().read(&answer, &["s3cret"], &peer) {
            Ok(granted) => format!("{:?} {}", granted.lifetime, granted.token.expose_secret()),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn a_token_comes_with_its_lifetime_if_that_is_told() {
        assert_eq!(read(200, r#"{"access_token":"t","token_type":"bearer","expires_in":9}"#), "Some(9s) t");
        assert_eq!(read(200, r#"{"access_token":"t","expires_in":"9"}"#), "Some(9s) t");
        assert_eq!(read(200, r#"{"access_token":"t","expires_in":-1}"#), "None t");
    }

    #[test]
    fn each_refusal_is_about_what_it_is_about() {
        for (status, body, kind) in [
            (400, r#"{"error":"invalid_grant"}"#, "Auth"),
            (401, "", "Auth"),
            (400, r#"{"error":"temporarily_unavailable"}"#, "Connect"),
            (503, r#"{"error":"invalid_grant"}"#, "Connect"),
            (429, "", "Connect"),
            (404, "<html>", "Protocol"),
            (302, "", "Protocol"),
            (200, "<html>", "Protocol"),
            (200, r#"{"access_token":""}"#, "Protocol"),
            (200, r#"{"access_token":"t","token_type":"mac"}"#, "Protocol"),
        ] {
            let told = read(status, body);
            assert!(told.starts_with(kind), "{status} {body}: {told}");
        }
    }

    #[test]
    fn the_words_are_shown_and_secrets_are_not() {
        let body = r#"{"error":"invalid_grant","error_description":"AADSTS70008: s3cret\r\nexpired"}"#;
        let told = read(400, body);
        assert!(told.contains("answers 400: invalid_grant: AADSTS70008: ***expired"), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }

    #[test]
    fn the_grant_follows_from_what_is_there() {
        let (client, token) = (client(), SecretString::from("r"));
        let kind = |form: Vec<(&str, &str)>| form.first().map(|(_, value)| (*value).to_owned());
        assert_eq!(kind(client.form(None, None)).as_deref(), Some("client_credentials"));
        assert_eq!(kind(client.form(None, Some(&token))).as_deref(), Some("refresh_token"));
        assert_eq!(client.form(None, None).last(), Some(&("scope", "a b")));
    }
}
