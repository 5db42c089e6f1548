//! OAuth 2.0 access tokens: had from a command, or from a token endpoint by a grant (RFC 6749 sections 4.4 and 6).
//!
//! A token is held in memory alone, for one run, and used until its time is over or a server refuses it; then another
//! is asked for once. Mailboxes with the same source share it, so that a refresh token is never used twice at a time.
//! A refresh token that the endpoint replaces is written back to the file that it came from, also in a dry run: the old
//! one may be void. Limits: no browser, hence no authorization code; no client certificates and assertions.

mod grant;
mod keep;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::login::{self, Name};
use super::wire::{Peer, Proxy};
use super::{Fault, Password};

pub use super::http::{NoUrl as NoTokenUrl, Url as TokenUrl};

/// A token that dies sooner is not begun with.
const MARGIN: Duration = Duration::from_secs(10);

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenSource {
    /// The first line that a command prints.
    Command(String),
    /// A token endpoint.
    Client(Box<Client>),
}

/// A client of a token endpoint: with a refresh token it uses that grant, without one the client-credentials grant.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// The endpoint.
    pub token_url: TokenUrl,
    /// A PEM file of certificates trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The client.
    pub client_id: String,
    /// What proves the client; public clients have none.
    pub client_secret: Option<Password>,
    /// What stands for the user who consented.
    pub refresh_token: Option<Password>,
    /// What the token is to be good for.
    pub scope: Option<String>,
    /// The proxy that the endpoint is reached through: the mailbox's.
    pub proxy: Option<Proxy>,
}

/// How long the access token in hand lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// As the endpoint said.
    Left(Duration),
    /// Nobody said.
    Untold,
}

/// A source of tokens with the token in hand; clones share it.
#[derive(Debug, Clone)]
pub struct Tokens {
    source: Arc<TokenSource>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    /// The refresh token that replaced the configured one.
    rotated: Option<SecretString>,
}

#[derive(Debug)]
struct Held {
    token: SecretString,
    until: Option<Instant>,
}

/// Whether a token was in hand or had for this login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Held,
    New,
}

impl Tokens {
    /// A source of which no token is in hand.
    pub fn new(source: TokenSource) -> Self {
        Self { source: Arc::new(source), state: Arc::default() }
    }

    /// Where they come from.
    pub fn source(&self) -> &TokenSource {
        &self.source
    }

    /// How long the token in hand lives; `None` if there is none.
    pub fn life(&self) -> Option<Life> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let until = state.held.as_ref()?.until;
        Some(until.map_or(Life::Untold, |until| Life::Left(until.saturating_duration_since(Instant::now()))))
    }

    /// Logs in with a token; one that was in hand and is refused is replaced once.
    pub(super) fn log_in<T>(
        &self,
        limit: Duration,
        peer: &Peer,
        attempt: impl Fn(&SecretString) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (token, age) = self.token(limit, peer)?;
        match attempt(&token) {
            Err(Fault::Auth { .. }) if age == Age::Held => {
                log::info!("{peer} refuses the token in hand; another is asked for");
                self.forget(&token);
                attempt(&self.token(limit, peer)?.0)
            }
            done => done,
        }
    }

    /// Who waits for the lock waits for another's request to the same endpoint, which is bounded.
    fn token(&self, limit: Duration, peer: &Peer) -> Result<(SecretString, Age), Fault> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = state.held.as_ref().filter(|held| held.is_alive()) {
            return Ok((held.token.clone(), Age::Held));
        }
        state.held = None;
        let held = match &*self.source {
            TokenSource::Command(command) => {
                let source = Password::Command(command.clone());
                Held { token: login::secret(Name::Token, &source, limit, peer)?, until: None }
            }
            TokenSource::Client(client) => client.grant(&mut state.rotated, limit, peer)?,
        };
        if !held.token.expose_secret().bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(peer.auth("a token is one word of ASCII", "what was given for a token cannot be one"));
        }
        let token = held.token.clone();
        state.held = Some(held);
        Ok((token, Age::New))
    }

    /// Drops a token, unless another login has replaced it by now.
    fn forget(&self, token: &SecretString) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.held.as_ref().is_some_and(|held| held.token.expose_secret() == token.expose_secret()) {
            state.held = None;
        }
    }
}

impl Held {
    fn is_alive(&self) -> bool {
        self.until.is_none_or(|until| until.saturating_duration_since(Instant::now()) > MARGIN)
    }
}
