//! Tries every override with sample data and tells what is wrong, each with its file and line.

use std::fmt;
use std::path::PathBuf;

use crate::model::ids::QueueSlug;
use crate::model::notification::{Notification, Occasion};

use super::engine::{BUILT_IN, Failure};
use super::locale::Locale;
use super::name::{Name, Part};
use super::overrides::{self, Override};
use super::{Page, Templates, Use, sample, typeset, values};

/// What is wrong with a file of the directory of templates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file.display(), self.what),
            None => write!(f, "{}: {}", self.file.display(), self.what),
        }
    }
}

impl Templates {
    /// Everything that is wrong with the overrides, in the order of the files; `queues` are those there are.
    pub fn check(&self, queues: &[QueueSlug]) -> Vec<Problem> {
        let mut problems = self.overrides.problems().to_vec();
        for one in self.overrides.all() {
            problems.extend(self.try_out(one).into_iter().map(|failure| self.problem(one, &failure)));
            problems.extend(self.alone(one));
        }
        problems.extend(self.strange_folders(queues));
        problems.sort();
        problems.dedup();
        problems
    }

    /// Renders an override for all that it may be used for.
    fn try_out(&self, one: &Override) -> Option<Failure> {
        let template = match &one.template {
            Ok(template) => template,
            Err(failure) => return Some(failure.clone()),
        };
        let queue = one.folder.as_deref().and_then(overrides::queue_of);
        let queue = queue.or_else(|| overrides::queue_of("support"))?;
        let samples: Vec<(Notification, Part)> = match &one.name {
            Name::Template(occasion, locale, part) => {
                vec![(sample(*occasion, locale.as_str(), &queue), *part)]
            }
            Name::Layout(part) => {
                Occasion::ALL.map(|occasion| (sample(occasion, "en", &queue), *part)).to_vec()
            }
            // Tried with those that include it.
            Name::Piece | Name::Image(_) | Name::Foreign | Name::Wrong(_) => Vec::new(),
        };
        samples.into_iter().find_map(|(full, part)| {
            let bare = sample::bare(full.clone());
            [full, bare].iter().find_map(|notification| self.try_with(template, notification, part).err())
        })
    }

    fn try_with(&self, template: &str, notification: &Notification, part: Part) -> Result<(), Failure> {
        let chain = Locale::chain(&notification.locale);
        let words = values::Words { spoken: &chain, marker: self.config.marker };
        let mut values = values::of(notification, &words);
        let is_layout = template.rsplit('/').next().is_some_and(|name| name.starts_with("layout."));
        let body = notification.text.clone().unwrap_or_else(|| "Text".to_owned());
        let body = format!("{}\n\n{}", typeset::quoted(&body), notification.title);
        if is_layout || part == Part::Html {
            values.push(("subject", notification.title.as_str().into()));
        }
        if is_layout && part == Part::Text {
            values.push(("body", body.as_str().into()));
        }
        let folder = notification.queue.as_str();
        match part {
            Part::Subject | Part::Text => self.engine.render(template, &values).map(|_| ()),
            Part::Html => {
                let page = Page { templates: self, folder, body: &body, values, which: Use::Overrides };
                page.render_html(template).map(|_| ())
            }
        }
    }

    fn problem(&self, one: &Override, failure: &Failure) -> Problem {
        let places = self.overrides.all().iter();
        let place = places.into_iter().find(|other| match &other.template {
            Ok(template) => *template == failure.template,
            Err(other) => other.template == failure.template,
        });
        match place {
            Some(place) => Problem { file: place.path.clone(), line: failure.line, what: failure.what() },
            // In a built-in template, by a value that the override sets.
            None => Problem {
                file: one.path.clone(),
                line: None,
                what: format!("{}: {}", failure.template.trim_start_matches(BUILT_IN), failure.what()),
            },
        }
    }

    /// A template in a language of its own whose other half is missing.
    fn alone(&self, one: &Override) -> Option<Problem> {
        let Name::Template(occasion, locale, part) = &one.name else { return None };
        let other = match part {
            Part::Subject => Part::Text,
            Part::Text | Part::Html => Part::Subject,
        };
        let chain = Locale::chain(locale.as_str());
        let queue = one.folder.as_deref().unwrap_or_default();
        let notification = sample(
            *occasion,
            locale.as_str(),
            &overrides::queue_of(queue).or_else(|| overrides::queue_of("support"))?,
        );
        let found = self.find(&notification, &chain, other, Use::Overrides);
        let spoken = chain.get(found.rank.0)?;
        // A region may do with the words of its language.
        let language = |locale: &Locale| locale.as_str().split('-').next().unwrap_or_default().to_owned();
        (language(spoken) != language(locale)).then(|| Problem {
            file: one.path.clone(),
            line: None,
            what: format!(
                "there is no {occasion}.{locale}.{}: what is sent would be half {locale}, half {spoken}",
                other.ending()
            ),
        })
    }

    fn strange_folders(&self, queues: &[QueueSlug]) -> Vec<Problem> {
        let known = |folder: &str| queues.iter().any(|queue| queue.as_str().eq_ignore_ascii_case(folder));
        let strange = self.overrides.folders().into_iter().filter(|folder| !known(folder));
        strange
            .filter_map(|folder| {
                let directory = self.config.directory.as_ref()?;
                let what = "there is no queue of that slug".to_owned();
                Some(Problem { file: directory.join(folder), line: None, what })
            })
            .collect()
    }
}
