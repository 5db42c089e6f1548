//! The keys of `[outbox]` that are about templates and the form of notifications.

use super::mailbox::Context;
use super::table::Table;
use super::value;
use crate::outbox::{EnvelopeSender, Marker, TemplateConfig};

/// Reads them; what else stands there is read with the back ends.
pub(super) fn templates(table: &Table<'_>, context: &Context<'_>) -> TemplateConfig {
    let marker = |written| if written { Marker::Written } else { Marker::Left };
    TemplateConfig {
        directory: table.read("templates", value::path(context.base)),
        marker: table.read("reply_marker", value::boolean).map_or_else(Marker::default, marker),
        envelope_sender: table.read("envelope_sender", value::word(ENVELOPE_SENDER)).unwrap_or_default(),
    }
}

const ENVELOPE_SENDER: &[(&str, EnvelopeSender)] =
    &[("queue", EnvelopeSender::Queue), ("empty", EnvelopeSender::Empty)];
