//! What a server offers in its reply to EHLO (RFC 5321 section 4.1.1.1).

use super::reply::Reply;

/// The extensions of a server, in capitals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offer {
    lines: Vec<String>,
}

impl Offer {
    /// The offer of a reply to EHLO, whose first line greets.
    pub(super) fn of(reply: &Reply) -> Self {
        Self { lines: reply.lines.iter().skip(1).map(|line| line.to_ascii_uppercase()).collect() }
    }

    /// The extensions with their parameters.
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.clone()
    }

    pub(super) fn has(&self, extension: &str) -> bool {
        self.words().any(|mut words| words.next() == Some(extension))
    }

    /// Whether it takes a SASL mechanism; old servers write `AUTH=` for those who read no further.
    pub(super) fn has_auth(&self, mechanism: &str) -> bool {
        self.lines.iter().any(|line| {
            line.strip_prefix("AUTH")
                .filter(|rest| rest.starts_with([' ', '=']))
                .is_some_and(|rest| rest.split([' ', '=']).any(|word| word == mechanism))
        })
    }

    /// The size of the largest mail (RFC 1870); `None` where it is not told.
    pub(super) fn size(&self) -> Option<u64> {
        let mut found = self.words().find_map(|mut words| (words.next() == Some("SIZE")).then_some(words))?;
        found.next()?.parse().ok().filter(|size| *size > 0)
    }

    fn words(&self) -> impl Iterator<Item = std::str::Split<'_, char>> {
        self.lines.iter().map(|line| line.split(' '))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_found_whatever_their_case() {
        let lines =
            ["mx.example.org at your service", "Pipelining", "SIZE 1000", "auth=LOGIN", "AUTH PLAIN XOAUTH2"];
        let offer = Offer::of(&Reply { code: 250, lines: lines.map(str::to_owned).to_vec() });
        assert!(
            offer.has("PIPELINING")
                && offer.has("SIZE")
                && !offer.has("STARTTLS")
                && !offer.has("MX.EXAMPLE.ORG")
        );
        assert!(
            ["LOGIN", "PLAIN", "XOAUTH2"].into_iter().all(|it| offer.has_auth(it)) && !offer.has_auth("AUTH")
        );
        assert_eq!(offer.size(), Some(1000));
        for line in ["SIZE", "SIZE 0", "SIZE x", "SIZES 5"] {
            let reply = Reply { code: 250, lines: vec![String::new(), line.to_owned()] };
            assert_eq!(Offer::of(&reply).size(), None, "{line}");
        }
    }
}
