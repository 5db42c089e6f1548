//! A few lines of IMAP client, so that a test looks at a server with other eyes than the program's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A session without TLS, logged in.
pub struct Raw {
    stream: BufReader<TcpStream>,
    tag: u32,
    /// What came as literals since they were asked for.
    literals: Vec<Vec<u8>>,
}

impl Raw {
    /// Connects to 127.0.0.1 and logs in.
    pub fn login(port: u16, user: &str, password: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut raw = Self { stream: BufReader::new(stream), tag: 0, literals: Vec::new() };
        assert!(raw.line().starts_with("* OK"));
        let (user, password) = (literal(user), literal(password));
        raw.command(&[b"LOGIN ", user.as_slice(), b" ", &password].concat());
        raw
    }

    /// Runs a command and gives its untagged lines; panics unless the answer is OK.
    pub fn run(&mut self, command: &str) -> Vec<String> {
        self.command(command.as_bytes())
    }

    /// Appends a message.
    pub fn append(&mut self, folder: &str, flags: &str, message: &[u8]) {
        let head = format!("APPEND \"{folder}\" ({flags}) {{{}+}}\r\n", message.len());
        self.command(&[head.as_bytes(), message].concat());
    }

    /// Runs a command and gives the one literal that comes in answer.
    pub fn literal(&mut self, command: &str) -> Vec<u8> {
        self.literals.clear();
        self.run(command);
        assert_eq!(self.literals.len(), 1);
        self.literals.remove(0)
    }

    fn command(&mut self, command: &[u8]) -> Vec<String> {
        self.tag += 1;
        let tag = format!("r{} ", self.tag);
        self.stream.get_mut().write_all(&[tag.as_bytes(), command, b"\r\n"].concat()).unwrap();
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            if let Some(end) = line.strip_prefix(&tag) {
                assert!(end.starts_with("OK"), "{:?} was answered {end:?}", String::from_utf8_lossy(command));
                return lines;
            }
            let size = line.strip_suffix('}').and_then(|line| line.rsplit_once('{'));
            if let Some(size) = size.and_then(|(_, size)| size.parse::<usize>().ok()) {
                let mut literal = vec![0; size];
                self.stream.read_exact(&mut literal).unwrap();
                self.literals.push(literal);
            }
            lines.push(line);
        }
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).unwrap();
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }
}

fn literal(text: &str) -> Vec<u8> {
    format!("{{{}+}}\r\n{text}", text.len()).into_bytes()
}
