//! What the configuration says about templates and the form of notifications.

use std::path::PathBuf;

/// Templates and the form of notifications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateConfig {
    /// The directory with the overrides; `None`: the built-in templates alone.
    pub directory: Option<PathBuf>,
    /// `reply_marker`.
    pub marker: Marker,
    /// Who gets the bounces.
    pub envelope_sender: EnvelopeSender,
}

/// Whether a line stands on top above which people are asked to write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Marker {
    /// It stands there.
    #[default]
    Written,
    /// It is left out.
    Left,
}

/// The envelope sender of notifications.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EnvelopeSender {
    /// The queue's address: bounces come back and are taken to the notification that they concern.
    #[default]
    Queue,
    /// The empty one (RFC 3834 section 3.3): nothing comes back, and nobody learns of an address that fails.
    Empty,
}
