//! Holds every statement of the road to an index, and all of them to the schema.

use super::{blob, books, earlier, ledger, lookup, message};
use crate::store::engine::Value;
use crate::store::{
    events, in_flight, lease, outbox, outcomes, prune, quarantine, report, sample, secret, status, tickets,
    upkeep,
};

/// The statements that run for every message, or for every mailbox of a run.
const ROAD: [&str; 84] = [
    blob::SELECT_BLOB,
    blob::INSERT_BLOB,
    blob::DELETE_UNUSED_BLOB,
    books::INSERT_TICKET,
    books::UPDATE_STATUS,
    books::INSERT_PARTICIPANT,
    books::INSERT_LINK,
    earlier::SELECT_SETTLED_BY_MESSAGE_ID,
    earlier::SELECT_SETTLED_BY_RAW_SHA256,
    events::INSERT_EVENT,
    events::SELECT_DUE_EVENTS,
    events::UPDATE_EVENT_BEGUN,
    events::INSERT_EVENT_ATTEMPT,
    events::UPDATE_EVENT_ATTEMPT,
    events::UPDATE_EVENT_RESOLVED,
    events::SELECT_GONE,
    events::UPDATE_WAITING,
    in_flight::UPSERT_IN_FLIGHT,
    in_flight::TAKE_BACK,
    in_flight::DELETE_IN_FLIGHT,
    lease::TAKE,
    lease::RENEW,
    lease::END,
    lease::DELETE,
    lease::DELETE_DEAD,
    lease::SELECT_OWNER,
    lease::SELECT_FENCE,
    ledger::INSERT_SOURCE,
    ledger::UPSERT_OUTCOME,
    ledger::SET_ASIDE,
    ledger::SELECT_COPY,
    ledger::UPSERT_COPY,
    ledger::LET_GO_OF_COPY,
    lookup::SELECT_TICKET,
    lookup::SELECT_HOLDING,
    lookup::SELECT_NAMING,
    lookup::SELECT_COPIES,
    lookup::SELECT_PARTICIPANT,
    lookup::SELECT_SOURCE,
    lookup::SELECT_ATTEMPTS,
    lookup::SELECT_SETTLED,
    lookup::SELECT_DEFERRED,
    lookup::SELECT_IN_FLIGHT,
    lookup::SELECT_OWED,
    lookup::SELECT_MAILBOX_STATE,
    message::INSERT_MESSAGE,
    message::INSERT_REFERENCE,
    message::INSERT_ATTACHMENT,
    message::UPDATE_TICKET,
    outbox::SELECT_SUBJECT,
    outbox::SELECT_PEOPLE,
    outbox::COUNT_WRITTEN_TO,
    outbox::COUNT_WRITTEN,
    outbox::INSERT_NOTIFICATION,
    outbox::INSERT_NOTE,
    outbox::SELECT_BY_MESSAGE_ID,
    outbox::UPDATE_BOUNCED,
    outbox::COUNT_SOFT,
    outbox::SELECT_SUPPRESSION,
    outbox::UPDATE_AHEAD,
    outbox::UPDATE_EXPIRED,
    outbox::SELECT_DUE,
    outbox::UPDATE_CLAIMED,
    outbox::SELECT_CLAIMED,
    outbox::SELECT_ROOT,
    outbox::SELECT_ANCESTORS,
    outbox::SELECT_FILES,
    outbox::SELECT_CONTENT,
    outbox::UPDATE_BEGUN,
    outbox::UPDATE_ATTEMPT,
    outbox::UPDATE_RESOLVED,
    outbox::UPDATE_RELEASED,
    status::COUNT_OUTCOME,
    upkeep::UPDATE_RUN,
    upkeep::UPDATE_TOLD,
    upkeep::WAIVE,
    upkeep::DELETE_DEFERRED,
    upkeep::UPDATE_WATERMARK,
    upkeep::UPDATE_BASELINE,
    upkeep::UPDATE_SOURCE_NAME,
    upkeep::UPSERT_LAST_SUCCESS,
    upkeep::UPSERT_LAST_FAILURE,
    upkeep::UPSERT_BACKEND_SUCCESS,
    upkeep::UPSERT_BACKEND_FAILURE,
];

/// The statements that a command runs for every row it shows or changes.
const ROWS: [&str; 58] = [
    secret::SELECT_META,
    tickets::SELECT_TICKET_ROW,
    tickets::SELECT_TAGS,
    tickets::SELECT_PARTICIPANTS,
    tickets::SELECT_LINKS,
    tickets::SELECT_MESSAGES,
    tickets::SELECT_ATTACHMENTS,
    tickets::UPDATE_MERGED,
    tickets::UPDATE_TARGET,
    tickets::INSERT_MERGED_PARTICIPANTS,
    outcomes::SELECT_OUTCOME,
    outcomes::SELECT_OUTCOME_OF_ITEM,
    outcomes::SELECT_ROWS,
    outcomes::SELECT_OPEN_ITEMS,
    outcomes::COUNT_ROWS,
    outcomes::UPDATE_RESET,
    outcomes::FORGET_WATERMARK,
    outcomes::MARK_CRASHED,
    quarantine::SELECT_COPY,
    quarantine::SELECT_COPY_CONTENT,
    quarantine::SELECT_COPY_SOURCE,
    outbox::INSERT_ALERT_MAIL,
    events::SELECT_EVENT_STATE,
    events::UPDATE_RETRIED,
    events::UPDATE_DROPPED,
    events::SELECT_EVENT,
    events::SELECT_EVENT_ATTEMPTS,
    events::SELECT_WAITING_EVENTS,
    events::COUNT_FAILED_EVENTS,
    outbox::INSERT_ATTEMPT,
    outbox::SELECT_STATE,
    outbox::UPDATE_REQUEUED,
    outbox::UPDATE_CANCELLED,
    outbox::SELECT_NOTIFICATION,
    outbox::SELECT_ATTEMPTS,
    outbox::SELECT_WAITING,
    outbox::COUNT_ENDED,
    outbox::SELECT_NOTES,
    outbox::UPSERT_SUPPRESSED,
    outbox::DELETE_SUPPRESSED,
    status::COUNT_SINCE,
    status::COUNT_OF_RUN,
    status::SELECT_LAST_RUN,
    status::UPSERT_ALERT,
    status::DELETE_ALERT,
    prune::SHORTEN_OUTCOME,
    prune::DELETE_OUTCOME,
    prune::DELETE_ATTEMPTS,
    prune::FORGET_BOUNCED,
    prune::SELECT_ENDED,
    prune::DELETE_NOTIFICATION,
    prune::SELECT_EVENTS,
    prune::SELECT_ENDED_EVENT,
    prune::DELETE_EVENT_ATTEMPTS,
    prune::DELETE_EVENT,
    prune::SELECT_OUTCOMES,
    prune::SELECT_NOTIFICATIONS,
    prune::SELECT_SUPPRESSIONS,
];

#[test]
fn no_statement_that_runs_for_every_message_or_row_reads_a_whole_table() {
    for sql in ROAD.into_iter().chain(ROWS) {
        for step in plan(sql) {
            assert!(!step.starts_with("SCAN"), "{step}:{sql}");
            assert!(!step.contains("AUTOMATIC"), "{step}:{sql}");
        }
    }
}

/// The statements that a report asks, most of them for each of its days.
const REPORT: [&str; 6] = [
    report::COUNT_OUTCOMES,
    report::COUNT_OUTBOX,
    report::SELECT_ARRIVALS,
    report::SELECT_DELIVERIES,
    report::SELECT_SENDERS,
    report::SELECT_QUEUES,
];

#[test]
fn a_report_reads_what_is_of_its_period_alone() {
    for sql in REPORT {
        let steps = plan(sql);
        assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{steps:?}:{sql}");
        assert!(steps.iter().any(|step| step.contains(">? AND ")), "{steps:?}:{sql}");
    }
    let mails = plan(report::SELECT_ARRIVALS);
    assert_eq!(mails, ["SEARCH message USING COVERING INDEX message_by_time (stored_at>? AND stored_at<?)"]);
}

#[test]
fn what_is_owed_is_found_without_reading_what_is_paid() {
    assert_eq!(plan(lookup::SELECT_OWED), ["SEARCH outcome USING INDEX outcome_owed (source=?)"]);
}

#[test]
fn the_newest_outcomes_are_found_without_sorting_the_ledger() {
    let steps = plan(outcomes::SELECT_OUTCOMES);
    assert_eq!(steps.first().unwrap(), "SCAN outcome USING INDEX outcome_by_time");
    assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:?}");
}

#[test]
fn what_waits_is_found_in_indexes_that_hold_nothing_else() {
    for (sql, index) in [(status::SELECT_WAITING, "outcome_deferred"), (status::SELECT_OWED, "outcome_owed")]
    {
        let steps = plan(sql);
        assert!(steps.iter().any(|step| step.contains(&format!("outcome USING INDEX {index}"))), "{steps:?}");
        assert!(!steps.iter().any(|step| step == "SCAN outcome"), "{steps:?}");
    }
    for step in plan(status::COUNT_SUPPRESSED) {
        assert!(!step.contains("SCAN suppressed"), "{step}");
    }
}

fn plan(sql: &str) -> Vec<String> {
    let place = sample::Place::embedded();
    let mut store = place.open();
    let values = vec![Value::Null; places(sql)];
    let explain: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
    let rows = store.engine.query(explain, &values).unwrap();
    rows.into_iter().map(|mut row| row.take(3).unwrap()).collect()
}

fn places(sql: &str) -> usize {
    (1..=40).rev().find(|number| sql.contains(&format!("?{number}"))).unwrap_or(0)
}
