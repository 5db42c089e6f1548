//! Tables, in which all figures stand as they are, each with the place it has in the JSON.

use super::element::{Element, element};
use super::plot::nothing;
use super::words::{self, Word};
use crate::model::report::{Busy, Day, EDGES, Report, Spans, Tally};

/// A table with its caption, whose first columns are `names`; one without rows says so.
fn table(
    caption: &str,
    (names, head): (usize, &[&str]),
    rows: Vec<Element>,
    foot: Option<Element>,
) -> Element {
    let section = element("section").with("class", "figures");
    if rows.is_empty() {
        return section.add(element("h3").text(caption)).add(nothing());
    }
    let heads = head.iter().enumerate().map(|(place, text)| {
        let side = if place < names { "name" } else { "figure" };
        element("th").with("scope", "col").with("class", side).text(text)
    });
    let table = element("table")
        .add(element("caption").text(caption))
        .add(element("thead").add(element("tr").all(heads)))
        .add(element("tbody").all(rows))
        .all(foot.map(|row| element("tfoot").add(row)));
    // What is wider than the screen is moved in there, also by the keyboard (WCAG 2.1.1).
    let wrapper = element("div").with("class", "wide").with("tabindex", "0").with("role", "region");
    section.add(wrapper.with("aria-label", caption).add(table))
}

fn named(key: &str, name: &str) -> Element {
    element("th").with("scope", "row").with("data-key", key).add(element("bdi").text(name))
}

/// A name that somebody else chose, of whatever length; where an address is too long it goes on behind its `@`.
fn foreign(key: &str, name: &str) -> Element {
    let parts = name.split_inclusive('@').enumerate();
    let bdi = parts.fold(element("bdi"), |bdi, (place, part)| {
        let bdi = if place > 0 { bdi.add(element("wbr")) } else { bdi };
        bdi.text(part)
    });
    element("th").with("scope", "row").with("data-key", key).with("class", "foreign").add(bdi)
}

fn figure(key: &str, count: u64) -> Element {
    let cell = element("td").with("data-key", key);
    let cell = if count == 0 { cell.with("class", "none") } else { cell };
    cell.text(words::number(count))
}

/// What happened on each day, word by word; a word that never came has no column.
pub(super) fn days<T: Word>(
    caption: &str,
    report: &Report,
    (key, of): (&str, fn(&Day) -> &Tally<T>),
    sum: &Tally<T>,
) -> Element {
    let used: Vec<T> = T::ALL.iter().copied().filter(|word| sum.of(*word) > 0).collect();
    if used.is_empty() {
        return table(caption, (0, &[]), Vec::new(), None);
    }
    let head: Vec<&str> = std::iter::once("day (UTC)").chain(used.iter().map(|word| word.as_str())).collect();
    let row = |(place, day): (usize, &Day)| {
        let cell = |word: &T| figure(&format!("/days/{place}/{key}/{}", word.as_str()), of(day).of(*word));
        let date = named(&format!("/days/{place}/date"), &day.date.to_string());
        element("tr").add(date).all(used.iter().map(cell))
    };
    let sums = used.iter().map(|word| figure(&format!("/{key}/{}", word.as_str()), sum.of(*word)));
    let foot = element("tr").add(element("th").with("scope", "row").text("all")).all(sums);
    table(caption, (1, &head), report.days.iter().enumerate().map(row).collect(), Some(foot))
}

/// Why messages had their outcome.
pub(super) fn reasons(caption: &str, report: &Report) -> Element {
    let rows = report.reasons.iter().enumerate().map(|(place, one)| {
        let key = |name: &str| format!("/reasons/{place}/{name}");
        element("tr")
            .add(named(&key("outcome"), one.outcome.as_str()))
            .add(foreign(&key("reason"), &one.reason))
            .add(figure(&key("count"), one.count))
    });
    table(caption, (2, &["outcome", "reason", "messages"]), rows.collect(), None)
}

/// Whoever is busiest; `key` and `name` are the JSON's.
pub(super) fn busiest(caption: &str, list: &[Busy], (key, name): (&str, &str)) -> Element {
    let rows = list.iter().enumerate().map(|(place, one)| {
        let under = |name: &str| format!("/{key}/{place}/{name}");
        let first = match &one.name {
            Some(told) => foreign(&under(name), told),
            None => element("th").with("scope", "row").text(untold(place)),
        };
        let messages = figure(&under("messages"), one.messages);
        element("tr").add(first).add(messages).add(figure(&under("tickets"), one.tickets))
    });
    table(caption, (1, &[name, "messages", "new tickets"]), rows.collect(), None)
}

/// What a sender is called whose address is not told.
pub(super) fn untold(place: usize) -> String {
    format!("sender {}", place + 1)
}

/// How long something took; `key` is the JSON's.
pub(super) fn spans(caption: &str, spans: &Spans, key: &str) -> Element {
    if spans.count == 0 {
        return table(caption, (0, &[]), Vec::new(), None);
    }
    let lower = [0].into_iter().chain(EDGES);
    let bins = lower.zip(spans.bins).enumerate().map(|(place, (lower, count))| {
        let name = match EDGES.get(place) {
            Some(edge) => format!("up to {}", words::span(*edge)),
            None => format!("more than {}", words::span(lower)),
        };
        let count = figure(&format!("/{key}/bins/{place}/count"), count);
        element("tr").add(element("th").with("scope", "row").text(name)).add(count)
    });
    let time = |name: &str, word: &str, seconds: u64| {
        let cell = element("td").with("data-key", format!("/{key}/{word}_seconds"));
        let cell = cell.with("data-value", seconds).text(words::span(seconds));
        element("tr").add(element("th").with("scope", "row").text(name)).add(cell)
    };
    let all = element("tr").add(element("th").with("scope", "row").text("all"));
    let all = all.add(figure(&format!("/{key}/count"), spans.count));
    let rows = bins.chain([
        all,
        time("half within (median)", "median", spans.median),
        time("95 % within", "p95", spans.p95),
        time("longest", "longest", spans.longest),
    ]);
    table(caption, (1, &["time", "number"]), rows.collect(), None)
}
