//! Holds helpdesk-mail-schema(5) to the schema, both ways, and runs its queries.

use std::collections::BTreeMap;

use crate::store::engine::Value;
use crate::store::sample::Place;
use crate::store::{Store, engine::Row};

const PAGE: &str = include_str!("../../../man/helpdesk-mail-schema.5");

const SELECT_TABLES: &str = "
SELECT name
FROM sqlite_schema
WHERE type = 'table'
  AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

const SELECT_COLUMNS: &str = "
SELECT name
FROM pragma_table_info(?1)
ORDER BY cid";

fn texts(rows: Vec<Row>) -> Vec<String> {
    rows.into_iter().map(|mut row| row.take(0).unwrap()).collect()
}

/// Each table with its columns in order.
fn real(store: &mut Store) -> BTreeMap<String, Vec<String>> {
    let tables = texts(store.engine.query(SELECT_TABLES, &[]).unwrap());
    let columns = |table: String| {
        let columns = texts(store.engine.query(SELECT_COLUMNS, &[Value::Text(&table)]).unwrap());
        (table, columns)
    };
    tables.into_iter().map(columns).collect()
}

/// The same as the page tells it: `.SS` begins a table, `.TP` and `.B` a column.
fn told() -> BTreeMap<String, Vec<String>> {
    let section = PAGE.split_once("\n.SH TABLES\n").unwrap().1.split("\n.SH ").next().unwrap();
    let tables = section.split(".SS ").skip(1).map(|table| {
        let (name, entries) = table.split_once('\n').unwrap();
        let columns = entries.split(".TP\n").skip(1).map(|entry| {
            let (column, meaning) = entry.strip_prefix(".B ").unwrap().split_once('\n').unwrap();
            assert!(!meaning.trim().is_empty(), "{name}.{column} has no meaning");
            column.to_owned()
        });
        (name.to_owned(), columns.collect())
    });
    tables.collect()
}

#[test]
fn the_page_tells_every_table_and_column_and_no_other() {
    let place = Place::embedded();
    let real = real(&mut place.open());
    assert!(real.len() > 10, "no schema was found");
    assert_eq!(told(), real);
}

#[test]
fn the_queries_of_the_page_run() {
    let place = Place::embedded();
    let mut store = place.open();
    let queries: Vec<_> =
        PAGE.split("\n.EX\n").skip(1).map(|rest| rest.split("\n.EE").next().unwrap()).collect();
    assert!(queries.len() >= 5);
    for query in queries {
        let sql = query.replace("\\(aq", "'").replace("\\-", "-");
        assert!(store.engine.query(sql.leak(), &[]).is_ok(), "{query}");
    }
}
