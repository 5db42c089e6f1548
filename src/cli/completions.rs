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
    if args.shell == Shell::Bash {
        // clap_complete 4.6 takes the hyphen of our name for a step to a sub-command, at the end of the road only.
        script = String::from_utf8_lossy(&script).replace("helpdesk__subcmd__mail", "helpdesk__mail").into();
    }
    context.out.bytes(&script);
    Ok(Exit::Ok)
}
