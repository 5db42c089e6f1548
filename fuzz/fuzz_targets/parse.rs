//! Whatever octets stand in the place of a message, they become a mail that is sound, the same each time.
#![no_main]

#[allow(dead_code, unused_imports, reason = "the rest is the program's")]
#[path = "../../src/model/mod.rs"]
mod model;
#[allow(dead_code, unused_imports, reason = "the rest is the program's")]
#[path = "../../src/parse/mod.rs"]
mod parse;

use libfuzzer_sys::fuzz_target;
use parse::{DEFECTS, Limits};

fuzz_target!(|data: &[u8]| {
    sound(data, &Limits::default());
    // Limits that are met by what fits into a seed.
    let low = Limits {
        depth: 2,
        parts: 5,
        header_fields: 10,
        header_size: 100,
        text_size: 200,
        decoded_size: 2000,
        ..Limits::default()
    };
    sound(data, &low);
});

fn sound(message: &[u8], limits: &Limits) {
    let mail = parse::one(message, limits).expect("the header fields can always be read");
    let crashed =
        |line: &String| line.starts_with("structure-crashed") || line.starts_with("structure-timeout");
    assert!(!mail.defects.iter().any(crashed), "{:?}", mail.defects);
    assert!(mail.text.len() <= limits.text_size.max(100));
    assert!(!mail.text.contains(['\0', '\r']) && !mail.subject.contains(char::is_control));
    assert_eq!(mail.reply.is_empty(), mail.text.is_empty());
    for address in mail.from.iter().chain(&mail.to).chain(&mail.cc).chain(&mail.reply_to) {
        assert!(!address.address.is_empty() && !address.address.contains(char::is_control));
    }
    for file in &mail.attachments {
        assert!(!file.filename.is_empty() && file.filename.len() <= 255);
        assert!(!file.filename.contains(['/', '\\', '\0']) && !file.filename.starts_with('.'));
    }
    for line in &mail.defects {
        assert!(DEFECTS.iter().any(|(word, _)| line.split(": ").next() == Some(word)), "{line}");
    }
    let again = parse::one(message, limits).expect("the header fields can always be read");
    assert_eq!(mail, again);
}
