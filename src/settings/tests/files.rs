//! Files on the disk: who may have written them, and what `init` leaves.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::super::{Settings, init, load, template};
use super::empty;
use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};

fn written(directory: &Path, mode: u32) -> PathBuf {
    let file = directory.join("helpdesk-mail.toml");
    fs::write(&file, template()).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    file
}

fn trouble(result: Result<Settings, super::Invalid>) -> Trouble {
    result.expect_err("the file is refused").into()
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    for mode in [0o600, 0o640, 0o644, 0o400] {
        let directory = tempfile::tempdir().unwrap();
        load(&written(directory.path(), mode), &empty)
            .unwrap_or_else(|invalid| panic!("{mode:o}: {invalid}"));
    }
    for mode in [0o620, 0o602, 0o666] {
        let directory = tempfile::tempdir().unwrap();
        let file = written(directory.path(), mode);
        let trouble = trouble(load(&file, &empty));
        assert_eq!((trouble.code, trouble.code.exit()), (ErrorCode::ConfigPermissions, Exit::Config));
        let expected = format!("{}: refused: others may write it (mode {mode:04o})", file.display());
        assert_eq!(trouble.message, expected);
    }
}

#[test]
fn a_missing_file_leads_to_init() {
    let trouble = trouble(load(Path::new("/nowhere/helpdesk-mail.toml"), &empty));
    assert_eq!(trouble.code, ErrorCode::ConfigMissing);
    assert_eq!(trouble.message, "/nowhere/helpdesk-mail.toml: there is no such file");
    assert!(trouble.hint.as_deref().unwrap().contains("`helpdesk-mail init`"));
    assert!(trouble.detail().contains("No such file"));
}

#[test]
fn a_directory_and_a_flood_are_no_configurations() {
    let directory = tempfile::tempdir().unwrap();
    let directory_itself = trouble(load(directory.path(), &empty));
    // The directory of tempfile is 0700, so that only its kind is wrong.
    assert_eq!(directory_itself.code, ErrorCode::ConfigMissing);
    assert!(directory_itself.message.ends_with(": it cannot be read"), "{directory_itself}");
    assert!(!directory_itself.hint.as_deref().unwrap().contains("init"));
    let file = directory.path().join("large");
    fs::write(&file, vec![b'#'; 4_000_001]).unwrap();
    let flood = trouble(load(&file, &empty));
    assert_eq!(flood.code, ErrorCode::ConfigInvalid);
    assert!(flood.message.ends_with("larger than 4MB: not a configuration"));
}

#[test]
fn paths_start_at_the_directory_of_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let settings = load(&written(directory.path(), 0o600), &empty).unwrap();
    assert_eq!(settings.store.file().unwrap(), directory.path().join("helpdesk-mail.db"));
    assert_eq!(settings.file, directory.path().join("helpdesk-mail.toml"));
}

#[test]
fn a_password_file_that_everyone_may_read_is_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("support.password");
    fs::write(&secret, "hunter2").unwrap();
    let file = written(directory.path(), 0o600);
    for (mode, count) in [(0o600, 0), (0o640, 0), (0o644, 1)] {
        fs::set_permissions(&secret, Permissions::from_mode(mode)).unwrap();
        assert_eq!(load(&file, &empty).unwrap().warnings.len(), count, "{mode:o}");
    }
}

#[test]
fn init_writes_a_private_file_and_never_overwrites() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("new.toml");
    init(&file).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), template());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);

    fs::write(&file, "mine").unwrap();
    let trouble = init(&file).unwrap_err();
    assert_eq!((trouble.code, trouble.code.exit()), (ErrorCode::OutputExists, Exit::CantCreate));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    let trouble = init(&directory.path().join("no/new.toml")).unwrap_err();
    assert_eq!((trouble.code, trouble.code.exit()), (ErrorCode::OutputIo, Exit::Io));
    assert_eq!(trouble.hint, Some(format!("mkdir -p {}", directory.path().join("no").display())));
}
