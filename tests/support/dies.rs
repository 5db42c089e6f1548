//! Ends the program, as it is shipped, at a chosen step: `dies.c` is loaded before it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use super::desk::Desk;

/// The shim, compiled once by the C compiler that the program itself needs.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/dies.c");
        // Another test run may do the same at this moment.
        let made = folder.join(format!("dies-{}.so", std::process::id()));
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&made).arg(source).arg("-ldl");
        assert!(compiler.status().expect("the tests need a C compiler").success());
        let shim = folder.join("dies.so");
        std::fs::rename(made, &shim).unwrap();
        shim
    })
}

/// The program, which dies at the n-th step; 0 for never. Its children live.
pub fn dying(desk: &Desk, arguments: &[&str], at: u64) -> Command {
    let mut command = desk.command(arguments);
    command.env("LD_PRELOAD", shim()).env("DIES_AT", at.to_string());
    command.env("DIES_COUNT", desk.path("steps")).stdin(Stdio::null());
    command
}

/// The program under a clock that goes wrong by so many seconds.
pub fn shifted(desk: &Desk, arguments: &[&str], seconds: i64) -> Command {
    let mut command = desk.command(arguments);
    command.env("LD_PRELOAD", shim()).env("CLOCK_SHIFT", seconds.to_string()).stdin(Stdio::null());
    command
}

/// How many steps the last run of [`dying`] took that came to its end.
pub fn steps(desk: &Desk) -> u64 {
    std::fs::read_to_string(desk.path("steps")).unwrap().parse().unwrap()
}

/// Whether a run died of `abort()`.
pub fn aborted(output: &Output) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&output.status) == Some(6)
}

/// On what a program under the shim chokes when it reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Poison {
    /// The process aborts.
    Abort,
    /// The stack overflows.
    Stack,
    /// Memory is used up.
    Memory,
    /// It is killed, as if from outside.
    Kill,
    /// The process aborts as soon as it fetches the message.
    Fetch,
}

impl Poison {
    /// A body that makes the reader ask for an amount of memory that the shim waits for, or that it knows by its words.
    pub fn body(self) -> String {
        let size = match self {
            Self::Abort => 300_500,
            Self::Stack => 310_500,
            Self::Memory => 320_500,
            Self::Kill => 330_500,
            Self::Fetch => return "Whoever fetches this letter reads no other.\r\n".repeat(10),
        };
        let line = "It is a long way to the end of this letter, and no reader ever came there.\r\n";
        line.repeat(size / line.len() + 1)
    }
}

/// The program, which chokes on poison and has no more than 4 GB of memory; its children likewise.
pub fn choking(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    command.env_clear().args(["-c", "ulimit -v 4000000; LD_PRELOAD=$SHIM CHOKES=1 exec \"$@\"", "sh"]);
    command.arg(env!("CARGO_BIN_EXE_helpdesk-mail")).arg("--config").arg(desk.path("desk.toml"));
    command.args(arguments).env("SHIM", shim()).stdin(Stdio::null());
    command
}
