//! The log: standard error, text or JSON lines, our own words only unless `RUST_LOG` asks for more.
//!
//! Libraries below us log protocol lines and thereby mail and passwords; the default filter never lets them.

use std::io::Write;

use env_logger::fmt::Formatter;
use log::kv::{self, Key, VisitSource};
use log::{LevelFilter, Record};
use serde_json::{Map, Value, json};

use super::args::{Globals, LogFormat};
use super::output::escape;

/// Starts the log; called once.
pub(crate) fn start(globals: &Globals) {
    let mut builder = env_logger::Builder::new();
    match super::environment::variable("RUST_LOG").and_then(|words| words.into_string().ok()) {
        Some(words) if !words.is_empty() => builder.parse_filters(&words),
        Some(_) | None => builder.filter_module("helpdesk_mail", level(globals)),
    };
    match globals.log_format {
        LogFormat::Text => builder.format(text),
        LogFormat::Json => builder.format(object),
    };
    // A second start would be a bug of a test alone; the first log stays.
    let _ = builder.try_init();
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

fn text(out: &mut Formatter, record: &Record<'_>) -> std::io::Result<()> {
    let message = escape::line(&record.args().to_string());
    let mut line = format!("{} {:<5} {message}", now(), record.level());
    for (key, value) in pairs(record) {
        let value = value.as_str().map_or_else(|| value.to_string(), escape::line);
        // Sentences mostly name their values already; those are keys for the JSON form.
        if !message.contains(&value) {
            line.push_str(&format!(" {key}={value}"));
        }
    }
    writeln!(out, "{line}")
}

fn object(out: &mut Formatter, record: &Record<'_>) -> std::io::Result<()> {
    let mut line = Map::new();
    line.insert("time".to_owned(), json!(now()));
    line.insert("level".to_owned(), json!(record.level().as_str().to_lowercase()));
    line.insert("target".to_owned(), json!(record.target()));
    line.insert("message".to_owned(), json!(record.args().to_string()));
    for (key, value) in pairs(record) {
        line.entry(key).or_insert(value);
    }
    writeln!(out, "{}", Value::Object(line))
}

fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

fn pairs(record: &Record<'_>) -> Vec<(String, Value)> {
    let mut pairs = Pairs(Vec::new());
    // Collecting cannot fail, and a log line is never worth an error.
    let _ = record.key_values().visit(&mut pairs);
    pairs.0
}

struct Pairs(Vec<(String, Value)>);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let value = match (value.to_u64(), value.to_i64(), value.to_bool()) {
            (Some(number), _, _) => json!(number),
            (None, Some(number), _) => json!(number),
            (None, None, Some(truth)) => json!(truth),
            (None, None, None) => json!(value.to_string()),
        };
        self.0.push((key.to_string(), value));
        Ok(())
    }
}
