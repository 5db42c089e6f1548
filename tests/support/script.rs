//! A server that follows a script, for what a real one will not do.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// One step of a script.
pub enum Step {
    /// Sends octets; `TAG` stands for the tag of the last command.
    Send(&'static str),
    /// Sends octets that were made for the occasion, in the same way.
    SendOwned(Vec<u8>),
    /// Waits for a line whose text behind the tag begins so.
    Expect(&'static str),
    /// Waits for a line that begins so; POP3 has no tags.
    Line(&'static str),
    /// Waits for lines until one is this.
    Until(&'static str),
    /// Is gone at once, whatever the client is saying.
    Vanish,
    /// Stays silent for so long.
    Sleep(Duration),
    /// Sends this again and again until the client hangs up.
    Flood(&'static str),
}

/// A server for one connection.
pub struct Script {
    /// Its port on 127.0.0.1.
    pub port: u16,
    lines: Receiver<String>,
    thread: JoinHandle<Result<(), String>>,
}

impl Script {
    /// Starts a server that walks through the steps and then closes the connection.
    pub fn start(steps: Vec<Step>) -> Self {
        Self::start_each(vec![steps])
    }

    /// Starts a server that takes one connection after the other, each with steps of its own.
    pub fn start_each(connections: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, lines) = channel();
        let thread = std::thread::spawn(move || {
            for steps in connections {
                let (stream, _) = listener.accept().map_err(|error| error.to_string())?;
                stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(|error| error.to_string())?;
                walk(stream, steps, &sender)?;
            }
            Ok(())
        });
        Self { port, lines, thread }
    }

    /// A server that logs anybody in with these capabilities, then goes on with the steps.
    pub fn after_login(capabilities: &'static str, steps: Vec<Step>) -> Self {
        Self::start(Self::login_steps(capabilities, steps))
    }

    /// The steps of [`Self::after_login`].
    pub fn login_steps(capabilities: &'static str, steps: Vec<Step>) -> Vec<Step> {
        let offer =
            || Step::SendOwned(format!("* CAPABILITY {capabilities}\r\nTAG OK done\r\n").into_bytes());
        let mut all = vec![
            Step::Send("* OK ready\r\n"),
            Step::Expect("CAPABILITY"),
            offer(),
            Step::Expect("LOGIN"),
            Step::Send("TAG OK in\r\n"),
            Step::Expect("CAPABILITY"),
            offer(),
        ];
        all.extend(steps);
        all
    }

    /// The steps of an SMTP server that offers this (a line each, but for the last), up to its offer.
    pub fn smtp_steps(offer: &'static str, steps: Vec<Step>) -> Vec<Step> {
        let offer = format!("250-script.example.org\r\n{offer}250 HELP\r\n");
        let mut all =
            vec![Step::Send("220 hi\r\n"), Step::Line("EHLO "), Step::SendOwned(offer.into_bytes())];
        all.extend(steps);
        all
    }

    /// A POP3 server with these capabilities (a line each) that lets anybody in, then goes on with the steps.
    pub fn pop3(capabilities: &'static str, steps: Vec<Step>) -> Self {
        Self::start(Self::pop3_steps(capabilities, steps))
    }

    /// The steps of [`Self::pop3`].
    pub fn pop3_steps(capabilities: &'static str, steps: Vec<Step>) -> Vec<Step> {
        let offer = || Step::SendOwned(format!("+OK\r\n{capabilities}.\r\n").into_bytes());
        let mut all = vec![
            Step::Send("+OK ready\r\n"),
            Step::Line("CAPA"),
            offer(),
            Step::Line("USER support"),
            Step::Send("+OK\r\n"),
            Step::Line("PASS secret"),
            Step::Send("+OK in\r\n"),
            Step::Line("CAPA"),
            offer(),
        ];
        all.extend(steps);
        all
    }

    /// A server that follows a transcript in `fixtures`: `S: ` what it sends, `C: ` how a line of the client begins.
    /// `TAG` stands for the client's tag, where the protocol has one.
    pub fn transcript(name: &str) -> Self {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
        let text = std::fs::read_to_string(path).unwrap();
        let steps = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| {
            let (side, rest) = line.split_at(line.len().min(3));
            match side {
                "S: " => Step::SendOwned(format!("{rest}\r\n").into_bytes()),
                "S:" => Step::Send("\r\n"),
                "C: " => match rest.strip_prefix("TAG ") {
                    Some(command) => Step::Expect(command.to_owned().leak()),
                    None => Step::Line(rest.to_owned().leak()),
                },
                _ => panic!("{name}: {line:?}"),
            }
        });
        Self::start(steps.collect())
    }

    /// Everything the client sent; panics if it left the script.
    pub fn finish(self) -> Vec<String> {
        let result = self.thread.join().unwrap();
        let lines: Vec<String> = self.lines.try_iter().collect();
        assert_eq!(result, Ok(()), "the client sent {lines:#?}");
        lines
    }

    /// Everything the client sent, whether it went to the end of the script or not.
    pub fn sent(self) -> Vec<String> {
        let _ = self.thread.join().unwrap();
        self.lines.try_iter().collect()
    }
}

fn walk(stream: TcpStream, steps: Vec<Step>, sender: &Sender<String>) -> Result<(), String> {
    let mut writer = stream.try_clone().map_err(|error| error.to_string())?;
    let mut reader = BufReader::new(stream);
    let mut tag = String::new();
    for step in steps {
        match step {
            Step::Send(text) => send(&mut writer, text.as_bytes(), &tag)?,
            Step::SendOwned(octets) => send(&mut writer, &octets, &tag)?,
            Step::Vanish => return Ok(()),
            Step::Until(wanted) => loop {
                let mut line = Vec::new();
                let octets = reader.read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                let last = line == wanted;
                let _ = sender.send(line);
                if last {
                    break;
                }
                if octets == 0 {
                    return Err(format!("the client left before {wanted:?}"));
                }
            },
            Step::Sleep(time) => std::thread::sleep(time),
            Step::Flood(text) => while writer.write_all(text.as_bytes()).is_ok() {},
            Step::Line(wanted) => {
                let mut line = Vec::new();
                reader
                    .read_until(b'\n', &mut line)
                    .map_err(|error| format!("waiting for {wanted:?}: {error}"))?;
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                let _ = sender.send(line.clone());
                if !line.starts_with(wanted) {
                    return Err(format!("expected {wanted:?}, got {line:?}"));
                }
            }
            Step::Expect(wanted) => {
                let mut line = Vec::new();
                reader
                    .read_until(b'\n', &mut line)
                    .map_err(|error| format!("waiting for {wanted:?}: {error}"))?;
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                let (first, command) = line.split_once(' ').unwrap_or(("", &line));
                tag = first.to_owned();
                let fits = command.starts_with(wanted);
                let told = format!("expected {wanted:?}, got {line:?}");
                let _ = sender.send(command.to_owned());
                if !fits {
                    return Err(told);
                }
            }
        }
    }
    // What comes behind the script is of interest too: a password that should not have been sent.
    let _ = writer.shutdown(std::net::Shutdown::Write);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|octets| octets > 0) {
        let _ = sender.send(String::from_utf8_lossy(&line).trim_end().to_owned());
        line.clear();
    }
    Ok(())
}

fn send(writer: &mut TcpStream, octets: &[u8], tag: &str) -> Result<(), String> {
    let at = octets.windows(3).position(|part| part == b"TAG");
    let octets = match at {
        Some(at) => [&octets[..at], tag.as_bytes(), &octets[at + 3..]].concat(),
        None => octets.to_vec(),
    };
    writer.write_all(&octets).map_err(|error| error.to_string())
}
