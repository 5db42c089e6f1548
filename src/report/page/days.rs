//! The plots over time: a column for each day, or for each week where days would be too thin.

use jiff::civil::{Date, Weekday};

use super::super::element::{Element, element};
use super::super::plot::{Column, Columns, Label, nothing};
use super::super::words::{self, Word};
use crate::model::report::{Day, Report, Tally, sum};

/// With more days than that a column is a week.
const MOST_COLUMNS: usize = 100;

/// The panel of one kind of word; `thing` is what is counted, `shown` the words that are stacked.
pub(super) fn panel<T: Word, const N: usize>(
    report: &Report,
    heading: &str,
    thing: &str,
    of: fn(&Day) -> &Tally<T>,
    shown: [T; N],
) -> Element {
    let (days, unit) = if report.days.len() > MOST_COLUMNS { (7, "week") } else { (1, "day") };
    let heading = format!("{heading} a {unit}");
    let all = sum(report.days.iter().map(of));
    let used: Vec<T> = shown.into_iter().filter(|word| all.of(*word) > 0).collect();
    let said = said(&used, &all, thing);
    if used.is_empty() {
        return super::panel("whole", &heading, &said, nothing());
    }
    let pieces: Vec<&[Day]> = report.days.chunks(days).collect();
    let dates: Vec<Date> = pieces.iter().filter_map(|piece| piece.first()).map(|day| day.date).collect();
    let plot = Columns {
        told: format!("{heading}: {}. A table has each day.", counts(&used, &all)),
        columns: pieces.iter().map(|piece| column(piece, of, &used)).collect(),
        labels: labels(&dates),
        marks: Vec::new(),
    };
    super::panel("whole", &heading, &said, element("div").add(legend(&used, &all)).add(plot.draw()))
}

/// How many there are in the plot, and how many only the table has.
fn said<T: Word>(used: &[T], all: &Tally<T>, thing: &str) -> String {
    let shown = used.iter().map(|word| all.of(*word)).sum();
    let shown_words = words::counted(shown, thing);
    let others = T::ALL.iter().filter(|word| !used.contains(word) && all.of(**word) > 0);
    let others: Vec<T> = others.copied().collect();
    if others.is_empty() {
        format!("{shown_words}.")
    } else {
        format!("{shown_words}; besides, in the table, {}.", counts(&others, all))
    }
}

/// `12 created, 3 updated`.
fn counts<T: Word>(words: &[T], tally: &Tally<T>) -> String {
    let each = words.iter().map(|word| format!("{} {}", words::number(tally.of(*word)), word.as_str()));
    each.collect::<Vec<_>>().join(", ")
}

fn column<T: Word>(piece: &[Day], of: fn(&Day) -> &Tally<T>, used: &[T]) -> Column {
    let tally = sum(piece.iter().map(of));
    let some: Vec<T> = used.iter().copied().filter(|word| tally.of(*word) > 0).collect();
    let counts = if some.is_empty() { "nothing".to_owned() } else { counts(&some, &tally) };
    let when = match piece {
        [first, .., last] => format!("{} to {}", words::day(first.date), words::date(last.date)),
        [only] => words::date(only.date),
        [] => String::new(),
    };
    let parts = some.into_iter().map(|word| (word.class(), tally.of(word))).collect();
    Column { title: format!("{when}: {counts}"), parts }
}

/// What the colours mean, in the order of the columns from below, with what there was in all.
fn legend<T: Word>(used: &[T], all: &Tally<T>) -> Element {
    let entry = |word: &T| {
        element("li")
            .add(element("i").with("class", format!("swatch {}", word.class())))
            .text(format!("{} ", word.as_str()))
            .add(element("b").text(words::number(all.of(*word))))
    };
    element("ul").with("class", "legend").all(used.iter().map(entry))
}

/// At most eight: each day, Mondays, or the first column of a month; a phone shows every other of many.
fn labels(dates: &[Date]) -> Vec<Label> {
    let by_month = match dates {
        [one, two, ..] => one.tomorrow().ok().as_ref() != Some(two),
        [_] | [] => false,
    };
    let begins = |place: usize, date: &Date| {
        let before = place.checked_sub(1).and_then(|before| dates.get(before));
        match (by_month, dates.len()) {
            (true, _) => before.is_some_and(|before| before.month() != date.month()),
            (false, 0..=8) => true,
            (false, _) => date.weekday() == Weekday::Monday,
        }
    };
    let chosen: Vec<(usize, &Date)> =
        dates.iter().enumerate().filter(|(place, date)| begins(*place, date)).collect();
    let step = chosen.len().div_ceil(8).max(1);
    let crowded = chosen.len().div_ceil(step) > 5;
    let kept = chosen.into_iter().step_by(step).enumerate();
    #[allow(clippy::cast_precision_loss, reason = "there are at most some hundred columns")]
    let label = |(number, (place, date)): (usize, (usize, &Date))| Label {
        at: place as f64 + 0.5,
        text: if by_month { date.strftime("%b %Y").to_string() } else { words::day(*date) },
        spare: crowded && number % 2 == 1,
    };
    kept.map(label).collect()
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    fn written(from: Date, days: i64, count: usize) -> Vec<(String, bool)> {
        let dates: Vec<Date> = from.series(days.days()).take(count).collect();
        labels(&dates).into_iter().map(|label| (label.text, label.spare)).collect()
    }

    fn texts(labels: &[(String, bool)]) -> Vec<&str> {
        labels.iter().map(|(text, _)| text.as_str()).collect()
    }

    #[test]
    fn few_days_all_have_their_date_and_many_their_mondays() {
        let week = written(date(2026, 11, 25), 1, 3);
        assert_eq!(texts(&week), ["25 Nov", "26 Nov", "27 Nov"]);
        let month = written(date(2026, 11, 1), 1, 30);
        assert_eq!(texts(&month), ["2 Nov", "9 Nov", "16 Nov", "23 Nov", "30 Nov"]);
        assert!(month.iter().all(|(_, spare)| !spare));
    }

    #[test]
    fn long_periods_have_at_most_eight_dates_of_which_a_phone_shows_every_other() {
        let quarter = written(date(2026, 8, 1), 1, 100);
        assert_eq!(texts(&quarter).len(), 7);
        assert_eq!(quarter.iter().filter(|(_, spare)| *spare).count(), 3);
        let year = written(date(2025, 11, 1), 7, 57);
        assert_eq!(texts(&year)[..2], ["Dec 2025", "Feb 2026"]);
        assert!(year.len() <= 8);
    }
}
