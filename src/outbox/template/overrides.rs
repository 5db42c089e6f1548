//! The overrides by what they are for, and which is the nearest.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use crate::model::ids::QueueSlug;
use crate::model::notification::Occasion;

use super::check::Problem;
use super::directory::File;
use super::engine::Failure;
use super::images::{Image, Images};
use super::locale::Locale;
use super::name::{Name, Part};

/// How near a template is: the place of its language among those that are tried, then where it stands.
pub(super) type Rank = (usize, u8);

const PLACE_QUEUE: u8 = 0;
const PLACE_ALL: u8 = 1;
pub(super) const PLACE_BUILT_IN: u8 = 2;

/// The template that was found.
pub(super) struct Found {
    pub(super) rank: Rank,
    /// Its name for the engine, or why it cannot be used.
    pub(super) template: Result<String, Failure>,
}

/// A template of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Override {
    /// The queue's subdirectory, as it is written.
    pub(super) folder: Option<String>,
    /// What it is for.
    pub(super) name: Name,
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its name for the engine, or why it is no template.
    pub(super) template: Result<String, Failure>,
}

/// Everything in the directory.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    all: Vec<Override>,
    templates: HashMap<(String, Occasion, Locale, Part), usize>,
    layouts: HashMap<(String, Part), usize>,
    images: Images,
    problems: Vec<Problem>,
}

impl Overrides {
    /// Sorts files by what they are; with them the names and sources of the templates.
    pub(super) fn of(files: Vec<File>) -> (Self, Vec<(String, String)>) {
        let mut overrides = Self::default();
        let mut sources = Vec::new();
        let mut images = BTreeMap::new();
        for file in files {
            let name = Name::read(&file.name);
            let folder = file.folder.clone();
            let content = match file.content {
                Ok(_) if name == Name::Foreign => continue,
                Ok(content) => content,
                Err(what) => {
                    overrides.problems.push(Problem { file: file.path, line: None, what });
                    continue;
                }
            };
            if let Name::Wrong(what) = name {
                overrides.problems.push(Problem { file: file.path, line: None, what });
            } else if let Name::Image(media) = name {
                let image = Image::new(&file.name, media, content);
                images.insert((key(folder.as_deref()), file.name), image);
            } else {
                let template = match &folder {
                    Some(folder) => format!("{folder}/{}", file.name),
                    None => file.name,
                };
                match String::from_utf8(content) {
                    Ok(source) => {
                        sources.push((template.clone(), source));
                        overrides.insert(Override { folder, name, path: file.path, template: Ok(template) });
                    }
                    Err(_) => {
                        let kind = "it is not UTF-8".to_owned();
                        let failure = Failure { template, line: None, kind, detail: None };
                        let path = file.path;
                        overrides.insert(Override { folder, name, path, template: Err(failure) });
                    }
                }
            }
        }
        overrides.images = Images::new(images);
        (overrides, sources)
    }

    fn insert(&mut self, new: Override) {
        let (at, folder) = (self.all.len(), key(new.folder.as_deref()));
        let taken = match &new.name {
            Name::Template(occasion, locale, part) => {
                self.templates.insert((folder, *occasion, locale.clone(), *part), at)
            }
            Name::Layout(part) => self.layouts.insert((folder, *part), at),
            Name::Piece | Name::Image(_) | Name::Foreign | Name::Wrong(_) => None,
        };
        if let Some(twin) = taken.and_then(|twin| self.all.get(twin)) {
            let what = format!("the same template as {}", twin.path.display());
            self.problems.push(Problem { file: new.path.clone(), line: None, what });
        }
        self.all.push(new);
    }

    /// Notes that the engine does not take a template.
    pub(super) fn mark_broken(&mut self, failure: Failure) {
        let is_it = |one: &&mut Override| one.template.as_ref() == Ok(&failure.template);
        if let Some(broken) = self.all.iter_mut().find(is_it) {
            broken.template = Err(failure);
        }
    }

    /// The nearest override of a part, if there is one.
    pub(super) fn find(
        &self,
        queue: &str,
        occasion: Occasion,
        chain: &[Locale],
        part: Part,
    ) -> Option<Found> {
        let places = [(key(Some(queue)), PLACE_QUEUE), (key(None), PLACE_ALL)];
        chain.iter().enumerate().find_map(|(at, locale)| {
            places.iter().find_map(|(folder, place)| {
                let found = self.templates.get(&(folder.clone(), occasion, locale.clone(), part))?;
                Some(Found { rank: (at, *place), template: self.all.get(*found)?.template.clone() })
            })
        })
    }

    /// The layout of a queue, else that of all, if there is one.
    pub(super) fn layout(&self, queue: &str, part: Part) -> Option<Result<String, Failure>> {
        let at = |folder| self.layouts.get(&(folder, part)).and_then(|at| self.all.get(*at));
        at(key(Some(queue))).or_else(|| at(key(None))).map(|layout| layout.template.clone())
    }

    /// The pictures.
    pub(super) fn images(&self) -> &Images {
        &self.images
    }

    /// Every template.
    pub(super) fn all(&self) -> &[Override] {
        &self.all
    }

    /// What was wrong with other files.
    pub(super) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The subdirectories in which there is something, each once.
    pub(super) fn folders(&self) -> Vec<&str> {
        let mut folders: Vec<&str> = self.all.iter().filter_map(|one| one.folder.as_deref()).collect();
        folders.dedup();
        folders
    }
}

/// Folders are compared as slugs are: without regard to case.
fn key(folder: Option<&str>) -> String {
    folder.unwrap_or_default().to_ascii_lowercase()
}

/// The queue that a subdirectory is for.
pub(super) fn queue_of(folder: &str) -> Option<QueueSlug> {
    folder.parse().ok()
}
