//! Where the configuration is looked for. Never in the working directory: it may be a stranger's.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Environment;
use super::problem::{MISSING_HINT, UNREADABLE_HINT};
use crate::model::trouble::{ErrorCode, Trouble};

/// The file of the whole machine.
pub const SYSTEM_FILE: &str = "/etc/helpdesk-mail/helpdesk-mail.toml";

/// Finds the configuration: what was given, else `$HELPDESK_MAIL_CONFIG`, else the user's, else the machine's.
///
/// A file that was named is taken as named, also if it is not there. Errors: `config.missing`.
pub fn locate(given: Option<&Path>, environment: &Environment<'_>) -> Result<PathBuf, Trouble> {
    locate_before(given, environment, Path::new(SYSTEM_FILE))
}

/// The user's own file, `$XDG_CONFIG_HOME/helpdesk-mail/helpdesk-mail.toml`; `None` without a home.
pub fn user_file(environment: &Environment<'_>) -> Option<PathBuf> {
    // The XDG base directory specification: a relative path is to be ignored.
    let absolute = |text: OsString| Some(PathBuf::from(text)).filter(|path| path.is_absolute());
    let directory = environment("XDG_CONFIG_HOME")
        .and_then(absolute)
        .or_else(|| environment("HOME").and_then(absolute).map(|home| home.join(".config")))?;
    Some(directory.join("helpdesk-mail").join("helpdesk-mail.toml"))
}

fn locate_before(
    given: Option<&Path>,
    environment: &Environment<'_>,
    system: &Path,
) -> Result<PathBuf, Trouble> {
    let named = given
        .map(Path::to_owned)
        .or_else(|| environment("HELPDESK_MAIL_CONFIG").filter(|text| !text.is_empty()).map(PathBuf::from));
    if let Some(file) = named {
        return Ok(file);
    }
    let user = user_file(environment);
    // A home that cannot be searched is not ours; its file is not either.
    if let Some(file) = user.iter().map(PathBuf::as_path).chain([system]).find(|file| file.exists()) {
        return Ok(file.to_owned());
    }
    let files: Vec<&Path> = user.iter().map(PathBuf::as_path).chain([system]).collect();
    Err(missing(&files))
}

/// None of these could be taken: each is not there, or nobody lets us see whether it is.
fn missing(files: &[&Path]) -> Trouble {
    let mut hidden = None;
    let mut looked = Vec::new();
    for file in files {
        match file.try_exists() {
            // A home that is a file, /dev/null for instance, holds nothing.
            Err(error) if error.kind() != ErrorKind::NotADirectory => {
                looked.push(format!("{} cannot be read", file.display()));
                hidden.get_or_insert(error);
            }
            Ok(_) | Err(_) => looked.push(format!("{} is not there", file.display())),
        }
    }
    let said = match (files, &hidden) {
        ([user, system], None) => format!("neither {} nor {} is there", user.display(), system.display()),
        _ => looked.join(", "),
    };
    let trouble = Trouble::new(ErrorCode::ConfigMissing, format!("no configuration: {said}"));
    match hidden {
        Some(error) => trouble.hint(UNREADABLE_HINT).because(error),
        None => trouble.hint(MISSING_HINT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(directory: &Path) -> (PathBuf, PathBuf) {
        let user = directory.join("home/.config/helpdesk-mail/helpdesk-mail.toml");
        let system = directory.join("system.toml");
        (user, system)
    }

    #[test]
    fn the_first_of_option_variable_user_and_system_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        let (user, system) = within(directory.path());
        let home = directory.path().join("home");
        let environment = |name: &str| (name == "HOME").then(|| home.clone().into_os_string());
        let with_variable = |name: &str| match name {
            "HELPDESK_MAIL_CONFIG" => Some("/named".into()),
            other => environment(other),
        };

        let trouble = locate_before(None, &environment, &system).unwrap_err();
        assert_eq!(trouble.code, ErrorCode::ConfigMissing);
        let expected =
            format!("no configuration: neither {} nor {} is there", user.display(), system.display());
        assert_eq!(trouble.message, expected);

        std::fs::write(&system, "").unwrap();
        assert_eq!(locate_before(None, &environment, &system).unwrap(), system);
        std::fs::create_dir_all(user.parent().unwrap()).unwrap();
        std::fs::write(&user, "").unwrap();
        assert_eq!(locate_before(None, &environment, &system).unwrap(), user);
        assert_eq!(locate_before(None, &with_variable, &system).unwrap(), Path::new("/named"));
        assert_eq!(locate_before(Some(Path::new("g")), &with_variable, &system).unwrap(), Path::new("g"));
    }

    #[test]
    fn a_file_that_cannot_be_seen_is_not_said_to_be_missing() {
        let directory = tempfile::tempdir().unwrap();
        let (user, system) = within(directory.path());
        let home = directory.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let environment = |name: &str| (name == "HOME").then(|| home.clone().into_os_string());
        // Root may search every directory, but not a link to itself.
        std::os::unix::fs::symlink(".config", home.join(".config")).unwrap();
        let trouble = locate_before(None, &environment, &system).unwrap_err();
        let expected =
            format!("no configuration: {} cannot be read, {} is not there", user.display(), system.display());
        assert_eq!((trouble.code, trouble.message.as_str()), (ErrorCode::ConfigMissing, expected.as_str()));
        assert!(trouble.hint.is_some_and(|hint| hint.contains("may read")) && trouble.source.is_some());
        std::fs::write(&system, "").unwrap();
        assert_eq!(locate_before(None, &environment, &system).unwrap(), system);

        let nowhere = |name: &str| (name == "HOME").then(|| "/dev/null".into());
        std::fs::remove_file(&system).unwrap();
        let trouble = locate_before(None, &nowhere, &system).unwrap_err();
        assert!(trouble.message.starts_with("no configuration: neither /dev/null/"), "{}", trouble.message);
    }

    #[test]
    fn xdg_config_home_goes_before_home_unless_it_is_relative() {
        let environment = |xdg: &'static str| {
            move |name: &str| match name {
                "XDG_CONFIG_HOME" => Some(OsString::from(xdg)),
                "HOME" => Some("/home/anna".into()),
                _ => None,
            }
        };
        let in_home = "/home/anna/.config/helpdesk-mail/helpdesk-mail.toml";
        for (xdg, expected) in
            [("/x", "/x/helpdesk-mail/helpdesk-mail.toml"), ("", in_home), ("here", in_home)]
        {
            assert_eq!(user_file(&environment(xdg)).unwrap(), Path::new(expected), "{xdg:?}");
        }
        assert_eq!(user_file(&|_| None), None);
    }
}
