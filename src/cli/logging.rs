//! The log: standard error or a file; text, JSON lines or lines for the journal; our own words only unless `RUST_LOG` asks
//! for more.
//!
//! Libraries below us log protocol lines and thereby mail and passwords; the default filter never lets them. Each line has
//! what its thread is at ([`trail`]). Lines that cannot be written are lost, and nothing else is.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use env_logger::fmt::Formatter;
use env_logger::{Builder, Target};
use jiff::Timestamp;
use log::kv::{self, Key, VisitSource, VisitValue};
use log::{Level, LevelFilter, Record};
use serde_json::{Map, Value, json};

use crate::model::trouble::{ErrorCode, Trouble};
use crate::run::{Step, trail};

use super::args::{Globals, LogFormat};
use super::output::escape;

/// Who may read a log file: its owner and the group of log readers, like the logs beside it.
const MODE: u32 = 0o640;

/// Starts the log; called once.
pub(crate) fn start(globals: &Globals) -> Result<(), Trouble> {
    let mut builder = Builder::new();
    match super::environment::variable("RUST_LOG").and_then(|words| words.into_string().ok()) {
        Some(words) if !words.is_empty() => builder.parse_filters(&words),
        Some(_) | None => builder.filter_module("helpdesk_mail", level(globals)),
    };
    let mut errors_too = false;
    if let Some(path) = globals.log_file.as_deref() {
        builder.target(Target::Pipe(open(path)?));
        errors_too = true;
    }
    let format = globals.log_format;
    builder.format(move |out, record| {
        let line = line(format, record);
        if errors_too && record.level() == Level::Error {
            // Cron mails what stands on standard error; where that is closed nobody is left to be told.
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        }
        write_line(out, &line)
    });
    // A second start would be a bug of a test alone; the first log stays.
    let _ = builder.try_init();
    Ok(())
}

fn open(path: &Path) -> Result<Box<dyn Write + Send>, Trouble> {
    let cannot = |error: std::io::Error| {
        Trouble::new(ErrorCode::OutputIo, format!("cannot write the log file {}", path.display()))
            .hint("let the user that runs this write it and its directory; nothing was done")
            .because(error)
    };
    let file = OpenOptions::new().append(true).create(true).mode(MODE).open(path).map_err(cannot)?;
    Ok(Box::new(file))
}

fn level(globals: &Globals) -> LevelFilter {
    match (globals.quiet, globals.verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, 2) => LevelFilter::Debug,
        (false, _) => LevelFilter::Trace,
    }
}

/// In one call, so that lines of several processes that append to one file stay whole.
fn write_line(out: &mut Formatter, line: &str) -> std::io::Result<()> {
    out.write_all(line.as_bytes())
}

fn line(format: LogFormat, record: &Record<'_>) -> String {
    match format {
        LogFormat::Text => format!("{} {:<5} {}\n", now(), record.level(), text(record)),
        LogFormat::Json => format!("{}\n", object(record)),
        LogFormat::Journal => format!("<{}>{}\n", priority(record.level()), text(record)),
    }
}

/// The severities of syslog (RFC 5424, section 6.2.1), as sd-daemon(3) reads them.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

fn text(record: &Record<'_>) -> String {
    let mut line = escape::line(&record.args().to_string());
    let message = line.clone();
    for (key, value) in pairs(record) {
        let value = value.as_str().map_or_else(|| value.to_string(), escape::line);
        // Sentences mostly name their values already; a number is named by its key alone.
        if key == "run" || !message.contains(&value) {
            line.push_str(&format!(" {key}={value}"));
        }
    }
    line
}

fn object(record: &Record<'_>) -> Value {
    let mut line = Map::new();
    line.insert("time".to_owned(), json!(now()));
    line.insert("level".to_owned(), json!(record.level().as_str().to_lowercase()));
    line.insert("target".to_owned(), json!(record.target()));
    line.insert("message".to_owned(), json!(record.args().to_string()));
    for (key, value) in pairs(record) {
        line.entry(key).or_insert(value);
    }
    Value::Object(line)
}

/// The time, in words where there are any: the log speaks in the midst of a panic, too, and never begins one.
fn now() -> String {
    let now = SystemTime::now();
    let seconds = || now.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    Timestamp::try_from(now).map_or_else(|_| format!("{:.3}", seconds()), |time| format!("{time:.3}"))
}

/// What the thread is at, then what the line itself says; the line knows better.
fn pairs(record: &Record<'_>) -> Vec<(String, Value)> {
    let mut own = Pairs(Vec::new());
    // Collecting cannot fail, and a log line is never worth an error.
    let _ = record.key_values().visit(&mut own);
    let says = |key: &str| own.0.iter().any(|(own, _)| own == key);
    let mut pairs: Vec<(String, Value)> = trail()
        .into_iter()
        .filter(|(step, _)| !says(step.as_str()))
        .map(|(step, what)| {
            let number = (step == Step::Run).then(|| what.parse::<i64>().ok()).flatten();
            (step.as_str().to_owned(), number.map_or_else(|| json!(what), |number| json!(number)))
        })
        .collect();
    pairs.extend(own.0);
    pairs
}

struct Pairs(Vec<(String, Value)>);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let mut told = Told(Value::Null);
        value.visit(&mut told)?;
        if !told.0.is_null() {
            self.0.push((key.to_string(), told.0));
        }
        Ok(())
    }
}

/// A value of a line as JSON; one that is not there has none.
struct Told(Value);

impl<'v> VisitValue<'v> for Told {
    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), kv::Error> {
        self.0 = json!(value.to_string());
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.0 = json!(value);
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.0 = json!(value);
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.0 = json!(value);
        Ok(())
    }
}
