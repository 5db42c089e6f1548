//! Holds the man page to the code: what is generated, and that every code and word is documented and no other.

use std::path::Path;

use helpdesk_mail::cli::man;
use helpdesk_mail::model::event::{EventState, Undelivered};
use helpdesk_mail::model::exit::Exit;
use helpdesk_mail::model::outbox::{GivenUp, OutboxState, Untold};
use helpdesk_mail::model::outcome::{OutcomeWord, Reason};
use helpdesk_mail::model::trouble::ErrorCode;
use helpdesk_mail::parse::DEFECTS;
use helpdesk_mail::run::ItemState;

fn committed() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/helpdesk-mail.1");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_committed_man_page_is_the_generated_one() {
    assert!(committed() == man::helpdesk_mail(), "run \"cargo xtask man\" and commit man/helpdesk-mail.1");
}

/// The terms of a section's list: the line after each `.TP`, without roff's marks.
fn terms(section: &str) -> Vec<String> {
    let page = committed();
    let heading = [format!(".SH \"{section}\"\n"), format!(".SH {section}\n")];
    let (_, rest) = heading.iter().find_map(|heading| page.split_once(heading.as_str())).unwrap();
    let body = rest.split("\n.SH ").next().unwrap();
    let plain =
        |line: &str| line.replace("\\fB", "").replace("\\fR", "").replace("\\-", "-").replace("\\*(Aq", "'");
    let terms: Vec<String> =
        body.split(".TP\n").skip(1).map(|item| plain(item.lines().next().unwrap())).collect();
    assert!(!terms.is_empty(), "{section} is empty");
    for item in body.split(".TP\n").skip(1) {
        assert!(
            item.lines().nth(1).is_some_and(|meaning| meaning.ends_with('.')),
            "{section}: no meaning in {item:?}"
        );
    }
    terms
}

#[test]
fn every_exit_code_is_documented_and_no_other() {
    assert_eq!(terms("EXIT STATUS"), Exit::ALL.map(|exit| format!("{} {}", exit.code(), exit.name())));
}

#[test]
fn every_outcome_and_reason_is_documented_and_no_other() {
    assert_eq!(terms("OUTCOMES"), OutcomeWord::ALL.map(OutcomeWord::as_str));
    assert_eq!(terms("REASONS"), Reason::ALL.map(Reason::as_str));
}

#[test]
fn every_state_of_a_reconciliation_is_documented_and_no_other() {
    assert_eq!(terms("RECONCILIATION"), ItemState::ALL.map(ItemState::as_str));
}

#[test]
fn every_state_and_reason_of_a_notification_is_documented_and_no_other() {
    assert_eq!(terms("NOTIFICATIONS"), OutboxState::ALL.map(OutboxState::as_str));
    let mut reasons = Untold::ALL.map(Untold::as_str).to_vec();
    reasons.extend(GivenUp::ALL.map(GivenUp::as_str));
    assert_eq!(terms("REASONS OF NOTIFICATIONS"), reasons);
}

#[test]
fn every_state_and_reason_of_an_event_is_documented_and_no_other() {
    assert_eq!(terms("EVENTS"), EventState::ALL.map(EventState::as_str));
    assert_eq!(terms("REASONS OF EVENTS"), Undelivered::ALL.map(Undelivered::as_str));
}

#[test]
fn every_error_code_is_documented_and_no_other() {
    assert_eq!(terms("ERRORS"), ErrorCode::ALL.map(ErrorCode::as_str));
}

#[test]
fn every_defect_is_documented_and_no_other() {
    let words: Vec<&str> = DEFECTS.iter().map(|(word, _)| *word).collect();
    assert_eq!(terms("DEFECTS"), words);
}

#[test]
fn the_ci_runs_the_test_command_of_the_readme() {
    let read =
        |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    for name in ["README.md", ".ci/run"] {
        assert!(read(name).lines().any(|line| line.starts_with("cargo xtask test")), "{name}");
    }
}

#[test]
fn the_readme_has_every_exit_code() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let rows = readme.lines().skip_while(|line| *line != "| code | meaning |").skip(2);
    let codes: Vec<u8> = rows
        .map_while(|line| line.strip_prefix("| ")?.split(" | ").next())
        .flat_map(|codes| codes.split(", ").map(|code| code.parse().unwrap()).collect::<Vec<_>>())
        .collect();
    assert_eq!(codes, Exit::ALL.map(Exit::code));
}
