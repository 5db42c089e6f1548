//! What every command is given: the options of all, standard output, and how to get at settings and store.

use std::path::PathBuf;

use crate::model::exit::Exit;
use crate::model::trouble::Trouble;

use super::args::Globals;
use super::desk;
use super::failure::{self, Causes, Report};
use super::output::{Form, Out};

/// What every command is given.
pub struct Context {
    pub(crate) globals: Globals,
    /// Standard output.
    pub(crate) out: Out,
    /// JSON lines or text.
    pub(crate) form: Form,
}

impl Context {
    pub(crate) fn new(globals: Globals, form: Form) -> Self {
        let out = Out::stdout(globals.color);
        Self { globals, out, form }
    }

    /// Whether the causes of errors are told.
    pub(crate) fn causes(&self) -> Causes {
        if self.globals.verbose > 0 { Causes::Told } else { Causes::Left }
    }

    /// Finds and reads the configuration, and logs its warnings.
    pub(crate) fn settings(&self) -> Result<desk::Settings, Trouble> {
        let settings = desk::settings(&self.config_file()?)?;
        for warning in &settings.warnings {
            log::warn!("{warning}");
        }
        Ok(settings)
    }

    /// The configuration file that the command speaks of.
    pub(crate) fn config_file(&self) -> Result<PathBuf, Trouble> {
        desk::locate(self.globals.config.as_deref())
    }

    /// Opens the store of the configuration.
    pub(crate) fn store(&self) -> Result<desk::Store, Trouble> {
        desk::open(&self.settings()?.store)
    }

    /// Tells of a failure and gives the exit code of the command.
    pub(crate) fn end(mut self, result: Result<Exit, Trouble>) -> Exit {
        let written = self.out.finish();
        let report =
            Report { form: self.form, causes: self.causes(), palette: failure::palette(self.globals.color) };
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
