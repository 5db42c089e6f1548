//! `helpdesk-mail quarantine retry`.

use std::time::Instant;

use crate::model::exit::Exit;
use crate::model::trouble::Trouble;
use crate::run::{self, Audience, Mode, Ran, Summary};

use super::context::Context;
use super::desk;
use super::output::listener;
use super::quarantine::Retry;
use super::watch;

/// Takes messages again from the kept copies.
pub(crate) fn run(args: &Retry, context: &mut Context) -> Result<Exit, Trouble> {
    let started = Instant::now();
    let unbegun = |trouble| Summary::unbegun(trouble, Mode::Real, Audience::Scheduler, started);
    retry(args, context).or_else(|trouble| context.unbegun(trouble, unbegun))
}

fn retry(args: &Retry, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings()?;
    let mut companions = desk::acting(&settings, &desk::locks(&settings))?;
    let ids = if args.all {
        companions.store().quarantine()?.into_iter().map(|row| row.id).collect()
    } else {
        args.ids.clone()
    };
    let causes = context.causes();
    let mut listener = listener::of(&mut context.out, context.form, causes);
    let summary = run::retry(&settings.plan, &ids, &mut companions, listener.as_mut())?;
    let _written = watch::alerts(&settings, companions.store(), Ran::of("retry", &summary).as_ref());
    watch::metrics(&settings);
    Ok(summary.exit)
}
