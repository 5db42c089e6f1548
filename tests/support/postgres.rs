//! A private PostgreSQL with a directory and a port of its own.
//!
//! ```ignore
//! let server = Postgres::start();
//! let url = server.database();
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use rustix::process::{Pid, Signal, kill_process};

/// A running server.
pub struct Postgres {
    port: u16,
    directory: tempfile::TempDir,
    child: Child,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts a server that trusts whoever connects from this host.
    pub fn start() -> Self {
        let directory = tempfile::Builder::new().prefix("helpdesk-postgres").tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        if rustix::process::geteuid().is_root() {
            // It refuses to be root's.
            for path in [directory.path(), &data] {
                std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        let port = free_port();
        let made = unprivileged("initdb")
            .args(["--auth=trust", "--username=helpdesk", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        let child = unprivileged("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "fsync=off"])
            .args(["-c", "max_connections=200", "-k"])
            .arg(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let server = Self { port, directory, child, databases: AtomicU32::new(0) };
        server.wait();
        server
    }

    fn wait(&self) {
        let begun = Instant::now();
        while Client::connect(&self.url("postgres"), NoTls).is_err() {
            let log = || fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(60), "PostgreSQL does not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn url(&self, database: &str) -> String {
        format!("postgresql://helpdesk@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// The URL of a new, empty database.
    pub fn database(&self) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut client = Client::connect(&self.url("postgres"), NoTls).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        self.url(&name)
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Runs statements in a database of a test's own.
pub fn execute(url: &str, sql: &str) {
    Client::connect(url, NoTls).unwrap().batch_execute(sql).unwrap();
}

/// The one number that a query gives.
pub fn number(url: &str, sql: &str) -> i64 {
    Client::connect(url, NoTls).unwrap().query_one(sql, &[]).unwrap().get(0)
}

/// The texts that a query gives.
pub fn texts(url: &str, sql: &str) -> Vec<String> {
    Client::connect(url, NoTls).unwrap().query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // An immediate shutdown: nobody needs the data.
        let _ = kill_process(Pid::from_child(&self.child), Signal::QUIT);
        let _ = self.child.wait();
    }
}

const NOBODY: u32 = 65_534;

/// A program of PostgreSQL, run by another user than root.
fn unprivileged(name: &str) -> Command {
    let program = program(name);
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(program);
    command
}

/// The newest that is installed; Debian keeps them out of the path.
fn program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
        .unwrap_or_default();
    versions.sort();
    let newest = versions.pop().map(|version| version.join("bin").join(name)).filter(|path| path.exists());
    let usual = Path::new("/usr/bin").join(name);
    newest.or_else(|| usual.exists().then_some(usual)).unwrap_or_else(|| {
        panic!("the tests need PostgreSQL: apt-get install --no-install-recommends postgresql")
    })
}
