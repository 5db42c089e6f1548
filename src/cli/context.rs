//! What every command is given: the options of all, standard output, and how to get at settings and store.

use std::path::{Path, PathBuf};

use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::run::Summary;
use crate::settings::Settings;
use crate::store::{self, Store};

use super::args::Globals;
use super::desk;
use super::failure::{self, Causes, Report};
use super::output::{Form, Out, listener};
use super::signals::Watch;

/// What every command is given.
pub struct Context {
    pub(crate) globals: Globals,
    /// Standard output.
    pub(crate) out: Out,
    /// JSON lines or text.
    pub(crate) form: Form,
    /// What becomes of signals.
    pub(crate) signals: Watch,
}

impl Context {
    pub(crate) fn new(globals: Globals, form: Form) -> Self {
        let out = Out::stdout(globals.color);
        Self { globals, out, form, signals: Watch::begin() }
    }

    /// Whether the causes of errors are told.
    pub(crate) fn causes(&self) -> Causes {
        if self.globals.verbose > 0 { Causes::Told } else { Causes::Left }
    }

    /// Finds and reads the configuration.
    pub(crate) fn settings(&self) -> Result<Settings, Trouble> {
        desk::settings(&self.config_file()?)
    }

    /// The configuration with its warnings logged, for the commands that cron and people run to hear them.
    pub(crate) fn settings_with_warnings(&self) -> Result<Settings, Trouble> {
        let settings = self.settings()?;
        settings.warnings.iter().for_each(|warning| log::warn!("{warning}"));
        Ok(settings)
    }

    /// The configuration file that the command speaks of.
    pub(crate) fn config_file(&self) -> Result<PathBuf, Trouble> {
        desk::locate(self.globals.config.as_deref())
    }

    /// The store, to list what is in it; `None` before the first run.
    pub(crate) fn look(&self) -> Result<Option<Store>, Trouble> {
        desk::look(&self.settings()?.store)
    }

    /// The store, to look at one thing in it.
    pub(crate) fn store(&self) -> Result<Store, Trouble> {
        let config = self.settings()?.store;
        desk::look(&config)?.ok_or_else(|| no_store(&config))
    }

    /// The store, to change something in it.
    pub(crate) fn store_to_change(&self) -> Result<Store, Trouble> {
        let config = self.settings()?.store;
        // Not by looking: a store that is older than the program is upgraded here.
        if config.file().is_none_or(Path::exists) { desk::open(&config) } else { Err(no_store(&config)) }
    }

    /// The end of a run that could not begin: a program that reads JSON lines gets its summary all the same.
    pub(crate) fn unbegun(
        &mut self,
        trouble: Trouble,
        sum_up: impl FnOnce(Trouble) -> Summary,
    ) -> Result<Exit, Trouble> {
        if self.form == Form::Human {
            return Err(trouble);
        }
        Report { form: Form::Human, ..self.report() }.failure(&trouble);
        let summary = sum_up(trouble);
        let causes = self.causes();
        listener::of(&mut self.out, self.form, causes).summary(&summary);
        Ok(summary.exit)
    }

    fn report(&self) -> Report {
        let palette = failure::palette(self.globals.color);
        Report { form: self.form, causes: self.causes(), palette }
    }

    /// Tells of a failure and gives the exit code of the command.
    pub(crate) fn end(mut self, result: Result<Exit, Trouble>) -> Exit {
        let written = self.out.finish();
        let report = self.report();
        let tell = |trouble: Trouble| {
            report.failure(&trouble);
            trouble.code.exit()
        };
        let exit = result.unwrap_or_else(tell);
        match written {
            Ok(()) => exit,
            Err(trouble) => exit.worse(tell(trouble)),
        }
    }
}

fn no_store(config: &store::Config) -> Trouble {
    Trouble::new(ErrorCode::InputMissing, format!("there is no store {} yet", config.shown()))
        .hint("the first \"helpdesk-mail fetch\" makes it")
}
