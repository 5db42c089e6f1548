//! `helpdesk-mail confine`: what a run starts to become the program of a hook, so that its memory is bounded before it begins.
//!
//! A limit that is set from outside comes a moment late: what a program starts first has got away by then.

use std::convert::Infallible;
use std::env;
use std::ffi::{CString, NulError, OsString};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use nix::unistd::execve;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::SIGPIPE;
use signal_hook::flag;

use crate::model::exit::Exit;
use crate::model::trouble::ErrorCode;

/// Bound this process and become another program
///
/// For the program itself, which runs hooks so.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The most that it may write to, in octets
    #[arg(long)]
    pub memory: u64,

    /// The program and its arguments
    #[arg(last = true, required = true)]
    pub program: Vec<OsString>,
}

/// Becomes the program; why that cannot be is told in one line, as whoever runs the hook reads it.
pub(crate) fn run(args: &Args) -> Exit {
    let Err(error) = become_it(&args.program, args.memory);
    let file = args.program.first().map(|file| file.display().to_string()).unwrap_or_default();
    let _ = writeln!(io::stderr().lock(), "{file} cannot be run: {error}");
    ErrorCode::InputMissing.exit()
}

fn become_it(program: &[OsString], memory: u64) -> io::Result<Infallible> {
    // All made before there is no room left for it.
    let arguments = words(program.iter().map(|word| word.as_bytes().to_vec()))?;
    let variables = env::vars_os().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
    let environment = words(variables)?;
    let file = arguments.first().ok_or(io::ErrorKind::NotFound)?;
    // A program of ours ignores this one, and would hand that down; what is caught is not handed down.
    flag::register(SIGPIPE, Arc::default())?;
    // Nothing of a mail is left in a core file.
    limit(Resource::Core, 0)?;
    limit(Resource::Data, memory)?;
    Ok(execve(file, &arguments, &environment)?)
}

fn words(words: impl Iterator<Item = Vec<u8>>) -> Result<Vec<CString>, NulError> {
    words.map(CString::new).collect()
}

/// Lowers a limit for good; one that is lower already stays.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let maximum = getrlimit(resource).maximum.map_or(most, |before| before.min(most));
    Ok(setrlimit(resource, Rlimit { current: Some(maximum), maximum: Some(maximum) })?)
}
