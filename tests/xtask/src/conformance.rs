//! The tests of the store once more, against a PostgreSQL server of their own.

use anyhow::Result;

use crate::succeed;

#[path = "../../support/postgres.rs"]
#[allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "it is shared with the tests")]
mod postgres;

/// Runs them.
pub(crate) fn run() -> Result<()> {
    let server = postgres::Postgres::start();
    let mut command = std::process::Command::new("cargo");
    // The same features as before, so that nothing is built anew.
    command.args(["test", "--workspace", "--lib", "store::"]);
    succeed(command.env("HELPDESK_MAIL_TEST_POSTGRESQL", server.database()))
}
