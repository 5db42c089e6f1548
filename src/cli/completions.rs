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

#[cfg(test)]
mod tests {
    use super::*;

    /// The help of each value that an argument may have, at whatever depth.
    fn helps(command: &clap::Command) -> Vec<String> {
        let values = command.get_arguments().flat_map(clap::Arg::get_possible_values);
        let own = values.filter_map(|value| value.get_help().map(ToString::to_string));
        own.chain(command.get_subcommands().flat_map(helps)).collect()
    }

    /// fish reads a script that stumbles not at all, and clap_complete 4.6 quotes these in nothing.
    #[test]
    fn no_help_of_a_value_breaks_the_script_of_fish() {
        let helps = helps(&Cli::command());
        assert!(helps.len() > 5, "{helps:?}");
        for help in helps {
            assert!(!help.contains(['"', '$', '\\', '`']), "{help}");
        }
    }
}
