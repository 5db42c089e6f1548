//! An OAuth 2.0 provider: a token endpoint by HTTPS and the introspection endpoint that a Dovecot asks by HTTP.
//!
//! Tokens are `t0ken-1`, `t0ken-2`, …; what the endpoint answers next can be set. It serves one request after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod};

use super::ca::{Ca, Flaw};

/// What the token endpoint does with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Gives a token that lives so many seconds, if it is told at all.
    Token(Option<u64>),
    /// Gives a token and this refresh token.
    Rotated(&'static str),
    /// Answers so.
    Raw(u16, &'static str),
    /// Redirects to itself.
    Redirect,
    /// Answers with so many octets.
    Huge(usize),
    /// Says nothing, for longer than anybody waits.
    Silence,
}

/// A running provider.
pub struct Provider {
    /// The port of the token endpoint, HTTPS.
    pub port: u16,
    /// The port of the introspection endpoint, HTTP.
    pub introspection: u16,
    directory: tempfile::TempDir,
    state: Arc<Mutex<State>>,
}

struct State {
    answer: Answer,
    given: u32,
    /// Tokens that are good, with the user they are for.
    good: Vec<String>,
    forms: Vec<String>,
}

impl Provider {
    /// Starts a provider whose tokens live for an hour.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let files = Ca::new(directory.path()).server(Flaw::None);
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor.set_certificate_file(&files.certificate, SslFiletype::PEM).unwrap();
        acceptor.set_private_key_file(&files.key, SslFiletype::PEM).unwrap();
        let acceptor = acceptor.build();
        let answer = Answer::Token(Some(3600));
        let state = Arc::new(Mutex::new(State { answer, given: 0, good: Vec::new(), forms: Vec::new() }));
        let (tokens, introspections) = (listen(), listen());
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let provider = Self {
            port: port(&tokens),
            introspection: port(&introspections),
            directory,
            state: state.clone(),
        };
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in tokens.incoming().flatten() {
                // A client that does not trust us ends here.
                if let Ok(stream) = acceptor.accept(stream) {
                    serve(stream, |form| shared.lock().unwrap().token(form));
                }
            }
        });
        std::thread::spawn(move || {
            for stream in introspections.incoming().flatten() {
                let state = state.clone();
                std::thread::spawn(move || serve(stream, |form| state.lock().unwrap().introspect(form)));
            }
        });
        provider
    }

    /// What the token endpoint answers from now on.
    pub fn answer(&self, answer: Answer) {
        self.state.lock().unwrap().answer = answer;
    }

    /// Makes every token that was given void.
    pub fn revoke(&self) {
        self.state.lock().unwrap().good.clear();
    }

    /// The forms that were posted to the token endpoint so far.
    pub fn forms(&self) -> Vec<String> {
        self.state.lock().unwrap().forms.clone()
    }

    /// The certificate to trust.
    pub fn ca_file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// The address of the token endpoint.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}/token", self.port)
    }
}

impl State {
    fn token(&mut self, form: String) -> Option<Vec<u8>> {
        self.forms.push(form);
        let mut give = |more: String| {
            self.given += 1;
            let token = format!("t0ken-{}", self.given);
            let body = format!("{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\"{more}}}");
            self.good.push(token);
            Some(response(200, "", body.as_bytes()))
        };
        match self.answer {
            Answer::Token(Some(seconds)) => give(format!(",\"expires_in\":{seconds}")),
            Answer::Token(None) => give(String::new()),
            Answer::Rotated(token) => give(format!(",\"expires_in\":3600,\"refresh_token\":\"{token}\"")),
            Answer::Raw(status, body) => Some(response(status, "", body.as_bytes())),
            Answer::Redirect => Some(response(307, "Location: /elsewhere\r\n", b"")),
            Answer::Huge(octets) => Some(response(200, "", &vec![b' '; octets])),
            Answer::Silence => None,
        }
    }

    fn introspect(&mut self, form: String) -> Option<Vec<u8>> {
        let good = form.split('&').any(|field| {
            field.strip_prefix("token=").is_some_and(|token| self.good.iter().any(|good| good == token))
        });
        let body = if good { "{\"active\":true,\"username\":\"support\"}" } else { "{\"active\":false}" };
        Some(response(200, "", body.as_bytes()))
    }
}

fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn response(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Reads one request and answers it; `None` leaves the client waiting until it has gone.
fn serve<S: Read + Write>(stream: S, answer: impl FnOnce(String) -> Option<Vec<u8>>) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut form = vec![0; length];
    if reader.read_exact(&mut form).is_err() {
        return;
    }
    match answer(String::from_utf8(form).unwrap()) {
        // A client may have gone in the middle of a long answer.
        Some(response) => drop(reader.get_mut().write_all(&response).and_then(|()| reader.get_mut().flush())),
        None => drop(reader.read(&mut [0])),
    }
}
