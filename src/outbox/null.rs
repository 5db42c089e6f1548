//! The back end that sends nothing: a rehearsal of everything else.

use super::Backend;
use crate::model::notification::{Answer, Parcel};

/// Takes everything and keeps nothing.
#[derive(Debug)]
pub struct Null;

impl Backend for Null {
    fn give(&mut self, _parcel: &Parcel) -> Answer {
        Answer::Accepted("thrown away: the back end is \"null\"".to_owned())
    }

    fn close(&mut self) {}
}
