//! `[outbox]`: what it means, what holds where it is silent, and what is wrong with it.

use std::path::PathBuf;
use std::time::Duration;

use super::{BASE, problems, read};
use crate::model::outbox::Told;
use crate::outbox::{BackendConfig, Config, Deliver, EnvelopeSender, Marker, Rates, Smtp, TemplateConfig};
use crate::policy::{AnswersTo, notify};
use crate::transport::{Login, Password, Plaintext, Tls};

fn outbox(lines: &str) -> Config {
    let settings = read(&format!("{BASE}[outbox]\n{lines}")).unwrap_or_else(|invalid| panic!("{invalid}"));
    settings.outbox.expect("the text has it")
}

fn smtp(config: &Config, name: &str) -> Smtp {
    match config.backends.get(name) {
        Some(BackendConfig::Smtp(smtp)) => smtp.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_the_section_there_is_no_outbox() {
    let settings = read(BASE).unwrap();
    assert!(settings.outbox.is_none() && settings.plan.outbox.is_none());
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = outbox("host = 'smtp.example.org'\n");
    assert_eq!(config.deliver, Deliver::AfterFetch { limit: Duration::from_secs(60) });
    assert_eq!((config.max_attempts, config.rates), (10, Rates { per_address: 10, total: 1000 }));
    let days = |days: u64| Duration::from_secs(days * 86_400);
    assert_eq!((config.max_age, config.suppress_for, config.attach_files), (days(3), days(60), 0));
    assert_eq!(
        read(&format!("{BASE}[outbox]\nbackend = 'null'\n")).unwrap().templates,
        TemplateConfig::default()
    );
    let smtp = smtp(&config, "default");
    assert_eq!((smtp.host.as_str(), smtp.port, smtp.tls), ("smtp.example.org", 465, Tls::Implicit));
    assert_eq!((smtp.plaintext, smtp.timeout), (Plaintext::LoopbackOnly, Duration::from_secs(60)));
    assert!(smtp.login.is_none() && smtp.ca_file.is_none() && smtp.proxy.is_none());
    assert_eq!(config.backends.len(), 1);
    let queue = &read(BASE).unwrap().plan.queues[0];
    assert_eq!((queue.locale.as_str(), queue.outbox.as_str()), ("en", "default"));
    assert_eq!((queue.notify.as_slice(), queue.answers_to), (&Told::ALL[..], AnswersTo::Queue));
}

#[test]
fn every_key_is_heeded() {
    let config = outbox(
        "deliver = 'separately'\nmax_attempts = 3\nrate_limit = 4\nrate_limit_total = 5\nmax_age = '6d'\n\
         suppress_for = '7d'\nhost = 'h'\nport = 2525\ntls = 'starttls'\n\
         ca_file = 'ca.pem'\nusername = 'u'\npassword_file = 'p'\nallow_plaintext = true\ntimeout = '5s'\n\
         proxy = 'socks5://127.0.0.1'\n",
    );
    assert_eq!((config.deliver, config.max_attempts), (Deliver::Separately, 3));
    assert_eq!(config.rates, Rates { per_address: 4, total: 5 });
    let days = |days: u64| Duration::from_secs(days * 86_400);
    assert_eq!((config.max_age, config.suppress_for), (days(6), days(7)));
    let smtp = smtp(&config, "default");
    assert_eq!((smtp.port, smtp.tls, smtp.plaintext), (2525, Tls::StartTls, Plaintext::Allowed));
    assert_eq!((smtp.ca_file, smtp.timeout), (Some(PathBuf::from("/conf/ca.pem")), Duration::from_secs(5)));
    assert!(smtp.proxy.is_some());
    let Some((user, Login::Password(Password::File(file)))) = smtp.login else { panic!() };
    assert_eq!((user.as_str(), file), ("u", PathBuf::from("/conf/p")));

    let form = "templates = 'own'\nreply_marker = false\nenvelope_sender = 'empty'\n";
    let form = read(&format!("{BASE}[outbox]\nbackend = 'null'\n{form}")).unwrap().templates;
    let expected = TemplateConfig {
        directory: Some(PathBuf::from("/conf/own")),
        marker: Marker::Left,
        envelope_sender: EnvelopeSender::Empty,
    };
    assert_eq!(form, expected);

    let limit = outbox("backend = 'null'\ndeliver_limit = '5m'\n").deliver;
    assert_eq!(limit, Deliver::AfterFetch { limit: Duration::from_secs(300) });
}

#[test]
fn each_kind_of_back_end_has_its_keys() {
    let kind = |lines: &str| outbox(lines).backends.remove("default").unwrap().account();
    assert_eq!(kind("backend = 'sendmail'\ntimeout = '5s'\n"), "sendmail:/usr/sbin/sendmail");
    assert_eq!(kind("backend = 'sendmail'\npath = '/usr/bin/msmtp'\n"), "sendmail:/usr/bin/msmtp");
    assert_eq!(kind("backend = 'file'\npath = 'out'\n"), "file:/conf/out");
    assert_eq!(kind("backend = 'null'\n"), "null");
    assert_eq!(kind("host = 'h'\ntls = 'starttls'\n"), "smtp:h:587");
    assert_eq!(kind("host = '::1'\ntls = 'none'\n"), "smtp:::1:25");
}

#[test]
fn named_back_ends_are_chosen_by_queues() {
    let text = "[queue.sales]\naddress = 's@example.org'\noutbox = 'local'\nlocale = 'de-AT'\nnotify = ['agents']\n\
                plus_addressing = true\n[outbox]\nhost = 'h'\n[outbox.backend.local]\ntype = 'file'\npath = 'x'\n\
                [outbox.backend.cloud]\ntype = 'smtp'\nhost = 'c'\nusername = 'u'\nauth = 'xoauth2'\n\
                [outbox.backend.cloud.oauth]\ntoken_command = 't'\n";
    let settings = read(&format!("{BASE}{text}")).unwrap_or_else(|invalid| panic!("{invalid}"));
    let plan = settings.plan;
    let queues: Vec<&str> = plan.queues.iter().map(|queue| queue.outbox.as_str()).collect();
    assert_eq!(queues, ["default", "local"]);
    let sales = &plan.queues[1];
    assert_eq!((sales.locale.as_str(), sales.answers_to), ("de-AT", AnswersTo::Ticket));
    assert_eq!(sales.notify, [Told::Agents]);
    let rates = plan.outbox.as_ref().unwrap().notify.limits;
    assert_eq!(rates, notify::Limits { to_one: 10, to_all: 1000 });
    let ways: Vec<_> =
        plan.outbox.unwrap().voices.into_iter().map(|voice| (voice.way, voice.plus_addressing)).collect();
    assert_eq!(ways, [("default".to_owned(), false), ("local".to_owned(), true)]);
    let config = settings.outbox.unwrap();
    let names: Vec<&String> = config.backends.keys().collect();
    assert_eq!(names, ["cloud", "default", "local"]);
    assert!(matches!(smtp(&config, "cloud").login, Some((_, Login::Token { .. }))));
    // Without a host the default is the one of that name.
    let named = format!("{BASE}[outbox.backend.default]\ntype = 'null'\n");
    assert_eq!(read(&named).unwrap().outbox.unwrap().backends.len(), 1);
}

#[test]
fn a_queue_may_take_more_files_along_than_others_or_none() {
    let files = |queue: &str, outbox: &str| {
        let text = format!("{BASE}{queue}\n[outbox]\nbackend = 'null'\n{outbox}\n");
        read(&text).unwrap().plan.outbox.unwrap().voices[0].attach_files
    };
    assert_eq!(files("", ""), 0);
    assert_eq!(files("", "attach_files = '5MB'"), 5_000_000);
    assert_eq!(files("attach_files = '100MB'", "attach_files = '1KB'"), 100_000_000);
    assert_eq!(files("attach_files = 'none'", "attach_files = '5MB'"), 0);
}

#[test]
fn what_is_wrong_with_the_section_is_told_with_what_was_meant() {
    each_is_told(&[
        ("[outbox]\n", "outbox.host: missing (host name or IP address)"),
        (
            "[outbox]\nbackend = 'smpt'\n",
            "outbox.backend: expected \"smtp\", \"sendmail\", \"file\" or \"null\", found \"smpt\"; did you mean \"smtp\"?",
        ),
        ("[outbox]\nhost = 'h'\nhots = 'h'\n", "outbox.hots: unknown key; did you mean \"host\"?"),
        ("[outbox]\nbackend = 'file'\n", "outbox.path: missing (path)"),
        (
            "[outbox]\nbackend = 'null'\nhost = 'h'\n",
            "outbox.host: not for backend = \"null\", only for \"smtp\"",
        ),
        (
            "[outbox]\nhost = 'h'\npath = 'x'\n",
            "outbox.path: not for backend = \"smtp\", only for \"sendmail\" or \"file\"",
        ),
        (
            "[outbox]\nhost = 'h'\npassword_file = 'x'\n",
            "outbox.password_file: not used: there is no username",
        ),
        ("[outbox]\nhost = 'h'\nusername = 'u'\n", "outbox.password: missing: one of password, "),
        (
            "[outbox]\nhost = 'h'\nusername = 'u'\nauth = 'xoauth2'\n",
            "outbox.auth: missing: [outbox.oauth] says",
        ),
        (
            "[outbox]\nhost = 'h'\ntls = 'none'\n",
            "outbox.tls: \"none\" would send all mail in clear text to \"h\"",
        ),
        (
            "[outbox]\nhost = '127.0.0.1'\ntls = 'none'\nproxy = 'http://p'\n",
            "outbox.tls: \"none\" would send all mail",
        ),
        (
            "[outbox]\nhost = 'h'\ndeliver = 'separately'\ndeliver_limit = '1s'\n",
            "outbox.deliver_limit: has no meaning",
        ),
        (
            "[outbox]\nhost = 'h'\nrate_limit = 0\n",
            "outbox.rate_limit: expected an integer of at least 1, found 0",
        ),
        (
            "[outbox]\nbackend = 'null'\nattach_files = '101MB'\n",
            "outbox.attach_files: expected \"none\", or a size from \"1KB\" to \"100MB\", found \"101MB\"",
        ),
    ]);
}

#[test]
fn what_is_wrong_with_named_back_ends_and_queues_is_told() {
    each_is_told(&[
        (
            "[outbox]\nhost = 'h'\n[outbox.backend.x]\ntype = 'null'\npath = 'p'\n",
            "outbox.backend.x.path: not for type = \"null\", only for",
        ),
        ("[outbox]\nhost = 'h'\n[outbox.backend.x]\n", "outbox.backend.x.type: missing ("),
        (
            "[outbox]\nhost = 'h'\n[outbox.backend.'a b']\ntype = 'null'\n",
            "outbox.backend.\"a b\": not a name of a back end: ",
        ),
        (
            "[outbox]\nhost = 'h'\n[outbox.backend.default]\ntype = 'null'\n",
            "outbox.backend.default: [outbox] itself has a host",
        ),
        (
            "[outbox]\nhost = 'h'\nbackend.x = 5\n",
            "outbox.backend.x: expected a table [outbox.backend.NAME], found an integer",
        ),
        ("outbox = 'x'\n", "queue.support.outbox: there is no [outbox], hence no back end"),
        (
            "outbox = 'y'\n[outbox]\nhost = 'h'\n[outbox.backend.x]\ntype = 'null'\n",
            "queue.support.outbox: expected \"default\" or \"x\", found \"y\"",
        ),
        ("[outbox.backend.x]\ntype = 'null'\n", "queue.support.outbox: missing: "),
        ("attach_files = true\n", "queue.support.attach_files: expected \"none\", or a size from"),
        ("locale = 'german language'\n", "queue.support.locale: expected a language tag such as"),
        (
            "notify = ['agent']\n",
            "queue.support.notify: expected \"requester\", \"cc\" or \"agents\", found \"agent\"; did you mean \"agents\"?",
        ),
    ]);
}

/// Each of the texts has one problem, which is told so.
fn each_is_told(table: &[(&str, &str)]) {
    for (lines, expected) in table {
        let told = problems(&format!("{BASE}{lines}"));
        assert!(told.contains(expected) && told.lines().count() == 1, "{lines:?}: {told}");
    }
}

#[test]
fn no_secret_is_shown() {
    let told = problems(&format!(
        "{BASE}[outbox]\nhost = 'h'\nusername = 'u'\npassword = ['s3cret']\nproxy = 'ftp://a:s3cret@x'\n"
    ));
    assert!(
        told.contains("outbox.password: ") && told.contains("outbox.proxy: ") && !told.contains("s3cret"),
        "{told}"
    );
}

#[test]
fn a_queue_without_an_address_is_warned_of() {
    let text = "store.url = 'sqlite:db'\n[queue.support]\n[mailbox.m]\ntype = 'mbox'\nqueue = 'support'\npath = 'm'\n";
    let warnings = |more: &str| read(&format!("{text}{more}")).unwrap().warnings;
    assert_eq!(warnings("[outbox]\nbackend = 'null'\n").len(), 1);
    assert_eq!(warnings("").len(), 0);
}
