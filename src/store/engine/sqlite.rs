//! SQLite: the only home of `rusqlite`.
//!
//! WAL with `synchronous=FULL`: what is committed survives a loss of power, which the mailbox is told right after.
//! Transactions that write are IMMEDIATE: a deferred one that has read fails at once when another writes, whatever the
//! busy time-out says. After a full disk or an I/O error SQLite may end the transaction by itself; no statement is run
//! behind its back then, for it would be kept at once.

use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, ffi};

use super::{Cell, Column, Dialect, Engine, Keeping, References, Row, Value, first, without_nul};
use crate::store::StoreError;

/// `application_id` of a store: "HdMl".
const APPLICATION_ID: i64 = 0x4864_4d6c;

const SELECT_TABLES: &str = "SELECT count(*) FROM sqlite_schema";

const SELECT_NEXT_NUMBER: &str = "
SELECT coalesce(max(seq), 0) + 1
FROM sqlite_sequence
WHERE name = ?1";

const COUNT_ORPHANS: &str = "
SELECT count(*)
FROM pragma_foreign_key_check";

const SELECT_SIZE: &str = "
SELECT page_count * page_size
FROM pragma_page_count, pragma_page_size";

/// In KiB and negative, as SQLite has it: what a connection keeps of the file. A batch of messages changes some thousand pages
/// of a large store, far apart from each other; what does not fit goes through the log more than once.
const CACHE: i64 = -12 * 1024;

/// After so many pages what stands in the log is written into the file: rarely enough that a page is not written for each of
/// the batches that change it.
const PAGES_OF_LOG: i64 = 16 * 1024;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading and writing.
    Work,
    /// Reading, and leaving no trace.
    Look,
}

/// A connection to an SQLite file.
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
    place: String,
    /// Device and inode.
    file: Option<(u64, u64)>,
    in_transaction: bool,
    keeping: Keeping,
}

impl Sqlite {
    /// Opens a file, for [`Access::Work`] making it (0600) where there is none; a stranger's file is refused untouched.
    pub fn open(path: &Path, access: Access, wait: Duration) -> Result<Self, StoreError> {
        let place = path.display().to_string();
        let unavailable = |source| StoreError::Unavailable { place: place.clone(), source };
        // A name such as ":memory:" means a file, too.
        let path = std::path::absolute(path).map_err(|error| unavailable(error.into()))?;
        let connection = match access {
            Access::Work => {
                create(&path).map_err(|error| unavailable(error.into()))?;
                Connection::open_with_flags(
                    &path,
                    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
                )
            }
            Access::Look => open_to_look(&path),
        };
        let connection = connection.map_err(|error| fault(error, &path, &place))?;
        let file = identity(&path);
        let mut sqlite =
            Self { connection, path, place, file, in_transaction: false, keeping: Keeping::Surely };
        sqlite.prepare(access, wait)?;
        Ok(sqlite)
    }

    fn prepare(&mut self, access: Access, wait: Duration) -> Result<(), StoreError> {
        self.check(self.connection.busy_timeout(wait))?;
        self.connection.set_prepared_statement_cache_capacity(128);
        for (option, on) in [
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true),
            (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
            // A plan is for every value: without this a statement is compiled anew for others than the first.
            (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
        ] {
            self.check(self.connection.set_db_config(option, on))?;
        }
        self.refuse_strangers()?;
        match access {
            Access::Work => {
                self.keep_a_log(wait)?;
                self.check(self.connection.pragma_update(None, "synchronous", "FULL"))?;
                // What a savepoint may take back, which is written for each page that a message touches.
                self.check(self.connection.pragma_update(None, "temp_store", "MEMORY"))?;
                self.check(self.connection.pragma_update(None, "wal_autocheckpoint", PAGES_OF_LOG))?;
                self.check(self.connection.pragma_update(None, "cache_size", CACHE))
            }
            Access::Look => self.check(self.connection.pragma_update(None, "query_only", true)),
        }
    }

    /// Switches to WAL, which the file remembers.
    ///
    /// Where several programs make one store SQLite calls all but one busy at once, whatever the busy time-out.
    fn keep_a_log(&self, wait: Duration) -> Result<(), StoreError> {
        let begun = Instant::now();
        loop {
            let mode = self.connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0));
            match self.check::<String>(mode) {
                Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
                Ok(mode) => {
                    return Err(
                        self.schema(format!("its directory allows no write-ahead log, only {mode:?}"))
                    );
                }
                Err(StoreError::Busy { .. }) if begun.elapsed() < wait => sleep(Duration::from_millis(10)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads only, so that a file that is not ours stays as it is.
    fn refuse_strangers(&mut self) -> Result<(), StoreError> {
        // In this order: another program may be making the store, and its tables and its mark come at once.
        if self.is_fresh()? {
            return Ok(());
        }
        match self.check(self.connection.pragma_query_value(None, "application_id", |row| row.get(0)))? {
            APPLICATION_ID => Ok(()),
            _ => Err(self.schema("it is not a store of helpdesk-mail".to_owned())),
        }
    }

    fn schema(&self, what: String) -> StoreError {
        StoreError::Schema { place: self.place.clone(), what }
    }

    fn check<T>(&self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|error| fault(error, &self.path, &self.place))
    }

    fn refuse_after_an_end(&self) -> Result<(), StoreError> {
        if self.in_transaction && self.connection.is_autocommit() {
            return Err(StoreError::Unavailable {
                place: self.place.clone(),
                source: "the database has ended the transaction".into(),
            });
        }
        Ok(())
    }

    /// All rows that a statement gives.
    pub(super) fn answer(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.refuse_after_an_end()?;
        self.check(self.run(sql, values))
    }

    fn run(&self, sql: &str, values: &[Value<'_>]) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        if statement.parameter_count() != values.len() {
            return Err(rusqlite::Error::InvalidParameterCount(values.len(), statement.parameter_count()));
        }
        for (index, value) in values.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, Bound(*value))?;
        }
        let columns = statement.column_count();
        let mut found = statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let cells = (0..columns).map(|column| row.get_ref(column).and_then(|value| cell(column, value)));
            rows.push(Row(cells.collect::<rusqlite::Result<_>>()?));
        }
        Ok(rows)
    }
}

/// Which file lies at a path.
fn identity(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

impl Engine for Sqlite {
    fn in_place(&self) -> Result<(), StoreError> {
        if identity(&self.path) == self.file {
            return Ok(());
        }
        Err(StoreError::Replaced { place: self.place.clone() })
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        self.refuse_after_an_end()?;
        self.check(self.run(sql, values)).map(|_| self.connection.changes())
    }

    fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.answer(sql, values)
    }

    fn insert(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<i64, StoreError> {
        self.execute(sql, values).map(|_| self.connection.last_insert_rowid())
    }

    fn fill(&mut self, column: Column, row: i64, octets: &[u8]) -> Result<(), StoreError> {
        self.refuse_after_an_end()?;
        let write = || {
            let mut place = self.connection.blob_open("main", column.table, column.name, row, false)?;
            place.write_all_at(octets, 0)?;
            place.close()
        };
        self.check(write())
    }

    fn script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.refuse_after_an_end()?;
        self.check(self.connection.execute_batch(sql))
    }

    fn keep(&mut self, keeping: Keeping) -> Result<(), StoreError> {
        if keeping == self.keeping {
            return Ok(());
        }
        self.check(self.connection.execute_batch(match keeping {
            Keeping::Surely => "PRAGMA synchronous = FULL",
            Keeping::Lightly => "PRAGMA synchronous = NORMAL",
        }))?;
        self.keeping = keeping;
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.check(self.run("BEGIN IMMEDIATE", &[]))?;
        self.in_transaction = true;
        Ok(())
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    /// The file is this host's alone.
    fn now(&mut self) -> Result<Timestamp, StoreError> {
        Ok(Timestamp::now())
    }

    fn begin_reading(&mut self) -> Result<(), StoreError> {
        self.check(self.run("BEGIN DEFERRED", &[]))?;
        self.in_transaction = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.refuse_after_an_end()?;
        self.check(self.run("COMMIT", &[]))?;
        self.in_transaction = false;
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        self.in_transaction = false;
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.check(self.run("ROLLBACK", &[])).map(drop)
    }

    fn is_fresh(&mut self) -> Result<bool, StoreError> {
        match first(self.query(SELECT_TABLES, &[])?) {
            Some(mut row) => Ok(row.take::<i64>(0)? == 0),
            None => Ok(true),
        }
    }

    fn sign(&mut self) -> Result<(), StoreError> {
        self.check(self.connection.pragma_update(None, "application_id", APPLICATION_ID))
    }

    fn next_number(&mut self, table: &'static str) -> Result<i64, StoreError> {
        match first(self.query(SELECT_NEXT_NUMBER, &[Value::Text(table)])?) {
            Some(mut row) => row.take(0),
            None => Ok(1),
        }
    }

    fn references(&mut self, references: References) -> Result<(), StoreError> {
        let checked = references == References::Checked;
        self.check(self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, checked)).map(drop)
    }

    fn orphans(&mut self) -> Result<u64, StoreError> {
        first(self.query(COUNT_ORPHANS, &[])?).map_or(Ok(0), |mut row| row.take(0))
    }

    fn size(&mut self) -> Result<u64, StoreError> {
        first(self.query(SELECT_SIZE, &[])?).map_or(Ok(0), |mut row| row.take(0))
    }

    fn tidy(&mut self) -> Result<(), StoreError> {
        self.check(self.connection.execute_batch("PRAGMA optimize"))
    }
}

/// Makes an empty file that only its owner may read; `-wal` and `-shm` get the same mode from SQLite.
///
/// An existing file is not opened here: closing it would give up the locks of another connection of this process.
fn create(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens a store so that closing it leaves the directory as it was.
///
/// Without a `-wal` the close takes away the empty one it made. With one, a checkpoint at the close would change the
/// store, so there is none; where only the `-shm` is missing its place is taken by our own memory. A store that no
/// `-wal` can be made for is read as it lies.
fn open_to_look(path: &Path) -> rusqlite::Result<Connection> {
    let has_log = beside(path, "-wal").exists();
    let no_mutex = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let may_write = may_write(path);
    let log_can_be_made = may_write && path.parent().is_some_and(self::may_write);
    if !has_log && !log_can_be_made {
        let flags = no_mutex | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        return Connection::open_with_flags(immutable_uri(path), flags);
    }
    let way = if may_write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let connection = Connection::open_with_flags(path, no_mutex | way)?;
    if has_log {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        if !beside(path, "-shm").exists() {
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        }
    }
    Ok(connection)
}

/// Asked without opening the file: closing it would give up the locks of another connection of this process.
fn may_write(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// <https://www.sqlite.org/uri.html>: every octet that could mean something is written `%xx`.
fn immutable_uri(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02x}"));
        }
    }
    uri + "?immutable=1"
}

struct Bound<'a>(Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Integer(number) => ToSqlOutput::Borrowed(ValueRef::Integer(number)),
            Value::Text(text) => match without_nul(text) {
                std::borrow::Cow::Borrowed(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
                std::borrow::Cow::Owned(text) => ToSqlOutput::Owned(text.into()),
            },
            Value::Blob(octets) => ToSqlOutput::Borrowed(ValueRef::Blob(octets)),
            Value::Room(octets) => ToSqlOutput::ZeroBlob(octets as u64),
            Value::Time(time) => ToSqlOutput::Owned(written(time).into()),
            Value::Boolean(yes) => ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(yes))),
        })
    }
}

/// RFC 3339 in UTC with six digits, always of one length, so that it sorts as time does.
pub(super) fn written(time: Timestamp) -> String {
    format!("{time:.6}")
}

fn cell(column: usize, value: ValueRef<'_>) -> rusqlite::Result<Cell> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(_) => {
            return Err(rusqlite::Error::InvalidColumnType(column, String::new(), value.data_type()));
        }
        ValueRef::Text(text) => Cell::Text(
            std::str::from_utf8(text).map_err(|error| rusqlite::Error::Utf8Error(column, error))?.to_owned(),
        ),
        ValueRef::Blob(octets) => Cell::Blob(octets.to_vec()),
    })
}

/// Whose trouble it is: the message's, the disk's, another program's, or a bug.
fn fault(error: rusqlite::Error, path: &Path, place: &str) -> StoreError {
    let place = place.to_owned();
    if matches!(error, rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::Utf8Error(..)) {
        return StoreError::Damaged { place, source: error.into() };
    }
    // The low octet is the kind, the rest tells more: <https://www.sqlite.org/rescode.html>.
    let code = error.sqlite_error().map_or(ffi::SQLITE_MISUSE, |error| error.extended_code & 0xff);
    match code {
        ffi::SQLITE_CONSTRAINT | ffi::SQLITE_TOOBIG | ffi::SQLITE_MISMATCH => {
            StoreError::Data { source: error.into() }
        }
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_PROTOCOL => {
            StoreError::Busy { place, source: error.into() }
        }
        ffi::SQLITE_FULL => StoreError::Full { place, source: error.into() },
        ffi::SQLITE_IOERR if no_room(path) => StoreError::Full { place, source: error.into() },
        ffi::SQLITE_IOERR
        | ffi::SQLITE_CANTOPEN
        | ffi::SQLITE_READONLY
        | ffi::SQLITE_PERM
        | ffi::SQLITE_AUTH
        | ffi::SQLITE_NOMEM => StoreError::Unavailable { place, source: error.into() },
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => StoreError::Damaged { place, source: error.into() },
        _ => StoreError::Misuse { what: error.to_string() },
    }
}

/// Whether an I/O error comes from a disk or a file size limit that is reached.
///
/// SQLite tells ENOSPC as SQLITE_FULL only where it writes the store itself; a shared-memory file that cannot grow and
/// EFBIG are plain I/O errors, so the file system and the limit are asked.
fn no_room(path: &Path) -> bool {
    const A_FEW_PAGES: u64 = 64 * 1024;
    let disk = rustix::fs::statvfs(path).is_ok_and(|disk| disk.f_bavail * disk.f_frsize < A_FEW_PAGES);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    let size = |path: &Path| path.metadata().map_or(0, |file| file.len());
    let largest = size(path).max(size(&beside(path, "-wal")));
    disk || limit.is_some_and(|limit| largest + A_FEW_PAGES > limit)
}
