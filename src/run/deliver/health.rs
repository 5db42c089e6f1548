//! How the back ends of one delivery are.

use std::collections::HashMap;

use crate::model::trouble::Trouble;
use crate::store::Expiry;

/// A back end that gives out so often in a row is left alone.
const MOST_FAILURES: u32 = 2;

/// What is known of each back end.
#[derive(Debug, Default)]
pub(super) struct Health(HashMap<String, State>);

#[derive(Debug, Default)]
struct State {
    /// How often it has given out in a row, and how at last.
    failures: u32,
    trouble: Option<Trouble>,
    /// Whether it has taken something since.
    proven: bool,
    /// How many attempts it has in hand.
    busy: usize,
    /// When what it was last reached with expires.
    expiry: Expiry,
}

impl Health {
    /// Whether it may be given something now.
    pub(super) fn is_ready(&self, way: &str) -> bool {
        self.0
            .get(way)
            .is_none_or(|state| state.failures < MOST_FAILURES && (state.proven || state.busy == 0))
    }

    /// Whether it is left alone.
    pub(super) fn is_given_up(&self, way: &str) -> bool {
        self.0.get(way).is_some_and(|state| state.failures >= MOST_FAILURES)
    }

    pub(super) fn begins(&mut self, way: &str) {
        self.0.entry(way.to_owned()).or_default().busy += 1;
    }

    /// It was given nothing after all.
    pub(super) fn was_not_asked(&mut self, way: &str) {
        self.0.entry(way.to_owned()).and_modify(|state| state.busy = state.busy.saturating_sub(1));
    }

    /// An attempt ended, with trouble of the back end or without.
    pub(super) fn ended(&mut self, way: &str, trouble: Option<Trouble>, expiry: Expiry) {
        let state = self.0.entry(way.to_owned()).or_default();
        state.busy = state.busy.saturating_sub(1);
        state.proven = trouble.is_none();
        state.failures = if trouble.is_some() { state.failures + 1 } else { 0 };
        state.trouble = trouble;
        state.expiry = expiry;
    }

    /// How each that was given something is now.
    pub(super) fn ends(&self) -> impl Iterator<Item = (&str, Result<Expiry, &Trouble>)> {
        self.0.iter().filter_map(|(way, state)| match &state.trouble {
            Some(trouble) => Some((way.as_str(), Err(trouble))),
            None => state.proven.then_some((way.as_str(), Ok(state.expiry))),
        })
    }

    /// What back ends gave out with and did not recover from.
    pub(super) fn troubles(self) -> impl Iterator<Item = Trouble> {
        self.0.into_values().filter_map(|state| state.trouble)
    }
}
