//! Connecting to a server while something else is done.
//!
//! Nothing is said to the server before the call is taken up: it sees a connection, and TLS where that is implicit.

use std::io;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::wire::Stream;
use super::{Fault, Server};

/// After so long a server may have hung up on somebody who says nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that is being made.
pub struct Call {
    begun: Instant,
    answer: JoinHandle<Result<Stream, Fault>>,
}

impl Call {
    /// Begins to connect, all over at `until` from when the call is taken up.
    ///
    /// # Errors
    /// Where the system has no thread for it.
    pub(crate) fn begin(server: &Server, until: Option<Instant>) -> io::Result<Self> {
        let (server, until) = (server.clone(), until.and_then(|until| until.checked_add(PATIENCE)));
        let answer = thread::Builder::new().name("call".to_owned()).spawn(move || server.connect(until))?;
        Ok(Self { begun: Instant::now(), answer })
    }

    /// Waits for the connection; `None` for one that is too old to rely on.
    pub(super) fn answer(self) -> Option<Result<Stream, Fault>> {
        (self.begun.elapsed() < PATIENCE).then(|| self.answer.join().ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::transport::{Login, Password, Plaintext, Tls};

    fn server(port: u16) -> Server {
        Server {
            host: "127.0.0.1".to_owned(),
            port,
            tls: Tls::None,
            plaintext: Plaintext::LoopbackOnly,
            ca_file: None,
            username: "anna".to_owned(),
            login: Login::Password(Password::Literal("secret".into())),
            timeout: Duration::from_secs(5),
            proxy: None,
        }
    }

    #[test]
    fn a_call_is_a_connection_and_one_that_waited_long_is_none() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let call = Call::begin(&server(port), None).unwrap();
        let (mut other, _): (TcpStream, _) = listener.accept().unwrap();
        other.write_all(b"* OK\r\n").unwrap();
        let mut stream = call.answer().unwrap().unwrap();
        assert_eq!(stream.line().unwrap(), b"* OK");
        drop(stream);
        assert_eq!(other.read(&mut [0; 9]).unwrap(), 0, "nothing was said");

        let call = Call::begin(&server(port), None).unwrap();
        let begun = Instant::now().checked_sub(PATIENCE).unwrap();
        assert!(Call { begun, ..call }.answer().is_none());
    }

    #[test]
    fn a_call_that_fails_says_why() {
        // Nobody listens there.
        let call = Call::begin(&server(1), None).unwrap();
        assert!(matches!(call.answer(), Some(Err(Fault::Connect { .. }))));
    }
}
