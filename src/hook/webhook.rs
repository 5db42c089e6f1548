//! A URL that an event is posted to, signed as the Standard Webhooks specification says.
//!
//! 2xx has taken it; with a body `{"veto": true, "reason": "…"}` it vetoes. Redirects are not followed. 410 says that the
//! endpoint is there no more; all else is for later, at `Retry-After` if that says so.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::config::{Endpoint, Hook};
use super::signature::{self, Key};
use super::{Answer, Call, HookError, first_line};
use crate::transport::Fault;
use crate::transport::http::{self, Body, Overlong, Request};
use crate::transport::login::{self, Name};
use crate::transport::wire::{self, Reach};

/// An endpoint may put us off for so long at most.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Posts the event.
pub(super) fn post(hook: &Hook, endpoint: &Endpoint, call: &Call<'_>) -> Result<Answer, HookError> {
    let keys = keys(hook, endpoint)?;
    let now = Timestamp::now();
    let second = now.as_second();
    let (stamp, signature) =
        (second.to_string(), signature::sign(&keys, call.id.as_str(), second, call.body));
    let request = Request {
        url: &endpoint.url,
        headers: &[
            ("webhook-id", call.id.as_str()),
            ("webhook-timestamp", &stamp),
            ("webhook-signature", &signature),
        ],
        body: Body::Json(call.body.as_bytes()),
        ca_file: endpoint.ca_file.as_deref(),
        proxy: endpoint.proxy.as_ref(),
        reach: if endpoint.allow_private { Reach::Anywhere } else { Reach::Public },
        limit: hook.timeout,
        // A veto may stand in what is cut off; whoever is merely told has no say.
        overlong: if call.kind.is_asked() { Overlong::Refused } else { Overlong::Cut },
    };
    let answer = http::post(&request).map_err(|fault| unreached(hook, fault))?;
    read(hook, &answer, now)
}

/// The signing keys; fetched for each event and kept no longer.
pub(super) fn keys(hook: &Hook, endpoint: &Endpoint) -> Result<Vec<Key>, HookError> {
    let uncallable =
        |hint: Option<String>, source| HookError::Uncallable { hook: hook.name.clone(), hint, source };
    let peer = endpoint.url.peer();
    let secret = login::secret(Name::Secret, &endpoint.secret, hook.timeout, &peer).map_err(|fault| {
        // The sentence of a login means the cause alone.
        let (hint, cause) = fault.into_hint_and_cause();
        uncallable(hint, cause.unwrap_or_else(|| "no secret can be had".into()))
    })?;
    signature::keys(secret.expose_secret()).map_err(|why| {
        let hint = "it is whsec_ and the base64 of 24 octets or more; several are separated by blanks";
        uncallable(Some(hint.to_owned()), why.into())
    })
}

fn unreached(hook: &Hook, fault: Fault) -> HookError {
    match fault {
        Fault::Timeout { .. } => HookError::Timeout { hook: hook.name.clone(), limit: hook.timeout },
        Fault::Connect { .. }
        | Fault::Tls { .. }
        | Fault::Auth { .. }
        | Fault::Folder { .. }
        | Fault::Protocol { .. }
        | Fault::Locked { .. } => {
            let hint = fault.hint().map(str::to_owned);
            HookError::Uncallable { hook: hook.name.clone(), hint, source: fault.into() }
        }
    }
}

fn read(hook: &Hook, answer: &http::Answer, now: Timestamp) -> Result<Answer, HookError> {
    let hook = hook.name.clone();
    match answer.status {
        200..=299 => Ok(veto(&answer.body).map_or_else(|| Answer::Taken(said(answer)), Answer::Veto)),
        300..=399 => {
            let said = format!("{}: redirects are not followed", answer.status);
            Err(HookError::Failed { hook, said, again_after: None })
        }
        410 => Err(HookError::Gone { hook, said: said(answer) }),
        _ => {
            let again_after = answer.retry_after.as_deref().and_then(|text| pause(text, now));
            Err(HookError::Failed { hook, said: said(answer), again_after })
        }
    }
}

/// The status and the first line of the body.
fn said(answer: &http::Answer) -> String {
    let line = first_line(&answer.body);
    if line.is_empty() { answer.status.to_string() } else { format!("{}: {line}", answer.status) }
}

/// Why the endpoint vetoes, if it does.
fn veto(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let vetoes = body.get("veto").and_then(Value::as_bool).unwrap_or(false);
    let reason = body.get("reason").and_then(Value::as_str).unwrap_or_default();
    vetoes.then(|| wire::text(reason.lines().next().unwrap_or_default().as_bytes()))
}

/// `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3).
fn pause(text: &str, now: Timestamp) -> Option<Duration> {
    let seconds = text.trim().parse().ok().map(Duration::from_secs);
    let until = || {
        let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
        let left: SignedDuration = date.duration_since(now);
        Some(Duration::try_from(left).unwrap_or_default())
    };
    seconds.or_else(until).map(|pause| pause.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_seconds_or_a_date_and_a_day_at_most() {
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("9999999", Some(86_400)),
            ("Sat, 21 Nov 2026 08:01:00 GMT", Some(60)),
            ("Sat, 21 Nov 2026 07:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ] {
            assert_eq!(pause(text, now).map(|pause| pause.as_secs()), seconds, "{text}");
        }
    }

    #[test]
    fn only_a_body_that_says_so_vetoes() {
        assert_eq!(veto(br#"{"veto":true,"reason":"spam\r\nreally"}"#), Some("spam".to_owned()));
        assert_eq!(veto(br#"{"veto":true}"#), Some(String::new()));
        for body in
            [&b""[..], b"ok", b"[]", br#"{"veto":false}"#, br#"{"veto":"true"}"#, br#"{"reason":"x"}"#]
        {
            assert_eq!(veto(body), None);
        }
    }
}
