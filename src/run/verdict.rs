//! How a run ends: thresholds and the exit code, computed in this one place.

use std::time::Instant;

use jiff::Timestamp;

use crate::model::exit::Exit;
use crate::model::ids::RunId;
use crate::model::outcome::OutcomeWord;
use crate::model::trouble::Trouble;

use super::companions::Companions;
use super::config::Alert;
use super::report::{Counts, Mode, Summary};

/// Whom the exit code of a run speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Cron or a monitor: the table of the contract.
    Scheduler,
    /// Who handed messages over: one that could not be read was none, which is exit code 65.
    Giver,
    /// A mail server: 0 or 75.
    MailServer,
}

/// A run whose work is done.
pub(super) struct Ending<'a> {
    pub(super) run: Option<RunId>,
    pub(super) counts: Counts,
    pub(super) started: Instant,
    /// How many could not be read.
    pub(super) unreadable: u64,
    pub(super) alert: &'a Alert,
    pub(super) audience: Audience,
}

impl Ending<'_> {
    /// Ends the run and sums it up.
    pub(super) fn summary<'t>(
        self,
        troubles: impl Iterator<Item = &'t Trouble>,
        desk: &mut dyn Companions,
    ) -> Summary {
        let alerts = alerts(&self.counts, self.alert);
        for alert in &alerts {
            log::error!("alert: {alert}");
        }
        let exit = self.heard(exit(&self.counts, &alerts, troubles));
        let error = desk.end(Timestamp::now(), exit).map_err(Trouble::from).err();
        let exit = self.heard(error.iter().fold(exit, |exit, trouble| exit.worse(trouble.code.exit())));
        let Self { run, counts, started, .. } = self;
        log::info!(exit_code = exit.code(); "the run ends with exit code {} ({})", exit.code(), exit.name());
        let duration = started.elapsed();
        Summary { run, mode: desk.mode(), exit, counts, duration, fetched: 0, alerts, error }
    }

    fn heard(&self, exit: Exit) -> Exit {
        match self.audience {
            Audience::Giver if self.unreadable > 0 && exit == Exit::Attention => Exit::Data,
            Audience::Scheduler | Audience::Giver => exit,
            Audience::MailServer => exit.for_a_mail_server(),
        }
    }
}

impl Summary {
    /// Of a run that could not begin, for want of a configuration, a store or an input.
    pub fn unbegun(trouble: Trouble, mode: Mode, audience: Audience, started: Instant) -> Self {
        let exit = trouble.code.exit();
        Self {
            run: None,
            mode,
            exit: if audience == Audience::MailServer { exit.for_a_mail_server() } else { exit },
            counts: Counts::default(),
            duration: started.elapsed(),
            fetched: 0,
            alerts: Vec::new(),
            error: Some(trouble),
        }
    }
}

/// The thresholds of `[alert]` that were reached, a sentence each.
fn alerts(counts: &Counts, alert: &Alert) -> Vec<String> {
    [(OutcomeWord::Skipped, alert.skipped), (OutcomeWord::Failed, alert.failed)]
        .into_iter()
        .filter_map(|(outcome, threshold)| {
            let (count, threshold) = (counts.of(outcome), threshold?);
            (count >= threshold).then(|| format!("{count} {outcome}, the threshold is {threshold}"))
        })
        .collect()
}

/// The exit code of the contract's table.
fn exit<'a>(counts: &Counts, alerts: &[String], troubles: impl Iterator<Item = &'a Trouble>) -> Exit {
    let attention = counts.of(OutcomeWord::Failed) > 0 || !alerts.is_empty();
    let deferred = counts.of(OutcomeWord::Deferred) > 0;
    let mut exit = Exit::Ok;
    if attention {
        exit = exit.worse(Exit::Attention);
    }
    if deferred {
        exit = exit.worse(Exit::Temporary);
    }
    troubles.fold(exit, |exit, trouble| exit.worse(trouble.code.exit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::trouble::ErrorCode;

    fn counts(outcomes: &[OutcomeWord]) -> Counts {
        let mut counts = Counts::default();
        outcomes.iter().for_each(|outcome| counts.add(*outcome));
        counts
    }

    fn exit_of(outcomes: &[OutcomeWord], alert: Alert, codes: &[ErrorCode]) -> u8 {
        let counts = counts(outcomes);
        let troubles: Vec<Trouble> = codes.iter().map(|code| Trouble::new(*code, "")).collect();
        exit(&counts, &alerts(&counts, &alert), troubles.iter()).code()
    }

    #[test]
    fn the_exit_code_is_the_worst_that_applies() {
        use OutcomeWord::{Created, Deferred, Failed, Skipped};
        let quiet = Alert::default();
        let strict = Alert { skipped: Some(2), failed: Some(5), ..quiet };
        assert_eq!(exit_of(&[Created, Skipped, Skipped], quiet, &[]), 0);
        assert_eq!(exit_of(&[Created, Skipped], strict, &[]), 0);
        assert_eq!(exit_of(&[Created, Skipped, Skipped], strict, &[]), 1);
        assert_eq!(exit_of(&[Failed], quiet, &[]), 1);
        assert_eq!(exit_of(&[Failed, Deferred], quiet, &[]), 75);
        assert_eq!(exit_of(&[Failed], quiet, &[ErrorCode::MailboxConnect, ErrorCode::MailboxLocked]), 69);
        assert_eq!(exit_of(&[], quiet, &[ErrorCode::MailboxConnect, ErrorCode::MailboxAuth]), 77);
        assert_eq!(exit_of(&[], quiet, &[ErrorCode::StoreFull, ErrorCode::MailboxAuth]), 74);
    }
}
