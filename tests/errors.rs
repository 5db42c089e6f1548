//! The table of errors: each code of the man page is provoked for real, ends the command with its exit code, says what to do,
//! and tells nothing of what was planted: password, text and subject of the mail.

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::thread;

use helpdesk_mail::cli::output::Form;
use helpdesk_mail::model::trouble::ErrorCode;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

use crate::bad_mail::as_nobody;
use crate::support::desk::{Desk, Run};
use crate::support::dies::{Poison, choking, shifted};
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;
use crate::support::ports;
use crate::support::script::{Script, Step};
use crate::support::smtpd::Smtpd;

/// What no error may tell. The subject is told on standard output alone, where messages are listed.
const PASSWORD: &str = "pl4nted-p4ssword";
const TEXT: &str = "planted text of a mail";
const SUBJECT: &str = "Planted subject";

/// A command that meets the error; what it needs lives as long as the provocation runs.
struct Scene {
    desk: Desk,
    command: Vec<&'static str>,
    needs: Vec<Box<dyn std::any::Any + Send>>,
    how: How,
}

/// How the command is run.
enum How {
    Plainly,
    AsNobody,
    Choking,
    After(i64),
    WithoutRoom,
    Interrupted,
}

impl Scene {
    fn new(desk: Desk, command: &[&'static str]) -> Self {
        Self { desk, command: command.to_vec(), needs: Vec::new(), how: How::Plainly }
    }

    fn holding(mut self, needed: impl std::any::Any + Send) -> Self {
        self.needs.push(Box::new(needed));
        self
    }

    fn how(self, how: How) -> Self {
        Self { how, ..self }
    }

    /// Runs the command as talkative as it can be, for people or for programs.
    fn run(&self, form: Form) -> Output {
        let mut words = vec!["-vvv", "--log-format", if form == Form::Json { "json" } else { "text" }];
        words.extend(self.command.iter().filter(|word| form == Form::Json || **word != "--json"));
        let mut command = match &self.how {
            How::Plainly => self.desk.command(&words),
            How::AsNobody => as_nobody(&self.desk, &words),
            How::Choking => choking(&self.desk, &words),
            How::After(seconds) => shifted(&self.desk, &words, *seconds),
            How::WithoutRoom => self.without_room(&words),
            How::Interrupted => return self.interrupted(&words),
        };
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// No file may grow beyond what the store has already.
    fn without_room(&self, words: &[&str]) -> Command {
        let mut command = Command::new("/bin/bash");
        command.env_clear().args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "bash"]);
        command.arg(env!("CARGO_BIN_EXE_helpdesk-mail")).arg("--config").arg(self.desk.path("desk.toml"));
        command.args(words);
        command
    }

    /// Asked to end as soon as it has told of a message.
    fn interrupted(&self, words: &[&str]) -> Output {
        let mut command = self.desk.command(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = [0];
        child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let output = child.wait_with_output().unwrap();
        Output { stdout: [&first, output.stdout.as_slice()].concat(), ..output }
    }
}

const FETCH: &[&str] = &["fetch", "--json"];

fn mail() -> Vec<u8> {
    Letter::new("planted@example.org", SUBJECT).body(TEXT).bytes()
}

/// A Maildir with the planted mail.
fn maildir() -> Desk {
    let desk = Desk::with_maildir("");
    desk.deliver("1", &mail());
    desk
}

/// A mailbox on a server of this host, without TLS.
fn imap(port: u16, keys: &str) -> Desk {
    Desk::new(&format!(
        "[mailbox.support]\ntype = \"imap\"\nqueue = \"support\"\nhost = \"127.0.0.1\"\nport = {port}\n\
         username = \"support\"\npassword = \"{PASSWORD}\"\n{keys}\n"
    ))
}

/// A notification that waits for this back end.
fn outbox(keys: &str) -> Desk {
    let desk = Desk::with_maildir(&format!("[outbox]\nmax_age = \"36500d\"\n{keys}"));
    desk.deliver("1", &mail());
    desk.run(&["fetch", "--no-send"]).exits(0);
    desk
}

fn smtp(port: u16, keys: &str) -> Desk {
    outbox(&format!("host = \"127.0.0.1\"\nport = {port}\ntimeout = \"1s\"\n{keys}\n"))
}

/// A port at which nobody listens, and one at which nobody answers.
fn deserted() -> u16 {
    ports::free()
}

fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

const NO_TLS: &str = "tls = \"none\"\ntimeout = \"1s\"";
/// One alone, since a scripted server takes one connection.
const SEND: &[&str] = &["send", "--json", "--limit", "1"];

/// The scene of each code; a code without one does not compile.
#[allow(clippy::too_many_lines, reason = "a table")]
fn scene(code: ErrorCode) -> Scene {
    match code {
        ErrorCode::ConfigMissing => {
            let desk = maildir();
            fs::remove_file(desk.path("desk.toml")).unwrap();
            Scene::new(desk, FETCH)
        }
        ErrorCode::ConfigInvalid => {
            let desk = maildir();
            desk.configure(&format!("[mailbox.a]\npassword = [\"{PASSWORD}\"]\nbogus = \"{PASSWORD}\"\n"));
            Scene::new(desk, FETCH)
        }
        ErrorCode::ConfigPermissions => {
            let desk = maildir();
            fs::set_permissions(desk.path("desk.toml"), Permissions::from_mode(0o666)).unwrap();
            Scene::new(desk, FETCH)
        }
        ErrorCode::MailboxConnect => Scene::new(imap(deserted(), NO_TLS), FETCH),
        ErrorCode::MailboxTls => {
            let server = Dovecot::start();
            Scene::new(imap(server.tls_port, "tls = \"implicit\""), FETCH).holding(server)
        }
        ErrorCode::MailboxAuth => {
            let server = Dovecot::start();
            Scene::new(imap(server.port, "tls = \"none\""), FETCH).holding(server)
        }
        ErrorCode::MailboxFolder => {
            let server = Dovecot::start();
            server.set_passwords(&[("support", PASSWORD)]);
            Scene::new(imap(server.port, "tls = \"none\"\nfolder = \"Nowhere\""), FETCH).holding(server)
        }
        ErrorCode::MailboxProtocol => {
            let server = Script::start(vec![Step::Send("HTTP/1.1 400 Bad Request\r\n\r\n")]);
            Scene::new(imap(server.port, NO_TLS), FETCH).holding(server)
        }
        ErrorCode::MailboxTimeout => {
            let (listener, port) = silent();
            Scene::new(imap(port, NO_TLS), FETCH).holding(listener)
        }
        ErrorCode::MailboxLocked => {
            let desk = maildir();
            let lock = held(&desk, "desk.db.support.lock");
            Scene::new(desk, FETCH).holding(lock)
        }
        ErrorCode::OutboxConnect => Scene::new(smtp(deserted(), "tls = \"none\""), SEND),
        ErrorCode::OutboxTls => {
            let server = Smtpd::start();
            let desk =
                outbox(&format!("host = \"127.0.0.1\"\nport = {}\ntls = \"implicit\"", server.tls_port));
            Scene::new(desk, SEND).holding(server)
        }
        ErrorCode::OutboxAuth => {
            let refusal = vec![Step::Line("AUTH PLAIN"), Step::Send("535 5.7.8 no\r\n")];
            let server = Script::start(Script::smtp_steps("250-AUTH PLAIN\r\n", refusal));
            let login = format!("tls = \"none\"\nusername = \"support\"\npassword = \"{PASSWORD}\"");
            Scene::new(smtp(server.port, &login), SEND).holding(server)
        }
        ErrorCode::OutboxPath => Scene::new(outbox("backend = \"file\"\npath = \"nowhere\""), SEND),
        ErrorCode::OutboxProtocol => {
            let server = Script::start(vec![Step::Send("HTTP/1.1 400 Bad Request\r\n\r\n")]);
            Scene::new(smtp(server.port, "tls = \"none\""), SEND).holding(server)
        }
        ErrorCode::OutboxTimeout => {
            let (listener, port) = silent();
            Scene::new(smtp(port, "tls = \"none\""), SEND).holding(listener)
        }
        ErrorCode::OutboxLocked => {
            let desk = outbox("backend = \"null\"");
            let lock = held(&desk, "desk.db-outbox.lock");
            Scene::new(desk, SEND).holding(lock)
        }
        ErrorCode::MessageUnreadable => {
            let desk = maildir();
            desk.deliver("2", &[0, 1, 2, 3, 0xff, 0xfe].repeat(40));
            Scene::new(desk, FETCH)
        }
        ErrorCode::MessageAttempts => {
            let desk = Desk::with_maildir("max_attempts = 1");
            desk.deliver("1", &mail());
            fs::set_permissions(desk.path("mail/new/1"), Permissions::from_mode(0o000)).unwrap();
            Scene::new(desk, FETCH).how(How::AsNobody)
        }
        ErrorCode::MessageCrashed => {
            let desk = Desk::with_maildir("");
            let body = format!("{TEXT}\r\n{}", Poison::Abort.body());
            desk.deliver("1", &Letter::new("planted@example.org", SUBJECT).body(&body).bytes());
            // The first dies with it, the second finds it.
            choking(&desk, FETCH).output().unwrap();
            Scene::new(desk, FETCH).how(How::Choking)
        }
        ErrorCode::MessageStore => {
            let desk = refilled();
            // Whoever wrote once may not write again.
            let refuse = "CREATE UNIQUE INDEX refuse ON message (author)";
            Connection::open(desk.path("desk.db")).unwrap().execute_batch(refuse).unwrap();
            Scene::new(desk, FETCH)
        }
        ErrorCode::HookTimeout => Scene::new(hooked("[\"/bin/sleep\", \"60\"]"), FETCH),
        ErrorCode::HookFailed => Scene::new(hooked("[\"/bin/false\"]"), FETCH),
        ErrorCode::StoreBusy => {
            let desk = refilled();
            let other = Connection::open(desk.path("desk.db")).unwrap();
            other.execute_batch("BEGIN IMMEDIATE").unwrap();
            Scene::new(desk, FETCH).holding(other)
        }
        ErrorCode::StoreFull => Scene::new(refilled(), FETCH).how(How::WithoutRoom),
        ErrorCode::StoreSchema => {
            let desk = refilled();
            let newer = "UPDATE schema_version SET version = 9999";
            Connection::open(desk.path("desk.db")).unwrap().execute_batch(newer).unwrap();
            Scene::new(desk, FETCH)
        }
        ErrorCode::StoreUnavailable => {
            let desk = maildir();
            fs::create_dir(desk.path("desk.db")).unwrap();
            Scene::new(desk, FETCH)
        }
        ErrorCode::Usage => Scene::new(maildir(), &["fetch", "--json", "--bogus"]),
        ErrorCode::InputData => {
            let desk = maildir();
            fs::write(desk.path("desk.mail"), [0, 1, 2, 3, 0xff, 0xfe].repeat(40)).unwrap();
            let path: &'static str = desk.path("desk.mail").to_str().unwrap().to_owned().leak();
            Scene::new(desk, &["inspect", path])
        }
        ErrorCode::InputMissing => Scene::new(maildir(), &["inspect", "/nowhere/x.eml"]),
        ErrorCode::OutputExists => {
            let desk = maildir();
            let path: &'static str = desk.path("desk.toml").to_str().unwrap().to_owned().leak();
            Scene::new(desk, &["init", "--output", path])
        }
        ErrorCode::OutputIo => Scene::new(maildir(), &["--log-file", "/nowhere/x.log", "fetch", "--json"]),
        ErrorCode::Interrupted => {
            let desk = Desk::with_maildir("batch_size = 1");
            for n in 0..400 {
                desk.deliver(&format!("{n:03}"), &Letter::new(&format!("{n}@x"), SUBJECT).body(TEXT).bytes());
            }
            Scene::new(desk, FETCH).how(How::Interrupted)
        }
        // Beyond the year 9999, for which there are no words.
        ErrorCode::Internal => Scene::new(maildir(), FETCH).how(How::After(400_000_000_000)),
    }
}

/// A desk on which this program is asked about the mail and held to its word.
fn hooked(command: &str) -> Desk {
    let desk = Desk::with_maildir(&format!(
        "[[hook]]\nevent = \"pre-process\"\ncommand = {command}\ntimeout = \"1s\"\non_failure = \"defer\""
    ));
    desk.deliver("1", &mail());
    desk
}

/// A desk that has run, with another mail.
fn refilled() -> Desk {
    let desk = maildir();
    desk.run(FETCH).exits(0);
    desk.deliver("2", &Letter::new("2@example.org", SUBJECT).body(TEXT).bytes());
    desk
}

fn held(desk: &Desk, name: &str) -> File {
    let file = File::create(desk.path(name)).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn each_error_ends_with_its_exit_code_says_what_to_do_and_tells_no_secret() {
    let all = ErrorCode::ALL.iter().flat_map(|code| [Form::Json, Form::Human].map(|form| (*code, form)));
    thread::scope(|scope| {
        // Some wait for their time limits; none needs the other.
        let all: Vec<_> =
            all.map(|(code, form)| (code, form, scope.spawn(move || met(code, form)))).collect();
        for (code, form, case) in all {
            assert!(case.join().is_ok(), "{} {form:?}", code.as_str());
        }
    });
}

/// Provokes an error and looks at all that is told of it.
fn met(code: ErrorCode, form: Form) {
    let scene = scene(code);
    let run = Run::of(scene.run(form));
    let all = format!("{}\n{}", run.stdout, run.stderr);
    let told = format!("{}: {all}", code.as_str());
    assert_eq!(run.code, i32::from(code.exit().code()), "{told}");
    for secret in [PASSWORD, TEXT] {
        assert!(!all.contains(secret), "{secret}: {told}");
    }
    assert!(!run.stderr.contains(SUBJECT), "{told}");
    if form == Form::Human {
        // In words: the code is for programs.
        assert!(
            run.stderr.contains("error: ") || run.stderr.contains(" ERROR ") || run.stderr.contains(" WARN "),
            "{told}"
        );
        return;
    }
    let says = |text: &str| text.contains(&format!("\"error_code\":\"{}\"", code.as_str()));
    // Commands without --json tell it in words, which have no code.
    if scene.command.contains(&"--json") || code == ErrorCode::InputData {
        assert!(says(&run.stdout), "{told}");
    }
    for line in run.stdout.lines().filter(|line| says(line)) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        // It stands in a message's, mailbox's or summary's line, in the list of a delivery, or is the line itself.
        let places = [&line["error"], &line["errors"][0], &line];
        let error = places.into_iter().find(|place| place["error_code"].is_string()).unwrap();
        for key in ["msg", "hint"] {
            assert!(error[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {told}");
        }
    }
}
