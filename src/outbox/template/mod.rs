//! Templates: the words of notifications, built in for eleven languages and overridden by files.
//!
//! The words of an occasion are two templates, `.subject` and `.txt`; two layouts dress them, and the HTML is made of the
//! text unless there is an `.html` as near as it. An override is looked for language by language, within each first that
//! of the queue, then that of all queues, then the built-in one. What fails is replaced by what is built in, and told:
//! a notification goes out in any case.

mod builtin;
mod check;
mod config;
mod directory;
mod engine;
mod files;
mod images;
mod locale;
mod name;
mod overrides;
mod sample;
mod subject;
mod typeset;
mod values;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::notification::Notification;
use crate::parse::clean_text;

use builtin::Builtin;
use engine::{BUILT_IN, Engine, Failure};
use locale::Locale;
use name::Part;
use overrides::{Found, Overrides};
use values::Values;

pub use check::Problem;
pub use config::{EnvelopeSender, Marker, TemplateConfig};
pub use directory::TemplateError;
pub(super) use images::Image;
pub use sample::sample;
pub(super) use values::line;

/// The languages that are built in.
pub fn languages() -> [&'static str; 11] {
    Builtin::ALL.map(|language| language.locale)
}

/// All templates, ready to be used.
#[derive(Debug)]
pub struct Templates {
    config: TemplateConfig,
    engine: Engine,
    overrides: Overrides,
}

/// The words of a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The subject with the ticket's tag.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// The pictures that the HTML shows.
    pub(super) images: Vec<Image>,
    /// Why a template was replaced by the built-in one, if one was; holds nothing of what was rendered.
    pub fallback: Option<String>,
}

impl Rendered {
    /// The HTML with its pictures in it, to be looked at without the mail.
    pub fn standalone_html(&self) -> String {
        self.images.iter().fold(self.html.clone(), |html, image| {
            let data = format!("data:{};base64,{}", image.media, STANDARD.encode(&image.octets));
            html.replace(&format!("cid:{}", image.content_id), &data)
        })
    }
}

/// Which templates are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Overrides,
    BuiltIn,
}

impl Templates {
    /// The built-in templates and the overrides of the directory, if one is configured.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] if the directory cannot be read. A file in it that is wrong is told by [`Templates::check`].
    pub fn load(config: &TemplateConfig) -> Result<Self, TemplateError> {
        let files = match &config.directory {
            Some(directory) => directory::read(directory)?,
            None => Vec::new(),
        };
        let (mut overrides, sources) = Overrides::of(files);
        let (engine, failures) = Engine::new(sources);
        failures.into_iter().for_each(|failure| overrides.mark_broken(failure));
        Ok(Self { config: config.clone(), engine, overrides })
    }

    /// What the configuration says.
    pub(super) fn config(&self) -> &TemplateConfig {
        &self.config
    }

    /// The words of a notification; never fails.
    pub fn render(&self, notification: &Notification) -> Rendered {
        self.attempt(notification, Use::Overrides).unwrap_or_else(|failure| {
            // That the built-in ones render is what tests are for.
            let rendered = self.attempt(notification, Use::BuiltIn).unwrap_or_default();
            Rendered { fallback: Some(used_instead(&failure)), ..rendered }
        })
    }

    /// The templates that a notification is made of, by their names.
    pub fn sources(&self, notification: &Notification) -> Vec<(String, String)> {
        let chain = Locale::chain(&notification.locale);
        let folder = notification.queue.as_str();
        let words = [Part::Subject, Part::Text]
            .map(|part| self.find(notification, &chain, part, Use::Overrides).template.ok());
        let layouts = [Part::Text, Part::Html].map(|part| {
            let own = self.overrides.layout(folder, part).and_then(Result::ok);
            Some(own.unwrap_or_else(|| format!("{BUILT_IN}layout.{}", part.ending())))
        });
        let html = self.overrides.find(folder, notification.occasion, &chain, Part::Html);
        let names =
            words.into_iter().chain([html.and_then(|html| html.template.ok())]).chain(layouts).flatten();
        names.filter_map(|name| self.engine.source(&name).map(|source| (name, source))).collect()
    }

    fn attempt(&self, notification: &Notification, which: Use) -> Result<Rendered, Failure> {
        let chain = Locale::chain(&notification.locale);
        let [subject, text] =
            [Part::Subject, Part::Text].map(|part| self.find(notification, &chain, part, which));
        let spoken = chain.get(text.rank.0..).unwrap_or_default();
        let words = values::Words { spoken, marker: self.config.marker };
        let mut values = values::of(notification, &words);
        let subject = self.engine.render(&subject.template?, &values)?;
        let subject = subject::tagged(&subject, &notification.ticket);
        values.push(("subject", subject.as_str().into()));
        let body = clean_text(&self.engine.render(&text.template?, &values)?);
        let page = Page { templates: self, folder: notification.queue.as_str(), body: &body, values, which };
        let own = match which {
            Use::Overrides => {
                let occasion = notification.occasion;
                self.overrides.find(page.folder, occasion, &chain, Part::Html)
            }
            Use::BuiltIn => None,
        };
        // An HTML that is farther than the text would tell something else.
        let (html, html_failure) = page.html(own.filter(|own| own.rank <= text.rank))?;
        let (text, text_failure) = page.text()?;
        let fallback = text_failure.or(html_failure).as_ref().map(used_instead);
        Ok(Rendered { subject, text, html: html.0, images: html.1, fallback })
    }

    fn find(&self, notification: &Notification, chain: &[Locale], part: Part, which: Use) -> Found {
        let built_in = || {
            let language = Builtin::nearest(chain);
            let at = chain.iter().position(|locale| locale.as_str() == language.locale).unwrap_or_default();
            let name = format!("{BUILT_IN}{}.{}.{}", notification.occasion, language.locale, part.ending());
            Found { rank: (at, overrides::PLACE_BUILT_IN), template: Ok(name) }
        };
        let own = match which {
            Use::Overrides => {
                self.overrides.find(notification.queue.as_str(), notification.occasion, chain, part)
            }
            Use::BuiltIn => None,
        };
        let built_in = built_in();
        own.filter(|own| own.rank < built_in.rank).unwrap_or(built_in)
    }
}

fn used_instead(failure: &Failure) -> String {
    format!("{failure}; the built-in template was used")
}

/// What the layouts dress.
struct Page<'a> {
    templates: &'a Templates,
    folder: &'a str,
    body: &'a str,
    values: Values,
    which: Use,
}

/// HTML with its pictures.
type Html = (String, Vec<Image>);

impl Page<'_> {
    /// The text, and why not in the layout that was meant.
    fn text(&self) -> Result<(String, Option<Failure>), Failure> {
        self.dressed(Part::Text, |layout| {
            let mut values = self.values.clone();
            values.push(("body", self.body.into()));
            Ok(clean_text(&self.templates.engine.render(layout, &values)?))
        })
    }

    /// The HTML, by a template of its own or made of the text, and why not by the one that was meant.
    fn html(&self, own: Option<Found>) -> Result<(Html, Option<Failure>), Failure> {
        let made = || self.dressed(Part::Html, |layout| self.render_html(layout));
        match own.map(|own| own.template.and_then(|name| self.render_html(&name))) {
            Some(Ok(html)) => Ok((html, None)),
            Some(Err(failure)) => made().map(|(html, _)| (html, Some(failure))),
            None => made(),
        }
    }

    fn render_html(&self, name: &str) -> Result<Html, Failure> {
        let (function, used) = engine::inline_image(self.templates.overrides.images(), self.folder);
        let mut values = self.values.clone();
        values.push(("body", typeset::blocks(self.body)));
        values.push(("inline_image", function));
        let html = self.templates.engine.render(name, &values)?;
        let images = used.lock().map(|used| used.clone()).unwrap_or_default();
        Ok((html, images))
    }

    fn dressed<T>(
        &self,
        part: Part,
        render: impl Fn(&str) -> Result<T, Failure>,
    ) -> Result<(T, Option<Failure>), Failure> {
        let own = match self.which {
            Use::Overrides => self.templates.overrides.layout(self.folder, part),
            Use::BuiltIn => None,
        };
        let built_in = || render(&format!("{BUILT_IN}layout.{}", part.ending()));
        match own.map(|own| own.and_then(|name| render(&name))) {
            Some(Ok(dressed)) => Ok((dressed, None)),
            Some(Err(failure)) => Ok((built_in()?, Some(failure))),
            None => Ok((built_in()?, None)),
        }
    }
}

#[cfg(test)]
mod tests;
