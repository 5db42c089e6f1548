//! What a run is told of `[outbox]`, and its keys that are about templates and the form of notifications.

use std::time::Duration;

use jiff::SignedDuration;
use toml::de::DeValue;

use super::mailbox::Context;
use super::measure;
use super::table::Table;
use super::value::{self, Wrong};
use crate::outbox::{Config, Deliver, EnvelopeSender, Marker, TemplateConfig};
use crate::policy::{AnswersTo, Queue, notify};
use crate::run::{AlertMails, Notify, OutboxPlan, Voice};

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

/// The section and the queues as a run sees them.
pub(super) fn plan(config: &Config, queues: &[Queue], alerts: Option<AlertMails>) -> OutboxPlan {
    let rates = config.rates;
    let limits = notify::Limits { to_one: rates.per_address.into(), to_all: rates.total.into() };
    OutboxPlan {
        notify: Notify { limits, max_age: signed(config.max_age), suppress_for: signed(config.suppress_for) },
        max_attempts: config.max_attempts,
        after_fetch: match config.deliver {
            Deliver::AfterFetch { limit } => Some(limit),
            Deliver::Separately => None,
        },
        voices: queues
            .iter()
            .filter_map(|queue| voice(queue, config))
            .chain(alerts.iter().map(|it| it.voice.clone()))
            .collect(),
        alerts,
    }
}

fn voice(queue: &Queue, config: &Config) -> Option<Voice> {
    Some(Voice {
        queue: Some(queue.slug.clone()),
        way: queue.outbox.clone(),
        title: queue.title.clone(),
        address: queue.addresses.first()?.clone(),
        locale: queue.locale.clone(),
        plus_addressing: queue.answers_to == AnswersTo::Ticket,
        attach_files: queue.attach_files.unwrap_or(config.attach_files),
    })
}

/// `attach_files`, of a queue or of `[outbox]`, in octets; 0 for none.
pub(super) fn files(value: &DeValue<'_>) -> Result<u64, Wrong> {
    // Hardly any mail server takes more, and each connection has several times as much in memory.
    const LARGEST: u64 = 100_000_000;
    if value.as_str() == Some("none") {
        return Ok(0);
    }
    let expected = || Wrong::expected("\"none\", or a size from \"1KB\" to \"100MB\"");
    measure::size(value).ok().filter(|octets| *octets <= LARGEST).ok_or_else(expected)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
