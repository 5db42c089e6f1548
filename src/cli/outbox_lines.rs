//! What `check` tells of the outbox.

use serde_json::{Value, json};

use super::check::{lives, seconds};
use super::context::Context;
use super::failure;
use super::output::json::object;
use super::output::style::Paint;
use super::output::{Form, escape};
use crate::model::trouble::Trouble;
use crate::outbox::Checked;
use crate::settings::Settings;

/// Who is notified by what, a line each.
pub(super) fn settings(settings: &Settings) -> Vec<String> {
    let Some(outbox) = &settings.outbox else {
        return vec!["nobody is notified: there is no [outbox]".to_owned()];
    };
    let each = settings.plan.queues.iter().map(|queue| match outbox.backends.get(&queue.outbox) {
        Some(way) if !queue.notify.is_empty() && !queue.addresses.is_empty() => {
            let (name, account) = (escape::line(&queue.outbox), escape::line(&way.account()));
            format!("queue {} notifies by back end {name}, {account}", queue.slug)
        }
        Some(_) | None => format!("queue {} notifies nobody", queue.slug),
    });
    each.collect()
}

/// What a back end answered.
pub(super) fn tell(name: &str, answer: &Result<Checked, Trouble>, context: &mut Context) {
    let causes = context.causes();
    let name = escape::line(name);
    match (context.form, answer) {
        (Form::Json, answer) => {
            let told = answer.as_ref().ok();
            let error = answer.as_ref().err().map_or(Value::Null, |trouble| failure::object(trouble, causes));
            context.out.json(&Value::Object(object([
                ("type", json!("backend")),
                ("backend", json!(name)),
                ("status", json!(if told.is_some() { "ok" } else { "failed" })),
                ("account", json!(told.map(|answer| &answer.account))),
                ("capabilities", json!(told.map_or(&[][..], |answer| &answer.capabilities))),
                ("token_expires_in_s", json!(told.and_then(|answer| answer.token).and_then(seconds))),
                ("error", error),
            ])));
        }
        (Form::Human, Ok(answer)) => {
            let word = context.out.palette.paint(Paint::Good, "ok");
            context.out.line(&format!("back end {name}: {word}, {}", escape::line(&answer.account)));
            if !answer.capabilities.is_empty() {
                let capabilities = escape::line(&answer.capabilities.join(", "));
                context.out.line(&format!("  capabilities: {capabilities}"));
            }
            if let Some(life) = answer.token {
                context.out.line(&lives(life));
            }
        }
        (Form::Human, Err(trouble)) => {
            let word = context.out.palette.paint(Paint::Bad, "failed");
            context.out.line(&format!("back end {name}: {word}"));
            for line in failure::text(trouble, causes, context.out.palette).lines() {
                context.out.line(&format!("  {line}"));
            }
        }
    }
}
