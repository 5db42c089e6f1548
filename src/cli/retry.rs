//! `helpdesk-mail quarantine retry`.

use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};

use super::context::Context;
use super::output::listener;
use super::quarantine::Retry;

/// Takes messages again from the kept copies.
pub(crate) fn run(_args: &Retry, context: &mut Context) -> Result<Exit, Trouble> {
    let _settings = context.settings()?;
    let causes = context.causes();
    let _listener = listener::of(&mut context.out, context.form, causes);
    Err(Trouble::new(ErrorCode::Internal, "quarantine retry is not built in yet"))
}
