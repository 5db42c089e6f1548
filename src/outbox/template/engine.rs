//! The template language; the only home of minijinja.
//!
//! A template cannot read files or run programs. What it may do is bounded: so many steps, so many octets of output.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::builtin::{Builtin, LAYOUT_HTML, LAYOUT_TEXT};
use super::images::{Image, Images};
use super::typeset;
use crate::model::notification::Occasion;

/// The folder of the built-in templates, as templates see it.
pub(super) const BUILT_IN: &str = "built-in/";

/// Steps of one rendering: a thousand times what ours need.
const FUEL: u64 = 1_000_000;

/// The longest output.
const LONGEST: usize = 2_000_000;

/// Templates that are ready to be rendered.
#[derive(Debug)]
pub(super) struct Engine {
    environment: Environment<'static>,
}

/// Why a template did not render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// The template as the engine names it; it may be one that another includes.
    pub(super) template: String,
    pub(super) line: Option<usize>,
    /// What sort of fault it is; holds nothing of what was rendered.
    pub(super) kind: String,
    /// More about it, in which there may be values.
    pub(super) detail: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "template {}, line {line}: {}", self.template, self.kind),
            None => write!(f, "template {}: {}", self.template, self.kind),
        }
    }
}

impl Failure {
    fn of(template: &str, error: &Error) -> Self {
        // In what is included the cause tells more.
        if let Some(inner) = error.source().and_then(|source| source.downcast_ref::<Error>()) {
            return Self::of(error.name().unwrap_or(template), inner);
        }
        Self {
            template: error.name().unwrap_or(template).to_owned(),
            line: error.line(),
            kind: error.kind().to_string(),
            detail: error.detail().map(str::to_owned),
        }
    }

    /// What is wrong, all of it.
    pub(super) fn what(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{}: {detail}", self.kind),
            None => self.kind.clone(),
        }
    }
}

impl Engine {
    /// The built-in templates and these overrides; with each override that is none, why.
    pub(super) fn new(overrides: Vec<(String, String)>) -> (Self, Vec<Failure>) {
        let mut environment = Environment::new();
        if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            environment.set_syntax(syntax);
        }
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        });
        // Where there is no name, "Hello {{ name }}" must not greet None.
        environment.set_formatter(|out, state, value| match value.is_none() {
            true => Ok(()),
            false => minijinja::escape_formatter(out, state, value),
        });
        environment.add_filter("quote", |text: Value| match text.is_none() {
            true => Ok(String::new()),
            false => text.as_str().map(typeset::quoted).ok_or_else(no_text),
        });
        environment.add_filter("unbroken", typeset::unbroken);
        for (name, source) in built_in() {
            // A test renders each; what is not added fails when it is rendered.
            let _ = environment.add_template_owned(name, source);
        }
        let mut failures = Vec::new();
        for (name, source) in overrides {
            if let Err(error) = environment.add_template_owned(name.clone(), source) {
                failures.push(Failure::of(&name, &error));
            }
        }
        let known: BTreeSet<String> = environment.templates().map(|(name, _)| name.to_owned()).collect();
        environment.set_path_join_callback(move |name, parent| nearest(name, parent, &known));
        (Self { environment }, failures)
    }

    /// The text of a template.
    pub(super) fn source(&self, name: &str) -> Option<String> {
        Some(self.environment.get_template(name).ok()?.source().to_owned())
    }

    /// Renders a template with these values.
    pub(super) fn render(&self, name: &str, values: &[(&'static str, Value)]) -> Result<String, Failure> {
        let mut out = Bounded(Vec::new());
        let template = self.environment.get_template(name).map_err(|error| Failure::of(name, &error))?;
        let values = Value::from_pairs(values.iter().cloned());
        template.render_captured_to(values, &mut out).map_err(|error| Failure::of(name, &error))?;
        Ok(String::from_utf8_lossy(&out.0).into_owned())
    }
}

fn no_text() -> Error {
    Error::new(ErrorKind::InvalidOperation, "quote is for text")
}

/// The name and source of every built-in template.
fn built_in() -> impl Iterator<Item = (String, &'static str)> {
    const ALL: &[Builtin] = &Builtin::ALL;
    let layouts = [("layout.txt", LAYOUT_TEXT), ("layout.html", LAYOUT_HTML)];
    let words = ALL.iter().flat_map(|language| {
        Occasion::ALL.into_iter().flat_map(move |occasion| {
            let (subject, text) = language.sources(occasion);
            let name = |ending: &str| format!("{BUILT_IN}{occasion}.{}.{ending}", language.locale);
            [(name("subject"), subject), (name("txt"), text)]
        })
    });
    layouts.into_iter().map(|(name, source)| (format!("{BUILT_IN}{name}"), source)).chain(words)
}

/// The template that is meant by a name in another: of the same queue, of all queues, built in.
fn nearest<'s>(name: &'s str, parent: &str, known: &BTreeSet<String>) -> Cow<'s, str> {
    let queue = parent.rsplit_once('/').map(|(folder, _)| format!("{folder}/{name}"));
    let candidates = queue.into_iter().chain([name.to_owned(), format!("{BUILT_IN}{name}")]);
    candidates.into_iter().find(|name| known.contains(name)).map_or(Cow::Borrowed(name), Cow::Owned)
}

/// The function `inline_image` of one rendering, and what it was asked for.
pub(super) fn inline_image(images: &Images, queue: &str) -> (Value, Arc<Mutex<Vec<Image>>>) {
    let used: Arc<Mutex<Vec<Image>>> = Arc::default();
    let (noted, images, queue) = (Arc::clone(&used), images.clone(), queue.to_owned());
    let function = Value::from_function(move |name: &str| -> Result<String, Error> {
        let image = images.find(&queue, name).ok_or_else(|| {
            let what = format!("there is no image {name:?} in the directory of templates");
            Error::new(ErrorKind::InvalidOperation, what)
        })?;
        let url = format!("cid:{}", image.content_id);
        if let Ok(mut noted) = noted.lock()
            && !noted.contains(image)
        {
            noted.push(image.clone());
        }
        Ok(url)
    });
    (function, used)
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.0.len() + octets.len() > LONGEST {
            return Err(io::Error::other("the output is too long"));
        }
        self.0.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
