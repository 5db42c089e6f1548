//! A help desk in a directory of its own: configuration, store, mailboxes; and the program run on it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::database::{Database, Opened};
use super::postgres;

/// A directory with a configuration, and a store; both are removed with the value.
pub struct Desk {
    folder: TempDir,
    database: Database,
}

/// What a run printed and how it ended.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Desk {
    /// A desk with one queue `support` and these mailboxes (TOML).
    pub fn new(mailboxes: &str) -> Self {
        let queue = "[queue.support]\naddress = \"support@example.org\"\nagents = [\"anna@example.org\"]\n";
        Self::configured(&format!("{queue}{mailboxes}"))
    }

    /// A desk with this configuration; the store is `desk.db`, or what stands for it on a server.
    pub fn configured(toml: &str) -> Self {
        let desk = Self::over(Database::new());
        desk.configure(toml);
        desk
    }

    /// A desk with this store; it has to be configured.
    pub fn over(database: Database) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database }
    }

    /// A desk whose store holds what this one's does, and nothing else; it has to be configured.
    pub fn with_copied_store(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = self.database.copied(self.folder.path(), folder.path());
        Self { folder, database }
    }

    /// A desk with a Maildir mailbox `support` in `mail`, with these further keys.
    pub fn with_maildir(keys: &str) -> Self {
        let desk = Self::new(&format!(
            "[mailbox.support]\ntype = \"maildir\"\nqueue = \"support\"\npath = \"mail\"\n{keys}\n"
        ));
        for part in ["new", "cur", "tmp"] {
            fs::create_dir_all(desk.path("mail").join(part)).unwrap();
        }
        desk
    }

    /// Replaces the configuration.
    pub fn configure(&self, toml: &str) {
        self.configure_on(self.database.url(), toml);
    }

    /// Replaces the configuration, with its store elsewhere.
    pub fn configure_on(&self, url: &str, toml: &str) {
        let text = format!("[store]\nurl = \"{url}\"\n{toml}");
        fs::write(self.path("desk.toml"), text).unwrap();
        fs::set_permissions(self.path("desk.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A path in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Opens the store beside the program.
    pub fn store(&self) -> Opened {
        self.database.open(self.folder.path())
    }

    /// Programs of this desk have died: what they held goes with them, on a server within a minute.
    pub fn after_death(&self) {
        if let Database::Server(database) = &self.database {
            postgres::who_died_is_gone(database.url());
            postgres::a_minute_goes_by(database.url());
        }
    }

    /// Puts a mail into the Maildir; names sort in the order of delivery.
    pub fn deliver(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path("mail").join("new").join(name), bytes).unwrap();
    }

    /// The program with this desk's configuration and nothing of the environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_helpdesk-mail"));
        command.env_clear().arg("--config").arg(self.path("desk.toml")).args(arguments);
        command
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    /// Every file beneath a path with its octets, to see that nothing changed.
    pub fn snapshot(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(name), &mut files);
        files
    }
}

fn collect(path: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| collect(&entry.unwrap().path(), files));
    } else if path.exists() {
        files.insert(path.to_owned(), fs::read(path).unwrap());
    }
}

impl Run {
    /// What a finished process left.
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The JSON lines of standard output.
    pub fn json(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// The JSON lines of one type.
    pub fn lines(&self, kind: &str) -> Vec<Value> {
        self.json().into_iter().filter(|line| line["type"] == kind).collect()
    }

    /// `outcome/reason ticket` of every message line.
    pub fn outcomes(&self) -> Vec<String> {
        let word = |line: &Value, key: &str| line[key].as_str().unwrap_or("-").to_owned();
        self.lines("message")
            .iter()
            .map(|line| {
                format!("{}/{} {}", word(line, "outcome"), word(line, "reason"), word(line, "ticket"))
            })
            .collect()
    }

    /// The run itself, if it ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}
