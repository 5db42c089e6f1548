//! Whether a mailbox is opened to look or also to be told.

/// What a mailbox may do to the place its mail is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only looks: a dry run.
    ReadOnly,
    /// It can be told what became of its items.
    ReadWrite,
}
