//! `helpdesk-mail outcomes --reconcile`.

use crate::model::exit::Exit;
use crate::model::ids::MailboxName;
use crate::model::trouble::Trouble;
use crate::run;

use super::context::Context;
use super::desk;
use super::output::audit;

/// Holds what lies in the mailboxes against the ledger.
pub(crate) fn run(mailbox: Option<&MailboxName>, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings()?;
    let store = desk::look(&settings.store)?;
    let stop = context.signals.stop();
    let (form, causes) = (context.form, context.causes());
    let mut auditor = audit::of(&mut context.out, form, causes);
    Ok(run::reconcile(&settings.plan, mailbox, &stop, store, auditor.as_mut())?.exit)
}
