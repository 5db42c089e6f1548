//! `helpdesk-mail completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::model::exit::Exit;
use crate::model::trouble::Trouble;

use super::args::Cli;
use super::context::Context;

/// Print shell completions
///
/// For bash, for instance: helpdesk-mail completions bash > /etc/bash_completion.d/helpdesk-mail
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints them.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "helpdesk-mail", &mut script);
    context.out.bytes(&script);
    Ok(Exit::Ok)
}
