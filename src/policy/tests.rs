//! The rules of the contract, section 4, as tables.

use jiff::SignedDuration;

use super::*;
use crate::model::address::{Address, AddressPattern};
use crate::model::decision::{Effect, Trust};
use crate::model::evidence::{Evidence, Named, Reference};
use crate::model::found::{Candidate, Standing};
use crate::model::ids::{MessageId, TicketId};
use crate::model::mail::Kind;
use crate::model::ticket::{Role, Status, TicketFacts};

fn mail() -> Mail {
    Mail::sample("alice@example.org", "Printer")
}

fn queue() -> Queue {
    Queue {
        slug: "support".parse().unwrap(),
        title: "Support".to_owned(),
        addresses: vec!["support@example.org".to_owned()],
        entry: Entry::CreateAndUpdate,
        closed_ticket: ClosedTicket::Reopen { within: None },
        same_mail: SameMail::OnePerQueue,
        followups_from: FollowupsFrom::Participants,
        agents: vec![AddressPattern::new("*@helpdesk.example.org")],
        forwarded: Forwarded::Agent,
        priority: 3,
        locale: "en".to_owned(),
        notify: Vec::new(),
        answers_to: crate::policy::AnswersTo::Queue,
        outbox: "default".to_owned(),
        attach_files: None,
    }
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn candidate(evidence: Evidence, id: i64, status: Option<Status>, standing: Standing) -> Candidate {
    let queue: crate::model::ids::QueueSlug = "support".parse().unwrap();
    let names = match evidence {
        InReplyTo | References => Named::Message(MessageId::new("a@b.example").unwrap()),
        ReferencedBy => Named::Itself(MessageId::new("a@b.example").unwrap()),
        Token | Header | ByAddress | Subject => {
            Named::Ticket { queue: Some(queue.clone()), id: TicketId(id) }
        }
    };
    let ticket = status.map(|status| TicketFacts {
        id: TicketId(id),
        queue,
        status,
        status_since: now() - SignedDuration::from_hours(48),
        merged_into: None,
    });
    Candidate { reference: Reference { evidence, names }, ticket, standing, twin: None }
}

/// The decision in short: outcome, reason, ticket.
fn short(decision: &Decision) -> String {
    let ticket = match decision {
        Decision::Update { ticket, .. } => format!(" {ticket}"),
        Decision::Create { linked, .. } => linked.iter().map(|ticket| format!(" {ticket}")).collect(),
        Decision::Duplicate { .. }
        | Decision::Skip(_)
        | Decision::Ignore(_)
        | Decision::Defer(_)
        | Decision::Fail(_) => String::new(),
    };
    format!("{}/{}{ticket}", decision.outcome(), decision.reason())
}

fn verdict(mail: &Mail, queue: &Queue, entry: Entry, candidates: Vec<Candidate>) -> Verdict {
    let found = Found { candidates, ..Found::default() };
    let queues = [queue.clone()];
    decide(&Case {
        mail,
        authorship: Authorship::Theirs,
        found: &found,
        own: queue,
        queues: &queues,
        entry,
        applied: &Applied::default(),
        looks: Looks::No,
        authentication: Authentication::Unknown,
        now: now(),
    })
}

/// Both ways of a mailbox: may it open tickets or only update them.
fn both(candidates: Vec<Candidate>) -> [String; 2] {
    [Entry::CreateAndUpdate, Entry::UpdateOnly]
        .map(|entry| short(&verdict(&mail(), &queue(), entry, candidates.clone()).decision))
}

use Evidence::{Address as ByAddress, Header, InReplyTo, ReferencedBy, References, Subject, Token};
use Standing::{Participant, Stranger};
use Status::{Closed, Open, Resolved};

#[test]
fn mail_without_or_with_unknown_ids_creates_or_is_skipped() {
    assert_eq!(both(vec![]), ["created/new", "skipped/no-ticket-id"]);
    for evidence in [Token, Header, ByAddress, Subject] {
        let unknown = candidate(evidence, 12, None, Stranger);
        assert_eq!(both(vec![unknown]), ["created/unknown-ticket", "skipped/unknown-ticket"], "{evidence:?}");
    }
    for evidence in [InReplyTo, References, ReferencedBy] {
        let foreign_thread = candidate(evidence, 12, None, Stranger);
        assert_eq!(both(vec![foreign_thread]), ["created/new", "skipped/no-ticket-id"], "{evidence:?}");
    }
}

#[test]
fn what_can_be_guessed_counts_only_for_participants_and_agents() {
    for evidence in [Token, InReplyTo, References, ReferencedBy, Header, ByAddress, Subject] {
        let word = evidence.as_str();
        let updated = format!("updated/{word} 12");
        let known = candidate(evidence, 12, Some(Open), Participant);
        assert_eq!(both(vec![known]), [updated.clone(), updated.clone()]);
        let expected = if evidence.is_guessable() {
            ["created/sender-not-participant 12".to_owned(), "skipped/sender-not-allowed".to_owned()]
        } else {
            [updated.clone(), updated]
        };
        assert_eq!(both(vec![candidate(evidence, 12, Some(Open), Stranger)]), expected);
    }
    let agent = Mail { from: vec![Address::bare("Bob@helpdesk.example.org")], ..mail() };
    let by_subject = || vec![candidate(Subject, 12, Some(Open), Stranger)];
    let decision = verdict(&agent, &queue(), Entry::UpdateOnly, by_subject()).decision;
    assert_eq!(short(&decision), "updated/subject 12");
    let open_queue = Queue { followups_from: FollowupsFrom::Anyone, ..queue() };
    let decision = verdict(&mail(), &open_queue, Entry::UpdateOnly, by_subject()).decision;
    assert_eq!(short(&decision), "updated/subject 12");
}

#[test]
fn the_stronger_evidence_wins_and_the_other_is_noted() {
    let candidates =
        vec![candidate(InReplyTo, 3, Some(Open), Stranger), candidate(Subject, 12, Some(Open), Participant)];
    let verdict = verdict(&mail(), &queue(), Entry::CreateAndUpdate, candidates);
    assert_eq!(short(&verdict.decision), "updated/in-reply-to 3");
    assert_eq!(verdict.notes, ["subject names support-12, in-reply-to decided"]);
}

#[test]
fn tickets_that_turn_out_to_be_one_thread_are_linked_and_what_can_be_guessed_links_nothing() {
    let late = |status| {
        vec![
            candidate(InReplyTo, 3, Some(status), Stranger),
            candidate(References, 3, Some(Open), Stranger),
            candidate(ReferencedBy, 4, Some(Open), Stranger),
            candidate(ReferencedBy, 5, Some(Closed), Stranger),
            candidate(References, 4, Some(Open), Stranger),
            candidate(Subject, 6, Some(Open), Participant),
        ]
    };
    for status in [Open, Closed] {
        let decision = verdict(&mail(), &queue(), Entry::UpdateOnly, late(status)).decision;
        let Decision::Update { ticket, linked, .. } = decision else { panic!("{decision:?}") };
        assert_eq!((ticket, linked), (TicketId(3), vec![TicketId(4), TicketId(5)]));
    }
    let many = (1..100).map(|id| candidate(ReferencedBy, id, Some(Open), Stranger)).collect();
    let decision = verdict(&mail(), &queue(), Entry::UpdateOnly, many).decision;
    assert!(matches!(decision, Decision::Update { linked, .. } if linked.len() == 20));
}

#[test]
fn weaker_evidence_that_is_allowed_beats_stronger_that_is_not() {
    let candidates =
        vec![candidate(ByAddress, 3, Some(Open), Stranger), candidate(Subject, 12, Some(Open), Participant)];
    assert_eq!(both(candidates), ["updated/subject 12", "updated/subject 12"]);
}

#[test]
fn a_closed_ticket_is_reopened_or_followed_by_a_linked_one() {
    let closed = || vec![candidate(Token, 12, Some(Closed), Stranger)];
    assert_eq!(both(closed()), ["reopened/token 12", "reopened/token 12"]);
    assert_eq!(both(vec![candidate(Token, 12, Some(Resolved), Stranger)])[0], "reopened/token 12");
    let table = [
        (ClosedTicket::New, "created/closed-ticket 12", "skipped/closed-ticket"),
        (
            ClosedTicket::Reopen { within: Some(SignedDuration::from_hours(47)) },
            "created/closed-ticket 12",
            "skipped/closed-ticket",
        ),
        (
            ClosedTicket::Reopen { within: Some(SignedDuration::from_hours(48)) },
            "reopened/token 12",
            "reopened/token 12",
        ),
    ];
    for (closed_ticket, create, update_only) in table {
        let queue = Queue { closed_ticket, ..queue() };
        for (entry, expected) in [(Entry::CreateAndUpdate, create), (Entry::UpdateOnly, update_only)] {
            assert_eq!(
                short(&verdict(&mail(), &queue, entry, closed()).decision),
                expected,
                "{closed_ticket:?}"
            );
        }
    }
}

#[test]
fn only_a_signature_is_trusted_with_more_than_the_text() {
    for (evidence, expected) in
        [(Token, Trust::Proven), (InReplyTo, Trust::Claimed), (Subject, Trust::Claimed)]
    {
        let decision = verdict(
            &mail(),
            &queue(),
            Entry::UpdateOnly,
            vec![candidate(evidence, 1, Some(Open), Participant)],
        )
        .decision;
        assert!(matches!(decision, Decision::Update { trust, .. } if trust == expected), "{evidence:?}");
    }
}

#[test]
fn what_answers_by_itself_never_opens_or_reopens_a_ticket() {
    for kind in [Kind::AutoReply, Kind::Bounce, Kind::Delay, Kind::Feedback] {
        let automatic = Mail { kind, ..mail() };
        let word = kind.as_str();
        let decide = |candidates| verdict(&automatic, &queue(), Entry::CreateAndUpdate, candidates).decision;
        assert_eq!(short(&decide(vec![])), format!("skipped/{word}"));
        assert_eq!(
            short(&decide(vec![candidate(Subject, 1, Some(Open), Stranger)])),
            format!("skipped/{word}")
        );
        let update = decide(vec![candidate(Token, 1, Some(Closed), Stranger)]);
        assert_eq!(short(&update), format!("updated/{word} 1"));
        assert!(matches!(update, Decision::Update { effect: Effect::Append, .. }));
    }
}

#[test]
fn unreadable_own_and_repeated_mail_is_told_apart_before_anything_else() {
    let nothing = Mail { from: Vec::new(), subject: String::new(), text: " \n".to_owned(), ..mail() };
    let decision = verdict(&nothing, &queue(), Entry::UpdateOnly, vec![]).decision;
    assert_eq!(short(&decision), "failed/unreadable");

    let found = Found { earlier: Some(Earlier::OnTicket(TicketId(4))), ..Found::default() };
    let (mail, queue) = (mail(), queue());
    let queues = [queue.clone()];
    let case = Case {
        mail: &mail,
        authorship: Authorship::Theirs,
        found: &found,
        own: &queue,
        queues: &queues,
        entry: Entry::CreateAndUpdate,
        applied: &Applied::default(),
        looks: Looks::No,
        authentication: Authentication::Unknown,
        now: now(),
    };
    assert_eq!(short(&decide(&case).decision), "duplicate/message-id");
    let ours = Case { authorship: Authorship::Ours, ..case };
    assert_eq!(short(&decide(&ours).decision), "ignored/own-message");
}

#[test]
fn a_mail_that_is_on_a_ticket_of_another_queue_is_a_linked_ticket_or_a_duplicate() {
    let twin = candidate(Subject, 9, Some(Open), Stranger)
        .ticket
        .map(|ticket| TicketFacts { queue: "sales".parse().unwrap(), ..ticket });
    let found = Found { elsewhere: twin.into_iter().collect(), ..Found::default() };
    let table = [
        (SameMail::OnePerQueue, Entry::CreateAndUpdate, "created/new 9", Some("the same mail is on sales-9")),
        (SameMail::OnePerQueue, Entry::UpdateOnly, "skipped/no-ticket-id", None),
        (SameMail::One, Entry::CreateAndUpdate, "duplicate/message-id", None),
        (SameMail::One, Entry::UpdateOnly, "duplicate/message-id", None),
    ];
    for (same_mail, entry, expected, note) in table {
        let (mail, queue) = (mail(), Queue { same_mail, ..queue() });
        let queues = [queue.clone()];
        let verdict = decide(&Case {
            mail: &mail,
            authorship: Authorship::Theirs,
            found: &found,
            own: &queue,
            queues: &queues,
            entry,
            applied: &Applied::default(),
            looks: Looks::No,
            authentication: Authentication::Unknown,
            now: now(),
        });
        assert_eq!(short(&verdict.decision), expected);
        assert_eq!(verdict.notes.first().map(String::as_str), note);
    }
}

#[test]
fn participants_are_everybody_but_ourselves_once_and_bounded() {
    let crowd: Vec<Address> = (0..50).map(|n| Address::bare(&format!("u{n}@example.org"))).collect();
    let mail = Mail {
        to: [vec![Address::bare("Support+12@example.org"), Address::bare("ALICE@example.org")], crowd]
            .concat(),
        ..mail()
    };
    let all = participants(&mail, &[queue()], Role::Requester);
    assert_eq!(all.len(), MAX_PARTICIPANTS);
    let keys: Vec<String> = all.iter().take(2).map(|(address, _)| address.key()).collect();
    assert_eq!(keys, ["alice@example.org", "u0@example.org"]);
}

#[test]
fn a_group_that_rewrote_from_is_seen_through() {
    let rewritten = Mail {
        from: vec![Address::bare("support@example.org")],
        original_from: vec![Address::bare("carol@example.net")],
        ..mail()
    };
    assert_eq!(author(&rewritten, &[queue()]).unwrap().address, "carol@example.net");
}

#[test]
fn what_came_to_its_queue_through_another_mailbox_is_a_duplicate_there_and_no_hindrance_to_a_new_ticket() {
    let twin = Some(TicketId(7));
    let table = [
        (Some(Status::Open), Standing::Participant, "duplicate/message-id"),
        (Some(Status::Closed), Standing::Participant, "duplicate/message-id"),
        (Some(Status::Open), Standing::Stranger, "created/sender-not-participant 7"),
    ];
    for (status, standing, expected) in table {
        let candidate = Candidate { twin, ..candidate(Subject, 7, status, standing) };
        let decided = verdict(&mail(), &queue(), Entry::CreateAndUpdate, vec![candidate]).decision;
        assert_eq!(short(&decided), expected, "{status:?} {standing:?}");
    }
}
