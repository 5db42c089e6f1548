//! Servers of many makers, each by a transcript in `fixtures/imap`: what they write is understood alike.

use helpdesk_mail::mailbox::{Mailbox as _, Reader as _};
use helpdesk_mail::model::item::{Disposition, Extent};

use crate::support::account::{connect, first, heard, plain};
use crate::support::script::Script;

/// Walks through a session; gives `key extent text` of each message.
fn session(transcript: &str) -> Vec<String> {
    let script = Script::transcript(transcript);
    let mut mailbox = connect(&plain(script.port)).unwrap_or_else(|error| panic!("{transcript}: {error:?}"));
    mailbox.open("INBOX").unwrap_or_else(|error| panic!("{transcript}: {error:?}"));
    let listing = mailbox.list(None).unwrap_or_else(|error| panic!("{transcript}: {error:?}"));
    let fetched = mailbox.fetch(&listing.items).unwrap();
    assert!(mailbox.cut_short().is_none(), "{transcript}");
    let keys: Vec<_> = fetched.iter().map(|it| first(&it.listed.key, Disposition::Seen)).collect();
    assert_eq!(heard(&mut mailbox, &keys).unwrap().len(), 2, "{transcript}");
    mailbox.close().unwrap();
    script.finish();
    let told = fetched.iter().map(|it| {
        let extent = match &it.extent {
            Extent::Whole => "whole",
            Extent::Beginning => "beginning",
            Extent::Nothing { .. } => "nothing",
        };
        format!("{} {extent} {}", it.listed.key, String::from_utf8_lossy(&it.bytes).escape_debug())
    });
    told.collect()
}

const BOTH: [&str; 2] =
    [r"7:5 whole Subject: one\r\n\r\nfirst\r\n", r"7:9 whole Subject: two\r\n\r\nsecond\r\n"];

#[test]
fn every_maker_is_understood_alike() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/imap");
    let mut met = 0;
    for file in std::fs::read_dir(directory).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if name != "one-refused.txt" {
            assert_eq!(session(&format!("imap/{name}")), BOTH, "{name}");
            met += 1;
        }
    }
    assert!(met >= 9, "{met}");
}

#[test]
fn a_message_that_cannot_be_given_costs_itself_alone() {
    assert_eq!(session("imap/one-refused.txt"), [BOTH[0], "7:9 nothing "]);
}
