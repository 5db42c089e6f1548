//! Holds every statement of the road to an index, on either engine.

mod server;

use super::{blob, books, earlier, ledger, lookup, message};
use crate::store::engine::{Dialect, Value};
use crate::store::{
    Store, events, in_flight, lease, outbox, outcomes, prune, quarantine, report, sample, secret, status,
    tickets, upkeep,
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
const ROWS: [&str; 62] = [
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
    prune::DELETE_SUPPRESSION,
    prune::SELECT_RUNS,
    prune::DELETE_RUN,
    prune::SELECT_BLOBS,
];

#[test]
fn no_statement_that_runs_for_every_message_or_row_reads_a_whole_table() {
    let place = sample::Place::new();
    let mut store = place.open();
    let mut whole: Vec<String> = Vec::new();
    for sql in ROAD.into_iter().chain(ROWS) {
        whole.extend(read_whole(&mut store, sql).into_iter().map(|step| format!("{step}: {sql}")));
    }
    assert!(whole.is_empty(), "{}", whole.join("\n\n"));
    let seen = read_whole(&mut store, "SELECT id FROM outcome WHERE author = ?1");
    assert_eq!(seen.len(), 1, "what reads a whole table is not seen");
}

/// The indexes that hold a part of their table alone.
const SELECT_PARTIAL: &str = "
SELECT CAST(CAST(indexrelid AS regclass) AS TEXT)
FROM pg_index
WHERE indpred IS NOT NULL";

/// The steps of a statement that read a table from one end to the other.
fn read_whole(store: &mut Store, sql: &str) -> Vec<String> {
    match store.engine.dialect() {
        Dialect::Sqlite => {
            let is_whole = |step: &String| step.starts_with("SCAN") || step.contains("AUTOMATIC");
            steps(store, sql).into_iter().filter(is_whole).collect()
        }
        Dialect::Postgresql => {
            let partial = texts(store, SELECT_PARTIAL);
            let nodes = server::nodes(store, sql, places(sql));
            nodes.into_iter().filter(|node| node.reads_all(&partial)).map(|node| node.text).collect()
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
    let place = sample::Place::new();
    let mut store = place.open();
    for sql in REPORT {
        assert_eq!(read_whole(&mut store, sql), [""; 0], "{sql}");
    }
    for sql in REPORT {
        let steps = plan(sql);
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
fn a_mail_that_was_settled_under_another_key_is_found_by_its_message_id() {
    let searches: Vec<_> = plan(earlier::SELECT_SETTLED_BY_MESSAGE_ID)
        .into_iter()
        .filter(|step| step.starts_with("SEARCH") || step.starts_with("SCAN"))
        .collect();
    assert_eq!(
        searches,
        [
            "SEARCH outcome USING INDEX outcome_by_message_id (source=? AND message_id=?)",
            "SEARCH message USING INDEX message_by_message_id (message_id=?)",
            "SEARCH outcome USING INDEX sqlite_autoindex_outcome_1 (source=? AND item=?)",
        ]
    );
}

#[test]
fn the_newest_outcomes_are_found_without_sorting_the_ledger() {
    let steps = plan(outcomes::SELECT_OUTCOMES);
    assert_eq!(steps.first().unwrap(), "SCAN outcome USING INDEX outcome_by_time");
    assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:?}");
}

#[test]
fn the_newest_tickets_are_found_without_reading_the_others() {
    let steps = plan(tickets::SELECT_TICKETS);
    assert_eq!(steps.first().unwrap(), "SEARCH ticket USING INTEGER PRIMARY KEY (rowid=?)");
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
    let place = sample::Place::new();
    let mut store = place.open();
    for sql in [status::SELECT_WAITING, status::SELECT_OWED, status::COUNT_SUPPRESSED] {
        let read = read_whole(&mut store, sql);
        let whole: Vec<_> = read.iter().filter(|step| !is_of_a_part(step)).collect();
        assert!(whole.is_empty(), "{whole:?}:{sql}");
    }
}

/// What refers to another table has an index that begins with it: who removes a row there is asked for it. A ticket is never
/// removed.
const SELECT_UNINDEXED: [&str; 2] = [
    "
SELECT tables.name || '.' || reference.\"from\"
FROM sqlite_schema AS tables
JOIN pragma_foreign_key_list(tables.name) AS reference
WHERE tables.type = 'table'
  AND reference.\"table\" <> 'ticket'
  AND NOT EXISTS (
    SELECT 1
    FROM pragma_index_list(tables.name) AS list
    JOIN pragma_index_info(list.name) AS info
    JOIN sqlite_schema AS indexes ON indexes.name = list.name
    WHERE info.seqno = 0
      AND info.name = reference.\"from\"
      AND (NOT list.partial OR indexes.sql LIKE '%WHERE ' || info.name || ' IS NOT NULL'))",
    "
SELECT CAST(CAST(conrelid AS regclass) AS TEXT) || '.' || attname
FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
WHERE contype = 'f'
  AND confrelid <> CAST('ticket' AS regclass)
  AND connamespace = CAST(current_schema() AS regnamespace)
  AND NOT EXISTS (
    SELECT 1
    FROM pg_index
    WHERE indrelid = conrelid
      AND indkey[0] = conkey[1]
      AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) = format('(%I IS NOT NULL)', attname)))",
];

#[test]
fn each_reference_to_another_table_is_found_by_an_index() {
    let place = sample::Place::new();
    let mut store = place.open();
    let [sqlite, postgresql] = SELECT_UNINDEXED;
    let sql = match store.engine.dialect() {
        Dialect::Sqlite => sqlite,
        Dialect::Postgresql => postgresql,
    };
    assert_eq!(texts(&mut store, sql), [""; 0]);
}

/// SQLite calls it a scan, too, where it reads an index that holds a part of the table alone, and a row without a table.
fn is_of_a_part(step: &str) -> bool {
    ["INDEX outcome_deferred", "INDEX outcome_owed", "CONSTANT ROW"].iter().any(|part| step.contains(part))
}

/// The plan that SQLite has for a statement.
fn plan(sql: &str) -> Vec<String> {
    let place = sample::Place::embedded();
    steps(&mut place.open(), sql)
}

fn steps(store: &mut Store, sql: &str) -> Vec<String> {
    let values = vec![Value::Null; places(sql)];
    let explain: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
    let rows = store.engine.query(explain, &values).unwrap();
    rows.into_iter().map(|mut row| row.take(3).unwrap()).collect()
}

fn texts(store: &mut Store, sql: &'static str) -> Vec<String> {
    let rows = store.engine.query(sql, &[]).unwrap();
    rows.into_iter().map(|mut row| row.take(0).unwrap()).collect()
}

fn places(sql: &str) -> usize {
    (1..=40).rev().find(|number| sql.contains(&format!("?{number}"))).unwrap_or(0)
}
