//! The demonstration's mails are there, described, invented, and come in the order of their story.

use std::fs;
use std::path::{Path, PathBuf};

use helpdesk_mail::mailbox::{Directory, Place, Reader};
use regex::bytes::Regex;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// All files below `directory`, as `README.md` names them; a run's store is no fixture.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.to_string_lossy().contains("helpdesk-mail.db") {
            found.push(path.strip_prefix(fixtures()).unwrap().to_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

#[test]
fn every_file_of_the_demonstration_is_described() {
    let readme = fs::read_to_string(fixtures().join("README.md")).unwrap();
    let mut described: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(path, _)| path)
        .filter(|path| path.starts_with("demo/"))
        .collect();
    described.sort();
    assert!(!described.is_empty());
    assert_eq!(described, files(&fixtures().join("demo")));
}

#[test]
fn the_mails_come_in_the_order_of_their_story() {
    let mut listed = 0;
    for name in ["support", "billing"] {
        let mut directory = Directory::new(&fixtures().join("demo/mail").join(name), 1_000_000);
        directory.open(name).unwrap();
        let listing = directory.list(None).unwrap();
        for (number, item) in (1..).zip(&listing.items) {
            assert!(item.key.0.starts_with(&format!("{number:02}-")), "{}", item.key);
        }
        assert_eq!(directory.fetch(&listing.items).unwrap().len(), listing.items.len());
        listed += listing.items.len();
    }
    assert_eq!(listed, 20);
}

#[test]
fn the_same_mail_is_the_same() {
    let mail = |name| fs::read(fixtures().join("demo/mail/support").join(name)).unwrap();
    assert_eq!(mail("01-new-ticket.eml"), mail("10-same-mail-again.eml"));
    assert_eq!(mail("13-empty.eml"), b"");
    assert!(mail("02-reply-in-thread.eml").windows(2).any(|pair| pair == b"\r\n"), "line ends were changed");
}

#[test]
fn nobody_in_the_mails_exists() {
    let address = Regex::new(r"@([A-Za-z0-9.-]+)").unwrap();
    let reserved = Regex::new(r"(^|\.)(example|test|example\.(org|com|net))$").unwrap();
    let mut seen = 0;
    for file in files(&fixtures().join("demo/mail")) {
        let bytes = fs::read(fixtures().join(&file)).unwrap();
        for found in address.captures_iter(&bytes) {
            assert!(reserved.is_match(&found[1]), "{file}: {}", String::from_utf8_lossy(&found[1]));
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn the_configuration_names_what_is_there() {
    let file = fixtures().join("demo/helpdesk-mail.toml");
    let settings = helpdesk_mail::settings::load(&file, &|_| None).unwrap();
    assert_eq!(settings.plan.mailboxes.len(), 2);
    for mailbox in settings.plan.mailboxes {
        let Place::Directory(path) = mailbox.mailbox.place else { panic!("{:?}", mailbox.mailbox.place) };
        assert!(path.is_dir(), "{path:?}");
    }
}
