//! Addresses as envelopes carry them (RFC 5321 section 4.1.2, RFC 6531).

use std::borrow::Cow;

use crate::model::address::domain_key;
use crate::model::notification::Parcel;

/// The longest address that a path holds (RFC 5321 section 4.5.3.1.3, without its brackets).
const LONGEST: usize = 254;

/// An envelope that can be told to any mail system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    /// The sender; empty for none.
    pub(super) sender: String,
    /// The recipient.
    pub(super) recipient: String,
}

impl Envelope {
    /// Reads the envelope of a parcel. Errors: why no mail can be sent so, which no retry changes.
    pub(super) fn of(parcel: &Parcel) -> Result<Self, String> {
        let sender = parcel.sender.as_deref().map_or(Ok(String::new()), path)?;
        Ok(Self { sender, recipient: path(&parcel.recipient)? })
    }

    /// Whether a local part has letters that only SMTPUTF8 carries.
    pub(super) fn is_international(&self) -> bool {
        !self.sender.is_ascii() || !self.recipient.is_ascii()
    }
}

/// An address as a command carries it: its domain as the DNS has it, its local part quoted where it must be.
fn path(address: &str) -> Result<String, String> {
    let refused =
        |why: &str| Err(format!("{:?} is no address that mail can be sent to: {why}", clipped(address)));
    if address.contains(char::is_control) {
        return refused("it has control characters");
    }
    let Some((local, domain)) = address.rsplit_once('@') else { return refused("it has no @") };
    if local.is_empty() || domain.is_empty() {
        return refused("a side of the @ is empty");
    }
    let literal = domain.starts_with('[') && domain.ends_with(']');
    let host = if literal { Cow::Borrowed(domain) } else { Cow::Owned(domain_key(domain)) };
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if !(literal && domain.chars().all(|c| fits(c) || "[]:".contains(c)) || host.chars().all(fits)) {
        return refused("its domain has what no domain has");
    }
    let path = format!("{}@{host}", quoted(local));
    if path.len() > LONGEST {
        return refused("it is longer than 254 octets");
    }
    Ok(path)
}

/// A local part, in quotation marks where it is neither quoted nor made of what may stand bare.
///
/// Dots may stand anywhere: Japanese providers gave out such addresses.
fn quoted(local: &str) -> Cow<'_, str> {
    let is_quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"') && !has_open_end(local);
    let bare = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if is_quoted || local.chars().all(bare) {
        return Cow::Borrowed(local);
    }
    let escaped = local.replace('\\', "\\\\").replace('"', "\\\"");
    Cow::Owned(format!("\"{escaped}\""))
}

/// Whether a text that begins and ends with a quotation mark has another one, or an escape without its character.
fn has_open_end(quoted: &str) -> bool {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c == '"' || c == '\\' && chars.next().is_none() {
            return true;
        }
    }
    false
}

fn clipped(address: &str) -> String {
    address.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_commands_carry_them() {
        let table = [
            ("anna@example.org", "anna@example.org"),
            ("Anna.B+x@Example.ORG", "Anna.B+x@example.org"),
            ("anna@bücher.example", "anna@xn--bcher-kva.example"),
            ("ännä@bücher.example", "ännä@xn--bcher-kva.example"),
            ("a..b.@docomo.example", "a..b.@docomo.example"),
            ("\"anna b\"@example.org", "\"anna b\"@example.org"),
            ("anna b@example.org", "\"anna b\"@example.org"),
            ("a\"b@example.org", "\"a\\\"b\"@example.org"),
            ("\"a\\\"@example.org", "\"\\\"a\\\\\\\"\"@example.org"),
            ("a@b@example.org", "\"a@b\"@example.org"),
            ("<anna>@example.org", "\"<anna>\"@example.org"),
            ("anna@[192.0.2.1]", "anna@[192.0.2.1]"),
            ("anna@[IPv6:2001:db8::1]", "anna@[IPv6:2001:db8::1]"),
        ];
        for (address, expected) in table {
            assert_eq!(path(address).as_deref(), Ok(expected), "{address}");
        }
    }

    #[test]
    fn what_is_no_address_is_never_sent() {
        let long = format!("{}@example.org", "x".repeat(300));
        for address in [
            "",
            "anna",
            "@example.org",
            "anna@",
            "anna@example.org>\r\nRCPT TO:<eve@example.org",
            "anna@example.org\nx",
            "an\0na@example.org",
            "anna@exam ple.org",
            "anna@example.org> SIZE=1",
            "anna@[192.0.2.1]>x",
            &long,
        ] {
            assert!(path(address).is_err(), "{address:?}");
        }
    }
}
