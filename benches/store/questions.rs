//! What is asked of a store besides: by a run that finds nothing new, by those who look, by `prune`.

use std::time::{Duration, Instant};

use anyhow::Result;
use helpdesk_mail::model::ids::MessageId;
use helpdesk_mail::model::item::ItemKey;
use helpdesk_mail::store::{Fingerprint, Lookup as _, OutcomeFilter, Source, Store, TicketFilter, Waste};
use jiff::{SignedDuration, Timestamp};

use crate::desk::Desk;
use crate::letters::old_id;
use crate::{Engine, median};

/// Each is asked so often.
const TIMES: usize = 9;

type Question = (&'static str, fn(&Desk, &mut Store) -> Result<()>);

const QUESTIONS: [Question; 6] = [
    ("a folder without new mail", nothing_new),
    ("an IMAP mail under another key", seen_before),
    ("status", |desk, store| desk.status(store)),
    ("outcomes --limit 50", |_, store| {
        Ok(store.outcomes(&OutcomeFilter { limit: Some(50), ..OutcomeFilter::default() }).map(drop)?)
    }),
    ("ticket list --limit 50", |_, store| {
        Ok(store.tickets(&TicketFilter { limit: Some(50), ..TicketFilter::default() }).map(drop)?)
    }),
    ("report of 30 days", |_, store| {
        let now = Timestamp::now();
        let first =
            now.checked_sub(SignedDuration::from_hours(30 * 24))?.to_zoned(jiff::tz::TimeZone::UTC).date();
        Ok(store.report(first, now).map(drop)?)
    }),
];

/// Asks both stores of a kind and tells how long the answers took.
pub fn ask(engine: &Engine) -> Result<()> {
    println!();
    for (name, question) in QUESTIONS {
        let time = |desk: &Desk| -> Result<f64> {
            let mut store = desk.store()?;
            timed(|| question(desk, &mut store))
        };
        let (empty, large) = (time(&engine.empty)?, time(&engine.large)?);
        println!("{:<12} {name:<32} empty {empty:>8.2} ms, large {large:>8.2} ms", engine.name);
    }
    let mut store = engine.large.store()?;
    let (choosing, pruning) = prune(&mut store)?;
    let name = "500 outcomes of the large store";
    println!("{:<12} {name:<32} pruned {pruning:>7.2} ms, chosen {choosing:>7.2} ms", engine.name);
    Ok(())
}

/// The median in milliseconds.
fn timed(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let times: Vec<f64> = (0..TIMES)
        .map(|_| {
            let begun = Instant::now();
            work().map(|()| milliseconds(begun.elapsed()))
        })
        .collect::<Result<_>>()?;
    Ok(median(times))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn folder() -> Source {
    Source {
        mailbox: "m2".parse().expect("a mailbox may be called so"),
        account: "imap:m2@imap.example.org".to_owned(),
        folder: "INBOX".to_owned(),
    }
}

/// What a run asks that lists 200 items and finds them settled.
fn nothing_new(_: &Desk, store: &mut Store) -> Result<()> {
    let source = folder();
    let keys: Vec<ItemKey> = (0..200).map(|n| ItemKey(format!("1700000000:{}", n * 16 + 1))).collect();
    store.former(&source, std::slice::from_ref(&source.mailbox))?;
    store.mailbox_state(&source.mailbox)?;
    store.owed(&source)?;
    store.watermark(&source)?;
    store.settled(&source, &keys)?;
    store.in_flight(&source)?;
    store.deferred(&source)?;
    Ok(())
}

/// What is asked of each mail of a folder whose UIDVALIDITY has changed.
fn seen_before(_: &Desk, store: &mut Store) -> Result<()> {
    let (source, key) = (folder(), ItemKey("1800000000:1".to_owned()));
    let digest = helpdesk_mail::model::ids::Digest([7; 32]);
    for number in 0..100 {
        let id = MessageId::new(&old_id(number * 41 * 8 + 1));
        let print =
            Fingerprint { source: &source, key: &key, message_id: id.as_ref(), digest, raw_sha256: digest };
        store.settled_before(&print)?;
        store.settled_before(&Fingerprint { message_id: None, ..print })?;
        store.copies(&print)?;
    }
    Ok(())
}

/// Batches of old rows, as `prune` takes them.
fn prune(store: &mut Store) -> Result<(f64, f64)> {
    let before = Timestamp::now().checked_sub(SignedDuration::from_hours(24))?;
    let (mut choosing, mut pruning, mut last) = (Vec::new(), Vec::new(), None);
    for _ in 0..TIMES {
        let begun = Instant::now();
        let rows = store.prunable(Waste::Outcomes, before, last)?;
        choosing.push(milliseconds(begun.elapsed()));
        let begun = Instant::now();
        store.prune(Waste::Outcomes, before, &rows)?;
        pruning.push(milliseconds(begun.elapsed()));
        last = rows.last().copied();
    }
    Ok((median(choosing), median(pruning)))
}
