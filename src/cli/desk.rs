//! The way from a command to settings, store and mailboxes.

use std::path::{Path, PathBuf};

use crate::evidence::Signer;
use crate::mailbox;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::run::{
    self, Acting, Attachments, Courier, Errand, EventErrand, EventHearer, EventSum, Hearer, Locks,
    MailOffice, Outbox, OutboxPlan, Post, Prober, Rehearsing, Sent,
};
use crate::settings::{self, Settings};
use crate::store::{self, Store, StoreError};

use super::environment::variable;

/// Where the configuration is.
pub(crate) fn locate(given: Option<&Path>) -> Result<PathBuf, Trouble> {
    settings::locate(given, &variable)
}

/// Reads the configuration.
pub(crate) fn settings(file: &Path) -> Result<Settings, Trouble> {
    Ok(settings::load(file, &variable)?)
}

/// The user's own configuration file, if there is a home for it.
pub(crate) fn user_file() -> Option<PathBuf> {
    settings::user_file(&variable)
}

/// Opens the store to change it; a new one is made where there is none.
pub(crate) fn open(config: &store::Config) -> Result<Store, Trouble> {
    Ok(Store::open(config)?)
}

/// Opens the store to look at it; `None` where there is none.
pub(crate) fn look(config: &store::Config) -> Result<Option<Store>, Trouble> {
    Ok(Store::look(config)?)
}

/// Sees whether a store can be made or used, without touching it.
pub(crate) fn rehearse(config: &store::Config) -> Result<(), Trouble> {
    Ok(Store::rehearse(config)?)
}

/// Lists what there is; where there is no store yet, nothing.
pub(crate) fn list<T>(
    store: Option<Store>,
    select: impl FnOnce(&mut Store) -> Result<Vec<T>, StoreError>,
) -> Result<Vec<T>, Trouble> {
    Ok(store.map_or_else(|| Ok(Vec::new()), |mut store| select(&mut store))?)
}

/// Opens a mailbox to look at it.
pub(crate) fn read_only(config: &mailbox::Config) -> Result<Box<dyn mailbox::Reader>, Trouble> {
    Ok(mailbox::read_only(config)?)
}

/// How people are told, as the configuration says it.
pub(crate) fn outbox(settings: &Settings) -> Result<&OutboxPlan, Trouble> {
    settings.plan.outbox.as_ref().ok_or_else(|| {
        let what = format!("there is no [outbox] in {}: nobody is notified", settings.file.display());
        Trouble::new(ErrorCode::ConfigInvalid, what).hint("see helpdesk-mail.toml(5)")
    })
}

/// Delivers what is due, over so many connections at once.
pub(crate) fn deliver(
    (settings, plan): (&Settings, &OutboxPlan),
    store: &mut Store,
    errand: &Errand,
    jobs: usize,
    hearer: &mut dyn Hearer,
) -> Result<Sent, Trouble> {
    let backends = settings.outbox.as_ref().map(|outbox| outbox.backends.clone()).unwrap_or_default();
    let office = MailOffice::new(super::outbox::templates(settings)?, backends);
    let signer = Signer::new(&store.token_secret()?);
    let courier = || Post::new(&plan.voices, &office, signer.clone(), Attachments::new(&settings.store));
    let couriers =
        (0..jobs.min(run::WINDOW)).map(|_| Box::new(courier()) as Box<dyn Courier + Send>).collect();
    let outbox = Outbox { store, config: &settings.store, voices: &plan.voices, hooks: &settings.plan.hooks };
    run::deliver(errand, outbox, couriers, hearer)
}

/// Whether hooks listen to what is told afterwards.
pub(crate) fn has_listeners(settings: &Settings) -> bool {
    settings.plan.hooks.iter().any(|hook| !hook.event.is_asked())
}

/// Delivers the events that are due.
pub(crate) fn deliver_events(
    settings: &Settings,
    store: &mut Store,
    errand: &EventErrand,
    hearer: &mut dyn EventHearer,
) -> Result<EventSum, Trouble> {
    run::deliver_events(errand, &settings.plan.hooks, (store, &settings.store), hearer)
}

/// As [`deliver_events`]; `None` where no hook listens and none has since events were written.
pub(crate) fn deliver_events_if_any(
    settings: &Settings,
    store: &mut Store,
    errand: &EventErrand,
    hearer: &mut dyn EventHearer,
) -> Result<Option<EventSum>, Trouble> {
    if !has_listeners(settings) && store.event_backlog()?.waiting == 0 {
        return Ok(None);
    }
    deliver_events(settings, store, errand, hearer).map(Some)
}

/// What the workers of one run hold.
pub(crate) fn locks(settings: &Settings) -> Locks {
    Locks::new(&settings.store)
}

/// The companions of a real run, or of one of its workers; the store is made where there is none.
pub(crate) fn acting(settings: &Settings, locks: &Locks) -> Result<Acting, Trouble> {
    Ok(Acting::new(open(&settings.store)?, locks, prober(settings))?)
}

/// The companions of a dry run.
pub(crate) fn rehearsing(settings: &Settings) -> Result<Rehearsing, Trouble> {
    Ok(Rehearsing::new(look(&settings.store)?, prober(settings))?)
}

/// The companions of a message that is tried out: those of a dry run, which try nothing out themselves.
pub(crate) fn probing(settings: &Settings) -> Result<Rehearsing, Trouble> {
    Ok(Rehearsing::new(look(&settings.store)?, Prober::Nobody)?)
}

/// This program, which reads suspects in a process of its own.
fn prober(settings: &Settings) -> Prober {
    match std::env::current_exe() {
        Ok(program) => Prober::Program {
            program,
            config: settings.file.clone(),
            // A busy machine gives a process less than its time.
            limit: run::cpu_limit(&settings.plan.limits) * 2,
        },
        Err(error) => {
            log::warn!("the program's own file is not known, so that no message can be tried out: {error}");
            Prober::Nobody
        }
    }
}
