//! The files of a catalogue: which there are, how each is laid out, and what to make of one that is missing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::desk::{Desk, Place};
use super::form::{TITLE, either};
use super::record::Record;
use super::sheet::{self, Broken, Raw, Value};
use super::{document, figure, flow, group, meeting, party};
use crate::domain::entry::Kind;
use crate::domain::suggest;
use crate::domain::text::Language;

/// How a file of many entries is laid out.
pub(super) struct Layout {
    /// Its path.
    pub file: &'static str,
    /// The kind of its entries; none for figures, which are no entries.
    pub kind: Option<Kind>,
    /// The field with the code.
    pub key: &'static str,
    /// Table or tree.
    pub shape: Shape,
}

/// A flat table, or entries with lists.
pub(super) enum Shape {
    /// CSV with these columns.
    Table {
        /// Those that every row fills and those that it may leave empty.
        needed: &'static [&'static str],
        /// Those that the table may do without.
        optional: &'static [&'static str],
    },
    /// TOML with an array of tables of this name.
    Tree(&'static str),
}

/// Every file of many entries.
pub(super) const LAYOUTS: &[&Layout] = &[
    &party::STATES,
    &party::AREAS,
    &party::ORGANISATIONS,
    &group::WORKING_GROUPS,
    &document::DOCUMENTS,
    &document::PROVISIONS,
    &flow::ROUTES,
    &meeting::MEETINGS,
    &figure::SOURCES,
    &figure::FLOW_FIGURES,
    &figure::ROUTE_FIGURES,
];

/// The file that says which edition this is.
const EDITION: &str = "edition.toml";
/// For people: may be there, and is not read.
const README: &str = "README.md";
/// The folder with one file a practice.
const PRACTICES: &str = "good_practices/";

/// What `edition.toml` says that others need.
pub(super) struct Edition {
    /// Its day.
    pub day: Date,
    /// The language of texts that name none.
    pub language: Language,
}

/// The files at hand, by path.
pub(super) struct Folder<'a> {
    files: BTreeMap<&'a str, Cow<'a, str>>,
}

impl<'a> Folder<'a> {
    /// Takes the files; those that are missing and those that do not belong are faults.
    ///
    /// A strange file whose name is near a missing one is that one, misnamed: one mistake.
    pub fn sort(files: impl IntoIterator<Item = (&'a str, &'a str)>, desk: &mut Desk<'a>) -> Self {
        let files: BTreeMap<_, _> = files.into_iter().map(|(path, text)| (path, plain(text))).collect();
        let known = || LAYOUTS.iter().map(|layout| layout.file).chain([EDITION]);
        let mut missing: Vec<&'static str> = known().filter(|file| !files.contains_key(file)).collect();
        for (path, text) in &files {
            let practice = path.strip_prefix(PRACTICES).is_some_and(|path| path.strip_suffix(".md").is_some());
            if practice || *path == README || known().any(|file| file == *path) {
                continue;
            }
            let near = suggest::near(path, missing.iter().copied()).first().map(|near| (*near).to_owned());
            if let Some(i) = near.and_then(|near| missing.iter().position(|file| *file == near)) {
                let file = missing.remove(i);
                desk.file_fault(path, format!("is no file of a catalogue, and {file} is missing. Did you mean {file}?"));
                if let Some(kind) = kind_of(file) {
                    desk.shelf(kind).broken.push(text.clone().into_owned());
                }
                continue;
            }
            let hint = match suggest::did_you_mean(path, known()) {
                none if none.is_empty() => {
                    format!(" It has {}, and {PRACTICES}<slug>.md.", known().collect::<Vec<_>>().join(", "))
                }
                near => near,
            };
            desk.file_fault(path, format!("is no file of a catalogue.{hint}"));
        }
        for file in missing {
            let hint = match file.rsplit_once('.') {
                _ if file == EDITION => "it says edition, title, licence and language.",
                Some((_, "csv")) => "without entries it has its header alone.",
                _ => "without entries it is empty.",
            };
            desk.file_fault(file, format!("is missing: {hint}"));
            if let Some(kind) = kind_of(file) {
                desk.shelf(kind).missing = true;
            }
        }
        Self { files }
    }

    /// Reads every entry of a file. Those with faults are left out, but their codes exist.
    pub fn read<T>(&self, layout: &'static Layout, desk: &mut Desk<'a>, mut read: impl FnMut(&mut Record<'_, 'a>) -> Option<T>) -> Vec<T> {
        let file = layout.file;
        let Some(text) = self.files.get(file) else { return Vec::new() };
        let entries = match layout.shape {
            Shape::Table { needed, optional } => sheet::table(text, needed, optional),
            Shape::Tree(array) => sheet::tree(text, array),
        };
        let entries = match entries {
            Ok(entries) => entries,
            Err(broken) => {
                for broken in broken {
                    fault(desk, file, text, broken);
                }
                if let Some(kind) = layout.kind {
                    desk.shelf(kind).missing |= text.trim().is_empty();
                    desk.shelf(kind).broken.push(text.clone().into_owned());
                }
                return Vec::new();
            }
        };
        let mut all = Vec::with_capacity(entries.len());
        for raw in entries {
            let empty = raw.fields.is_empty().then_some("has no fields: fill it or remove it.");
            if let Some(message) = raw.fault.as_deref().or(empty) {
                let place = Place { file, at: raw.at, entry: Some(format!("line {}", raw.line)), field: None };
                desk.fault(place, message);
                let code = raw.fields.iter().find(|(name, _)| name == layout.key);
                if let (Some(kind), Some((_, sheet::Found { value: Value::Text(code), .. }))) = (layout.kind, code) {
                    desk.shelf(kind).codes.insert(code.clone());
                }
                continue;
            }
            let mut record = Record::new(desk, file, layout.kind, raw);
            let entry = read(&mut record);
            record.finish();
            all.extend(entry);
        }
        all
    }

    /// Reads `edition.toml`.
    pub fn edition(&self, desk: &mut Desk<'a>) -> Option<Edition> {
        let text = self.files.get(EDITION)?;
        match sheet::fields(text, 0) {
            Ok(fields) => {
                let mut record = Record::new(desk, EDITION, None, Raw { at: 0, line: 1, fields, fault: None });
                record.unnamed();
                let day = record.day("edition");
                // For whoever reads the files; nothing is made of them yet.
                record.text("title", TITLE);
                record.text("licence", TITLE);
                let language = record.word("language");
                record.finish();
                Some(Edition { day: day?, language: language? })
            }
            Err(broken) => {
                fault(desk, EDITION, text, broken);
                None
            }
        }
    }

    /// The files of the practices: path, path in the folder without its ending, and text.
    pub fn practices(&self) -> impl Iterator<Item = (&'a str, &'a str, &str)> {
        self.files.iter().filter_map(|(path, text)| {
            let stem = path.strip_prefix(PRACTICES)?.strip_suffix(".md")?;
            Some((*path, stem, text.as_ref()))
        })
    }
}

/// Notes what keeps a file, or the front matter of one, from being read.
pub(super) fn fault<'a>(desk: &mut Desk<'a>, file: &'a str, text: &str, broken: Broken) {
    let Broken { at, field, message } = broken;
    desk.fault(Place { file, at, entry: Some(format!("line {}", sheet::line_of(text, at))), field }, message);
}

/// A language by the ending of a file's name, such as `ru`.
pub(super) fn language_of(ending: &str) -> Result<Language, String> {
    use crate::domain::word::Words;
    let upper = ending.to_uppercase();
    if let Some(language) = Language::parse(&upper).filter(|_| ending == upper.to_lowercase()) {
        return Ok(language);
    }
    let all: Vec<String> = Language::ALL.iter().map(|word| word.name.to_lowercase()).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    Err(format!("\"{ending}\" is no language: name the file <slug>.md, or <slug>.<language>.md with {}.", either(&all)))
}

/// The layout of the file that holds entries of that kind; practices have none.
pub(super) fn layout_of(kind: Kind) -> Option<&'static Layout> {
    LAYOUTS.iter().copied().find(|layout| layout.kind == Some(kind))
}

fn kind_of(file: &str) -> Option<Kind> {
    LAYOUTS.iter().find(|layout| layout.file == file).and_then(|layout| layout.kind)
}

/// Without what editors on other systems leave: a byte order mark, carriage returns before line feeds.
fn plain(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}
