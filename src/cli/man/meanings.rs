//! One line of meaning for every code and word that scripts read; the matches make them complete.

use crate::model::event::{EventState, Undelivered};
use crate::model::evidence::Evidence;
use crate::model::exit::Exit;
use crate::model::outbox::{GivenUp, OutboxState, Untold};
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::trouble::ErrorCode;
use crate::run::ItemState;

pub(super) fn exit(exit: Exit) -> &'static str {
    match exit {
        Exit::Ok => {
            "Every mailbox was fetched and every message settled; skipped, ignored and duplicate are settled."
        }
        Exit::Attention => {
            "All was processed, but something waits for a person: a message failed and is in quarantine, a notification \
             or event was given up, an alert threshold is reached, or outcomes --reconcile found what is not accounted for."
        }
        Exit::Usage => "The command line is wrong.",
        Exit::Data => "The input of ingest or inspect is not a message.",
        Exit::NoInput => "A named file, ticket or message does not exist or cannot be read.",
        Exit::Unavailable => {
            "A mailbox or mail server could not be reached or broke off; the next run goes on from there."
        }
        Exit::Internal => "A bug; the message says what to report.",
        Exit::CantCreate => "A file would be overwritten.",
        Exit::Io => "The store or a file could not be written, for instance because the disk is full.",
        Exit::Temporary => {
            "Another run holds the mailbox or the outbox, the store is busy, messages were deferred, notifications or events \
             put off, or a signal ended the run; the next run goes on."
        }
        Exit::Refused => "A mailbox refused the credentials.",
        Exit::Config => "The configuration is missing or wrong; nothing was done.",
    }
}

pub(super) fn state(state: ItemState) -> &'static str {
    match state {
        ItemState::Settled => {
            "It lies there and has its outcome. What the mailbox is still to be told of it stands in \"owed\"."
        }
        ItemState::Waiting => "It lies there and the next fetch takes it: it is new, deferred or reset.",
        ItemState::Deleted => {
            "It lies there flagged for deletion (IMAP \\Deleted, Maildir T) and has no outcome; no fetch takes it while \
             the flag stands."
        }
        ItemState::Unknown => {
            "It lies there, was never settled, and lies below the mark from which fetches list: none would ever take it. \
             Not accounted for; \"outcomes reset --unknown\" lets the next fetch take it. IMAP and mbox have such a mark."
        }
        ItemState::Gone => {
            "It lies there no more, but the ledger waits for it. What is settled and owes the mailbox something is \
             accounted for, and the next fetch forgets the debt; what was deferred or reset is not: somebody moved or \
             deleted it before it could be taken."
        }
    }
}

pub(super) fn outcome(word: OutcomeWord) -> &'static str {
    match word {
        OutcomeWord::Created => "It opened a ticket.",
        OutcomeWord::Updated => "It is a follow-up on a ticket.",
        OutcomeWord::Reopened => "It is a follow-up and opened a closed ticket again.",
        OutcomeWord::Duplicate => "It was processed before.",
        OutcomeWord::Skipped => "It may not open or update a ticket here.",
        OutcomeWord::Ignored => "It is not wanted.",
        OutcomeWord::Deferred => "Trouble that passes; it is not settled and the next run takes it again.",
        OutcomeWord::Failed => {
            "It could not be processed; the raw message is in quarantine, from where \"quarantine retry\" takes it again."
        }
    }
}

pub(super) fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::New => "Nothing in it names a ticket.",
        Reason::UnknownTicket => "It names a ticket that is not there.",
        Reason::ClosedTicket => "It names a ticket that is closed and stays so.",
        Reason::SenderNotParticipant => {
            "It names a ticket in a way that can be guessed, and its sender is not on that ticket; the new one is linked."
        }
        Reason::Evidence(evidence) => self::evidence(evidence),
        Reason::Bounce => "It is a delivery failure.",
        Reason::AutoReply => "It is a vacation reply or the like.",
        Reason::Delay => "It is a delay notice.",
        Reason::Feedback => "It is a feedback report.",
        Reason::MessageId => "The same Message-ID with the same content is on a ticket.",
        Reason::AlreadySettled => "The mailbox settled the same message under another key.",
        Reason::NoTicketId => "Nothing in it names a ticket, and only updates are allowed (update_only).",
        Reason::SenderNotAllowed => "As sender-not-participant, where only updates are allowed.",
        Reason::OwnMessage => "We sent it.",
        Reason::Rule(_) => "The rule of that name ignores it ([[rule]]).",
        Reason::Baseline => "It lay there before the first run (--baseline or since).",
        Reason::Unreadable => "Neither a sender nor a text could be made out.",
        Reason::Crashed => "A part of the program gave up on it.",
        Reason::Store => "The store refuses what is in it.",
        Reason::Hook => {
            "A hook said so, or failed where its on_failure makes this of the message ([[hook]]); the note tells which and why."
        }
        Reason::TooManyAttempts => "Trouble of its own came again too often (max_attempts).",
        Reason::Temporary => "Trouble that passes.",
    }
}

fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Token => "A reply address or Message-ID of ours names the ticket and its signature holds.",
        Evidence::InReplyTo => "Its In-Reply-To names a message that is on the ticket.",
        Evidence::References => "Its References name a message that is on the ticket.",
        Evidence::ReferencedBy => {
            "A message that is on the ticket names it: the answer came before what it answers."
        }
        Evidence::Header => "Its X-Helpdesk-Ticket names the ticket (trust_headers).",
        Evidence::Address => "A recipient such as support+12@example.org names the ticket.",
        Evidence::Subject => "Its subject holds the ticket, as in [support-12].",
    }
}

pub(super) fn notification(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Queued => "It waits until it is due.",
        OutboxState::Sending => {
            "A program has it in hand. If that one died, the next delivery goes on with it."
        }
        OutboxState::Sent => "A mail server took it.",
        OutboxState::Failed => "It was given up; \"outbox requeue\" makes it due again.",
        OutboxState::Cancelled => "A person took it back (outbox cancel).",
        OutboxState::Suppressed => "The person is not told; the reason says why.",
        OutboxState::Expired => "It could not be delivered while it was news (max_age).",
        OutboxState::Bounced => "A mail server took it, and it came back; the ticket has a note.",
    }
}

pub(super) fn untold(why: Untold) -> &'static str {
    match why {
        Untold::Rule => "A rule of the configuration says so (notify = false).",
        Untold::Kind => {
            "The message was not written by a person to us, but came by a list or from a program: only agents hear of it."
        }
        Untold::Age => "The message is older than max_age, by its date or by when it came.",
        Untold::Dmarc => "The message fails DMARC: whoever wrote it is not whom it names.",
        Untold::Addressed => "The message itself went there, too.",
        Untold::Address => "The address is suppressed: what was sent there came back, or a person said so.",
        Untold::RateLimit => {
            "The address got as many as rate_limit allows in the last 3 hours; agents are excepted."
        }
        Untold::SameSubject => "It got half as many with this very subject.",
        Untold::RateLimitTotal => "All together got as many as rate_limit_total allows in the last 3 hours.",
    }
}

pub(super) fn given_up(why: GivenUp) -> &'static str {
    match why {
        GivenUp::Rejected => "A mail server refused it for good.",
        GivenUp::TooManyAttempts => "Servers put it off too often (max_attempts).",
        GivenUp::Uncertain => "Twice it was given to a server and no answer came: it may have been taken.",
        GivenUp::NoQueue => "Its queue is not configured any more, or has no address.",
    }
}

pub(super) fn event(state: EventState) -> &'static str {
    match state {
        EventState::Queued => "It waits until it is due.",
        EventState::Delivering => {
            "A program has it in hand. If that one died, the next delivery goes on with it."
        }
        EventState::Delivered => "The hook took it.",
        EventState::Failed => "It was given up; \"events retry\" makes it due again.",
        EventState::Dropped => "A person dropped it (events drop).",
    }
}

pub(super) fn undelivered(why: Undelivered) -> &'static str {
    match why {
        Undelivered::TooManyAttempts => "The hook failed too often (max_attempts).",
        Undelivered::Gone => {
            "The endpoint says that it is there no more (410); none is sent there while an event stands so."
        }
        Undelivered::Uncertain => "Twice the program died while it delivered it: it may have been taken.",
        Undelivered::NoHook => "No hook of that name listens to it any more.",
    }
}

pub(super) fn error(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::ConfigMissing => "The configuration file is not there or cannot be read.",
        ErrorCode::ConfigInvalid => "A key is unknown, missing or wrong.",
        ErrorCode::ConfigPermissions => "Others may write the configuration file.",
        ErrorCode::MailboxConnect => "No connection to the server came about, or it broke off.",
        ErrorCode::MailboxTls => "TLS was refused, stripped or does not verify; no password was sent.",
        ErrorCode::MailboxAuth => "The credentials were refused or could not be had.",
        ErrorCode::MailboxFolder => "A folder or path is not there or may not be used.",
        ErrorCode::MailboxProtocol => "The server said what the protocol does not allow.",
        ErrorCode::MailboxTimeout => "The server did not answer in time.",
        ErrorCode::MailboxLocked => "Another run or program holds the mailbox.",
        ErrorCode::OutboxConnect => "No connection to a mail server came about, or it takes no mail from us.",
        ErrorCode::OutboxTls => {
            "TLS was refused, stripped or does not verify; neither password nor mail was sent."
        }
        ErrorCode::OutboxAuth => "A mail server refused the credentials, or they could not be had.",
        ErrorCode::OutboxPath => "The directory or program of a back end cannot be used.",
        ErrorCode::OutboxProtocol => "A mail server said what the protocol does not allow.",
        ErrorCode::OutboxTimeout => "A mail server did not answer in time.",
        ErrorCode::OutboxLocked => {
            "Another program delivers from this SQLite store, or has taken over what this one had in hand."
        }
        ErrorCode::HookTimeout => "A hook did not end in time, and was ended.",
        ErrorCode::HookFailed => "A hook could not be called, or failed.",
        ErrorCode::MessageUnreadable => "Nothing could be made out in a message.",
        ErrorCode::MessageAttempts => "A message had trouble of its own too often.",
        ErrorCode::MessageCrashed => "A part of the program gave up on a message.",
        ErrorCode::MessageStore => "The store refuses what is in one message.",
        ErrorCode::StoreBusy => "Another program holds the store, or its server is away.",
        ErrorCode::StoreFull => "No room is left for the store.",
        ErrorCode::StoreSchema => "The store is newer than the program, or is no store.",
        ErrorCode::StoreUnavailable => "The store cannot be opened, read or written.",
        ErrorCode::Usage => "The command line is wrong, or what it asks cannot be done.",
        ErrorCode::InputData => "The input is not a message.",
        ErrorCode::InputMissing => "A named file, ticket or item does not exist.",
        ErrorCode::OutputExists => "A file would be overwritten.",
        ErrorCode::OutputIo => "A file or standard output could not be written.",
        ErrorCode::Interrupted => "A signal ended the run.",
        ErrorCode::Internal => "A bug; the message says what to report.",
    }
}
