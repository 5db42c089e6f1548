//! The store of a desk on the engine that the tests are run for: a file beside the configuration or, where
//! `cargo xtask test` has started a server, a database of its own there, which goes with the desk.
//!
//! What is so of a file alone is said of one by its path, and is tested by modules that are run without a server.

use std::fs;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::postgres::{self, Database as OnServer};

/// Where a desk has its store.
pub enum Database {
    /// `desk.db` in the desk's folder.
    File,
    /// On the server.
    Server(OnServer),
}

impl Database {
    /// An empty one.
    pub fn new() -> Self {
        postgres::given().map_or(Self::File, |server| Self::of(&server))
    }

    /// An empty one of the server that has the database with this URL.
    pub fn of(server: &str) -> Self {
        Self::Server(OnServer::new(server))
    }

    /// What another one holds, whose desk has this folder; no program is at it.
    pub fn copied(&self, from: &Path, to: &Path) -> Self {
        match self {
            Self::File => {
                fs::copy(from.join(FILE), to.join(FILE)).unwrap();
                Self::File
            }
            Self::Server(database) => Self::Server(database.copied()),
        }
    }

    /// As it stands in the configuration.
    pub fn url(&self) -> &str {
        match self {
            Self::File => "sqlite:desk.db",
            Self::Server(database) => database.url(),
        }
    }

    /// Opens it for a look into it, or a change behind the program's back.
    pub fn open(&self, folder: &Path) -> Opened {
        match self {
            Self::File => {
                let way = OpenFlags::SQLITE_OPEN_READ_WRITE;
                Opened::File(Connection::open_with_flags(folder.join(FILE), way).unwrap())
            }
            Self::Server(database) => Opened::Server(postgres::connected(database.url())),
        }
    }
}

const FILE: &str = "desk.db";

/// An open store.
pub enum Opened {
    File(Connection),
    Server(::postgres::Client),
}

impl Opened {
    /// The rows of a query that both engines read, each cell as a text.
    pub fn rows(&mut self, sql: &str) -> Vec<Vec<String>> {
        match self {
            Self::File(store) => {
                let mut statement = store.prepare(sql).unwrap();
                let columns = statement.column_count();
                let rows = statement
                    .query_map([], |row| (0..columns).map(|at| Ok(cell(row.get_ref(at)?))).collect())
                    .unwrap();
                rows.map(Result::unwrap).collect()
            }
            Self::Server(client) => client.query(sql, &[]).unwrap().iter().map(postgres::cells).collect(),
        }
    }

    /// The one number that a query gives.
    pub fn number(&mut self, sql: &str) -> i64 {
        self.rows(sql)[0][0].parse().unwrap()
    }
}

/// The same text as [`postgres::cells`] gives.
fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(octets) => postgres::hex(octets),
    }
}
