//! The limits of reading, each with its reason. What goes beyond one is cut or kept as a file, and a defect says so.
//!
//! [`Limits`] are those that the configuration may move; the constants are fixed, for they follow from a standard or
//! from what a database and a file system take.

use std::time::Duration;

/// The limits that `[limits]` of the configuration sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time for one message. Reading is linear, some 50 MB a second on slow hardware: this is for what nobody foresaw.
    pub time: Duration,
    /// Multiparts within one another; a deeper one is kept as a file, unopened. Each level costs one search of its
    /// octets.
    pub depth: usize,
    /// Parts of one message; the rest then becomes one file.
    pub parts: usize,
    /// Header fields of one entity. Long lists of `Received` have hundreds.
    pub header_fields: usize,
    /// Octets of one header field; the default holds 10,000 addresses with names.
    pub header_size: usize,
    /// Octets of the text of a message, which a person can still be shown; longer text is a file besides.
    pub text_size: usize,
    /// Octets that all parts of a message may have once decoded; what goes beyond is kept as it was sent.
    pub decoded_size: usize,
    /// Octets of address space, besides eight times the message's own size, of a process that reads a message which an
    /// earlier run may have died of.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            depth: 32,
            parts: 1_000,
            header_fields: 10_000,
            header_size: 1_000_000,
            text_size: 4_000_000,
            decoded_size: 200_000_000,
            memory: 500_000_000,
        }
    }
}

/// The deepest that `depth` may be set to: the stack of a reading thread bears it many times over.
pub const DEEPEST: usize = 200;

/// Files within files that are opened: a signed message in a signed message in a `winmail.dat`.
pub const OPENED: usize = 3;

/// Files of one message that are opened; further ones stay files. The text of each is put to what there was.
pub const CONTAINERS: usize = 100;

/// Stack of a reading thread, mapped as it is used. Recursion ends at [`DEEPEST`], which takes far less.
pub const STACK: usize = 32 * 1024 * 1024;

/// Octets of HTML that are rendered: tags can be much and say nothing.
pub const HTML: usize = 16 * 1024 * 1024;

/// Octets of one part that its text is made of: a letter takes up to four, and encoded up to twice that.
pub(super) fn looked_at(limits: &Limits) -> usize {
    limits.text_size.saturating_mul(8).max(HTML)
}

/// Images of an HTML body that are looked for among the files.
pub const SHOWN: usize = 1_000;

/// Addresses of one header.
pub const ADDRESSES: usize = 10_000;

/// Ids of `References`, the newest kept.
pub const REFERENCES: usize = 1_000;

/// Octets of an address, an id or a media type: a line of RFC 5322 section 2.1.1. What is longer is none, and no index
/// of a database takes it.
pub const TOKEN: usize = 998;

/// Characters of the subject: one line of RFC 5322 section 2.1.1.
pub const SUBJECT: usize = 998;

/// Characters of a display name, and of what a defect quotes.
pub const NAME: usize = 200;

/// Characters of a file name that are kept as they were given.
pub const GIVEN_NAME: usize = 1_000;

/// Octets of a file name on every usual file system.
pub const FILE_NAME: usize = 255;

/// Characters of one encoded word that are searched for its end; RFC 2047 section 2 allows 75, mailers do not care.
pub const ENCODED_WORD: usize = 4096;

/// Lines of `defects`.
pub const DEFECTS: usize = 50;

/// Marks of quotation in front of a line of rendered HTML.
pub const QUOTE_DEPTH: usize = 8;

/// Characters of a link that is written out.
pub const LINK: usize = 1024;
