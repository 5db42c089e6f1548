//! The post: composes what a queue says and gives it to the queue's back end, which stays open for the next one.
//!
//! A back end is opened when it is first needed, and again after it gave out.

use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;

use crate::evidence::Signer;
use crate::model::notification::{About, AlertMail, Answer, Notification, Parcel};
use crate::model::trouble::Trouble;
use crate::outbox::Composed;
use crate::store::{Claimed, Expiry};

use super::end::{Carried, Courier};
use super::letter::{Voice, alert, notification};

/// Who composes, and where back ends are.
pub trait Office: fmt::Debug + Send + Sync {
    /// Composes a mail; that never fails.
    fn compose(&self, notification: &Notification, now: Timestamp) -> Composed;

    /// Composes an alert.
    fn alert(&self, mail: &AlertMail, now: Timestamp) -> Parcel;

    /// Opens the back end of that name.
    fn open(&self, way: &str) -> Result<Box<dyn Way>, Trouble>;
}

/// An open back end.
pub trait Way: Send {
    /// Gives one parcel away.
    fn give(&mut self, parcel: &Parcel) -> Answer;

    /// Why the last parcel did not matter: the back end gave out.
    fn trouble(&mut self) -> Option<Trouble>;

    /// When what it was reached with expires.
    fn expiry(&self) -> Expiry {
        Expiry::default()
    }

    /// Ends what is open.
    fn close(&mut self);
}

/// The courier of a real run.
pub struct Post<'a> {
    voices: &'a [Voice],
    office: &'a dyn Office,
    signer: Signer,
    open: HashMap<String, Box<dyn Way>>,
}

impl<'a> Post<'a> {
    /// A courier of these queues; nothing is open yet.
    pub fn new(voices: &'a [Voice], office: &'a dyn Office, signer: Signer) -> Self {
        Self { voices, office, signer, open: HashMap::new() }
    }

    /// The mail of a row, and what is worth knowing of how it was made.
    fn compose(&self, row: &Claimed, voice: &Voice) -> (Parcel, Option<String>) {
        let now = Timestamp::now();
        match &row.about {
            About::Ticket(ticket, occasion) => {
                let letter = notification(row, (ticket, *occasion), voice, &self.signer);
                let Composed { parcel, fallback } = self.office.compose(&letter, now);
                (parcel, fallback)
            }
            About::Alert => (self.office.alert(&alert(row, voice), now), None),
        }
    }

    fn give(&mut self, parcel: &Parcel, way: &str) -> (Answer, Option<Trouble>) {
        let mut open = match self.open.remove(way).map_or_else(|| self.office.open(way), Ok) {
            Ok(open) => open,
            Err(trouble) => return (Answer::Later(trouble.with_causes()), Some(trouble)),
        };
        let answer = open.give(parcel);
        match open.trouble() {
            Some(trouble) => {
                open.close();
                (answer, Some(trouble))
            }
            None => {
                self.open.insert(way.to_owned(), open);
                (answer, None)
            }
        }
    }
}

impl Courier for Post<'_> {
    fn carry(&mut self, row: &Claimed, way: &str) -> Carried {
        let Some(voice) = self.voices.iter().find(|voice| voice.speaks_of(&row.about)) else {
            let answer = Answer::Later(format!("nobody writes of {} any more", row.about));
            return Carried { answer, note: None, trouble: None };
        };
        let (parcel, note) = self.compose(row, voice);
        let (answer, trouble) = self.give(&parcel, way);
        Carried { answer, note, trouble }
    }

    fn expiry(&self, way: &str) -> Expiry {
        self.open.get(way).map(|open| open.expiry()).unwrap_or_default()
    }

    fn close(&mut self) {
        self.open.drain().for_each(|(_, mut open)| open.close());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::model::address::Address;
    use crate::model::ids::{MessageId, TicketId, TicketRef};
    use crate::model::notification::Occasion;
    use crate::model::trouble::ErrorCode;

    /// An office whose back ends take one parcel and give out at the second; those called `away` do not open.
    #[derive(Debug, Default)]
    struct Small {
        opened: Mutex<Vec<String>>,
    }

    struct Twice(u32);

    impl Way for Twice {
        fn give(&mut self, parcel: &Parcel) -> Answer {
            self.0 += 1;
            if self.0 == 1 {
                Answer::Accepted(parcel.recipient.clone())
            } else {
                Answer::Later("421".to_owned())
            }
        }

        fn trouble(&mut self) -> Option<Trouble> {
            (self.0 > 1).then(|| Trouble::new(ErrorCode::MailboxConnect, "gone"))
        }

        fn close(&mut self) {}
    }

    impl Office for Small {
        fn compose(&self, notification: &Notification, _: Timestamp) -> Composed {
            let recipient = notification.to.address.clone();
            let octets = notification.locale.clone().into_bytes();
            Composed {
                parcel: Parcel { sender: None, recipient, octets },
                fallback: Some("noted".to_owned()),
            }
        }

        fn alert(&self, mail: &AlertMail, _: Timestamp) -> Parcel {
            Parcel {
                sender: None,
                recipient: mail.to.address.clone(),
                octets: mail.text.clone().into_bytes(),
            }
        }

        fn open(&self, way: &str) -> Result<Box<dyn Way>, Trouble> {
            self.opened.lock().unwrap().push(way.to_owned());
            if way == "away" {
                return Err(Trouble::new(ErrorCode::MailboxConnect, "no connection"));
            }
            Ok(Box::new(Twice(0)))
        }
    }

    fn voice(queue: &str, way: &str) -> Voice {
        Voice {
            queue: Some(queue.parse().unwrap()),
            way: way.to_owned(),
            title: "T".to_owned(),
            address: format!("{queue}@example.org"),
            locale: "en".to_owned(),
            plus_addressing: false,
        }
    }

    fn row(queue: &str) -> Claimed {
        Claimed {
            id: 1,
            about: About::Ticket(
                TicketRef { queue: queue.parse().unwrap(), id: TicketId(1) },
                Occasion::Created,
            ),
            title: "t".to_owned(),
            to: Address::bare("alice@example.net"),
            message_id: MessageId::new("a@x").unwrap(),
            in_reply_to: None,
            references: Vec::new(),
            author: None,
            text: None,
            other: None,
            attempts: 0,
            uncertain: 0,
        }
    }

    #[test]
    fn a_back_end_is_opened_once_and_again_after_it_gave_out() {
        let (office, voices) = (Small::default(), [voice("support", "main"), voice("sales", "away")]);
        let mut post = Post::new(&voices, &office, Signer::new(b"secret"));
        let mut carry = |queue: &str| {
            let row = row(queue);
            let way = if queue == "sales" { "away" } else { "main" };
            let carried = post.carry(&row, way);
            (carried.answer, carried.trouble.map(|trouble| trouble.message))
        };
        let taken = || Answer::Accepted("alice@example.net".to_owned());
        assert_eq!(carry("support"), (taken(), None));
        assert_eq!(carry("support"), (Answer::Later("421".to_owned()), Some("gone".to_owned())));
        assert_eq!(carry("SUPPORT"), (taken(), None));
        let away = "no connection".to_owned();
        assert_eq!(carry("sales"), (Answer::Later(away.clone()), Some(away)));
        assert_eq!(*office.opened.lock().unwrap(), ["main", "main", "away"]);
    }
}
