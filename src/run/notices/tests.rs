//! Mails in, rows of the outbox out, through the books of a real run and of a dry one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::model::address::AddressPattern;
use crate::model::ids::TicketId;
use crate::model::outbox::OutboxState;
use crate::parse::Limits;
use crate::policy::{Queue, notify};
use crate::run::probe::{Prober, Silent};
use crate::run::{Acting, Alert, Audience, Handed, Locks, Notify, OutboxPlan, Plan, Stop, ingest};
use crate::store::{Config, KeepRaw, OutboxFilter, Store};

/// A desk whose people are told, with an agent Anna.
struct Desk {
    place: TempDir,
    plan: Plan,
}

impl Desk {
    fn new() -> Self {
        let queue =
            Queue { agents: vec![AddressPattern::new("anna@desk.example")], ..crate::run::tests::queue() };
        let notify = Notify {
            limits: notify::Limits { to_one: 10, to_all: 100 },
            max_age: SignedDuration::from_hours(72),
            suppress_for: SignedDuration::from_hours(24 * 60),
        };
        let outbox = OutboxPlan {
            notify,
            max_attempts: 10,
            after_fetch: Some(Duration::from_secs(60)),
            alerts: None,
            voices: Vec::new(),
        };
        let plan = Plan {
            queues: vec![queue],
            mailboxes: Vec::new(),
            rules: Vec::new(),
            keep_raw: KeepRaw::Failed,
            alert: Alert::default(),
            limits: Limits::default(),
            outbox: Some(outbox),
            hooks: Vec::new(),
        };
        Self { place: tempfile::tempdir().unwrap(), plan }
    }

    fn notify(&mut self) -> &mut Notify {
        &mut self.plan.outbox.as_mut().unwrap().notify
    }

    fn config(&self) -> Config {
        Config::of_file(self.place.path().join("store.db"))
    }

    fn store(&self) -> Store {
        Store::open(&self.config()).unwrap()
    }

    /// Hands mails over.
    fn take(&self, mails: &[String]) {
        let mut desk = Acting::new(self.store(), &Locks::new(&self.config()), Prober::Nobody).unwrap();
        let handed = Handed {
            queue: &self.plan.queues[0],
            messages: mails.iter().map(|mail| mail.clone().into_bytes()).collect(),
            audience: Audience::Scheduler,
            stop: Stop::default(),
        };
        ingest(&self.plan, handed, &mut desk, &mut Silent).unwrap();
    }

    /// `ticket template address state (reason)` of each row.
    fn rows(&self) -> Vec<String> {
        let rows = self.store().notifications(&OutboxFilter::default()).unwrap();
        rows.iter()
            .map(|row| {
                let reason = row.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                format!("{} {} {} {}{reason}", row.about, row.about.template(), row.to.address, row.state)
            })
            .collect()
    }

    /// The Message-ID of the n-th row.
    fn id(&self, n: usize) -> String {
        self.store().notifications(&OutboxFilter::default()).unwrap()[n].message_id.to_string()
    }
}

fn mail(from: &str, id: &str, headers: &str) -> String {
    let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "From: {from}\r\nTo: support@example.org\r\nDate: {date}\r\nSubject: Printer\r\nMessage-ID: <{id}>\r\n{headers}\r\nIt burns.\r\n"
    )
}

#[test]
fn rows_are_written_with_the_ticket_and_the_answer_to_a_notification_finds_it() {
    let desk = Desk::new();
    desk.take(&[mail("alice@example.net", "a@x", "Cc: bob@example.net\r\n")]);
    let opened =
        ["support-1 created alice@example.net queued", "support-1 announced anna@desk.example queued"];
    assert_eq!(desk.rows(), opened);
    // Carl answers the acknowledgement, which was passed on to him: its Message-ID alone leads back.
    let answers = format!("In-Reply-To: <{}>\r\n", desk.id(0));
    desk.take(&[mail("carl@example.com", "b@x", &answers)]);
    let followed = [
        "support-1 updated alice@example.net queued",
        "support-1 updated bob@example.net queued",
        "support-1 updated anna@desk.example queued",
    ];
    assert_eq!(desk.rows()[2..], followed);
    // Carl has joined by the signature, and hears of what Alice writes.
    desk.take(&[mail("alice@example.net", "c@x", "In-Reply-To: <a@x>\r\n")]);
    assert!(
        desk.rows().contains(&"support-1 updated carl@example.com queued".to_owned()),
        "{:?}",
        desk.rows()
    );
}

#[test]
fn without_the_section_no_row_is_written_and_a_mail_that_is_there_already_causes_none() {
    let mut desk = Desk::new();
    let first = mail("alice@example.net", "a@x", "");
    desk.take(&[first.clone(), format!("X-Other-Way: yes\r\n{first}")]);
    assert_eq!(desk.rows().len(), 2);
    desk.plan.outbox = None;
    desk.take(&[mail("alice@example.net", "b@x", "")]);
    assert_eq!(desk.rows().len(), 2);
    let mut silent = Desk::new();
    silent.plan.queues[0].addresses.clear();
    silent.take(&[first]);
    assert_eq!(silent.rows(), [""; 0], "nobody can be written to from no address");
}

#[test]
fn limits_count_what_the_same_batch_has_written() {
    let mut desk = Desk::new();
    desk.notify().limits = notify::Limits { to_one: 2, to_all: 8 };
    let mails: Vec<String> = (0..4)
        .map(|n| mail("alice@example.net", &format!("{n}@x"), "").replace("Printer", &format!("No {n}")))
        .collect();
    desk.take(&mails);
    let acknowledged: Vec<String> =
        desk.rows().into_iter().filter(|row| row.contains("alice")).map(|row| row[10..].to_owned()).collect();
    let (told, limited) =
        ("created alice@example.net queued", "created alice@example.net suppressed (rate-limit)");
    assert_eq!(acknowledged, [told, told, limited, limited]);
    desk.take(&[
        mail("bob@example.net", "b1@x", ""),
        mail("bob@example.net", "b2@x", "Subject: Re: printer\r\n"),
    ]);
    let bob: Vec<String> = desk.rows().into_iter().filter(|row| row.contains("bob")).collect();
    assert_eq!(bob[1], "support-6 created bob@example.net suppressed (same-subject)");
    desk.take(&[mail("carl@example.net", "c@x", "")]);
    let last = desk.rows().pop().unwrap();
    assert_eq!(last, "support-7 announced anna@desk.example suppressed (rate-limit-total)");
}

#[test]
fn who_is_not_told_has_a_row_that_says_why() {
    let mut desk = Desk::new();
    desk.take(&[
        mail("cron@example.net", "a@x", "Auto-Submitted: auto-generated\r\n"),
        mail("alice@example.net", "b@x", "").replace("202", "201"),
        mail("vacation@example.net", "c@x", "Auto-Submitted: auto-replied\r\nIn-Reply-To: <b@x>\r\n"),
    ]);
    let rows = [
        "support-1 created cron@example.net suppressed (kind)",
        "support-1 announced anna@desk.example queued",
        "support-2 created alice@example.net suppressed (age)",
        "support-2 announced anna@desk.example suppressed (age)",
    ];
    assert_eq!(desk.rows(), rows);
    desk.plan.queues[0].notify.clear();
    desk.take(&[mail("alice@example.net", "d@x", "")]);
    assert_eq!(desk.rows().len(), 4, "a queue that tells nobody has no rows");
}

fn bounce(of: &str, address: &str, status: &str) -> String {
    let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: support@example.org\r\nDate: {date}\r\nSubject: Undelivered\r\n\
         Message-ID: <{status}.{address}>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nIt did not arrive.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: {status}\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{of}>\r\nSubject: x\r\n\r\n--b--\r\n"
    )
}

#[test]
fn a_bounce_marks_its_row_suppresses_the_address_and_stands_on_the_ticket() {
    let desk = Desk::new();
    desk.take(&[mail("alice@example.net", "a@x", "")]);
    desk.take(&[bounce(&desk.id(0), "Alice@example.net", "5.1.1")]);
    let mut store = desk.store();
    let rows = store.notifications(&OutboxFilter::default()).unwrap();
    assert_eq!((rows[0].state, rows[0].bounce_status.as_deref()), (OutboxState::Bounced, Some("5.1.1")));
    assert_eq!((rows.len(), rows[1].state), (2, OutboxState::Queued), "a bounce causes no notification");
    let suppressed = store.suppressed(Timestamp::now()).unwrap();
    assert_eq!((suppressed.len(), suppressed[0].address.as_str()), (1, "alice@example.net"));
    let note = store.notes(TicketId(1)).unwrap().remove(0).text;
    let begins = "notification 1 to alice@example.net came back (5.1.1); the address gets none until 20";
    assert!(note.starts_with(begins), "{note}");
    assert_eq!(store.messages(TicketId(1)).unwrap().len(), 2);
    desk.take(&[mail("alice@example.net", "b@x", "")]);
    assert_eq!(desk.rows()[2], "support-2 created alice@example.net suppressed (address)");
}

#[test]
fn a_forged_bounce_and_one_of_another_address_suppress_nobody() {
    let desk = Desk::new();
    desk.take(&[mail("alice@example.net", "a@x", "")]);
    let forged = desk.id(0).replace("hm1.1.", "hm1.1.x");
    desk.take(&[bounce(&forged, "alice@example.net", "5.1.1"), bounce("a@x", "alice@example.net", "5.2.1")]);
    assert_eq!(desk.rows()[0], "support-1 created alice@example.net queued");
    desk.take(&[bounce(&desk.id(0), "elsewhere@example.com", "5.3.1")]);
    assert_eq!(desk.rows()[0], "support-1 created alice@example.net bounced");
    assert_eq!(desk.store().suppressed(Timestamp::now()).unwrap(), []);
}
