//! Whether the files of a store lie in the memory of the machine or on its disk alone.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::Result;
use rustix::fs::{Advice, fadvise, sync};

/// Where the stores are read from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The cache of the system, as with stores in daily use on a machine with room for them.
    Memory,
    /// The disk.
    Disk,
}

/// Has all files below a directory in memory, or none.
pub fn place(directory: &Path, source: Source) -> Result<()> {
    if source == Source::Disk {
        // What is not written yet cannot be forgotten.
        sync();
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            place(&entry.path(), source)?;
        } else if kind.is_file() {
            // A server may remove a file meanwhile.
            let Ok(mut file) = File::open(entry.path()) else { continue };
            match source {
                Source::Memory => drop(io::copy(&mut file, &mut io::sink())?),
                Source::Disk => fadvise(&file, 0, None, Advice::DontNeed)?,
            }
        }
    }
    Ok(())
}
