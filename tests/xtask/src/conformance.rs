//! What is so on either engine is tested once more, against a PostgreSQL server of its own: the store by itself, and runs
//! that are disturbed.

use std::process::Command;

use anyhow::Result;

use crate::succeed;

#[path = "../../support/ports.rs"]
#[allow(clippy::expect_used, reason = "it is shared with the tests")]
mod ports;
#[path = "../../support/postgres.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it is shared with the tests"
)]
mod postgres;

/// Integration tests that take any engine: each of their desks gets a database of the server. Names that end in these words
/// are meant as well, such as `outbox_cuts`.
///
/// What is about a file (one that finds no room, is left by a killed program, was replaced, or is of a former version) is in
/// other modules, which know of no server: `disk_full`, `store_killed`, `store_trouble`, `upgrade`.
const DISTURBED: [&str; 7] =
    ["aborts::", "cuts::", "disorder::", "hostile::", "kills::", "poison::", "_dies::"];

/// The tests of the store and of the books of a dry run, and the short forms of the others.
pub(crate) fn run() -> Result<()> {
    let server = postgres::Postgres::start();
    succeed(&mut against(&server, &["--lib", "--", "store::", "notebook::"]))?;
    succeed(against(&server, &["--test", "all", "--"]).args(DISTURBED))
}

/// The long forms.
pub(crate) fn torture() -> Result<()> {
    let server = postgres::Postgres::start();
    succeed(against(&server, &["--test", "all", "--"]).args(DISTURBED).env("HELPDESK_MAIL_TORTURE", "1"))
}

/// With the same features as before, so that nothing is built anew.
fn against(server: &postgres::Postgres, tests: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(["test", "--workspace"]).args(tests);
    command.env("HELPDESK_MAIL_TEST_POSTGRESQL", server.database());
    command
}
