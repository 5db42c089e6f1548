//! Fetches a password or another secret from where the configuration says, at the moment it is needed.
//!
//! Errors tell what failed, never the secret nor what a command printed. A command and all it started are killed
//! when its time is over. Limits: the first line counts, of at most 64 KiB.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::process::{kill, wait};
use super::sasl::Bearer;
use super::wire::Peer;
use super::{Fault, Login, Password};

const LONGEST: u64 = 64 * 1024;

/// What a secret is; its keys in the configuration begin so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// `password`.
    Password,
    /// `token`.
    Token,
    /// `client_secret`.
    ClientSecret,
    /// `refresh_token`.
    RefreshToken,
    /// `secret` of a webhook.
    Secret,
}

impl Name {
    fn key(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Token => "token",
            Self::ClientSecret => "client_secret",
            Self::RefreshToken => "refresh_token",
            Self::Secret => "secret",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key().replace('_', " "))
    }
}

/// Why a secret could not be had.
#[derive(Debug, thiserror::Error)]
enum NoSecret {
    #[error("the {0} file {1:?} cannot be read")]
    File(Name, std::path::PathBuf, #[source] std::io::Error),
    #[error("the environment variable {0} is not set")]
    Environment(String),
    #[error("the {0} command cannot be run")]
    Spawn(Name, #[source] std::io::Error),
    #[error("the {0} command ended with {1}")]
    Exit(Name, ExitStatus),
    #[error("the {0} command did not end within {1:?}")]
    TooLong(Name, Duration),
    #[error("the {0} is empty")]
    Empty(Name),
}

/// What proves who we are, for one attempt.
pub(crate) enum Credentials<'a> {
    /// A password.
    Password {
        /// Whose.
        user: &'a str,
        /// It.
        password: SecretString,
    },
    /// An access token.
    Token(Bearer<'a>),
}

/// Fetches the credentials of an attempt; it is called when the server is ready for them.
pub(crate) type Ask<'s, 'a> = &'s dyn Fn() -> Result<Credentials<'a>, Fault>;

/// Begins a session: one attempt, and another if a token that was in hand is refused.
pub(crate) fn begin<T>(
    (user, login): (&str, &Login),
    limit: Duration,
    peer: &Peer,
    attempt: impl Fn(Ask<'_, '_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    match login {
        Login::Password(source) => attempt(&|| {
            let password = secret(Name::Password, source, limit, peer)?;
            check(user, &password, peer)?;
            Ok(Credentials::Password { user, password })
        }),
        Login::Token { mechanism, tokens } => tokens.log_in(limit, peer, |token| {
            attempt(&|| Ok(Credentials::Token(Bearer { mechanism: *mechanism, user, peer, token })))
        }),
    }
}

/// Fetches a secret; a command may take as long as `limit`.
pub(crate) fn secret(
    name: Name,
    source: &Password,
    limit: Duration,
    peer: &Peer,
) -> Result<SecretString, Fault> {
    let key = name.key();
    let (found, hint) = match source {
        Password::Literal(secret) => (Ok(secret.clone()), format!("set {key:?}")),
        Password::File(path) => (
            from_file(path, limit).map_err(|error| NoSecret::File(name, path.clone(), error)),
            format!("\"{key}_file\" must be readable and have the {name} in its first line"),
        ),
        Password::Environment { variable, value } => (
            value.clone().ok_or_else(|| NoSecret::Environment(variable.clone())),
            format!("set the variable that \"{key}_env\" names; cron passes few of them on"),
        ),
        Password::Command(command) => (
            printed(name, command, limit),
            format!("run \"{key}_command\" by hand as the same user, without a terminal"),
        ),
    };
    found
        .and_then(
            |secret| if secret.expose_secret().is_empty() { Err(NoSecret::Empty(name)) } else { Ok(secret) },
        )
        .map_err(|error| peer.auth(&hint, error))
}

/// Refuses what no protocol's line can carry.
fn check(user: &str, password: &SecretString, peer: &Peer) -> Result<(), Fault> {
    if [user, password.expose_secret()].iter().any(|text| text.contains(['\r', '\n', '\0'])) {
        return Err(peer.auth("", "the user name or password holds a line end or NUL"));
    }
    Ok(())
}

/// The first line of a file, on a thread of its own: a FIFO keeps who opens it waiting until somebody writes.
fn from_file(path: &Path, limit: Duration) -> io::Result<SecretString> {
    let (sender, line) = mpsc::channel();
    let path = path.to_owned();
    thread::Builder::new().name("secret".to_owned()).spawn(move || {
        // Nobody listens any more once the time is over.
        drop(sender.send(File::open(path).and_then(first_line)));
    })?;
    line.recv_timeout(limit).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn first_line(source: impl Read) -> std::io::Result<SecretString> {
    let mut line = Vec::new();
    BufReader::new(source.take(LONGEST)).read_until(b'\n', &mut line)?;
    let line = String::from_utf8(line)
        .map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, "the first line is not UTF-8"))?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n'])))
}

fn printed(name: Name, command: &str, limit: Duration) -> Result<SecretString, NoSecret> {
    let deadline = Instant::now() + limit;
    let mut child = Command::new("/bin/sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| NoSecret::Spawn(name, error))?;
    let (sender, line) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            let mut output = output.take(LONGEST);
            let line = first_line(&mut output);
            // The rest is read away, so that the command is not ended by a full or closed pipe.
            let told = sender.send(line);
            let drained = std::io::copy(&mut output, &mut std::io::sink());
            drop((told, drained));
        });
    }
    let answer = line.recv_timeout(limit);
    let status = wait(&mut child, deadline);
    let (Ok(secret), Some(status)) = (answer, status) else {
        kill(&mut child);
        return Err(NoSecret::TooLong(name, limit));
    };
    if status.success() {
        secret.map_err(|error| NoSecret::Spawn(name, error))
    } else {
        Err(NoSecret::Exit(name, status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetched(source: &Password) -> Result<String, String> {
        let peer = Peer { host: "imap.example.org".to_owned(), port: 993 };
        match secret(Name::Password, source, Duration::from_millis(400), &peer) {
            Ok(secret) => Ok(secret.expose_secret().to_owned()),
            Err(Fault::Auth { source: Some(cause), .. }) => Err(cause.to_string()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_line_of_a_command_is_the_password() {
        let command = Password::Command("printf 'sécret \\nuser: x\\n'".to_owned());
        assert_eq!(fetched(&command), Ok("sécret ".to_owned()));
    }

    #[test]
    fn a_command_that_fails_is_told_without_its_output() {
        let command = Password::Command("echo s3cret; echo s3cret >&2; exit 3".to_owned());
        assert_eq!(fetched(&command), Err("the password command ended with exit status: 3".to_owned()));
    }

    #[test]
    fn a_fifo_that_nobody_writes_to_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let text = fetched(&Password::File(fifo)).unwrap_err();
        assert!(text.ends_with("cannot be read"), "{text}");
    }

    #[test]
    fn a_command_that_hangs_is_killed() {
        for command in ["sleep 30", "sleep 30 & sleep 30", "echo x; sleep 30"] {
            let text = fetched(&Password::Command(command.to_owned())).unwrap_err();
            assert_eq!(text, "the password command did not end within 400ms");
        }
    }

    #[test]
    fn files_and_variables_give_their_password() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from file\r\nmore\n").unwrap();
        assert_eq!(fetched(&Password::File(file.path().to_owned())), Ok("from file".to_owned()));
        let variable = |value| Password::Environment { variable: "PW".to_owned(), value };
        assert_eq!(fetched(&variable(Some(SecretString::from("x")))), Ok("x".to_owned()));
        assert_eq!(fetched(&variable(None)), Err("the environment variable PW is not set".to_owned()));
        assert!(fetched(&Password::File(file.path().join("x"))).is_err());
        assert_eq!(
            fetched(&Password::Literal(SecretString::from(""))),
            Err("the password is empty".to_owned())
        );
    }
}
