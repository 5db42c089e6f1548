//! Metrics for Prometheus: valid, named by its conventions, written whole after each run.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use crate::support::desk::Desk;
use crate::support::letter::Letter;

fn desk() -> Desk {
    let desk = Desk::with_maildir(
        "[mailbox.gone]\ntype = \"maildir\"\nqueue = \"support\"\npath = \"nowhere\"\n\
         [alert]\nstale = \"1h\"\nskipped = 1\n[metrics]\ntextfile = \"metrics/helpdesk_mail.prom\"\n",
    );
    fs::create_dir(desk.path("metrics")).unwrap();
    desk
}

fn shown(desk: &Desk) -> String {
    desk.run(&["status", "--format", "prometheus"]).exits(0).stdout
}

fn written(desk: &Desk) -> String {
    fs::read_to_string(desk.path("metrics/helpdesk_mail.prom")).unwrap()
}

/// All but the time at which the numbers were read.
fn timeless(page: &str) -> Vec<&str> {
    page.lines().filter(|line| !line.contains("status_timestamp_seconds ")).collect()
}

/// The samples of a page, each by its name with labels, if the page is one (exposition format 0.0.4, and the conventions of
/// "Metric and label naming").
fn samples(page: &str) -> HashMap<String, f64> {
    assert!(page.ends_with('\n') && !page.contains("\n\n"));
    let mut all = HashMap::new();
    let mut met: Vec<String> = Vec::new();
    let mut lines = page.lines().peekable();
    while let Some(help) = lines.next() {
        let (name, text) =
            help.strip_prefix("# HELP ").unwrap_or_else(|| panic!("{help}")).split_once(' ').unwrap();
        assert!(!text.trim().is_empty() && !text.contains('\\'), "{help}");
        assert!(name.starts_with("helpdesk_mail_"), "{name}");
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
            "{name}"
        );
        let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} ")).unwrap();
        assert!(["gauge", "counter"].contains(&kind), "{kind}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        assert!(
            !["_count", "_sum", "_bucket", "_ms", "_minutes", "_kb"].iter().any(|end| name.ends_with(end)),
            "{name}"
        );
        assert!(!met.contains(&name.to_owned()), "{name} stands twice");
        met.push(name.to_owned());
        let mut count = 0;
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert_series(series, name);
            assert!(all.insert(series.to_owned(), value.parse().unwrap()).is_none(), "{series} stands twice");
            count += 1;
        }
        assert!(count > 0, "{name} has no sample");
    }
    all
}

/// `name`, or `name{label="value",…}` with values whose quotation marks, backslashes and line feeds are escaped.
fn assert_series(series: &str, name: &str) {
    let rest = series.strip_prefix(name).unwrap_or_else(|| panic!("{series} stands below {name}"));
    if rest.is_empty() {
        return;
    }
    let mut rest = rest.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    while !rest.is_empty() {
        let (label, value) = rest.split_once("=\"").unwrap();
        assert!(label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{series}");
        let mut end = 0;
        let octets = value.as_bytes();
        while octets[end] != b'"' {
            end += if octets[end] == b'\\' { 2 } else { 1 };
        }
        rest = value[end + 1..].trim_start_matches(',');
    }
}

/// What Prometheus' own tool says, where it is installed.
fn assert_promtool(page: &str) {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return };
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_pages_are_valid_and_say_what_there_is() {
    let desk = desk();
    let before = shown(&desk);
    assert_promtool(&before);
    assert_eq!(
        samples(&before)["helpdesk_mail_outcomes_total{mailbox=\"support\",outcome=\"created\"}"],
        0.0
    );

    desk.deliver("1", &Letter::new("1@x", "Printer").bytes());
    desk.deliver("2", b"X-Nothing: of use\r\n\r\n \r\n");
    desk.run(&["fetch"]).exits(69);
    let page = shown(&desk);
    assert_promtool(&page);
    let samples = samples(&page);
    let of = |name: &str| samples[&format!("helpdesk_mail_{name}")];
    assert_eq!(of("outcomes_total{mailbox=\"support\",outcome=\"created\"}"), 1.0);
    assert_eq!(of("outcomes_total{mailbox=\"support\",outcome=\"failed\"}"), 1.0);
    assert_eq!(of("mailbox_consecutive_failures{mailbox=\"gone\"}"), 1.0);
    assert_eq!((of("runs_total"), of("last_run_exit_code"), of("quarantine_messages")), (1.0, 69.0, 1.0));
    assert_eq!(of("alert_reached{threshold=\"stale\",subject=\"gone\"}"), 0.0);
    let success = of("mailbox_last_success_timestamp_seconds{mailbox=\"support\"}");
    assert!((of("status_timestamp_seconds") - success).abs() < 600.0);
    assert!(!samples.contains_key("helpdesk_mail_mailbox_last_success_timestamp_seconds{mailbox=\"gone\"}"));
}

#[test]
fn what_only_grows_does_so_also_when_the_ledger_is_written_over() {
    let desk = desk();
    desk.deliver("1", b"X-Nothing: of use\r\n\r\n \r\n");
    desk.run(&["fetch"]).exits(69);
    desk.run(&["quarantine", "retry", "--all"]).exits(1);
    let of = |outcome: &str| {
        samples(&written(&desk))
            [&format!("helpdesk_mail_outcomes_total{{mailbox=\"support\",outcome=\"{outcome}\"}}")]
    };
    assert_eq!(of("failed"), 2.0);
}

#[test]
fn the_file_is_written_whole_after_each_run_for_everybody_to_read() {
    let desk = desk();
    let mail = desk.path("mail.eml");
    fs::write(&mail, Letter::new("1@x", "Printer").bytes()).unwrap();
    let runs: [(&[&str], i32); 2] = [(&["fetch"], 69), (&["ingest", mail.to_str().unwrap()], 0)];
    for (arguments, code) in runs {
        let _ = fs::remove_file(desk.path("metrics/helpdesk_mail.prom"));
        desk.run(arguments).exits(code);
        assert_eq!(timeless(&written(&desk)), timeless(&shown(&desk)), "{arguments:?}");
    }
    let file = fs::metadata(desk.path("metrics/helpdesk_mail.prom")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o644);
    assert_eq!(fs::read_dir(desk.path("metrics")).unwrap().count(), 1, "nothing is left beside it");

    fs::remove_file(desk.path("metrics/helpdesk_mail.prom")).unwrap();
    desk.run(&["fetch", "--dry-run"]).exits(69);
    desk.run(&["status"]).exits(0);
    assert_eq!(fs::read_dir(desk.path("metrics")).unwrap().count(), 0, "who only looks writes nothing");
}

#[test]
fn a_file_that_cannot_be_written_is_a_warning_and_changes_nothing_else() {
    let desk = Desk::with_maildir("[metrics]\ntextfile = \"metrics/helpdesk_mail.prom\"\n");
    desk.deliver("1", &Letter::new("1@x", "Printer").bytes());
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["created/new support-1"]);
    assert!(run.stderr.contains("metrics are not written: cannot write "), "{}", run.stderr);
    let check = desk.run(&["check"]).exits(0);
    assert!(check.stderr.contains("metrics.textfile: there is no directory "), "{}", check.stderr);
    // Where something else lies in the place, it stays.
    fs::create_dir_all(desk.path("metrics/helpdesk_mail.prom/x")).unwrap();
    desk.run(&["fetch"]).exits(0);
    assert_eq!(fs::read_dir(desk.path("metrics")).unwrap().count(), 1);
}

#[test]
fn a_name_that_node_exporter_would_not_read_is_refused() {
    let desk = Desk::with_maildir("[metrics]\ntextfile = \"metrics.txt\"\n");
    let run = desk.run(&["status"]).exits(78);
    assert!(run.stderr.contains("a path that ends in \".prom\""), "{}", run.stderr);
}
