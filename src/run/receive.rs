//! One message on the road: evidence → lookup → decide → carry out → ledger, behind its own savepoint.
//!
//! Whatever goes wrong with a message ends here as its own outcome. Only trouble of the store itself goes further up
//! and takes the batch with it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;

use crate::evidence;
use crate::model::decision::{Decision, Requester, Verdict};
use crate::model::ids::TicketRef;
use crate::model::item::{Acknowledgement, Disposition, Telling};
use crate::model::mail::Mail;
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::parse;
use crate::policy::{self, Authentication, Authorship, Case, Looks};
use crate::store::{Books, Fingerprint, LedgerEntry, Lookup, Source, StoreError, StoredError};

use super::deeds::{self, Arrival};
use super::facts;
use super::hooks::{self, Asked, Failure, Message};
use super::item::{Item, Reading, Seen};
use super::job::{Job, received};
use super::notices::Notices;
use super::report::MessageLine;
use super::trail::{self, Step};

/// What became of an item, to be told once the transaction is committed.
pub(super) struct Received {
    pub(super) line: MessageLine,
    pub(super) acknowledgement: Option<Acknowledgement>,
}

/// What came of one item.
pub(super) enum Taken {
    /// It has its outcome.
    Received(Box<Received>),
    /// Another run has settled it meanwhile.
    Elsewhere,
    /// Nothing was done: the decision is not the one that hooks were asked about.
    Changed,
}

/// Everything that one message is received with.
pub(super) struct Reception<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) source: &'a Source,
    pub(super) now: Timestamp,
}

impl Reception<'_> {
    /// Receives one item; `asked` is what hooks said of what was decided a moment ago.
    pub(super) fn receive(
        &self,
        item: &Item,
        asked: Option<&Asked>,
        books: &mut dyn Books,
    ) -> Result<Taken, StoreError> {
        let _item = trail::take(Step::Item, item.key());
        let attempt = self.behind_savepoint(books, |books| {
            let verdict = self.decide(item, books)?;
            let Some(mut verdict) = self.heed(item, verdict, asked, books)? else { return Ok(None) };
            let original = self.passed_on(item, &verdict.decision);
            if let Some(author) = original.as_ref().and_then(Mail::author) {
                verdict.notes.push(format!("passed on by an agent: the ticket is {}'s", author.address));
            }
            let ticket = self.carry_out(item, original.as_ref(), &verdict.decision, books)?;
            let failure = item.failure().or_else(|| asked.and_then(|asked| asked.said.failure()));
            self.record(item.seen(), (&verdict, failure), ticket, books).map(Some)
        });
        let reason = match attempt {
            Ok(Ok(Some(received))) => return Ok(Taken::Received(Box::new(received))),
            Ok(Ok(None)) => return Ok(Taken::Changed),
            Ok(Err(StoreError::Settled)) => return Ok(Taken::Elsewhere),
            Ok(Err(error)) if error.is_of_the_message() => {
                log::error!(error_code = ErrorCode::MessageStore.as_str(); "the store refuses a message: {}", Trouble::from(error).detail());
                Reason::Store
            }
            Ok(Err(error)) => return Err(error),
            Err(Panicked) => Reason::Crashed,
        };
        self.fail(item, reason, books)
    }

    /// Records a failure; if the store refuses even what was read of the message, without that.
    fn fail(&self, item: &Item, reason: Reason, books: &mut dyn Books) -> Result<Taken, StoreError> {
        let verdict = Verdict { decision: Decision::Fail(reason), notes: Vec::new() };
        for seen in [item.seen(), Seen { item, mail: None }] {
            match self.behind_savepoint(books, |books| self.record(seen, (&verdict, None), None, books)) {
                Ok(Ok(received)) => return Ok(Taken::Received(Box::new(received))),
                Ok(Err(StoreError::Settled)) => return Ok(Taken::Elsewhere),
                Ok(Err(error)) if !error.is_of_the_message() => return Err(error),
                Ok(Err(_)) | Err(Panicked) => {}
            }
        }
        Err(StoreError::Misuse { what: format!("the failure of item {} cannot be recorded", item.key()) })
    }

    fn behind_savepoint<T>(
        &self,
        books: &mut dyn Books,
        work: impl FnOnce(&mut dyn Books) -> Result<T, StoreError>,
    ) -> Result<Result<T, StoreError>, Panicked> {
        if let Err(error) = books.savepoint() {
            return Ok(Err(error));
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| work(books))).map_err(|_| Panicked);
        match outcome {
            Ok(Ok(value)) => Ok(books.release().map(|()| value)),
            // A store that gave out may have taken the whole transaction back: its own trouble says more.
            Ok(Err(error)) if !error.is_of_the_message() && !matches!(error, StoreError::Settled) => {
                Ok(Err(error))
            }
            Ok(Err(error)) => Ok(Err(books.rollback().err().unwrap_or(error))),
            Err(Panicked) => books.rollback().map_or_else(|error| Ok(Err(error)), |()| Err(Panicked)),
        }
    }

    /// What shall become of an item, with what hooks said of it before.
    pub(super) fn decide(&self, item: &Item, lookup: &mut dyn Lookup) -> Result<Verdict, StoreError> {
        let plain = |decision| Verdict { decision, notes: Vec::new() };
        match item {
            Item::Old(_) => Ok(plain(Decision::Ignore(Reason::Baseline))),
            Item::Suspected(..) | Item::Untried(..) => Ok(plain(Decision::Defer(Reason::Temporary))),
            Item::Deadly(..) => Ok(plain(Decision::Fail(Reason::Crashed))),
            Item::Withheld(listed, _) => {
                let attempts = lookup.attempts(self.source, &listed.key)?;
                Ok(plain(policy::put_off(attempts, self.job.max_attempts, Reason::TooManyAttempts)))
            }
            Item::Read(read) => {
                let mut verdict = match (&read.said.end, &read.mail) {
                    (Some(end), _) => plain(self.end(item, end, lookup)?),
                    (None, None) => plain(Decision::Fail(Reason::Crashed)),
                    (None, Some(mail)) => self.decide_mail(read, mail, lookup)?,
                };
                verdict.notes.extend_from_slice(&read.said.notes);
                Ok(verdict)
            }
        }
    }

    fn decide_mail(
        &self,
        read: &Reading,
        mail: &Mail,
        lookup: &mut dyn Lookup,
    ) -> Result<Verdict, StoreError> {
        let job = self.job;
        let author = policy::spoken_for(mail, job.queues);
        let print = Fingerprint {
            source: self.source,
            key: &read.listed.key,
            message_id: mail.message_id.as_ref(),
            digest: mail.digest,
            raw_sha256: read.raw_sha256,
        };
        let octets = &read.octets;
        let applied = policy::apply(job.rules, &job.name, mail, &|name| parse::header(octets, name));
        let authentication = self.authentication(mail, octets);
        // What fails DMARC is a stranger's, whatever it says.
        let believed = author.as_deref().filter(|_| authentication != Authentication::Fail);
        let references = evidence::of(mail, &job.evidence());
        // A copy is looked for where its ticket would be.
        let home = applied.then.queue.as_ref().unwrap_or(&job.queue.slug);
        let found = facts::gather(lookup, references, believed, home, &print)?;
        let is_ours = job.signer.as_ref().is_some_and(|signer| evidence::is_ours(mail, signer));
        Ok(policy::decide(&Case {
            mail,
            authorship: if is_ours { Authorship::Ours } else { Authorship::Theirs },
            found: &found,
            own: job.queue,
            queues: job.queues,
            entry: job.entry,
            applied: &applied,
            looks: if job.authserv_id.is_some() { Looks::Yes } else { Looks::No },
            authentication,
            now: self.now,
        }))
    }

    /// What an agent passes on, as its first author's.
    fn passed_on(&self, item: &Item, decision: &Decision) -> Option<Mail> {
        let Decision::Create { requester: Requester::FirstAuthor, .. } = decision else { return None };
        let original = parse::forwarded(item.mail()?, &self.job.limits)?;
        let is_ours = original.author().is_some_and(|author| policy::is_one_of_us(author, self.job.queues));
        (!is_ours).then_some(original)
    }

    /// What the own mail server found of the author.
    fn authentication(&self, mail: &Mail, octets: &[u8]) -> Authentication {
        let Some(own) = self.job.authserv_id else { return Authentication::Unknown };
        let from = mail.from.first().map(|author| author.address.as_str());
        policy::authentication(&parse::header(octets, "Authentication-Results"), own, from)
    }

    fn carry_out(
        &self,
        item: &Item,
        original: Option<&Mail>,
        decision: &Decision,
        books: &mut dyn Books,
    ) -> Result<Option<TicketRef>, StoreError> {
        let Item::Read(read) = item else { return Ok(None) };
        let Some(mail) = &read.mail else { return Ok(None) };
        let arrival = Arrival {
            mail: original.unwrap_or(mail),
            raw: &read.octets,
            raw_sha256: read.raw_sha256,
            received_at: received(read.listed.arrived, self.now),
            item: (self.source, item.key()),
            at: self.now,
            queues: self.job.queues,
            keep_raw: self.job.keep_raw,
            notices: self.notices(mail, &read.octets),
        };
        deeds::carry_out(decision, &arrival, books)
    }

    /// How people are told of a mail; `None` where nobody is.
    fn notices<'a>(&'a self, mail: &'a Mail, octets: &[u8]) -> Option<Notices<'a>> {
        let (notify, signer) = self.job.notify.zip(self.job.signer.as_ref())?;
        Some(Notices { notify, signer, authentication: self.authentication(mail, octets), came: mail })
    }

    /// Writes the ledger row, with what is told of its mail.
    fn record(
        &self,
        seen: Seen<'_>,
        (verdict, failure): (&Verdict, Option<&Failure>),
        ticket: Option<TicketRef>,
        books: &mut dyn Books,
    ) -> Result<Received, StoreError> {
        let Seen { item, mail } = seen;
        let (outcome, reason) = (verdict.decision.outcome(), verdict.decision.reason());
        let mut notes = verdict.notes.clone();
        notes.extend(mail.into_iter().flat_map(|mail| &mail.defects).map(|d| format!("defect: {d}")));
        let disposition = self.disposition(item, &verdict.decision);
        let failure = failure.filter(|_| hooks::may_decide(&verdict.decision));
        let error = failure.map(Failure::trouble).or_else(|| item.trouble(outcome, reason));
        let mut line = self.line(seen, outcome, reason);
        let read = item.reading();
        books.record(&LedgerEntry {
            run: self.job.run,
            source: self.source,
            key: item.key(),
            at: self.now,
            outcome,
            reason: reason.as_str(),
            ticket: ticket.as_ref().map(|ticket| ticket.id),
            mail,
            author: line.from.as_deref(),
            raw_sha256: read.map(|read| read.raw_sha256),
            disposition: disposition.clone(),
            notes: &notes,
            error: error.as_ref().map(stored),
            quarantined: read.filter(|_| self.job.keeps(outcome)).map(Reading::copy),
        })?;
        line.ticket = ticket.as_ref().map(ToString::to_string);
        line.notes = notes;
        line.error = error;
        let message = Message { job: self.job, folder: &self.source.folder, key: item.key(), mail };
        hooks::outcome(&message, &line, ticket.as_ref(), self.now, books)?;
        let acknowledgement = (disposition != Disposition::Keep).then(|| Acknowledgement {
            key: item.key().clone(),
            disposition,
            message_id: mail.and_then(|mail| mail.message_id.clone()),
            telling: Telling::First,
        });
        Ok(Received { line, acknowledgement })
    }

    /// What is not stored whole stays where it is, whatever the settings say.
    fn disposition(&self, item: &Item, decision: &Decision) -> Disposition {
        let wanted = self.job.disposition(decision);
        let removes = matches!(wanted, Disposition::Delete | Disposition::Move(_));
        if removes && !item.is_whole() { Disposition::Keep } else { wanted }
    }

    /// The line of an item, with what is told of its mail.
    pub(super) fn line(&self, seen: Seen<'_>, outcome: OutcomeWord, reason: Reason) -> MessageLine {
        let Seen { item, mail } = seen;
        let author = mail.and_then(|mail| policy::author(mail, self.job.queues));
        MessageLine {
            mailbox: self.job.name.clone(),
            folder: self.source.folder.clone(),
            item: item.key().to_string(),
            message_id: mail.and_then(|mail| mail.message_id.as_ref()).map(|id| id.to_string()),
            from: author.map(|author| author.address.clone()),
            subject: mail.map(|mail| mail.subject.clone()),
            outcome,
            reason: reason.as_str().to_owned(),
            ticket: None,
            notes: Vec::new(),
            error: None,
        }
    }
}

/// A part of the program gave up; the panic hook has told of it.
struct Panicked;

fn stored(trouble: &Trouble) -> StoredError {
    StoredError {
        code: trouble.code.as_str().to_owned(),
        message: trouble.message.clone(),
        hint: Some(trouble.advice().to_owned()),
    }
}
