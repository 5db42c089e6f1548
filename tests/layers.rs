//! Holds the sources to the layers of the architecture: modules use what is below them, a foreign crate has one home.

use std::path::Path;

/// The layer of each module; it uses lower ones only.
const LAYERS: &[(&str, u8)] = &[
    ("model", 0),
    ("parse", 1),
    ("evidence", 1),
    ("policy", 1),
    ("transport", 1),
    ("report", 1),
    ("mailbox", 2),
    ("outbox", 2),
    ("store", 2),
    ("hook", 2),
    ("run", 3),
    ("settings", 4),
    ("cli", 4),
];

/// Side by side, but allowed: the command line reads the settings.
const SIDEWAYS: &[(&str, &str)] = &[("cli", "settings")];

/// Each foreign crate with the one place that may use it.
const HOMES: &[(&str, &str)] = &[
    ("rusqlite", "store/engine"),
    ("postgres", "store/engine"),
    ("postgres_native_tls", "store/engine"),
    ("imap", "mailbox/imap"),
    ("imap_proto", "mailbox/imap"),
    ("native_tls", "transport/wire"),
    ("ureq", "transport/http"),
    ("percent_encoding", "transport/wire"),
    ("md5", "mailbox/pop3"),
    ("lettre", "outbox"),
    ("minijinja", "outbox/template"),
    ("mail_parser", "parse"),
    ("html5gum", "parse"),
    ("unicode_normalization", "parse"),
    ("idna", "model/address"),
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("clap_mangen", "cli"),
    ("env_logger", "cli"),
    ("indicatif", "cli"),
    ("comfy_table", "cli"),
    ("anyhow", "cli"),
    ("toml", "settings"),
];

#[test]
fn modules_use_what_is_below_them_and_crates_stay_at_home() {
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(files.len() > 20, "only {} source files were found", files.len());
    let faults: Vec<String> = files.iter().flat_map(|(path, text)| faults(path, text)).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn planted_faults_are_found() {
    let planted = [
        ("policy/decide.rs", "use crate::store::Store;", "policy uses store"),
        ("parse/mod.rs", "\nfn f() { crate::evidence::of() }", "parse uses evidence"),
        ("store/mod.rs", "use crate::{model::ids, mailbox};", "store uses mailbox"),
        ("store/mod.rs", "use crate::{\n    model::ids,\n    run::{self, Plan},\n};", "store uses run"),
        ("settings/mod.rs", "use crate::cli::args;", "settings uses cli"),
        ("model/mod.rs", "use super::policy;", "model uses policy"),
        ("model/a/b.rs", "use super::super::super::run::Plan;", "model uses run"),
        ("run/road.rs", "use rusqlite::Connection;", "rusqlite is at home in store/engine"),
        ("store/desk/mod.rs", "fn f(c: &rusqlite::Connection) {}", "rusqlite is at home in store/engine"),
        ("mailbox/wire.rs", "use imap::Session;", "imap is at home in mailbox/imap"),
        ("mailbox/mod.rs", "mod imap;\nuse ::imap::Session;", "imap is at home in mailbox/imap"),
        ("newcomer/mod.rs", "", "newcomer has no layer"),
    ];
    for (path, text, expected) in planted {
        let found = faults(path, text);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{path} {text:?}: {found:?}");
    }
}

#[test]
fn what_is_allowed_is_no_fault() {
    let fine = [
        ("run/mod.rs", "use crate::store::Store;\nuse crate::{mailbox, model::ids, policy};"),
        ("cli/desk.rs", "use crate::settings::Settings;"),
        ("store/engine/sqlite.rs", "use rusqlite::Connection;"),
        (
            "mailbox/mod.rs",
            "mod imap;\nfn f() { imap::open() }\n// crate::run is told\n/// [`crate::store`]\n",
        ),
        ("transport/wire/mod.rs", "use native_tls::TlsConnector;\nuse super::imap::Stream;"),
        ("store/desk/mod.rs", "use super::super::engine::Engine;\nuse crate::store::run_count;"),
        ("main.rs", "helpdesk_mail::cli::main()"),
    ];
    for (path, text) in fine {
        assert_eq!(faults(path, text), Vec::<String>::new(), "{path}");
    }
}

/// Every Rust file under `root`, as its path below it and its text.
fn sources(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn faults(path: &str, text: &str) -> Vec<String> {
    if !path.contains('/') {
        return Vec::new();
    }
    let module = path.split('/').next().unwrap();
    let Some(own) = layer(module) else { return vec![format!("src/{path}: {module} has no layer")] };
    let code = without_comments(text);
    let mut faults = Vec::new();
    for (line, used) in used_modules(path, &code) {
        let allowed = used == module || SIDEWAYS.contains(&(module, used.as_str()));
        if layer(&used).is_some_and(|other| other >= own && !allowed) {
            faults.push(format!("src/{path}:{line}: {module} uses {used}, which is not below it"));
        }
    }
    for (name, home) in HOMES.iter().filter(|(_, home)| !is_at_home(path, home)) {
        for line in uses_of_crate(name, &code) {
            faults.push(format!("src/{path}:{line}: {name} is at home in {home}"));
        }
    }
    faults
}

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

fn is_at_home(path: &str, home: &str) -> bool {
    path.strip_prefix(home).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
}

/// Comments are blanked, so that lines keep their numbers; `//` within a text is taken for one, which hides nothing.
fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The modules named after `crate::`, or after as many `super::` as lead to the root.
fn used_modules(path: &str, code: &str) -> Vec<(usize, String)> {
    // `a/b.rs` and `a/b/mod.rs` are both two below the root.
    let depth = path.trim_end_matches("/mod.rs").matches('/').count() + 1;
    let mut found = Vec::new();
    for prefix in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in code.match_indices(&prefix).filter(|(at, _)| !preceded(code, *at)) {
            let line = code[..at].matches('\n').count() + 1;
            let rest = &code[at + prefix.len()..];
            found.extend(first_names(rest).into_iter().map(|name| (line, name)));
        }
    }
    found
}

/// The name at the beginning, or those of the outermost level of a group in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| text.trim_start().chars().take_while(|c| is_word(*c)).collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(name(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(name(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

/// Lines that name the crate; where a module of ours has the name, only `::name` is the crate.
fn uses_of_crate(name: &str, code: &str) -> Vec<usize> {
    let ours = code.lines().any(|line| {
        let line = line
            .trim_start_matches("pub ")
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub(super) ");
        line == format!("mod {name};") || (line.starts_with("use ") && line.contains(&format!("::{name};")))
    });
    let pattern = if ours { format!("::{name}::") } else { format!("{name}::") };
    let statement = format!("use {name};");
    let paths = code.match_indices(&pattern).filter(|(at, _)| !preceded(code, *at)).map(|(at, _)| at);
    let rooted = format!(" ::{name}::");
    let mut lines: Vec<usize> = paths
        .chain(code.match_indices(&statement).map(|(at, _)| at))
        .chain(code.match_indices(&rooted).map(|(at, _)| at))
        .map(|at| code[..at].matches('\n').count() + 1)
        .collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// Whether the path goes on to the left.
fn preceded(code: &str, at: usize) -> bool {
    code[..at].chars().next_back().is_some_and(|c| is_word(c) || c == ':')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
