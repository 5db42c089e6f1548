//! Addresses in headers and envelopes: domains in ASCII (RFC 5890), local parts as they are.
//!
//! A local part beyond ASCII is left to the server, which must offer SMTPUTF8 (RFC 6531) for it; nothing else needs it.

use crate::model::address::{self, Address};
use crate::parse::clean_line;

use super::words;

/// An address for the envelope; one that cannot exist stays as it is, for the back end to refuse.
pub(super) fn envelope(address: &str) -> String {
    let clean = clean_line(address);
    match clean.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", ascii(domain)),
        None => clean,
    }
}

/// A name and an address for a header; an empty group where there is no address that may stand there.
pub(super) fn mailbox(address: &Address) -> String {
    let name = address.name.as_deref().map(super::line).filter(|name| !name.is_empty());
    let bare = envelope(&address.address);
    match name {
        _ if !is_valid(&bare) => "undisclosed-recipients:;".to_owned(),
        Some(name) => {
            let name = words::phrase(&name);
            // A long address has a line of its own.
            let gap = if name.len() + bare.len() > 60 { "\r\n " } else { " " };
            format!("{name}{gap}<{bare}>")
        }
        // A quoted local part without brackets is more than many parsers understand.
        None if bare.contains('"') => format!("<{bare}>"),
        None => bare,
    }
}

/// Whether it may stand in a header and in an envelope.
pub(super) fn is_valid(address: &str) -> bool {
    let address = envelope(address);
    address.len() <= 320
        && !address.contains('<')
        && !address.contains('>')
        && address.parse::<lettre::Address>().is_ok()
}

fn ascii(domain: &str) -> String {
    if domain.is_ascii() {
        return domain.to_owned();
    }
    address::domain_key(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, address: &str) -> String {
        mailbox(&Address { name: Some(name.to_owned()), address: address.to_owned() })
    }

    #[test]
    fn domains_are_written_in_ascii_and_local_parts_as_they_are() {
        assert_eq!(envelope("alice@bücher.example"), "alice@xn--bcher-kva.example");
        assert_eq!(named("Alice", "alice@bücher.example"), "Alice <alice@xn--bcher-kva.example>");
        assert_eq!(envelope("jürgen@bücher.example"), "jürgen@xn--bcher-kva.example");
        assert_eq!(mailbox(&Address::bare("o'neil+x@example.org")), "o'neil+x@example.org");
        assert_eq!(named("A", "\"a b\"@example.org"), "A <\"a b\"@example.org>");
    }

    #[test]
    fn what_is_no_address_stands_in_no_header() {
        for wrong in
            ["", "alice", "a@b@c example", "a b@example.org", "<a@example.org>", "a@example.org, b@c.example"]
        {
            assert_eq!(named("A", wrong), "undisclosed-recipients:;", "{wrong}");
        }
    }

    #[test]
    fn no_line_can_be_added() {
        assert_eq!(envelope("a@example.org\r\nBcc: b@c.example"), "a@example.org Bcc: b@c.example");
        assert_eq!(named("A\r\nBcc: b@c.example", "a@example.org"), "\"A Bcc: b@c.example\" <a@example.org>");
    }
}
