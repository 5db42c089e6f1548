//! What an item and its row in the ledger come to, held against each other: no I/O.

use crate::store::HeldRow;

/// How an item and the ledger stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    /// It lies there and has its outcome.
    Settled,
    /// It lies there and the next fetch takes it: it is new, deferred or reset.
    Waiting,
    /// It lies there flagged for deletion, and was not settled before; no fetch takes it.
    Deleted,
    /// It lies there, was not settled, and no fetch would list it.
    Unknown,
    /// The ledger waits for it, and it lies there no more.
    Gone,
}

impl ItemState {
    /// All states, in the order they are counted and documented.
    pub const ALL: [Self; 5] = [Self::Settled, Self::Waiting, Self::Deleted, Self::Unknown, Self::Gone];

    /// The word that scripts read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Waiting => "waiting",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
            Self::Gone => "gone",
        }
    }
}

/// How an item lies in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// As any.
    Listed,
    /// Flagged for deletion.
    Deleted,
    /// Not at all.
    Absent,
}

/// Whether the next listing of a fetch gives the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It does.
    Ahead,
    /// The watermark has passed it.
    Passed,
}

/// The state of an item; `None` for one that has gone as it should.
pub(super) fn state(presence: Presence, reach: Reach, row: Option<&HeldRow>) -> Option<ItemState> {
    let settled = row.is_some_and(|row| row.settled);
    match (presence, reach) {
        (Presence::Listed | Presence::Deleted, _) if settled => Some(ItemState::Settled),
        (Presence::Listed | Presence::Deleted, Reach::Passed) => Some(ItemState::Unknown),
        (Presence::Listed, Reach::Ahead) => Some(ItemState::Waiting),
        (Presence::Deleted, Reach::Ahead) => Some(ItemState::Deleted),
        (Presence::Absent, _) => {
            row.filter(|row| !row.settled || row.owed.is_some()).map(|_| ItemState::Gone)
        }
    }
}

/// Whether nobody can say what became of the item.
pub(super) fn is_unaccounted(state: ItemState, row: Option<&HeldRow>) -> bool {
    match state {
        ItemState::Unknown => true,
        ItemState::Gone => !row.is_some_and(|row| row.settled),
        ItemState::Settled | ItemState::Waiting | ItemState::Deleted => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::item::Disposition;
    use crate::model::outcome::OutcomeWord;

    fn row(outcome: OutcomeWord, owed: Option<Disposition>) -> HeldRow {
        HeldRow {
            outcome,
            reason: "new".to_owned(),
            settled: outcome.is_settled(),
            owed,
            ticket: None,
            message_id: None,
            from: None,
            subject: None,
        }
    }

    #[test]
    fn every_way_to_lie_there_and_to_be_known_has_its_state() {
        use ItemState::{Deleted, Gone, Settled, Unknown, Waiting};
        let settled = row(OutcomeWord::Created, None);
        let owing = row(OutcomeWord::Created, Some(Disposition::Seen));
        let deferred = row(OutcomeWord::Deferred, None);
        let reset = HeldRow { settled: false, ..settled.clone() };
        // What a row comes to with the item listed, listed below the watermark, flagged, flagged below it, and gone.
        let table = [
            (None, [Some(Waiting), Some(Unknown), Some(Deleted), Some(Unknown), None]),
            (Some(settled), [Some(Settled), Some(Settled), Some(Settled), Some(Settled), None]),
            (Some(owing), [Some(Settled), Some(Settled), Some(Settled), Some(Settled), Some(Gone)]),
            (Some(deferred), [Some(Waiting), Some(Unknown), Some(Deleted), Some(Unknown), Some(Gone)]),
            (Some(reset), [Some(Waiting), Some(Unknown), Some(Deleted), Some(Unknown), Some(Gone)]),
        ];
        for (row, expected) in table {
            let found = [
                (Presence::Listed, Reach::Ahead),
                (Presence::Listed, Reach::Passed),
                (Presence::Deleted, Reach::Ahead),
                (Presence::Deleted, Reach::Passed),
                (Presence::Absent, Reach::Ahead),
            ]
            .map(|(presence, reach)| state(presence, reach, row.as_ref()));
            assert_eq!(found, expected, "{row:?}");
        }
    }

    #[test]
    fn what_is_gone_without_an_outcome_or_unknown_is_unaccounted_for() {
        let owing = row(OutcomeWord::Created, Some(Disposition::Delete));
        let deferred = row(OutcomeWord::Deferred, None);
        let unaccounted = |row| ItemState::ALL.map(|state| is_unaccounted(state, Some(row)));
        assert_eq!(unaccounted(&owing), [false, false, false, true, false]);
        assert_eq!(unaccounted(&deferred), [false, false, false, true, true]);
    }
}
