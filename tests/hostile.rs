//! Thousands of mails that are nearly well-formed: a real fetch comes to its end, with one outcome for each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::desk::Desk;
use crate::support::torture::{Dice, is_long, told};

/// Every mail of the fixtures.
fn fixtures() -> Vec<Vec<u8>> {
    let mut mails = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mail")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "eml") {
                mails.push((path.clone(), fs::read(path).unwrap()));
            }
        }
    }
    // The order of a directory is not the same everywhere, and the dice are to fall alike.
    mails.sort();
    mails.into_iter().map(|(_, mail)| mail).collect()
}

const WORDS: [&[u8]; 16] = [
    b"\0",
    b"\r",
    b"\n\n",
    b"\xff\xfe",
    b"=?utf-8?q?=80?=",
    b"Content-Type: multipart/mixed; boundary=\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Transfer-Encoding: base64\n",
    b"charset=utf-7",
    b"filename*0*=utf-8''%ff",
    b"From: a@b, <c>, d:;,\n",
    b"References: <<>> <x> <",
    b"--",
    b"<blockquote><table>",
    b"Subject: [support-1] [support-99999999999999999999]\n",
    b"Date: 99 Foo 0000 99:99:99 +99999\n",
];

/// Changes a mail in one to five places.
fn mutated(mails: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut mail = dice.of(mails).clone();
    for _ in 0..=dice.below(5) {
        let place = |dice: &mut Dice, length: usize| usize::try_from(dice.below(length as u64 + 1)).unwrap();
        let (a, b) = (place(dice, mail.len()), place(dice, mail.len()));
        let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 2000));
        match dice.below(8) {
            0 => mail.truncate(from),
            1 => drop(mail.drain(from..to)),
            2 => {
                let part = mail[from..to].to_vec();
                mail.splice(b..b, part);
            }
            3 => drop(mail.splice(from..from, dice.of(&WORDS).iter().copied())),
            4 => mail[from..to].reverse(),
            5 => {
                let other = dice.of(mails);
                let cut = place(dice, other.len());
                mail.truncate(from);
                mail.extend_from_slice(&other[cut..]);
            }
            6 => mail[from..to].iter_mut().for_each(|octet| *octet ^= 1 << (from % 8)),
            _ => mail.retain(|octet| *octet != b'\r'),
        }
    }
    mail
}

#[test]
fn hostile_mails_have_an_outcome_each_and_stop_nothing() {
    let count = if is_long() { 10_000 } else { 600 };
    let (mails, mut dice) = (fixtures(), Dice::thrown("hostile"));
    let desk = Desk::with_maildir("on_success = \"seen\"");
    for number in 0..count {
        desk.deliver(&format!("{number:05}"), &mutated(&mails, &mut dice));
    }
    let run = desk.run(&["--quiet", "fetch", "--json"]);
    assert!([0, 1].contains(&run.code), "{dice:?}: {} {}", run.code, run.stderr);
    let lines = run.lines("message");
    let items: BTreeSet<&str> = lines.iter().map(|line| line["item"].as_str().unwrap()).collect();
    assert_eq!((lines.len(), items.len()), (count, count), "{dice:?}");
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    for line in &lines {
        let word = |key: &str| line[key].as_str().unwrap().to_owned();
        assert!(!["crashed", "store"].contains(&word("reason").as_str()), "{dice:?}: {line}");
        *outcomes.entry(word("outcome")).or_default() += 1;
    }
    told(&format!("hostile: {count} mails, seed {}: {outcomes:?}", dice.seed));
    assert_eq!(desk.run(&["outcomes", "--json", "--limit", "1000000"]).exits(0).json().len(), count);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
}
