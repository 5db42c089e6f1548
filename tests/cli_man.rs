//! Completions and man pages.

use tempfile::tempdir;

use crate::cli_place::bare;

#[test]
fn every_shell_gets_completions() {
    let home = tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = bare(home.path()).args(["completions", shell]).assert().code(0).get_output().clone();
        assert!(String::from_utf8(output.stdout).unwrap().contains("quarantine"), "{shell}");
    }
}

#[test]
fn man_prints_the_page_or_writes_all_pages() {
    let home = tempdir().unwrap();
    let printed = bare(home.path()).arg("man").assert().code(0).get_output().stdout.clone();
    assert!(printed.starts_with(b".ie") || printed.starts_with(b".TH"));
    bare(home.path()).args(["man", "--output", "pages"]).assert().code(0);
    assert_eq!(std::fs::read(home.path().join("pages/helpdesk-mail.1")).unwrap(), printed);
    for name in ["helpdesk-mail.toml.5", "helpdesk-mail-schema.5"] {
        assert!(std::fs::metadata(home.path().join("pages").join(name)).unwrap().len() > 1000, "{name}");
    }
}
