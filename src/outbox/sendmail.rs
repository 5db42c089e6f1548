//! A program that takes mail on its standard input as Sendmail does: Postfix, Exim, OpenSMTPD, msmtp and others have one.
//!
//! No shell is involved. The program gets `-i -f SENDER -- RECIPIENT`; it and all it started are killed when its time is
//! over, and nobody knows then what became of the mail. Its exit status is read as `sysexits.h` says.
//!
//! Its input is a file without a name, not a pipe: to such a program whatever comes before the end of its input is the
//! mail, and if we died while writing into a pipe it would send half of it.

use std::fs::File;
use std::io::{self, Read, Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use super::envelope::Envelope;
use super::{Backend, OutboxError};
use crate::model::notification::{Answer, Parcel};
use crate::transport::Fault;
use crate::transport::process::{kill, wait};
use crate::transport::wire::{self, Cause};

/// How much of what a program complains of is kept, in octets.
const COMPLAINT: u64 = 4096;

/// A program.
#[derive(Debug)]
pub struct Sendmail {
    program: PathBuf,
    timeout: Duration,
    trouble: Option<OutboxError>,
    broke_off: Option<OutboxError>,
}

impl Sendmail {
    /// A program that is there.
    pub fn new(program: &Path, timeout: Duration) -> Result<Self, OutboxError> {
        let sendmail = Self { program: program.to_owned(), timeout, trouble: None, broke_off: None };
        match fs::metadata(program) {
            Ok(metadata) if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 => Ok(sendmail),
            Ok(_) => Err(sendmail.failed("it is no program")),
            Err(error) => Err(sendmail.failed(error)),
        }
    }

    fn failed(&self, source: impl Into<Cause>) -> OutboxError {
        let hint =
            "\"path\" must be a program that takes mail as sendmail(8) does, usually /usr/sbin/sendmail";
        let what = format!("program {:?}", self.program);
        OutboxError(Fault::Folder { what, hint: Some(hint.to_owned()), source: Some(source.into()) })
    }

    /// It was killed with a mail in hand.
    fn late(&self) -> OutboxError {
        let hint = "see by hand why it takes so long; \"timeout\" of the back end may be longer";
        let what = format!("program {:?}", self.program);
        OutboxError(Fault::Timeout { what, hint: Some(hint.to_owned()), source: None })
    }

    fn spawn(&self, envelope: &Envelope, mail: File) -> io::Result<Child> {
        let sender = if envelope.sender.is_empty() { "<>" } else { &envelope.sender };
        Command::new(&self.program)
            .args(["-i", "-f", sender, "--", &envelope.recipient])
            .stdin(mail)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
    }

    /// Starts the program with its mail.
    fn start(&self, envelope: &Envelope, octets: &[u8]) -> Result<Child, OutboxError> {
        let mail = nameless(&unix(octets)).map_err(|error| {
            let hint =
                "the user that runs helpdesk-mail must be able to write there; TMPDIR names another one";
            let what = "the directory for temporary files".to_owned();
            OutboxError(Fault::Folder { what, hint: Some(hint.to_owned()), source: Some(error.into()) })
        })?;
        self.spawn(envelope, mail).map_err(|error| self.failed(error))
    }

    /// Waits for the program; the exit status, if there is one in time, and what was complained of.
    fn wait(&self, mut child: Child) -> (Option<ExitStatus>, String) {
        let deadline = Instant::now() + self.timeout;
        let (sender, complaint) = mpsc::channel();
        if let Some(mut errors) = child.stderr.take() {
            thread::spawn(move || {
                let mut text = Vec::new();
                let read = Read::by_ref(&mut errors).take(COMPLAINT).read_to_end(&mut text);
                let told = sender.send(text);
                // The rest is read away, so that the program is not ended by a full or closed pipe.
                drop((read, told, io::copy(&mut errors, &mut io::sink())));
            });
        }
        let status = wait(&mut child, deadline);
        if status.is_none() {
            kill(&mut child);
        }
        // A child of the program may hold its standard error open; it is not waited for long.
        let complaint = complaint.recv_timeout(Duration::from_millis(500)).unwrap_or_default();
        (status, wire::text(&complaint))
    }
}

impl Backend for Sendmail {
    fn give(&mut self, parcel: &Parcel) -> Answer {
        (self.trouble, self.broke_off) = (None, None);
        let envelope = match Envelope::of(parcel) {
            Ok(envelope) => envelope,
            Err(why) => return Answer::Refused(why),
        };
        let child = match self.start(&envelope, &parcel.octets) {
            Ok(child) => child,
            Err(error) => {
                let told = error.told();
                self.trouble = Some(error);
                return Answer::Later(told);
            }
        };
        match self.wait(child) {
            (None, _) => {
                self.broke_off = Some(self.late());
                Answer::Uncertain(format!("{:?} did not end within {:?}", self.program, self.timeout))
            }
            (Some(status), complaint) => answer(status, &complaint),
        }
    }

    fn trouble(&mut self) -> Option<OutboxError> {
        self.trouble.take()
    }

    fn broke_off(&mut self) -> Option<OutboxError> {
        self.broke_off.take()
    }

    fn close(&mut self) {}
}

/// A file that holds this, read from its beginning, and is gone with the last who has it open.
fn nameless(octets: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(octets)?;
    file.rewind()?;
    Ok(file)
}

/// What an exit status says of the mail.
///
/// Only what is surely about this mail is final: 68 is an unknown host of the recipient to Sendmail and an unknown mail
/// server to msmtp, 69 is anything, and 64, 77 and 78 are for the administrator. What stays so is given up in the end.
fn answer(status: ExitStatus, complaint: &str) -> Answer {
    let Some(code) = status.code() else {
        return Answer::Uncertain(told(&format!("the program was ended: {status}"), complaint));
    };
    let text = told(&format!("exit status {code} ({})", name(code)), complaint);
    match code {
        0 => Answer::Accepted(text),
        65 | 67 => Answer::Refused(text),
        _ => Answer::Later(text),
    }
}

fn told(text: &str, complaint: &str) -> String {
    if complaint.is_empty() { text.to_owned() } else { format!("{text}: {complaint}") }
}

/// The names of `sysexits.h`.
fn name(code: i32) -> &'static str {
    match code {
        0 => "ok",
        64 => "usage",
        65 => "data error",
        66 => "no input",
        67 => "no such user",
        68 => "no such host",
        69 => "unavailable",
        70 => "software error",
        71 => "system error",
        72 => "system file missing",
        73 => "cannot create",
        74 => "input/output error",
        75 => "temporary failure",
        76 => "protocol error",
        77 => "permission denied",
        78 => "configuration error",
        _ => "unknown",
    }
}

/// The mail with the line ends of this system, as such programs want it.
fn unix(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(bare) => {
                out.extend_from_slice(bare);
                out.push(b'\n');
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program of that text, which must not be open for writing any more when it is run.
    fn program(directory: &Path, text: &str) -> PathBuf {
        let file = directory.join("sendmail");
        let script = format!("#!/bin/sh\n{text}\n");
        let written = Command::new("/bin/sh")
            .args(["-c", "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"", "sh", &script])
            .arg(&file)
            .status();
        assert!(written.unwrap().success());
        file
    }

    fn given(text: &str, sender: Option<&str>, octets: &[u8]) -> (Answer, tempfile::TempDir) {
        given_within(Duration::from_secs(60), text, sender, octets)
    }

    fn given_within(
        timeout: Duration,
        text: &str,
        sender: Option<&str>,
        octets: &[u8],
    ) -> (Answer, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let program = program(directory.path(), &text.replace("DIR", directory.path().to_str().unwrap()));
        let mut sendmail = Sendmail::new(&program, timeout).unwrap();
        let parcel = Parcel {
            sender: sender.map(str::to_owned),
            recipient: "-x@example.org".to_owned(),
            octets: octets.to_vec(),
        };
        (sendmail.give(&parcel), directory)
    }

    #[test]
    fn the_program_gets_the_envelope_as_words_and_the_mail_as_lines() {
        let text = "for word in \"$@\"; do echo \"$word\" >>DIR/words; done; cat >DIR/mail";
        for (sender, word) in [(Some("a b@example.org"), "\"a b\"@example.org"), (None, "<>")] {
            let (answer, directory) = given(text, sender, b"Subject: $(id)\r\n\r\n.\r\nhi\r\n");
            assert_eq!(answer, Answer::Accepted("exit status 0 (ok)".to_owned()));
            let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
            assert_eq!(read("words"), format!("-i\n-f\n{word}\n--\n-x@example.org\n"));
            assert_eq!(read("mail"), "Subject: $(id)\n\n.\nhi\n");
        }
    }

    #[test]
    fn exit_statuses_are_read_as_sysexits() {
        let kind = |status: i32| match given(&format!("exit {status}"), None, b"x\r\n").0 {
            Answer::Accepted(_) => "accepted",
            Answer::Later(_) => "later",
            Answer::Refused(_) => "refused",
            Answer::Uncertain(_) => "uncertain",
        };
        for (status, expected) in [
            (0, "accepted"),
            (65, "refused"),
            (67, "refused"),
            (68, "later"),
            (69, "later"),
            (75, "later"),
            (77, "later"),
            (1, "later"),
        ] {
            assert_eq!(kind(status), expected, "{status}");
        }
    }

    #[test]
    fn what_it_complains_of_is_kept_without_control_characters() {
        let (answer, _) = given("printf 'no such \\033[31muser\\n' >&2; exit 67", None, b"x\r\n");
        assert_eq!(answer, Answer::Refused("exit status 67 (no such user): no such [31muser".to_owned()));
    }

    #[test]
    fn a_program_that_hangs_or_is_killed_leaves_the_mail_uncertain() {
        for text in ["sleep 30 & sleep 30", "kill -9 $$"] {
            let (answer, _) = given_within(Duration::from_secs(1), text, None, b"x\r\n");
            assert!(matches!(answer, Answer::Uncertain(_)), "{text}: {answer:?}");
        }
    }

    #[test]
    fn a_program_that_reads_nothing_does_not_block() {
        let (answer, _) = given("exit 75", None, &b"x\r\n".repeat(500_000));
        assert_eq!(answer, Answer::Later("exit status 75 (temporary failure)".to_owned()));
    }

    #[test]
    fn what_is_no_program_is_told_at_once() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("text"), "x").unwrap();
        for name in ["none", "text", "."] {
            let error = Sendmail::new(&directory.path().join(name), Duration::from_secs(1)).unwrap_err();
            assert!(error.to_string().starts_with("cannot use program "), "{error}");
        }
    }
}
