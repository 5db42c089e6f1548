//! The post: composes what a queue says and gives it to the queue's back end, which stays open for the next one.
//!
//! A back end is opened when it is first needed, and again after it gave out.

use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;

use crate::evidence::Signer;
use crate::model::ids::TicketRef;
use crate::model::notification::{About, AlertMail, Answer, Notification, Occasion, Parcel};
use crate::model::trouble::Trouble;
use crate::outbox::Composed;
use crate::store::{Claimed, Expiry, StoreError};

use super::attachments::Attachments;
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

    /// The octets of the largest mail that is taken; `None` where that is not known.
    fn largest(&self) -> Option<u64>;

    /// Why the last parcel did not matter: the back end gave out.
    fn trouble(&mut self) -> Option<Trouble>;

    /// What it broke off with while it had the last parcel in hand.
    fn broke_off(&mut self) -> Option<Trouble> {
        None
    }

    /// When what it was reached with expires.
    fn expiry(&self) -> Expiry {
        Expiry::default()
    }

    /// Ends what is open.
    fn close(&mut self);
}

/// What is worth knowing of a mail to which the store has not all.
const LOST: &str = "without a file of the mail that is gone from the store or damaged";

/// The courier of a real run.
pub struct Post<'a> {
    voices: &'a [Voice],
    office: &'a dyn Office,
    signer: Signer,
    attachments: Attachments,
    open: HashMap<String, Box<dyn Way>>,
}

impl<'a> Post<'a> {
    /// A courier of these queues; nothing is open yet.
    pub fn new(
        voices: &'a [Voice],
        office: &'a dyn Office,
        signer: Signer,
        attachments: Attachments,
    ) -> Self {
        Self { voices, office, signer, attachments, open: HashMap::new() }
    }

    /// The mail of a row, and what is worth knowing of how it was made.
    fn compose(
        &mut self,
        row: &Claimed,
        voice: &Voice,
        largest: Option<u64>,
    ) -> Result<(Parcel, Option<String>), StoreError> {
        match &row.about {
            About::Ticket(ticket, occasion) => {
                let notification = self.notification(row, (ticket, *occasion), voice)?;
                Ok(self.fitting(notification, largest))
            }
            About::Alert => Ok((self.office.alert(&alert(row, voice), Timestamp::now()), None)),
        }
    }

    /// What a row tells, with the files that go along.
    fn notification(
        &mut self,
        row: &Claimed,
        about: (&TicketRef, Occasion),
        voice: &Voice,
    ) -> Result<Notification, StoreError> {
        let message = row.message.filter(|_| about.1.quotes() && voice.attach_files > 0);
        let files =
            message.map_or(Ok(Vec::new()), |message| self.attachments.of(message, voice.attach_files))?;
        Ok(Notification { files, ..notification(row, about, voice, &self.signer) })
    }

    /// Composes a mail that is no larger than what is taken, if leaving files behind makes it so.
    fn fitting(&self, mut notification: Notification, largest: Option<u64>) -> (Parcel, Option<String>) {
        let lost = notification.files.iter().any(|file| file.size.is_none()).then(|| LOST.to_owned());
        let now = Timestamp::now();
        let composed = self.office.compose(&notification, now);
        let size = composed.parcel.octets.len() as u64;
        match largest {
            Some(most) if most < size && notification.leave_files() => {
                let note =
                    format!("without its files, since the server takes mails of at most {most} octets");
                let smaller = self.office.compose(&notification, now);
                (smaller.parcel, smaller.fallback.or(lost).or(Some(note)))
            }
            Some(_) | None => (composed.parcel, composed.fallback.or(lost)),
        }
    }
}

impl Courier for Post<'_> {
    fn carry(&mut self, row: &Claimed, way: &str) -> Carried {
        let Some(voice) = self.voices.iter().find(|voice| voice.speaks_of(&row.about)) else {
            let answer = Answer::Later(format!("nobody writes of {} any more", row.about));
            return Carried::answered(answer);
        };
        let mut open = match self.open.remove(way).map_or_else(|| self.office.open(way), Ok) {
            Ok(open) => open,
            Err(trouble) => return Carried::not_now(trouble),
        };
        let carried = match self.compose(row, voice, open.largest()) {
            Ok((parcel, note)) => {
                let answer = open.give(&parcel);
                Carried { answer, note, trouble: open.trouble(), broke_off: open.broke_off() }
            }
            Err(error) => Carried::not_now(error.into()),
        };
        match carried.trouble {
            Some(_) => open.close(),
            None => drop(self.open.insert(way.to_owned(), open)),
        }
        carried
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

    use super::super::attachments::tests::kept;
    use super::*;
    use crate::model::address::Address;
    use crate::model::ids::{MessageId, TicketId, TicketRef};
    use crate::model::notification::Occasion;
    use crate::model::trouble::ErrorCode;

    /// An office whose back ends take one parcel and give out at the second; those called `away` do not open, and those
    /// whose name is a number take mails of that size.
    #[derive(Debug, Default)]
    struct Small {
        opened: Mutex<Vec<String>>,
    }

    struct Twice(u32);

    /// What takes mails of at most so many octets, and says what it took.
    struct Narrow(u64);

    impl Way for Narrow {
        fn give(&mut self, parcel: &Parcel) -> Answer {
            Answer::Accepted(String::from_utf8_lossy(&parcel.octets).into_owned())
        }

        fn largest(&self) -> Option<u64> {
            Some(self.0)
        }

        fn trouble(&mut self) -> Option<Trouble> {
            None
        }

        fn close(&mut self) {}
    }

    impl Way for Twice {
        fn give(&mut self, parcel: &Parcel) -> Answer {
            self.0 += 1;
            if self.0 == 1 {
                Answer::Accepted(parcel.recipient.clone())
            } else {
                Answer::Later("421".to_owned())
            }
        }

        fn largest(&self) -> Option<u64> {
            None
        }

        fn trouble(&mut self) -> Option<Trouble> {
            (self.0 > 1).then(|| Trouble::new(ErrorCode::MailboxConnect, "gone"))
        }

        fn close(&mut self) {}
    }

    impl Office for Small {
        fn compose(&self, notification: &Notification, _: Timestamp) -> Composed {
            let recipient = notification.to.address.clone();
            let mut octets = notification.locale.clone().into_bytes();
            octets.extend(notification.files.iter().filter_map(|file| file.content.clone()).flatten());
            Composed { parcel: Parcel { sender: None, recipient, octets }, fallback: None }
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
            Ok(match way.parse() {
                Ok(most) => Box::new(Narrow(most)),
                Err(_) => Box::new(Twice(0)),
            })
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
            attach_files: 0,
        }
    }

    fn row(queue: &str) -> Claimed {
        told(queue, Occasion::Created)
    }

    fn told(queue: &str, occasion: Occasion) -> Claimed {
        let ticket = TicketRef { queue: queue.parse().unwrap(), id: TicketId(1) };
        Claimed {
            id: 1,
            about: About::Ticket(ticket, occasion),
            title: "t".to_owned(),
            to: Address::bare("alice@example.net"),
            message_id: MessageId::new("a@x").unwrap(),
            message: None,
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
        let (_folder, config, _) = kept(&[]);
        let mut post = Post::new(&voices, &office, Signer::new(b"secret"), Attachments::new(&config));
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

    #[test]
    fn files_go_along_with_what_quotes_their_mail_if_the_queue_says_so_and_the_server_takes_them() {
        let (_folder, config, message) = kept(&[3, 2]);
        let carry = |occasion, attach_files, way| {
            let (office, voices) = (Small::default(), [Voice { attach_files, ..voice("support", way) }]);
            let mut post = Post::new(&voices, &office, Signer::new(b"secret"), Attachments::new(&config));
            let carried = post.carry(&Claimed { message: Some(message), ..told("support", occasion) }, way);
            assert!(carried.trouble.is_none(), "{carried:?}");
            (carried.answer, carried.note)
        };
        let taken = |octets: &str| (Answer::Accepted(octets.to_owned()), None);
        for occasion in Occasion::ALL {
            let expected = if occasion.quotes() { "enaaabb" } else { "en" };
            assert_eq!(carry(occasion, 5, "100"), taken(expected), "{occasion}");
            assert_eq!(carry(occasion, 0, "100"), taken("en"), "{occasion}");
        }
        assert_eq!(carry(Occasion::Updated, 3, "100"), taken("enaaa"));
        assert_eq!(carry(Occasion::Updated, 5, "7"), taken("enaaabb"));
        let (answer, note) = carry(Occasion::Updated, 5, "6");
        assert_eq!(answer, Answer::Accepted("en".to_owned()));
        assert_eq!(note.unwrap(), "without its files, since the server takes mails of at most 6 octets");
        assert_eq!(carry(Occasion::Updated, 0, "1"), taken("en"), "there is nothing to leave behind");
    }

    #[test]
    fn a_store_that_cannot_be_read_puts_a_notification_off() {
        let (folder, _, message) = kept(&[3]);
        let config = crate::store::Config::of_file(folder.path().join("gone.db"));
        let (office, voices) = (Small::default(), [Voice { attach_files: 5, ..voice("support", "100") }]);
        let mut post = Post::new(&voices, &office, Signer::new(b"secret"), Attachments::new(&config));
        let row = Claimed { message: Some(message), ..told("support", Occasion::Updated) };
        let carried = post.carry(&row, "100");
        assert!(matches!(carried.answer, Answer::Later(_)), "{carried:?}");
        assert_eq!(carried.trouble.unwrap().code, ErrorCode::StoreUnavailable);
    }
}
