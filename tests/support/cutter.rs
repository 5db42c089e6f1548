//! Stands between a client and a server and cuts the connection at a chosen octet.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Which way octets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the client.
    ToServer,
    /// From the server.
    ToClient,
}

/// What is to be cut, and what went by so far.
#[derive(Debug, Default)]
struct State {
    cut: Option<(Way, u64)>,
    /// Whether nobody is let through once it was cut.
    away: bool,
    is_cut: bool,
    passed: [Vec<u8>; 2],
    /// How often the client spoke after the server had.
    turns: u64,
}

/// A relay to a port of this host; it ends with the process.
pub struct Cutter {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Cutter {
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let is_away = {
                    let state = shared.lock().unwrap();
                    state.is_cut && state.away
                };
                if is_away {
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let answered = Arc::new(AtomicBool::new(false));
                for (from, to, way) in [(&client, &server, Way::ToServer), (&server, &client, Way::ToClient)]
                {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let (state, answered) = (Arc::clone(&shared), Arc::clone(&answered));
                    thread::spawn(move || relay(from, to, way, &state, &answered));
                }
            }
        });
        Self { port, state }
    }

    /// Cuts the connection once so many octets went that way; `away`: and lets nobody through any more.
    pub fn cut(&self, way: Way, at: u64, away: bool) {
        *self.state.lock().unwrap() = State { cut: Some((way, at)), away, ..State::default() };
    }

    /// Lets everybody through, and tells whether there was a cut.
    pub fn mend(&self) -> bool {
        std::mem::take(&mut *self.state.lock().unwrap()).is_cut
    }

    /// How many octets went to the server and to the client since the last change.
    pub fn passed(&self) -> [u64; 2] {
        self.said().map(|octets| octets.len() as u64)
    }

    /// How many round trips were made since the last change, once there is a connection.
    pub fn turns(&self) -> u64 {
        self.state.lock().unwrap().turns
    }

    /// What was said to the server and to the client since the last change.
    pub fn said(&self) -> [Vec<u8>; 2] {
        self.state.lock().unwrap().passed.clone()
    }
}

fn relay(mut from: TcpStream, mut to: TcpStream, way: Way, state: &Mutex<State>, answered: &AtomicBool) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let (may_pass, is_cut) = {
            let mut state = state.lock().unwrap();
            let was_answered = answered.swap(way == Way::ToClient, Ordering::Relaxed);
            state.turns += u64::from(way == Way::ToServer && was_answered);
            let passed = &mut state.passed[way as usize];
            let before = passed.len() as u64;
            passed.extend_from_slice(&buffer[..count]);
            match state.cut {
                Some((cut, at)) if cut == way && !state.is_cut && before + count as u64 > at => {
                    state.is_cut = true;
                    (usize::try_from(at.saturating_sub(before)).unwrap(), true)
                }
                _ => (count, false),
            }
        };
        if to.write_all(&buffer[..may_pass]).is_err() || is_cut {
            break;
        }
    }
    // Both ways end, as where a machine between them dies.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
