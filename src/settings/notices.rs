//! What a run is told of `[outbox]`, and its keys that are about templates and the form of notifications.

use std::time::Duration;

use jiff::SignedDuration;

use super::mailbox::Context;
use super::table::Table;
use super::value;
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
        voices: queues.iter().filter_map(voice).chain(alerts.iter().map(|it| it.voice.clone())).collect(),
        alerts,
    }
}

fn voice(queue: &Queue) -> Option<Voice> {
    Some(Voice {
        queue: Some(queue.slug.clone()),
        way: queue.outbox.clone(),
        title: queue.title.clone(),
        address: queue.addresses.first()?.clone(),
        locale: queue.locale.clone(),
        plus_addressing: queue.answers_to == AnswersTo::Ticket,
    })
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
