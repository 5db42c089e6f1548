//! Who is told what, as tables.

use super::*;
use crate::model::address::AddressPattern;
use crate::model::decision::{Marks, Requester, Trust};
use crate::model::evidence::Evidence;
use crate::policy::{AnswersTo, ClosedTicket, Entry, FollowupsFrom, Forwarded, SameMail};

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn queue() -> Queue {
    let agents = ["anna@desk.example", "*@staff.example"];
    Queue {
        slug: "support".parse().unwrap(),
        title: "Support".to_owned(),
        addresses: vec!["support@example.org".to_owned()],
        entry: Entry::CreateAndUpdate,
        closed_ticket: ClosedTicket::Reopen { within: None },
        same_mail: SameMail::OnePerQueue,
        followups_from: FollowupsFrom::Participants,
        agents: agents.into_iter().map(AddressPattern::new).collect(),
        forwarded: Forwarded::Agent,
        priority: 3,
        locale: "en".to_owned(),
        notify: Told::ALL.to_vec(),
        answers_to: AnswersTo::Queue,
        outbox: "default".to_owned(),
        attach_files: None,
    }
}

fn create(reason: Reason, linked: &[i64]) -> Decision {
    Decision::Create {
        queue: "support".parse().unwrap(),
        reason,
        linked: linked.iter().map(|id| TicketId(*id)).collect(),
        marks: Marks::default(),
        requester: Requester::Author,
    }
}

fn update(effect: Effect) -> Decision {
    Decision::Update {
        ticket: TicketId(1),
        queue: "support".parse().unwrap(),
        reason: Reason::Evidence(Evidence::Token),
        effect,
        trust: Trust::Proven,
        linked: Vec::new(),
    }
}

fn people(all: &[(&str, Role)]) -> Vec<(Address, Role)> {
    all.iter().map(|(address, role)| (Address::bare(address), *role)).collect()
}

/// Alice's ticket with Bob in Cc and what Carl of the staff wrote on it.
fn circle() -> Vec<(Address, Role)> {
    people(&[
        ("alice@example.net", Role::Requester),
        ("bob@example.net", Role::Cc),
        ("carl@staff.example", Role::Author),
    ])
}

/// `occasion address (why not)` of each, as told with these changes to the event.
fn told(decision: &Decision, mail: &Mail, with: impl for<'a> Fn(Event<'a>) -> Event<'a>) -> Vec<String> {
    let (queue, people) = (queue(), circle());
    let queues = [queue.clone()];
    let event = with(Event {
        decision,
        mail,
        original: None,
        arrived: now(),
        authentication: Authentication::Unknown,
        people: &people,
        notify: true,
        queue: &queue,
        queues: &queues,
        told: &Told::ALL,
        max_age: SignedDuration::from_hours(72),
        now: now(),
    });
    intended(&event).iter().map(shown).collect()
}

fn shown(notice: &Notice) -> String {
    let why = notice.untold.map(|why| format!(" ({why})")).unwrap_or_default();
    let other = notice.other.map(|other| format!(" {other}")).unwrap_or_default();
    format!("{} {} {}{other}{why}", notice.occasion, notice.told, notice.to.address)
}

fn mail(from: &str) -> Mail {
    Mail::sample(from, "Printer")
}

fn as_it_is(event: Event<'_>) -> Event<'_> {
    event
}

#[test]
fn a_new_ticket_is_acknowledged_to_its_requester_alone_and_agents_hear_of_it() {
    let alice = mail("alice@example.net");
    let new = create(Reason::New, &[]);
    let expected = ["created requester alice@example.net", "announced agents anna@desk.example"];
    assert_eq!(told(&new, &alice, as_it_is), expected);
    let closed = create(Reason::ClosedTicket, &[7]);
    assert_eq!(told(&closed, &alice, as_it_is)[0], "closed requester alice@example.net 7");
    let linked = create(Reason::SenderNotParticipant, &[7]);
    assert_eq!(told(&linked, &alice, as_it_is)[0], expected[0], "a stranger is told nothing of that ticket");
    let cut = Mail { defects: vec!["truncated".to_owned()], ..alice };
    assert_eq!(told(&new, &cut, as_it_is)[0], "too-large requester alice@example.net");
}

#[test]
fn a_follow_up_is_told_to_all_but_its_author() {
    let all = |from: &str| told(&update(Effect::Append), &mail(from), as_it_is);
    let (alice, bob) = ("updated requester alice@example.net", "updated cc bob@example.net");
    let (carl, anna) = ("updated agents carl@staff.example", "updated agents anna@desk.example");
    assert_eq!(all("Alice@example.net"), [bob, carl, anna]);
    assert_eq!(all("bob@example.net"), [alice, carl, anna]);
    assert_eq!(all("anna@desk.example"), [alice, bob, carl]);
    assert_eq!(all("stranger@example.com"), [alice, bob, carl, anna]);
    let reopened = told(&update(Effect::Reopen), &mail("alice@example.net"), as_it_is);
    assert_eq!(reopened[0], "reopened cc bob@example.net");
    let cut = Mail { defects: vec!["truncated".to_owned()], ..mail("bob@example.net") };
    let cut = told(&update(Effect::Append), &cut, as_it_is);
    assert_eq!(cut, ["too-large cc bob@example.net", alice, carl, anna]);
}

#[test]
fn who_got_the_mail_itself_is_not_told_again() {
    let mut mail = mail("alice@example.net");
    mail.cc = vec![Address::bare("Bob@example.net"), Address::bare("anna@desk.example")];
    let expected = [
        "updated cc bob@example.net (addressed)",
        "updated agents carl@staff.example",
        "updated agents anna@desk.example",
    ];
    assert_eq!(told(&update(Effect::Append), &mail, as_it_is), expected);
}

#[test]
fn only_ordinary_mail_is_answered_and_what_answers_by_itself_causes_nothing() {
    let (new, follow_up) = (create(Reason::New, &[]), update(Effect::Append));
    for kind in [Kind::AutoReply, Kind::Bounce, Kind::Delay, Kind::Feedback] {
        let mail = Mail { kind, ..mail("alice@example.net") };
        assert_eq!(told(&new, &mail, as_it_is), [""; 0], "{kind:?}");
        assert_eq!(told(&follow_up, &mail, as_it_is), [""; 0], "{kind:?}");
    }
    for kind in [Kind::List, Kind::AutoGenerated] {
        let mail = Mail { kind, ..mail("alice@example.net") };
        let expected = ["created requester alice@example.net (kind)", "announced agents anna@desk.example"];
        assert_eq!(told(&new, &mail, as_it_is), expected, "{kind:?}");
        let expected = [
            "updated cc bob@example.net (kind)",
            "updated agents carl@staff.example",
            "updated agents anna@desk.example",
        ];
        assert_eq!(told(&follow_up, &mail, as_it_is), expected, "{kind:?}");
        let original = Mail { kind, ..self::mail("alice@example.net") };
        let passed_on = self::mail("anna@desk.example");
        let queues = [queue()];
        let circle = circle();
        let event = Event {
            decision: &new,
            mail: &passed_on,
            original: Some(&original),
            arrived: now(),
            authentication: Authentication::Unknown,
            people: &circle,
            notify: true,
            queue: &queues[0],
            queues: &queues,
            told: &Told::ALL,
            max_age: SignedDuration::from_hours(72),
            now: now(),
        };
        let shown: Vec<_> = intended(&event).iter().map(shown).collect();
        assert_eq!(shown, ["created requester alice@example.net (kind)"], "{kind:?}");
    }
}

#[test]
fn nothing_is_acknowledged_that_fails_dmarc() {
    fn fails(event: Event<'_>) -> Event<'_> {
        Event { authentication: Authentication::Fail, ..event }
    }
    let expected = ["created requester alice@example.net (dmarc)", "announced agents anna@desk.example"];
    assert_eq!(told(&create(Reason::New, &[]), &mail("alice@example.net"), fails), expected);
    let others = told(&update(Effect::Append), &mail("alice@example.net"), fails);
    assert_eq!(others.len(), 3, "others hear of what a token let in: {others:?}");
}

#[test]
fn nothing_is_told_of_old_mail_or_where_a_rule_or_the_queue_forbids_it() {
    let new = create(Reason::New, &[]);
    let alice = mail("alice@example.net");
    let hours = |hours| now() - SignedDuration::from_hours(hours);
    let dated = Mail { date: Some(hours(73)), ..alice.clone() };
    let old = "created requester alice@example.net (age)";
    assert_eq!(told(&new, &dated, as_it_is)[0], old);
    assert_eq!(told(&new, &alice, |event| Event { arrived: hours(73), ..event })[0], old);
    let recent = Mail { date: Some(hours(71)), ..alice.clone() };
    assert_eq!(told(&new, &recent, as_it_is)[0], "created requester alice@example.net");
    let ruled = told(&new, &alice, |event| Event { notify: false, ..event });
    let expected =
        ["created requester alice@example.net (rule)", "announced agents anna@desk.example (rule)"];
    assert_eq!(ruled, expected);
    let agents = told(&new, &alice, |event| Event { told: &[Told::Agents], ..event });
    assert_eq!(agents, ["announced agents anna@desk.example"]);
    assert_eq!(told(&new, &alice, |event| Event { told: &[], ..event }), [""; 0]);
}

#[test]
fn own_addresses_and_what_is_no_address_get_nothing_and_nobody_is_told_twice() {
    let own = people(&[
        ("support@example.org", Role::Requester),
        ("support+12@example.org", Role::Cc),
        ("ANNA@desk.example", Role::Cc),
        ("root", Role::Cc),
        ("a@x\r\nBcc: b@x", Role::Cc),
        ("@example.net", Role::Cc),
        ("a b@example.net", Role::Cc),
    ]);
    let queues = [queue()];
    let (decision, mail) = (update(Effect::Append), mail("alice@example.net"));
    let event = Event {
        decision: &decision,
        mail: &mail,
        original: None,
        arrived: now(),
        authentication: Authentication::Unknown,
        people: &own,
        notify: true,
        queue: &queues[0],
        queues: &queues,
        told: &Told::ALL,
        max_age: SignedDuration::from_hours(72),
        now: now(),
    };
    let shown: Vec<_> = intended(&event).iter().map(shown).collect();
    assert_eq!(shown, ["updated agents ANNA@desk.example"]);
}

#[test]
fn other_decisions_are_told_to_nobody() {
    let alice = mail("alice@example.net");
    for decision in [Decision::Skip(Reason::NoTicketId), Decision::Ignore(Reason::Baseline)] {
        assert_eq!(told(&decision, &alice, as_it_is), [""; 0]);
    }
}

#[test]
fn limits_hold_for_each_address_and_for_all() {
    let limits = Limits { to_one: 4, to_all: 10 };
    let known = |written, same| Known { suppressed: false, written, same };
    let one = |told, known, written| {
        let notice = notice(Occasion::Updated, Address::bare("a@x"), told);
        limited(vec![(notice, known)], &limits, written).remove(0).untold
    };
    let table = [
        (Told::Cc, known(0, 0), 0, None),
        (Told::Cc, known(3, 1), 9, None),
        (Told::Cc, known(4, 0), 0, Some(Untold::RateLimit)),
        (Told::Cc, known(2, 2), 0, Some(Untold::SameSubject)),
        (Told::Agents, known(99, 99), 0, None),
        (Told::Agents, known(0, 0), 10, Some(Untold::RateLimitTotal)),
        (Told::Agents, Known { suppressed: true, ..known(0, 0) }, 0, Some(Untold::Address)),
    ];
    for (told, known, written, expected) in table {
        assert_eq!(one(told, known, written), expected, "{told} {known:?} {written}");
    }
    let several =
        (0..3).map(|_| (notice(Occasion::Updated, Address::bare("a@x"), Told::Agents), known(0, 0)));
    let untold: Vec<_> = limited(several.collect(), &limits, 8).iter().map(|one| one.untold).collect();
    assert_eq!(untold, [None, None, Some(Untold::RateLimitTotal)]);
}

#[test]
fn subjects_are_compared_without_marks_and_tags() {
    for text in ["Printer on  fire", "Re: [support-12] AW: printer on fire", "[a][b] FWD：Printer on fire"] {
        assert_eq!(subject(text), "printer on fire", "{text}");
    }
    assert_eq!(subject("[printer]"), "[printer]");
    assert_eq!(subject("Re:"), "re:");
    assert_eq!(subject("Request: more"), "request: more");
}
