//! PostgreSQL: the only home of `postgres`.
//!
//! The statements are SQLite's, with `$1` for `?1`. One transaction writes at a time, as SQLite has it, by an advisory lock:
//! what it reads and decides on is so when it is committed. (SERIALIZABLE would let several write at once; with batches of
//! some twenty messages nearly all of them contradicted each other, and were done again in vain.) A program that is frozen
//! in the middle of one is missed by the server after [`PATIENCE`], and a server that is frozen by the program (`sentry`). A connection that broke is made again by the next
//! statement outside a transaction.
//!
//! Connections are encrypted and verified unless the server is on this host and the URL says `sslmode=disable`.

mod fault;
mod sentry;
mod value;
mod way;

use std::collections::HashMap;
use std::thread::sleep;
use std::time::Duration;

use jiff::Timestamp;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};
use postgres::{Client, Config, Statement};
use postgres_native_tls::MakeTlsConnector;

pub use way::shown;

use super::{Access, Cell, Column, Dialect, Engine, Keeping, References, Row, Value, Way, first};
use crate::store::StoreError;
use crate::transport::wire::verifying;
use fault::fault;
use sentry::{Sentry, Watched};
use value::Bound;
use way::{parse, place};

/// So long the network of a server may be silent at what it must acknowledge.
const SILENCE: Duration = Duration::from_secs(30);

/// So long a transaction may do nothing until the server ends it.
const PATIENCE: &str = "30s";

/// So long a transaction waits for another: longer than one that does nothing is there.
const LONGER: &str = "45s";

/// So long a server that was there is waited for, which may be starting anew, and so often it is asked.
const RETURN: (u32, Duration) = (25, Duration::from_millis(200));

/// Not by the information schema, which hides what one may not touch.
const SELECT_TABLES: &str = "
SELECT count(*)
FROM pg_class
WHERE relnamespace = CAST(current_schema() AS regnamespace)
  AND relkind IN ('r', 'p', 'v', 'm', 'f')";

/// What a database must be to be one of ours: its letters, its tables, and how many of those that mark a store.
const SELECT_WHOSE: &str = "
SELECT current_setting('server_encoding'), count(*),
  count(*) FILTER (WHERE relname IN ('schema_version', 'meta', 'outcome'))
FROM pg_class
WHERE relnamespace = CAST(current_schema() AS regnamespace)
  AND relkind IN ('r', 'p', 'v', 'm', 'f')";

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
    statements: HashMap<String, Statement>,
    in_transaction: bool,
    keeping: Keeping,
    place: String,
}

impl Postgres {
    /// Connects; a database that holds a stranger's tables is refused untouched.
    pub fn open(way: &Way<'_>, access: Access, wait: Duration) -> Result<Box<dyn Engine>, StoreError> {
        let mut config = parse(way.url).map_err(|what| StoreError::Misuse { what })?;
        let place = place(&config);
        config.application_name("helpdesk-mail").connect_timeout(wait);
        // A network that swallows all is noticed while an answer is waited for, too.
        config
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE / 2)
            .keepalives_interval(SILENCE / 6)
            .keepalives_retries(3);
        if let Some(password) = way.password {
            config.password(password);
        }
        let tls = verifying(way.ca_file).map_err(|source| StoreError::Unavailable {
            place: place.clone(),
            source: match way.ca_file {
                Some(file) => format!("\"ca_file\" {}: {source}", file.display()).into(),
                None => source,
            },
        })?;
        let tls = MakeTlsConnector::new(tls);
        let mut engine = Self {
            config,
            tls,
            access,
            client: None,
            statements: HashMap::new(),
            in_transaction: false,
            keeping: Keeping::Surely,
            place,
        };
        engine.refuse_strangers()?;
        Ok(Box::new(engine))
    }

    fn refuse_strangers(&mut self) -> Result<(), StoreError> {
        let none = || StoreError::Misuse { what: "the database tells nothing of itself".to_owned() };
        let mut whose = first(self.query(SELECT_WHOSE, &[])?).ok_or_else(none)?;
        let (encoding, tables, marks): (String, i64, i64) = (whose.take(0)?, whose.take(1)?, whose.take(2)?);
        // The latter takes octets as they come, which are UTF-8.
        if !["UTF8", "SQL_ASCII"].contains(&encoding.as_str()) {
            let what = format!("its encoding is {encoding}, which has not all letters: UTF8 is needed");
            return Err(StoreError::Schema { place: self.place.clone(), what });
        }
        if tables == 0 || marks == 3 {
            return Ok(());
        }
        let what = "its schema holds tables, but no store of helpdesk-mail".to_owned();
        Err(StoreError::Schema { place: self.place.clone(), what })
    }

    /// The connection; outside a transaction one that broke is made again.
    fn client(&mut self) -> Result<&mut Client, StoreError> {
        let is_broken = self.client.as_ref().is_none_or(Client::is_closed);
        if is_broken && self.in_transaction {
            return Err(self.broke_off());
        }
        if is_broken {
            self.statements.clear();
            let (mut again, pause) = if self.client.take().is_some() { RETURN } else { (0, Duration::ZERO) };
            self.client = loop {
                match self.connected() {
                    Ok(client) => break Some(client),
                    Err(StoreError::Away { .. }) if again > 0 => again -= 1,
                    Err(error) => return Err(error),
                }
                sleep(pause);
            };
        }
        let place = || StoreError::Misuse { what: "a connection that was made is not there".to_owned() };
        self.client.as_mut().ok_or_else(place)
    }

    /// A command that is answered soon is sent.
    fn watched(&self) -> Watched {
        Sentry::of_the_process().watch(&self.place)
    }

    fn connected(&self) -> Result<Client, StoreError> {
        let _watched = self.watched();
        self.check(self.config.connect(self.tls.clone()).and_then(|mut client| {
            client.batch_execute(&session(self.access))?;
            Ok(client)
        }))
    }

    fn check<T>(&self, result: Result<T, postgres::Error>) -> Result<T, StoreError> {
        result.map_err(|error| fault(error, &self.place))
    }

    /// Begins a transaction; one that could not wait for its lock any longer has to be taken back all the same.
    fn begin_with(&mut self, sql: &str) -> Result<(), StoreError> {
        // A connection that broke is made again before, which takes its own time.
        self.client()?;
        let _watched = self.watched();
        let begun = self.client()?.batch_execute(sql);
        if let Err(error) = self.check(begun) {
            let _ = self.rollback();
            return Err(error);
        }
        self.in_transaction = true;
        Ok(())
    }

    /// Prepares a statement once for each connection.
    fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
        self.client()?;
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        self.prepare(sql, &numbered(sql))
    }

    fn prepare(&mut self, sql: &str, text: &str) -> Result<Statement, StoreError> {
        let _watched = self.watched();
        let prepared = self.client()?.prepare(text);
        let statement = self.check(prepared)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// All rows that a statement gives.
    pub(super) fn answer(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.run(sql, values).map(|(rows, _)| rows)
    }

    /// Writes rows by COPY, in the form that the server keeps them in.
    pub(super) fn copy_in(&mut self, table: &str, columns: &str, rows: &[Row]) -> Result<(), StoreError> {
        let shape = self.statement(&format!("SELECT {columns} FROM {table}"))?;
        let types: Vec<Type> = shape.columns().iter().map(|column| column.type_().clone()).collect();
        value::all_fit(&types, rows)?;
        let written = (|| {
            let client = self.client.as_mut().filter(|client| !client.is_closed());
            let Some(client) = client else { return Ok(None) };
            let mut copy = BinaryCopyInWriter::new(
                client.copy_in(&format!("COPY {table} ({columns}) FROM STDIN BINARY"))?,
                &types,
            );
            for row in rows {
                let bound: Vec<Bound<'_>> = row.0.iter().map(|cell| Bound(cell.value())).collect();
                let values: Vec<&(dyn ToSql + Sync)> =
                    bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
                copy.write(&values)?;
            }
            copy.finish().map(Some)
        })();
        match self.check(written)? {
            Some(_) => Ok(()),
            None => Err(self.broke_off()),
        }
    }

    fn broke_off(&self) -> StoreError {
        StoreError::Away {
            place: self.place.clone(),
            source: "the connection broke in the middle of a transaction".into(),
        }
    }

    fn run(&mut self, sql: &str, values: &[Value<'_>]) -> Result<(Vec<Row>, u64), StoreError> {
        let statement = self.statement(sql)?;
        let _watched = self.watched();
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
            // And a host that vanished with its network keeps nobody waiting for longer than one that is frozen.
            "SET TIME ZONE 'UTC'; SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; \
             SET tcp_keepalives_count = 3; SET synchronous_commit = on; SET lock_timeout = '{LONGER}'; \
             SET idle_in_transaction_session_timeout = '{PATIENCE}'"
        ),
        Access::Look => "SET TIME ZONE 'UTC'; SET default_transaction_read_only = on".to_owned(),
    }
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
        self.answer(sql, values)
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

    fn keep(&mut self, keeping: Keeping) -> Result<(), StoreError> {
        self.keeping = keeping;
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        match self.keeping {
            Keeping::Surely => self.begin_with(BEGIN),
            Keeping::Lightly => self.begin_with(&format!("{BEGIN}; SET LOCAL synchronous_commit = off")),
        }
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
        self.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let _watched = self.watched();
        let done = self.client()?.batch_execute("COMMIT");
        self.check(done)?;
        self.in_transaction = false;
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        self.in_transaction = false;
        let _watched = self.watched();
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
