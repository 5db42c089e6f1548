//! What the torture tests share: their short form runs with the other tests, their long one by `cargo xtask torture`.

use std::io::Write as _;

/// Whether every step is to be taken.
pub fn is_long() -> bool {
    std::env::var_os("HELPDESK_MAIL_TORTURE").is_some()
}

/// Says what was measured, past the harness that keeps the output of tests that pass.
pub fn told(line: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "torture: {line}").unwrap();
}
