//! PostgreSQL: the only home of `postgres`.
//!
//! The statements are SQLite's, with `$1` for `?1`. One transaction writes at a time, as SQLite has it, by an advisory lock:
//! what it reads and decides on is so when it is committed. (SERIALIZABLE would let several write at once; with batches of
//! some twenty messages nearly all of them contradicted each other, and were done again in vain.) A program that is frozen
//! in the middle of one is missed by the server after [`PATIENCE`]. A connection that broke is made again by the next
//! statement outside a transaction.
//!
//! Connections are encrypted and verified unless the server is on this host and the URL says `sslmode=disable`.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use postgres::{Client, Config, Statement};
use postgres_native_tls::MakeTlsConnector;

use super::{Access, Cell, Column, Dialect, Engine, References, Row, Value, Way, first, without_nul};
use crate::store::StoreError;
use crate::transport::wire::verifying;

/// Microseconds from the epoch of UNIX to PostgreSQL's, 2000-01-01.
const EPOCH: i64 = 946_684_800_000_000;

/// So long a transaction waits for another, and does nothing, until the server ends it.
const PATIENCE: &str = "30s";

const SELECT_TABLES: &str = "
SELECT count(*)
FROM information_schema.tables
WHERE table_schema = current_schema()";

const SELECT_MARK: &str = "
SELECT count(*)
FROM information_schema.tables
WHERE table_schema = current_schema()
  AND table_name IN ('schema_version', 'meta', 'outcome')";

const SELECT_NEXT_NUMBER: &str = "
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(?1, 'id')), 0) + 1";

const SELECT_SIZE: &str = "
SELECT CAST(coalesce(sum(pg_total_relation_size(oid)), 0) AS BIGINT)
FROM pg_class
WHERE relnamespace = current_schema()::regnamespace
  AND relkind = 'r'";

const SELECT_NOW: &str = "
SELECT clock_timestamp()";

/// One writer at a time, whose number is "HdMl" and the schema's; each statement then sees all that was committed.
const BEGIN: &str = "
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock(1214532972, hashtext(current_schema()))";

/// A connection to a PostgreSQL server.
pub struct Postgres {
    config: Config,
    tls: MakeTlsConnector,
    access: Access,
    client: Option<Client>,
    statements: HashMap<&'static str, Statement>,
    in_transaction: bool,
    place: String,
}

impl Postgres {
    /// Connects; a database that holds a stranger's tables is refused untouched.
    pub fn open(way: &Way<'_>, access: Access, wait: Duration) -> Result<Box<dyn Engine>, StoreError> {
        let mut config = parse(way.url).map_err(|what| StoreError::Misuse { what })?;
        let place = place(&config);
        config.application_name("helpdesk-mail").connect_timeout(wait);
        if let Some(password) = way.password {
            config.password(password);
        }
        let tls = verifying(way.ca_file)
            .map_err(|source| StoreError::Unavailable { place: place.clone(), source })?;
        let tls = MakeTlsConnector::new(tls);
        let mut engine = Self {
            config,
            tls,
            access,
            client: None,
            statements: HashMap::new(),
            in_transaction: false,
            place,
        };
        engine.refuse_strangers()?;
        Ok(Box::new(engine))
    }

    fn refuse_strangers(&mut self) -> Result<(), StoreError> {
        if self.is_fresh()? {
            return Ok(());
        }
        match first(self.query(SELECT_MARK, &[])?).map(|mut row| row.take::<i64>(0)).transpose()? {
            Some(3) => Ok(()),
            Some(_) | None => Err(StoreError::Schema {
                place: self.place.clone(),
                what: "its schema holds tables, but no store of helpdesk-mail".to_owned(),
            }),
        }
    }

    /// The connection; outside a transaction one that broke is made again.
    fn client(&mut self) -> Result<&mut Client, StoreError> {
        let is_broken = self.client.as_ref().is_none_or(Client::is_closed);
        if is_broken && self.in_transaction {
            return Err(StoreError::Away {
                place: self.place.clone(),
                source: "the connection broke in the middle of a transaction".into(),
            });
        }
        if is_broken {
            self.statements.clear();
            self.client = None;
            let connected = self.config.connect(self.tls.clone()).and_then(|mut client| {
                client.batch_execute(&session(self.access))?;
                Ok(client)
            });
            self.client = Some(self.check(connected)?);
        }
        let place = || StoreError::Misuse { what: "a connection that was made is not there".to_owned() };
        self.client.as_mut().ok_or_else(place)
    }

    fn check<T>(&self, result: Result<T, postgres::Error>) -> Result<T, StoreError> {
        result.map_err(|error| fault(error, &self.place))
    }

    /// Prepares a statement once for each connection.
    fn statement(&mut self, sql: &'static str) -> Result<Statement, StoreError> {
        self.client()?;
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        self.prepare(sql, &numbered(sql))
    }

    fn prepare(&mut self, sql: &'static str, text: &str) -> Result<Statement, StoreError> {
        let prepared = self.client()?.prepare(text);
        let statement = self.check(prepared)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<(Vec<Row>, u64), StoreError> {
        let statement = self.statement(sql)?;
        let bound: Vec<Bound<'_>> = values.iter().copied().map(Bound).collect();
        if statement.params().len() != bound.len() {
            let what = format!("a statement has {} places, not {}", statement.params().len(), bound.len());
            return Err(StoreError::Misuse { what });
        }
        let values: Vec<&(dyn ToSql + Sync)> =
            bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        if statement.columns().is_empty() {
            let changed = self.client()?.execute(&statement, &values);
            return self.check(changed).map(|changed| (Vec::new(), changed));
        }
        let found = self.client()?.query(&statement, &values);
        let rows: Vec<Row> = self
            .check(found)?
            .iter()
            .map(|row| {
                let cells = (0..row.len()).map(|column| row.try_get::<_, Cell>(column));
                cells.collect::<Result<_, _>>().map(Row)
            })
            .collect::<Result<_, _>>()
            .map_err(|error| fault(error, &self.place))?;
        let changed = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        Ok((rows, changed))
    }
}

/// What holds for a whole connection.
fn session(access: Access) -> String {
    match access {
        // A server that asks for less gets more: what is committed is on its disk before a mailbox hears of it.
        Access::Work => format!(
            "SET TIME ZONE 'UTC'; SET synchronous_commit = on; SET lock_timeout = '{PATIENCE}'; \
             SET idle_in_transaction_session_timeout = '{PATIENCE}'"
        ),
        Access::Look => "SET TIME ZONE 'UTC'; SET default_transaction_read_only = on".to_owned(),
    }
}

/// The database that a URL names, without user and password; what is wrong with it is told without quoting it.
pub fn shown(url: &str) -> Result<String, String> {
    parse(url).map(|config| place(&config))
}

/// Reads a URL; what asks for less than a verified connection is taken for servers on this host alone.
fn parse(url: &str) -> Result<Config, String> {
    // The error of the library names parts of the URL, which may be a password.
    let mut config: Config =
        url.parse().map_err(|_| "it is no URL of PostgreSQL (postgresql://user@host/database)".to_owned())?;
    if config.get_hosts().is_empty() || config.get_dbname().is_none() {
        return Err("it must name a host and a database (postgresql://user@host/database)".to_owned());
    }
    let is_encrypted = config.get_ssl_mode() != SslMode::Disable;
    if !is_encrypted && !config.get_hosts().iter().all(is_local) {
        return Err("sslmode=disable is for servers on this host alone".to_owned());
    }
    // A socket of this host has no TLS.
    let is_socket = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
    config.ssl_mode(if is_encrypted && !is_socket { SslMode::Require } else { SslMode::Disable });
    Ok(config)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

/// Host and database, as errors name them; never user or password.
fn place(config: &Config) -> String {
    let host = config.get_hosts().first().map_or("localhost".to_owned(), |host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    format!("postgresql://{host}/{}", config.get_dbname().unwrap_or_default())
}

/// The statement with `$1` for `?1`; our statements have no other question mark before a digit.
fn numbered(sql: &str) -> String {
    let mut numbered = String::with_capacity(sql.len());
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_place = letter == '?' && letters.peek().is_some_and(char::is_ascii_digit);
        numbered.push(if is_place { '$' } else { letter });
    }
    numbered
}

impl Engine for Postgres {
    fn place(&self) -> &str {
        &self.place
    }

    /// A server does not lose what it has committed while somebody is connected; leases fence off who came too late.
    fn in_place(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        self.run(sql, values).map(|(_, changed)| changed)
    }

    fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.run(sql, values).map(|(rows, _)| rows)
    }

    fn insert(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<i64, StoreError> {
        self.client()?;
        if !self.statements.contains_key(sql) {
            self.prepare(sql, &format!("{} RETURNING id", numbered(sql)))?;
        }
        match first(self.run(sql, values)?.0) {
            Some(mut row) => row.take(0),
            None => Err(StoreError::Misuse { what: "a new row has no number".to_owned() }),
        }
    }

    fn fill(&mut self, column: Column, row: i64, octets: &[u8]) -> Result<(), StoreError> {
        let Column { table, name } = column;
        let sql = format!("UPDATE {table} SET {name} = $1 WHERE id = $2");
        let filled = self.client()?.execute(&sql, &[&octets, &row]);
        self.check(filled).map(drop)
    }

    fn script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let done = self.client()?.batch_execute(sql);
        self.check(done)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        let begun = self.client()?.batch_execute(BEGIN);
        self.check(begun)?;
        self.in_transaction = true;
        Ok(())
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgresql
    }

    fn now(&mut self) -> Result<Timestamp, StoreError> {
        match first(self.query(SELECT_NOW, &[])?) {
            Some(mut row) => row.take(0),
            None => Err(StoreError::Misuse { what: "the database tells no time".to_owned() }),
        }
    }

    fn begin_reading(&mut self) -> Result<(), StoreError> {
        let begun = self.client()?.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        self.check(begun)?;
        self.in_transaction = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let done = self.client()?.batch_execute("COMMIT");
        self.check(done)?;
        self.in_transaction = false;
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        self.in_transaction = false;
        // A connection that broke has taken its transaction along.
        match self.client.as_mut().filter(|client| !client.is_closed()) {
            Some(client) => {
                let done = client.batch_execute("ROLLBACK");
                self.check(done)
            }
            None => Ok(()),
        }
    }

    fn is_fresh(&mut self) -> Result<bool, StoreError> {
        match first(self.query(SELECT_TABLES, &[])?) {
            Some(mut row) => Ok(row.take::<i64>(0)? == 0),
            None => Ok(true),
        }
    }

    /// Its tables are the mark.
    fn sign(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// They always are.
    fn references(&mut self, _: References) -> Result<(), StoreError> {
        Ok(())
    }

    /// None: the server holds to references at every change.
    fn orphans(&mut self) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn size(&mut self) -> Result<u64, StoreError> {
        first(self.query(SELECT_SIZE, &[])?).map_or(Ok(0), |mut row| row.take(0))
    }

    /// The server looks after its indexes itself (autovacuum).
    fn tidy(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn next_number(&mut self, table: &'static str) -> Result<i64, StoreError> {
        match first(self.query(SELECT_NEXT_NUMBER, &[Value::Text(table)])?) {
            Some(mut row) => row.take(0),
            None => Ok(1),
        }
    }
}

/// Gives tests a schema of their own in the database of this URL, and the URL that leads there.
#[cfg(test)]
pub fn own_schema(url: &str) -> String {
    let name = format!("t{}_{}", std::process::id(), jiff::Timestamp::now().as_nanosecond());
    let mut client = Client::connect(url, postgres::NoTls).unwrap();
    client.batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
    format!("{url}&options=-c%20search_path%3D{name}")
}

/// A value as the place in the statement wants it.
#[derive(Debug)]
struct Bound<'a>(Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let number = |number: i64, out: &mut BytesMut| match *wanted {
            Type::INT2 => i16::try_from(number)?.to_sql(wanted, out),
            Type::INT4 => i32::try_from(number)?.to_sql(wanted, out),
            _ => number.to_sql(wanted, out),
        };
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(value) => number(value, out),
            Value::Text(text) => without_nul(text).as_ref().to_sql(wanted, out),
            Value::Blob(octets) => octets.to_sql(wanted, out),
            Value::Room(_) => (&[] as &[u8]).to_sql(wanted, out),
            Value::Time(time) => (time.as_microsecond() - EPOCH).to_sql(&Type::INT8, out),
            Value::Boolean(value) => value.to_sql(wanted, out),
        }
    }

    /// Any place: our statements and our schema agree on types, which the tests of the store hold them to.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Cell {
    fn from_sql(found: &Type, octets: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *found {
            Type::BOOL => Self::Integer(bool::from_sql(found, octets)?.into()),
            Type::INT2 => Self::Integer(i16::from_sql(found, octets)?.into()),
            Type::INT4 => Self::Integer(i32::from_sql(found, octets)?.into()),
            Type::INT8 => Self::Integer(i64::from_sql(found, octets)?),
            Type::BYTEA => Self::Blob(octets.to_vec()),
            Type::TIMESTAMPTZ => {
                let since = i64::from_sql(&Type::INT8, octets)?;
                let time = Timestamp::from_microsecond(since.saturating_add(EPOCH))?;
                Self::Text(super::sqlite::written(time))
            }
            _ => Self::Text(String::from_sql(found, octets)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(found: &Type) -> bool {
        [Type::BOOL, Type::INT2, Type::INT4, Type::INT8, Type::BYTEA, Type::TIMESTAMPTZ].contains(found)
            || <String as FromSql>::accepts(found)
    }
}

/// Whose trouble it is (appendix A of PostgreSQL's manual, "Error Codes").
fn fault(error: postgres::Error, place: &str) -> StoreError {
    let place = place.to_owned();
    let Some(state) = error.code().cloned() else {
        // No word of the server: the network, TLS, or an answer that cannot be read.
        return StoreError::Away { place, source: error.into() };
    };
    let class = state.code().get(..2).unwrap_or_default();
    match class {
        _ if [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(&state) => {
            StoreError::Conflict { place, source: error.into() }
        }
        _ if [SqlState::DISK_FULL, SqlState::OUT_OF_MEMORY].contains(&state) => {
            StoreError::Full { place, source: error.into() }
        }
        // Data, constraints, a program limit such as a row that is too large.
        "22" | "23" | "54" => StoreError::Data { source: error.into() },
        // Connection, resources, an administrator's shutdown, a lock that takes too long.
        "08" | "53" | "55" | "57" => StoreError::Away { place, source: error.into() },
        // Who we are, which database, what we may, the system's own trouble.
        "28" | "3D" | "3F" | "58" => StoreError::Unavailable { place, source: error.into() },
        _ if state == SqlState::INSUFFICIENT_PRIVILEGE => {
            StoreError::Unavailable { place, source: error.into() }
        }
        "XX" => StoreError::Damaged { place, source: error.into() },
        // What the server makes of a statement of ours; it quotes no values.
        _ => {
            let what =
                error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
            StoreError::Misuse { what: format!("{}: {what}", state.code()) }
        }
    }
}
