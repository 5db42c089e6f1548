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

/// What bash offers at the end of a line, by the script itself.
fn offered_by_bash(script: &std::path::Path, line: &str) -> String {
    let ask = r#"source "$0"; words=($*); [[ $* = *' ' ]] && words+=(''); last=${#words[@]}
        COMP_WORDS=("${words[@]}"); COMP_CWORD=$((last - 1))
        $(complete -p helpdesk-mail | sed 's/.*-F \([^ ]*\).*/\1/') helpdesk-mail "${words[last-1]}" "${words[last-2]}"
        echo "${COMPREPLY[@]}""#;
    let output = std::process::Command::new("bash").args(["-c", ask]).arg(script).arg(line).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn bash_completes_commands_options_and_words() {
    let home = tempdir().unwrap();
    let script = home.path().join("completions");
    let output = bare(home.path()).args(["completions", "bash"]).assert().code(0).get_output().clone();
    std::fs::write(&script, output.stdout).unwrap();
    for (line, offer) in [
        ("helpdesk-mail tick", "ticket"),
        ("helpdesk-mail fetch --dr", "--dry-run"),
        ("helpdesk-mail -v outcomes reset --ma", "--mailbox"),
        ("helpdesk-mail outcomes --outcome cr", "created"),
        ("helpdesk-mail ticket list --status reop", "reopened"),
        ("helpdesk-mail ticket m", "merge"),
    ] {
        assert_eq!(offered_by_bash(&script, line), offer, "{line}");
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
