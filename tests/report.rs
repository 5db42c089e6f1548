//! The report, opened in a real browser and held against its own JSON.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use helpdesk_mail::store::{Config, Store};
use jiff::Timestamp;
use serde_json::Value;

use crate::support::browser::{Browser, Screen};
use crate::support::busy;
use crate::support::desk::{Desk, Run};
use crate::support::dies::shifted;
use crate::support::scene;

/// When the reports of these tests are made.
const NOW: &str = "2026-11-30T17:00:00Z";

/// A desk with an empty store.
fn empty() -> Desk {
    let desk = Desk::configured("[queue.support]\naddress = \"support@example.org\"\n");
    let config = Config::of_file(desk.path("desk.db"));
    drop(Store::open(&config).unwrap());
    desk
}

/// A desk with the mail of so many days.
fn busy(days: i64) -> Desk {
    let desk = empty();
    busy::fill(&desk.path("desk.db"), NOW.parse().unwrap(), days);
    desk
}

/// The command under a clock that says [`NOW`].
fn report(desk: &Desk, arguments: &[&str]) -> Run {
    let shift = NOW.parse::<Timestamp>().unwrap().duration_since(Timestamp::now()).as_secs();
    Run::of(shifted(desk, &[&["report"], arguments].concat(), shift).output().unwrap())
}

fn page(desk: &Desk, arguments: &[&str]) -> PathBuf {
    let file = desk.path("report.html");
    report(desk, &[&["--output", file.to_str().unwrap()], arguments].concat()).exits(0);
    file
}

const SCREENS: [Screen; 4] = [
    Screen { width: 1280, scheme: "light" },
    Screen { width: 1280, scheme: "dark" },
    Screen { width: 390, scheme: "light" },
    Screen { width: 390, scheme: "dark" },
];

/// Each figure of the tables with its place in the JSON, as the browser shows it.
const FIGURES: &str = "[...document.querySelectorAll('[data-key]')].map(cell =>
    [cell.dataset.key, cell.dataset.value ?? cell.textContent])";

/// All numbers and texts of a JSON value, each with its pointer.
fn leaves(at: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| leaves(&format!("{at}/{key}"), value, found));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(place, value)| leaves(&format!("{at}/{place}"), value, found));
        }
        leaf @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            found.push((at.to_owned(), leaf.clone()));
        }
    }
}

/// The figures that the page shows, which must be those of the JSON.
fn figures(browser: &mut Browser, json: &Value) -> Vec<String> {
    let shown = browser.evaluate(FIGURES);
    let check = |pair: &Value| {
        let (key, text) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        let expected = match json.pointer(key) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => panic!("{key} is not in the JSON"),
        };
        assert_eq!(text.replace(',', ""), expected, "{key}");
        key.to_owned()
    };
    shown.as_array().unwrap().iter().map(check).collect()
}

/// What of the JSON the tables lack.
///
/// Words that never came have no column and what there is not has no figure; edges of bins are written as words; the period
/// and the sum stand at the top.
fn unshown(shown: &[String], json: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    leaves("", json, &mut all);
    let above =
        |key: &str| ["/since", "/until", "/messages"].contains(&key) || key.ends_with("/up_to_seconds");
    all.retain(|(key, value)| *value != 0 && !value.is_null() && !above(key) && !shown.contains(key));
    all
}

/// A page that is whole in itself: nothing is asked for, nothing complained of.
#[track_caller]
fn is_alone(browser: &Browser, file: &Path) {
    assert_eq!(browser.complaints(), Vec::<Value>::new());
    let own = format!("file://{}", file.display());
    assert_eq!(browser.requests().first(), Some(&own));
    let others = browser.requests().into_iter().filter(|url| *url != own && !url.starts_with("data:"));
    assert_eq!(others.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_page_that_is_not_alone_is_found() {
    let desk = empty();
    let file = desk.path("planted.html");
    std::fs::write(&file, "<img src=http://example.org/x.png><script>none()</script>").unwrap();
    let mut browser = Browser::start();
    browser.open(&file, SCREENS[0]);
    assert!(browser.requests().contains(&"http://example.org/x.png".to_owned()));
    assert!(browser.complaints().iter().any(|one| one.to_string().contains("none is not defined")));
    let policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">";
    std::fs::write(&file, format!("{policy}<style>p {{}}</style>")).unwrap();
    browser.open(&file, SCREENS[0]);
    assert_eq!(browser.complaints().len(), 1, "what the policy refuses");
}

#[test]
fn a_browser_shows_the_figures_of_the_json_and_asks_for_nothing_else() {
    let desk = busy(40);
    let file = page(&desk, &[]);
    let json = report(&desk, &["--format", "json"]).exits(0).json().remove(0);
    assert_eq!(json["days"].as_array().unwrap().len(), 31);
    assert!(json["messages"].as_u64().unwrap() > 300, "{}", json["messages"]);
    let mut browser = Browser::start();
    for screen in SCREENS {
        browser.open(&file, screen);
        let shown = figures(&mut browser, &json);
        assert_eq!(unshown(&shown, &json), Vec::new());
        let wide = browser.evaluate("document.documentElement.scrollWidth");
        assert_eq!(wide, screen.width, "the page is as wide as the screen");
        is_alone(&browser, &file);
        keep(&format!("report-{}-{}.png", screen.width, screen.scheme), &browser.picture());
    }
    keep("report.pdf", &browser.paper());
}

#[test]
fn a_real_fetch_is_reported_as_it_told_itself_and_a_hostile_sender_does_nothing() {
    let desk = Desk::with_maildir("");
    scene::mails().iter().enumerate().for_each(|(at, mail)| desk.deliver(&format!("{at:03}"), mail));
    let fetch = desk.run(&["fetch", "--json"]);
    let store = rusqlite::Connection::open(desk.path("desk.db")).unwrap();
    let hostile = "</title></svg><img src=//example.org/x onerror=alert(1)>@example.com";
    store.execute("UPDATE outcome SET author = ?1 WHERE outcome = 'created'", [hostile]).unwrap();

    let json = desk.run(&["report", "--json"]).exits(0).json().remove(0);
    let told = &fetch.lines("summary")[0]["counts"];
    for (outcome, count) in json["outcomes"].as_object().unwrap() {
        assert_eq!(count.as_u64(), told[outcome].as_u64().or(Some(0)), "{outcome}");
    }
    let count = |outcome: &str| json["outcomes"][outcome].as_u64().unwrap();
    assert_eq!(json["time_to_ticket"]["count"], count("created") + count("updated") + count("reopened"));
    assert_eq!(json["queues"][0]["tickets"], count("created"));

    let file = desk.path("report.html");
    desk.run(&["report", "--output", file.to_str().unwrap()]).exits(0);
    let mut browser = Browser::start();
    browser.open(&file, SCREENS[0]);
    assert_eq!(unshown(&figures(&mut browser, &json), &json), Vec::new());
    assert_eq!(browser.evaluate("document.images.length"), 0);
    is_alone(&browser, &file);
}

/// Keeps a picture in target/tmp, for people to look at: no test sees whether a page is clear.
fn keep(name: &str, octets: &[u8]) {
    std::fs::write(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name), octets).unwrap();
}

/// What is written into the plots, with the box that each takes.
const LETTERS: &str =
    "[...document.querySelectorAll('svg text')].filter(text => text.getClientRects().length)
    .map(text => { const box = text.getBoundingClientRect();
        return [text.textContent, box.left, box.right, parseFloat(getComputedStyle(text).fontSize)] })";

#[test]
fn letters_in_plots_keep_their_size_and_stay_on_the_screen() {
    let desk = busy(40);
    let mut browser = Browser::start();
    for days in ["6d", "30d", "390d"] {
        let file = page(&desk, &["--since", days]);
        for screen in SCREENS {
            browser.open(&file, screen);
            keep(&format!("report-{days}-{}-{}.png", screen.width, screen.scheme), &browser.picture());
            let letters = browser.evaluate(LETTERS);
            let letters = letters.as_array().unwrap();
            assert!(letters.len() > 40, "{} texts", letters.len());
            for text in letters {
                let [left, right, size] = [1, 2, 3].map(|place| text[place].as_f64().unwrap());
                assert!(left >= 0.0 && right <= f64::from(screen.width) && size >= 12.0, "{screen:?} {text}");
            }
        }
    }
}

#[test]
fn a_store_in_which_nothing_happened_makes_a_page_that_says_so() {
    let desk = empty();
    let file = page(&desk, &["--since", "2026-11-28"]);
    let json = report(&desk, &["--since", "2026-11-28", "--json"]).exits(0).json().remove(0);
    assert_eq!(json["days"].as_array().unwrap().len(), 3);
    assert_eq!((&json["messages"], &json["time_to_ticket"]["median_seconds"]), (&0.into(), &Value::Null));
    let mut browser = Browser::start();
    browser.open(&file, SCREENS[2]);
    keep("report-nothing.png", &browser.picture());
    let nothing = browser.evaluate("document.querySelectorAll('.nothing').length");
    assert_eq!((nothing, browser.complaints()), (14.into(), Vec::new()));
}

#[test]
fn the_file_is_replaced_as_a_whole_for_its_owner_alone() {
    let desk = busy(3);
    let file = page(&desk, &[]);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let run = report(&desk, &["--output", file.to_str().unwrap(), "--since", "3d"]).exits(0);
    assert_eq!(run.stdout, format!("wrote {}\n", file.display()));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let printed = report(&desk, &["--since", "3d"]).exits(0).stdout;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), printed);
    let run = report(&desk, &["--output", "/nowhere/report.html"]).exits(74);
    assert!(run.stderr.contains("cannot write /nowhere/report.html"), "{}", run.stderr);
    report(&desk, &["--output", "/dev/null"]).exits(0);
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn addresses_are_left_out_on_demand() {
    let desk = busy(5);
    let named = report(&desk, &["--json"]).exits(0).json().remove(0);
    let author = named["senders"][0]["address"].as_str().unwrap().to_owned();
    for format in ["html", "json"] {
        assert!(report(&desk, &["--format", format]).exits(0).stdout.contains(&author));
        let bare = report(&desk, &["--format", format, "--anonymous"]).exits(0).stdout;
        assert!(!bare.contains("example"), "{format}");
    }
    let bare = report(&desk, &["--json", "--anonymous"]).exits(0).json().remove(0);
    assert_eq!(bare["senders"][0]["messages"], named["senders"][0]["messages"]);
}

#[test]
fn a_report_is_made_beside_a_transaction_and_changes_nothing() {
    let desk = busy(5);
    let before = desk.snapshot("desk.db");
    report(&desk, &[]).exits(0);
    assert_eq!(desk.snapshot("desk.db"), before);
    let writer = rusqlite::Connection::open(desk.path("desk.db")).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; DELETE FROM outbox_attempt;").unwrap();
    let json = report(&desk, &["--json"]).exits(0).json().remove(0);
    assert!(json["time_to_delivery"]["count"].as_u64().unwrap() > 0);
}

#[test]
fn what_cannot_be_reported_is_said() {
    let none = Desk::configured("[queue.support]\naddress = \"support@example.org\"\n");
    let run = report(&none, &[]).exits(66);
    assert!(run.stderr.contains("there is no store"), "{}", run.stderr);
    let run = report(&none, &["--since", "500d"]).exits(64);
    assert!(run.stderr.contains("400 days at most"), "{}", run.stderr);
    let run = report(&none, &["--since", "2031-01-01", "--json"]).exits(64);
    assert_eq!(run.json()[0]["error_code"], "usage", "{}", run.stderr);
    report(&none, &["--since", "soon"]).exits(64);
}
