//! Whatever octets stand in a `winmail.dat`, they are unpacked within bounds or kept as they are.
#![no_main]

#[allow(dead_code, unused_imports, reason = "the rest is the program's")]
#[path = "../../src/model/mod.rs"]
mod model;
#[allow(dead_code, unused_imports, reason = "the rest is the program's")]
#[path = "../../src/parse/mod.rs"]
mod parse;

use libfuzzer_sys::fuzz_target;
use parse::Limits;

const HEAD: &[u8] = b"From: a@b.example\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: binary\n\n";

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let mail = parse::one([HEAD, data].concat(), &limits).expect("the header fields can always be read");
    assert!(!mail.defects.iter().any(|line| line.starts_with("structure-")), "{:?}", mail.defects);
    assert!(mail.text.len() <= limits.text_size);
    // Nothing that is unpacked was not there; a broken container is a file itself.
    let octets: usize = mail.attachments.iter().map(|file| file.content.len()).sum();
    assert!(octets <= 2 * data.len());
    assert!(mail.attachments.len() <= limits.parts + 2);
});
