//! A gate before an IMAP or POP3 server: it stops a client before a command, for as long as the test wants, so that
//! others act at exactly that instant. Without TLS; to the server the client is a local one.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than any client takes to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running gate; it ends with the process.
pub struct Gate {
    /// Its port on 127.0.0.1.
    pub port: u16,
    bars: Arc<Mutex<Vec<Bar>>>,
}

/// A command that clients are stopped before.
struct Bar {
    command: String,
    reached: Sender<()>,
    opened: Receiver<()>,
}

/// A client that is stopped, or will be.
pub struct Stop {
    reached: Receiver<()>,
    open: Sender<()>,
}

impl Gate {
    /// Before the server on this port.
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let bars: Arc<Mutex<Vec<Bar>>> = Arc::default();
        let kept = Arc::clone(&bars);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let bars = Arc::clone(&kept);
                std::thread::spawn(move || pass(client.unwrap(), server, &bars));
            }
        });
        Self { port, bars }
    }

    /// Stops the next client that gives a command in which these words stand, once.
    pub fn stop_before(&self, command: &str) -> Stop {
        let ((reached, at), (open, opened)) = (channel(), channel());
        self.bars.lock().unwrap().push(Bar { command: command.to_owned(), reached, opened });
        Stop { reached: at, open }
    }
}

impl Stop {
    /// Waits until the client stands before the gate, lets `act` happen, and lets the client through.
    pub fn meanwhile<T>(self, act: impl FnOnce() -> T) -> T {
        self.reached.recv_timeout(PATIENCE).expect("the client did not give the command");
        let done = act();
        self.open.send(()).unwrap();
        done
    }
}

fn pass(client: TcpStream, server: u16, bars: &Mutex<Vec<Bar>>) {
    let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut lines, mut server) = (BufReader::new(client), server);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|octets| octets > 0) {
        let text = String::from_utf8_lossy(&line).into_owned();
        let mut there = bars.lock().unwrap();
        let bar = there.iter().position(|bar| text.contains(&bar.command)).map(|at| there.remove(at));
        drop(there);
        if let Some(bar) = bar {
            bar.reached.send(()).unwrap();
            // A test that failed meanwhile has let go of it.
            let _ = bar.opened.recv_timeout(PATIENCE);
        }
        if server.write_all(&line).is_err() {
            break;
        }
        line.clear();
    }
    let _ = server.shutdown(Shutdown::Write);
}
