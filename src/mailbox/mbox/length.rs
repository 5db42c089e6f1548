//! `Content-Length` in an mbox: where a message ends whose `From ` lines nobody quoted (mboxcl2).
//!
//! It is often wrong: programs change a body and leave it, and a sender may write one. So it is heeded only if it leads
//! exactly to the end of the file or to a `From ` line, as in Dovecot and mutt, with an empty line between or without.
//! And it never hides a message: behind a `From ` line that a header field follows there is another message, whatever
//! the length before says. A mail that encloses an mbox unquoted is therefore taken apart.
//!
//! The file is looked at ahead by position, in small pieces; where that cannot be done no length is heeded.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::split::separates;

/// So many octets ahead are looked at: a `From ` line, or the name of a header field.
const AHEAD: usize = 1024;

/// An mbox that can be read at any position.
pub(super) trait Octets {
    /// Fills the buffer from there; gives how much there was.
    fn fill(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl Octets for File {
    fn fill(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(octets) => filled += octets,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

impl Octets for &[u8] {
    fn fill(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let octets = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(octets)
    }
}

/// What the header of the message that goes by says of its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Nothing yet, and more of the header follows.
    None,
    /// So many octets of body.
    Octets(u64),
    /// Nonsense.
    Broken,
    /// The header is over; the next message begins there, at the end of the file if it is [`u64::MAX`].
    Next(u64),
    /// The header is over, and it said nothing that holds.
    Void,
}

/// Follows the messages of an mbox and knows where one ends by its own word.
pub(super) struct Length<'a> {
    mbox: Option<&'a dyn Octets>,
    claim: Claim,
}

impl<'a> Length<'a> {
    /// Heeds lengths if the mbox can be looked at ahead.
    pub(super) fn of(mbox: Option<&'a dyn Octets>) -> Self {
        Self { mbox, claim: Claim::Void }
    }

    /// A message begins.
    pub(super) fn begin(&mut self) {
        self.claim = if self.mbox.is_some() { Claim::None } else { Claim::Void };
    }

    /// A line of it goes by.
    pub(super) fn line(&mut self, line: &[u8]) {
        if matches!(self.claim, Claim::Next(_) | Claim::Void) {
            return;
        }
        let Some(value) = length_of(line) else { return };
        self.claim = match (self.claim, value) {
            (Claim::None, Some(octets)) => Claim::Octets(octets),
            // Two that differ are both wrong, as far as anyone knows.
            (Claim::Octets(before), Some(octets)) if before == octets => Claim::Octets(octets),
            (Claim::None | Claim::Octets(_) | Claim::Broken, _) => Claim::Broken,
            (claim @ (Claim::Next(_) | Claim::Void), _) => claim,
        };
    }

    /// An empty line goes by; the first one ends the header, and the body begins at `offset`.
    pub(super) fn empty_line(&mut self, offset: u64) -> io::Result<()> {
        self.claim = match (self.claim, self.mbox) {
            (Claim::Octets(octets), Some(mbox)) => {
                let next = offset.checked_add(octets).map(|end| leads_to(mbox, end)).transpose()?.flatten();
                next.map_or(Claim::Void, Claim::Next)
            }
            (claim @ Claim::Next(_), _) => claim,
            _ => Claim::Void,
        };
        Ok(())
    }

    /// Whether the next message begins there.
    pub(super) fn ends_at(&self, offset: u64) -> bool {
        self.claim == Claim::Next(offset)
    }

    /// Whether a `From ` line that ends at `behind` is text of the message; if not, the length does not hold.
    pub(super) fn holds(&mut self, behind: u64) -> io::Result<bool> {
        let (Claim::Next(next), Some(mbox)) = (self.claim, self.mbox) else { return Ok(false) };
        let is_text = behind <= next && !is_field(&ahead(mbox, behind)?);
        if !is_text {
            self.claim = Claim::Void;
        }
        Ok(is_text)
    }
}

/// The value of a `Content-Length` line; within, `None` if it is no number.
fn length_of(line: &[u8]) -> Option<Option<u64>> {
    let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':')?);
    name.trim_ascii_end().eq_ignore_ascii_case(b"Content-Length").then(|| {
        let digits = str::from_utf8(value.get(1..)?.trim_ascii()).ok()?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    })
}

/// Where the next message begins if a body ends at `end`; [`u64::MAX`] if the file ends with it, `None` if it cannot.
fn leads_to(mbox: &dyn Octets, end: u64) -> io::Result<Option<u64>> {
    // The octet before the end: behind the end of the file there is nothing to read either.
    let from = end.saturating_sub(1);
    let piece = ahead(mbox, from)?;
    let Some((before, mut rest)) = piece.split_first() else { return Ok(None) };
    let mut at = end;
    // The line end of a body that was counted without it, and the empty line.
    for newlines in 0..3 {
        if rest.is_empty() {
            return Ok(Some(u64::MAX));
        }
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if (newlines > 0 || *before == b'\n') && separates(line) {
            return Ok(Some(at));
        }
        let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) else { break };
        at += (rest.len() - after.len()) as u64;
        rest = after;
    }
    Ok(rest.is_empty().then_some(u64::MAX))
}

fn ahead(mbox: &dyn Octets, offset: u64) -> io::Result<Vec<u8>> {
    let mut piece = vec![0; AHEAD];
    let octets = mbox.fill(offset, &mut piece)?;
    piece.truncate(octets);
    Ok(piece)
}

/// Whether a header field begins there (RFC 5322 section 2.2).
fn is_field(octets: &[u8]) -> bool {
    let name = octets.iter().take_while(|byte| byte.is_ascii_graphic() && **byte != b':').count();
    name > 0 && octets.get(name) == Some(&b':')
}
