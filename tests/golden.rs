//! Golden files: each mail of `fixtures/mail/` is read as the `.json` beside it says, with LF and with CRLF.
//!
//! What a person would expect stands in the JSON, which is what `inspect` prints, laid out for reading. To write a new
//! one, or all anew after a change that is meant, run with `GOLDEN=write` and look at every difference.

use std::fs;
use std::path::{Path, PathBuf};

use helpdesk_mail::cli::inspect;
use helpdesk_mail::evidence;
use helpdesk_mail::parse::{self, Limits};
use serde_json::Value;

#[test]
fn each_mail_is_read_as_a_person_would() {
    let mails = mails();
    assert!(mails.len() >= 420, "only {} mails were found", mails.len());
    let count = |groups: &[&str]| {
        mails.iter().filter(|mail| groups.iter().any(|group| mail.parent().unwrap().ends_with(group))).count()
    };
    assert!(count(&["reply"]) >= 60 && count(&["bounce", "delay", "feedback", "auto-reply"]) >= 60);
    let faults: Vec<String> = mails.iter().filter_map(|mail| fault(mail)).collect();
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), mails.len(), faults.join("\n"));
}

#[test]
fn line_ends_make_no_difference() {
    let differing: Vec<PathBuf> = mails().into_iter().filter(|mail| !is_same_with_crlf(mail)).collect();
    assert_eq!(differing, Vec::<PathBuf>::new());
}

/// The mails of all groups, in order.
fn mails() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mail");
    let mut groups = entries(&root);
    groups.retain(|path| path.is_dir());
    let files = groups.iter().flat_map(|group| entries(group));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "eml")).collect()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(octets: &[u8]) -> Value {
    let mail = parse::one(octets, &Limits::default()).unwrap();
    inspect::json(&mail, &evidence::unverified(&mail))
}

/// How a mail is read otherwise than its JSON says; `None` if it is not.
fn fault(mail: &Path) -> Option<String> {
    let found = read(&fs::read(mail).unwrap());
    let golden = mail.with_extension("json");
    if std::env::var_os("GOLDEN").is_some_and(|word| word == "write") {
        fs::write(&golden, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
    }
    let expected = fs::read(&golden).map_err(|error| error.to_string());
    let expected: Value =
        match expected.and_then(|text| serde_json::from_slice(&text).map_err(|e| e.to_string())) {
            Ok(expected) => expected,
            Err(error) => return Some(format!("{}: {error}", golden.display())),
        };
    let (Value::Object(found), Value::Object(expected)) = (&found, &expected) else {
        return Some(format!("{} is no object", golden.display()));
    };
    let mut keys = found.keys().chain(expected.keys());
    let other = keys.find(|key| found.get(*key) != expected.get(*key))?;
    let show =
        |of: &serde_json::Map<String, Value>| of.get(other).map_or("nothing".to_owned(), Value::to_string);
    Some(format!("{}: {other} is {}, not {}", mail.display(), show(found), show(expected)))
}

/// Files of octets are what they are: only where nothing is binary may the line ends be changed.
fn is_same_with_crlf(mail: &Path) -> bool {
    let octets = fs::read(mail).unwrap();
    let crlf: Vec<u8> = octets
        .iter()
        .flat_map(|octet| if *octet == b'\n' { &b"\r\n"[..] } else { std::slice::from_ref(octet) })
        .copied()
        .collect();
    octets.contains(&b'\r') || read(&octets) == read(&crlf)
}
