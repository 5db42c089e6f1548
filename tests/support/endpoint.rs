//! A receiver of webhooks by HTTPS that answers by script and keeps what it was given.
//!
//! It serves one request after the other; once the script is at its end it answers 204.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod};

use super::ca::{Ca, Flaw};

/// What the endpoint does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers with this status, further header lines and body.
    Says(u16, &'static str, &'static str),
    /// Says nothing, for longer than anybody waits.
    Silence,
    /// Answers an octet at a time, for longer than anybody waits.
    Drips,
    /// Answers with more than anybody reads.
    Floods,
    /// Hangs up in the middle of its answer.
    HangsUp,
}

/// A request that arrived whole.
#[derive(Debug, Clone)]
pub struct Post {
    /// Its request line and fields.
    pub head: Vec<String>,
    /// Its body.
    pub body: String,
}

/// A running endpoint.
pub struct Endpoint {
    port: u16,
    directory: tempfile::TempDir,
    state: Arc<Mutex<(VecDeque<Reply>, Vec<Post>)>>,
}

impl Post {
    /// The value of a field.
    pub fn field(&self, name: &str) -> &str {
        let of_field = |line: &'_ String| {
            let (key, _) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| key.len() + 1)
        };
        let (line, at) = self.head.iter().find_map(|line| Some((line, of_field(line)?))).unwrap();
        line[at..].trim()
    }

    /// Whether one of its signatures is by a secret (`whsec_…`), as a receiver reckons it.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = openssl::base64::decode_block(secret.trim_start_matches("whsec_")).unwrap();
        let key = PKey::hmac(&key).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        let (id, time) = (self.field("webhook-id"), self.field("webhook-timestamp"));
        signer.update(format!("{id}.{time}.{}", self.body).as_bytes()).unwrap();
        let expected = format!("v1,{}", openssl::base64::encode_block(&signer.sign_to_vec().unwrap()));
        self.field("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

impl Endpoint {
    /// Starts an endpoint that answers so.
    pub fn start(script: &[Reply]) -> Self {
        Self::with(Flaw::None, script)
    }

    /// One whose certificate has a flaw.
    pub fn with(flaw: Flaw, script: &[Reply]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let files = Ca::new(directory.path()).server(flaw);
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor.set_certificate_file(&files.certificate, SslFiletype::PEM).unwrap();
        acceptor.set_private_key_file(&files.key, SslFiletype::PEM).unwrap();
        let acceptor = acceptor.build();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new((script.iter().cloned().collect(), Vec::new())));
        let endpoint = Self { port, directory, state: state.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that does not trust us ends here.
                let Ok(stream) = acceptor.accept(stream) else { continue };
                serve(stream, &state);
            }
        });
        endpoint
    }

    /// What it was given so far.
    pub fn posts(&self) -> Vec<Post> {
        self.state.lock().unwrap().1.clone()
    }

    /// What it answers next.
    pub fn script(&self, script: &[Reply]) {
        self.state.lock().unwrap().0 = script.iter().cloned().collect();
    }

    /// The certificate to trust.
    pub fn ca_file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The lines of a hook that calls it, with this secret.
    pub fn toml(&self, secret: &str) -> String {
        format!(
            "url = \"https://127.0.0.1:{}/hook?key=1\"\nca_file = {:?}\nsecret = \"{secret}\"\nallow_private = true\n",
            self.port,
            self.ca_file()
        )
    }
}

fn serve<S: Read + Write>(stream: S, state: &Mutex<(VecDeque<Reply>, Vec<Post>)>) {
    let mut reader = BufReader::new(stream);
    let Some(post) = read(&mut reader) else { return };
    let reply = {
        let mut state = state.lock().unwrap();
        state.1.push(post);
        state.0.pop_front().unwrap_or(Reply::Says(204, "", ""))
    };
    let stream = reader.get_mut();
    let head = |status: u16, length: usize, fields: &str| {
        format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n{fields}Connection: close\r\n\r\n")
    };
    // A client may have gone in the middle of an answer.
    let _ = match reply {
        Reply::Says(status, fields, body) => {
            let fields = if fields.is_empty() { String::new() } else { format!("{fields}\r\n") };
            stream.write_all(format!("{}{body}", head(status, body.len(), &fields)).as_bytes())
        }
        Reply::Silence => stream.read(&mut [0]).map(drop),
        Reply::Drips => head(200, 600, "").bytes().try_for_each(|octet| {
            std::thread::sleep(std::time::Duration::from_millis(200));
            stream.write_all(&[octet]).and_then(|()| stream.flush())
        }),
        Reply::Floods => stream
            .write_all(head(200, 100_000_000, "").as_bytes())
            .and_then(|()| (0..1_000).try_for_each(|_| stream.write_all(&[b' '; 100_000]))),
        Reply::HangsUp => stream.write_all(b"HTTP/1.1 200 x\r\nContent-"),
    };
    let _ = stream.flush();
}

fn read(reader: &mut impl BufRead) -> Option<Post> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let length = head.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length?];
    reader.read_exact(&mut body).ok()?;
    Some(Post { head, body: String::from_utf8(body).unwrap() })
}
