//! A directory with a file for each mail, as a delivery to a mailbox would write it: for trials, and for other programs.
//!
//! A file appears whole or not at all, readable by its owner alone; its name is made of the time and the Message-ID. Its
//! first two lines keep the envelope. No mail is ever overwritten or removed. While it is written a mail lies under a hidden
//! name, made of its Message-ID alone: what a program that died has left of it goes when it is sent again.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::envelope::Envelope;
use super::{Backend, OutboxError};
use crate::model::notification::{Answer, Parcel};
use crate::transport::Fault;
use crate::transport::files::{rename_new, sync_directory};

/// A directory of mails.
#[derive(Debug)]
pub struct Files {
    directory: PathBuf,
    trouble: Option<OutboxError>,
}

impl Files {
    /// A directory that is there.
    pub fn new(directory: &Path) -> Result<Self, OutboxError> {
        let files = Self { directory: directory.to_owned(), trouble: None };
        match fs::metadata(directory) {
            Ok(metadata) if metadata.is_dir() => Ok(files),
            Ok(_) => Err(files.failed(io::ErrorKind::NotADirectory.into())),
            Err(error) => Err(files.failed(error)),
        }
    }

    fn failed(&self, error: io::Error) -> OutboxError {
        let hint = if error.kind() == io::ErrorKind::NotFound {
            "create it, or correct \"path\""
        } else {
            "\"path\" must be a directory in which the user that runs helpdesk-mail may write"
        };
        let what = format!("directory {:?}", self.directory);
        OutboxError(Fault::Folder { what, hint: Some(hint.to_owned()), source: Some(error.into()) })
    }

    /// Writes a mail under a name that is free, and gives that name.
    fn write(&self, name: &Name, octets: &[&[u8]]) -> io::Result<String> {
        let new = self.directory.join(name.hidden());
        let written = write_new(&new, octets).and_then(|()| self.publish(&new, &name.visible()));
        if written.is_err() {
            // It may hold half a mail; that it is not there is as good.
            let _ = fs::remove_file(&new);
        }
        written
    }

    fn publish(&self, new: &Path, name: &str) -> io::Result<String> {
        for attempt in 0..1000_u32 {
            let end = if attempt == 0 { String::new() } else { format!(".{attempt}") };
            let name = format!("{name}{end}.eml");
            match rename_new(new, &self.directory.join(&name)) {
                Ok(()) => return Ok(name),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Backend for Files {
    fn give(&mut self, parcel: &Parcel) -> Answer {
        self.trouble = None;
        let envelope = match Envelope::of(parcel) {
            Ok(envelope) => envelope,
            Err(why) => return Answer::Refused(why),
        };
        let head = format!("Return-Path: <{}>\r\nDelivered-To: {}\r\n", envelope.sender, envelope.recipient);
        let name = Name::of(&parcel.octets, Timestamp::now());
        match self.write(&name, &[head.as_bytes(), &parcel.octets]) {
            Ok(name) => match sync_directory(&self.directory) {
                Ok(()) => Answer::Accepted(format!("written to {name}")),
                Err(error) => Answer::Uncertain(self.failed(error).told()),
            },
            Err(error) => {
                let error = self.failed(error);
                let told = error.told();
                self.trouble = Some(error);
                Answer::Later(told)
            }
        }
    }

    fn trouble(&mut self) -> Option<OutboxError> {
        self.trouble.take()
    }

    fn close(&mut self) {}
}

fn write_new(path: &Path, octets: &[&[u8]]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    for part in octets {
        file.write_all(part)?;
    }
    file.sync_all()
}

/// What the files of a mail are named by.
struct Name {
    time: String,
    id: Option<String>,
}

impl Name {
    fn of(octets: &[u8], now: Timestamp) -> Self {
        Self { time: now.strftime("%Y%m%dT%H%M%S.%6fZ").to_string(), id: message_id(octets) }
    }

    /// For instance `20261130T130551.123456Z-support-12.a1b2@example.org`.
    fn visible(&self) -> String {
        match &self.id {
            Some(id) => format!("{}-{id}", self.time),
            None => self.time.clone(),
        }
    }

    /// Of one mail at a time: a notification is in the hands of one program.
    fn hidden(&self) -> String {
        format!(".{}.new", self.id.as_ref().unwrap_or(&self.time))
    }
}

/// The Message-ID as far as it fits into a name.
fn message_id(octets: &[u8]) -> Option<String> {
    let header = octets.split(|octet| *octet == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    let line = header.into_iter().find_map(|line| {
        let (field, value) = line.split_at_checked("message-id:".len())?;
        field.eq_ignore_ascii_case(b"message-id:").then(|| String::from_utf8_lossy(value).into_owned())
    })?;
    let fits = |c: char| if c.is_ascii_alphanumeric() || "@._+=-".contains(c) { c } else { '_' };
    let id: String = line.trim().trim_matches(['<', '>']).chars().take(120).map(fits).collect();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn parcel(octets: &[u8]) -> Parcel {
        Parcel { sender: None, recipient: "anna@example.org".to_owned(), octets: octets.to_vec() }
    }

    fn listed(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_mail_is_a_private_file_with_its_envelope() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = Files::new(directory.path()).unwrap();
        let mail = parcel(b"Subject: x\r\nMESSAGE-ID: <a/b@example.org>\r\n\r\nhi\r\n");
        let answers = [files.give(&mail), files.give(&mail)];
        let names = listed(directory.path());
        assert_eq!(answers, [0, 1].map(|i| Answer::Accepted(format!("written to {}", names[i]))));
        assert!(names[0].ends_with("Z-a_b@example.org.eml"), "{names:?}");
        let file = directory.path().join(&names[0]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("Return-Path: <>\r\nDelivered-To: anna@example.org\r\nSubject: x\r\n"),
            "{text}"
        );
    }

    #[test]
    fn a_name_that_is_taken_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::new(directory.path()).unwrap();
        fs::write(directory.path().join("x.eml"), "mine").unwrap();
        let name = Name { time: "x".to_owned(), id: None };
        assert_eq!(files.write(&name, &[b"new"]).unwrap(), "x.1.eml");
        assert_eq!(fs::read_to_string(directory.path().join("x.eml")).unwrap(), "mine");
        assert_eq!(listed(directory.path()), ["x.1.eml", "x.eml"]);
    }

    #[test]
    fn what_a_dead_program_left_of_a_mail_goes_with_the_next_attempt() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = Files::new(directory.path()).unwrap();
        fs::write(directory.path().join(".a@x.new"), "ha").unwrap();
        assert!(matches!(files.give(&parcel(b"Message-ID: <a@x>\r\n\r\nhi\r\n")), Answer::Accepted(_)));
        let names = listed(directory.path());
        assert!(names.len() == 1 && names[0].ends_with("Z-a@x.eml"), "{names:?}");
    }

    #[test]
    fn a_directory_that_goes_away_is_trouble_of_the_back_end() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = Files::new(directory.path()).unwrap();
        fs::remove_dir(directory.path()).unwrap();
        assert!(matches!(files.give(&parcel(b"\r\n")), Answer::Later(_)));
        assert!(files.trouble().is_some());
        assert!(Files::new(directory.path()).is_err());
    }

    #[test]
    fn hostile_ids_make_harmless_names() {
        for (octets, expected) in [
            (&b"Message-ID: <../../x@y>\r\n\r\n"[..], Some(".._.._x@y")),
            (b"Message-ID: <\xff\x00\x1b>\r\n\r\n", Some("___")),
            (b"Message-ID:\r\n <x@y>\r\n\r\n", None),
            (b"\r\nMessage-ID: <x@y>\r\n", None),
            (b"", None),
        ] {
            assert_eq!(message_id(octets).as_deref(), expected, "{octets:?}");
        }
    }
}
