//! How many round trips a POP3 session takes, and that what goes out in one write tells what it told one by one.

use std::time::Duration;

use helpdesk_mail::mailbox::{Login, Mailbox as _, MailboxError, Password, Pop3Mailbox, Server, Tls};
use helpdesk_mail::model::item::Extent;

use crate::support::account::{plain, told};
use crate::support::cutter::Cutter;
use crate::support::desk::Desk;
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;
use crate::support::pop::{all, connect, listed};
use crate::support::script::{Script, Step};

use Step::{Line, Send, SendOwned, Sleep, Until};

const ONE_BY_ONE: &str = "TOP\r\nUIDL\r\nUSER\r\n";
const AHEAD: &str = "TOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\n";
const SASL: &str = "TOP\r\nUIDL\r\nSASL PLAIN\r\nPIPELINING\r\n";
/// SASL PLAIN for `support` and `secret`.
const RESPONSE: &str = "AHN1cHBvcnQAc2VjcmV0";

fn capa(lines: &str) -> [Step; 2] {
    [Line("CAPA"), SendOwned(format!("+OK\r\n{lines}.\r\n").into_bytes())]
}

fn words() -> Vec<Step> {
    vec![Line("USER support"), Send("+OK\r\n"), Line("PASS secret"), Send("+OK in\r\n")]
}

/// A server's way to its listing: what it offers before and after the login between them.
fn session(before: &str, login: Vec<Step>, after: &str, then: Vec<Step>) -> Vec<Step> {
    let login = [Send("+OK ready\r\n")].into_iter().chain(capa(before)).chain(login);
    login.chain(capa(after)).chain(then).collect()
}

fn listing(list: &'static str, uidl: &'static str) -> Vec<Step> {
    vec![Line("STAT"), Send("+OK 1 9\r\n"), Line("LIST"), Send(list), Line("UIDL"), Send(uidl)]
}

fn one_message() -> Vec<Step> {
    listing("+OK\r\n1 9\r\n.\r\n", "+OK\r\n1 a\r\n.\r\n")
}

fn refused(port: u16) -> String {
    told(connect(&plain(port))).replace(&port.to_string(), "PORT")
}

fn list_told(mailbox: &mut Pop3Mailbox) -> String {
    use helpdesk_mail::mailbox::Reader as _;
    told(mailbox.list(None))
}

#[test]
fn an_idle_run_takes_no_more_round_trips_than_a_bare_reader() {
    let server = Dovecot::start();
    for n in 0..3 {
        server.deliver("support", "INBOX", &Letter::new(&format!("{n}@x"), "Mail").bytes());
    }
    // Four, and one for TLS; STLS is asked for, and CAPA before it is worth nothing behind it.
    for (tls, port, most) in [
        (Tls::None, server.pop3_port, 4),
        (Tls::Implicit, server.pop3s_port, 5),
        (Tls::StartTls, server.pop3_port, 8),
    ] {
        let cutter = Cutter::before(port);
        let toml = server
            .pop3_toml("support", tls)
            .replace(&format!("port = {port}\n"), &format!("port = {}\n", cutter.port));
        let desk = Desk::configured(&format!(
            "[queue.support]\naddress = \"support@example.org\"\n[mailbox.support]\nqueue = \"support\"\n{toml}"
        ));
        assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes().len(), 3);
        cutter.mend();
        assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
        let turns = cutter.turns();
        assert!(turns == most || tls == Tls::StartTls && turns < most, "{tls:?}: {turns}");
    }
}

#[test]
fn the_server_says_how_much_goes_out_in_one_write() {
    let initial = || vec![Line("AUTH PLAIN AHN1cHBvcnQAc2VjcmV0"), Send("+OK in\r\n")];
    let ignored = || {
        vec![
            Line("AUTH PLAIN AHN1cHBvcnQAc2VjcmV0"),
            Send("+ \r\n"),
            Line("AHN1cHBvcnQAc2VjcmV0"),
            Send("+OK\r\n"),
        ]
    };
    for (before, login, after, turns) in [
        (ONE_BY_ONE, words(), ONE_BY_ONE, 8),
        (AHEAD, words(), AHEAD, 4),
        (AHEAD, words(), ONE_BY_ONE, 4),
        (ONE_BY_ONE, words(), AHEAD, 6),
        (SASL, initial(), SASL, 4),
        (SASL, ignored(), SASL, 5),
    ] {
        let quit = [Line("QUIT"), Send("+OK\r\n")];
        let then = one_message().into_iter().chain(quit).collect();
        let script = Script::start(session(before, login, after, then));
        let cutter = Cutter::before(script.port);
        let mut mailbox = connect(&plain(cutter.port)).unwrap();
        assert_eq!(listed(&mut mailbox)[0].key.0, "a");
        assert_eq!(mailbox.close().unwrap(), []);
        let said = script.finish();
        assert_eq!(cutter.turns(), turns, "{said:#?}");
    }
}

#[test]
fn a_response_that_is_too_long_for_a_line_waits_for_its_turn() {
    let password = |length| Login::Password(Password::Literal("x".repeat(length).into()));
    // "AUTH PLAIN ", 240 of base64, CRLF are 253 octets; the next length is 257.
    for (length, expected) in [(171, 1), (172, 2)] {
        let login = if expected == 1 {
            vec![Line("AUTH PLAIN AHN1"), Send("+OK\r\n")]
        } else {
            vec![Line("AUTH PLAIN"), Send("+ \r\n"), Line("AHN1"), Send("+OK\r\n")]
        };
        let script =
            Script::start([Send("+OK\r\n")].into_iter().chain(capa(SASL)).chain(login).collect::<Vec<_>>());
        connect(&Server { login: password(length), ..plain(script.port) }).unwrap();
        let said = script.finish();
        assert_eq!(said.len(), 1 + expected, "{said:?}");
        assert!(said.iter().all(|line| expected == 2 || line.len() + 2 <= 255), "{said:?}");
    }
}

#[test]
fn a_refused_login_is_told_alike_however_it_was_sent() {
    let start = |offer: &str, login: Vec<Step>| {
        Script::start([Send("+OK\r\n")].into_iter().chain(capa(offer)).chain(login).collect())
    };
    let user = |answer| vec![Line("USER support"), Send(answer)];
    for answer in ["-ERR who\r\n", "-ERR [LOGIN-DELAY] later\r\n", "-ERR [SYS/TEMP] down\r\n"] {
        let expected = refused(start(ONE_BY_ONE, user(answer)).port);
        // What becomes of the password behind it is no matter.
        for behind in ["-ERR [AUTH] no\r\n", "+OK in\r\n", "+ \r\n", "garbage\r\n", "+OK", ""] {
            let script = start(AHEAD, user(answer).into_iter().chain([Line("PASS"), Send(behind)]).collect());
            assert_eq!(refused(script.port), expected, "{behind:?}");
            assert_eq!(script.finish(), ["CAPA", "USER support", "PASS secret"]);
        }
    }
    let pass = || words().into_iter().take(3).chain([Send("-ERR [AUTH] not secret\r\n")]).collect();
    let (one_by_one, ahead) = (start(ONE_BY_ONE, pass()), start(AHEAD, pass()));
    let text = refused(ahead.port);
    assert_eq!(text, refused(one_by_one.port));
    assert!(text.starts_with("mailbox.auth: ") && !text.contains("secret"), "{text}");
    assert_eq!(ahead.finish(), one_by_one.finish());
    let script = start(SASL, vec![Line("AUTH PLAIN AHN1"), Send("-ERR not AHN1cHBvcnQAc2VjcmV0\r\n")]);
    let text = refused(script.port);
    assert!(text.starts_with("mailbox.auth: ") && text.contains("not ***"), "{text}");
    assert_eq!(script.finish(), ["CAPA".to_owned(), format!("AUTH PLAIN {RESPONSE}")]);
}

#[test]
fn the_log_holds_no_secret_that_went_out_with_something_else() {
    let user = || vec![Line("USER support"), Send("-ERR who\r\n"), Line("PASS secret"), Send("-ERR no\r\n")];
    let auth = || vec![Line("AUTH PLAIN AHN1"), Send("-ERR no\r\n")];
    for (offer, login, logged) in
        [(AHEAD, user(), "USER support"), (AHEAD, words(), "CAPA to UIDL"), (SASL, auth(), "AUTH PLAIN")]
    {
        let script = Script::start([Send("+OK\r\n")].into_iter().chain(capa(offer)).chain(login).collect());
        let desk = Desk::configured(&format!(
            "[queue.support]\naddress = \"support@example.org\"\n[mailbox.support]\ntype = \"pop3\"\n\
             queue = \"support\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nusername = \"support\"\n\
             password = \"secret\"\n",
            script.port
        ));
        let run = desk.run(&["-vvv", "fetch"]);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains(logged), "{told}");
        assert!(!told.contains("secret") && !told.contains("AHN1"), "{told}");
        assert!(script.sent().len() > 1);
    }
}

#[test]
fn refusals_in_one_write_are_told_and_leave_the_session_in_step() {
    let refusal = "-ERR not now\r\n";
    let no_stat = || {
        let mut steps = one_message();
        steps[1] = Send(refusal);
        steps
    };
    for steps in [no_stat(), listing(refusal, "+OK\r\n1 a\r\n.\r\n"), listing("+OK\r\n1 9\r\n.\r\n", refusal)]
    {
        let quit = [Line("QUIT"), Send("+OK\r\n")];
        let script = Script::start(session(AHEAD, words(), AHEAD, steps.into_iter().chain(quit).collect()));
        let mut mailbox = connect(&plain(script.port)).unwrap();
        let text = list_told(&mut mailbox);
        assert!(text.starts_with("mailbox.folder: ") && text.contains("not now"), "{text}");
        assert_eq!(mailbox.close().unwrap(), []);
        script.finish();
    }
    // Nothing is read as an entry of an empty maildrop, and whatever is said of it is right.
    let empty =
        vec![Line("STAT"), Send("+OK 0 0\r\n"), Line("LIST"), Send(refusal), Line("UIDL"), Send(refusal)];
    let script = Script::start(session(AHEAD, words(), AHEAD, empty));
    assert_eq!(listed(&mut connect(&plain(script.port)).unwrap()), []);
    script.finish();
    // Without UIDL the content is the name.
    let retr = [Line("RETR 1"), Send("+OK\r\nA: b\r\n.\r\n")];
    let steps = listing("+OK\r\n1 9\r\n.\r\n", refusal).into_iter().chain(retr).collect();
    let script = Script::start(session("USER\r\nPIPELINING\r\n", words(), "PIPELINING\r\n", steps));
    let fetched = all(&mut connect(&plain(script.port)).unwrap());
    assert_eq!((fetched[0].1.as_str(), &fetched[0].2), ("A: b\r\n", &Extent::Whole));
    script.finish();
}

#[test]
fn what_the_server_says_before_it_breaks_off_is_told() {
    let login = || [Send("+OK\r\n")].into_iter().chain(capa(AHEAD)).chain(words());
    let rest = || [Line("STAT"), Line("LIST"), Line("UIDL")];
    for (more, expected) in [
        (vec![Line("CAPA"), Send("-ERR [SYS/TEMP] disk\r\n")], "mailbox.connect: "),
        (
            capa(AHEAD).into_iter().chain([Line("STAT"), Send("-ERR [IN-USE] disk\r\n")]).collect(),
            "mailbox.locked: ",
        ),
    ] {
        let script = Script::start(login().chain(more).chain(rest()).collect());
        let text = list_told(&mut connect(&plain(script.port)).unwrap());
        assert!(text.starts_with(expected) && text.contains("disk"), "{text}");
        drop(script.sent());
    }
}

#[test]
fn a_server_that_loses_what_is_sent_ahead_is_asked_again_one_by_one() {
    let silence = || Sleep(Duration::from_millis(1300));
    let start = || [Send("+OK\r\n")].into_iter().chain(capa(AHEAD));
    let login = start().chain([Until("PASS secret"), Send("+OK\r\n"), silence()]).collect();
    let mut listing = session(AHEAD, words(), AHEAD, vec![silence()]);
    listing.insert(listing.len() - 2, Until("UIDL"));
    for (lost, turns) in [(login, 2 + 8), (listing, 3 + 8)] {
        let quit = [Line("QUIT"), Send("+OK\r\n")];
        let then = one_message().into_iter().chain(quit).collect();
        let script = Script::start_each(vec![lost, session(AHEAD, words(), AHEAD, then)]);
        let cutter = Cutter::before(script.port);
        let server = Server { timeout: Duration::from_secs(1), ..plain(cutter.port) };
        let mut mailbox = connect(&server).unwrap();
        assert_eq!(listed(&mut mailbox)[0].key.0, "a");
        assert_eq!(mailbox.close().unwrap(), []);
        let said = script.finish();
        assert_eq!(cutter.turns(), turns, "{said:#?}");
    }
    // One that says nothing at all gets no password a second time.
    let silent = start().chain([Until("PASS secret"), silence()]).collect();
    let script = Script::start(silent);
    let text = told(connect(&Server { timeout: Duration::from_secs(1), ..plain(script.port) }));
    assert!(text.starts_with("mailbox.timeout: "), "{text}");
}

#[test]
fn an_answer_ahead_of_its_question_ends_the_session() {
    let unasked = |steps: Vec<Step>| {
        let script = Script::start(steps);
        let result: Result<(), MailboxError> = connect(&plain(script.port)).and_then(|mut mailbox| {
            use helpdesk_mail::mailbox::Reader as _;
            mailbox.list(None).map(drop)
        });
        let text = told(result);
        assert!(text.starts_with("mailbox.protocol: ") && text.contains("nobody asked for"), "{text}");
        script.sent()
    };
    let offer = format!("+OK\r\n{AHEAD}.\r\n+OK\r\n+OK in\r\n").into_bytes();
    assert_eq!(unasked(vec![Send("+OK\r\n"), Line("CAPA"), SendOwned(offer)]), ["CAPA"]);
    let mut login = words();
    login[3] = Send("+OK in\r\n+OK\r\n.\r\n+OK 0 0\r\n+OK\r\n.\r\n+OK\r\n.\r\n");
    let sent = unasked([Send("+OK\r\n")].into_iter().chain(capa(AHEAD)).chain(login).collect());
    assert_eq!(sent, ["CAPA", "USER support", "PASS secret"]);
}
