//! `helpdesk-mail inspect`.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::mailbox::mbox;
use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::parse::{self, Limits};
use crate::{evidence, policy};

use super::context::Context;

pub use crate::model::json::inspection as json;

/// Print as JSON all that is read from one message
///
/// Addresses, subject, ids, text, attachments (with the name that the mail gave where the file could not keep it), kind,
/// and which tickets it names by what evidence. Needs no configuration and no store; signatures cannot be verified
/// without its secret.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The message; "-" is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Inspects.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let bytes = read(&args.file)?;
    let no_message = || {
        Trouble::new(ErrorCode::InputData, format!("{} is not a message", args.file.display()))
            .hint("neither a sender nor a text can be made out")
    };
    if let Some(several) = mbox::split(&bytes).filter(|messages| messages.len() > 1) {
        let what = format!("{} is an mbox of {} messages", args.file.display(), several.len());
        return Err(Trouble::new(ErrorCode::InputData, what).hint("inspect reads one; ingest takes them all"));
    }
    let mail = parse::one(bytes, &Limits::default()).map_err(|_| no_message())?;
    if policy::is_unreadable(&mail) {
        return Err(no_message());
    }
    context.out.json(&json(&mail, &evidence::unverified(&mail)));
    Ok(Exit::Ok)
}

/// The most that is read at once: it is held in memory, and the store takes no more than twice that.
const LARGEST: u64 = 500_000_000;

/// The octets of a file, or of standard input for `-`.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|open| open.take(LARGEST + 1).read_to_end(&mut bytes))
    };
    match read {
        Ok(octets) if octets as u64 > LARGEST => {
            let what = format!("{} is larger than {LARGEST} octets", file.display());
            Err(Trouble::new(ErrorCode::InputData, what)
                .hint("a large mbox is read by a mailbox of that type"))
        }
        Ok(_) => Ok(bytes),
        Err(error) => {
            let name = file.display();
            let what = if error.kind() == ErrorKind::NotFound {
                format!("there is no file {name}")
            } else {
                format!("cannot read {name}")
            };
            Err(Trouble::new(ErrorCode::InputMissing, what).because(error))
        }
    }
}
