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

use postgres::types::Type;
use postgres::{Client, NoTls, Row};
use rustix::process::{Pid, Signal, kill_process};

use super::ports;

/// A running server.
pub struct Postgres {
    /// Its port on 127.0.0.1.
    pub port: u16,
    directory: tempfile::TempDir,
    child: Child,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts a server that trusts whoever connects from this host, and that need not survive a loss of power.
    pub fn start() -> Self {
        Self::start_in(&std::env::temp_dir(), &["fsync=off"])
    }

    /// Starts one whose data lie in that directory, with these settings beside those that it comes with.
    pub fn start_in(parent: &Path, settings: &[&str]) -> Self {
        let directory = tempfile::Builder::new().prefix("helpdesk-postgres").tempdir_in(parent).unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        if rustix::process::geteuid().is_root() {
            // It refuses to be root's.
            for path in [directory.path(), &data] {
                std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        let port = ports::free();
        let made = unprivileged("initdb")
            .args(["--auth=trust", "--username=helpdesk", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        let child = unprivileged("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "max_connections=200"])
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .arg("-k")
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

/// The server that `cargo xtask test` started for the tests that run on either engine, by a database of it.
pub fn given() -> Option<String> {
    std::env::var("HELPDESK_MAIL_TEST_POSTGRESQL").ok()
}

/// A database that goes with the value.
pub struct Database {
    url: String,
}

impl Database {
    /// An empty one of the server that has the database with this URL.
    pub fn new(server: &str) -> Self {
        Self::made(server, "template1")
    }

    /// Another that holds what this one holds; nobody is connected to this one.
    pub fn copied(&self) -> Self {
        Self::made(&self.url, named(&self.url))
    }

    fn made(server: &str, template: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("desk{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let mut client = connected(&elsewhere(server, "postgres"));
        let version: i32 =
            client.query_one("SELECT current_setting('server_version_num')::INT", &[]).unwrap().get(0);
        // Cheaper by far where nothing is kept on the disk for good; what older servers do anyway.
        let strategy = if version >= 150_000 { "STRATEGY file_copy" } else { "" };
        client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}")).unwrap();
        Self { url: elsewhere(server, &name) }
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server may be gone already, and all it held with it.
        if let Ok(mut client) = Client::connect(&elsewhere(&self.url, "postgres"), NoTls) {
            let _ = client.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", named(&self.url)));
        }
    }
}

/// The database that a URL names.
fn named(url: &str) -> &str {
    let path = url.split_once('?').map_or(url, |(path, _)| path);
    path.rsplit_once('/').expect("a database").1
}

/// The URL of another database of the same server.
fn elsewhere(url: &str, name: &str) -> String {
    url.replacen(&format!("/{}?", named(url)), &format!("/{name}?"), 1)
}

/// A connection to a database.
pub fn connected(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap()
}

/// Runs statements in a database of a test's own.
pub fn execute(url: &str, sql: &str) {
    connected(url).batch_execute(sql).unwrap();
}

/// The one number that a query gives.
pub fn number(url: &str, sql: &str) -> i64 {
    connected(url).query_one(sql, &[]).unwrap().get(0)
}

/// The texts that a query gives.
pub fn texts(url: &str, sql: &str) -> Vec<String> {
    connected(url).query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

/// A minute goes by: leases end that nobody renews, and the server has missed who is silent in a transaction.
pub fn a_minute_goes_by(url: &str) {
    execute(
        url,
        "SELECT pg_terminate_backend(pid)
         FROM pg_stat_activity
         WHERE state LIKE 'idle in transaction%' AND datname = current_database();
         DO $$ BEGIN
           IF to_regclass('lease') IS NOT NULL THEN
             UPDATE lease SET until = now();
           END IF;
         END $$",
    );
}

/// Waits until the server has done what programs asked for that died.
pub fn who_died_is_gone(url: &str) {
    execute(
        url,
        "SET statement_timeout = '60s';
         DO $$ BEGIN
           WHILE EXISTS (
             SELECT 1
             FROM pg_stat_activity
             WHERE application_name = 'helpdesk-mail' AND datname = current_database()
           ) LOOP
             PERFORM pg_sleep(0.002);
             PERFORM pg_stat_clear_snapshot();
           END LOOP;
         END $$",
    );
}

/// The cells of a row as texts, each as a file's would be: a boolean is a number.
pub fn cells(row: &Row) -> Vec<String> {
    (0..row.len()).map(|at| cell(row, at).unwrap_or_else(|| "-".to_owned())).collect()
}

fn cell(row: &Row, at: usize) -> Option<String> {
    match *row.columns()[at].type_() {
        Type::BOOL => row.get::<_, Option<bool>>(at).map(|yes| i32::from(yes).to_string()),
        Type::INT4 => row.get::<_, Option<i32>>(at).map(|number| number.to_string()),
        Type::INT8 => row.get::<_, Option<i64>>(at).map(|number| number.to_string()),
        Type::BYTEA => row.get::<_, Option<&[u8]>>(at).map(hex),
        _ => row.get(at),
    }
}

/// Octets as two digits each.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
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
