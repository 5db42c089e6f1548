//! Reads the directory of the overrides: its own files and those of a subdirectory for each queue, no deeper.
//!
//! Nothing outside of it is read: a link that leads out is refused. What cannot be read is told by `check`, and the
//! built-in template stands in for it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Larger than any template or image of a mail.
const LARGEST: u64 = 1_000_000;

/// The directory of the overrides cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the directory of templates {} cannot be read", directory.display())]
pub struct TemplateError {
    /// The directory.
    pub directory: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// A file of the directory.
#[derive(Debug)]
pub(super) struct File {
    /// The subdirectory that it stands in.
    pub(super) folder: Option<String>,
    /// Its name.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// What is in it, or why that cannot be had.
    pub(super) content: Result<Vec<u8>, String>,
}

/// All files, in the order of their names.
pub(super) fn read(directory: &Path) -> Result<Vec<File>, TemplateError> {
    let unreadable = |source| TemplateError { directory: directory.to_owned(), source };
    let root = directory.canonicalize().map_err(unreadable)?;
    let mut files = Vec::new();
    for (name, path) in entries(directory).map_err(unreadable)? {
        if path.is_dir() {
            match entries(&path) {
                Ok(within) => {
                    files.extend(within.into_iter().filter(|(_, path)| !path.is_dir()).map(|(own, path)| {
                        let content = content(&root, &path);
                        File { folder: Some(name.clone()), name: own, path, content }
                    }));
                }
                Err(error) => {
                    let content = Err(format!("it cannot be read: {error}"));
                    files.push(File { folder: None, name, path, content });
                }
            }
        } else {
            let content = content(&root, &path);
            files.push(File { folder: None, name, path, content });
        }
    }
    Ok(files)
}

/// What is in a directory by name, without hidden files and the copies that editors leave.
fn entries(directory: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // A name that is not UTF-8 is no template's.
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
            && !name.ends_with('~')
        {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn content(root: &Path, path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: io::Error| format!("it cannot be read: {error}");
    let real = path.canonicalize().map_err(unreadable)?;
    if !real.starts_with(root) {
        return Err("it leads out of the directory of templates".to_owned());
    }
    if !real.is_file() {
        return Err("it is no file".to_owned());
    }
    let mut octets = Vec::new();
    fs::File::open(&real)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut octets))
        .map_err(unreadable)?;
    if octets.len() as u64 > LARGEST {
        return Err("it is larger than 1 MB".to_owned());
    }
    Ok(octets)
}
