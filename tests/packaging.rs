//! What `packaging/` holds fits the program, the manifest and README.md; `cargo xtask package` tries the package itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use helpdesk_mail::model::exit::Exit;
use serde_json::Value;

const PROGRAM: &str = "/usr/bin/helpdesk-mail";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// Every file beneath a folder of `packaging/`.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("packaging").join(folder)).unwrap();
    let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{folder}");
    files
}

fn units(end: &str) -> Vec<PathBuf> {
    let units = files("systemd").into_iter().filter(|unit| unit.extension().unwrap() == end);
    let units: Vec<PathBuf> = units.collect();
    assert!(units.len() >= 2, "{end}");
    units
}

/// The package as cargo reads Cargo.toml.
fn manifest() -> Value {
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(root());
    let told: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let packages = told["packages"].as_array().unwrap();
    packages.iter().find(|package| package["name"] == "helpdesk-mail").unwrap().clone()
}

/// The sources of the package's files: paths and patterns.
fn sources() -> Vec<String> {
    let manifest = manifest();
    let assets = manifest["metadata"]["deb"]["assets"].as_array().unwrap();
    assets.iter().map(|asset| asset[0].as_str().unwrap().to_owned()).collect()
}

/// Whether a pattern of the manifest names the file: in the last part one `*` stands for anything.
fn names(pattern: &str, file: &Path) -> bool {
    let pattern = root().join(pattern);
    let (Some(wanted), Some(name)) = (pattern.file_name(), file.file_name()) else { return false };
    let (wanted, name) = (wanted.to_str().unwrap(), name.to_str().unwrap());
    let fits = match wanted.split_once('*') {
        Some((begin, end)) => {
            name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
        }
        None => wanted == name,
    };
    pattern.parent() == file.parent() && fits
}

/// Runs a tool; `None` where there is none.
fn tool(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_file_that_the_manifest_names_is_there_and_every_file_here_is_named() {
    let sources = sources();
    for source in sources.iter().filter(|source| !source.starts_with("target/")) {
        let folder = root().join(source).parent().unwrap().to_owned();
        let mut there = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        assert!(there.any(|file| names(source, &file)), "{source}");
    }
    for file in ["systemd", "cron", "logrotate", "examples"].into_iter().flat_map(files) {
        assert!(sources.iter().any(|source| names(source, &file)), "{} is in no package", file.display());
    }
    for page in fs::read_dir(root().join("man")).unwrap().map(|entry| entry.unwrap().path()) {
        assert!(sources.iter().any(|source| names(source, &page)), "{} is in no package", page.display());
    }
}

#[test]
fn what_is_made_before_packing_is_what_the_manifest_names() {
    let build = read("tests/xtask/src/package/build.rs");
    let made: Vec<String> = sources()
        .into_iter()
        .filter_map(|it| Some(it.strip_prefix("target/package/files/")?.to_owned()))
        .collect();
    assert_eq!(made.len(), 4);
    for name in made {
        assert!(build.contains(&format!("(\"{name}\", ")), "{name}");
    }
}

#[test]
fn every_command_of_a_unit_and_of_the_crontab_is_one_of_the_program() {
    let mut lines: Vec<String> = Vec::new();
    for service in units("service") {
        let text = read(service);
        lines.push(text.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap().to_owned());
    }
    let cron = read("packaging/cron/helpdesk-mail");
    let commands = cron.lines().filter_map(|line| Some(line.split_once(" helpdesk-mail  ")?.1));
    lines.extend(commands.map(|command| command.replace(" >/dev/null", "")));
    assert!(lines.len() >= 6);
    for line in lines {
        let arguments = line.strip_prefix(PROGRAM).unwrap().split_whitespace();
        let output = Command::new(env!("CARGO_BIN_EXE_helpdesk-mail")).args(arguments).arg("--help").output();
        assert!(output.unwrap().status.success(), "{line}");
    }
}

/// The line that cron runs.
fn crontab() -> String {
    read("packaging/cron/helpdesk-mail").lines().find(|line| line.starts_with("*/5")).unwrap().to_owned()
}

#[test]
fn the_crontab_is_the_one_of_the_readme() {
    assert!(read("README.md").lines().any(|line| line == crontab()), "{}", crontab());
}

#[test]
fn each_timer_has_its_service_and_no_service_fails_for_what_passes_by_itself() {
    for timer in units("timer") {
        assert!(timer.with_extension("service").exists(), "{}", timer.display());
    }
    let forgiven = format!("\nSuccessExitStatus={}\n", Exit::Temporary.code());
    for service in units("service") {
        let text = read(&service);
        assert!(text.contains(&forgiven), "{}", service.display());
        assert!(text.contains("\nConditionPathExists=/etc/helpdesk-mail/helpdesk-mail.toml\n"));
    }
}

#[test]
fn all_services_have_one_sandbox() {
    let sandbox = |service: &PathBuf| read(service).split_once("\nUser=").unwrap().1.to_owned();
    let sandboxes: Vec<String> = units("service").iter().map(sandbox).collect();
    assert!(sandboxes.iter().all(|sandbox| *sandbox == sandboxes[0]));
}

#[test]
fn systemd_finds_no_fault_in_the_units_and_a_narrow_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let copies: Vec<PathBuf> = files("systemd")
        .into_iter()
        .map(|unit| {
            let copy = folder.path().join(unit.file_name().unwrap());
            // The verifier looks for the program.
            fs::write(&copy, read(unit).replace(PROGRAM, env!("CARGO_BIN_EXE_helpdesk-mail"))).unwrap();
            copy
        })
        .collect();
    // What is shown as an example stands in the service as an administrator would put it there.
    let drop_ins = folder.path().join("helpdesk-mail.service.d");
    fs::create_dir(&drop_ins).unwrap();
    for example in files("examples") {
        let name = example.file_name().unwrap().to_str().unwrap();
        let place = format!("# /etc/systemd/system/helpdesk-mail.service.d/{name}");
        assert!(read(&example).starts_with(&place), "{name}");
        fs::copy(&example, drop_ins.join(name)).unwrap();
    }
    let mut verify = Command::new("systemd-analyze");
    let Some(output) = tool(verify.args(["verify", "--man=no"]).args(copies)) else { return };
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !told.contains(folder.path().to_str().unwrap()), "{told}");
    for service in units("service") {
        let mut security = Command::new("systemd-analyze");
        security.args(["security", "--offline=true", "--threshold=30", "--no-pager"]).arg(&service);
        let output = security.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn the_scripts_are_ones_that_a_shell_can_read() {
    for script in files("debian/scripts") {
        let output = Command::new("sh").arg("-n").arg(&script).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(read(script).contains("\nset -e\n"));
    }
}

#[test]
fn the_package_has_the_version_of_the_program() {
    let version = manifest()["version"].as_str().unwrap().to_owned();
    let changelog = read("packaging/debian/changelog");
    assert!(changelog.starts_with(&format!("helpdesk-mail ({version}-1) ")), "{version}");
}
