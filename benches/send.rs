//! Sending notifications: how many a second `helpdesk-mail send` delivers, beside a bare loop over one connection.
//!
//! `cargo xtask bench send` builds and runs it; `cargo bench --bench send -- 2000` sends fewer than 10,000. A directory of
//! mails is fetched by the program itself, and what it queues is delivered to Postfix' smtp-sink on loopback, by turns with
//! the same octets sent by lettre, so that whatever disturbs the machine disturbs all. The program keeps its promises
//! meanwhile: every attempt is committed, with an fsync, before it is made, and how it ended is committed after it.
//!
//! lettre writes the end of a mail apart from its text and sets no TCP_NODELAY, so that Nagle's algorithm can hold the end
//! back until the server has acknowledged the text. Its loop is measured as it comes and with TCP_NODELAY set for it.
#![allow(clippy::print_stdout, reason = "the result of a benchmark is what it prints")]

use std::fs::{self, Permissions};
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, geteuid, getpid, pidfd_getfd, pidfd_open};
use tempfile::TempDir;

/// How many notifications are sent if no number is given.
const MAILS: usize = 10_000;
/// They are sent in so many parts, by turns.
const PARTS: usize = 10;
/// What waits for an acknowledgement each time is measured with so few of a part.
const FEW: usize = 20;
/// Where Debian and others install Postfix' sink.
const SINKS: [&str; 3] =
    ["/usr/sbin/smtp-sink", "/usr/libexec/postfix/smtp-sink", "/usr/local/sbin/smtp-sink"];

fn main() -> Result<()> {
    let number = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let mails: usize = number.unwrap_or(MAILS).max(PARTS);
    let sink = Sink::start()?;
    let desk = Desk::with_queued(mails, sink.address)?;
    let (usual, alone) = (desk.copy("usual")?, desk.copy("alone")?);
    let letters = desk.letters()?;
    ensure!(letters.len() == mails, "{} notifications were written, not {mails}", letters.len());

    let part = mails.div_ceil(PARTS);
    let limit = part.to_string();
    let mut sums = [(0, Duration::ZERO); 4];
    for letters in letters.chunks(part) {
        let (count, few) = (letters.len(), letters.get(..FEW).unwrap_or(letters));
        let rounds = [
            (count, timed(|| usual.run(&["send", "--limit", &limit]))?),
            (count, timed(|| bare(letters, sink.address, Delay::None))?),
            (count, timed(|| alone.run(&["send", "--limit", &limit, "--jobs", "1"]))?),
            (few.len(), timed(|| bare(few, sink.address, Delay::Nagle))?),
        ];
        for (sum, round) in sums.iter_mut().zip(rounds) {
            *sum = (sum.0 + round.0, sum.1 + round.1);
        }
    }
    usual.has_sent(mails)?;
    alone.has_sent(mails)?;

    let octets: usize = letters.iter().map(|letter| letter.octets.len()).sum();
    println!("{mails} notifications of {} octets on average, in {PARTS} parts by turns", octets / mails);
    let [usual, bare, alone, nagle] = sums.map(|(count, took)| count as f64 / took.as_secs_f64());
    for (name, rate) in [
        ("helpdesk-mail send", usual),
        ("helpdesk-mail send --jobs 1", alone),
        ("lettre, one connection, TCP_NODELAY", bare),
        ("lettre, one connection, as it comes", nagle),
    ] {
        println!("{name:<36} {rate:>8.0} mails/s {:>6.2} of lettre with TCP_NODELAY", rate / bare);
    }
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed())
}

/// A directory with a configuration and a store.
struct Desk {
    directory: PathBuf,
    /// Removes the directory in the end.
    _all: Option<TempDir>,
}

impl Desk {
    /// A desk whose outbox holds so many notifications, each for somebody else.
    fn with_queued(mails: usize, sink: SocketAddr) -> Result<Self> {
        // Not in /tmp, which may be memory, where an fsync costs nothing.
        let all = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let directory = all.path().join("first");
        fs::create_dir_all(directory.join("mail"))?;
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
        for n in 0..mails {
            let mail = format!(
                "From: Customer {n} <customer-{n}@example.net>\r\nTo: support@example.org\r\nDate: {date}\r\n\
                 Subject: Printer {n} is on fire\r\nMessage-ID: <{n}@example.net>\r\n\r\nIt burns since Monday.\r\n"
            );
            fs::write(directory.join(format!("mail/{n:06}.eml")), mail)?;
        }
        let desk = Self { directory, _all: Some(all) };
        desk.configure(&format!("host = \"127.0.0.1\"\nport = {}\ntls = \"none\"", sink.port()))?;
        desk.run(&["fetch"])?;
        Ok(desk)
    }

    fn configure(&self, backend: &str) -> Result<()> {
        let file = self.directory.join("desk.toml");
        let text = format!(
            "[store]\nurl = \"sqlite:desk.db\"\n[queue.support]\ntitle = \"Support\"\naddress = \"support@example.org\"\n\
             [mailbox.support]\ntype = \"directory\"\npath = \"mail\"\nqueue = \"support\"\n\
             [outbox]\ndeliver = \"separately\"\nrate_limit_total = 1000000\n{backend}\n"
        );
        fs::write(&file, text)?;
        Ok(fs::set_permissions(&file, Permissions::from_mode(0o600))?)
    }

    /// Another desk that is the same.
    fn copy(&self, name: &str) -> Result<Self> {
        let directory = self.directory.with_file_name(name);
        fs::create_dir(&directory)?;
        for file in ["desk.toml", "desk.db"] {
            fs::copy(self.directory.join(file), directory.join(file))?;
        }
        Ok(Self { directory, _all: None })
    }

    /// What stands in the outbox, as the program composes it for a back end.
    fn letters(&self) -> Result<Vec<Letter>> {
        let desk = self.copy("letters")?;
        let out = desk.directory.join("out");
        fs::create_dir(&out)?;
        desk.configure("backend = \"file\"\npath = \"out\"")?;
        desk.run(&["send"])?;
        let mut files: Vec<PathBuf> =
            fs::read_dir(&out)?.map(|file| Ok(file?.path())).collect::<Result<_>>()?;
        files.sort();
        files.iter().map(|file| Letter::of(file)).collect()
    }

    fn run(&self, arguments: &[&str]) -> Result<()> {
        let program = env!("CARGO_BIN_EXE_helpdesk-mail");
        let mut command = Command::new(program);
        command.env_clear().arg("--config").arg(self.directory.join("desk.toml")).args(arguments);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
        ensure!(status.success(), "helpdesk-mail {} ended with {status}", arguments.join(" "));
        Ok(())
    }

    fn has_sent(&self, mails: usize) -> Result<()> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_helpdesk-mail"));
        command.env_clear().arg("--config").arg(self.directory.join("desk.toml"));
        let output = command.args(["outbox", "list", "--state", "sent", "--json"]).output()?;
        let sent = output.stdout.split_inclusive(|octet| *octet == b'\n').count();
        ensure!(sent == mails, "{sent} of {mails} notifications are sent");
        Ok(())
    }
}

/// A mail with its envelope.
struct Letter {
    envelope: Envelope,
    octets: Vec<u8>,
}

impl Letter {
    /// Reads a file of the back end `file`, whose first two lines are the envelope.
    fn of(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file)?;
        let parts = text.strip_prefix("Return-Path: <").and_then(|rest| {
            let (sender, rest) = rest.split_once(">\r\nDelivered-To: ")?;
            let (recipient, octets) = rest.split_once("\r\n")?;
            Some((sender, recipient, octets))
        });
        let (sender, recipient, octets) = parts.context("a mail without its envelope")?;
        let envelope = Envelope::new(Some(sender.parse()?), vec![recipient.parse()?])?;
        Ok(Self { envelope, octets: octets.as_bytes().to_vec() })
    }
}

/// Whether the system may hold back what is small.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Delay {
    /// As a socket is made.
    Nagle,
    /// TCP_NODELAY.
    None,
}

/// Sends mails one after the other over one connection.
fn bare(letters: &[Letter], server: SocketAddr, delay: Delay) -> Result<()> {
    let timeout = Some(Duration::from_secs(60));
    let mut connection = SmtpConnection::connect(server, timeout, &ClientId::default(), None, None)?;
    if delay == Delay::None {
        forbid_delay(server)?;
    }
    for letter in letters {
        connection.send(&letter.envelope, &letter.octets)?;
    }
    connection.quit()?;
    Ok(())
}

/// Sets TCP_NODELAY on this process' connection to a server, which lettre keeps to itself.
fn forbid_delay(server: SocketAddr) -> Result<()> {
    let process = pidfd_open(getpid(), PidfdFlags::empty())?;
    for entry in fs::read_dir("/proc/self/fd")? {
        let Ok(number) = entry?.file_name().to_string_lossy().parse() else { continue };
        let Ok(descriptor) = pidfd_getfd(&process, number, PidfdGetfdFlags::empty()) else { continue };
        let socket = TcpStream::from(descriptor);
        if socket.peer_addr().is_ok_and(|peer| peer == server) {
            return Ok(socket.set_nodelay(true)?);
        }
    }
    bail!("no connection to {server} is open")
}

/// Postfix' smtp-sink: takes all mail and forgets it.
struct Sink {
    address: SocketAddr,
    child: Child,
}

impl Sink {
    fn start() -> Result<Self> {
        let program = SINKS.iter().find(|file| Path::new(file).exists());
        let program = program.context("Postfix' smtp-sink is needed: apt-get install postfix")?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(program);
        if geteuid().is_root() {
            // It wants to be nobody rather.
            command.args(["-u", "nobody"]);
        }
        let child = command.arg(address.to_string()).arg("64").stdin(Stdio::null()).spawn()?;
        let sink = Self { address, child };
        let deadline = Instant::now() + Duration::from_secs(10);
        while !sink.answers() {
            ensure!(Instant::now() < deadline, "smtp-sink does not answer at {address}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(sink)
    }

    fn answers(&self) -> bool {
        let mut greeting = [0; 4];
        TcpStream::connect(self.address).and_then(|mut stream| stream.read_exact(&mut greeting)).is_ok()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
