//! URLs are told and asked over HTTPS, signed, whatever they answer.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::events::states;
use crate::support::ca::Flaw;
use crate::support::desk::{Desk, Run};
use crate::support::dies::shifted;
use crate::support::endpoint::{Endpoint, Reply};
use crate::support::event::valid;
use crate::support::hooked::configure;
use crate::support::letter::Letter;
use crate::support::relay::Relay;

fn secret(octet: u8) -> String {
    format!("whsec_{}", STANDARD.encode([octet; 32]))
}

/// A desk with a Maildir, a mail in it, and these lines behind the mailbox.
fn desk(lines: &str) -> Desk {
    let desk = Desk::with_maildir("");
    configure(&desk, lines);
    deliver(&desk, 1);
    desk
}

fn deliver(desk: &Desk, number: u32) {
    desk.deliver(&number.to_string(), &Letter::new(&format!("{number}@example.org"), "Printer").bytes());
}

/// A hook `crm` that an endpoint listens by.
fn hook(event: &str, endpoint: &Endpoint, more: &str) -> String {
    let way = endpoint.toml(&secret(1));
    format!("[[hook]]\nname = \"crm\"\nevent = \"{event}\"\ntimeout = \"2s\"\n{way}{more}\n")
}

fn told(endpoint: &Endpoint) -> Desk {
    desk(&hook("post-process", endpoint, ""))
}

fn row(desk: &Desk, number: i64) -> Value {
    desk.run(&["events", "show", &number.to_string(), "--json"]).exits(0).json().remove(0)
}

#[test]
fn an_event_is_posted_and_signed_by_each_secret() {
    let endpoint = Endpoint::start(&[]);
    let both = format!("{} {}", secret(2), secret(1));
    let desk = desk(&hook("post-process", &endpoint, "").replace(&secret(1), &both));
    desk.run(&["fetch"]).exits(0);
    assert_eq!(states(&desk), ["post-process crm delivered/- 1"]);
    let posts = endpoint.posts();
    let [post] = posts.as_slice() else { panic!("{posts:?}") };
    assert_eq!(post.head[0], "POST /hook?key=1 HTTP/1.1");
    assert_eq!(post.field("content-type"), "application/json");
    assert_eq!(post.field("host"), format!("127.0.0.1:{}", endpoint.port()));
    assert!(post.is_signed_by(&secret(1)) && post.is_signed_by(&secret(2)) && !post.is_signed_by(&secret(3)));
    let event = valid(&post.body);
    assert_eq!(event["id"], post.field("webhook-id"));
    assert_eq!((&event["type"], &event["data"]["ticket"]), (&"post-process".into(), &"support-1".into()));
    assert!(!format!("{}{}", row(&desk, 1), post.body).contains("whsec_"));
}

#[test]
fn what_is_answered_500_comes_again_the_same_and_at_the_time_that_is_asked_for() {
    let busy = Reply::Says(503, "Retry-After: 7200", "down for\nmaintenance");
    let endpoint = Endpoint::start(&[Reply::Says(500, "", "<h1>oops</h1>"), busy]);
    let desk = told(&endpoint);
    let run = desk.run(&["fetch"]).exits(0);
    assert!(run.stderr.contains("hook \"crm\" failed: 500: <h1>oops</h1>"), "{}", run.stderr);
    let later = |seconds| Run::of(shifted(&desk, &["events", "deliver"], seconds).output().unwrap());
    later(600).exits(75);
    assert_eq!(row(&desk, 1)["last_error"], "hook \"crm\" failed: 503: down for");
    // Without its wish it would come after four minutes.
    later(600 + 3600).exits(0);
    assert_eq!(endpoint.posts().len(), 2);
    later(600 + 7300).exits(0);
    assert_eq!(states(&desk), ["post-process crm delivered/- 3"]);
    let posts = endpoint.posts();
    assert!(posts.iter().all(|post| post.body == posts[0].body && post.is_signed_by(&secret(1))));
    assert_ne!(posts[0].field("webhook-timestamp"), posts[2].field("webhook-timestamp"), "each has its time");
}

#[test]
fn whoever_is_slow_redirects_or_hangs_up_is_told_again_later() {
    let elsewhere = Endpoint::start(&[]);
    let target: &'static str = format!("Location: https://127.0.0.1:{}/", elsewhere.port()).leak();
    let cases = [
        (Reply::Silence, "did not end within 2s"),
        (Reply::Drips, "did not end within 2s"),
        (Reply::HangsUp, "hook \"crm\" cannot be called"),
        (Reply::Says(301, target, ""), "301: redirects are not followed"),
        (Reply::Says(307, target, ""), "307: redirects are not followed"),
        (Reply::Says(404, "", ""), "hook \"crm\" failed: 404"),
    ];
    for (reply, why) in cases {
        let endpoint = Endpoint::start(std::slice::from_ref(&reply));
        let desk = told(&endpoint);
        assert_eq!(
            desk.run(&["fetch", "--json"]).exits(0).outcomes(),
            ["created/new support-1"],
            "{reply:?}"
        );
        assert_eq!(states(&desk), ["post-process crm queued/- 1"], "{reply:?}");
        let error = row(&desk, 1)["last_error"].as_str().unwrap().to_owned();
        assert!(error.contains(why), "{reply:?}: {error}");
        let before = endpoint.posts();
        assert_eq!(before.len(), 1, "{reply:?}");
    }
    assert_eq!(elsewhere.posts().len(), 0, "a redirect was followed");
}

#[test]
fn a_flood_behind_the_status_is_not_read_to_its_end_and_changes_nothing_but_an_answer_to_a_question() {
    let endpoint = Endpoint::start(&[Reply::Floods, Reply::Floods]);
    let told = told(&endpoint);
    told.run(&["fetch"]).exits(0);
    assert_eq!(states(&told), ["post-process crm delivered/- 1"]);
    // A veto may stand in what was not read.
    let asked = desk(&hook("pre-process", &endpoint, "on_failure = \"skip\""));
    let run = asked.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["skipped/hook -"]);
    assert!(run.stdout.contains("the answer is larger than 65536 octets"), "{}", run.stdout);
}

#[test]
fn an_endpoint_that_is_gone_is_left_alone_until_a_person_deals_with_it() {
    let endpoint = Endpoint::start(&[Reply::Says(410, "", "moved out")]);
    let desk = told(&endpoint);
    (2..=3).for_each(|number| deliver(&desk, number));
    let run = desk.run(&["fetch"]).exits(0);
    assert!(run.stderr.contains("its endpoint is gone (410)"), "{}", run.stderr);
    assert_eq!(endpoint.posts().len(), 1);
    let attempts: Vec<String> =
        [1, 0, 0].iter().map(|n| format!("post-process crm failed/gone {n}")).collect();
    assert_eq!(states(&desk), attempts);
    deliver(&desk, 4);
    let run = desk.run(&["fetch"]).exits(0);
    assert!(run.stderr.contains("1 event that waited for it given up"), "{}", run.stderr);
    assert_eq!(endpoint.posts().len(), 1, "nothing is sent there any more");
    desk.run(&["events", "retry", "1", "4"]).exits(0);
    desk.run(&["events", "drop", "2", "3"]).exits(0);
    desk.run(&["events", "deliver"]).exits(0);
    let expected = ["delivered/- 1", "dropped/- 0", "dropped/- 0", "delivered/- 1"];
    assert_eq!(states(&desk), expected.map(|state| format!("post-process crm {state}")));
}

#[test]
fn what_cannot_be_trusted_or_reached_is_given_nothing() {
    let good = Endpoint::start(&[]);
    let (expired, other) = (Endpoint::with(Flaw::Expired, &[]), Endpoint::with(Flaw::WrongName, &[]));
    let ca = |endpoint: &Endpoint| format!("ca_file = {:?}\n", endpoint.ca_file());
    let away = "url = \"https://127.0.0.1:1/\"\n";
    let url = |endpoint: &Endpoint| format!("url = \"https://127.0.0.1:{}/\"\n", endpoint.port());
    for (way, why) in [
        (url(&good), "certificate"),
        (format!("{}{}", url(&good), ca(&other)), "certificate"),
        (format!("{}{}", url(&expired), ca(&expired)), "certificate"),
        (format!("{}{}", url(&other), ca(&other)), "certificate"),
        (away.to_owned(), "no connection"),
    ] {
        let lines = format!(
            "[[hook]]\nname = \"crm\"\nevent = \"post-process\"\nallow_private = true\nsecret = \"{}\"\n{way}",
            secret(1)
        );
        let desk = desk(&lines);
        desk.run(&["fetch"]).exits(0);
        let error = row(&desk, 1)["last_error"].as_str().unwrap().to_owned();
        assert!(error.contains(why), "{way}: {error}");
        assert_eq!(states(&desk), ["post-process crm queued/- 1"]);
    }
    assert_eq!([good, expired, other].map(|endpoint| endpoint.posts().len()), [0; 3]);
}

#[test]
fn a_private_address_is_connected_to_only_where_that_is_allowed() {
    let endpoint = Endpoint::start(&[]);
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "169.254.169.254"] {
        let hook = hook("post-process", &endpoint, "").replace("allow_private = true\n", "");
        let desk = desk(&hook.replace("127.0.0.1", host));
        let run = desk.run(&["fetch"]).exits(0);
        let error = row(&desk, 1)["last_error"].as_str().unwrap().to_owned();
        assert!(error.contains("is no address of the public internet"), "{host}: {error} {}", run.stderr);
    }
    assert_eq!(endpoint.posts().len(), 0);
    let desk = desk(&hook("post-process", &endpoint, "").replace("127.0.0.1", "localhost"));
    desk.run(&["fetch"]).exits(0);
    assert_eq!(states(&desk), ["post-process crm delivered/- 1"]);
}

#[test]
fn a_url_is_asked_and_vetoes_by_its_body() {
    for event in ["pre-validate", "post-validate", "pre-process"] {
        let veto = Reply::Says(200, "", r#"{"veto": true, "reason": "known\u001b[2J spammer"}"#);
        let endpoint = Endpoint::start(&[Reply::Says(200, "", r#"{"veto": false}"#), veto]);
        let desk = desk(&hook(event, &endpoint, "on_failure = \"skip\""));
        deliver(&desk, 2);
        let run = desk.run(&["fetch", "--json"]).exits(0);
        assert_eq!(run.outcomes(), ["created/new support-1", "skipped/hook -"], "{event}");
        let rows = desk.run(&["outcomes", "--json"]).exits(0).json();
        let notes = rows[1]["notes"].to_string();
        assert!(notes.contains("hook \\\"crm\\\" says: known[2J spammer"), "{notes}");
        for post in endpoint.posts() {
            assert_eq!(valid(&post.body)["type"], event);
            assert!(post.is_signed_by(&secret(1)));
        }
        // One that fails does what on_failure says.
        endpoint.script(&[Reply::Says(500, "", ""), Reply::Silence]);
        deliver(&desk, 3);
        deliver(&desk, 4);
        let run = desk.run(&["fetch", "--json"]).exits(0);
        assert_eq!(run.outcomes(), ["skipped/hook -"; 2], "{event}");
        let codes: Vec<Value> =
            run.lines("message").iter().map(|line| line["error"]["error_code"].clone()).collect();
        assert_eq!(codes, ["hook.failed", "hook.timeout"], "{event}");
    }
}

#[test]
fn the_secret_is_had_when_it_is_needed_and_never_told() {
    let endpoint = Endpoint::start(&[]);
    let lines = hook("post-process", &endpoint, "");
    let literal = format!("secret = \"{}\"\n", secret(1));
    let desk = desk(&lines.replace(&literal, "secret_file = \"crm.secret\"\n"));
    fs::write(desk.path("crm.secret"), "hunter2\n").unwrap();
    let run = desk.run(&["-v", "fetch"]).exits(0);
    assert!(run.stderr.contains("the secret is not written as whsec_ and base64"), "{}", run.stderr);
    assert!(!format!("{}{}{}", run.stdout, run.stderr, row(&desk, 1)).contains("hunter2"));
    fs::write(desk.path("crm.secret"), format!("{}\n", secret(1))).unwrap();
    desk.run(&["events", "retry", "1"]).exits(0);
    let run = desk.run(&["-vv", "events", "deliver"]).exits(0);
    assert!(endpoint.posts()[0].is_signed_by(&secret(1)));
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("whsec_"));
}

#[test]
fn a_url_is_reached_through_a_proxy_and_a_private_one_through_none_that_resolves_here() {
    let endpoint = Endpoint::start(&[]);
    let (http, socks) = (Relay::http(), Relay::socks5());
    let proxy = format!("proxy = \"http://anna:pw1@127.0.0.1:{}\"", http.port);
    let desk = desk(&hook("post-process", &endpoint, &proxy));
    desk.run(&["fetch"]).exits(0);
    assert_eq!(
        (states(&desk), endpoint.posts().len()),
        (vec!["post-process crm delivered/- 1".to_owned()], 1)
    );
    assert!(http.log().contains(&format!("CONNECT 127.0.0.1:{}", endpoint.port())), "{}", http.log());
    let proxy = format!("proxy = \"socks5://127.0.0.1:{}\"", socks.port);
    let hook = hook("post-process", &endpoint, &proxy).replace("allow_private = true\n", "");
    for host in ["127.0.0.1", "localhost"] {
        let lines = hook.replacen("127.0.0.1", host, 1);
        let desk = self::desk(&lines);
        desk.run(&["fetch"]).exits(0);
        let error = row(&desk, 1)["last_error"].as_str().unwrap().to_owned();
        assert!(error.contains("is no address of the public internet"), "{host}: {error}");
    }
    assert_eq!(endpoint.posts().len(), 1);
}
