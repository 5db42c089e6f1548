//! The process's environment: the only place besides `settings` that is given it.

use std::ffi::OsString;

/// The value of an environment variable.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
