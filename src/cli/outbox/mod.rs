//! `helpdesk-mail outbox`: notifications.

mod preview;

use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::outbox::{Problem, TemplateError, Templates};
use crate::settings::Settings;

use super::context::Context;

/// Look at notifications
#[derive(Debug, Clone, clap::Args)]
#[command(subcommand_required = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with notifications.
#[derive(Debug, Clone, clap::Subcommand)]
#[allow(missing_docs, reason = "the argument structs' own comments are the help")]
pub enum Action {
    Preview(preview::Args),
}

/// Does it.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    match &args.action {
        Action::Preview(args) => preview::run(args, context),
    }
}

/// The templates that are configured.
pub(crate) fn templates(settings: &Settings) -> Result<Templates, Trouble> {
    Templates::load(&settings.templates).map_err(|error| {
        let TemplateError { directory, source } = error;
        Trouble::new(ErrorCode::ConfigInvalid, format!("no templates can be read in {}", directory.display()))
            .hint("\"templates\" in [outbox] names a directory; without it the built-in ones are used")
            .because(source)
    })
}

/// Tries every template of the directory.
///
/// Errors: `config.invalid` with a line for everything that is wrong.
pub(crate) fn check(settings: &Settings) -> Result<(), Trouble> {
    let queues: Vec<_> = settings.plan.queues.iter().map(|queue| queue.slug.clone()).collect();
    let problems = templates(settings)?.check(&queues);
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    let hint = "until they are mended the built-in templates stand in for them; see TEMPLATES in helpdesk-mail.toml(5)";
    Err(Trouble::new(ErrorCode::ConfigInvalid, lines.join("\n")).hint(hint))
}
