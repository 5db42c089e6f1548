//! One session: sends commands, waits for their answers, and says what is wrong.
//!
//! After any fault of the line the session is over: it is dropped, every later command fails, and nothing is sent that
//! could make deletions last. Commands that hold secrets are not logged; texts of the server are shown, mail never.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::Arc;

use jiff::Timestamp;

use super::answers::{Answers, BLOCK, End, Refusal, Room, Status};
use crate::mailbox::MailboxError;
use crate::transport::wire::{self, Pace, Peer, Stream};

/// How many commands may be ahead of their answers where the server allows it (RFC 2449 section 6.6).
const WINDOW: usize = 64;

/// The most that is read of a message that nobody wants any more, in octets.
const UNWANTED: u64 = 256 * 1024 * 1024;

/// A connection to a server.
pub(super) struct Session {
    /// `None` once it is broken or closed.
    answers: Option<Answers<Stream>>,
    pace: Arc<Pace>,
    ahead: Ahead,
    /// How many commands may be ahead of their answers.
    window: usize,
    /// Commands for messages that were sent for what is asked next.
    begun: VecDeque<String>,
    /// Whether the server fell silent where it was to answer a command that had been sent ahead.
    pub(super) is_lossy: bool,
    /// When the certificate expires that the server showed.
    pub(super) certificate_expires: Option<Timestamp>,
    /// The server, for errors.
    pub(super) peer: Peer,
}

/// Whether commands may be sent ahead of the answers to those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ahead {
    /// Where the server offers it.
    AsOffered,
    /// Each waits for the answer to the one before.
    Never,
}

/// What a command came to: the text behind `+OK`, or the `-ERR`.
pub(super) type Reply = Result<Vec<u8>, Refusal>;

/// Whether more answers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Go {
    /// They are.
    On,
    /// The session is left in the middle of an answer.
    Leave,
}

impl Session {
    /// A session that reads ahead.
    pub(super) fn new(stream: Stream, peer: Peer, ahead: Ahead) -> Self {
        Self::reading(stream, peer, ahead, BLOCK)
    }

    /// A session that takes nothing from the stream behind the line it reads, and sends nothing ahead.
    pub(super) fn octet_by_octet(stream: Stream, peer: Peer) -> Self {
        Self::reading(stream, peer, Ahead::Never, 1)
    }

    fn reading(stream: Stream, peer: Peer, ahead: Ahead, block: usize) -> Self {
        Self {
            pace: stream.pace(),
            certificate_expires: stream.certificate_expires(),
            answers: Some(Answers::new(stream, block)),
            ahead,
            window: 1,
            begun: VecDeque::new(),
            is_lossy: false,
            peer,
        }
    }

    /// From now on commands are sent ahead, unless they never are in this session.
    pub(super) fn allow_pipelining(&mut self) {
        self.window = match self.ahead {
            Ahead::AsOffered => WINDOW,
            Ahead::Never => 1,
        };
    }

    /// From now on each command waits for the answer to the one before.
    pub(super) fn forbid_pipelining(&mut self) {
        self.window = 1;
    }

    /// Whether commands are sent ahead.
    pub(super) fn is_pipelining(&self) -> bool {
        self.window > 1
    }

    /// The stream alone, for TLS to begin on it.
    pub(super) fn into_stream(self) -> Result<Stream, MailboxError> {
        self.answers.map(Answers::into_source).ok_or_else(|| over(&self.peer))
    }

    /// Whether nothing has broken the session.
    pub(super) fn is_alive(&self) -> bool {
        self.answers.is_some()
    }

    /// Ends the session without a word.
    pub(super) fn hang_up(&mut self) {
        self.answers = None;
    }

    /// Reads the greeting.
    pub(super) fn greeting(&mut self) -> io::Result<Status> {
        self.pace.begin();
        let Some(mut answers) = self.answers.take() else { return Err(io::ErrorKind::NotConnected.into()) };
        let status = answers.status()?;
        self.answers = Some(answers);
        Ok(status)
    }

    /// Runs a command that is answered by one line.
    pub(super) fn run(&mut self, command: &str) -> Result<Reply, MailboxError> {
        log::debug!("{}: {command}", self.peer);
        let status = self.exchange(command, Answers::status)?;
        self.reply(status)
    }

    /// Sends commands, as far ahead of their answers as the server allows, and has each answer read behind its status.
    pub(super) fn pipeline<C: AsRef<str>>(
        &mut self,
        commands: &[C],
        each: impl FnMut(usize, Reply, &mut Answers<Stream>) -> io::Result<Go>,
    ) -> Result<(), MailboxError> {
        self.pipeline_ahead(commands, &[], each)
    }

    /// As [`Self::pipeline`], with some of the commands for messages in the same breath that are asked for next.
    pub(super) fn pipeline_ahead<C: AsRef<str>>(
        &mut self,
        commands: &[C],
        next: &[String],
        each: impl FnMut(usize, Reply, &mut Answers<Stream>) -> io::Result<Go>,
    ) -> Result<(), MailboxError> {
        match commands {
            [] => {}
            [one] => log::debug!("{}: {}", self.peer, one.as_ref()),
            [first, .., last] => {
                let (first, last) = (first.as_ref(), last.as_ref());
                log::debug!("{}: {first} to {last}, {} commands", self.peer, commands.len());
            }
        }
        self.converse(commands, next, each)
    }

    /// Does so without a word in the log.
    pub(super) fn converse<C: AsRef<str>>(
        &mut self,
        commands: &[C],
        next: &[String],
        mut each: impl FnMut(usize, Reply, &mut Answers<Stream>) -> io::Result<Go>,
    ) -> Result<(), MailboxError> {
        let all: Vec<&str> =
            commands.iter().map(AsRef::as_ref).chain(next.iter().map(String::as_str)).collect();
        let mut sent = self.begun_of(&all)?;
        let Some(mut answers) = self.answers.take() else { return Err(over(&self.peer)) };
        for done in 0..commands.len() {
            let mut is_awaited = true;
            let answered = (|| {
                if sent.saturating_sub(done) <= self.window / 2 {
                    let until = done.saturating_add(self.window).min(all.len());
                    let lines = all.get(sent..until).unwrap_or_default();
                    // Nothing is outstanding: what is there was not asked for.
                    write(&mut answers, lines, if sent == done { Silence::Expected } else { Silence::No })?;
                    sent = sent.max(until);
                }
                self.pace.begin();
                let reply = reply_to(&mut answers)?;
                is_awaited = false;
                each(done, reply, &mut answers)
            })();
            match answered {
                Ok(Go::On) => {}
                Ok(Go::Leave) => return Ok(()),
                Err(error) => {
                    let fault = self.peer.io(error);
                    let is_silent = is_awaited && matches!(fault, MailboxError::Timeout { .. });
                    self.is_lossy = is_silent && done > 0 && self.is_pipelining();
                    return Err(fault);
                }
            }
        }
        self.answers = Some(answers);
        self.begun = next.iter().take(sent.saturating_sub(commands.len())).cloned().collect();
        Ok(())
    }

    /// How many of these commands were sent already. What was sent for others is read and dropped.
    fn begun_of(&mut self, commands: &[&str]) -> Result<usize, MailboxError> {
        let count = self.begun.len();
        let is_begun = commands.len() >= count
            && self.begun.iter().zip(commands).all(|(begun, command)| begun == command);
        if is_begun {
            self.begun.clear();
            return Ok(count);
        }
        self.drop_begun().map(|()| 0)
    }

    fn drop_begun(&mut self) -> Result<(), MailboxError> {
        while self.begun.pop_front().is_some() {
            let Some(mut answers) = self.answers.take() else { return Err(over(&self.peer)) };
            self.pace.begin();
            let message = reply_to(&mut answers).and_then(|reply| match reply {
                Ok(_) => answers.message(Room { keep: 0, cap: UNWANTED }).map(|message| message.end),
                Err(_) => Ok(End::Reached),
            });
            match message.map_err(|error| self.peer.io(error))? {
                End::Reached => self.answers = Some(answers),
                End::GivenUp => return Err(self.peer.protocol("a message without end")),
            }
        }
        Ok(())
    }

    /// Sends a command and has its answer read.
    pub(super) fn exchange<T>(
        &mut self,
        command: &str,
        read: impl FnOnce(&mut Answers<Stream>) -> io::Result<T>,
    ) -> Result<T, MailboxError> {
        self.drop_begun()?;
        let Some(mut answers) = self.answers.take() else { return Err(over(&self.peer)) };
        self.pace.begin();
        let sent = write(&mut answers, &[command], Silence::Expected);
        let answer = sent.and_then(|()| read(&mut answers)).map_err(|error| self.peer.io(error))?;
        self.answers = Some(answers);
        Ok(answer)
    }

    /// The reply that a status is, where nothing more is to come.
    pub(super) fn reply(&mut self, status: Status) -> Result<Reply, MailboxError> {
        reply(status).map_err(|error| self.fault(&error.to_string()))
    }

    /// The server does not keep to the protocol: the session is over.
    pub(super) fn fault(&mut self, what: &str) -> MailboxError {
        self.hang_up();
        self.peer.protocol(what)
    }
}

/// Whether the server must have said all it had to say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Silence {
    Expected,
    No,
}

fn write(answers: &mut Answers<Stream>, commands: &[&str], silence: Silence) -> io::Result<()> {
    if silence == Silence::Expected && answers.is_ahead() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "an answer that nobody asked for"));
    }
    let lines: String = commands.iter().flat_map(|command| [*command, "\r\n"]).collect();
    let stream = answers.source();
    stream.write_all(lines.as_bytes())?;
    stream.flush()
}

fn reply_to(answers: &mut Answers<Stream>) -> io::Result<Reply> {
    reply(answers.status()?)
}

fn reply(status: Status) -> io::Result<Reply> {
    match status {
        Status::Ok(text) => Ok(Ok(text)),
        Status::Refused(refusal) => Ok(Err(refusal)),
        Status::Continue(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the server waits for more where nothing is to come",
        )),
    }
}

fn over(peer: &Peer) -> MailboxError {
    peer.connect("", "the session ended earlier")
}

/// What the server answers, as an error's cause shows it.
pub(super) fn told(refusal: &Refusal) -> String {
    let code = if refusal.code.is_empty() { String::new() } else { format!("[{}] ", refusal.code) };
    wire::text(format!("the server answers: {code}{}", wire::text(&refusal.text)).as_bytes())
}

/// The error of a refusal that is about the whole maildrop (RFC 2449 section 8.1, RFC 3206); `None` if it is not.
pub(super) fn of_the_maildrop(peer: &Peer, refusal: &Refusal) -> Option<MailboxError> {
    match refusal.code.as_str() {
        "IN-USE" => Some(MailboxError::Locked {
            what: format!("the mailbox on {peer}"),
            hint: Some(
                "another program reads it by POP3, which only one at a time may; the next run goes on"
                    .to_owned(),
            ),
            source: Some(told(refusal).into()),
        }),
        "LOGIN-DELAY" => {
            Some(peer.connect("the server allows a login only so often: call less often", told(refusal)))
        }
        "SYS/TEMP" => Some(peer.connect("the server has trouble now; try again later", told(refusal))),
        "SYS/PERM" => Some(peer.connect("the server needs its administrator", told(refusal))),
        _ => None,
    }
}
