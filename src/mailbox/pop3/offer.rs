//! What a server offers (CAPA, RFC 2449). One without CAPA offers what RFC 1939 has, and the rest is tried.

use super::lines;
use super::session::{Go, Reply, Session, of_the_maildrop};
use crate::mailbox::MailboxError;
use crate::transport::wire::Peer;

/// The most lines of an answer to CAPA.
pub(super) const LINES: usize = 100;

/// The capabilities of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offer {
    /// Its lines in capitals; `None` if it does not know CAPA.
    lines: Option<Vec<String>>,
}

impl Offer {
    /// Asks for the capabilities of the present state.
    pub(super) fn ask(session: &mut Session) -> Result<Self, MailboxError> {
        let (mut lines, mut said) = (Vec::new(), Ok(Vec::new()));
        session.pipeline(&["CAPA"], |_, reply, answers| {
            if reply.is_ok() {
                answers.listing(LINES, |line| lines.extend(lines::capability(line)))?;
            }
            said = reply;
            Ok(Go::On)
        })?;
        Self::told(&session.peer, said, lines)
    }

    /// What an answer to CAPA and its lines tell.
    pub(super) fn told(peer: &Peer, reply: Reply, lines: Vec<String>) -> Result<Self, MailboxError> {
        match reply {
            Ok(_) => Ok(Self { lines: Some(lines) }),
            Err(refusal) => match of_the_maildrop(peer, &refusal) {
                Some(error) => Err(error),
                None => Ok(Self::default()),
            },
        }
    }

    /// Has commands sent as far ahead of their answers as is offered.
    pub(super) fn heed(&self, session: &mut Session) {
        if self.has("PIPELINING") { session.allow_pipelining() } else { session.forbid_pipelining() }
    }

    #[cfg(test)]
    pub(super) fn of(lines: &[&str]) -> Self {
        Self { lines: Some(lines.iter().map(|line| (*line).to_owned()).collect()) }
    }

    /// This, or the other where the server does not tell any more.
    pub(super) fn or(self, other: Self) -> Self {
        if self.is_told() { self } else { other }
    }

    /// Whether the server knows CAPA.
    pub(super) fn is_told(&self) -> bool {
        self.lines.is_some()
    }

    /// Whether a capability is offered.
    pub(super) fn has(&self, word: &str) -> bool {
        self.rows().any(|mut row| row.next() == Some(word))
    }

    /// Whether a SASL mechanism is offered.
    pub(super) fn has_sasl(&self, mechanism: &str) -> bool {
        self.rows().any(|mut row| row.next() == Some("SASL") && row.any(|word| word == mechanism))
    }

    /// The lines, for people.
    pub(super) fn shown(&self) -> Vec<String> {
        std::iter::once("POP3".to_owned()).chain(self.lines.iter().flatten().cloned()).collect()
    }

    fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = &str>> {
        self.lines.iter().flatten().map(|line| line.split(' '))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_is_the_first_word_of_a_line_and_a_mechanism_one_behind_sasl() {
        let offer = Offer::of(&["SASL PLAIN LOGIN", "TOP", "IMPLEMENTATION STLS"]);
        assert!(offer.has("TOP") && offer.has("SASL") && !offer.has("STLS") && !offer.has("PLAIN"));
        assert!(offer.has_sasl("LOGIN") && !offer.has_sasl("SASL") && !offer.has_sasl("TOP"));
        assert_eq!(offer.clone().or(Offer::default()), offer);
        assert_eq!(Offer::default().or(offer.clone()), offer);
    }
}
