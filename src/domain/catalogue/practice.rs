//! Good practices: one Markdown file each, with its fields in TOML between two lines of `+++`, and further files
//! for its translations (`<slug>.<language>.md`), which have a title and a summary, and the body if it is translated.

use std::collections::BTreeMap;

use super::desk::{Desk, Place, Wanted};
use super::folder::{self, Folder};
use super::form::{self, BODY, Form, SUMMARY, TITLE};
use super::record::Record;
use super::sheet::{self, Broken, Fields, Raw};
use crate::domain::practice::{GoodPractice, PracticeText};
use crate::domain::suggest;
use crate::domain::text::Language;

/// One file, unread.
struct Story<'t> {
    fields: Fields,
    /// What stands below the front matter, and the byte where it begins.
    body: &'t str,
    body_at: usize,
}

/// Every practice, by slug, with its translations.
pub(super) fn all<'a>(folder: &Folder<'a>, desk: &mut Desk<'a>, original: Language) -> Vec<GoodPractice> {
    // A practice that has a fault is none, but its translations have a practice.
    let mut practices: BTreeMap<&str, Option<GoodPractice>> = BTreeMap::new();
    for (file, slug, text) in folder.practices().filter(|(_, stem, _)| !stem.contains('.')) {
        let practice = story(desk, file, slug, text).and_then(|story| practice(desk, file, slug, story, original));
        practices.insert(slug, practice);
    }
    for (file, stem, text) in folder.practices() {
        let Some((slug, ending)) = stem.split_once('.') else { continue };
        let slugs = || practices.keys().copied();
        let language = match folder::language_of(ending) {
            _ if !practices.contains_key(slug) => {
                let near = suggest::did_you_mean(slug, slugs());
                Err(format!("there is no practice {} that this could be told in.{near}", form::quoted(slug)))
            }
            Ok(language) if language == original => Err(format!("{language} is the language of the catalogue: what {slug}.md says needs no second file.")),
            other => other,
        };
        match language {
            Err(message) => desk.file_fault(file, message),
            Ok(language) => {
                let told = story(desk, file, slug, text).and_then(|story| translation(desk, file, slug, story, language));
                if let (Some(told), Some(Some(practice))) = (told, practices.get_mut(slug)) {
                    practice.texts.push(told);
                }
            }
        }
    }
    practices.into_values().flatten().collect()
}

fn story<'t, 'a>(desk: &mut Desk<'a>, file: &'a str, slug: &str, text: &'t str) -> Option<Story<'t>> {
    const FENCE: &str = "+++\n";
    let broken = |message: &str| Broken { at: 0, field: None, message: message.to_owned() };
    let fields = match text.strip_prefix(FENCE) {
        None => Err(broken("must begin with a line +++, its fields, and a second line +++.")),
        Some(rest) => match rest.find("\n+++").filter(|end| matches!(rest.get(end + 4..end + 5), None | Some("\n"))) {
            None => Err(broken("has no second line +++ between its fields and its text.")),
            Some(end) => {
                let front = rest.get(..=end).unwrap_or("");
                let body_at = (FENCE.len() + end + FENCE.len() + 1).min(text.len());
                let body = text.get(body_at..).unwrap_or("");
                sheet::fields(front, FENCE.len()).map(|fields| Story { fields, body, body_at })
            }
        },
    };
    match fields {
        Ok(story) => Some(story),
        Err(Broken { at, message, .. }) => {
            let line = sheet::line_of(text, at);
            let message = if at == 0 { message } else { format!("line {line} {message}") };
            desk.fault(Place { file, at, entry: Some(slug.to_owned()), field: None }, message);
            None
        }
    }
}

fn open<'d, 'a>(desk: &'d mut Desk<'a>, file: &'a str, slug: &str, fields: Fields) -> Record<'d, 'a> {
    let mut record = Record::new(desk, file, None, Raw { at: 0, line: 1, fields, fault: None });
    record.named(slug);
    record
}

fn practice<'a>(desk: &mut Desk<'a>, file: &'a str, slug: &str, story: Story<'_>, language: Language) -> Option<GoodPractice> {
    let Story { fields, body, body_at } = story;
    let mut record = open(desk, file, slug, fields);
    // Written in the file as well: a file renamed by mistake would be another practice with another id.
    let named = record.parsed("slug", "the name of the file without .md is wanted", |text| {
        Form::Slug.check(text)?;
        if text == slug { Ok(text.to_owned()) } else { Err(format!("{text} is not the name of the file: both are {slug}, or both {text}.")) }
    });
    let (title, summary) = (record.text("title", TITLE), record.text("summary", SUMMARY));
    let owner = record.code("owner", &Wanted::Party);
    let attributed = record.flag("attributed", true);
    let states = record.codes("states", &Wanted::State, 1);
    let partners = record.codes("partners", &Wanted::Party, 0);
    let activities = record.codes("activities", &Wanted::Activity, 1);
    let flows = record.codes("flows", &Wanted::Route, 0);
    let working_groups = record.codes("working_groups", &Wanted::WorkingGroup, 0);
    let target_groups = record.words("target_groups", 0);
    let evidence = record.word("evidence");
    let (started_on, ended_on) = record.period("started_on", "ended_on");
    let citations = record.citations(1);
    let body = match form::text(body, BODY) {
        Ok(body) => Some(body),
        Err(message) => {
            record.fault(body_at, "body", message);
            None
        }
    };
    record.finish();
    Some(GoodPractice {
        slug: named?,
        texts: vec![PracticeText { language, title: title?, summary: summary?, body: Some(body?) }],
        owner: owner?,
        attributed,
        states,
        partners,
        activities,
        flows,
        working_groups,
        target_groups,
        evidence: evidence?,
        started_on,
        ended_on,
        citations,
    })
}

fn translation<'a>(desk: &mut Desk<'a>, file: &'a str, slug: &str, story: Story<'_>, language: Language) -> Option<PracticeText> {
    let Story { fields, body, body_at } = story;
    let mut record = open(desk, file, slug, fields);
    let (title, summary) = (record.text("title", TITLE), record.text("summary", SUMMARY));
    let body = match form::text(body, BODY) {
        _ if body.trim().is_empty() => None,
        Ok(body) => Some(body),
        Err(message) => {
            record.fault(body_at, "body", message);
            None
        }
    };
    record.finish();
    Some(PracticeText { language, title: title?, summary: summary?, body })
}
