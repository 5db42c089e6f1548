//! `helpdesk-mail outbox preview`.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::model::address::Address;
use crate::model::exit::Exit;
use crate::model::ids::QueueSlug;
use crate::model::notification::{Notification, Occasion};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::outbox;
use crate::settings::{Settings, is_language_tag};

use super::super::context::Context;
use super::super::output::escape;

/// Show what a template makes of sample data: subject and text; with --output the HTML, too
///
/// It is made of the templates that the configuration names, as a notification would be.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The template
    #[arg(value_parser = occasion())]
    pub template: Occasion,

    /// The language
    #[arg(long, value_name = "LOCALE", default_value = "en", value_parser = language)]
    pub locale: String,

    /// As for this queue; without it, as for the first
    #[arg(long, value_name = "SLUG")]
    pub queue: Option<QueueSlug>,

    /// Write the HTML to this file, to be opened in a browser; what is there is replaced
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Show the templates themselves instead, to copy and change them
    #[arg(long, conflicts_with = "output")]
    pub source: bool,
}

/// Reads an occasion; help, errors and completions list them all.
fn occasion() -> impl TypedValueParser<Value = Occasion> {
    PossibleValuesParser::new(Occasion::ALL.map(Occasion::as_str)).try_map(|word| {
        Occasion::ALL.into_iter().find(|occasion| occasion.as_str() == word).ok_or("an unknown word")
    })
}

/// Reads a language; one that has no templates is shown as its notifications are, in the next best.
fn language(text: &str) -> Result<String, &'static str> {
    let tag = is_language_tag(text).then(|| text.to_owned());
    tag.ok_or("write a language as en, de-AT or zh-Hant")
}

/// Shows it.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings()?;
    let templates = super::templates(&settings)?;
    let notification = notification(args, &settings)?;
    if args.source {
        for (name, source) in templates.sources(&notification) {
            context.out.line(&format!("==> {} <==", escape::line(&name)));
            context.out.line(escape::lines(&source).trim_end());
            context.out.line("");
        }
        return Ok(Exit::Ok);
    }
    let rendered = templates.render(&notification);
    if let Some(fallback) = &rendered.fallback {
        log::warn!("{fallback}");
    }
    context.out.line(&format!("Subject: {}", escape::line(&rendered.subject)));
    context.out.line("");
    context.out.line(&escape::lines(&rendered.text));
    if let Some(file) = &args.output {
        write(file, &rendered.standalone_html())?;
        log::info!("the HTML is in {}", file.display());
    }
    Ok(Exit::Ok)
}

/// Sample data with what the configuration says about the queue.
fn notification(args: &Args, settings: &Settings) -> Result<Notification, Trouble> {
    let queues = &settings.plan.queues;
    let found = match &args.queue {
        Some(slug) => queues.iter().find(|queue| queue.slug == *slug),
        None => queues.first(),
    };
    let queue = found.ok_or_else(|| {
        let slug = args.queue.as_ref().map_or("", QueueSlug::as_str);
        Trouble::new(ErrorCode::Usage, format!("there is no queue {slug}"))
            .hint("the configuration tells which there are")
    })?;
    let sample = outbox::sample(args.template, &args.locale, &queue.slug);
    let from = queue.addresses.first().map_or(sample.from, |own| Address::bare(own));
    let files = if takes_files(settings, &queue.slug) { sample.files } else { Vec::new() };
    Ok(Notification { queue_title: queue.title.clone(), from, files, ..sample })
}

/// Whether files go along with what the queue says.
fn takes_files(settings: &Settings, queue: &QueueSlug) -> bool {
    let voices = settings.plan.outbox.as_ref().map(|outbox| outbox.voices.as_slice()).unwrap_or_default();
    voices.iter().any(|voice| voice.queue.as_ref() == Some(queue) && voice.attach_files > 0)
}

fn write(file: &Path, html: &str) -> Result<(), Trouble> {
    std::fs::write(file, html).map_err(|error| {
        Trouble::new(ErrorCode::OutputIo, format!("cannot write {}", file.display())).because(error)
    })
}
