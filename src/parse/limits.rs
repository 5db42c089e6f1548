//! The limits of reading, each with its reason. What goes beyond one is cut or kept as a file, and a defect says so.

use std::time::Duration;

/// Time for one message. Reading is linear, some 50 MB a second on slow hardware: this is for what nobody foresaw.
pub const MESSAGE_TIME: Duration = Duration::from_secs(10);

/// Stack of the reading thread, mapped as it is used. Recursion ends at [`DEPTH`], which takes far less.
pub const STACK: usize = 32 * 1024 * 1024;

/// Header fields of one entity. Long lists of `Received` have hundreds.
pub const FIELDS: usize = 10_000;

/// Octets of one header field: 10,000 addresses with names.
pub const FIELD_BYTES: usize = 1024 * 1024;

/// Parts of one message; the rest then becomes one file.
pub const PARTS: usize = 1_000;

/// Multiparts within one another; a deeper one is kept as a file, unopened. Each level costs one search of its octets.
pub const DEPTH: usize = 32;

/// Octets of the text of a message, which a person can still be shown; longer text is a file besides.
pub const TEXT: usize = 4 * 1024 * 1024;

/// Octets of HTML that are rendered: tags can be much and say nothing.
pub const HTML: usize = 16 * 1024 * 1024;

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
