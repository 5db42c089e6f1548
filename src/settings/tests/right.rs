//! Right configurations: what they mean, and what holds where they are silent.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::ExposeSecret;

use super::super::keys;
use super::super::source::Readers;
use super::{BASE, IMAP, read, read_with};
use crate::mailbox::{Imap, Login, Password, Place, Plaintext, Server, Tls};
use crate::model::item::Disposition::{self, Delete, Keep, Move, Seen};
use crate::parse::Limits;
use crate::policy::{ClosedTicket, Entry, FollowupsFrom, SameMail};
use crate::run::{Alert, Headers, MailboxPlan};
use crate::store::KeepRaw;

fn mailbox(text: &str) -> MailboxPlan {
    let settings = read(&format!("{BASE}{text}")).unwrap_or_else(|invalid| panic!("{invalid}"));
    settings.plan.mailboxes.into_iter().next().expect("the text has a mailbox")
}

fn imap(lines: &str) -> Imap {
    match mailbox(&format!("{IMAP}{lines}")).mailbox.place {
        Place::Imap(imap) => imap,
        Place::Pop3(pop3) => panic!("{pop3:?}"),
        Place::Maildir(path) | Place::Mbox(path) | Place::Directory(path) => panic!("{path:?}"),
    }
}

fn dispositions(plan: &MailboxPlan) -> [&Disposition; 4] {
    let all = &plan.dispositions;
    [&all.on_success, &all.on_skip, &all.on_ignore, &all.on_failure]
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let settings = read(&format!("store.url = 'sqlite:db'\n[queue.Support]\n{IMAP}")).unwrap();
    assert_eq!(settings.store.file().unwrap(), PathBuf::from("/conf/db"));
    assert_eq!((settings.store.keep_raw, settings.plan.keep_raw), (KeepRaw::Failed, KeepRaw::Failed));
    assert_eq!(settings.store.token_secret_file, None);
    assert_eq!(settings.plan.alert, Alert::default());
    assert!(settings.warnings.is_empty());

    let [queue] = settings.plan.queues.as_slice() else { panic!("{:?}", settings.plan.queues) };
    assert_eq!((queue.slug.as_str(), queue.title.as_str(), queue.priority), ("Support", "Support", 3));
    assert_eq!((&queue.addresses, &queue.agents), (&vec![], &vec![]));
    assert_eq!(queue.entry, Entry::CreateAndUpdate);
    assert_eq!(queue.closed_ticket, ClosedTicket::Reopen { within: None });
    assert_eq!((queue.followups_from, queue.same_mail), (FollowupsFrom::Participants, SameMail::OnePerQueue));

    let [plan] = settings.plan.mailboxes.as_slice() else { panic!("{:?}", settings.plan.mailboxes) };
    assert_eq!(plan.mailbox.name.as_str(), "support");
    assert_eq!(plan.queue.as_str(), "Support", "the slug as the queue writes it");
    assert_eq!((plan.entry, plan.headers, plan.interval, plan.since), (None, Headers::Untrusted, None, None));
    assert_eq!((plan.batch_size, plan.max_attempts, plan.mailbox.max_message_size), (200, 10, 50_000_000));

    let imap = imap("");
    assert_eq!(
        (imap.server.port, imap.server.tls, imap.server.plaintext),
        (993, Tls::Implicit, Plaintext::LoopbackOnly)
    );
    assert_eq!((imap.folders, imap.server.timeout), (vec!["INBOX".to_owned()], Duration::from_secs(60)));
    assert_eq!(imap.server.ca_file, None);
}

#[test]
fn the_default_dispositions_are_those_of_the_type() {
    assert_eq!(dispositions(&mailbox(IMAP)), [&Seen, &Keep, &Seen, &Keep]);
    for (kind, success) in [("maildir", Seen), ("mbox", Keep), ("directory", Keep)] {
        let plan = mailbox(&format!("[mailbox.m]\ntype = '{kind}'\nqueue = 'support'\npath = 'm'\n"));
        assert_eq!(dispositions(&plan), [&success, &Keep, &success, &Keep], "{kind}");
    }
    // on_ignore follows the type, not on_success: what is ignored is not deleted by the way.
    let plan = mailbox(&format!("{IMAP}on_success = 'delete'\n"));
    assert_eq!(dispositions(&plan), [&Delete, &Keep, &Seen, &Keep]);
}

#[test]
fn the_table_of_keys_tells_the_same_defaults() {
    let told = |section, name| keys::find(section, name).expect("the key is known").default;
    use keys::Section::{Mailbox, Queue, Store};
    let table = [
        (Store, "keep_raw", "\"failed\""),
        (Queue, "update_only", "false"),
        (Queue, "closed_ticket", "\"reopen\""),
        (Queue, "same_mail", "\"one-per-queue\""),
        (Queue, "followups_from", "\"participants\""),
        (Queue, "priority", "3"),
        (Mailbox, "port", "993; 995 for pop3; 143 or 110 unless tls is implicit"),
        (Mailbox, "tls", "\"implicit\""),
        (Mailbox, "folder", "\"INBOX\""),
        (Mailbox, "timeout", "\"60s\""),
        (Mailbox, "max_message_size", "\"50MB\""),
        (Mailbox, "batch_size", "200"),
        (Mailbox, "max_attempts", "10"),
        (Mailbox, "on_success", "\"seen\"; \"keep\" for pop3, mbox and directory"),
        (Mailbox, "on_skip", "\"keep\""),
        (Mailbox, "on_ignore", "\"seen\"; \"keep\" for pop3, mbox and directory"),
        (Mailbox, "on_failure", "\"keep\""),
    ];
    for (section, name, default) in table {
        assert_eq!(told(section, name), default, "{name}");
    }
}

#[test]
fn a_pop3_mailbox_keeps_its_mail_and_has_ports_of_its_own() {
    let text = IMAP.replace("'imap'", "'pop3'");
    let plan = mailbox(&text);
    assert_eq!(dispositions(&plan), [&Keep, &Keep, &Keep, &Keep]);
    let pop3 = |lines: &str| {
        let Place::Pop3(pop3) = mailbox(&format!("{text}{lines}")).mailbox.place else { panic!("{lines}") };
        pop3
    };
    let server = pop3("");
    assert_eq!((server.host.as_str(), server.port, server.username.as_str()), ("imap.example.org", 995, "u"));
    assert_eq!((server.tls, server.plaintext), (Tls::Implicit, Plaintext::LoopbackOnly));
    assert_eq!((server.ca_file, server.timeout), (None, Duration::from_secs(60)));
    let server = pop3("tls = 'starttls'\nca_file = 'ca.pem'\nallow_plaintext = true\ntimeout = '5m'\n");
    assert_eq!((server.port, server.tls, server.plaintext), (110, Tls::StartTls, Plaintext::Allowed));
    assert_eq!(
        (server.ca_file, server.timeout),
        (Some(PathBuf::from("/conf/ca.pem")), Duration::from_secs(300))
    );
    assert_eq!(pop3("port = 1110").port, 1110);
}

#[test]
fn every_limit_is_heeded() {
    let text = "[store]\nurl = 'sqlite:/var/db'\n[queue.a]\n[limits]\ntime = '2s'\ndepth = 3\nparts = 4\n\
                header_fields = 5\nheader_size = '6KB'\ntext_size = '7KB'\ndecoded_size = '8MB'\nmemory = '300MB'\n";
    let expected = Limits {
        time: Duration::from_secs(2),
        depth: 3,
        parts: 4,
        header_fields: 5,
        header_size: 6_000,
        text_size: 7_000,
        decoded_size: 8_000_000,
        memory: 300_000_000,
    };
    assert_eq!(read(text).unwrap().plan.limits, expected);
    for wrong in ["depth = 201", "parts = 0", "text_size = '1GB'", "time = '0s'", "memory = '199MB'"] {
        let text = format!("[store]\nurl = 'sqlite:/var/db'\n[queue.a]\n[limits]\n{wrong}\n");
        assert!(read(&text).is_err(), "{wrong}");
    }
}

#[test]
fn every_key_of_a_queue_is_heeded() {
    let text = "keep_raw = 'all'\ntoken_secret_file = '/run/secret'\nurl = 'sqlite:/var/db'\n[alert]\nskipped = 50\n\
                failed = 1\n[queue.b]\naddress = 'B@x.example'\naliases = ['c@x.example', 'b@x.example']\n\
                title = 'Büro'\nsame_mail = 'one'\nupdate_only = true\nreopen_within = '30d'\nfollowups_from = 'anyone'\n\
                agents = ['*@y.example']\npriority = 1\n[queue.a]\nclosed_ticket = 'new'\n";
    let settings = read(&format!("[store]\n{text}")).unwrap();
    assert_eq!(settings.store.file().unwrap(), PathBuf::from("/var/db"));
    assert_eq!(settings.plan.keep_raw, KeepRaw::All);
    assert_eq!(settings.store.token_secret_file, Some(PathBuf::from("/run/secret")));
    assert_eq!(settings.plan.alert, Alert { skipped: Some(50), failed: Some(1), ..Alert::default() });
    let [first, second] = settings.plan.queues.as_slice() else { panic!("{:?}", settings.plan.queues) };
    assert_eq!((first.slug.as_str(), second.slug.as_str()), ("b", "a"), "in the order of the file");
    assert_eq!((first.title.as_str(), first.priority), ("Büro", 1));
    assert_eq!(first.addresses, ["B@x.example", "c@x.example"]);
    assert_eq!((first.entry, first.followups_from), (Entry::UpdateOnly, FollowupsFrom::Anyone));
    assert_eq!((first.same_mail, second.same_mail), (SameMail::One, SameMail::OnePerQueue));
    assert_eq!(first.closed_ticket, ClosedTicket::Reopen { within: Some(SignedDuration::from_hours(720)) });
    assert!(first.agents[0].matches("anna@y.example"));
    assert_eq!(second.closed_ticket, ClosedTicket::New);
    assert_eq!(
        settings.warnings,
        ["/conf/helpdesk-mail.toml: mailbox: there is no [mailbox.NAME]: `fetch` has nothing to do"]
    );
}

#[test]
fn every_key_of_a_mailbox_is_heeded() {
    let lines = "port = 1143\ntls = 'starttls'\nca_file = 'ca.pem'\nfolders = ['A', 'B']\nallow_plaintext = true\n\
                 timeout = '5m'\n";
    let Imap { server, folders } = imap(lines);
    assert_eq!(
        (server.host.as_str(), server.port, server.username.as_str()),
        ("imap.example.org", 1143, "u")
    );
    assert_eq!((server.tls, server.plaintext), (Tls::StartTls, Plaintext::Allowed));
    assert_eq!(server.ca_file, Some(PathBuf::from("/conf/ca.pem")));
    assert_eq!((folders, server.timeout), (vec!["A".to_owned(), "B".to_owned()], Duration::from_secs(300)));
    assert_eq!(imap("tls = 'starttls'").server.port, 143);
    assert_eq!(imap("folder = 'Hilfe'").folders, ["Hilfe"]);

    let plan = mailbox(
        "[mailbox.local]\ntype = 'directory'\nqueue = 'SUPPORT'\npath = 'in'\nupdate_only = false\n\
         trust_headers = true\ninterval = '5m'\nmax_message_size = '1GB'\nbatch_size = 1\nmax_attempts = 3\n\
         since = 2026-01-31\non_success = 'move:done'\non_skip = 'delete'\non_ignore = 'keep'\n\
         on_failure = 'move:failed'\n",
    );
    assert!(matches!(&plan.mailbox.place, Place::Directory(path) if path.to_str() == Some("/conf/in")));
    assert_eq!((plan.queue.as_str(), plan.entry), ("support", Some(Entry::CreateAndUpdate)));
    assert_eq!((plan.headers, plan.interval), (Headers::Trusted, Some(Duration::from_secs(300))));
    assert_eq!((plan.batch_size, plan.max_attempts, plan.mailbox.max_message_size), (1, 3, 1_000_000_000));
    assert_eq!(plan.since.unwrap().to_string(), "2026-01-31T00:00:00Z");
    let expected = [Move("done".to_owned()), Delete, Keep, Move("failed".to_owned())];
    assert_eq!(dispositions(&plan), expected.each_ref());
}

#[test]
fn each_source_of_a_password_is_kept_as_it_is() {
    let environment = |name: &str| (name == "SECRET").then(|| OsString::from("hunter2"));
    let password = |line: &str| {
        let text = format!("{BASE}{}", IMAP.replace("password_file = 'p'", line));
        let settings = read_with(&text, Readers::Few, &environment).unwrap();
        match settings.plan.mailboxes.into_iter().next().map(|plan| plan.mailbox.place) {
            Some(Place::Imap(Imap { server: Server { login: Login::Password(password), .. }, .. })) => {
                password
            }
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(password("password = 'x y'"), Password::Literal(p) if p.expose_secret() == "x y"));
    assert!(matches!(password("password_file = 'p'"), Password::File(p) if p.to_str() == Some("/conf/p")));
    assert!(matches!(password("password_command = 'pass x'"), Password::Command(c) if c == "pass x"));
    let Password::Environment { variable, value } = password("password_env = 'SECRET'") else { panic!() };
    assert_eq!((variable.as_str(), value.unwrap().expose_secret()), ("SECRET", "hunter2"));
    assert!(matches!(password("password_env = 'NONE'"), Password::Environment { value: None, .. }));
}

#[test]
fn a_literal_password_that_everyone_may_read_is_warned_of() {
    let text = format!("{BASE}{}", IMAP.replace("password_file = 'p'", "password = 'hunter2'"));
    let warnings = |readers| read_with(&text, readers, &super::empty).unwrap().warnings;
    assert_eq!(warnings(Readers::Few), [""; 0]);
    assert_eq!(
        warnings(Readers::Everyone),
        [
            "/conf/helpdesk-mail.toml:9: mailbox.support.password: everyone on this machine may read this file and the \
         password in it"
        ]
    );
}

#[test]
fn two_mailboxes_with_the_same_mail_are_warned_of() {
    let second = IMAP.replace("mailbox.support", "mailbox.twin").replace("imap.", "IMAP.");
    let settings = read(&format!("{BASE}{IMAP}{second}folders = ['A', 'inbox']\n")).unwrap();
    assert_eq!(
        settings.warnings,
        [
            "/conf/helpdesk-mail.toml:11: mailbox.twin.type: fetches what mailbox.support fetches: each mail is \
         processed twice"
        ]
    );
    let settings = read(&format!("{BASE}{IMAP}{second}folder = 'Other'\n")).unwrap();
    assert!(settings.warnings.is_empty());
}
