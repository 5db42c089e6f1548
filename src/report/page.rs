//! The page: what matters at the top, then plots, then every figure.

use super::element::{Element, element};
use super::plot::{Column, Columns, Label, Mark, Row, nothing, rows};
use super::table;
use super::words::{self, Word};
use crate::model::outbox::OutboxState;
use crate::model::outcome::OutcomeWord;
use crate::model::report::{Busy, EDGES, Report, Spans};

mod days;
#[cfg(test)]
mod tests;

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded and nothing runs; the empty icon keeps browsers from asking for one.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// The page that shows a report.
pub fn page(report: &Report) -> String {
    let head = element("head")
        .add(element("meta").with("charset", "utf-8"))
        .add(element("meta").with("http-equiv", "Content-Security-Policy").with("content", POLICY))
        .add(element("meta").with("name", "viewport").with("content", "width=device-width, initial-scale=1"))
        .add(element("meta").with("name", "color-scheme").with("content", "light dark"))
        .add(element("meta").with("name", "robots").with("content", "noindex"))
        .add(element("meta").with("name", "referrer").with("content", "no-referrer"))
        .add(element("link").with("rel", "icon").with("href", "data:,"))
        .add(element("title").text(format!("Help desk mail, {}", period(report))))
        .add(element("style").style(STYLE));
    let main =
        element("main").add(header(report)).add(summary(report)).add(plots(report)).add(tables(report));
    let body = element("body").add(main).add(footer(report));
    format!("<!DOCTYPE html>\n{}", element("html").with("lang", "en").add(head).add(body))
}

/// `1 Nov to 30 Nov 2026`.
fn period(report: &Report) -> String {
    match (report.days.first(), report.days.last()) {
        (Some(first), Some(last)) if first.date == last.date => words::date(first.date),
        (Some(first), Some(last)) if first.date.year() == last.date.year() => {
            format!("{} to {}", words::day(first.date), words::date(last.date))
        }
        (Some(first), Some(last)) => format!("{} to {}", words::date(first.date), words::date(last.date)),
        (None, _) | (_, None) => "no day".to_owned(),
    }
}

fn header(report: &Report) -> Element {
    let made = report.until.strftime("%-d %b %Y, %H:%M UTC").to_string();
    element("header")
        .add(element("h1").text("Help desk mail"))
        .add(element("p").with("class", "period").text(period(report)))
        .add(
            element("p")
                .with("class", "made")
                .text(format!("Made {made}. Days are those of UTC; the last one is not over.")),
        )
}

/// The figures that are asked for first.
fn summary(report: &Report) -> Element {
    let (outcomes, outbox) = (report.outcomes(), report.outbox());
    let follow_ups = outcomes.of(OutcomeWord::Updated) + outcomes.of(OutcomeWord::Reopened);
    let given_up = outbox.of(OutboxState::Failed) + outbox.of(OutboxState::Bounced);
    let median =
        if report.to_ticket.count == 0 { "–".to_owned() } else { words::span(report.to_ticket.median) };
    let tiles = [
        ("messages", words::number(outcomes.total())),
        ("new tickets", words::number(outcomes.of(OutcomeWord::Created))),
        ("follow-ups", words::number(follow_ups)),
        ("skipped", words::number(outcomes.of(OutcomeWord::Skipped))),
        ("failed", words::number(outcomes.of(OutcomeWord::Failed))),
        ("median time to ticket", median),
        ("notifications sent", words::number(outbox.of(OutboxState::Sent))),
        ("notifications failed or bounced", words::number(given_up)),
    ];
    let tile = |(name, figure): (&str, String)| {
        element("div").add(element("dt").text(name)).add(element("dd").text(figure))
    };
    element("dl").with("class", "summary").all(tiles.map(tile))
}

/// A plot under its heading, with what it says in a sentence.
fn panel(class: &str, heading: &str, said: &str, plot: Element) -> Element {
    element("section")
        .with("class", format!("panel {class}"))
        .add(element("h2").text(heading))
        .add(element("p").with("class", "said").text(said))
        .add(plot)
}

fn plots(report: &Report) -> Element {
    let outcomes = days::panel(report, "Outcomes", "message", |day| &day.outcomes, OutcomeWord::ALL);
    let shown = [
        OutboxState::Sent,
        OutboxState::Bounced,
        OutboxState::Failed,
        OutboxState::Expired,
        OutboxState::Queued,
        OutboxState::Sending,
    ];
    let outbox = days::panel(report, "Notifications", "notification", |day| &day.outbox, shown);
    let senders = "Messages of those who wrote most, whatever became of them.";
    let queues = "Messages on the tickets of each queue.";
    element("div")
        .with("class", "plots")
        .add(outcomes)
        .add(reasons(report))
        .add(time("Time from arrival to ticket", &report.to_ticket, "message"))
        .add(outbox)
        .add(time("Time to delivery", &report.to_delivery, "notification"))
        .add(busiest(("Busiest senders", senders), &report.senders, ("half tall", "blue")))
        .add(busiest(("Busiest queues", queues), &report.queues, ("half", "green")))
}

fn reasons(report: &Report) -> Element {
    let heading = "Why messages were skipped or failed";
    let wanted = [OutcomeWord::Skipped, OutcomeWord::Failed];
    let some = report.reasons.iter().filter(|one| wanted.contains(&one.outcome));
    let bars: Vec<Row> = some
        .map(|one| Row {
            name: format!("{}: {}", one.outcome, one.reason),
            class: Word::class(one.outcome),
            count: one.count,
            title: format!("{}, {}: {}", one.outcome, one.reason, words::counted(one.count, "message")),
        })
        .collect();
    if bars.is_empty() {
        return panel("half", heading, "No message was skipped, none failed.", nothing());
    }
    let said = "Skipped messages may not open or update a ticket here; failed ones went into quarantine.";
    panel("half", heading, said, rows(&told(heading, &bars), &bars))
}

fn busiest((heading, said): (&str, &str), list: &[Busy], (place, colour): (&str, &'static str)) -> Element {
    let bar = |(place, one): (usize, &Busy)| {
        let name = one.name.clone().unwrap_or_else(|| table::untold(place));
        let counts = [words::counted(one.messages, "message"), words::counted(one.tickets, "new ticket")];
        Row { title: format!("{name}: {}", counts.join(", ")), name, class: colour, count: one.messages }
    };
    let bars: Vec<Row> = list.iter().enumerate().map(bar).collect();
    let plot = if bars.is_empty() { nothing() } else { rows(&told(heading, &bars), &bars) };
    panel(place, heading, said, plot)
}

/// What a plot of rows says, for those who do not see it.
fn told(heading: &str, bars: &[Row]) -> String {
    let all: Vec<&str> = bars.iter().map(|row| row.title.as_str()).collect();
    format!("{heading}. {}", all.join("; "))
}

#[allow(clippy::cast_precision_loss, reason = "there are ten bins")]
fn time(heading: &str, spans: &Spans, thing: &str) -> Element {
    if spans.count == 0 {
        return panel("half", heading, "None was measured.", nothing());
    }
    // No line ends within a number and its unit.
    let [median, p95, longest] =
        [spans.median, spans.p95, spans.longest].map(|span| words::span(span).replace(' ', "\u{a0}"));
    let said = format!(
        "Half of {} within {median}, 95\u{a0}% within {p95}, the longest took {longest}.",
        words::counted(spans.count, thing)
    );
    let lower = [0].into_iter().chain(EDGES);
    let columns = lower.zip(spans.bins).enumerate().map(|(place, (lower, count))| {
        let from = words::span(lower);
        let bin = EDGES
            .get(place)
            .map_or(format!("more than {from}"), |edge| format!("{from} to {}", words::span(*edge)));
        Column { title: format!("{bin}: {}", words::counted(count, thing)), parts: vec![("blue", count)] }
    });
    let labels = [0].into_iter().chain(EDGES).enumerate();
    let labels =
        labels.map(|(place, edge)| Label { at: place as f64, text: words::edge(edge), spare: false });
    let mark = |name: &str, seconds: u64| Mark {
        at: place_in_bins(seconds, spans.longest),
        text: format!("{name}: {}", words::span(seconds)),
    };
    let plot = Columns {
        told: format!("{heading}. {said}"),
        columns: columns.collect(),
        labels: labels.collect(),
        marks: vec![mark("95 %", spans.p95), mark("median", spans.median)],
    };
    panel("half", heading, &said, plot.draw())
}

/// Where a time stands on the axis of the bins, each of which is as wide as any other.
#[allow(clippy::cast_precision_loss, reason = "a plot shows no more than three digits")]
fn place_in_bins(seconds: u64, longest: u64) -> f64 {
    let place = EDGES.partition_point(|edge| *edge < seconds);
    let lower = place.checked_sub(1).and_then(|before| EDGES.get(before)).copied().unwrap_or(0);
    let upper = EDGES.get(place).copied().unwrap_or(longest).max(lower + 1);
    place as f64 + (seconds - lower) as f64 / (upper - lower) as f64
}

fn tables(report: &Report) -> Element {
    let (outcomes, outbox) = (report.outcomes(), report.outbox());
    element("section")
        .with("class", "tables")
        .add(element("h2").text("All figures"))
        .add(table::days("Outcomes by day", report, ("outcomes", |day| &day.outcomes), &outcomes))
        .add(table::reasons("Reasons", report))
        .add(table::spans("From arrival to ticket", &report.to_ticket, "time_to_ticket"))
        .add(table::busiest("Senders", &report.senders, ("senders", "address")))
        .add(table::busiest("Queues", &report.queues, ("queues", "queue")))
        .add(table::days("Notifications by day", report, ("outbox", |day| &day.outbox), &outbox))
        .add(table::spans("From notification to delivery", &report.to_delivery, "time_to_delivery"))
}

fn footer(report: &Report) -> Element {
    let people = if report.senders.iter().any(|sender| sender.name.is_some()) {
        "This page names people by their addresses: show it to those alone who may know them, or leave them out with --anonymous. "
    } else {
        ""
    };
    let told = "A message counts on the day of its latest outcome. What outcomes and reasons mean is told in helpdesk-mail(1).";
    element("footer").add(element("p").text(format!("{people}{told}")))
}
