//! What a store holds, table by table.

use crate::store::engine::Table;

/// All tables but `schema_version` and `lease`, which tell of a database and of programs at work there. The secret is first:
/// by it a copy that goes on knows its source.
pub(super) const TABLES: [Table; 24] = [
    of("meta", &["key"]),
    numbered("run"),
    numbered("source"),
    of("mailbox_state", &["mailbox"]),
    of("backend_state", &["backend"]),
    of("outcome_count", &["mailbox", "outcome"]),
    of("alert", &["threshold", "subject"]),
    heavy("blob", "size"),
    numbered("ticket"),
    of("tag", &["ticket", "tag"]),
    of("ticket_link", &["ticket", "other"]),
    numbered("participant"),
    numbered("ticket_note"),
    heavy("message", "octet_length(text) + octet_length(reply)"),
    of("message_reference", &["message_id", "ticket"]),
    numbered("attachment"),
    numbered("outcome"),
    of("in_flight", &["source", "item"]),
    numbered("quarantine"),
    heavy("outbox", "coalesce(octet_length(text), 0)"),
    numbered("outbox_attempt"),
    of("suppressed", &["key"]),
    heavy("event", "octet_length(payload)"),
    numbered("event_attempt"),
];

const fn of(name: &'static str, key: &'static [&'static str]) -> Table {
    Table { name, key, is_numbered: false, weight: None }
}

const fn numbered(name: &'static str) -> Table {
    Table { name, key: &["id"], is_numbered: true, weight: None }
}

const fn heavy(name: &'static str, weight: &'static str) -> Table {
    Table { name, key: &["id"], is_numbered: true, weight: Some(weight) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::{Shape, columns};
    use crate::store::sample::Place;

    #[test]
    fn every_table_and_key_of_the_schema_is_named() {
        let place = Place::embedded();
        let mut store = place.open();
        let sql =
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
        let rows = store.engine.read(sql, &[]).unwrap();
        let mut found: Vec<String> = rows.into_iter().map(|mut row| row.take(0).unwrap()).collect();
        found.retain(|name| !["schema_version", "lease"].contains(&name.as_str()));
        let mut named: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        named.sort_unstable();
        assert_eq!(found, named);
        for table in TABLES {
            let sql =
                format!("SELECT name FROM pragma_table_info('{}') WHERE pk > 0 ORDER BY pk", table.name);
            let rows = store.engine.read(&sql, &[]).unwrap();
            let key: Vec<String> = rows.into_iter().map(|mut row| row.take(0).unwrap()).collect();
            assert_eq!(key, table.key, "{}", table.name);
            let sql = format!(
                "SELECT count(*) FROM sqlite_schema WHERE name = '{}' AND sql LIKE '%AUTOINCREMENT%'",
                table.name
            );
            let mut row = store.engine.read(&sql, &[]).unwrap().remove(0);
            assert_eq!(row.take::<bool>(0).unwrap(), table.is_numbered, "{}", table.name);
        }
    }

    #[test]
    fn both_databases_have_the_same_columns() {
        let (file, other) = (Place::embedded(), Place::new());
        let (mut file, mut other) = (file.open(), other.open());
        for table in TABLES {
            let [one, two] = [&mut file, &mut other].map(|store| {
                let columns = columns(store.engine.as_mut(), table).unwrap();
                let mut sorted = Shape::new(table, columns).columns().to_vec();
                sorted.sort();
                sorted
            });
            assert_eq!(one, two, "{}", table.name);
        }
    }
}
