//! Plans as PostgreSQL tells them.
//!
//! Tables are empty here, so that the server is kept from whatever would be right for a few rows alone: what it cannot do
//! without reading a table to its end it could not do in a large one either.

use crate::store::Store;

/// Once for each connection: plans that hold for any value, by indexes where there are any.
const BY_INDEX: &str = "
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off";

/// A node of a plan, with its lines.
pub(super) struct Node {
    pub(super) text: String,
}

impl Node {
    /// Whether it reads a table, or an index that holds all of a table, from one end to the other.
    pub(super) fn reads_all(&self, partial: &[String]) -> bool {
        let is_scan =
            ["Seq Scan", "Index Scan", "Index Only Scan"].iter().any(|scan| self.text.contains(scan));
        let is_bounded = self.text.contains("Index Cond: ");
        let is_partial = partial.iter().any(|index| self.text.split([' ', '\n']).any(|word| word == index));
        is_scan && !is_bounded && !is_partial
    }
}

/// The nodes of a statement's plan.
pub(super) fn nodes(store: &mut Store, sql: &str, places: usize) -> Vec<Node> {
    let numbered = (1..=places)
        .rev()
        .fold(sql.to_owned(), |sql, place| sql.replace(&format!("?{place}"), &format!("${place}")));
    store.engine.script(BY_INDEX).unwrap();
    store.engine.script(format!("PREPARE planned AS {numbered}").leak()).unwrap();
    let values = vec!["NULL"; places].join(", ");
    let explain = match places {
        0 => "EXPLAIN (COSTS OFF) EXECUTE planned".to_owned(),
        _ => format!("EXPLAIN (COSTS OFF) EXECUTE planned ({values})"),
    };
    let rows = store.engine.query(explain.leak(), &[]).unwrap();
    store.engine.script("DEALLOCATE planned").unwrap();
    let lines: Vec<String> = rows.into_iter().map(|mut row| row.take(0).unwrap()).collect();
    lines
        .chunk_by(|_, line| !line.trim_start().starts_with("->"))
        .map(|lines| Node { text: lines.join("\n") })
        .collect()
}
