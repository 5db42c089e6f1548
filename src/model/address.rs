//! Mail addresses and the patterns that name several of them; the only home of idna.
//!
//! A domain with other letters than ASCII has two spellings (RFC 5890): `münchen.example` and `xn--mnchen-3ya.example`.
//! Mail systems turn one into the other, so addresses are compared in the second.

use std::borrow::Cow;
use std::fmt;

use idna::AsciiDenyList;

/// A mailbox of RFC 5322 section 3.4: an optional display name and an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// The display name, decoded and free of control characters.
    pub name: Option<String>,
    /// The address as it was written, for instance `Alice@Example.org`.
    pub address: String,
}

impl Address {
    /// An address without a display name.
    pub fn bare(address: &str) -> Self {
        Self { name: None, address: address.to_owned() }
    }

    /// The form under which two spellings of one address are equal, as [`key`] gives it.
    pub fn key(&self) -> String {
        key(&self.address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

/// Whether a person would take a text for one mail address and nothing else, or for a pattern of such with `*`.
pub fn is_plain(text: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "<>,;\"".contains(c);
    let parts = text.split_once('@').filter(|(_, domain)| !domain.contains('@'));
    parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) && !text.contains(odd)
}

/// The form under which two spellings of one address are equal: trimmed, lower case, the domain as [`domain_key`] has it.
///
/// RFC 5321 section 2.4 lets local parts differ by case; no provider does, and people type both.
pub fn key(address: &str) -> String {
    with_domain(lower(address), domain_key)
}

/// The form under which two spellings of one domain are equal: lower case, and ASCII as in the DNS (UTS #46).
///
/// What is no domain, as in a forged address, stays what it is.
pub fn domain_key(domain: &str) -> String {
    let lower = domain.to_lowercase();
    match idna::domain_to_ascii_cow(lower.as_bytes(), AsciiDenyList::EMPTY) {
        Ok(ascii) => ascii.into_owned(),
        Err(_) => lower,
    }
}

/// The key with its domain in the letters that people read; equal to the key for most addresses.
pub fn readable(key: &str) -> Cow<'_, str> {
    if key.is_ascii() && !key.contains(ENCODED) {
        return key.into();
    }
    with_domain(key.to_owned(), |domain| match idna::domain_to_unicode(domain) {
        (letters, Ok(())) => letters,
        (_, Err(_)) => domain.to_owned(),
    })
    .into()
}

/// How a label of a domain begins that stands for other letters than ASCII (RFC 5890 section 2.3.2.1).
const ENCODED: &str = "xn--";

fn lower(address: &str) -> String {
    address.trim().to_lowercase()
}

fn with_domain(address: String, change: impl Fn(&str) -> String) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", change(domain)),
        None => address,
    }
}

/// A full address or a glob: `*` stands for any run of characters, also of none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressPattern {
    /// In lower case.
    written: String,
    /// Whole labels may be written in either spelling; beside a star there are only letters.
    readable: String,
}

impl AddressPattern {
    /// A pattern; compared without regard to case, and with domains in either spelling.
    pub fn new(pattern: &str) -> Self {
        let written = lower(pattern);
        Self { readable: readable(&written).into_owned(), written }
    }

    /// Whether the pattern names one address only.
    pub fn is_full_address(&self) -> bool {
        !self.written.contains('*')
    }

    /// The pattern in lower case.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether `address` is named by the pattern.
    pub fn matches(&self, address: &str) -> bool {
        let key = key(address);
        glob(self.written.as_bytes(), key.as_bytes())
            || glob(self.readable.as_bytes(), readable(&key).as_bytes())
    }
}

/// Matches in linear time for one star and at worst in the product of both lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(a), Some(b)) if a == b => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, t));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_domain_are_one_address() {
        let table = [
            (" Anna@MÜNCHEN.example ", "anna@xn--mnchen-3ya.example"),
            ("anna@XN--MNCHEN-3YA.example", "anna@xn--mnchen-3ya.example"),
            // The dieresis on its own, and the full stop of the Far East.
            ("anna@mu\u{308}nchen\u{3002}example", "anna@xn--mnchen-3ya.example"),
            ("büro@straße.example", "büro@xn--strae-oqa.example"),
            ("Anna@Example.org", "anna@example.org"),
            ("anna@a_b.-c-.example", "anna@a_b.-c-.example"),
            ("anna@[IPv6:2001:DB8::1]", "anna@[ipv6:2001:db8::1]"),
            // These are no domains.
            ("anna@xn--99999999.example", "anna@xn--99999999.example"),
            ("anna@mü\u{200d}.example", "anna@mü\u{200d}.example"),
            ("Root", "root"),
        ];
        for (address, expected) in table {
            assert_eq!(key(address), expected, "{address}");
        }
        assert_eq!(readable("anna@xn--mnchen-3ya.example"), "anna@münchen.example");
        assert_eq!(readable("anna@xn--99999999.example"), "anna@xn--99999999.example");
    }

    #[test]
    fn patterns_match_without_regard_to_case() {
        let table = [
            ("anna@example.org", "Anna@Example.ORG", true),
            ("anna@example.org", "hanna@example.org", false),
            ("*@helpdesk.example.org", "bob@helpdesk.example.org", true),
            ("*@helpdesk.example.org", "bob@evil.example", false),
            ("*@helpdesk.example.org", "bob@helpdesk.example.org.evil.example", false),
            ("noreply@*", "noreply@x.example", true),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("anna@münchen.example", "anna@xn--mnchen-3ya.example", true),
            ("anna@xn--mnchen-3ya.example", "anna@München.example", true),
            ("*@*.münchen.example", "anna@amt.xn--mnchen-3ya.example", true),
            ("*@mün*.example", "anna@xn--mnchen-3ya.example", true),
            ("*@xn--*", "anna@münchen.example", true),
            ("anna@münchen.example", "anna@munchen.example", false),
        ];
        for (pattern, address, expected) in table {
            assert_eq!(AddressPattern::new(pattern).matches(address), expected, "{pattern} {address}");
        }
    }
}
