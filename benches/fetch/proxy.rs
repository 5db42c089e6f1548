//! A proxy that counts, and keeps what passes for a while, as a long line does; how much passes at once it does not limit.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

/// How many pieces of at most [`PIECE`] octets are on their way at most: more than a line holds.
const ON_THE_WAY: usize = 256;
const PIECE: usize = 64 * 1024;

/// What passed.
#[derive(Clone, Copy, Default)]
pub struct Passed {
    /// How often the client spoke when all that the server had said was there: it waited for an answer.
    pub turns: u64,
    pub to_server: u64,
    pub to_client: u64,
    /// Pieces of the server's that have not arrived yet.
    on_the_way: u64,
    /// Whether the server has said something since the client spoke.
    answered: bool,
}

/// A running proxy; it ends with the process.
pub struct Proxy {
    pub port: u16,
    passed: Arc<Mutex<Passed>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Toward {
    Server,
    Client,
}

impl Proxy {
    /// Before the server on this port; each way takes so long.
    pub fn before(server: u16, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let passed: Arc<Mutex<Passed>> = Arc::default();
        let kept = Arc::clone(&passed);
        thread::spawn(move || {
            for client in listener.incoming() {
                // A client whose server cannot be reached sees its connection closed.
                let _ = client.and_then(|client| join(client, server, delay, &kept));
            }
        });
        Ok(Self { port, passed })
    }

    /// What passed since this was asked last.
    pub fn passed(&self) -> Passed {
        std::mem::take(&mut *self.passed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn join(client: TcpStream, server: u16, delay: Duration, passed: &Arc<Mutex<Passed>>) -> std::io::Result<()> {
    // SYN and SYN-ACK.
    thread::sleep(delay * 2);
    let server = TcpStream::connect(("127.0.0.1", server))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    for (from, to, toward) in [(&client, &server, Toward::Server), (&server, &client, Toward::Client)] {
        let (from, to) = (from.try_clone()?, to.try_clone()?);
        let (sender, receiver) = sync_channel(ON_THE_WAY);
        let (taken, given) = (Arc::clone(passed), Arc::clone(passed));
        thread::spawn(move || take(from, &sender, toward, delay, &taken));
        thread::spawn(move || give(to, &receiver, toward, &given));
    }
    Ok(())
}

type Piece = (Instant, Vec<u8>);

fn take(
    mut from: TcpStream,
    sender: &SyncSender<Piece>,
    toward: Toward,
    delay: Duration,
    passed: &Mutex<Passed>,
) {
    let mut buffer = vec![0; PIECE];
    while let Ok(count) = from.read(&mut buffer) {
        let piece = buffer.get(..count).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        note(passed, |passed| match toward {
            Toward::Server => {
                passed.to_server += count as u64;
                if passed.answered && passed.on_the_way == 0 {
                    passed.turns += 1;
                    passed.answered = false;
                }
            }
            Toward::Client => {
                passed.to_client += count as u64;
                passed.answered = true;
                passed.on_the_way += 1;
            }
        });
        if sender.send((Instant::now() + delay, piece.to_vec())).is_err() {
            break;
        }
    }
}

fn give(mut to: TcpStream, receiver: &Receiver<Piece>, toward: Toward, passed: &Mutex<Passed>) {
    while let Ok((due, piece)) = receiver.recv() {
        let early = due.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            thread::sleep(early);
        }
        // Before it is written: the client may answer before this thread goes on.
        if toward == Toward::Client {
            note(passed, |passed| passed.on_the_way = passed.on_the_way.saturating_sub(1));
        }
        if to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn note(passed: &Mutex<Passed>, change: impl FnOnce(&mut Passed)) {
    change(&mut passed.lock().unwrap_or_else(PoisonError::into_inner));
}
