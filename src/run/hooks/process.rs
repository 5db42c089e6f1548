//! `pre-process`: hooks are asked about what is decided, and what is decided then must be the same.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::ask::{Asked, End, Question};
use super::told::Message;
use crate::model::decision::{Decision, Verdict};
use crate::model::event::EventKind;
use crate::model::outcome::Reason;
use crate::policy;
use crate::run::item::Item;
use crate::run::receive::Reception;
use crate::run::report::Mode;
use crate::store::{Lookup, StoreError};

impl Reception<'_> {
    /// What becomes of a message that hooks let go no further.
    pub(in crate::run) fn end(
        &self,
        item: &Item,
        end: &End,
        lookup: &mut dyn Lookup,
    ) -> Result<Decision, StoreError> {
        Ok(match end {
            End::Skip(_) => Decision::Skip(Reason::Hook),
            End::Interrupt(_) => Decision::Defer(Reason::Temporary),
            End::Defer(_) => {
                let attempts = lookup.attempts(self.source, item.key())?;
                policy::put_off(attempts, self.job.max_attempts, Reason::Hook)
            }
        })
    }

    /// Asks `pre-process` hooks about what is decided now; `None` where there is nothing to ask.
    pub(in crate::run) fn ask(
        &self,
        item: &Item,
        mode: Mode,
        lookup: &mut dyn Lookup,
    ) -> Result<Option<Asked>, StoreError> {
        if !self.job.asks(EventKind::PreProcess) {
            return Ok(None);
        }
        let verdict = match catch_unwind(AssertUnwindSafe(|| self.decide(item, lookup))) {
            Ok(Ok(verdict)) if is_asked_about(&verdict.decision) => verdict,
            // What fails in this way fails again when it is received, and is recorded there.
            Ok(Ok(_)) | Err(_) => return Ok(None),
            Ok(Err(error)) if error.is_of_the_message() => return Ok(None),
            Ok(Err(error)) => return Err(error),
        };
        let (job, kind, key) = (self.job, EventKind::PreProcess, item.key());
        let message = Message { job, folder: &self.source.folder, key, mail: item.mail() };
        let data = message.decided(&verdict.decision);
        let said = Question { job, mode, kind, item: key, at: self.now }.ask(&|_| data.clone());
        Ok(Some(Asked { decision: Some(verdict.decision), said }))
    }

    /// The verdict once hooks were heard; `None` if it is not the one that they were asked about.
    pub(in crate::run) fn heed(
        &self,
        item: &Item,
        mut verdict: Verdict,
        asked: Option<&Asked>,
        lookup: &mut dyn Lookup,
    ) -> Result<Option<Verdict>, StoreError> {
        if !self.job.asks(EventKind::PreProcess) || !is_asked_about(&verdict.decision) {
            return Ok(Some(verdict));
        }
        let Some(asked) =
            asked.filter(|asked| asked.decision.as_ref().is_none_or(|it| *it == verdict.decision))
        else {
            return Ok(None);
        };
        if let Some(end) = &asked.said.end {
            verdict.decision = self.end(item, end, lookup)?;
        }
        verdict.notes.extend_from_slice(&asked.said.notes);
        Ok(Some(verdict))
    }
}

/// Whether hooks are asked before a decision is carried out: where a message comes on a ticket.
fn is_asked_about(decision: &Decision) -> bool {
    match decision {
        Decision::Create { .. } | Decision::Update { .. } => true,
        Decision::Duplicate { .. }
        | Decision::Skip(_)
        | Decision::Ignore(_)
        | Decision::Defer(_)
        | Decision::Fail(_) => false,
    }
}

/// Whether a decision may be a hook's doing.
pub(in crate::run) fn may_decide(decision: &Decision) -> bool {
    matches!(decision, Decision::Skip(Reason::Hook) | Decision::Fail(Reason::Hook) | Decision::Defer(_))
}
