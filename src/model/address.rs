//! Mail addresses and the patterns that name several of them.

use std::fmt;

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

    /// The form under which two spellings of one address are equal: trimmed, lower case.
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

/// The form under which two spellings of one address are equal: trimmed, lower case.
///
/// RFC 5321 section 2.4 lets local parts differ by case; no provider does, and people type both.
pub fn key(address: &str) -> String {
    address.trim().to_lowercase()
}

/// A full address or a glob: `*` stands for any run of characters, also of none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressPattern(String);

impl AddressPattern {
    /// A pattern; compared without regard to case.
    pub fn new(pattern: &str) -> Self {
        Self(key(pattern))
    }

    /// Whether the pattern names one address only.
    pub fn is_full_address(&self) -> bool {
        !self.0.contains('*')
    }

    /// The pattern in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `address` is named by the pattern.
    pub fn matches(&self, address: &str) -> bool {
        glob(self.0.as_bytes(), key(address).as_bytes())
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
        ];
        for (pattern, address, expected) in table {
            assert_eq!(AddressPattern::new(pattern).matches(address), expected, "{pattern} {address}");
        }
    }
}
