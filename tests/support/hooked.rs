//! A help desk with a Maildir and with hooks that are programs in its directory.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::desk::Desk;

/// A queue, a Maildir `mail`, then these lines; `$` in them is the desk's directory.
pub fn configure(desk: &Desk, lines: &str) {
    let place = desk.path("").display().to_string();
    desk.configure(&format!(
        "[queue.support]\naddress = \"support@example.org\"\n[mailbox.support]\ntype = \"maildir\"\n\
         queue = \"support\"\npath = \"mail\"\n{}",
        lines.replace('$', &place)
    ));
}

/// A program in the directory of a desk; `@` in it is that directory.
pub fn program(desk: &Desk, name: &str, script: &str) {
    let path = desk.path(name);
    let place = desk.path("").display().to_string();
    fs::write(&path, format!("#!/bin/sh\n{}\n", script.replace('@', &place))).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A hook that runs the program of that name.
pub fn hook(event: &str, name: &str, more: &str) -> String {
    format!("[[hook]]\nevent = \"{event}\"\ncommand = [\"${name}\"]\n{more}\n")
}
