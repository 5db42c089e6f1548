//! `helpdesk-mail check`.

use serde_json::{Value, json};

use crate::mailbox::oauth::Life;
use crate::model::exit::Exit;
use crate::model::trouble::Trouble;
use crate::outbox;
use crate::run::MailboxPlan;
use crate::settings::Settings;

use super::context::Context;
use super::desk;
use super::failure;
use super::hook_lines;
use super::outbox_lines;
use super::output::json::object;
use super::output::style::Paint;
use super::output::{Form, escape};
use super::status::textfile;

/// Validate the configuration; with --connect log in to every mailbox and mail server, too
///
/// Every template of notifications in the configured directory is tried with sample data; that the programs of hooks are
/// there and their secrets can be had is seen, but none is called. Nothing is changed or sent:
/// folders are opened read-only, and a store that is not there is not made.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Log in to every mailbox and back end of the outbox, open every folder, see those that are moved to, and show what
    /// the server can do
    #[arg(long)]
    pub connect: bool,

    /// Write JSON objects, one per line
    #[arg(long)]
    pub json: bool,
}

/// What a mailbox answered.
struct Answer {
    account: String,
    folders: Vec<String>,
    capabilities: Vec<String>,
    token: Option<Life>,
}

/// Checks.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings_with_warnings()?;
    let store = desk::look(&settings.store)?;
    desk::rehearse(&settings.store)?;
    super::outbox::check(&settings)?;
    textfile::check(&settings);
    hook_lines::check(&settings)?;
    tell_settings(&settings, store.is_some(), context);
    let mut exit = Exit::Ok;
    for plan in settings.plan.mailboxes.iter().filter(|_| args.connect) {
        let answer = connect(plan);
        if let Err(trouble) = &answer {
            exit = exit.worse(trouble.code.exit());
        }
        tell_mailbox(plan.mailbox.name.as_str(), &answer, context);
    }
    let backends = settings.outbox.iter().flat_map(|outbox| &outbox.backends);
    for (name, config) in backends.filter(|_| args.connect) {
        let answer = outbox::check(config).map_err(Trouble::from);
        if let Err(trouble) = &answer {
            exit = exit.worse(trouble.code.exit());
        }
        outbox_lines::tell(name, &answer, context);
    }
    Ok(exit)
}

fn connect(plan: &MailboxPlan) -> Result<Answer, Trouble> {
    let mut reader = desk::read_only(&plan.mailbox)?;
    let folders = reader.folders();
    for folder in &folders {
        reader.open(folder)?;
    }
    for folder in plan.dispositions.targets() {
        reader.target(folder)?;
    }
    let token = plan.mailbox.token_life();
    Ok(Answer { account: reader.account(), folders, capabilities: reader.capabilities()?, token })
}

fn tell_settings(settings: &Settings, store_is_there: bool, context: &mut Context) {
    let plan = &settings.plan;
    match context.form {
        Form::Json => context.out.json(&Value::Object(object([
            ("type", json!("configuration")),
            ("file", json!(settings.file.display().to_string())),
            ("store", json!(settings.store.shown())),
            ("store_exists", json!(store_is_there)),
            ("queues", plan.queues.iter().map(|queue| json!(queue.slug.as_str())).collect()),
            ("mailboxes", plan.mailboxes.iter().map(|plan| json!(plan.mailbox.name.as_str())).collect()),
            (
                "backends",
                settings
                    .outbox
                    .iter()
                    .flat_map(|outbox| outbox.backends.keys())
                    .map(|it| json!(it))
                    .collect(),
            ),
            ("hooks", plan.hooks.iter().map(|hook| json!(hook.name)).collect()),
            ("warnings", json!(settings.warnings)),
        ]))),
        Form::Human => {
            let out = &mut context.out;
            out.line(&format!("{} is valid", escape::line(&settings.file.display().to_string())));
            let state = if store_is_there { "is there" } else { "is made by the first run" };
            out.line(&format!("store {} {state}", escape::line(&settings.store.shown())));
            for plan in &plan.mailboxes {
                out.line(&format!("mailbox {} feeds queue {}", plan.mailbox.name, plan.queue));
            }
            for line in outbox_lines::settings(settings).into_iter().chain(hook_lines::settings(settings)) {
                out.line(&line);
            }
        }
    }
}

fn tell_mailbox(name: &str, answer: &Result<Answer, Trouble>, context: &mut Context) {
    let causes = context.causes();
    match (context.form, answer) {
        (Form::Json, answer) => {
            let told = answer.as_ref().ok();
            context.out.json(&Value::Object(object([
                ("type", json!("mailbox")),
                ("mailbox", json!(name)),
                ("status", json!(if told.is_some() { "ok" } else { "failed" })),
                ("account", json!(told.map(|answer| &answer.account))),
                ("folders", json!(told.map_or(&[][..], |answer| &answer.folders))),
                ("capabilities", json!(told.map_or(&[][..], |answer| &answer.capabilities))),
                ("token_expires_in_s", json!(told.and_then(|answer| answer.token).and_then(seconds))),
                (
                    "error",
                    answer.as_ref().err().map_or(Value::Null, |trouble| failure::object(trouble, causes)),
                ),
            ])));
        }
        (Form::Human, Ok(answer)) => {
            let word = context.out.palette.paint(Paint::Good, "ok");
            let account = escape::line(&answer.account);
            let folders = escape::line(&answer.folders.join(", "));
            let capabilities = escape::line(&answer.capabilities.join(" "));
            context.out.line(&format!("mailbox {name}: {word}, {account}"));
            context.out.line(&format!("  folders: {folders}"));
            context.out.line(&format!("  capabilities: {capabilities}"));
            if let Some(life) = answer.token {
                context.out.line(&lives(life));
            }
        }
        (Form::Human, Err(trouble)) => {
            let word = context.out.palette.paint(Paint::Bad, "failed");
            context.out.line(&format!("mailbox {name}: {word}"));
            for line in failure::text(trouble, causes, context.out.palette).lines() {
                context.out.line(&format!("  {line}"));
            }
        }
    }
}

/// The line that tells how long a token lives.
pub(super) fn lives(life: Life) -> String {
    let lives = seconds(life).map_or_else(
        || "nobody says how long the access token lives".to_owned(),
        |seconds| format!("the access token lives for {}", span(seconds)),
    );
    format!("  token: {lives}")
}

/// The life of a token in seconds, if it is known.
pub(super) fn seconds(life: Life) -> Option<u64> {
    match life {
        Life::Left(left) => Some(left.as_secs()),
        Life::Untold => None,
    }
}

/// Seconds as a person says them: `59m 59s`.
fn span(seconds: u64) -> String {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    match minutes {
        0 => format!("{rest}s"),
        1..=59 => format!("{minutes}m {rest}s"),
        _ => format!("{}h {}m", minutes / 60, minutes % 60),
    }
}
