//! What `check` tells of hooks. None is called.

use super::output::escape;
use crate::hook::{Hook, HookError};
use crate::model::trouble::{ErrorCode, Trouble, with_causes};
use crate::settings::Settings;

/// Who listens to what, a line each.
pub(super) fn settings(settings: &Settings) -> Vec<String> {
    let line = |hook: &Hook| format!("hook {} listens to {}", escape::line(&hook.name), hook.event);
    settings.plan.hooks.iter().map(line).collect()
}

/// Sees whether programs are there and secrets can be had.
///
/// Errors: `config.invalid` with a line for each that could not be called.
pub(super) fn check(settings: &Settings) -> Result<(), Trouble> {
    let troubles: Vec<HookError> = settings.plan.hooks.iter().filter_map(|hook| hook.check().err()).collect();
    if troubles.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = troubles.iter().map(|error| with_causes(error)).collect();
    let trouble = Trouble::new(ErrorCode::ConfigInvalid, lines.join("\n"));
    Err(match troubles.into_iter().find_map(|error| Trouble::from(error).hint) {
        Some(hint) => trouble.hint(hint),
        None => trouble,
    })
}
