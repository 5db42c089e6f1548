//! A mail server by script that takes everything and keeps what it took, also from clients that died before its answer.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::arrivals::Copy;

/// Longer than any client takes to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; it ends with the process.
pub struct Taker {
    /// Its port on 127.0.0.1.
    pub port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    taken: Vec<Copy>,
    /// How many clients are connected.
    clients: usize,
    /// After so many mails, whom to tell of the next one, which is taken and never answered for.
    silent: Option<(u32, Sender<()>)>,
}

/// A mail that will be taken without an answer.
pub struct Unanswered(Receiver<()>);

impl Unanswered {
    /// Waits until the server has it.
    pub fn wait(&self) {
        self.0.recv_timeout(PATIENCE).expect("no mail came");
    }
}

impl Taker {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared: Arc<Mutex<Shared>> = Arc::default();
        let kept = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let shared = Arc::clone(&kept);
                shared.lock().unwrap().clients += 1;
                std::thread::spawn(move || {
                    // A client that dies is what this server is for.
                    let _ = serve(&client.unwrap(), &shared);
                    shared.lock().unwrap().clients -= 1;
                });
            }
        });
        Self { port, shared }
    }

    /// The lines below `[outbox]`.
    pub fn toml(&self) -> String {
        toml(self.port)
    }

    /// All that was taken so far, in order, once every client is gone.
    pub fn taken(&self) -> Vec<Copy> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shared = self.shared.lock().unwrap();
            if shared.clients == 0 {
                return shared.taken.clone();
            }
            drop(shared);
            assert!(Instant::now() < deadline, "a client stays");
            sleep(Duration::from_millis(1));
        }
    }

    /// Answers for so many mails and takes the next one without an answer.
    pub fn silent_after(&self, mails: u32) -> Unanswered {
        let (sender, receiver) = channel();
        self.shared.lock().unwrap().silent = Some((mails, sender));
        Unanswered(receiver)
    }
}

impl Shared {
    /// Counts a mail; whom to tell, if it is the one that is not answered for.
    fn falls_silent(&mut self) -> Option<Sender<()>> {
        match self.silent.take() {
            Some((0, silent)) => Some(silent),
            other => {
                self.silent = other.map(|(mails, silent)| (mails - 1, silent));
                None
            }
        }
    }
}

/// The lines below `[outbox]` for a server on this port that wants neither TLS nor a login.
pub fn toml(port: u16) -> String {
    format!("host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n")
}

fn serve(client: &TcpStream, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let (mut answers, mut lines) = (client, BufReader::new(client));
    answers.write_all(b"220 taker.example.org ESMTP\r\n")?;
    let mut recipient = String::new();
    while let Some(line) = line(&mut lines)? {
        let answer: &[u8] = match line.get(..4).unwrap_or_default() {
            "EHLO" => b"250-taker.example.org\r\n250-PIPELINING\r\n250-SIZE 10000000\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n",
            "DATA" => {
                answers.write_all(b"354 go on\r\n")?;
                let Some(text) = text(&mut lines)? else { return Ok(()) };
                let mut shared = shared.lock().unwrap();
                shared.taken.push(Copy::new(&recipient, &text));
                if let Some(silent) = shared.falls_silent() {
                    drop(shared);
                    silent.send(()).unwrap();
                    // Until the client is gone.
                    return std::io::copy(&mut lines, &mut std::io::sink()).map(drop);
                }
                b"250 taken\r\n"
            }
            "RCPT" => {
                line["RCPT TO:<".len()..].trim_end_matches('>').clone_into(&mut recipient);
                b"250 ok\r\n"
            }
            "QUIT" => return answers.write_all(b"221 bye\r\n"),
            _ => b"250 ok\r\n",
        };
        answers.write_all(answer)?;
    }
    Ok(())
}

/// A line without its end; none where the client left before or in it.
fn line(lines: &mut BufReader<&TcpStream>) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    lines.read_line(&mut line)?;
    Ok(line.strip_suffix("\r\n").map(str::to_owned))
}

/// The text of a mail without the dots of DATA; none where the client left before its end.
fn text(lines: &mut BufReader<&TcpStream>) -> std::io::Result<Option<String>> {
    let mut text = String::new();
    while let Some(line) = line(lines)? {
        if line == "." {
            return Ok(Some(text));
        }
        text += line.strip_prefix('.').unwrap_or(&line);
        text += "\n";
    }
    Ok(None)
}
